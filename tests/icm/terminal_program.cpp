#include <tests/icm/terminal_program.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tests {

TerminalProgram::TerminalProgram(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& environment
)
{
    winsize size{30, 100, 0, 0};
    id_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (id_ != 0) return;
    for (const auto& [name, value] : environment)
        ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> words;
    for (const std::string& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    ::execv(words.front(), words.data());
    ::_exit(127);
}

TerminalProgram::~TerminalProgram()
{
    if (id_ > 0) {
        ::kill(id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
    }
    if (terminal_ >= 0) ::close(terminal_);
}

void TerminalProgram::type(std::string_view keys)
{
    [[maybe_unused]] const auto count = ::write(terminal_, keys.data(), keys.size()); // shows soon
}

bool TerminalProgram::read()
{
    std::array<char, 4096> piece{};
    ssize_t count = 0;
    do {
        count = ::read(terminal_, piece.data(), piece.size());
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return false;
    written_.append(piece.data(), static_cast<std::size_t>(count));
    // A terminal says where its cursor is.
    constexpr std::string_view where = "\x1b[6n";
    for (std::size_t at = 0; (at = written_.find(where, answered_)) != std::string::npos;) {
        answered_ = at + where.size();
        type("\x1b[1;1R");
    }
    return true;
}

bool TerminalProgram::wait_for(std::string_view text)
{
    for (;;) {
        const std::size_t at = written_.find(text, seen_);
        if (at != std::string::npos) {
            seen_ = at + text.size();
            return true;
        }
        if (!read()) return false;
    }
}

int TerminalProgram::wait()
{
    while (read()) {
    }
    int status = 0;
    ::waitpid(id_, &status, 0);
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace tests
