// Decimal digits of integers, eight at a time. All functions write up to 16 bytes behind what they
// return, so that they can store whole words.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace clixml::detail {

// Bytes that a number of 64 bits may take at most, with what is stored behind it.
inline constexpr std::size_t digits_room = 40;

// Those that 64 bits hold.
inline constexpr auto powers_of_ten = [] {
    std::array<std::uint64_t, 20> powers{1};
    for (std::size_t i = 1; i < powers.size(); ++i)
        powers[i] = powers[i - 1] * 10;
    return powers;
}();

// The two digits of each number below 100.
constexpr std::array<char, 200> make_digit_pairs()
{
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}
inline constexpr std::array<char, 200> digit_pairs = make_digit_pairs();

// Exactly two digits; `value` is below 100.
inline char* put_two_digits(std::uint32_t value, char* to)
{
    std::memcpy(to, digit_pairs.data() + std::size_t{2} * value, 2);
    return to + 2;
}

// Eight digits of `value`, which is below 10^8, as the numbers 0 to 9 in the bytes of a word; the
// first digit is in the lowest byte.
inline std::uint64_t eight_digits(std::uint32_t value)
{
    // Halves of four digits, then quarters of two, then digits: each division by a multiplication
    // whose error is too small to matter for so few digits.
    std::uint64_t halves = value / 10000 | static_cast<std::uint64_t>(value % 10000) << 32;
    std::uint64_t tops = ((halves * 10486) >> 20) & 0x0000007F'0000007FULL;
    std::uint64_t quarters = tops | (halves - tops * 100) << 16;
    tops = ((quarters * 103) >> 10) & 0x000F000F'000F000FULL;
    return tops | (quarters - tops * 10) << 8;
}

inline constexpr std::uint64_t ascii_zeros = 0x30303030'30303030ULL;

// Stores the bytes of `word`, lowest first.
inline void store_word(std::uint64_t word, char* to)
{
    if constexpr (std::endian::native == std::endian::big) {
        for (int i = 0; i < 8; ++i)
            to[i] = static_cast<char>(word >> (8 * i));
    } else {
        std::memcpy(to, &word, 8);
    }
}

// Exactly eight digits; `value` is below 10^8.
inline char* put_eight_digits(std::uint32_t value, char* to)
{
    store_word(eight_digits(value) | ascii_zeros, to);
    return to + 8;
}

// One to eight digits; `value` is below 10^8.
inline char* put_short_number(std::uint32_t value, char* to)
{
    std::uint64_t digits = eight_digits(value);
    // The last digit stays even if it is zero.
    int zero_bits = std::countr_zero(digits | 1ULL << 56) & ~7;
    store_word((digits | ascii_zeros) >> zero_bits, to);
    return to + 8 - zero_bits / 8;
}

inline char* put_unsigned(std::uint64_t value, char* to)
{
    constexpr std::uint64_t eight = 100'000'000;
    if (value < eight) return put_short_number(static_cast<std::uint32_t>(value), to);
    std::uint64_t top = value / eight;
    auto low = static_cast<std::uint32_t>(value % eight);
    if (top < 100) {
        // Numbers of 32 bits end up here. No branch between one digit and two, which is random.
        const char* digits = digit_pairs.data() + 2 * top;
        bool two = top >= 10;
        to[0] = digits[two ? 0 : 1];
        to[1] = digits[1];
        return put_eight_digits(low, to + 1 + (two ? 1 : 0));
    }
    if (top < eight) {
        to = put_short_number(static_cast<std::uint32_t>(top), to);
        return put_eight_digits(low, to);
    }
    to = put_short_number(static_cast<std::uint32_t>(top / eight), to);
    to = put_eight_digits(static_cast<std::uint32_t>(top % eight), to);
    return put_eight_digits(low, to);
}

inline char* put_signed(std::int64_t value, char* to)
{
    auto magnitude = static_cast<std::uint64_t>(value);
    *to = '-';
    if (value < 0) magnitude = 0 - magnitude;
    return put_unsigned(magnitude, to + (value < 0 ? 1 : 0));
}

// The seven digits of a fraction of a second in units of 100 ns, below 10^7, without zeros at the
// end; begins with the point. Nothing for 0.
inline char* put_fraction(std::uint32_t fraction, char* to)
{
    if (fraction == 0) return to;
    std::uint64_t digits = eight_digits(fraction * 10);
    *to++ = '.';
    store_word(digits | ascii_zeros, to);
    return to + 8 - std::countl_zero(digits) / 8;
}

} // namespace clixml::detail
