#include <psrp/server/streams.hpp>

namespace psrp::server {

void StopSignal::request()
{
    {
        const std::lock_guard lock(mutex_);
        requested_.store(true, std::memory_order_release);
    }
    raised_.notify_all();
}

void StopSignal::reset()
{
    requested_.store(false, std::memory_order_release);
}

bool StopSignal::wait_for(std::chrono::nanoseconds duration)
{
    // Waiting against the system clock in slices: a deadline years ahead would overflow it.
    const auto slice = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::hours(1));
    std::unique_lock lock(mutex_);
    while (duration > std::chrono::nanoseconds::zero() && !requested()) {
        const auto step = std::min(duration, slice);
        raised_.wait_for(lock, step, [this] { return requested(); });
        duration -= step;
    }
    return requested();
}

} // namespace psrp::server
