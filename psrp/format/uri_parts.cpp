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
    // One letter is a Windows drive.
    return text.size() > 1 && std::all_of(text.begin(), text.end(), [](char c) {
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

// What may not stand in a URI, percent-encoded.
std::string encoded(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool stays = byte > 0x20 && byte < 0x7F &&
                           std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
        if (stays) {
            out += c;
        } else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

std::string decoded(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned code = 0;
        const char* end = text.data() + std::min(at + 3, text.size());
        const bool is_encoded = text[at] == '%' && at + 2 < text.size() &&
                                std::from_chars(text.data() + at + 1, end, code, 16).ptr == end;
        out += is_encoded ? static_cast<char>(code) : text[at];
        at += is_encoded ? 2 : 0;
    }
    return out;
}

// Takes query and fragment off the end of `rest`.
void read_query(std::string_view& rest, UriParts& parts)
{
    if (const std::size_t mark = rest.find('#'); mark != std::string_view::npos) {
        parts.fragment = encoded(rest.substr(mark));
        rest = rest.substr(0, mark);
    }
    if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
        parts.query = encoded(rest.substr(mark));
        rest = rest.substr(0, mark);
    }
}

// scheme:path, as in urn:isbn:1; mail goes to user@host.
UriParts opaque_parts(UriParts parts, std::string_view rest)
{
    constexpr int mail_port = 25;
    parts.has_authority = false;
    read_query(rest, parts);
    parts.is_default_port = true;
    parts.host_type = "Unknown";
    const std::size_t at = rest.rfind('@');
    if (parts.scheme == "mailto" && at != std::string_view::npos) {
        parts.user_info = rest.substr(0, at);
        parts.host = lower(rest.substr(at + 1));
        parts.host_type = type_of_host(parts.host);
        parts.port = mail_port;
        return parts;
    }
    parts.path = encoded(rest);
    parts.local_path = decoded(rest);
    return parts;
}

} // namespace

std::optional<UriParts> uri_parts(std::string_view uri)
{
    const std::size_t colon = uri.find(':');
    if (colon == std::string_view::npos || !is_scheme(uri.substr(0, colon))) return std::nullopt;
    UriParts parts;
    parts.scheme = lower(uri.substr(0, colon));
    std::string_view rest = uri.substr(colon + 1);
    if (!rest.starts_with("//")) return opaque_parts(std::move(parts), rest);
    rest.remove_prefix(2);
    read_query(rest, parts);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view path = slash < rest.size() ? rest.substr(slash) : "/";
    parts.path = encoded(path);
    parts.local_path = decoded(path);
    if (!read_authority(rest.substr(0, slash), parts)) return std::nullopt;
    if (parts.scheme == "file") {
        if (parts.host.empty()) {
            parts.is_loopback = true;
        } else {
            parts.local_path = "//" + parts.host + parts.local_path;
            std::replace(parts.local_path.begin(), parts.local_path.end(), '/', '\\');
        }
    }
    return parts;
}

} // namespace psrp
