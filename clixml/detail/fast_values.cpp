// The part of FastReader that reads primitives: what is not short, and what has another form than
// PowerShell's usual one.
#include <clixml/base64.hpp>
#include <clixml/detail/base64_blocks.hpp>
#include <clixml/detail/fast_reader.hpp>
#include <clixml/detail/fast_values.hpp>
#include <clixml/lexical.hpp>
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace clixml::detail {
namespace {

// Arrays of bytes from this size on are decoded without looking for their end first, if there is
// memory for it.
constexpr std::ptrdiff_t long_bytes_min = 64 * 1024;

constexpr std::array<std::uint8_t, 256> make_hex_values()
{
    std::array<std::uint8_t, 256> values{};
    values.fill(0xFF);
    for (std::uint8_t i = 0; i < 10; ++i)
        values[static_cast<std::size_t>('0' + i)] = i;
    for (std::uint8_t i = 0; i < 6; ++i) {
        values[static_cast<std::size_t>('a' + i)] = values[static_cast<std::size_t>('A' + i)] =
            static_cast<std::uint8_t>(10 + i);
    }
    return values;
}
constexpr std::array<std::uint8_t, 256> hex_values = make_hex_values();

std::uint8_t hex_value(char c)
{
    return hex_values[static_cast<std::uint8_t>(c)];
}

bool is_digit(char c)
{
    return static_cast<std::uint8_t>(c - '0') < 10;
}

std::array<EndTag, 32> make_end_tags()
{
    std::array<EndTag, 32> tags{};
    for (const Primitive& row : primitive_table()) {
        if (row.tag.size() + 3 <= 8) tags[static_cast<std::size_t>(row.kind)] = end_tag(row.tag);
    }
    return tags;
}
const std::array<EndTag, 32> end_tags = make_end_tags();

// One character as the codec and XML have it: _xHHHH_, a reference, or a sequence of UTF-8.
char* put_code_point(std::uint32_t c, char* to)
{
    if (c < 0x80) {
        *to++ = static_cast<char>(c);
    } else if (c < 0x800) {
        *to++ = static_cast<char>(0xC0 | c >> 6);
        *to++ = static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = static_cast<char>(0xE0 | c >> 12);
        *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
        *to++ = static_cast<char>(0x80 | (c & 0x3F));
    } else {
        *to++ = static_cast<char>(0xF0 | c >> 18);
        *to++ = static_cast<char>(0x80 | (c >> 12 & 0x3F));
        *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
        *to++ = static_cast<char>(0x80 | (c & 0x3F));
    }
    return to;
}

// _xHHHH_ at `at`: its code unit, or more than FFFF where there is none. `*eight` is set where
// eight digits stand.
std::uint32_t escape_at(const char* at, const char* end, bool& eight)
{
    eight = false;
    if (end - at < 7 || (at[1] | 32) != 'x') return 0x10000;
    std::uint32_t unit = 0;
    for (int i = 2; i < 6; ++i) {
        std::uint8_t digit = hex_value(at[i]);
        if (digit > 15) return 0x10000;
        unit = unit << 4 | digit;
    }
    if (at[6] == '_') return unit;
    if (end - at >= 11 && at[10] == '_') {
        eight = hex_value(at[6]) < 16 && hex_value(at[7]) < 16 && hex_value(at[8]) < 16 &&
                hex_value(at[9]) < 16;
    }
    return 0x10000;
}

// The character of the reference at `at` and its size in bytes, or 0.
struct Reference {
    char character = 0;
    std::uint8_t size = 0;
};

Reference reference_at(const char* at, const char* end)
{
    std::uint64_t word = load8_before(at, end);
    auto is = [&](const char* text, std::size_t size) {
        return std::memcmp(&word, text, size) == 0;
    };
    if (is("&lt;", 4)) return {'<', 4};
    if (is("&gt;", 4)) return {'>', 4};
    if (is("&amp;", 5)) return {'&', 5};
    if (is("&quot;", 6)) return {'"', 6};
    if (is("&apos;", 6)) return {'\'', 6};
    return {};
}

// Text with escapes, references and other characters than plain ASCII, from `at` to `end`, where a
// '<' stands.
struct Decoding {
    const char* at;
    const char* end;
    char* to;
    bool is_usual; // nothing met but what PowerShell would write
    bool changed = false;
    std::uint32_t high = 0; // a high surrogate that has just been put, if its low one may follow

    bool run(const char* text_end);
    bool read_stop();
    bool read_escape();
    bool read_sequence();
};

// False where the text has to be read in another way.
bool Decoding::run(const char* text_end)
{
    while (true) {
        Block16 block = load_before(at, text_end);
        unsigned stops = block.text_stops();
        block.store(to);
        if (stops == 0) {
            high = 0;
            at += 16;
            to += 16;
            continue;
        }
        int plain = std::countr_zero(stops);
        at += plain;
        to += plain;
        if (at == end) return true;
        if (plain != 0) high = 0;
        if (!read_stop()) return false;
    }
}

bool Decoding::read_stop()
{
    // The commonest escapes: controls.
    std::uint64_t word = 0;
    if (end - at >= 8) std::memcpy(&word, at, 8);
    if ((word & 0x00FF0000FFFFFFFFULL) == (word_of_text("_x00") | 0x005F000000000000ULL)) {
        unsigned first = static_cast<unsigned>(at[4] - '0');
        unsigned second = hex_value(at[5]);
        if (first < 2 && second < 16) {
            is_usual = is_usual && at[5] < 'a';
            *to++ = static_cast<char>(first << 4 | second);
            at += 7;
            changed = true;
            high = 0;
            return true;
        }
    }
    char c = *at;
    if (c == '_') return read_escape();
    high = 0;
    if (c == '&') {
        Reference reference = reference_at(at, end);
        *to++ = reference.character;
        at += reference.size;
        changed = true;
        return reference.size != 0;
    }
    if (static_cast<std::uint8_t>(c) >= 0x80) return read_sequence();
    // A raw > may be that of ]]>, a CR is changed by XML, other controls are forbidden.
    is_usual = false;
    *to++ = *at++;
    return c == '\n' || c == '\t' || c == '\x7F';
}

bool Decoding::read_escape()
{
    bool eight = false;
    std::uint32_t unit = escape_at(at, end, eight);
    if (unit > 0xFFFF) {
        high = 0;
        is_usual = is_usual && (end - at < 2 || (at[1] | 32) != 'x');
        *to++ = *at++;
        return !eight;
    }
    bool before_x = unit == '_' && end - at > 7 && (at[7] | 32) == 'x';
    bool escaped =
        unit < 0x20 || (unit >= 0x7F && unit < 0xA0) || (unit >= 0xD800 && unit < 0xE000);
    bool upper = at[1] == 'x';
    for (int i = 2; i < 6; ++i)
        upper = upper && at[i] < 'a';
    is_usual = is_usual && upper && (escaped || before_x);
    bool pair = high != 0 && unit >= 0xDC00 && unit < 0xE000;
    if (pair)
        to = put_code_point(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), to - 3);
    else
        to = put_code_point(unit, to);
    high = !pair && unit >= 0xD800 && unit < 0xDC00 ? unit : 0;
    at += 7;
    changed = true;
    return true;
}

// A sequence of UTF-8 of more than one byte.
bool Decoding::read_sequence()
{
    std::size_t size = utf8_sequence_size({at, static_cast<std::size_t>(end - at)});
    auto lead = static_cast<std::uint8_t>(*at);
    bool noncharacter = lead == 0xEF && size == 3 && static_cast<std::uint8_t>(at[1]) == 0xBF &&
                        static_cast<std::uint8_t>(at[2]) >= 0xBE;
    if (size == 0 || noncharacter) return false;
    // C1 controls and what is two code units in UTF-16 are escaped by PowerShell.
    bool control = lead == 0xC2 && static_cast<std::uint8_t>(at[1]) < 0xA0;
    is_usual = is_usual && !control && size != 4;
    for (; size != 0; --size)
        *to++ = *at++;
    return true;
}

// Whether PowerShell writes `text`, a decimal number, in just this way, as far as that can be told
// from its form: no more than fifteen digits, so that no shorter number is the same double.
bool is_plain_decimal(std::string_view text)
{
    if (text.starts_with('-')) text.remove_prefix(1);
    std::size_t point = text.find('.');
    std::string_view whole = text.substr(0, point);
    std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
    for (std::string_view part : {whole, fraction}) {
        for (char c : part) {
            if (!is_digit(c)) return false;
        }
    }
    if (whole.empty() || whole.size() + fraction.size() > 15) return false;
    if (whole.size() > 1 && whole[0] == '0') return false;
    if (point != std::string_view::npos && (fraction.empty() || fraction.back() == '0'))
        return false;
    // From five places behind the point on PowerShell uses an exponent.
    return whole != "0" || fraction.find_first_not_of('0') < 4 || fraction.empty();
}

} // namespace

