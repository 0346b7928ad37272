// Contents of primitives whose text is short, for FastReader: numbers, moments and Guids, eight
// characters at a time. Each function reads up to 64 bytes from `at` on without looking for the
// end, returns the place behind what it read, and null for any text that is not PowerShell's own
// form.
#pragma once

#include <clixml/detail/digits.hpp>
#include <clixml/detail/short_double.hpp>
#include <clixml/detail/simd.hpp>
#include <clixml/value.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace clixml::detail {

inline constexpr std::ptrdiff_t short_bytes_max = 64;

// The end tag of a primitive as a number to compare eight bytes with.
struct EndTag {
    std::uint64_t word = 0;
    std::uint64_t mask = 0;
    std::uint8_t size = 0; // 0: longer than eight bytes
};

constexpr EndTag end_tag(std::string_view tag)
{
    EndTag made;
    made.size = static_cast<std::uint8_t>(tag.size() + 3);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < tag.size(); ++i)
        word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(tag[i])) << (i + 2) * 8;
    made.word = word | '<' | '/' << 8 | static_cast<std::uint64_t>('>') << (tag.size() + 2) * 8;
    made.mask = ~std::uint64_t{0} >> (64 - made.size * 8);
    return made;
}

// Largest magnitude of an integer of a kind, without and with a sign (0: it has none).
struct Magnitudes {
    std::uint64_t positive = 0;
    std::uint64_t negative = 0;
};

constexpr Magnitudes magnitudes_of(Kind kind)
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

// Fifteen digits at most; what is longer, and other forms, is for the general code. Sixteen
// characters before `at` must be there.
inline const char* read_short_integer(const char* at, Kind kind, Value& value)
{
    std::uint64_t negative = *at == '-' ? 1 : 0;
    at += negative;
    unsigned less = Block16::load(at).equal('<');
    auto count = static_cast<unsigned>(std::countr_zero(less | 0x10000U));
    std::uint64_t magnitude = 0;
    const char* end = at + count;
    bool good = read_digits_before(end, count & 15, magnitude);
    // No leading zeros, no -0.
    bool is_plain = *at != '0' || count + negative == 1;
    Magnitudes limit = magnitudes_of(kind);
    bool in_range = limit.negative == 0 ? magnitude <= limit.positive && negative == 0
                                        : magnitude <= limit.positive + negative;
    if (!good || !is_plain || !in_range || count - 1 > 14) [[unlikely]]
        return nullptr;
    value = Value::integer(kind, (magnitude ^ (0 - negative)) + negative);
    return end;
}

inline const char* read_short_boolean(const char* at, Value& value)
{
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    bool is_true = (word & 0xFFFFFFFFFFULL) == word_of_text("true<");
    bool is_false = (word & 0xFFFFFFFFFFFFULL) == word_of_text("false<");
    value = Value::boolean(is_true);
    return is_true || is_false ? at + 5 - (is_true ? 1 : 0) : nullptr;
}

// Eight characters that are digits where `form` has a 0 and are those of `form` elsewhere: digits
// become their values and the others 0. `bad` gathers what is wrong.
inline std::uint64_t match_form(const char* at, std::uint64_t form, std::uint64_t& bad)
{
    std::uint64_t digits = 0;
    std::memcpy(&digits, at, 8);
    digits ^= form;
    // What is no digit in `form` may only be 0, so that adding 15 must not carry.
    constexpr std::uint64_t zeros = 0x3030303030303030ULL;
    std::uint64_t other = form ^ zeros;
    std::uint64_t is_other =
        ((other | (other + 0x7F7F7F7F7F7F7F7FULL)) & 0x8080808080808080ULL) >> 7;
    bad |= ((digits + 0x0606060606060606ULL + is_other * 9) | digits) & 0xF0F0F0F0F0F0F0F0ULL;
    return digits;
}

// yyyy-MM-ddTHH:mm:ss[.f...][Z]; offsets and all else go the general way. A fraction that ends in
// zeros is refused where `exact`.
inline const char* read_short_moment(const char* at, bool exact, Value& value)
{
    std::uint64_t bad = 0;
    std::uint64_t date = match_form(at, word_of_text("0000-00-"), bad);
    std::uint64_t middle = match_form(at + 8, word_of_text("00T00:00"), bad);
    std::uint64_t rest = match_form(at + 11, word_of_text("00:00:00"), bad);
    // Pairs of digits: ten times the first plus the second, in the byte of the first.
    date = date * 10 + (date >> 8);
    middle = middle * 10 + (middle >> 8);
    auto two = [](std::uint64_t pairs, int place) {
        return static_cast<unsigned>(pairs >> place * 8 & 0xFF);
    };
    rest = rest * 10 + (rest >> 8);
    unsigned year = two(date, 0) * 100 + two(date, 2);
    unsigned month = two(date, 5);
    unsigned day = two(middle, 0);
    unsigned hour = two(rest, 0);
    unsigned minute = two(rest, 3);
    unsigned second = two(rest, 6);
    if (bad != 0 || year == 0 || month - 1 > 11 || hour > 23 || minute > 59 || second > 59)
        return nullptr;
    if (day - 1 > 27 && day - 1 >= days_of_month(year, month)) return nullptr;
    at += 19;
    std::uint64_t fraction = 0;
    if (*at == '.') {
        std::uint64_t digits = load_digits(++at);
        unsigned count = count_digits(digits);
        if (count - 1 > 6 || (exact && at[count - 1] == '0')) return nullptr;
        at += count;
        fraction = number_of(digits & ~(~std::uint64_t{0} << count * 8), 7);
    }
    DateTime moment;
    moment.ticks = static_cast<std::int64_t>(
        days_before(year, month, day) * static_cast<std::uint64_t>(ticks_per_day) +
        (hour * 3600ULL + minute * 60ULL + second) * static_cast<std::uint64_t>(ticks_per_second) +
        fraction
    );
    bool is_utc = *at == 'Z';
    moment.kind = is_utc ? DateTimeKind::Utc : DateTimeKind::Unspecified;
    value = Value::date_time(moment);
    return at + (is_utc ? 1 : 0);
}

// The D form; only in lower case where `exact`.
inline const char* read_short_guid(const char* at, bool exact, Arena& arena, Value& value)
{
    auto four = [at](int place) {
        std::uint32_t word = 0;
        std::memcpy(&word, at + place, 4);
        return std::uint64_t{word};
    };
    Guid guid;
    bool good = read_hexadecimal32(
        Block16::of_words(four(0) | four(4) << 32, four(9) | four(14) << 32),
        Block16::of_words(four(19) | four(24) << 32, four(28) | four(32) << 32),
        exact,
        guid.bytes.data()
    );
    good = good && at[8] == '-' && at[13] == '-' && at[18] == '-' && at[23] == '-';
    if (!good) return nullptr;
    value = Value::guid(arena, guid);
    return at + 36;
}

} // namespace clixml::detail
