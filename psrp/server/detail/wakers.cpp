#include <psrp/server/detail/wakers.hpp>

#include <cstdint>
#include <fcntl.h>
#ifdef __linux__
#include <sys/timerfd.h>
#endif
#include <unistd.h>

namespace psrp::server::detail {

WakePipe::WakePipe()
{
    if (pipe(ends_) != 0) {
        ends_[0] = ends_[1] = -1;
        return;
    }
    for (const int end : ends_) {
        fcntl(end, F_SETFL, O_NONBLOCK);
        fcntl(end, F_SETFD, FD_CLOEXEC);
    }
}

WakePipe::~WakePipe()
{
    for (const int end : ends_) {
        if (end >= 0) close(end);
    }
}

void WakePipe::wake() const
{
    if (is_awake_.exchange(true)) return;
    const char byte = 1;
    [[maybe_unused]] const auto written =
        write(ends_[1], &byte, 1); // a full pipe wakes just as well
}

void WakePipe::drain() const
{
    char bytes[64];
    [[maybe_unused]] const auto count =
        read(ends_[0], bytes, sizeof bytes); // there is at most one wake more
    is_awake_.store(false);
}

Alarm::Alarm(const WakePipe& otherwise) : otherwise_(otherwise)
{
#ifdef __linux__
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
#endif
}

Alarm::~Alarm()
{
    if (timer_ >= 0) close(timer_);
}

void Alarm::set(std::chrono::nanoseconds delay) const
{
#ifdef __linux__
    if (timer_ >= 0) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
        itimerspec when{};
        when.it_value.tv_sec = seconds.count();
        when.it_value.tv_nsec = (delay - seconds).count();
        if (timerfd_settime(timer_, 0, &when, nullptr) == 0) return;
    }
#else
    (void)delay;
#endif
    otherwise_.wake();
}

void Alarm::drain() const
{
    std::uint64_t times = 0;
    [[maybe_unused]] const auto count = read(timer_, &times, sizeof times);
}

} // namespace psrp::server::detail
