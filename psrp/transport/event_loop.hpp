// One thread, one poll(2), sources and timers. No globals; nothing runs unless run_once() is
// called. POSIX.
#pragma once

#include <clixml/result.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/poll_source.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace psrp {

// Waits for everything its sources and timers wait for. Sources and timers may be added and removed
// from within any callback. All members belong to one thread, wake() excepted.
class EventLoop {
public:
    using TimerId = std::uint64_t;

    // Error: the errno value, when no descriptors are left for wake().
    static Result<EventLoop> create();
    EventLoop(EventLoop&&) noexcept = default;
    EventLoop& operator=(EventLoop&&) noexcept = default;

    // Polls `source` from the next round on. Borrowed: remove it before it dies. Twice is once.
    void add(PollSource& source);
    // Calls nothing of `source` any more, from this moment on.
    void remove(PollSource& source);

    // Calls `callback` once, no earlier than `delay` from now.
    TimerId call_after(Clock::duration delay, std::function<void()> callback);
    // Forgets a timer; harmless when it has run.
    void cancel(TimerId timer);

    // Waits until something happens or `wait_max` is over (for ever without it, unless there is
    // nothing to wait for), then calls what is due. Gives true if anything was called. Error: the
    // errno value of poll.
    Result<bool> run_once(std::optional<std::chrono::milliseconds> wait_max = std::nullopt);

    // Makes a waiting or the next run_once() return. May be called from other threads and from
    // signal handlers.
    void wake() const noexcept;
    // What wake() writes to, for a signal handler that has only a number.
    [[nodiscard]] int wake_descriptor() const { return wake_writer_.number(); }

private:
    struct Timer {
        TimerId id;
        std::function<void()> callback;
    };

    EventLoop() = default;
    [[nodiscard]] bool has(const PollSource* source) const;
    [[nodiscard]] int wait_milliseconds(std::optional<std::chrono::milliseconds> wait_max) const;
    void collect();
    Result<bool> wait(int milliseconds);
    bool dispatch_descriptors();
    bool dispatch_deadlines();
    bool dispatch_timers(Clock::time_point now);
    void drain_wakes();

    // What one poll entry stands for.
    struct Waiting {
        PollSource* source;
        PollEntry entry;
        bool readable;
        bool writable;
    };

    std::vector<PollSource*> sources_;
    std::multimap<Clock::time_point, Timer> timers_;
    TimerId timer_last_ = 0;
    std::vector<Waiting> waiting_;
    std::vector<PollEntry> entries_; // kept for its memory
    Descriptor wake_reader_;
    Descriptor wake_writer_;
};

} // namespace psrp
