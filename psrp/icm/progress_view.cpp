#include <psrp/format/display_width.hpp>
#include <psrp/format/value_text.hpp>
#include <psrp/icm/progress_view.hpp>

#include <algorithm>
#include <utility>

namespace icm {

namespace {

constexpr std::size_t bar_columns_max = 30;
constexpr std::size_t bar_columns_min = 6;
constexpr std::size_t indent_columns = 2;
// Steps to the right at most; deeper ones stand below each other.
constexpr std::size_t levels_max = 8;

// On one line, without what a terminal would obey.
std::string one_line(std::string_view text)
{
    std::string plain = psrp::without_escapes(psrp::printable_utf8(text));
    std::replace_if(
        plain.begin(),
        plain.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        ' '
    );
    const std::size_t start = plain.find_first_not_of(' ');
    if (start == std::string::npos) return {};
    return plain.substr(start, plain.find_last_not_of(' ') - start + 1);
}

std::string cut(const std::string& text, std::size_t width)
{
    return text.substr(0, psrp::head_bytes(text, width));
}

std::string bar(std::int32_t percent, std::size_t columns)
{
    const auto whole = static_cast<std::size_t>(std::clamp(percent, 0, 100));
    const std::size_t full = whole * columns / 100;
    return "[" + std::string(full, '#') + std::string(columns - full, ' ') + "]";
}

std::string percent_text(std::int32_t percent)
{
    std::string text = std::to_string(std::clamp(percent, 0, 100)) + "%";
    return text.size() < 4 ? std::string(4 - text.size(), ' ') + text : text;
}

} // namespace

std::string duration_text(std::chrono::seconds time)
{
    const auto two = [](std::int64_t number) {
        return (number < 10 ? "0" : "") + std::to_string(number);
    };
    const std::int64_t seconds = std::max<std::int64_t>(time.count(), 0);
    const std::int64_t hours = seconds / 3600;
    const std::int64_t minutes = seconds / 60 % 60;
    if (hours == 0) return std::to_string(minutes) + ":" + two(seconds % 60);
    return std::to_string(hours) + ":" + two(minutes) + ":" + two(seconds % 60);
}

std::string activity_line(const Activity& activity, std::size_t level, std::size_t width)
{
    std::string line(std::min(level, levels_max) * indent_columns, ' ');
    line += activity.name;
    const std::size_t room = width / 3;
    if (activity.percent >= 0 && room > bar_columns_min + 8) {
        const std::size_t columns = std::min(room - 8, bar_columns_max);
        // The bar stays to be seen whatever the name's length is.
        line = cut(line, width - columns - 8);
        line += " " + bar(activity.percent, columns) + " " + percent_text(activity.percent);
    } else if (activity.percent >= 0) {
        line = cut(line, width - std::min<std::size_t>(width, 5));
        line += " " + percent_text(activity.percent);
    }
    for (const std::string* part : {&activity.status, &activity.operation}) {
        if (!part->empty()) line += " " + *part;
    }
    if (activity.seconds_left >= 0) {
        line += " " + duration_text(std::chrono::seconds(activity.seconds_left)) + " left";
    }
    return cut(line, width);
}

std::optional<std::chrono::seconds>
time_left(const psrp::FanOutCounts& counts, std::chrono::milliseconds elapsed)
{
    if (counts.done == 0 || counts.done > counts.all) return std::nullopt;
    const double each = static_cast<double>(elapsed.count()) / static_cast<double>(counts.done);
    const double left = each * static_cast<double>(counts.all - counts.done) / 1000;
    return std::chrono::seconds(static_cast<std::int64_t>(left + 0.5));
}

std::string
counts_line(const psrp::FanOutCounts& counts, std::chrono::milliseconds elapsed, std::size_t width)
{
    std::string line = std::to_string(counts.done) + " of " + std::to_string(counts.all) +
                       " done, " + std::to_string(counts.running) + " running, " +
                       std::to_string(counts.failed) + " failed";
    if (const auto left = time_left(counts, elapsed)) line += ", " + duration_text(*left) + " left";
    return cut(line, width);
}

void ProgressView::update(std::string_view source, const psrp::ProgressUpdate& record)
{
    if (record.completed) return remove_with_children(source, record.activity_id);
    const auto found =
        std::find_if(activities_.begin(), activities_.end(), [&](const Activity& one) {
            return one.id == record.activity_id && one.source == source;
        });
    if (found == activities_.end() && activities_.size() >= activities_max) return;
    Activity& activity = found == activities_.end() ? activities_.emplace_back() : *found;
    activity.source = source;
    activity.id = record.activity_id;
    activity.parent_id = record.parent_activity_id;
    activity.name = one_line(record.activity);
    activity.status = one_line(record.status_description);
    activity.operation = record.current_operation.is_nil()
                             ? std::string()
                             : one_line(psrp::value_text(record.current_operation));
    activity.percent = record.percent_complete;
    activity.seconds_left = record.seconds_remaining;
}

void ProgressView::remove(std::string_view source)
{
    std::erase_if(activities_, [&](const Activity& one) { return one.source == source; });
}

void ProgressView::remove_with_children(std::string_view source, std::int32_t id)
{
    std::vector<std::int32_t> ids = {id};
    for (std::size_t next = 0; next < ids.size(); ++next) {
        const std::int32_t parent = ids[next];
        for (const Activity& one : activities_) {
            const bool is_new = std::find(ids.begin(), ids.end(), one.id) == ids.end();
            if (one.source == source && one.parent_id == parent && is_new) ids.push_back(one.id);
        }
    }
    std::erase_if(activities_, [&](const Activity& one) {
        return one.source == source && std::find(ids.begin(), ids.end(), one.id) != ids.end();
    });
}

bool ProgressView::has_parent(const Activity& activity) const
{
    return activity.parent_id >= 0 && activity.parent_id != activity.id &&
           std::any_of(activities_.begin(), activities_.end(), [&](const Activity& one) {
               return one.id == activity.parent_id && one.source == activity.source;
           });
}

void ProgressView::append(
    const Activity* parent,
    std::size_t level,
    std::vector<std::pair<const Activity*, std::size_t>>& order
) const
{
    for (const Activity& one : activities_) {
        const bool is_child = parent == nullptr
                                  ? !has_parent(one)
                                  : one.source == parent->source && one.parent_id == parent->id &&
                                        one.id != parent->id;
        const bool is_new = std::none_of(order.begin(), order.end(), [&](const auto& each) {
            return each.first == &one;
        });
        if (!is_child || !is_new || order.size() > lines_max) continue;
        order.emplace_back(&one, level);
        append(&one, level + 1, order);
    }
}

std::vector<std::string> ProgressView::lines(std::size_t width, bool names_source) const
{
    std::vector<std::pair<const Activity*, std::size_t>> order;
    append(nullptr, 0, order);
    std::vector<std::string> lines;
    for (const auto& [activity, level] : order) {
        if (lines.size() == lines_max) break;
        Activity shown = *activity;
        if (names_source && level == 0) shown.name.insert(0, "[" + activity->source + "] ");
        lines.push_back(activity_line(shown, level, width));
    }
    const std::size_t more = activities_.size() - lines.size();
    if (lines.size() == lines_max && more > 0) {
        lines.push_back(cut("and " + std::to_string(more) + " more", width));
    }
    return lines;
}

} // namespace icm
