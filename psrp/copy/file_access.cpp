#include <psrp/copy/file_access.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace psrp::copy {

namespace {

constexpr std::int64_t ticks_a_second = 10'000'000;
constexpr Ticks unix_epoch = 621'355'968'000'000'000;
constexpr std::int64_t read_bytes = 256 * 1024;

} // namespace

Ticks ticks_of(const timespec& time)
{
    // Before the year 1 and far ahead there is none.
    constexpr std::int64_t seconds_max = 250'000'000'000;
    if (time.tv_sec < -62'135'596'800 || time.tv_sec > seconds_max) return 0;
    return unix_epoch + time.tv_sec * ticks_a_second + time.tv_nsec / 100;
}

timespec time_of(Ticks ticks)
{
    std::int64_t rest = ticks - unix_epoch;
    std::int64_t seconds = rest / ticks_a_second;
    rest %= ticks_a_second;
    if (rest < 0) {
        rest += ticks_a_second;
        --seconds;
    }
    timespec time{};
    time.tv_sec = seconds;
    time.tv_nsec = rest * 100;
    return time;
}

bool hash_range(int file, std::int64_t from, std::int64_t count, Sha256& hash)
{
    Bytes buffer(static_cast<std::size_t>(std::min(count, read_bytes)));
    while (count > 0) {
        const auto wanted = static_cast<std::size_t>(std::min(count, read_bytes));
        const ssize_t got = ::pread(file, buffer.data(), wanted, from);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = 0;
        if (got <= 0) return false;
        hash.add(BytesView(buffer).first(static_cast<std::size_t>(got)));
        from += got;
        count -= got;
    }
    return true;
}

std::string failure_text(const char* what, int error)
{
    return std::string(what) + ": " + std::generic_category().message(error);
}

} // namespace psrp::copy
