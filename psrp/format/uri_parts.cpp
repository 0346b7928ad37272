#include <psrp/format/uri_parts.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace psrp {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 7> default_ports = {
    {{"http", 80},
     {"https", 443},
     {"ftp", 21},
     {"ssh", 22},
     {"ldap", 389},
     {"ws", 80},
     {"wss", 443}}};

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool is_scheme(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '-' || c == '.';
    });
}

std::string type_of_host(std::string_view host)
{
    if (host.empty()) return "Basic";
    if (host.front() == '[') return "IPv6";
    const bool is_address = host.find_first_not_of("0123456789.") == std::string_view::npos &&
                            std::count(host.begin(), host.end(), '.') == 3;
    return is_address ? "IPv4" : "Dns";
}

// Splits "user@host:port" into `parts`; false where the port is no number.
bool read_authority(std::string_view authority, UriParts& parts)
{
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        parts.user_info = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    const std::size_t colon = authority.rfind(':');
    const std::size_t bracket = authority.rfind(']');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    parts.host = lower(authority.substr(0, has_port ? colon : authority.size()));
    parts.host_type = type_of_host(parts.host);
    parts.is_loopback =
        parts.host == "localhost" || parts.host == "127.0.0.1" || parts.host == "[::1]";
    for (const auto& [scheme, port] : default_ports) {
        if (scheme == parts.scheme) parts.port = port;
    }
    const int default_port = parts.port;
    if (has_port && colon + 1 < authority.size()) {
        const std::string_view digits = authority.substr(colon + 1);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), parts.port);
        if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return false;
    }
    parts.is_default_port = parts.port == default_port;
    return true;
}

} // namespace

std::optional<UriParts> uri_parts(std::string_view uri)
{
    const std::size_t colon = uri.find("://");
    if (colon == std::string_view::npos || !is_scheme(uri.substr(0, colon))) return std::nullopt;
    UriParts parts;
    parts.scheme = lower(uri.substr(0, colon));
    std::string_view rest = uri.substr(colon + 3);
    if (const std::size_t mark = rest.find('#'); mark != std::string_view::npos) {
        parts.fragment = rest.substr(mark);
        rest = rest.substr(0, mark);
    }
    if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
        parts.query = rest.substr(mark);
        rest = rest.substr(0, mark);
    }
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    parts.path = slash < rest.size() ? std::string(rest.substr(slash)) : "/";
    if (!read_authority(rest.substr(0, slash), parts)) return std::nullopt;
    return parts;
}

} // namespace psrp
