#include <tests/icm/program_run.hpp>
#include <tests/support/vector_file.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tests {

namespace {

constexpr std::chrono::milliseconds look_again{10};

// In the child: descriptor `target` becomes the file.
void redirect(int target, const std::string& path, int flags)
{
    const int file = ::open(path.c_str(), flags, 0600);
    if (file < 0 || ::dup2(file, target) < 0) ::_exit(126);
    if (file != target) ::close(file);
}

} // namespace

TemporaryFolder::TemporaryFolder()
{
    std::string name = (std::filesystem::temp_directory_path() / "psrp-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored; // what is left over harms nobody
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(std::string_view name, std::string_view text) const
{
    const std::filesystem::path path = path_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
}

RunningProgram::RunningProgram(const std::vector<std::string>& arguments, const ProgramInput& input)
{
    const std::string standard_input =
        input.has_input ? folder_.write("input", input.input) : "/dev/null";
    const std::string output = folder_.write("output", "");
    const std::string errors = folder_.write("errors", "");
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str())); // as execv wants them
    }
    pointers.push_back(nullptr);
    id_ = ::fork();
    if (id_ < 0) throw std::runtime_error("no process");
    if (id_ == 0) {
        redirect(STDIN_FILENO, standard_input, O_RDONLY);
        redirect(STDOUT_FILENO, output, O_WRONLY | O_APPEND);
        redirect(STDERR_FILENO, errors, O_WRONLY | O_APPEND);
        for (const auto& [name, value] : input.environment) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
        ::execv(pointers[0], pointers.data());
        ::_exit(127);
    }
    is_running_ = true;
}

RunningProgram::~RunningProgram()
{
    if (!is_running_) return;
    ::kill(id_, SIGKILL);
    reap(true);
}

std::string RunningProgram::output() const
{
    return read_whole_file(folder_.path() / "output");
}

std::string RunningProgram::errors() const
{
    return read_whole_file(folder_.path() / "errors");
}

bool RunningProgram::wait_for_output(std::string_view text)
{
    return wait_for(&RunningProgram::output, text);
}

bool RunningProgram::wait_for_errors(std::string_view text)
{
    return wait_for(&RunningProgram::errors, text);
}

bool RunningProgram::wait_for(std::string (RunningProgram::*written)() const, std::string_view text)
{
    while ((this->*written)().find(text) == std::string::npos) {
        if (reap(false)) return (this->*written)().find(text) != std::string::npos;
        std::this_thread::sleep_for(look_again);
    }
    return true;
}

// True when it has ended.
bool RunningProgram::reap(bool waits)
{
    if (!is_running_) return true;
    int status = 0;
    pid_t reaped = 0;
    do {
        reaped = ::waitpid(id_, &status, waits ? 0 : WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == 0) return false;
    is_running_ = false;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

ProgramResult RunningProgram::wait()
{
    reap(true);
    return {exit_code_, output(), errors()};
}

ProgramResult run_program(const std::vector<std::string>& arguments, const ProgramInput& input)
{
    return RunningProgram(arguments, input).wait();
}

std::string program_path(std::string_view name)
{
    return std::string(PSRP_PROGRAM_DIR) + "/" + std::string(name);
}

} // namespace tests
