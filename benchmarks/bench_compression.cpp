// icm over WinRM with NTLM, with and without compression, on loopback and on a line of 100 Mbit/s
// with 10 ms each way: what the default should be.
#include <benchmarks/programs.hpp>
#include <benchmarks/shaped_link.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

// `psrp serve --winrm` with one NTLM user, in a folder of its own.
class Endpoint {
public:
    Endpoint()
        : server_(
              {bench::program_path("psrp"),
               "serve",
               "--winrm",
               "0",
               "--ntlm-users",
               folder.write("users", "BENCH:user:secret\n")},
              folder.path("log")
          )
    {
        folder.write("credential", "BENCH\\user\nsecret\n");
        if (!server_.says("event=listening")) return;
        std::istringstream log(bench::text_of(folder.path("log")));
        for (std::string word; log >> word;) {
            if (word.starts_with("port=")) port_ = std::atoi(word.c_str() + 5);
        }
    }

    [[nodiscard]] int port() const { return port_; }

    const bench::Folder folder;

private:
    bench::Server server_;
    int port_ = 0;
};

// So many objects of a process list come back; 0: one small answer.
void invoke(benchmark::State& state, bool is_shaped, bool is_compressed)
{
    const Endpoint endpoint;
    if (endpoint.port() == 0) return state.SkipWithError("no server");
    const bench::ShapedLink link(endpoint.port(), {});
    const std::string port = std::to_string(is_shaped ? link.port() : endpoint.port());
    const std::string script =
        state.range(0) == 0
            ? "1+1"
            : "1.." + std::to_string(state.range(0)) +
                  " | ForEach-Object { [pscustomobject]@{ Id = $_; ProcessName = 'some-process'; "
                  "Handles = 0; WS = 12345678; CPU = 1.5; SI = 1; NPM = 0; PM = 0 } }";
    const std::vector<std::string> arguments = {
        bench::program_path("icm"),
        "-ComputerName",
        "127.0.0.1",
        "-Port",
        port,
        "-Authentication",
        "Ntlm",
        "--credential-file",
        endpoint.folder.path("credential"),
        "-SessionOption",
        std::string("{\"NoCompression\": ") + (is_compressed ? "false" : "true") + "}",
        "--output",
        "jsonl",
        script};
    const std::string answer = endpoint.folder.path("answer");
    for (auto _ : state) {
        if (bench::run(arguments, answer).exit_code != 0) return state.SkipWithError("icm failed");
        state.PauseTiming();
        const bool is_whole = bench::lines_of(answer) == std::max<std::int64_t>(state.range(0), 1);
        state.ResumeTiming();
        if (!is_whole) return state.SkipWithError("wrong answer");
    }
}

void add(const char* name, bool is_shaped, bool is_compressed)
{
    benchmark::RegisterBenchmark(
        name, [=](benchmark::State& state) { invoke(state, is_shaped, is_compressed); }
    )
        ->Arg(0)
        ->Arg(500)
        ->Arg(20'000)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
}

} // namespace

int main(int count, char** arguments)
{
    add("loopback/plain", false, false);
    add("loopback/compressed", false, true);
    add("line/plain", true, false);
    add("line/compressed", true, true);
    benchmark::Initialize(&count, arguments);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
