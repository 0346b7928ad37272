// icm on many targets: one server on a Unix socket, named again and again, so that time and memory
// are icm's alone. Each target answers with as much as Get-Process does on a small computer.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace {

constexpr int throttle_limit = 32;
constexpr int objects_per_target = 150;

std::string program_path(const char* name)
{
    return std::string(PSRP_PROGRAM_DIR) + "/" + name;
}

// Starts a program, its output in `output_file`. 0 where that fails.
pid_t start(const std::vector<std::string>& arguments, const std::string& output_file)
{
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(
        &files, 1, output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600
    );
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    pid_t id = 0;
    const int failed = posix_spawn(&id, pointers[0], &files, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    return failed == 0 ? id : 0;
}

// `psrp serve --socket` in a folder of its own, gone with the object.
class Server {
public:
    Server()
    {
        std::string folder = (std::filesystem::temp_directory_path() / "bench_icm.XXXXXX").string();
        if (::mkdtemp(folder.data()) == nullptr) return;
        folder_ = folder;
        id_ = start(
            {program_path("psrp"), "serve", "--socket", socket(), "--sessions-max", "100"},
            folder_ + "/log"
        );
        for (int tries = 0; tries < 1000 && !std::filesystem::exists(socket()); ++tries)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ~Server()
    {
        if (id_ > 0) {
            ::kill(id_, SIGTERM);
            ::waitpid(id_, nullptr, 0);
        }
        std::error_code ignored;
        if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::string socket() const { return folder_ + "/socket"; }
    [[nodiscard]] std::string output() const { return folder_ + "/output"; }
    [[nodiscard]] bool is_there() const { return id_ > 0 && std::filesystem::exists(socket()); }

private:
    std::string folder_;
    pid_t id_ = 0;
};

long lines_of(const std::string& path)
{
    std::ifstream file(path);
    long lines = 0;
    for (std::string line; std::getline(file, line);)
        ++lines;
    return lines;
}

double seconds_of(const timeval& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

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
        const pid_t id = start(arguments, server.output());
        int status = -1;
        rusage usage{};
        if (id == 0 || ::wait4(id, &status, 0, &usage) != id || status != 0) {
            return state.SkipWithError("icm failed");
        }
        cpu += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
        peak_kib = std::max(peak_kib, usage.ru_maxrss);
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
