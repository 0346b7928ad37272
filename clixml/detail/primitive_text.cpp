#include <clixml/detail/digit_text.hpp>
#include <clixml/detail/primitive_text.hpp>
#include <clixml/detail/shortest.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace clixml::detail {
namespace {

char* put_text(std::string_view text, char* to)
{
    return std::copy(text.begin(), text.end(), to);
}

// Digits of a number without zeros at the end: value = 0.d1d2... * 10^point. Behind the digits 24
// bytes can be read.
struct Digits {
    const char* first;
    int count;
    int point;
};

// As .NET's format "R": a plain number unless the point is far from the digits.
char* put_digits(const Digits& number, int point_max, char* to)
{
    const char* first = number.first;
    int count = number.count;
    int point = number.point;
    if (point > point_max || point < -3) {
        *to++ = first[0];
        if (count > 1) *to++ = '.';
        to = std::copy(first + 1, first + count, to);
        int exponent = point - 1;
        *to++ = 'E';
        *to++ = exponent < 0 ? '-' : '+';
        exponent = exponent < 0 ? -exponent : exponent;
        if (exponent < 10) *to++ = '0';
        return put_short_number(static_cast<std::uint32_t>(exponent), to);
    }
    if (point <= 0) {
        to = put_text("0.", to);
        to = std::fill_n(to, -point, '0');
        return std::copy(first, first + count, to);
    }
    if (count <= point) {
        to = std::copy(first, first + count, to);
        return std::fill_n(to, point - count, '0');
    }
    std::memcpy(to, first, 24);
    to[point] = '.';
    std::memcpy(to + point + 1, first + point, 24);
    return to + count + 1;
}

// How many zeros stand in front of `end`, which has eight readable bytes and another digit before
// it.
int zeros_before(const char* end)
{
    int zeros = 0;
    while (end[-1 - zeros] == '0')
        ++zeros;
    return zeros;
}

// `digits` / 10^`places` of up to sixteen places without zeros at the end.
char* put_plain(std::uint64_t digits, std::size_t places, char* to)
{
    constexpr std::size_t places_max = 16;
    to = put_unsigned(digits / powers_of_ten[places], to);
    std::uint64_t fraction = digits % powers_of_ten[places] * powers_of_ten[places_max - places];
    std::uint64_t high = eight_digits(static_cast<std::uint32_t>(fraction / 100'000'000));
    std::uint64_t low = eight_digits(static_cast<std::uint32_t>(fraction % 100'000'000));
    *to = '.';
    store_word(high | ascii_zeros, to + 1);
    store_word(low | ascii_zeros, to + 9);
    if (low != 0) return to + 17 - std::countl_zero(low) / 8;
    return high != 0 ? to + 9 - std::countl_zero(high) / 8 : to;
}

char* put_positive(double value, char* to)
{
    ShortestDecimal decimal = shortest_decimal(value);
    // What is below has an exponent, or more places.
    if (decimal.exponent <= 0 && decimal.exponent >= -16 && value >= 0.0001)
        return put_plain(decimal.digits, static_cast<std::size_t>(-decimal.exponent), to);
    char text[24 + digits_room + 24] = {};
    char* end = put_unsigned(decimal.digits, text);
    auto count = static_cast<int>(end - text);
    return put_digits({text, count - zeros_before(end), count + decimal.exponent}, 17, to);
}

char* put_positive(float value, char* to)
{
    char text[64] = {};
    char* end = std::to_chars(text, text + 32, value, std::chars_format::scientific).ptr;
    char* mark = std::find(text, end, 'e');
    int exponent = 0;
    std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
    // d.ddd to dddd
    char* last = mark;
    if (mark - text > 1) last = std::copy(text + 2, mark, text + 1);
    auto count = static_cast<int>(last - text);
    return put_digits({text, count - zeros_before(last), exponent + 1}, 9, to);
}

template <typename Float>
char* put_float(Float value, char* to)
{
    if (std::isnan(value)) return put_text("NaN", to);
    if (std::isinf(value)) return put_text(value < 0 ? "-INF" : "INF", to);
    *to = '-';
    if (std::signbit(value)) ++to;
    if (value == 0) {
        *to++ = '0';
        return to;
    }
    return put_positive(std::fabs(value), to);
}

#if defined(__SSE2__)

// The digits of sixteen numbers below 16.
__m128i hexadecimal(__m128i numbers)
{
    __m128i letters = _mm_cmpgt_epi8(numbers, _mm_set1_epi8(9));
    __m128i ascii = _mm_add_epi8(numbers, _mm_set1_epi8('0'));
    return _mm_add_epi8(ascii, _mm_and_si128(letters, _mm_set1_epi8('a' - '0' - 10)));
}

#endif

} // namespace

char* put_double(double value, char* to)
{
    return put_float(value, to);
}

char* put_single(float value, char* to)
{
    return put_float(value, to);
}

