#include <clixml/version.hpp>

namespace clixml {
namespace {

bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::optional<std::int32_t> read_part(std::string_view part)
{
    while (!part.empty() && is_blank(part.front()))
        part.remove_prefix(1);
    while (!part.empty() && is_blank(part.back()))
        part.remove_suffix(1);
    // -0 is a number too, and not below 0.
    bool negative = !part.empty() && part.front() == '-';
    if (!part.empty() && (negative || part.front() == '+')) part.remove_prefix(1);
    if (part.empty()) return std::nullopt;
    std::int64_t value = 0;
    for (char c : part) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
        if (value > INT32_MAX || (negative && value != 0)) return std::nullopt;
    }
    return static_cast<std::int32_t>(value);
}

} // namespace

std::string Version::text() const
{
    std::string out = std::to_string(major) + "." + std::to_string(minor);
    if (build >= 0) out += "." + std::to_string(build);
    if (build >= 0 && revision >= 0) out += "." + std::to_string(revision);
    return out;
}

std::optional<Version> Version::read(std::string_view text)
{
    std::int32_t parts[4] = {-1, -1, -1, -1};
    int count = 0;
    while (true) {
        std::size_t dot = text.find('.');
        auto part = read_part(text.substr(0, dot));
        if (!part || count == 4) return std::nullopt;
        parts[count++] = *part;
        if (dot == std::string_view::npos) break;
        text.remove_prefix(dot + 1);
    }
    if (count < 2) return std::nullopt;
    return Version{parts[0], parts[1], parts[2], parts[3]};
}

} // namespace clixml
