// Values to CLIXML text, verbatim and as PowerShell serializes them, beside pugixml's raw save of
// the same tree and a plain copy. Everything is warm: values, tree and the string written to exist
// and have been used before.
#include <benchmarks/clixml_workloads.hpp>
#include <clixml/writer.hpp>

#include <benchmark/benchmark.h>
#include <pugixml.hpp>

#include <cstring>
#include <memory>

namespace {

using workloads::Workload;

// MB, shown per second, are 10^6 bytes of written text by CPU time.
void report(benchmark::State& state, std::size_t text_bytes, std::size_t allocations)
{
    const auto rounds = static_cast<double>(state.iterations());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text_bytes));
    state.counters["MB"] = benchmark::Counter(
        static_cast<double>(text_bytes) / 1e6, benchmark::Counter::kIsIterationInvariantRate
    );
    state.counters["allocs"] = static_cast<double>(allocations) / rounds;
}

void write_warm(benchmark::State& state, const Workload& workload, clixml::Writing writing)
{
    if (const char* fault = workloads::fault(workload)) return state.SkipWithError(fault);
    clixml::ReadOptions reading;
    reading.reading = writing == clixml::Writing::Verbatim ? clixml::Reading::Lossless
                                                           : clixml::Reading::Deserialized;
    clixml::Arena arena;
    const auto values = clixml::read_values(workload.text, arena, reading);
    if (!values) return state.SkipWithError("the text is not read");
    clixml::WriteOptions options;
    options.writing = writing;
    options.depth = 4;
    std::string text;
    if (!clixml::write_values(*values, options, text)) state.SkipWithError("it is not written");
    const std::size_t before = workloads::allocation_count();
    for (auto _ : state) {
        text.clear();
        const auto result = clixml::write_values(*values, options, text);
        if (!result) return state.SkipWithError("it is not written");
        benchmark::DoNotOptimize(text.data());
    }
    report(state, text.size(), workloads::allocation_count() - before);
}

class Appender final : public pugi::xml_writer {
public:
    void write(const void* bytes, std::size_t size) override
    {
        text.append(static_cast<const char*>(bytes), size);
    }
    std::string text;
};

void save_pugixml(benchmark::State& state, const Workload& workload)
{
    pugi::xml_document tree;
    if (!tree.load_buffer(workload.text.data(), workload.text.size()))
        return state.SkipWithError("pugixml does not read it");
    Appender out;
    constexpr unsigned format = pugi::format_raw | pugi::format_no_declaration;
    tree.save(out, "", format);
    const std::size_t before = workloads::allocation_count();
    for (auto _ : state) {
        out.text.clear();
        tree.save(out, "", format);
        benchmark::DoNotOptimize(out.text.data());
    }
    report(state, out.text.size(), workloads::allocation_count() - before);
    state.SetLabel(workloads::pugixml_label());
}

void copy_bytes(benchmark::State& state, const Workload& workload)
{
    std::string to(workload.text.size(), '\0');
    for (auto _ : state) {
        std::memcpy(to.data(), workload.text.data(), to.size());
        benchmark::DoNotOptimize(to.data());
        benchmark::ClobberMemory();
    }
    report(state, workload.text.size(), 0);
}

void register_all(const Workload& workload)
{
    const auto add = [&](const std::string& name, auto function) {
        benchmark::RegisterBenchmark((workload.name + "/" + name).c_str(), function)
            ->Unit(benchmark::kMillisecond);
    };
    add("clixml_verbatim_warm", [&workload](benchmark::State& state) {
        write_warm(state, workload, clixml::Writing::Verbatim);
    });
    add("clixml_serialize_warm", [&workload](benchmark::State& state) {
        write_warm(state, workload, clixml::Writing::Serialize);
    });
    add("pugixml_save_raw",
        [&workload](benchmark::State& state) { save_pugixml(state, workload); });
    add("memcpy", [&workload](benchmark::State& state) { copy_bytes(state, workload); });
}

} // namespace

int main(int count, char** arguments)
{
    const auto all = workloads::from_arguments(count, arguments);
    workloads::count_pugixml_allocations();
    for (const Workload& workload : all)
        register_all(workload);
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
