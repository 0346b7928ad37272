#include <clixml/detail/uri_host.hpp>
#include <clixml/utf.hpp>

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace clixml::detail {
namespace {

constexpr std::size_t label_units_max = 63;
constexpr std::size_t unc_units_max = 256;

bool is_digit(char16_t c)
{
    return c >= '0' && c <= '9';
}

int hex_value(char16_t c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_ascii_letter(char16_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_letter(char16_t c)
{
    if (c < 0x80) return is_ascii_letter(c);
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return true;
    default:
        return false;
    }
}

bool ends_host(char16_t c, bool implicit_file)
{
    return c == '/' || c == '\\' || (!implicit_file && (c == ':' || c == '?' || c == '#'));
}

std::size_t host_end(std::u16string_view text, bool implicit_file)
{
    auto end = std::find_if(text.begin(), text.end(), [&](char16_t c) {
        return ends_host(c, implicit_file);
    });
    return static_cast<std::size_t>(end - text.begin());
}

// IPv4
// ------------------------------------------------------------------------------------------------

// Up to four numbers in base 8, 10 or 16; the last one fills the rest of the 32 bits.
std::optional<std::uint32_t> read_ipv4(std::u16string_view text)
{
    std::array<std::uint64_t, 4> parts{};
    std::size_t count = 0;
    std::size_t at = 0;
    while (true) {
        unsigned base = 10;
        bool any = false;
        if (at < text.size() && text[at] == '0') {
            base = 8;
            any = true;
            if (++at < text.size() && (text[at] | 32) == 'x') {
                base = 16;
                any = false;
                ++at;
            }
        }
        std::uint64_t value = 0;
        for (; at < text.size(); ++at, any = true) {
            int digit = hex_value(text[at]);
            if (digit < 0 || static_cast<unsigned>(digit) >= base) break;
            value = value * base + static_cast<unsigned>(digit);
            if (value > UINT32_MAX) return std::nullopt;
        }
        if (!any) return std::nullopt;
        parts[count] = value;
        if (at == text.size()) break;
        if (text[at] != '.' || count == 3 || value > 0xFF) return std::nullopt;
        ++count;
        ++at;
    }
    if (parts[count] > UINT32_MAX >> (8 * count)) return std::nullopt;
    std::uint64_t address = parts[count];
    for (std::size_t i = 0; i < count; ++i)
        address |= parts[i] << (24 - 8 * i);
    return static_cast<std::uint32_t>(address);
}

bool is_dotted_quad(std::u16string_view text)
{
    int dots = 0;
    std::size_t digits = 0;
    unsigned value = 0;
    for (char16_t c : text) {
        if (c == '.') {
            if (digits == 0 || ++dots > 3) return false;
            digits = 0;
            value = 0;
            continue;
        }
        if (!is_digit(c) || (digits > 0 && value == 0)) return false;
        value = value * 10 + (c - '0');
        ++digits;
        if (value > 255) return false;
    }
    return dots == 3 && digits > 0;
}

void append_number(unsigned value, std::u16string& out)
{
    for (char c : std::to_string(value))
        out += static_cast<char16_t>(c);
}

void append_dotted(std::uint32_t address, std::u16string& out)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        append_number(address >> shift & 0xFF, out);
        if (shift > 0) out += u'.';
    }
}

// IPv6
// ------------------------------------------------------------------------------------------------

using Groups = std::array<std::uint16_t, 8>;

// Groups of hexadecimal digits up to `]`, `%` or `/`; false where they are no address.
bool read_groups(std::u16string_view text, std::size_t& at, Groups& groups)
{
    std::size_t count = 0;
    std::size_t compressed_at = SIZE_MAX;
    if (at < text.size() && text[at] == ':') {
        if (at + 1 >= text.size() || text[at + 1] != ':') return false;
        compressed_at = 0;
        at += 2;
    }
    bool expecting = compressed_at == SIZE_MAX;
    while (at < text.size() && hex_value(text[at]) >= 0) {
        if (count == 8) return false;
        std::size_t start = at;
        unsigned value = 0;
        for (; at < text.size() && hex_value(text[at]) >= 0; ++at) {
            if (at - start == 4) return false;
            value = value * 16 + static_cast<unsigned>(hex_value(text[at]));
        }
        if (at < text.size() && text[at] == '.') {
            std::size_t end = text.find_first_of(u"]%/", start);
            std::u16string_view quad = text.substr(start, end - start);
            if (end == std::u16string_view::npos || count > 6 || !is_dotted_quad(quad))
                return false;
            std::uint32_t address = *read_ipv4(quad);
            groups[count++] = static_cast<std::uint16_t>(address >> 16);
            groups[count++] = static_cast<std::uint16_t>(address);
            at = end;
            expecting = false;
            break;
        }
        groups[count++] = static_cast<std::uint16_t>(value);
        expecting = false;
        if (at >= text.size() || text[at] != ':') break;
        ++at;
        expecting = true;
        if (at < text.size() && text[at] == ':') {
            if (compressed_at != SIZE_MAX) return false;
            compressed_at = count;
            expecting = false;
            ++at;
        }
    }
    if (expecting) return false;
    if (compressed_at == SIZE_MAX) return count == 8;
    if (count > 7) return false;
    std::copy_backward(
        groups.begin() + static_cast<std::ptrdiff_t>(compressed_at),
        groups.begin() + static_cast<std::ptrdiff_t>(count),
        groups.end()
    );
    std::fill_n(groups.begin() + static_cast<std::ptrdiff_t>(compressed_at), 8 - count, 0);
    return true;
}

// The size of "[...]" with an optional zone and prefix length, or 0.
std::size_t read_ipv6(std::u16string_view text, Groups& groups)
{
    std::size_t at = 1;
    if (!read_groups(text, at, groups)) return 0;
    if (at < text.size() && text[at] == '%') {
        at = text.find_first_of(u"]/", at);
        if (at == std::u16string_view::npos) return 0;
    }
    if (at < text.size() && text[at] == '/') {
        if (text.substr(0, 4) == u"[::/" || text.substr(0, 4) == u"[::%") return 0;
        std::size_t start = ++at;
        while (at < text.size() && is_digit(text[at]))
            ++at;
        if (at - start < 1 || at - start > 2) return 0;
        if (at < text.size() && text[at] == '%') at = text.find_first_of(u"]/", at);
    }
    if (at >= text.size() || text[at] != ']') return 0;
    return at + 1;
}

// IPv4 addresses in their mapped, translated and ISATAP forms.
bool has_embedded_ipv4(const Groups& groups)
{
    if (groups[4] == 0 && groups[5] == 0x5EFE) return true;
    if (groups[0] != 0 || groups[1] != 0 || groups[2] != 0 || groups[3] != 0 || groups[6] == 0)
        return false;
    if (groups[4] == 0) return groups[5] == 0 || groups[5] == 0xFFFF;
    return groups[4] == 0xFFFF && groups[5] == 0;
}

void append_group(std::uint16_t value, std::u16string& out)
{
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = static_cast<unsigned>(value) >> shift & 15U;
        started = started || digit != 0 || shift == 0;
        if (started) out += static_cast<char16_t>(u"0123456789abcdef"[digit]);
    }
}

