// icm over WinRM with NTLM, with and without compression, on loopback and on a line of 100 Mbit/s
// with 10 ms each way: what the default should be.
#include <benchmarks/shaped_link.hpp>

#include <benchmark/benchmark.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace {

std::string program_path(const char* name)
{
    return std::string(PSRP_PROGRAM_DIR) + "/" + name;
}

// Starts a program; 0 where that fails.
pid_t start(
    const std::vector<std::string>& arguments,
    const std::string& output_file,
    const std::string& error_file
)
{
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&files, 1, output_file.c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&files, 2, error_file.c_str(), flags, 0600);
    pid_t id = 0;
    const int failed = posix_spawn(&id, pointers[0], &files, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    return failed == 0 ? id : 0;
}

// `psrp serve --winrm` with one NTLM user, in a folder of its own, gone with the object.
class Server {
public:
    Server()
    {
        std::string folder =
            (std::filesystem::temp_directory_path() / "bench_winrm.XXXXXX").string();
        if (::mkdtemp(folder.data()) == nullptr) return;
        folder_ = folder;
        write("users", "BENCH:user:secret\n");
        write("credential", "BENCH\\user\nsecret\n");
        id_ = start(
            {program_path("psrp"), "serve", "--winrm", "0", "--ntlm-users", file("users")},
            file("output"),
            file("log")
        );
        for (int tries = 0; tries < 1000 && port_ == 0; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            std::ifstream log(file("log"));
            for (std::string word; log >> word;) {
                if (word.starts_with("port=")) port_ = std::atoi(word.c_str() + 5);
            }
        }
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

    [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
    [[nodiscard]] int port() const { return port_; }

private:
    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(file(name)) << text;
        ::chmod(file(name).c_str(), S_IRUSR | S_IWUSR);
    }

    std::string folder_;
    pid_t id_ = 0;
    int port_ = 0;
};

long lines_of(const std::string& path)
{
    std::ifstream file(path);
    long lines = 0;
    for (std::string line; std::getline(file, line);)
        ++lines;
    return lines;
}

// So many objects of a process list come back; 0: one small answer.
void invoke(benchmark::State& state, bool is_shaped, bool is_compressed)
{
    const Server server;
    if (server.port() == 0) return state.SkipWithError("no server");
    const benchmarks::ShapedLink link(server.port(), {});
    const std::string port = std::to_string(is_shaped ? link.port() : server.port());
    const std::string script =
        state.range(0) == 0
            ? "1+1"
            : "1.." + std::to_string(state.range(0)) +
                  " | ForEach-Object { [pscustomobject]@{ Id = $_; ProcessName = 'some-process'; "
                  "Handles = 0; WS = 12345678; CPU = 1.5; SI = 1; NPM = 0; PM = 0 } }";
    const std::vector<std::string> arguments = {
        program_path("icm"),
        "-ComputerName",
        "127.0.0.1",
        "-Port",
        port,
        "-Authentication",
        "Ntlm",
        "--credential-file",
        server.file("credential"),
        "-SessionOption",
        std::string("{\"NoCompression\": ") + (is_compressed ? "false" : "true") + "}",
        "--output",
        "jsonl",
        script};
    for (auto _ : state) {
        const pid_t id = start(arguments, server.file("answer"), server.file("errors"));
        int status = -1;
        if (id == 0 || ::waitpid(id, &status, 0) != id || status != 0)
            return state.SkipWithError("icm failed");
        state.PauseTiming();
        const bool is_whole =
            lines_of(server.file("answer")) == std::max<std::int64_t>(state.range(0), 1);
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
