// System.TimeSpan: ticks and its ISO 8601 text (fact sheet clixml 2.6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml {

// A duration in ticks of 100 ns.
struct TimeSpan {
    std::int64_t ticks = 0;
    friend auto operator<=>(const TimeSpan&, const TimeSpan&) = default;
};

// Writes at most 40 characters; returns the end.
char* write_time_span(TimeSpan value, char* to);
std::string time_span_text(TimeSpan value);

// What .NET's TimeSpan.ToString() gives: [-][d.]hh:mm:ss[.fffffff].
std::string time_span_display_text(TimeSpan value);

enum class TimeSpanError : std::uint8_t { None, Malformed, OutOfRange };

// Reads the ISO form; the fraction is cut at 100 ns, years count 365 days and months 30.
std::optional<TimeSpan> read_time_span(std::string_view text, TimeSpanError* error = nullptr);

} // namespace clixml
