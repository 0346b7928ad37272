#include <psrp/server/detail/wakers.hpp>

#include <cstdint>
#ifdef __linux__
#include <sys/timerfd.h>
#endif
#include <unistd.h>
#include <utility>

namespace psrp::server::detail {

WakePipe::WakePipe()
{
    auto ends = make_pipe();
    if (!ends || !set_nonblocking(ends->reader.number()) || !set_nonblocking(ends->writer.number()))
        return;
    ends_ = std::move(*ends);
}

void WakePipe::wake() const
{
    if (is_awake_.exchange(true)) return;
    const char byte = 1;
    [[maybe_unused]] const auto written =
        write(ends_.writer.number(), &byte, 1); // a full pipe wakes just as well
}

void WakePipe::drain() const
{
    char bytes[64];
    [[maybe_unused]] const auto count =
        read(ends_.reader.number(), bytes, sizeof bytes); // there is at most one wake more
    is_awake_.store(false);
}

Alarm::Alarm(const WakePipe& otherwise) : otherwise_(otherwise)
{
#ifdef __linux__
    timer_ = Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
#endif
}

void Alarm::set(std::chrono::nanoseconds delay) const
{
#ifdef __linux__
    if (timer_.is_open()) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
        itimerspec when{};
        when.it_value.tv_sec = seconds.count();
        when.it_value.tv_nsec = (delay - seconds).count();
        if (timerfd_settime(timer_.number(), 0, &when, nullptr) == 0) return;
    }
#else
    (void)delay;
#endif
    otherwise_.wake();
}

void Alarm::drain() const
{
    std::uint64_t times = 0;
    [[maybe_unused]] const auto count = read(timer_.number(), &times, sizeof times);
}

} // namespace psrp::server::detail
