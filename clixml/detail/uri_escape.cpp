#include <clixml/detail/uri_escape.hpp>
#include <clixml/utf.hpp>

namespace clixml::detail {
namespace {

constexpr std::u16string_view reserved_marks = u";/?:@&=+$,#[]!'()*%\\";
constexpr std::u16string_view unreserved_marks = u"-._~";

bool is_high_surrogate(char16_t c)
{
    return c >= 0xD800 && c < 0xDC00;
}

bool is_low_surrogate(char16_t c)
{
    return c >= 0xDC00 && c < 0xE000;
}

int hex_value(char16_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_unreserved(std::uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           unreserved_marks.find(c) != std::u16string_view::npos;
}

bool is_unsafe(std::uint32_t c)
{
    return c <= 0x1F || (c >= 0x7F && c <= 0x9F) ||
           (c < 0x80 && reserved_marks.find(static_cast<char16_t>(c)) != std::u16string_view::npos);
}

// RFC 3987, ucschar; in queries also iprivate.
bool is_iri_character(std::uint32_t c, UriPart part)
{
    if (c < 0x10000) {
        return (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
               (c >= 0xFDF0 && c <= 0xFFEF) ||
               (part == UriPart::Query && c >= 0xE000 && c <= 0xF8FF);
    }
    if ((c & 0xFFFF) > 0xFFFD) return false;
    if (c < 0xE0000) return true;
    if (c < 0xF0000) return c >= 0xE1000;
    return part == UriPart::Query;
}

void append_percent(std::uint8_t byte, std::u16string& out)
{
    static constexpr char16_t digits[] = u"0123456789ABCDEF";
    out += u'%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

void append_utf16(std::uint32_t c, std::u16string& out)
{
    if (c >= 0x10000) {
        out += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
        out += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
        out += static_cast<char16_t>(c);
    }
}

// A lone surrogate is escaped as U+FFFD.
void append_percent_utf8(std::uint32_t c, std::u16string& out)
{
    std::string bytes;
    append_code_unit(c >= 0xD800 && c < 0xE000 ? 0xFFFD : c, bytes);
    for (char byte : bytes)
        append_percent(static_cast<std::uint8_t>(byte), out);
}

std::optional<std::uint8_t> escape_at(std::u16string_view text, std::size_t at)
{
    if (at + 2 >= text.size() || text[at] != u'%') return std::nullopt;
    return hex_byte(text[at + 1], text[at + 2]);
}

// `at` stands at an escape above 7F: takes all that follow one another. Well-formed characters that
// may stand bare are resolved, everything else stays as it is.
void append_unescaped_run(
    std::u16string_view text, std::size_t& at, UriPart part, std::u16string& out
)
{
    std::string bytes;
    std::size_t start = at;
    for (; auto byte = escape_at(text, at); at += 3) {
        if (*byte < 0x80) break;
        bytes += static_cast<char>(*byte);
    }
    for (std::size_t next = 0; next < bytes.size();) {
        std::size_t size = utf8_sequence_size(std::string_view(bytes).substr(next));
        std::size_t behind = next;
        std::uint32_t c = size > 1 ? next_code_point(bytes, behind) : 0;
        if (size > 1 && is_iri_character(c, part))
            append_utf16(c, out);
        else
            out.append(text.substr(start + next * 3, (size == 0 ? 1 : size) * 3));
        next += size == 0 ? 1 : size;
    }
}

} // namespace

std::optional<std::uint8_t> hex_byte(char16_t high, char16_t low)
{
    int first = hex_value(high);
    int second = hex_value(low);
    if (first < 0 || second < 0) return std::nullopt;
    return static_cast<std::uint8_t>(first * 16 + second);
}

bool needs_iri_form(std::u16string_view text)
{
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] > 0x7F) return true;
        if (text[at] != u'%' || at + 2 >= text.size()) continue;
        auto byte = hex_byte(text[at + 1], text[at + 2]);
        if (!byte || *byte > 0x7F || is_unreserved(*byte)) return true;
        at += 2;
    }
    return false;
}

void append_iri_form(std::u16string_view text, UriPart part, std::u16string& out)
{
    for (std::size_t at = 0; at < text.size();) {
        char16_t c = text[at];
        if (c == u'%' && at + 2 < text.size()) {
            auto byte = hex_byte(text[at + 1], text[at + 2]);
            if (!byte || is_unsafe(*byte)) {
                out.append(text.substr(at, 3));
                at += 3;
            } else if (*byte < 0x80) {
                out += static_cast<char16_t>(*byte);
                at += 3;
            } else {
                append_unescaped_run(text, at, part, out);
            }
        } else if (c <= 0x7F) {
            out += c;
            ++at;
        } else {
            std::uint32_t code_point = c;
            std::size_t size = 1;
            if (is_high_surrogate(c) && at + 1 < text.size() && is_low_surrogate(text[at + 1])) {
                code_point = 0x10000U + ((c - 0xD800U) << 10) + (text[at + 1] - 0xDC00U);
                size = 2;
            }
            if (is_iri_character(code_point, part))
                out.append(text.substr(at, size));
            else
                append_percent_utf8(code_point, out);
            at += size;
        }
    }
}

void append_display_form(
    std::u16string_view text,
    std::u16string_view reserved,
    UriPart part,
    UriUnescape mode,
    std::u16string& out
)
{
    auto is_reserved = [&](char16_t c) { return reserved.find(c) != std::u16string_view::npos; };
    for (std::size_t at = 0; at < text.size();) {
        char16_t c = text[at];
        auto byte = mode == UriUnescape::SafeEscapes ? escape_at(text, at) : std::nullopt;
        if (c != u'%' && !is_reserved(c)) {
            out += c;
            ++at;
        } else if (!byte) {
            append_percent(static_cast<std::uint8_t>(c), out);
            ++at;
        } else if (is_unsafe(*byte) || is_reserved(*byte)) {
            out.append(text.substr(at, 3));
            at += 3;
        } else if (*byte < 0x80) {
            out += static_cast<char16_t>(*byte);
            at += 3;
        } else {
            append_unescaped_run(text, at, part, out);
        }
    }
}

} // namespace clixml::detail
