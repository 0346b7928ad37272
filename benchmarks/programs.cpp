#include <benchmarks/programs.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace bench {

namespace {

// 0 where that fails.
pid_t start(
    const std::vector<std::string>& arguments,
    const std::string& input_file,
    const std::string& output_file,
    const std::string& error_file
)
{
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    constexpr int to_write = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_t files{};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, input_file.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, output_file.c_str(), to_write, 0600);
    posix_spawn_file_actions_addopen(&files, 2, error_file.c_str(), to_write, 0600);
    pid_t id = 0;
    const int failed = posix_spawn(&id, pointers[0], &files, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    return failed == 0 ? id : 0;
}

double seconds_of(const timeval& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

} // namespace

std::string program_path(const char* name)
{
    return std::string(PSRP_PROGRAM_DIR) + "/" + name;
}

Folder::Folder()
{
    std::string folder = (std::filesystem::temp_directory_path() / "psrp_bench.XXXXXX").string();
    if (::mkdtemp(folder.data()) != nullptr) folder_ = folder;
}

Folder::~Folder()
{
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const
{
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), S_IRUSR | S_IWUSR);
    return path(name);
}

Usage run(
    const std::vector<std::string>& arguments,
    const std::string& output_file,
    const std::string& input_file
)
{
    Usage result;
    const pid_t id = start(arguments, input_file, output_file, "/dev/null");
    int status = -1;
    rusage usage{};
    if (id == 0 || ::wait4(id, &status, 0, &usage) != id || !WIFEXITED(status)) return result;
    result.exit_code = WEXITSTATUS(status);
    result.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    result.peak_kib = usage.ru_maxrss;
    return result;
}

Server::Server(const std::vector<std::string>& arguments, std::string log_file)
    : log_file_(std::move(log_file)), id_(start(arguments, "/dev/null", "/dev/null", log_file_))
{
}

Server::~Server()
{
    if (id_ <= 0) return;
    ::kill(id_, SIGTERM);
    ::waitpid(id_, nullptr, 0);
}

bool Server::says(const std::string& text) const
{
    for (int tries = 0; tries < 4000; ++tries) {
        if (text_of(log_file_).find(text) != std::string::npos) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

// Fields 14 and 15 of /proc/ID/stat, in clock ticks.
double Server::cpu_seconds() const
{
    const std::string stat = text_of("/proc/" + std::to_string(id_) + "/stat");
    std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::string text_of(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

long lines_of(const std::string& path)
{
    std::ifstream file(path);
    long lines = 0;
    for (std::string line; std::getline(file, line);)
        ++lines;
    return lines;
}

} // namespace bench
