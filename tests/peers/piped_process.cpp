#include <tests/peers/piped_process.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace tests {

namespace {

void close_end(int& end)
{
    if (end >= 0) close(end);
    end = -1;
}

} // namespace

PipedProcess::PipedProcess(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& environment
)
{
    // A program that ends early is no signal for the test.
    (void)std::signal(SIGPIPE, SIG_IGN);
    int in[2];
    int out[2];
    int err[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipes");
    std::vector<char*> words;
    for (const std::string& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str())); // exec wants them so
    words.push_back(nullptr);
    id_ = fork();
    if (id_ < 0) throw std::runtime_error("no process");
    if (id_ == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        (void)std::signal(SIGPIPE, SIG_DFL);
        for (const auto& [name, value] : environment)
            setenv(name.c_str(), value.c_str(), 1);
        execv(words[0], words.data());
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
}

PipedProcess::~PipedProcess()
{
    close_end(in_);
    close_end(out_);
    close_end(err_);
    if (id_ > 0) {
        kill(id_, SIGKILL);
        (void)waitpid(id_, nullptr, 0);
    }
}

void PipedProcess::write(std::string_view text)
{
    while (!text.empty() && in_ >= 0) {
        const ssize_t count = ::write(in_, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void PipedProcess::close_input()
{
    close_end(in_);
}

bool PipedProcess::read(std::chrono::milliseconds wait)
{
    std::array<pollfd, 2> entries{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
    if (has_ended() || poll(entries.data(), entries.size(), static_cast<int>(wait.count())) <= 0)
        return false;
    std::array<char, 65536> buffer;
    const auto take = [&](const pollfd& entry, int& end, std::string& into) {
        if (end < 0 || entry.revents == 0) return;
        const ssize_t count = ::read(end, buffer.data(), buffer.size());
        if (count > 0)
            into.append(buffer.data(), static_cast<std::size_t>(count));
        else if (count == 0 || errno != EINTR)
            close_end(end);
    };
    take(entries[0], out_, output_);
    take(entries[1], err_, errors_);
    return true;
}

int PipedProcess::wait()
{
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace tests
