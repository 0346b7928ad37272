// CLIXML text to values, in both readings, beside pugixml's parse of the same text to a tree and a
// plain copy. Warm: arena and heap have been used before, the text lies in the cache as far as it
// fits. Cold: each round makes an arena of its own, whose memory comes from the system.
#include <benchmarks/clixml_workloads.hpp>

#include <benchmark/benchmark.h>
#include <pugixml.hpp>

#include <cstring>
#include <memory>

namespace {

using workloads::Workload;

// MB, shown per second, are 10^6 bytes of CLIXML text by CPU time.
void report(benchmark::State& state, std::size_t text_bytes, std::size_t allocations)
{
    const auto rounds = static_cast<double>(state.iterations());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text_bytes));
    state.counters["MB"] = benchmark::Counter(
        static_cast<double>(text_bytes) / 1e6, benchmark::Counter::kIsIterationInvariantRate
    );
    state.counters["allocs"] = static_cast<double>(allocations) / rounds;
}

double per_byte(std::size_t bytes, const Workload& workload)
{
    return static_cast<double>(bytes) / static_cast<double>(workload.text.size());
}

void read_warm(benchmark::State& state, const Workload& workload, clixml::Reading reading)
{
    if (const char* fault = workloads::fault(workload)) return state.SkipWithError(fault);
    clixml::ReadOptions options;
    options.reading = reading;
    clixml::Arena arena;
    (void)clixml::read_values(workload.text, arena, options); // checked above; warms the arena
    const std::size_t before = workloads::allocation_count();
    for (auto _ : state) {
        arena.clear();
        auto values = clixml::read_values(workload.text, arena, options);
        benchmark::DoNotOptimize(values);
    }
    report(state, workload.text.size(), workloads::allocation_count() - before);
    state.counters["arena/B"] = per_byte(arena.used_bytes(), workload);
}

void read_cold(benchmark::State& state, const Workload& workload, clixml::Reading reading)
{
    if (const char* fault = workloads::fault(workload)) return state.SkipWithError(fault);
    clixml::ReadOptions options;
    options.reading = reading;
    const std::size_t peak = workloads::peak_bytes([&] {
        clixml::Arena arena;
        (void)clixml::read_values(workload.text, arena, options); // checked above
    });
    const std::size_t before = workloads::allocation_count();
    for (auto _ : state) {
        clixml::Arena arena;
        auto values = clixml::read_values(workload.text, arena, options);
        benchmark::DoNotOptimize(values);
    }
    report(state, workload.text.size(), workloads::allocation_count() - before);
    state.counters["peak/B"] = per_byte(peak, workload);
}

void parse_pugixml(benchmark::State& state, const Workload& workload)
{
    const std::size_t peak = workloads::peak_bytes([&] {
        pugi::xml_document tree;
        (void)tree.load_buffer(workload.text.data(), workload.text.size());
    });
    state.counters["peak/B"] = per_byte(peak, workload);
    const std::size_t before = workloads::allocation_count();
    for (auto _ : state) {
        pugi::xml_document tree;
        const auto result = tree.load_buffer(workload.text.data(), workload.text.size());
        if (!result) return state.SkipWithError(result.description());
    }
    report(state, workload.text.size(), workloads::allocation_count() - before);
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
    add("clixml_deserialized_warm", [&workload](benchmark::State& state) {
        read_warm(state, workload, clixml::Reading::Deserialized);
    });
    add("clixml_lossless_warm", [&workload](benchmark::State& state) {
        read_warm(state, workload, clixml::Reading::Lossless);
    });
    add("clixml_deserialized_cold", [&workload](benchmark::State& state) {
        read_cold(state, workload, clixml::Reading::Deserialized);
    });
    add("clixml_lossless_cold", [&workload](benchmark::State& state) {
        read_cold(state, workload, clixml::Reading::Lossless);
    });
    add("pugixml_parse", [&workload](benchmark::State& state) { parse_pugixml(state, workload); });
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
