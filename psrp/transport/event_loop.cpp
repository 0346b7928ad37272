#include <psrp/transport/event_loop.hpp>

#include <climits>

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace psrp {

Result<EventLoop> EventLoop::create()
{
    EventLoop loop;
    PSRP_TRY(Pipe pipe, make_pipe());
    PSRP_CHECK(set_nonblocking(pipe.reader.number()));
    PSRP_CHECK(set_nonblocking(pipe.writer.number()));
    loop.wake_reader_ = std::move(pipe.reader);
    loop.wake_writer_ = std::move(pipe.writer);
    return loop;
}

void EventLoop::add(PollSource& source)
{
    if (!has(&source)) sources_.push_back(&source);
}

void EventLoop::remove(PollSource& source)
{
    std::erase(sources_, &source);
}

bool EventLoop::has(const PollSource* source) const
{
    return std::ranges::find(sources_, source) != sources_.end();
}

EventLoop::TimerId EventLoop::call_after(Clock::duration delay, std::function<void()> callback)
{
    timers_.emplace(Clock::now() + delay, Timer{++timer_last_, std::move(callback)});
    return timer_last_;
}

void EventLoop::cancel(TimerId timer)
{
    std::erase_if(timers_, [&](const auto& entry) { return entry.second.id == timer; });
}

void EventLoop::wake() const noexcept
{
    const int error = errno;
    const char byte = 0;
    // A full pipe means that a wake-up is waiting already.
    [[maybe_unused]] const ssize_t written = ::write(wake_writer_.number(), &byte, 1);
    errno = error;
}

int EventLoop::wait_milliseconds(std::optional<std::chrono::milliseconds> wait_max) const
{
    std::optional<Clock::time_point> until;
    const auto no_later_than = [&](Clock::time_point time) {
        until = until ? std::min(*until, time) : time;
    };
    if (!timers_.empty()) no_later_than(timers_.begin()->first);
    for (const PollSource* source : sources_) {
        if (const auto deadline = source->deadline()) no_later_than(*deadline);
    }
    std::optional<std::chrono::milliseconds> wait = wait_max;
    if (until) {
        // Rounded up, so that a wait is never too short and the loop never spins at the end of it.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
        wait = wait ? std::min(*wait, left) : left;
    }
    if (!wait) return waiting_.empty() ? 0 : -1;
    return static_cast<int>(std::clamp<std::int64_t>(wait->count(), 0, INT_MAX));
}

void EventLoop::collect()
{
    waiting_.clear();
    for (PollSource* source : sources_) {
        entries_.clear();
        source->append_poll_entries(entries_);
        for (const PollEntry& entry : entries_)
            waiting_.push_back({source, entry, false, false});
    }
}

Result<bool> EventLoop::run_once(std::optional<std::chrono::milliseconds> wait_max)
{
    collect();
    PSRP_TRY(const bool woken, wait(wait_milliseconds(wait_max)));
    const bool by_descriptor = dispatch_descriptors();
    const bool by_time = dispatch_deadlines();
    return woken || by_descriptor || by_time;
}

Result<bool> EventLoop::wait(int milliseconds)
{
    std::vector<pollfd> polled;
    polled.reserve(waiting_.size() + 1);
    polled.push_back({wake_reader_.number(), POLLIN, 0});
    for (const Waiting& waiting : waiting_) {
        const int events =
            (waiting.entry.wants_read ? POLLIN : 0) | (waiting.entry.wants_write ? POLLOUT : 0);
        polled.push_back({waiting.entry.descriptor, static_cast<short>(events), 0});
    }
    const int count = ::poll(polled.data(), static_cast<nfds_t>(polled.size()), milliseconds);
    if (count < 0 && errno != EINTR) {
        return tl::unexpected<clixml::Error>(system_error(errno, "could not wait for descriptors"));
    }
    if (count < 0) return true; // a signal: the caller may have set a flag in its handler
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        const int events = polled[i + 1].revents;
        const bool failed = (events & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        // An error goes to whoever waits for it; reading and writing both show it.
        waiting_[i].readable = (events & POLLIN) != 0 || (failed && waiting_[i].entry.wants_read);
        waiting_[i].writable = (events & POLLOUT) != 0 || (failed && !waiting_[i].entry.wants_read);
    }
    const bool woken = polled[0].revents != 0;
    if (woken) drain_wakes();
    return woken;
}

void EventLoop::drain_wakes()
{
    std::array<char, 64> bytes{};
    while (::read(wake_reader_.number(), bytes.data(), bytes.size()) > 0) {
    }
}

bool EventLoop::dispatch_descriptors()
{
    bool called = false;
    // A copy, because a callback may run the loop again.
    const std::vector<Waiting> ready = std::exchange(waiting_, {});
    for (const Waiting& waiting : ready) {
        if (waiting.readable && has(waiting.source)) {
            waiting.source->on_readable(waiting.entry.descriptor);
            called = true;
        }
        if (waiting.writable && has(waiting.source)) {
            waiting.source->on_writable(waiting.entry.descriptor);
            called = true;
        }
    }
    return called;
}

bool EventLoop::dispatch_deadlines()
{
    bool called = false;
    const Clock::time_point now = Clock::now();
    const std::vector<PollSource*> sources = sources_;
    for (PollSource* source : sources) {
        if (!has(source)) continue;
        const auto deadline = source->deadline();
        if (!deadline || *deadline > now) continue;
        source->on_deadline(now);
        called = true;
    }
    return dispatch_timers(now) || called;
}

bool EventLoop::dispatch_timers(Clock::time_point now)
{
    bool called = false;
    // Timers that a callback adds wait for the next round, even if they are due at once.
    const TimerId newest = timer_last_;
    for (auto timer = timers_.begin(); timer != timers_.end() && timer->first <= now;) {
        if (timer->second.id > newest) {
            ++timer;
            continue;
        }
        const std::function<void()> callback = std::move(timer->second.callback);
        timers_.erase(timer);
        callback();
        called = true;
        timer = timers_.begin();
    }
    return called;
}

} // namespace psrp
