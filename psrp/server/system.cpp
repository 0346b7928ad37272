#include <psrp/server/system.hpp>

#include <climits>

#include <algorithm>
#include <array>
#include <ctime>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace psrp::server {

namespace {

std::int16_t offset_minutes(std::time_t seconds)
{
    std::tm parts{};
    if (localtime_r(&seconds, &parts) == nullptr) return 0;
    return static_cast<std::int16_t>(parts.tm_gmtoff / 60);
}

std::time_t unix_seconds(std::int64_t ticks)
{
    return static_cast<std::time_t>((ticks - clixml::unix_epoch_ticks) / clixml::ticks_per_second);
}

class SystemZone final : public clixml::LocalZone {
public:
    std::int16_t offset_minutes_at(std::int64_t utc_ticks) const override
    {
        return offset_minutes(unix_seconds(utc_ticks));
    }

    std::int16_t offset_minutes_of_local(std::int64_t local_ticks) const override
    {
        // Twice: the first guess may lie on the other side of a change of the clock.
        const std::int16_t guess = offset_minutes(unix_seconds(local_ticks));
        return offset_minutes(unix_seconds(local_ticks - guess * clixml::ticks_per_minute));
    }

    std::int64_t today_ticks() const override
    {
        const std::int64_t now = local_now().ticks;
        return now - now % clixml::ticks_per_day;
    }
};

} // namespace

const clixml::LocalZone& system_zone()
{
    static const SystemZone zone;
    return zone;
}

clixml::DateTime local_time(std::int64_t seconds, std::int64_t nanoseconds)
{
    constexpr std::int64_t seconds_max = clixml::date_time_ticks_max / clixml::ticks_per_second;
    constexpr std::int64_t epoch_seconds = clixml::unix_epoch_ticks / clixml::ticks_per_second;
    clixml::DateTime result;
    result.kind = clixml::DateTimeKind::Local;
    result.offset_minutes = offset_minutes(static_cast<std::time_t>(seconds));
    const std::int64_t local =
        std::clamp<std::int64_t>(seconds, -epoch_seconds, seconds_max - epoch_seconds) +
        epoch_seconds + result.offset_minutes * 60;
    result.ticks = std::clamp<std::int64_t>(local, 0, seconds_max) * clixml::ticks_per_second +
                   nanoseconds / 100;
    return result;
}

clixml::DateTime local_now()
{
    std::timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return local_time(now.tv_sec, now.tv_nsec);
}

SystemIdentity system_identity()
{
    SystemIdentity identity;
    std::array<char, HOST_NAME_MAX + 1> host{};
    if (gethostname(host.data(), host.size() - 1) == 0) identity.computer = host.data();
    identity.user = user_name(geteuid());
    identity.process_id = static_cast<std::uint32_t>(getpid());
    identity.thread_id = static_cast<std::uint32_t>(gettid());
    return identity;
}

std::string user_name(std::uint32_t id)
{
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return std::to_string(id);
    return found->pw_name;
}

std::string group_name(std::uint32_t id)
{
    std::array<char, 4096> buffer{};
    group entry{};
    group* found = nullptr;
    if (getgrgid_r(id, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return std::to_string(id);
    return found->gr_name;
}

} // namespace psrp::server
