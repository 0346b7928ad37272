// Decimal and hexadecimal digits, eight or thirty-two characters at a time, and days of the
// calendar: what short primitives are read with.
#pragma once

#include <clixml/detail/simd.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace clixml::detail {

static_assert(std::endian::native == std::endian::little, "texts are compared as numbers");

inline constexpr std::uint64_t powers_of_ten[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000};

// Up to eight characters as a load of them gives them.
constexpr std::uint64_t word_of_text(std::string_view text)
{
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
        word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(text[i])) << i * 8;
    return word;
}

// Eight characters, digits of which become their values; others become more than 9.
inline std::uint64_t load_digits(const char* at)
{
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    return word ^ 0x3030303030303030ULL;
}

// How many digits there are before the first other character, 0 to 8.
inline unsigned count_digits(std::uint64_t digits)
{
    // A carry comes only from a byte that is no digit itself.
    std::uint64_t others = ((digits + 0x0606060606060606ULL) | digits) & 0xF0F0F0F0F0F0F0F0ULL;
    return others == 0 ? 8 : static_cast<unsigned>(std::countr_zero(others)) / 8;
}

// The number that the first `count` of them are, 0 to 8.
inline std::uint64_t number_of(std::uint64_t digits, unsigned count)
{
    std::uint64_t x = digits << (7 - (count + 7) % 8) * 8; // the last digit becomes the last byte
    x = count == 0 ? 0 : x;
    x = x * 10 + (x >> 8);
    return ((x & 0x000000FF000000FFULL) * 0x000F424000000064ULL +
            (x >> 16 & 0x000000FF000000FFULL) * 0x0000271000000001ULL) >>
           32;
}

// Days of the proleptic Gregorian calendar; `month` is 1 to 12.
inline bool is_leap_year(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

inline unsigned days_of_month(unsigned year, unsigned month)
{
    return month == 2 ? (is_leap_year(year) ? 29 : 28) : 30 + ((month + month / 8) & 1);
}

// Days from 0001-01-01 to a day.
inline std::uint64_t days_before(unsigned year, unsigned month, unsigned day)
{
    static constexpr std::uint16_t before_month[] = {
        0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    unsigned y = year - 1;
    unsigned days = y * 365 + y / 4 - y / 100 + y / 400 + before_month[month - 1] + day - 1;
    return days + (month > 2 && is_leap_year(year) ? 1 : 0);
}

// Sixteen bytes from thirty-two hexadecimal digits; false where one is none, or is in upper case
// and `lower` is set.
inline bool read_hexadecimal32_plain(const char* digits, bool lower, std::uint8_t* to)
{
    unsigned bad = 0;
    for (int i = 0; i < 16; ++i) {
        unsigned byte = 0;
        for (int k = 0; k < 2; ++k) {
            auto c = static_cast<std::uint8_t>(digits[i * 2 + k]);
            auto letter = static_cast<std::uint8_t>((lower ? c : c | 32) - 'a');
            auto digit = static_cast<std::uint8_t>(c - '0');
            bad |= digit > 9 && letter > 5 ? 1U : 0U;
            byte = byte << 4 | (digit > 9 ? (letter + 10U) & 15U : digit);
        }
        to[i] = static_cast<std::uint8_t>(byte);
    }
    return bad == 0;
}

inline bool read_hexadecimal32(const char* digits, bool lower, std::uint8_t* to)
{
#if defined(__SSE2__)
    const __m128i to_lower = _mm_set1_epi8(lower ? 0 : 0x20);
    __m128i bad = _mm_setzero_si128();
    __m128i bytes[2];
    for (int half = 0; half < 2; ++half) {
        __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(digits + half * 16));
        __m128i digit = _mm_sub_epi8(text, _mm_set1_epi8('0'));
        __m128i letter = _mm_sub_epi8(_mm_or_si128(text, to_lower), _mm_set1_epi8('a'));
        __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
        __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
        bad = _mm_or_si128(
            bad, _mm_cmpeq_epi8(_mm_or_si128(is_digit, is_letter), _mm_setzero_si128())
        );
        __m128i nibble = _mm_or_si128(
            _mm_and_si128(is_digit, digit),
            _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10)))
        );
        // The first of two digits is the higher one.
        bytes[half] = _mm_and_si128(
            _mm_or_si128(_mm_slli_epi16(nibble, 4), _mm_srli_epi16(nibble, 8)), _mm_set1_epi16(0xFF)
        );
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(bytes[0], bytes[1]));
    return _mm_movemask_epi8(bad) == 0;
#else
    return read_hexadecimal32_plain(digits, lower, to);
#endif
}

} // namespace clixml::detail
