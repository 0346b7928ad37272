// The time zone of this machine, to which times with an offset are converted (fact sheet clixml
// 2.5).
#pragma once

#include <clixml/date_time.hpp>

namespace psrp {

// Reads TZ or the system's zone when it is made. Times outside of what time_t or the zone's data
// cover get the nearest known offset.
class MachineZone final : public clixml::LocalZone {
public:
    MachineZone();
    [[nodiscard]] std::int16_t offset_minutes_at(std::int64_t utc_ticks) const override;
    [[nodiscard]] std::int16_t offset_minutes_of_local(std::int64_t local_ticks) const override;
    [[nodiscard]] std::int64_t today_ticks() const override;
};

} // namespace psrp
