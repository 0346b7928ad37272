#include <clixml/detail/plain_run.hpp>
#include <clixml/detail/text_writer.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

namespace clixml::detail {
namespace {

// From here on wider vectors pay.
constexpr std::ptrdiff_t long_run_bytes = 64;

constexpr char upper_digits[] = "0123456789ABCDEF";

// What a character of ASCII becomes, at most seven bytes; the eighth is their number, 0 where the
// character stays.
using Replacement = std::array<char, 8>;
using ReplacementTable = std::array<Replacement, 128>;

constexpr Replacement replacement(std::string_view text)
{
    Replacement out{};
    for (std::size_t i = 0; i < text.size(); ++i)
        out[i] = text[i];
    out[7] = static_cast<char>(text.size());
    return out;
}

constexpr Replacement unit_replacement(std::size_t unit)
{
    const char text[] = {'_', 'x', '0', '0', upper_digits[unit >> 4], upper_digits[unit & 15], '_'};
    return replacement({text, sizeof text});
}

constexpr Replacement reference_replacement(std::size_t unit)
{
    const char high[] = {'&', '#', 'x', upper_digits[unit >> 4], upper_digits[unit & 15], ';'};
    const char low[] = {'&', '#', 'x', upper_digits[unit & 15], ';'};
    return unit < 16 ? replacement({low, sizeof low}) : replacement({high, sizeof high});
}

constexpr ReplacementTable make_replacements(bool attribute, Codec codec)
{
    ReplacementTable table{};
    for (std::size_t c = 0; c < 0x20; ++c)
        table[c] = codec == Codec::Escapes ? unit_replacement(c) : reference_replacement(c);
    if (codec == Codec::Escapes) {
        table['_'] = unit_replacement('_'); // only before x
        table[0x7F] = unit_replacement(0x7F);
    } else if (!attribute) {
        table['\n'] = table['\t'] = {};
    }
    table['&'] = replacement("&amp;");
    table['<'] = replacement("&lt;");
    table['>'] = replacement("&gt;");
    if (attribute) table['"'] = replacement("&quot;");
    return table;
}

constexpr ReplacementTable replacements[2][2] = {
    {make_replacements(false, Codec::None), make_replacements(false, Codec::Escapes)},
    {make_replacements(true, Codec::None), make_replacements(true, Codec::Escapes)}};

char* put_unit(std::uint32_t unit, char* to)
{
    const char text[] = {
        '_',
        'x',
        upper_digits[unit >> 12 & 15],
        upper_digits[unit >> 8 & 15],
        upper_digits[unit >> 4 & 15],
        upper_digits[unit & 15],
        '_'};
    std::memcpy(to, text, sizeof text);
    return to + sizeof text;
}

char* put_reference(std::uint32_t code_point, char* to)
{
    to = TextWriter::put(to, "&#x");
    char* end = std::to_chars(to, to + 8, code_point, 16).ptr;
    for (; to != end; ++to)
        *to = *to >= 'a' ? static_cast<char>(*to - 32) : *to;
    *to++ = ';';
    return to;
}

} // namespace

char* TextWriter::start_indented_line(char* to)
{
    std::size_t indent = 2 * level_;
    to = buffer_.reserve(to, line_bytes + indent + 2);
    if (is_first_line_) {
        is_first_line_ = false;
        return to;
    }
    if (options_.crlf) *to++ = '\r';
    *to++ = '\n';
    std::memset(to, ' ', indent);
    return to + indent;
}

char* TextWriter::text_element(char* to, const Tag& tag, std::string_view contents)
{
    if (contents.empty()) return empty(to, tag);
    to = tag.put_open(start_line(to));
    return tag.put_close(text(to, contents, Codec::Escapes));
}

char* TextWriter::long_name(char* to, const Name& name)
{
    return name.is_plain ? raw(to, name.text()) : escape<true>(to, name.text(), Codec::Escapes);
}

char* TextWriter::attribute(char* to, std::string_view name, std::string_view value, Codec codec)
{
    *to++ = ' ';
    to = put(put(to, name), "=\"");
    to = escape<true>(to, value, codec);
    *to++ = '"';
    return to;
}

char* TextWriter::raw(char* to, std::string_view text)
{
    const char* from = text.data();
    std::size_t left = text.size();
    for (to = buffer_.reserve(to, line_bytes); left != 0; to = buffer_.reserve(to, line_bytes)) {
        std::size_t count = std::min(left, buffer_.room(to));
        std::memcpy(to, from, count);
        from += count;
        to += count;
        left -= count;
    }
    return to;
}

template <bool attribute>
char* TextWriter::escape(char* to, std::string_view text, Codec codec)
{
    const char* from = text.data();
    const char* const end = from + text.size();
    const PlainRunCopier copy_run = plain_run_copier();
    to = buffer_.reserve(to, line_bytes);
    while (from != end) {
        // Up to `limit` there is room for text that need not be looked at.
        std::size_t room = buffer_.room(to);
        const char* limit = static_cast<std::size_t>(end - from) < room ? end : from + room;
        if constexpr (!attribute) {
            if (limit - from >= long_run_bytes) {
                std::size_t count = copy_run(from, static_cast<std::size_t>(limit - from), to);
                from += count;
                to += count;
            }
        }
        unsigned stops = 0;
        while (limit - from >= 16) {
            EscapeBlock block = EscapeBlock::load(from);
            block.store(to);
            stops = block.template stops<attribute>();
            if (stops != 0) break;
            from += 16;
            to += 16;
        }
        if (stops != 0) {
            from += std::countr_zero(stops);
            to += std::countr_zero(stops);
        } else if (limit == end) {
            // What is left of the text, less than a block.
            auto left = static_cast<std::size_t>(end - from);
            copy_few(from, left, to);
            if (text.size() >= 16) {
                stops = EscapeBlock::load(end - 16).template stops<attribute>() >> (16 - left);
            } else {
                char padded[16] = {};
                copy_few(from, left, padded);
                stops = EscapeBlock::load(padded).template stops<attribute>();
            }
            stops |= 1U << left;
            from += std::countr_zero(stops);
            to += std::countr_zero(stops);
            if (from == end) break;
        }
        to = buffer_.reserve(to, line_bytes);
        if (stops != 0) to = escape_one<attribute>(to, from, end, codec);
    }
    return buffer_.reserve(to, line_bytes);
}

// Writes the character at `from`, which is moved behind it, or the first byte of one that stays.
template <bool attribute>
char* TextWriter::escape_one(char* to, const char*& from, const char* end, Codec codec)
{
    auto c = static_cast<std::uint8_t>(*from);
    if (c >= 0x80) return escape_beyond_ascii(to, from, end, codec);
    const Replacement& replacement = replacements[attribute][codec == Codec::Escapes][c];
    bool stays = replacement[7] == 0 || (c == '_' && (end - from < 2 || (from[1] | 32) != 'x'));
    ++from;
    if (stays) {
        *to = static_cast<char>(c);
        return to + 1;
    }
    std::memcpy(to, replacement.data(), 8);
    return to + replacement[7];
}

char* TextWriter::escape_beyond_ascii(char* to, const char*& from, const char* end, Codec codec)
{
    std::size_t size = 0;
    std::uint32_t code_point = next_code_point(
        {from, static_cast<std::size_t>(std::min<std::ptrdiff_t>(end - from, 4))}, size
    );
    bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
    if (code_point == 0xFFFE || code_point == 0xFFFF) {
        if (options_.check_characters) error_ = Errc::UnwritableCharacter;
        to = put_reference(code_point, to);
    } else if (codec == Codec::Escapes && (code_point < 0xA0 || surrogate)) {
        to = put_unit(code_point, to);
    } else if (codec == Codec::Escapes && code_point >= 0x10000) {
        to = put_unit(0xD800 + ((code_point - 0x10000) >> 10), to);
        to = put_unit(0xDC00 + ((code_point - 0x10000) & 0x3FF), to);
    } else if (surrogate) {
        to = put_reference(code_point, to);
    } else {
        *to++ = *from;
        size = 1;
    }
    from += size;
    return to;
}

template char* TextWriter::escape<false>(char* to, std::string_view text, Codec codec);
template char* TextWriter::escape<true>(char* to, std::string_view text, Codec codec);

} // namespace clixml::detail
