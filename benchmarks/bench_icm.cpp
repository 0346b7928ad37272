// icm on many targets: one server on a Unix socket, named again and again, so that time and memory
// are icm's alone. Each target answers with as much as Get-Process does on a small computer.
#include <benchmarks/programs.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

using bench::lines_of;
using bench::program_path;

namespace {

constexpr int throttle_limit = 32;
constexpr int objects_per_target = 150;

// `psrp serve --socket` in a folder of its own.
class Server {
public:
    Server()
        : program_(
              {program_path("psrp"), "serve", "--socket", socket(), "--sessions-max", "100"},
              folder_.path("log")
          )
    {
        for (int tries = 0; tries < 1000 && !std::filesystem::exists(socket()); ++tries)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

    [[nodiscard]] std::string socket() const { return folder_.path("socket"); }
    [[nodiscard]] std::string output() const { return folder_.path("output"); }
    [[nodiscard]] bool is_there() const { return std::filesystem::exists(socket()); }

private:
    bench::Folder folder_;
    bench::Server program_;
};

void fan_out(benchmark::State& state)
{
    const Server server;
    if (!server.is_there()) return state.SkipWithError("no server");
    std::vector<std::string> arguments = {program_path("icm")};
    for (std::int64_t i = 0; i < state.range(0); ++i)
        arguments.insert(arguments.end(), {"--socket", server.socket()});
    arguments.insert(
        arguments.end(),
        {"-ThrottleLimit",
         std::to_string(throttle_limit),
         "--output",
         "jsonl",
         "1.." + std::to_string(objects_per_target) +
             " | ForEach-Object { [pscustomobject]@{ Id = $_; ProcessName = 'some-process'; "
             "Handles = 0; WS = 12345678; CPU = 1.5; SI = 1; NPM = 0; PM = 0 } }"}
    );
    double cpu = 0;
    long peak_kib = 0;
    for (auto _ : state) {
        const bench::Usage usage = bench::run(arguments, server.output());
        if (usage.exit_code != 0) return state.SkipWithError("icm failed");
        cpu += usage.cpu_seconds;
        peak_kib = std::max(peak_kib, usage.peak_kib);
        state.PauseTiming();
        const bool is_whole = lines_of(server.output()) == state.range(0) * objects_per_target;
        state.ResumeTiming();
        if (!is_whole) return state.SkipWithError("wrong answer");
    }
    state.counters["cpu_ms"] = 1000 * cpu / static_cast<double>(state.iterations());
    state.counters["peak_MiB"] = static_cast<double>(peak_kib) / 1024;
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetComplexityN(state.range(0));
}

} // namespace

BENCHMARK(fan_out)
    ->Arg(10)
    ->Arg(100)
    ->Arg(300)
    ->Arg(1000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

BENCHMARK_MAIN();
