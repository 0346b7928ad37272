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

// The number that eight digits are.
inline std::uint64_t number_of_eight(std::uint64_t digits)
{
    digits = digits * 10 + (digits >> 8);
    return ((digits & 0x000000FF000000FFULL) * 0x000F424000000064ULL +
            (digits >> 16 & 0x000000FF000000FFULL) * 0x0000271000000001ULL) >>
           32;
}

// The number that the first `count` of them are, 0 to 7.
inline std::uint64_t number_of(std::uint64_t digits, unsigned count)
{
    // The last one becomes the last byte, and zeros come before the first one.
    return number_of_eight(digits << (56 - count * 8) << 8);
}

// The number that `count` characters before `end` are, up to 15; false where one is no digit.
// Sixteen characters before `end` must be there.
inline bool read_digits_before_plain(const char* end, unsigned count, std::uint64_t& number)
{
    number = 0;
    bool good = true;
    for (const char* at = end - count; at != end; ++at) {
        auto digit = static_cast<std::uint8_t>(*at - '0');
        good = good && digit < 10;
        number = number * 10 + digit;
    }
    return good;
}

inline bool read_digits_before(const char* end, unsigned count, std::uint64_t& number)
{
#if defined(__SSE2__)
    static constexpr std::uint8_t last_bytes[32] = {0,    0,    0,    0,    0,    0,    0,    0,
                                                    0,    0,    0,    0,    0,    0,    0,    0,
                                                    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
    x = _mm_and_si128(
        _mm_sub_epi8(x, _mm_set1_epi8('0')),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(last_bytes + count))
    );
    const __m128i nine = _mm_set1_epi8(9);
    bool good = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(x, nine), nine)) == 0xFFFF;
    // Pairs, then groups of four, then groups of eight digits become numbers.
    x = _mm_add_epi16(
        _mm_mullo_epi16(_mm_and_si128(x, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10)),
        _mm_srli_epi16(x, 8)
    );
    x = _mm_madd_epi16(x, _mm_set1_epi32(0x00010064));
    x = _mm_madd_epi16(_mm_packs_epi32(x, x), _mm_set1_epi32(0x00012710));
    auto halves = static_cast<std::uint64_t>(_mm_cvtsi128_si64(x));
    number = (halves & 0xFFFFFFFF) * 100'000'000 + (halves >> 32);
    return good;
#else
    return read_digits_before_plain(end, count, number);
#endif
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

inline bool read_hexadecimal32(Block16 first, Block16 second, bool lower, std::uint8_t* to)
{
#if defined(__SSE2__)
    const __m128i to_lower = _mm_set1_epi8(lower ? 0 : 0x20);
    __m128i bad = _mm_setzero_si128();
    __m128i bytes[2] = {first.bytes, second.bytes};
    for (__m128i& half : bytes) {
        __m128i text = half;
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
        half = _mm_and_si128(
            _mm_or_si128(_mm_slli_epi16(nibble, 4), _mm_srli_epi16(nibble, 8)), _mm_set1_epi16(0xFF)
        );
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(bytes[0], bytes[1]));
    return _mm_movemask_epi8(bad) == 0;
#else
    char digits[32];
    first.store(digits);
    second.store(digits + 16);
    return read_hexadecimal32_plain(digits, lower, to);
#endif
}

} // namespace clixml::detail