const char* FastReader::expect_end(const char* at, Kind kind) const
{
    const EndTag& tag = end_tags[static_cast<std::size_t>(kind)];
    if (tag.mask != 0) [[likely]]
        return (load8_before(at, end_) & tag.mask) == tag.word ? at + tag.size : nullptr;
    at = expect(at, "</");
    if (at != nullptr) at = expect(at, primitive_of(kind).tag);
    return at != nullptr ? expect(at, ">") : nullptr;
}

const char* FastReader::read_primitive(const char* at, Kind kind, Value& value)
{
    switch (kind) {
    case Kind::String:
    case Kind::ScriptBlock:
        return read_string_value(at, kind, value);
    case Kind::ByteArray:
        at = read_bytes(at, value);
        return at == nullptr ? nullptr : expect_end(at, kind);
    case Kind::XmlDocument:
    case Kind::SecureString:
    case Kind::ProgressRecord:
    case Kind::Nil:
    case Kind::Object:
        return nullptr;
    default:
        break;
    }
    if (at > contents_end_) return read_short_near_end(at, kind, value);
    const char* end = read_short_contents(at, kind, value);
    if (end != nullptr) end = expect_end(end, kind);
    return end != nullptr ? end : read_unusual(at, kind, value);
}

// Contents that read up to 64 bytes without looking; null where they have to be read in another
// way.
const char* FastReader::read_short_contents(const char* at, Kind kind, Value& value)
{
    switch (kind) {
    case Kind::Boolean:
        return read_short_boolean(at, value);
    case Kind::DateTime:
        return read_short_moment(at, lossless_, value);
    case Kind::Guid:
        return read_short_guid(at, lossless_, arena_, value);
    case Kind::Double:
        return read_double(at, value);
    case Kind::Char:
    case Kind::Byte:
    case Kind::SByte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
        return read_short_integer(at, kind, value);
    default:
        return nullptr;
    }
}