// RFC 5952: the longest run of zero groups is left out, the first of equal ones.
void append_ipv6(const Groups& groups, std::u16string& out)
{
    bool embedded = has_embedded_ipv4(groups);
    std::size_t count = embedded ? 6 : 8;
    std::size_t best = 0;
    std::size_t best_size = 1;
    for (std::size_t i = 0; i < count;) {
        std::size_t end = i;
        while (end < count && groups[end] == 0)
            ++end;
        if (end - i > best_size) {
            best = i;
            best_size = end - i;
        }
        i = end + 1;
    }
    if (best_size < 2) best_size = 0;
    out += u'[';
    for (std::size_t i = 0; i < count; ++i) {
        if (best_size > 0 && i == best) {
            out += u"::";
            i += best_size - 1;
            continue;
        }
        if (out.back() != u':' && i > 0) out += u':';
        append_group(groups[i], out);
    }
    if (embedded) {
        if (out.back() != u':') out += u':';
        append_dotted(static_cast<std::uint32_t>(groups[6] << 16 | groups[7]), out);
    }
    out += u']';
}

// Names
// ------------------------------------------------------------------------------------------------

bool is_label_separator(char16_t c)
{
    return c == '.' || c == 0x3002 || c == 0xFF0E || c == 0xFF61;
}

// Labels of letters, digits, hyphens and underscores; beyond ASCII anything.
bool is_dns_name(std::u16string_view name)
{
    for (std::size_t at = 0; at < name.size(); ++at) {
        std::size_t start = at;
        std::size_t octets = 0;
        bool beyond_ascii = false;
        for (; at < name.size() && !is_label_separator(name[at]); ++at) {
            char16_t c = name[at];
            bool plain =
                is_ascii_letter(c) || is_digit(c) || (at > start && (c == '-' || c == '_'));
            if (c < 0xA0 && !plain) return false;
            octets += c > 0xFF ? 2 : 1;
            beyond_ascii = beyond_ascii || c >= 0xA0;
        }
        if (at == start || octets + (beyond_ascii ? 4 : 0) > label_units_max) return false;
    }
    return !name.empty();
}

