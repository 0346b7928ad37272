#include <clixml/utf.hpp>
#include <psrp/format/display_width.hpp>

#include <utf8proc.h>

#include <cstdint>

namespace psrp {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Bytes of any sequence that starts at `at` and that a terminal obeys, or 0 where none does.
std::size_t any_sequence_bytes(std::string_view text, std::size_t at)
{
    constexpr char escape = '\x1b';
    if (text[at] != escape || at + 1 >= text.size()) return 0;
    if (text[at + 1] == '[') {
        std::size_t end = at + 2;
        while (end < text.size() && (text[end] < '@' || text[end] > '~'))
            ++end;
        return end < text.size() ? end + 1 - at : 0;
    }
    if (text[at + 1] == ']') {
        for (std::size_t end = at + 2; end < text.size(); ++end) {
            if (text[end] == '\a') return end + 1 - at;
            if (text[end] == '\\' && text[end - 1] == escape) return end + 1 - at;
        }
    }
    return 0;
}

// Bytes of the decoration that starts at `at`, or 0 where none does. PowerShell knows three kinds,
// and everything else is text to it: colours (ESC [ numbers m), modes (ESC [ ? number h or
// l), and links (ESC ] 8 ; ; address ESC backslash).
std::size_t decoration_bytes(std::string_view text, std::size_t at)
{
    constexpr std::string_view link = "\x1b]8;;";
    const std::string_view rest = text.substr(at);
    if (rest.starts_with(link)) {
        const std::size_t end = rest.find("\x1b\\", link.size());
        const bool is_closed = end != std::string_view::npos && rest.find('\n') > end;
        return is_closed ? end + 2 : 0;
    }
    if (!rest.starts_with("\x1b[")) return 0;
    std::size_t end = 2;
    const auto skip_number = [&] {
        const std::size_t start = end;
        while (end < rest.size() && is_digit(rest[end]))
            ++end;
        return end > start;
    };
    const auto is_at = [&](char c) { return end < rest.size() && rest[end] == c; };
    if (is_at('?')) {
        ++end;
        return skip_number() && (is_at('h') || is_at('l')) ? end + 1 : 0;
    }
    bool has_number = skip_number();
    while (has_number && is_at(';')) {
        ++end;
        has_number = skip_number();
        if (!has_number) return 0;
    }
    return is_at('m') ? end + 1 : 0;
}

// Moves `at` over one character or escape sequence and gives its columns.
std::size_t step(std::string_view text, std::size_t& at)
{
    if (const std::size_t skipped = decoration_bytes(text, at); skipped != 0) {
        at += skipped;
        return 0;
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
        ++at;
        return byte >= 0x20 && byte != 0x7f ? 1 : 0;
    }
    const std::uint32_t code_point = clixml::next_code_point(text, at);
    if (code_point >= 0xD800 && code_point <= 0xDFFF) return 1;
    const int width = utf8proc_charwidth(static_cast<utf8proc_int32_t>(code_point));
    return width > 0 ? static_cast<std::size_t>(width) : 0;
}

std::string
without(std::size_t (*sequence_bytes)(std::string_view text, std::size_t at), std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t skipped = sequence_bytes(text, at);
        if (skipped == 0) {
            out += text[at++];
        } else {
            at += skipped;
        }
    }
    return out;
}

} // namespace

std::size_t cell_width(std::string_view text)
{
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        const bool is_control = static_cast<unsigned char>(text[at]) < 0x20;
        const std::size_t before = at;
        width += step(text, at);
        if (is_control && at == before + 1) ++width;
    }
    return width;
}

std::size_t display_width(std::string_view text)
{
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();)
        width += step(text, at);
    return width;
}

std::size_t head_bytes(std::string_view text, std::size_t columns)
{
    std::size_t width = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t next = at;
        width += step(text, next);
        if (width > columns) break;
        at = next;
    }
    return at;
}

std::size_t tail_offset(std::string_view text, std::size_t columns)
{
    std::size_t width = display_width(text);
    std::size_t at = 0;
    while (at < text.size() && width > columns)
        width -= step(text, at);
    return at;
}

std::string without_escapes(std::string_view text)
{
    return without(any_sequence_bytes, text);
}

std::string without_decorations(std::string_view text)
{
    return without(decoration_bytes, text);
}

std::string printable_utf8(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        // Surrogates are ED A0..BF xx in WTF-8; nothing else starts so.
        const bool is_surrogate = static_cast<unsigned char>(text[at]) == 0xED &&
                                  at + 2 < text.size() &&
                                  static_cast<unsigned char>(text[at + 1]) >= 0xA0;
        if (is_surrogate) {
            out += "\xEF\xBF\xBD";
            at += 3;
        } else {
            out += text[at++];
        }
    }
    return out;
}

} // namespace psrp
