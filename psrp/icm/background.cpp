#include <psrp/icm/background.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace icm {

namespace {

constexpr int failure_code = 1;

// Ctrl-C goes to both processes; the one that works answers it.
class InterruptsIgnored {
public:
    InterruptsIgnored()
    {
        struct sigaction action {};
        action.sa_handler = SIG_IGN;
        ::sigaction(SIGINT, &action, &before_);
    }
    ~InterruptsIgnored() { ::sigaction(SIGINT, &before_, nullptr); }
    InterruptsIgnored(const InterruptsIgnored&) = delete;
    InterruptsIgnored& operator=(const InterruptsIgnored&) = delete;

private:
    struct sigaction before_ {};
};

// Until it has left the foreground the other process goes with this one.
void end_with_parent([[maybe_unused]] int signal)
{
#ifdef __linux__
    ::prctl(PR_SET_PDEATHSIG, signal);
#endif
}

int wait_for(int report, pid_t child)
{
    char byte = 0;
    ssize_t count = 0;
    do {
        count = ::read(report, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count == 1) return 0;
    int status = 0;
    pid_t ended = 0;
    do {
        ended = ::waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended != child) return failure_code;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

void Foreground::leave(KeepsInput input)
{
    std::fflush(stdout);
    std::fflush(stderr);
    end_with_parent(0);
    ::setsid(); // fails only for who leads a group, and a child does not
    // Nothing here holds a file system, a pipe or a terminal of the user's.
    [[maybe_unused]] const int changed = ::chdir("/");
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        const bool is_kept = number == STDIN_FILENO && input == KeepsInput::Yes;
        if (!is_kept && nowhere >= 0) ::dup2(nowhere, number);
    }
    if (nowhere > STDERR_FILENO) ::close(nowhere);
    (void)psrp::write_some(report_, std::string_view("\0", 1)); // nobody may wait any more
    ::close(report_);
}

int run_behind(const std::function<int(Foreground&)>& work)
{
    auto report = psrp::make_pipe();
    if (!report) {
        std::fprintf(stderr, "psrp: %s\n", report.error().text().c_str());
        return failure_code;
    }
    std::fflush(stdout);
    std::fflush(stderr);
    const pid_t child = ::fork();
    if (child < 0) {
        std::fprintf(stderr, "psrp: %s\n", psrp::system_error(errno, "no process").text().c_str());
        return failure_code;
    }
    if (child == 0) {
        report->reader.reset();
        end_with_parent(SIGTERM);
        // A file that may not grow is an error of its writing, and no end of this process.
        ::signal(SIGXFSZ, SIG_IGN);
        Foreground foreground(report->writer.release());
        std::exit(work(foreground));
    }
    report->writer.reset();
    const InterruptsIgnored ignored;
    return wait_for(report->reader.number(), child);
}

} // namespace icm