// A name of a Windows server: not empty segments, the first one not of digits only.
bool is_unc_name(std::u16string_view name)
{
    if (name.empty() || name.size() > unc_units_max) return false;
    bool first = true;
    bool valid = false;
    for (std::size_t at = 0; at < name.size(); ++at) {
        char16_t c = name[at];
        if (c == '.') {
            if (!valid) return false;
            if (!first) valid = false;
            if (first) valid = true;
            first = false;
            if (at > 0 && name[at - 1] == '.') return false;
        } else if (first) {
            if (is_letter(c) || c == '-' || c == '_')
                valid = true;
            else if (!is_digit(c))
                return false;
        } else if (c == '-' || c == '_') {
            if (!valid) return false;
        } else if (is_letter(c) || is_digit(c)) {
            valid = true;
        } else {
            return false;
        }
    }
    return valid || name.back() == '.';
}

bool is_bidi_control(char16_t c)
{
    return (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E);
}

std::u16string to_utf16(std::string_view text)
{
    std::u16string out;
    for (std::size_t at = 0; at < text.size();) {
        std::uint32_t c = next_code_point(text, at);
        if (c >= 0x10000) {
            out += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
            out += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            out += static_cast<char16_t>(c);
        }
    }
    return out;
}

// Normalization form C; nothing where the text is none (lone surrogates).
std::optional<std::u16string> normalized(std::u16string_view text)
{
    std::string utf8;
    for (char16_t c : text)
        append_code_unit(c, utf8);
    if (first_invalid_utf8(utf8)) return std::nullopt;
    utf8proc_uint8_t* buffer = nullptr;
    utf8proc_ssize_t size = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
        static_cast<utf8proc_ssize_t>(utf8.size()),
        &buffer,
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE)
    );
    if (size < 0) return std::nullopt;
    std::u16string out =
        to_utf16({reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(size)});
    std::free(buffer); // NOLINT(cppcoreguidelines-no-malloc): utf8proc allocates so
    return out;
}

// Lower case, but only where an ASCII capital asks for it.
std::u16string canonical_name(std::u16string_view name)
{
    std::u16string out(name);
    bool has_capital =
        std::any_of(name.begin(), name.end(), [](char16_t c) { return c >= 'A' && c <= 'Z'; });
    for (char16_t& c : out) {
        if (has_capital) c = static_cast<char16_t>(utf8proc_tolower(c));
    }
    return out;
}

UriHost named_host(std::u16string_view name, bool is_dns)
{
    UriHost host;
    bool is_ascii = std::all_of(name.begin(), name.end(), [](char16_t c) { return c < 0x80; });
    std::u16string text(name);
    if (!is_ascii && is_dns) {
        text.erase(std::remove_if(text.begin(), text.end(), is_bidi_control), text.end());
        auto composed = normalized(text);
        if (!composed) return host;
        text = *composed;
    }
    host.type = UriHostType::Dns;
    host.size = name.size();
    host.is_rewritten = text != name;
    host.text = canonical_name(text);
    host.is_loopback = host.text == u"localhost" || host.text == u"loopback";
    if (host.is_loopback) host.text = u"localhost";
    return host;
}

} // namespace

UriHost read_uri_host(std::u16string_view text, const UriHostRules& rules)
{
    UriHost host;
    if (text.empty() || !rules.allow_host) return host;
    if (text[0] == '[') {
        Groups groups{};
        if (std::size_t size = read_ipv6(text, groups)) {
            host.type = UriHostType::IPv6;
            host.size = size;
            append_ipv6(groups, host.text);
            host.is_loopback = host.text == u"[::1]";
            return host;
        }
    }
    std::u16string_view name = text.substr(0, host_end(text, rules.implicit_file));
    if (is_digit(text[0])) {
        auto address =
            rules.dotted_quads_only && !is_dotted_quad(name) ? std::nullopt : read_ipv4(name);
        if (address) {
            host.type = UriHostType::IPv4;
            host.size = name.size();
            append_dotted(*address, host.text);
            host.is_loopback = *address >> 24 == 127;
            return host;
        }
    }
    bool is_dns = is_dns_name(name);
    if (is_dns || (rules.allow_unc && is_unc_name(name))) return named_host(name, is_dns);
    return host;
}

} // namespace clixml::detail
