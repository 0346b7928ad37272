// The part of FastReader that reads primitives.
#include <clixml/base64.hpp>
#include <clixml/detail/fast_reader.hpp>
#include <clixml/lexical.hpp>
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

namespace clixml::detail {
namespace {

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

// End tags by kind, as numbers to compare eight bytes with.
struct EndTag {
    std::uint64_t word = 0;
    std::uint64_t mask = 0;
    std::uint8_t size = 0;
};

std::array<EndTag, 32> make_end_tags()
{
    std::array<EndTag, 32> tags{};
    for (const Primitive& row : primitive_table()) {
        std::string text = "</" + std::string(row.tag) + ">";
        EndTag& tag = tags[static_cast<std::size_t>(row.kind)];
        tag.size = static_cast<std::uint8_t>(text.size());
        std::size_t compared = std::min<std::size_t>(text.size(), 8);
        std::uint8_t mask[8] = {};
        std::memset(mask, 0xFF, compared);
        std::memcpy(&tag.mask, mask, 8);
        std::memcpy(&tag.word, text.data(), compared);
    }
    return tags;
}
const std::array<EndTag, 32> end_tags = make_end_tags();

struct Range {
    std::uint64_t magnitude_max;          // of numbers that are not negative
    std::uint64_t negative_magnitude_max; // 0: no sign
};

Range range_of(Kind kind)
{
    switch (kind) {
    case Kind::Char:
    case Kind::UInt16:
        return {UINT16_MAX, 0};
    case Kind::Byte:
        return {UINT8_MAX, 0};
    case Kind::UInt32:
        return {UINT32_MAX, 0};
    case Kind::UInt64:
        return {UINT64_MAX, 0};
    case Kind::SByte:
        return {INT8_MAX, 128};
    case Kind::Int16:
        return {INT16_MAX, 32768};
    case Kind::Int32:
        return {INT32_MAX, 2147483648ULL};
    default:
        return {INT64_MAX, 1ULL << 63};
    }
}

Value value_of_bits(Kind kind, std::uint64_t bits)
{
    switch (kind) {
    case Kind::Char:
        return Value::character({static_cast<std::uint16_t>(bits)});
    case Kind::Byte:
        return Value::byte(static_cast<std::uint8_t>(bits));
    case Kind::UInt16:
        return Value::uint16(static_cast<std::uint16_t>(bits));
    case Kind::UInt32:
        return Value::uint32(static_cast<std::uint32_t>(bits));
    case Kind::UInt64:
        return Value::uint64(bits);
    case Kind::SByte:
        return Value::sbyte(static_cast<std::int8_t>(bits));
    case Kind::Int16:
        return Value::int16(static_cast<std::int16_t>(bits));
    case Kind::Int32:
        return Value::int32(static_cast<std::int32_t>(bits));
    default:
        return Value::int64(static_cast<std::int64_t>(bits));
    }
}

bool is_digit(char c)
{
    return static_cast<std::uint8_t>(c - '0') < 10;
}

// Two digits, or more than 99 where they are none.
unsigned two_digits(const char* at)
{
    auto high = static_cast<std::uint8_t>(at[0] - '0');
    auto low = static_cast<std::uint8_t>(at[1] - '0');
    return high > 9 || low > 9 ? 100U : high * 10U + low;
}

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

} // namespace

const char* FastReader::expect_end(const char* at, Kind kind) const
{
    const EndTag& tag = end_tags[static_cast<std::size_t>(kind)];
    if ((load8_before(at, end_) & tag.mask) != tag.word) return nullptr;
    if (tag.size <= 8) [[likely]]
        return at + tag.size;
    std::string_view rest = primitive_of(kind).tag.substr(6);
    at += 8;
    if (static_cast<std::size_t>(end_ - at) < rest.size() + 1 ||
        std::memcmp(at, rest.data(), rest.size()) != 0)
        return nullptr;
    return at[rest.size()] == '>' ? at + rest.size() + 1 : nullptr;
}

const char* FastReader::read_primitive(const char* at, Kind kind, bool self_closed, Value& value)
{
    if (self_closed) {
        switch (kind) {
        case Kind::String:
            value = Value::string({"", 0});
            return at;
        case Kind::ByteArray:
            value = Value::bytes(bytes_of(std::string_view("", 0)));
            return at;
        default:
            return nullptr;
        }
    }
    at = read_contents(at, kind, value);
    return at == nullptr ? nullptr : expect_end(at, kind);
}

const char* FastReader::read_contents(const char* at, Kind kind, Value& value)
{
    switch (kind) {
    case Kind::String: {
        if (lossless()) return read_lossless_string(at, kind, value);
        std::string_view text;
        at = read_string(at, text);
        value = Value::string(text);
        return at;
    }
    case Kind::Char:
    case Kind::Byte:
    case Kind::SByte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
        return read_integer(at, kind, value);
    case Kind::Boolean: {
        std::uint64_t word = load8_before(at, end_);
        bool is_true = std::memcmp(&word, "true<", 5) == 0;
        if (!is_true && std::memcmp(&word, "false<", 6) != 0) return nullptr;
        value = Value::boolean(is_true);
        return at + (is_true ? 4 : 5);
    }
    case Kind::DateTime:
        return read_moment(at, value);
    case Kind::Guid:
        return read_guid(at, value);
    case Kind::Double:
        return lossless() ? read_general(at, kind, value) : read_double(at, value);
    case Kind::ByteArray:
        return read_bytes(at, value);
    case Kind::Single:
    case Kind::Decimal:
    case Kind::TimeSpan:
    case Kind::Version:
    case Kind::Uri:
        return read_general(at, kind, value);
    case Kind::ScriptBlock:
        if (lossless()) return read_lossless_string(at, kind, value);
        return nullptr;
    case Kind::XmlDocument:
    case Kind::SecureString:
    case Kind::ProgressRecord:
    case Kind::Nil:
    case Kind::Object:
        break;
    }
    return nullptr;
}

const char* FastReader::read_integer(const char* at, Kind kind, Value& value) const
{
    bool negative = at != end_ && *at == '-';
    at += negative ? 1 : 0;
    const char* start = at;
    std::uint64_t magnitude = 0;
    while (at != end_ && is_digit(*at)) {
        magnitude = magnitude * 10 + static_cast<std::uint64_t>(*at - '0');
        ++at;
    }
    auto digits = static_cast<std::size_t>(at - start);
    // Twenty digits may overflow; leading zeros and -0 are read by the general reader, which keeps
    // them if need be.
    if (digits == 0 || digits > 19 || (*start == '0' && (digits > 1 || negative))) return nullptr;
    Range range = range_of(kind);
    if (magnitude > (negative ? range.negative_magnitude_max : range.magnitude_max)) return nullptr;
    value = value_of_bits(kind, negative ? 0 - magnitude : magnitude);
    return at;
}

const char* FastReader::read_moment(const char* at, Value& value)
{
    // yyyy-MM-ddTHH:mm:ss[.f...][Z]; offsets and all else go the general way.
    if (end_ - at < 32) return read_general(at, Kind::DateTime, value);
    unsigned century = two_digits(at);
    unsigned year_of_century = two_digits(at + 2);
    unsigned month = two_digits(at + 5);
    unsigned day = two_digits(at + 8);
    unsigned hour = two_digits(at + 11);
    unsigned minute = two_digits(at + 14);
    unsigned second = two_digits(at + 17);
    bool separators =
        at[4] == '-' && at[7] == '-' && at[10] == 'T' && at[13] == ':' && at[16] == ':';
    bool in_range = century < 100 && year_of_century < 100 && month - 1 < 12 && day - 1 < 28 &&
                    hour < 24 && minute < 60 && second < 60;
    if (!separators || !in_range || century + year_of_century == 0)
        return read_general(at, Kind::DateTime, value);
    const char* rest = at + 19;
    std::int64_t fraction = 0;
    if (*rest == '.') {
        const char* digit = ++rest;
        std::int64_t unit = 1'000'000;
        for (; is_digit(*digit) && unit != 0; ++digit, unit /= 10)
            fraction += (*digit - '0') * unit;
        if (digit == rest || is_digit(*digit) || (lossless() && digit[-1] == '0'))
            return read_general(at, Kind::DateTime, value);
        rest = digit;
    }
    DateTime moment;
    if (*rest == 'Z') {
        moment.kind = DateTimeKind::Utc;
        ++rest;
    }
    if (*rest != '<') return read_general(at, Kind::DateTime, value);
    moment.ticks = ticks_of_day(
                       static_cast<int>(century * 100 + year_of_century),
                       static_cast<int>(month),
                       static_cast<int>(day)
                   ) +
                   (hour * 3600LL + minute * 60LL + second) * ticks_per_second + fraction;
    value = Value::date_time(moment);
    return rest;
}

const char* FastReader::read_guid(const char* at, Value& value)
{
    if (end_ - at < 37 || at[36] != '<' || at[8] != '-' || at[13] != '-' || at[18] != '-' ||
        at[23] != '-')
        return nullptr;
    static constexpr std::uint8_t places[16] = {
        0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    Guid guid;
    unsigned bad = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        unsigned high = hex_value(at[places[i]]);
        unsigned low = hex_value(at[places[i] + 1]);
        bad |= high | low;
        guid.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    if (bad > 15) return nullptr;
    if (lossless()) {
        char written[36];
        guid.write_text(written);
        if (std::memcmp(written, at, 36) != 0) return nullptr;
    }
    value = Value::guid(arena_, guid);
    return at + 36;
}

const char* FastReader::read_double(const char* at, Value& value)
{
    const char* first = at != end_ && *at == '-' ? at + 1 : at;
    if (first == end_ || !is_digit(*first)) return read_general(at, Kind::Double, value);
    double number = 0;
    auto [rest, error] = std::from_chars(at, end_, number);
    if (error != std::errc{} || rest == end_ || *rest != '<')
        return read_general(at, Kind::Double, value);
    value = Value::double_precision(number);
    return rest;
}

const char* FastReader::read_bytes(const char* at, Value& value)
{
    const auto* less =
        static_cast<const char*>(std::memchr(at, '<', static_cast<std::size_t>(end_ - at)));
    if (less == nullptr) return nullptr;
    std::string_view text(at, static_cast<std::size_t>(less - at));
    if (text.size() % 4 != 0 || text.empty()) return nullptr;
    std::size_t room = text.size() / 4 * 3 + 3;
    auto* to = arena_.allocate_array<std::uint8_t>(room);
    auto size = read_base64(text, to);
    if (!size || base64_size(*size) != text.size()) return nullptr;
    arena_.shrink_last(to, room, *size);
    if (lossless()) {
        std::size_t tail = (*size - 1) / 3 * 3;
        char last[4];
        write_base64({to + tail, *size - tail}, last);
        if (std::memcmp(last, less - 4, 4) != 0) return nullptr;
    }
    value = Value::bytes({to, *size});
    return less;
}

// Kinds whose text is short: through the same code that the general reader uses.
const char* FastReader::read_general(const char* at, Kind kind, Value& value)
{
    const char* start = at;
    bool escaped = primitive_of(kind).escaped;
    std::string_view text;
    if (escaped) {
        at = read_string(at, text);
        if (at == nullptr) return nullptr;
        if (lossless() && (text.data() != start || first_to_escape(text) != text.size()))
            return nullptr;
    } else {
        while (at != end_ && *at > ' ' && *at != '<' && *at != '&' && *at != '>')
            ++at;
        text = {start, static_cast<std::size_t>(at - start)};
    }
    auto read = read_lexical(kind, text, arena_, zone_);
    if (!read) return nullptr;
    value = *read;
    if (lossless() && escaped && value.text().data() != text.data()) return nullptr;
    if (lossless() && !escaped) {
        scratch_.clear();
        append_lexical(value, scratch_);
        if (scratch_ != text) return nullptr;
    }
    return at;
}

const char* FastReader::read_lossless_string(const char* at, Kind kind, Value& value)
{
    const char* start = at;
    std::string_view text;
    at = read_string(at, text);
    if (at == nullptr) return nullptr;
    value = kind == Kind::String ? Value::string(text) : Value::script_block(text);
    bool as_it_stands = text.data() == start;
    if (as_it_stands && first_to_escape(text) == text.size()) return at;
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

const char* FastReader::read_string(const char* at, std::string_view& text)
{
    const char* start = at;
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
        bool plain_underscore = *at == '_' && at + 1 != end_ && (at[1] | 32) != 'x';
        if (!plain_underscore) return read_escaped_string(start, at, text);
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
    std::size_t room = static_cast<std::size_t>(less - start) + 16;
    char* out = arena_.allocate_array<char>(room);
    char* to = out;
    std::memcpy(to, start, static_cast<std::size_t>(at - start));
    to += at - start;
    std::uint32_t high = 0; // a high surrogate that has just been put, if its low one may follow
    bool changed = false;
    while (at != less) {
        Block16 block = load_before(at, end_);
        unsigned stops = block.text_stops();
        if ((stops & 1) == 0) {
            high = 0;
            block.store(to);
            int plain = stops == 0 ? 16 : std::countr_zero(stops);
            at += plain;
            to += plain;
            continue;
        }
        auto byte = static_cast<std::uint8_t>(*at);
        bool eight = false;
        std::uint32_t unit = byte == '_' ? escape_at(at, less, eight) : 0x10000U;
        if (unit < 0x10000) {
            bool pair = high != 0 && unit >= 0xDC00 && unit < 0xE000;
            if (pair)
                to = put_code_point(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), to - 3);
            else
                to = put_code_point(unit, to);
            high = !pair && unit >= 0xD800 && unit < 0xDC00 ? unit : 0;
            at += 7;
            changed = true;
            continue;
        }
        high = 0;
        if (byte == '&') {
            Reference reference = reference_at(at, less);
            if (reference.size == 0) return nullptr;
            *to++ = reference.character;
            at += reference.size;
            changed = true;
        } else if (byte >= 0x80) {
            std::size_t size = utf8_sequence_size({at, static_cast<std::size_t>(less - at)});
            bool noncharacter = byte == 0xEF && size == 3 &&
                                static_cast<std::uint8_t>(at[1]) == 0xBF &&
                                static_cast<std::uint8_t>(at[2]) >= 0xBE;
            if (size == 0 || noncharacter) return nullptr;
            for (; size != 0; --size)
                *to++ = *at++;
        } else if (byte == '_' ? eight : byte != '\n' && byte != '\t') {
            // A raw > may be that of ]]>, a CR is changed by XML, other controls are forbidden.
            return nullptr;
        } else {
            *to++ = *at++;
        }
    }
    auto size = static_cast<std::size_t>(to - out);
    arena_.shrink_last(out, room, changed ? size : 0);
    text = changed ? std::string_view(out, size)
                   : std::string_view(start, static_cast<std::size_t>(less - start));
    return less;
}

} // namespace clixml::detail
