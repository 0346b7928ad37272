// Ctrl-C and its like as something an event loop can see.
#pragma once

#include <psrp/transport/event_loop.hpp>

namespace psrp {

// Catches SIGINT, SIGTERM and SIGHUP from construction to destruction, counts them and wakes the
// loop. One object at a time in a process.
class InterruptCatcher {
public:
    // `loop` is borrowed.
    explicit InterruptCatcher(const EventLoop& loop);
    ~InterruptCatcher();
    InterruptCatcher(const InterruptCatcher&) = delete;
    InterruptCatcher& operator=(const InterruptCatcher&) = delete;

    // Signals caught so far.
    [[nodiscard]] int count() const;
};

} // namespace psrp
