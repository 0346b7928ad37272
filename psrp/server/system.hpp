// Facts about the machine and the process that several commands need.
#pragma once

#include <clixml/date_time.hpp>

#include <cstdint>
#include <string>

namespace psrp::server {

// The machine's own time zone.
const clixml::LocalZone& system_zone();
// The time now on the machine's clock and zone.
clixml::DateTime local_now();
// A point of Unix time (seconds and nanoseconds) on the machine's clock.
clixml::DateTime local_time(std::int64_t seconds, std::int64_t nanoseconds);

// Who this process is.
struct SystemIdentity {
    std::string user;
    std::string computer;
    std::uint32_t process_id = 0;
    std::uint32_t thread_id = 0;
};
SystemIdentity system_identity();
// The name of a user or group, or its number as text.
std::string user_name(std::uint32_t id);
std::string group_name(std::uint32_t id);

} // namespace psrp::server
