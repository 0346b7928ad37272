#include <tests/icm/terminal_program.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace tests {

namespace {

constexpr std::chrono::seconds patience{60};
constexpr int look_again_ms = 50;

} // namespace

TerminalProgram::TerminalProgram(
    const std::vector<std::string>& arguments,
    const Environment& environment,
    unsigned short columns
)
{
    terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal_ < 0 || ::grantpt(terminal_) != 0 || ::unlockpt(terminal_) != 0)
        throw std::runtime_error("no terminal");
    const std::string name = ::ptsname(terminal_);
    other_end_ = ::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    resize(columns);
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str())); // as execv wants them
    pointers.push_back(nullptr);
    id_ = ::fork();
    if (id_ < 0) throw std::runtime_error("no process");
    if (id_ != 0) return;
    ::setsid();
    const int own = ::open(name.c_str(), O_RDWR);
    ::ioctl(own, TIOCSCTTY, 0);
    for (const int stream : {0, 1, 2})
        ::dup2(own, stream);
    for (const auto& [key, value] : environment)
        ::setenv(key.c_str(), value.c_str(), 1);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
}

TerminalProgram::~TerminalProgram()
{
    if (!has_ended_) {
        ::kill(id_, SIGKILL);
        (void)wait();
    }
    ::close(other_end_);
    ::close(terminal_);
}

void TerminalProgram::resize(unsigned short columns)
{
    winsize size{};
    size.ws_col = columns;
    size.ws_row = 30;
    ::ioctl(terminal_, TIOCSWINSZ, &size); // the terminal tells its programs
}

bool TerminalProgram::echoes() const
{
    termios state{};
    return ::tcgetattr(other_end_, &state) == 0 && (state.c_lflag & ECHO) != 0;
}

void TerminalProgram::type(std::string_view text)
{
    while (!text.empty()) {
        const ssize_t written = ::write(terminal_, text.data(), text.size());
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

// False where nothing came for a moment.
bool TerminalProgram::read_more()
{
    pollfd readable{terminal_, POLLIN, 0};
    if (::poll(&readable, 1, look_again_ms) <= 0) return false;
    char buffer[4096];
    const ssize_t got = ::read(terminal_, buffer, sizeof buffer);
    if (got <= 0) return false;
    const std::string_view piece(buffer, static_cast<std::size_t>(got));
    unread_ += piece;
    written_ += piece;
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
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        if (const std::size_t at = unread_.find(text); at != std::string::npos) {
            seen_ = unread_.substr(0, at);
            unread_.erase(0, at + text.size());
            return true;
        }
        if (read_more()) continue;
        int status = 0;
        const bool is_over = has_ended_ || ::waitpid(id_, &status, WNOHANG) == id_;
        if (is_over && !has_ended_) {
            has_ended_ = true;
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue; // what it wrote last
        }
        if (is_over || std::chrono::steady_clock::now() > end) {
            seen_ = unread_;
            return false;
        }
    }
}

int TerminalProgram::wait()
{
    int status = 0;
    while (!has_ended_) {
        (void)read_more(); // who cannot write does not end
        if (::waitpid(id_, &status, WNOHANG) != id_) continue;
        has_ended_ = true;
        exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    while (read_more()) {
    }
    seen_ = unread_;
    return exit_code_;
}

} // namespace tests
