#include <psrp/client/machine_zone.hpp>

#include <ctime>

namespace psrp {

namespace {

constexpr std::int64_t seconds_per_minute = 60;

// Minutes ahead of UTC at `utc_seconds` since the epoch of Unix; 0 where the zone does not know.
std::int16_t offset_at(std::int64_t utc_seconds)
{
    const auto time = static_cast<std::time_t>(utc_seconds);
    std::tm local{};
    if (localtime_r(&time, &local) == nullptr) return 0;
    return static_cast<std::int16_t>(local.tm_gmtoff / seconds_per_minute);
}

std::int64_t unix_seconds(std::int64_t ticks)
{
    const std::int64_t since_epoch = ticks - clixml::unix_epoch_ticks;
    const std::int64_t seconds = since_epoch / clixml::ticks_per_second;
    return since_epoch % clixml::ticks_per_second < 0 ? seconds - 1 : seconds;
}

} // namespace

MachineZone::MachineZone()
{
    tzset();
}

std::int16_t MachineZone::offset_minutes_at(std::int64_t utc_ticks) const
{
    return offset_at(unix_seconds(utc_ticks));
}

std::int16_t MachineZone::offset_minutes_of_local(std::int64_t local_ticks) const
{
    // The offset at the time read as UTC is at most one change of the clock away from the right
    // one.
    const std::int64_t seconds = unix_seconds(local_ticks);
    const std::int16_t guess = offset_at(seconds);
    return offset_at(seconds - guess * seconds_per_minute);
}

std::int64_t MachineZone::today_ticks() const
{
    const std::int64_t now = std::time(nullptr);
    const std::int64_t local = now + offset_at(now) * seconds_per_minute;
    const std::int64_t seconds_per_day = clixml::ticks_per_day / clixml::ticks_per_second;
    return clixml::unix_epoch_ticks + local / seconds_per_day * clixml::ticks_per_day;
}

} // namespace psrp
