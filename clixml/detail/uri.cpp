#include <clixml/detail/uri.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <cstdint>

namespace clixml::detail {
namespace {

constexpr std::size_t scheme_bytes_max = 1024;
constexpr std::uint32_t port_max = 65535;

// What a scheme's addresses consist of.
struct Scheme {
    std::string_view name;
    std::uint32_t default_port; // 0: none
    bool needs_authority;
    bool may_have_query;
    bool may_have_port;
    bool empty_host;
    bool compresses; // dot segments, and backslashes become slashes
};
// clang-format off
constexpr Scheme schemes[] = {
    {"http",     80,  true,  true,  true,  false, true},
    {"https",    443, true,  true,  true,  false, true},
    {"ws",       80,  true,  true,  true,  false, true},
    {"wss",      443, true,  true,  true,  false, true},
    {"ftp",      21,  true,  false, true,  false, true},
    {"file",     0,   true,  true,  false, true,  true},
    {"gopher",   70,  true,  false, true,  false, false},
    {"nntp",     119, true,  false, true,  false, false},
    {"telnet",   23,  true,  false, true,  false, false},
    {"ldap",     389, true,  true,  true,  true,  false},
    {"net.tcp",  808, true,  true,  true,  false, true},
    {"net.pipe", 0,   true,  true,  false, false, true},
    {"news",     0,   false, false, false, false, false},
    {"mailto",   25,  false, true,  true,  true,  false},
};
// clang-format on
constexpr Scheme unknown_scheme{"", 0, false, true, true, true, true};

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

bool is_unreserved(std::uint32_t c)
{
    return c < 0x80 && (is_letter(static_cast<char>(c)) || is_digit(static_cast<char>(c)) ||
                        c == '-' || c == '.' || c == '_' || c == '~');
}

// Characters whose escapes stay: controls, and what means something in an address.
bool stays_escaped(std::uint32_t c)
{
    return c < 0x20 || c == 0x7F ||
           std::string_view(";/?:@&=+$,#[]!'()*%\\").find(static_cast<char>(c)) !=
               std::string_view::npos;
}

// Characters outside ASCII that need not be escaped (RFC 3987).
bool in_iri_range(std::uint32_t c, bool query)
{
    if (c >= 0x10000) return c < 0xF0000 && (c & 0xFFFF) < 0xFFFE;
    return (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
           (c >= 0xFDF0 && c <= 0xFFEF) || (query && c >= 0xE000 && c <= 0xF8FF);
}

std::string lowered(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

int hex_value(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The byte of the escape %XX at `at`, or -1.
int escaped_byte(std::string_view text, std::size_t at)
{
    if (at + 3 > text.size() || text[at] != '%') return -1;
    int high = hex_value(text[at + 1]);
    int low = hex_value(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void append_escaped_byte(char c, std::string& out)
{
    static constexpr char digits[] = "0123456789ABCDEF";
    out += '%';
    out += digits[static_cast<std::uint8_t>(c) >> 4];
    out += digits[static_cast<std::uint8_t>(c) & 15];
}

// Where .NET looks closer at an address: a character outside ASCII, its escape, or the escape of
// one that need not be escaped.
bool needs_iri_form(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        int byte = escaped_byte(text, i);
        if (static_cast<std::uint8_t>(text[i]) >= 0x80 || byte >= 0x80 ||
            (byte >= 0 && is_unreserved(static_cast<std::uint32_t>(byte))))
            return true;
    }
    return false;
}

// How escapes that are none, as %zz, are shown.
enum class Broken { Kept, Escaped };

// Shows escaped characters as themselves where that is safe, and escapes what may not stand there.
// `reserved` characters are escaped.
std::string
unescaped(std::string_view text, bool query, Broken broken, std::string_view reserved = {})
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        int byte = escaped_byte(text, at);
        if (byte < 0) {
            char c = text[at];
            std::size_t next = at + 1;
            if (static_cast<std::uint8_t>(c) >= 0x80) {
                next = at;
                std::uint32_t point = next_code_point(text, next);
                if (in_iri_range(point, query))
                    out.append(text, at, next - at);
                else
                    for (; at != next; ++at)
                        append_escaped_byte(text[at], out);
            } else if ((c == '%' && broken == Broken::Escaped) || reserved.find(c) != std::string_view::npos) {
                append_escaped_byte(c, out);
            } else {
                out += c;
            }
            at = next;
            continue;
        }
        if (byte < 0x80) {
            if (stays_escaped(static_cast<std::uint32_t>(byte)))
                out.append(text, at, 3);
            else
                out += static_cast<char>(byte);
            at += 3;
            continue;
        }
        std::string bytes;
        for (std::size_t i = at; bytes.size() < 4 && escaped_byte(text, i) >= 0x80; i += 3)
            bytes += static_cast<char>(escaped_byte(text, i));
        std::size_t size = utf8_sequence_size(bytes);
        std::size_t used = 0;
        bool shown = size != 0 && in_iri_range(next_code_point(bytes, used), query);
        size = std::max<std::size_t>(size, 1);
        for (std::size_t i = 0; i < size; ++i) {
            if (shown)
                out += bytes[i];
            else
                append_escaped_byte(bytes[i], out);
        }
        at += 3 * size;
    }
    return out;
}

// Takes away the segments . and .. of a path that starts with a slash.
std::string compressed(std::string_view path)
{
    std::string out;
    for (std::size_t at = 0; at < path.size();) {
        std::size_t end = std::min(path.find('/', at + 1), path.size());
        std::string_view segment = path.substr(at + 1, end - at - 1);
        bool last = end == path.size();
        if (segment == "..") {
            std::size_t slash = out.rfind('/');
            out.resize(slash == std::string::npos ? 0 : slash);
        }
        if (segment != "." && segment != "..")
            out.append(path, at, end - at);
        else if (last)
            out += '/';
        at = end;
    }
    return out;
}

class UriReader {
public:
    explicit UriReader(std::string_view text) : original_(text), text_(text)
    {
        while (!text_.empty() && is_blank(text_.front()))
            text_.remove_prefix(1);
    }

    std::optional<std::string> shown()
    {
        // A letter and a colon are the drive of a path.
        if (text_.size() >= 3 && (text_[1] == ':' || text_[1] == '|') && is_letter(text_[0])) {
            if (!is_slash(text_[2])) return std::nullopt;
            scheme_ = schemes[5];
            name_ = "file";
            trim_end();
            out_ = "file:///";
            return with_path(std::string{text_[0], ':'}.append(text_.substr(2)));
        }
        if (text_.starts_with("\\\\")) {
            scheme_ = schemes[5];
            name_ = "file";
            trim_end();
            return with_authority(text_.find_first_not_of('\\'));
        }
        std::size_t colon = text_.find(':');
        if (text_.size() < 3 || colon == std::string_view::npos ||
            !is_scheme(text_.substr(0, colon)))
            return relative();
        if (colon > scheme_bytes_max) return std::nullopt;
        name_ = lowered(text_.substr(0, colon));
        for (const Scheme& known : schemes)
            scheme_ = known.name == name_ ? known : scheme_;
        trim_end();
        return after_scheme(colon + 1);
    }

private:
    void trim_end()
    {
        while (!text_.empty() && is_blank(text_.back()))
            text_.remove_suffix(1);
    }

    static bool is_scheme(std::string_view text)
    {
        return !text.empty() && is_letter(text[0]) && std::ranges::all_of(text, [](char c) {
            return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
        });
    }

    [[nodiscard]] std::string relative() const
    {
        if (!needs_iri_form(original_)) return std::string(original_);
        return unescaped(original_, false, Broken::Kept);
    }

    std::optional<std::string> after_scheme(std::size_t at)
    {
        out_ = name_ + ":";
        bool two_slashes = at + 1 < text_.size() && is_slash(text_[at]) && is_slash(text_[at + 1]);
        if (scheme_.needs_authority) {
            if (!two_slashes) return relative();
            out_ += "//";
            return authority(at + 2);
        }
        if (name_ == "mailto") return mail_address(at);
        if (two_slashes && name_ != "news" && text_.substr(at, 2) == "//") {
            out_ += "//";
            return authority(at + 2);
        }
        return with_path(std::string(text_.substr(at)), false);
    }

    // The host of \\host\share.
    std::optional<std::string> with_authority(std::size_t at)
    {
        if (at == std::string_view::npos) return std::nullopt;
        out_ = "file://";
        return authority(at);
    }

    std::optional<std::string> mail_address(std::size_t at)
    {
        std::size_t end = std::min(text_.find_first_of("?#", at), text_.size());
        std::size_t at_sign = text_.substr(0, end).rfind('@');
        if (at_sign == std::string_view::npos || at_sign < at)
            return with_path(std::string(text_.substr(at)), false);
        out_.append(text_, at, at_sign + 1 - at);
        out_ += lowered(text_.substr(at_sign + 1, end - at_sign - 1));
        return with_path(std::string(text_.substr(end)), false);
    }

    std::optional<std::string> authority(std::size_t at)
    {
        std::size_t end = std::min(text_.find_first_of("/\\?#", at), text_.size());
        bool unix_file = name_ == "file" && text_.substr(at, 1) == "/";
        bool drive = name_ == "file" && end + 3 <= text_.size() && end == at &&
                     is_letter(text_[end + 1]) && (text_[end + 2] == ':' || text_[end + 2] == '|');
        if (drive || unix_file) return with_path(std::string(text_.substr(end)));
        std::string_view rest = text_.substr(at, end - at);
        std::size_t at_sign = scheme_.may_have_port ? rest.find('@') : std::string_view::npos;
        if (at_sign != std::string_view::npos && at_sign + 1 < rest.size()) {
            out_.append(rest, 0, at_sign + 1);
            rest.remove_prefix(at_sign + 1);
        }
        if (rest.empty() && !scheme_.empty_host) return std::nullopt;
        if (!host_and_port(rest)) return std::nullopt;
        bool backslash = end < text_.size() && text_[end] == '\\';
        if (backslash && scheme_.needs_authority && name_ != "file") return std::nullopt;
        return with_path(std::string(text_.substr(end)));
    }

    bool host_and_port(std::string_view rest)
    {
        std::string_view host = rest;
        std::size_t colon = std::string_view::npos;
        if (rest.starts_with('[')) {
            std::size_t close = rest.find(']');
            if (close == std::string_view::npos || close < 3) return false;
            bool good = std::ranges::all_of(rest.substr(1, close - 1), [](char c) {
                return hex_value(c) >= 0 || c == ':' || c == '.' || c == '%';
            });
            if (!good) return false;
            host = rest.substr(0, close + 1);
            if (close + 1 < rest.size()) {
                if (rest[close + 1] != ':') return false;
                colon = close + 1;
            }
        } else {
            colon = rest.find(':');
            host = rest.substr(0, colon);
            bool good = std::ranges::all_of(host, [](char c) {
                return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' ||
                       static_cast<std::uint8_t>(c) >= 0x80;
            });
            bool known = scheme_.name == name_;
            if ((!good && known) || (host.empty() && !rest.empty())) return false;
        }
        out_ += lowered(host);
        if (colon == std::string_view::npos) return true;
        return scheme_.may_have_port && port(rest.substr(colon + 1));
    }

    bool port(std::string_view digits)
    {
        std::uint32_t number = 0;
        for (char c : digits) {
            if (!is_digit(c)) return false;
            number = number * 10 + static_cast<std::uint32_t>(c - '0');
            if (number > port_max) return false;
        }
        if (!digits.empty() && (scheme_.default_port == 0 || number != scheme_.default_port))
            out_.append(":").append(std::to_string(number));
        return true;
    }

    // Path, query and fragment, which may hold anything.
    std::string with_path(std::string rest, bool rooted = true)
    {
        std::size_t end =
            std::min(rest.find_first_of(scheme_.may_have_query ? "?#" : "#"), rest.size());
        std::string path = rest.substr(0, end);
        rest.erase(0, end);
        if (rooted && scheme_.compresses) {
            bool unix_file = name_ == "file" && path.starts_with('/');
            if (!unix_file) std::ranges::replace(path, '\\', '/');
        }
        if (rooted && !path.starts_with('/') && !out_.ends_with('/')) path.insert(0, 1, '/');
        if (rooted && path.empty()) path = "/";
        if (rooted && scheme_.compresses) path = compressed(with_plain_dots(path));
        out_ += unescaped(path, false, Broken::Escaped, "?#");
        std::size_t hash = rest.find('#');
        if (rest.starts_with('?')) {
            std::size_t size = std::min(hash, rest.size());
            out_ += "?" + unescaped(rest.substr(1, size - 1), true, Broken::Escaped);
        }
        if (hash != std::string::npos)
            out_ += "#" + unescaped(rest.substr(hash + 1), false, Broken::Escaped, "#");
        return out_;
    }

    // %2E counts as a dot before segments are looked at.
    static std::string with_plain_dots(std::string path)
    {
        std::string out;
        for (std::size_t at = 0; at < path.size(); ++at) {
            bool dot = escaped_byte(path, at) == '.';
            out += dot ? '.' : path[at];
            at += dot ? 2 : 0;
        }
        return out;
    }

    std::string_view original_;
    std::string_view text_;
    Scheme scheme_ = unknown_scheme;
    std::string name_;
    std::string out_;
};

} // namespace

std::optional<std::string> shown_uri(std::string_view text)
{
    return UriReader(text).shown();
}

} // namespace clixml::detail
