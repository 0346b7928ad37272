// Ctrl-C and its like as something an event loop can see.
#pragma once

#include <psrp/transport/event_loop.hpp>

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

} // namespace psrp
