// System.DateTime: ticks, kind and offset, with its CLIXML text (fact sheet clixml 2.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml {

inline constexpr std::int64_t ticks_per_second = 10'000'000;
inline constexpr std::int64_t ticks_per_minute = 60 * ticks_per_second;
inline constexpr std::int64_t ticks_per_day = 86'400 * ticks_per_second;
inline constexpr std::int64_t date_time_ticks_max = 3'155'378'975'999'999'999;
inline constexpr std::int64_t unix_epoch_ticks = 621'355'968'000'000'000;

enum class DateTimeKind : std::uint8_t { Unspecified, Utc, Local };

// A point on the clock. `ticks` are 100 ns since 0001-01-01T00:00 as the clock shows them,
// 0..date_time_ticks_max; for Local `offset_minutes` is what that clock is ahead of UTC.
struct DateTime {
    std::int64_t ticks = 0;
    DateTimeKind kind = DateTimeKind::Unspecified;
    std::int16_t offset_minutes = 0;

    // The same instant on the UTC clock, clamped to the range; Unspecified counts as UTC.
    [[nodiscard]] std::int64_t utc_ticks() const;
    friend bool operator==(const DateTime&, const DateTime&) = default;
};

// Year, month and so on of a DateTime's clock.
struct DateTimeParts {
    int year = 1;
    int month = 1;
    int day = 1;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int fraction = 0;    // of 100 ns, 0..9999999
    int day_of_week = 1; // 0 is Sunday
};
DateTimeParts parts_of(const DateTime& value);
// Ticks of midnight of a day of the proleptic Gregorian calendar; year 1..9999, month and day in
// range.
std::int64_t ticks_of_day(int year, int month, int day);

// The local clock of whoever reads: PowerShell converts every time with an offset to it.
class LocalZone {
public:
    virtual ~LocalZone() = default;
    // Minutes that the local clock is ahead of UTC at that instant.
    [[nodiscard]] virtual std::int16_t offset_minutes_at(std::int64_t utc_ticks) const = 0;
    // Minutes ahead of UTC for a time given on the local clock.
    [[nodiscard]] virtual std::int16_t offset_minutes_of_local(std::int64_t local_ticks) const = 0;
    // Today's date on the local clock as ticks of its midnight: for times that come without a date.
    [[nodiscard]] virtual std::int64_t today_ticks() const { return unix_epoch_ticks; }
};

// The zone UTC, the default everywhere.
const LocalZone& utc_zone();

// Writes at most 33 characters; returns the end.
char* write_date_time(const DateTime& value, char* to);
std::string date_time_text(const DateTime& value);

enum class DateTimeError : std::uint8_t { None, Malformed, OutOfRange };

// Reads every form that PowerShell reads. With `zone` a value with an offset is converted to that
// zone; without one it keeps its own offset (lossless).
std::optional<DateTime>
read_date_time(std::string_view text, const LocalZone* zone, DateTimeError* error = nullptr);

} // namespace clixml
