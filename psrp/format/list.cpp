#include <psrp/format/display_width.hpp>
#include <psrp/format/list.hpp>

#include <algorithm>
#include <string_view>

namespace psrp {

namespace {

constexpr std::string_view separator = " : ";

// The lines of `value` that its own line breaks make.
std::vector<std::string_view> split_lines(std::string_view value)
{
    std::vector<std::string_view> lines;
    while (true) {
        const std::size_t end = value.find_first_of("\r\n");
        lines.push_back(value.substr(0, end));
        if (end == std::string_view::npos) return lines;
        const bool is_pair = value.substr(end, 2) == "\r\n";
        value.remove_prefix(end + (is_pair ? 2 : 1));
    }
}

} // namespace

std::vector<std::string>
list_lines(const std::vector<std::pair<std::string, std::string>>& entry, std::size_t width)
{
    std::size_t label_width = 1;
    for (const auto& [label, value] : entry) {
        label_width = std::max(label_width, display_width(label));
    }
    if (width > separator.size() + 1)
        label_width = std::min(label_width, width - separator.size() - 1);
    const std::size_t indent = label_width + separator.size();
    const std::size_t room = width > indent ? width - indent : 1;

    std::vector<std::string> lines;
    for (const auto& [label, value] : entry) {
        std::string prefix = label.substr(0, head_bytes(label, label_width));
        prefix.append(label_width - display_width(prefix), ' ');
        prefix += separator;
        for (std::string_view line : split_lines(value)) {
            do {
                std::size_t bytes = head_bytes(line, room);
                if (bytes == 0) bytes = line.size(); // a wide character in a column of one
                lines.push_back(prefix + std::string(line.substr(0, bytes)));
                line.remove_prefix(bytes);
                prefix.assign(indent, ' ');
            } while (!line.empty());
        }
    }
    return lines;
}

} // namespace psrp
