// Ctrl-C and its like as something an event loop can see.
#pragma once

#include <psrp/transport/event_loop.hpp>

#include <csignal>

namespace psrp {

// Which signals ask for an end: those of a keyboard alone, or also those that end programs.
enum class CaughtSignals { Keyboard, All };

// Catches SIGINT, and SIGTERM and SIGHUP, from construction to destruction, counts them and wakes
// the loop. One object at a time in a process.
class InterruptCatcher {
public:
    // `loop` is borrowed.
    explicit InterruptCatcher(const EventLoop& loop, CaughtSignals signals = CaughtSignals::All);
    ~InterruptCatcher();
    InterruptCatcher(const InterruptCatcher&) = delete;
    InterruptCatcher& operator=(const InterruptCatcher&) = delete;

    // Signals caught so far.
    [[nodiscard]] int count() const;

private:
    CaughtSignals signals_;
};

// Keeps the signals that an InterruptCatcher catches from this thread, from construction to
// destruction: whoever waits with pselect() and before() misses none that comes just before.
class HeldInterrupts {
public:
    HeldInterrupts();
    ~HeldInterrupts();
    HeldInterrupts(const HeldInterrupts&) = delete;
    HeldInterrupts& operator=(const HeldInterrupts&) = delete;

    // The mask to wait with.
    [[nodiscard]] const sigset_t& before() const { return before_; }

private:
    sigset_t before_{};
};

} // namespace psrp
