// What wakes a poll() from another thread: at once, or in a moment. POSIX.
#pragma once

#include <psrp/transport/byte_stream.hpp>

#include <atomic>
#include <chrono>

namespace psrp::server::detail {

// A pipe that wakes a poll(). Both ends close with it.
class WakePipe {
public:
    WakePipe();

    [[nodiscard]] bool is_open() const { return ends_.reader.is_open(); }
    [[nodiscard]] int read_end() const { return ends_.reader.number(); }
    // Thread-safe. Costs nothing while an earlier wake has not been drained.
    void wake() const;
    // What was done before a wake that this takes is seen by what follows.
    void drain() const;

private:
    Pipe ends_;
    mutable std::atomic<bool> is_awake_{false};
};

// A timer that one thread sets for another one's poll(), which is not woken to hear of it. Where
// the system has none (timerfd) it goes off at once.
class Alarm {
public:
    // `otherwise`, borrowed, is what is woken where there is no timer.
    explicit Alarm(const WakePipe& otherwise);

    // Readable once it has gone off; -1 without a timer.
    [[nodiscard]] int descriptor() const { return timer_.number(); }
    // Thread-safe. One that has not gone off yet is set anew.
    void set(std::chrono::nanoseconds delay) const;
    void drain() const;

private:
    const WakePipe& otherwise_;
    Descriptor timer_;
};

} // namespace psrp::server::detail
