#include <psrp/format/display_width.hpp>
#include <psrp/format/list.hpp>

#include <algorithm>
#include <string_view>

namespace psrp {

namespace {

constexpr std::string_view separator = " : ";

// PowerShell drops carriage returns and breaks at line feeds alone.
std::string without_returns(std::string text)
{
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    return text;
}

} // namespace

std::vector<std::string_view> split_lines(std::string_view value)
{
    std::vector<std::string_view> lines;
    while (true) {
        const std::size_t end = value.find('\n');
        std::string_view line = value.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
        if (end == std::string_view::npos) return lines;
        value.remove_prefix(end + 1);
    }
}

std::vector<std::string> broken_text(std::string_view text, std::size_t width)
{
    std::vector<std::string> lines;
    for (std::string_view line : split_lines(text)) {
        do {
            std::size_t bytes = head_bytes(line, width);
            if (bytes == 0) bytes = line.size();
            lines.emplace_back(line.substr(0, bytes));
            line.remove_prefix(bytes);
        } while (!line.empty());
    }
    return lines;
}

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
        for (const std::string& line : broken_text(without_returns(value), room)) {
            lines.push_back(prefix + line);
            prefix.assign(indent, ' ');
        }
    }
    return lines;
}

} // namespace psrp
