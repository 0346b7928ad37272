#include <psrp/format/display_width.hpp>
#include <psrp/icm/run_summary.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace icm {

namespace {

using psrp::TargetReport;
using psrp::TargetState;

// Names in a list of those that have finished.
constexpr std::size_t names_max = 20;

std::string seconds_text(std::chrono::milliseconds time)
{
    const auto tenths = (time.count() + 50) / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string padded(const std::string& text, std::size_t width, bool is_number)
{
    const std::size_t columns = psrp::display_width(text);
    const std::string blanks(columns < width ? width - columns : 0, ' ');
    return is_number ? blanks + text : text + blanks;
}

} // namespace

std::string_view state_name(TargetState state)
{
    switch (state) {
    case TargetState::NotStarted:
        return "NotStarted";
    case TargetState::Running:
        return "Running";
    case TargetState::Completed:
        return "Completed";
    case TargetState::Failed:
        return "Failed";
    case TargetState::Broken:
        return "Broken";
    case TargetState::TimedOut:
        return "TimedOut";
    case TargetState::Stopped:
        return "Stopped";
    case TargetState::Disconnected:
        return "Disconnected";
    }
    return {};
}

std::string summary_table(std::span<const TargetReport> targets)
{
    constexpr std::size_t column_count = 6;
    using Row = std::array<std::string, column_count>;
    std::vector<Row> rows = {{"Target", "State", "Objects", "Errors", "Attempts", "Seconds"}};
    for (const TargetReport& target : targets) {
        rows.push_back(
            {psrp::printable_utf8(target.name),
             std::string(state_name(target.state)),
             std::to_string(target.object_count),
             std::to_string(target.error_count),
             std::to_string(target.attempt_count),
             seconds_text(target.time)}
        );
    }
    std::array<std::size_t, column_count> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < column_count; ++i)
            widths[i] = std::max(widths[i], psrp::display_width(row[i]));
    }
    Row rule;
    for (std::size_t i = 0; i < column_count; ++i)
        rule[i] = std::string(rows[0][i].size(), '-');
    rows.insert(rows.begin() + 1, rule);
    std::string text;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < column_count; ++i)
            line += (i == 0 ? "" : " ") + padded(row[i], widths[i], i >= 2);
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

std::string summary_json(std::span<const TargetReport> targets)
{
    std::string text;
    for (const TargetReport& target : targets) {
        const nlohmann::ordered_json json = {
            {"target", psrp::printable_utf8(target.name)},
            {"state", state_name(target.state)},
            {"objects", target.object_count},
            {"errors", target.error_count},
            {"attempts", target.attempt_count},
            {"seconds", static_cast<double>(target.time.count()) / 1000}};
        text += json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
    return text;
}

std::string finished_line(std::span<const TargetReport> targets)
{
    std::string names;
    std::size_t count = 0;
    for (const TargetReport& target : targets) {
        const bool has_finished =
            target.state == TargetState::Completed || target.state == TargetState::Disconnected;
        if (!has_finished) continue;
        ++count;
        if (count <= names_max)
            names += (count == 1 ? ": " : ", ") + psrp::printable_utf8(target.name);
    }
    if (count > names_max) names += " and " + std::to_string(count - names_max) + " more";
    return std::to_string(count) + " of " + std::to_string(targets.size()) +
           " targets have finished" + names;
}

} // namespace icm