char* put_date_time(const DateTime& value, char* to)
{
    DateTimeParts parts = parts_of(value);
    auto two = [&to](int number) { to = put_two_digits(static_cast<std::uint32_t>(number), to); };
    two(parts.year / 100 % 100);
    two(parts.year % 100);
    *to++ = '-';
    two(parts.month);
    *to++ = '-';
    two(parts.day);
    *to++ = 'T';
    two(parts.hour);
    *to++ = ':';
    two(parts.minute);
    *to++ = ':';
    two(parts.second);
    to = put_fraction(static_cast<std::uint32_t>(parts.fraction), to);
    if (value.kind == DateTimeKind::Utc) *to++ = 'Z';
    if (value.kind == DateTimeKind::Local) {
        int minutes = value.offset_minutes;
        *to++ = minutes < 0 ? '-' : '+';
        minutes = minutes < 0 ? -minutes : minutes;
        two(minutes / 60 % 100);
        *to++ = ':';
        two(minutes % 60);
    }
    return to;
}

char* put_time_span(TimeSpan value, char* to)
{
    constexpr auto second = static_cast<std::uint64_t>(ticks_per_second);
    constexpr auto day = static_cast<std::uint64_t>(ticks_per_day);
    auto ticks = static_cast<std::uint64_t>(value.ticks);
    if (value.ticks < 0) {
        ticks = 0 - ticks;
        *to++ = '-';
    }
    *to++ = 'P';
    std::uint64_t days = ticks / day;
    std::uint64_t rest = ticks % day;
    if (days != 0) {
        to = put_unsigned(days, to);
        *to++ = 'D';
        if (rest == 0) return to;
    }
    *to++ = 'T';
    auto fraction = static_cast<std::uint32_t>(rest % second);
    auto seconds = static_cast<std::uint32_t>(rest / second);
    if (seconds / 3600 != 0) {
        to = put_short_number(seconds / 3600, to);
        *to++ = 'H';
    }
    if (seconds / 60 % 60 != 0) {
        to = put_short_number(seconds / 60 % 60, to);
        *to++ = 'M';
    }
    if (seconds % 60 != 0 || fraction != 0 || ticks == 0) {
        to = put_short_number(seconds % 60, to);
        to = put_fraction(fraction, to);
        *to++ = 'S';
    }
    return to;
}

char* put_guid(const Guid& value, char* to)
{
#if defined(__SSE2__)
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(value.bytes.data()));
    __m128i low_bits = _mm_set1_epi8(0x0F);
    __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), low_bits);
    __m128i low = _mm_and_si128(bytes, low_bits);
    __m128i front = hexadecimal(_mm_unpacklo_epi8(high, low));
    __m128i back = hexadecimal(_mm_unpackhi_epi8(high, low));
    auto store = [to](std::size_t at, __m128i text) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), text);
    };
    // 8-4-4-4-12: each store puts its end where the next one starts.
    store(0, front);
    store(9, _mm_srli_si128(front, 8));
    store(14, _mm_srli_si128(front, 12));
    store(19, back);
    store(24, _mm_srli_si128(back, 4));
#else
    constexpr char hex_digits[] = "0123456789abcdef";
    char* at = to;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
        *at++ = hex_digits[value.bytes[i] >> 4];
        *at++ = hex_digits[value.bytes[i] & 15];
    }
#endif
    to[8] = to[13] = to[18] = to[23] = '-';
    return to + 36;
}

char* put_decimal(const Decimal& value, char* to)
{
    __extension__ using Wide = unsigned __int128;
    const int scale = std::min<int>(value.scale, 28);
    constexpr std::uint64_t ten_to_16 = 10'000'000'000'000'000;
    Wide coefficient = static_cast<Wide>(value.high) << 64 |
                       static_cast<std::uint64_t>(value.middle) << 32 | value.low;
    if (coefficient == 0) {
        to = put_text("0", to);
        if (scale == 0) return to;
        *to++ = '.';
        return std::fill_n(to, scale, '0');
    }
    char text[64];
    char* end = text;
    auto low = static_cast<std::uint64_t>(coefficient % ten_to_16);
    auto high = static_cast<std::uint64_t>(coefficient / ten_to_16);
    if (high == 0) {
        end = put_unsigned(low, end);
    } else {
        end = put_unsigned(high, end);
        end = put_eight_digits(static_cast<std::uint32_t>(low / 100'000'000), end);
        end = put_eight_digits(static_cast<std::uint32_t>(low % 100'000'000), end);
    }
    if (value.negative) *to++ = '-';
    auto count = static_cast<int>(end - text);
    int whole = count - scale;
    if (whole <= 0) {
        to = put_text("0.", to);
        to = std::fill_n(to, -whole, '0');
        return std::copy(text, end, to);
    }
    to = std::copy_n(text, whole, to);
    if (scale == 0) return to;
    *to++ = '.';
    return std::copy(text + whole, end, to);
}

} // namespace clixml::detail
