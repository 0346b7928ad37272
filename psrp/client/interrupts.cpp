#include <psrp/client/interrupts.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <unistd.h>

namespace psrp {

namespace {

// A signal handler sees nothing but globals.
std::atomic<int> interrupt_count{0};
std::atomic<int> wake_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free);

constexpr std::array<int, 3> caught_signals = {SIGINT, SIGTERM, SIGHUP};

void on_signal(int)
{
    const int saved_errno = errno;
    interrupt_count.fetch_add(1);
    const int descriptor = wake_descriptor.load();
    if (descriptor >= 0) {
        // A full pipe wakes as well.
        [[maybe_unused]] const ssize_t written = ::write(descriptor, "", 1);
    }
    errno = saved_errno;
}

void set_handler(void (*handler)(int), CaughtSignals signals)
{
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (const int signal : caught_signals) {
        const bool is_caught = signal == SIGINT || signals == CaughtSignals::All;
        if (is_caught) sigaction(signal, &action, nullptr);
    }
}

} // namespace

InterruptCatcher::InterruptCatcher(const EventLoop& loop, CaughtSignals signals) : signals_(signals)
{
    interrupt_count = 0;
    wake_descriptor = loop.wake_descriptor();
    set_handler(on_signal, signals_);
}

InterruptCatcher::~InterruptCatcher()
{
    set_handler(SIG_DFL, signals_);
    wake_descriptor = -1;
}

int InterruptCatcher::count() const
{
    return interrupt_count.load();
}

HeldInterrupts::HeldInterrupts()
{
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : caught_signals)
        sigaddset(&held, signal);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
}

HeldInterrupts::~HeldInterrupts()
{
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

} // namespace psrp
