#include <psrp/icm/terminal_keeper.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace icm {

namespace {

// Signal handlers reach nothing else.
int terminal = -1;
termios kept;

// Async-signal-safe. From the background nobody may set a terminal, and need not.
void restore()
{
    if (terminal < 0 || ::tcgetpgrp(terminal) != ::getpgrp()) return;
    const int error = errno;
    ::tcsetattr(terminal, TCSANOW, &kept);
    errno = error;
}

extern "C" void restore_and_end(int number)
{
    restore();
    ::signal(number, SIG_DFL);
    ::raise(number);
}

constexpr int ending_signals[] = {SIGTERM, SIGHUP};

} // namespace

TerminalKeeper::TerminalKeeper()
{
    const int opened = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (opened < 0) return;
    if (::tcgetattr(opened, &kept) != 0) {
        ::close(opened);
        return;
    }
    terminal = opened;
    for (const int number : ending_signals) {
        struct sigaction before {};
        // Who is started with one of them ignored (nohup) is to live on.
        if (::sigaction(number, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
        struct sigaction action {};
        action.sa_handler = restore_and_end;
        ::sigaction(number, &action, nullptr);
    }
}

TerminalKeeper::~TerminalKeeper()
{
    if (terminal < 0) return;
    restore();
    ::close(terminal);
    terminal = -1;
}

} // namespace icm