// The same where the text may end sooner: on a copy with zeros behind it.
const char* FastReader::read_short_near_end(const char* at, Kind kind, Value& value)
{
    char zeros[16 + 2 * short_bytes_max] = {};
    char* padded = zeros + 16;
    std::size_t size = std::min<std::size_t>(static_cast<std::size_t>(end_ - at), short_bytes_max);
    std::memcpy(padded, at, size);
    const char* end = read_short_contents(padded, kind, value);
    if (end != nullptr) {
        end = end - padded <= end_ - at ? expect_end(at + (end - padded), kind) : nullptr;
    }
    return end != nullptr ? end : read_unusual(at, kind, value);
}

const char* FastReader::read_double(const char* at, Value& value)
{
    const char* end = at + short_bytes_max;
    const char* first = *at == '-' ? at + 1 : at;
    double number = 0;
    const char* rest = read_short_double(at, number);
    if (rest == nullptr) {
        if (!is_digit(*first)) return nullptr;
        auto read = std::from_chars(at, end, number);
        rest = read.ptr;
        if (read.ec != std::errc{} || rest == end || *rest != '<') return nullptr;
    }
    value = Value::double_precision(number);
    if (lossless_) {
        std::string_view text(at, static_cast<std::size_t>(rest - at));
        if (!is_plain_decimal(text)) {
            char written[40];
            const char* written_end = write_double(number, written);
            if (text != std::string_view(written, static_cast<std::size_t>(written_end - written)))
                return nullptr;
        }
    }
    return rest;
}

// Kinds whose text is short, in any form: through the same code that the general reader uses. The
// end tag is read too.
const char* FastReader::read_unusual(const char* at, Kind kind, Value& value)
{
    const char* start = at;
    bool escaped = primitive_of(kind).escaped;
    std::string_view text;
    if (escaped) {
        at = read_string(at, text);
        if (at == nullptr) return nullptr;
        if (lossless_ && (text.data() != start || first_to_escape(text) != text.size()))
            return nullptr;
    } else {
        while (at != end_ && *at > ' ' && *at != '<' && *at != '&' && *at != '>')
            ++at;
        text = {start, static_cast<std::size_t>(at - start)};
    }
    auto read = read_lexical(kind, text, arena_, zone_);
    if (!read) return nullptr;
    value = *read;
    if (lossless_ && escaped && value.text().data() != text.data()) return nullptr;
    if (lossless_ && !escaped) {
        lexical_.clear();
        append_lexical(value, lexical_);
        if (lexical_ != text) value = Value::with_lexical(arena_, value, text);
    }
    return expect_end(at, kind);
}

// Bytes
// ------------------------------------------------------------------------------------------------

