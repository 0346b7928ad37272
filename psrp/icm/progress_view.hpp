// Progress on a terminal: PowerShell's records as bars, the targets as a line that counts. Texts
// only; what a terminal does with them is output.hpp's.
#pragma once

#include <psrp/client/fan_out.hpp>
#include <psrp/protocol/records.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace icm {

// One activity, as its last record told.
struct Activity {
    std::string source = {}; // which target it is of
    std::int32_t id = 0;
    std::int32_t parent_id = -1;
    std::string name = {};
    std::string status = {};
    std::string operation = {};
    std::int32_t percent = -1; // -1: unknown
    std::int32_t seconds_left = -1;
};

// "[12:34]", "[1:02:03]".
std::string duration_text(std::chrono::seconds time);

// One line of at most `width` columns, `level` steps to the right: the name, a bar where the
// percent is known, status, operation and the time that is left.
std::string activity_line(const Activity& activity, std::size_t level, std::size_t width);

// What is left of the time, by what the targets that are done took. Nothing while none is.
std::optional<std::chrono::seconds>
time_left(const psrp::FanOutCounts& counts, std::chrono::milliseconds elapsed);

// "12 of 300 done, 32 running, 1 failed, 0:42 left", at most `width` columns.
std::string
counts_line(const psrp::FanOutCounts& counts, std::chrono::milliseconds elapsed, std::size_t width);

// The activities that are under way, in the order in which they began, children behind their
// parents.
class ProgressView {
public:
    // Activities shown at once; what begins beyond them is counted only.
    static constexpr std::size_t lines_max = 8;
    // Activities that are remembered.
    static constexpr std::size_t activities_max = 1000;

    // A record of a target: begins, changes or, where it is completed, ends an activity with all
    // that belong to it.
    void update(std::string_view source, const psrp::ProgressUpdate& record);
    // The target is at its end, and so are its activities.
    void remove(std::string_view source);
    [[nodiscard]] bool is_empty() const { return activities_.empty(); }
    // The lines to show. With several targets each one says whose it is.
    [[nodiscard]] std::vector<std::string> lines(std::size_t width, bool names_source) const;

private:
    void remove_with_children(std::string_view source, std::int32_t id);
    void append(
        const Activity* parent,
        std::size_t level,
        std::vector<std::pair<const Activity*, std::size_t>>& order
    ) const;
    [[nodiscard]] bool has_parent(const Activity& activity) const;

    std::vector<Activity> activities_;
};

} // namespace icm