const char* FastReader::read_bytes(const char* at, Value& value)
{
    const char* start = at;
    std::uint8_t* to = nullptr;
    std::size_t room = 0;
    if (end_ - at > long_bytes_min) {
        // The rest of the text is the most that there can be.
        room = base64_room(static_cast<std::size_t>(end_ - at));
        to = static_cast<std::uint8_t*>(arena_.allocate_kept(room, 1));
    }
    if (to == nullptr) {
        const auto* less =
            static_cast<const char*>(std::memchr(at, '<', static_cast<std::size_t>(end_ - at)));
        if (less == nullptr) return nullptr;
        room = base64_room(static_cast<std::size_t>(less - at));
        to = arena_.allocate_array<std::uint8_t>(room);
    }
    std::size_t read = read_base64_groups({at, static_cast<std::size_t>(end_ - at)}, to);
    std::uint8_t* to_end = to + read / 4 * 3;
    at += read;
    std::uint64_t word = load8_before(at, end_);
    if ((word & 0xFF) != '<') {
        // A last group with padding, or another form.
        std::size_t tail = 0;
        auto last = read_base64(
            {at, static_cast<std::size_t>(std::min<std::ptrdiff_t>(4, end_ - at))}, to_end
        );
        if (!last || *last == 0 || *last == 3) {
            arena_.shrink_last(to, room, 0);
            return nullptr;
        }
        tail = *last;
        char written[4];
        write_base64({to_end, tail}, written);
        if (lossless_ && std::memcmp(written, at, 4) != 0) {
            arena_.shrink_last(to, room, 0);
            return nullptr;
        }
        at += 4;
        to_end += tail;
    }
    if (at == start) return nullptr;
    auto size = static_cast<std::size_t>(to_end - to);
    arena_.shrink_last(to, room, size);
    value = Value::bytes({to, size});
    return at;
}

// Strings
// ------------------------------------------------------------------------------------------------

const char* FastReader::read_string_value(const char* at, Kind kind, Value& value)
{
    if (lossless_) {
        at = read_lossless_string(at, kind, value);
    } else {
        // A script block is read as a String by PowerShell, always (clixml 2.1).
        std::string_view text;
        at = read_string(at, text);
        value = Value::string(text);
    }
    return at == nullptr ? nullptr : expect_end(at, kind);
}

const char* FastReader::read_lossless_string(const char* at, Kind kind, Value& value)
{
    const char* start = at;
    std::string_view text;
    at = read_string(at, text);
    if (at == nullptr) return nullptr;
    value = kind == Kind::String ? Value::string(text) : Value::script_block(text);
    if (is_usual_ || (text.data() == start && first_to_escape(text) == text.size())) return at;
    // What PowerShell would write for this text must be what stands there, apart from XML's own
    // escapes.
    std::string written = escaped(text);
    std::string resolved;
    for (const char* from = start; from != at;) {
        if (*from != '&') {
            resolved += *from++;
            continue;
        }
        Reference reference = reference_at(from, at);
        resolved += reference.character;
        from += reference.size;
    }
    if (written != resolved) value = Value::with_lexical(arena_, value, resolved);
    return at;
}

// Text up to the next '<', decoded. is_usual_ is set where nothing stands in it but what PowerShell
// would write for it.
const char* FastReader::read_string(const char* at, std::string_view& text)
{
    const char* start = at;
    is_usual_ = true;
    while (true) {
        unsigned stops = load_before(at, end_).text_stops();
        if (stops == 0) {
            at += 16;
            continue;
        }
        at += std::countr_zero(stops);
        if (at >= end_) return nullptr;
        if (*at == '<') [[likely]] {
            text = {start, static_cast<std::size_t>(at - start)};
            return at;
        }
        if (*at == '\x7F')
            is_usual_ = false;
        else if (*at != '_' || at + 1 == end_ || (at[1] | 32) == 'x')
            return read_escaped_string(start, at, text);
        ++at;
    }
}

// Goes on where read_string has met something. The decoded text is never longer than the written
// one, so that room for the latter is room enough; sixteen bytes more let whole blocks be stored.
const char*
FastReader::read_escaped_string(const char* start, const char* at, std::string_view& text)
{
    const auto* less =
        static_cast<const char*>(std::memchr(at, '<', static_cast<std::size_t>(end_ - at)));
    if (less == nullptr) return nullptr;
    std::size_t room = static_cast<std::size_t>(less - start) + 32;
    char* out = arena_.allocate_array<char>(room);
    std::memcpy(out, start, static_cast<std::size_t>(at - start));
    Decoding decoding{at, less, out + (at - start), is_usual_};
    bool good = decoding.run(end_);
    is_usual_ = decoding.is_usual;
    auto size = static_cast<std::size_t>(decoding.to - out);
    arena_.shrink_last(out, room, good && decoding.changed ? size : 0);
    if (!good) return nullptr;
    text = decoding.changed ? std::string_view(out, size)
                            : std::string_view(start, static_cast<std::size_t>(less - start));
    return less;
}

} // namespace clixml::detail
