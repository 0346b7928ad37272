#include <clixml/detail/shortest.hpp>

#include <array>
#include <bit>
#include <cstddef>

namespace clixml::detail {
namespace {

// 128 bits of a power of ten, rounded up: 10^k = (high, low) * 2^e with the top bit set.
struct PowerOfTen {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
};

constexpr int power_min = -292;
constexpr int power_max = 324;
using PowerTable = std::array<PowerOfTen, power_max - power_min + 1>;

// A natural number of fixed size, least significant word first.
constexpr std::size_t word_count = 28;
struct Wide {
    std::array<std::uint32_t, word_count> words{};
};

// The top 128 bits of `number`, and one more where anything was cut off, or where `inexact`.
constexpr PowerOfTen top_bits(const Wide& number, bool inexact)
{
    std::size_t top = word_count;
    while (number.words[top - 1] == 0)
        --top;
    std::array<std::uint32_t, 5> taken{};
    for (std::size_t i = 0; i < 5 && i < top; ++i)
        taken[i] = number.words[top - 1 - i];
    for (std::size_t i = 5; i < top; ++i)
        inexact = inexact || number.words[top - 1 - i] != 0;
    int shift = std::countl_zero(taken[0]);
    auto word = [&](std::size_t i) {
        std::uint64_t pair = static_cast<std::uint64_t>(taken[i]) << 32 | taken[i + 1];
        return static_cast<std::uint32_t>((pair << shift) >> 32);
    };
    inexact = inexact || static_cast<std::uint32_t>(taken[4] << shift) != 0;
    PowerOfTen power{
        static_cast<std::uint64_t>(word(0)) << 32 | word(1),
        static_cast<std::uint64_t>(word(2)) << 32 | word(3)};
    if (inexact) {
        ++power.low;
        if (power.low == 0) ++power.high;
    }
    return power;
}

// Only the power of five matters; that of two is in the binary exponent.
constexpr PowerTable make_powers()
{
    PowerTable powers{};
    Wide number;
    number.words[0] = 1;
    for (int k = 0; k <= power_max; ++k) {
        powers[static_cast<std::size_t>(k - power_min)] = top_bits(number, false);
        std::uint64_t carry = 0;
        for (std::uint32_t& word : number.words) {
            carry += static_cast<std::uint64_t>(word) * 5;
            word = static_cast<std::uint32_t>(carry);
            carry >>= 32;
        }
    }
    // A power of two over 5^1, 5^2, ...: the floor of a floor is the floor of the whole.
    number = {};
    number.words[word_count - 1] = 0x80000000U;
    for (int k = -1; k >= power_min; --k) {
        std::uint64_t rest = 0;
        for (std::size_t i = word_count; i-- > 0;) {
            rest = rest << 32 | number.words[i];
            number.words[i] = static_cast<std::uint32_t>(rest / 5);
            rest %= 5;
        }
        powers[static_cast<std::size_t>(k - power_min)] = top_bits(number, true);
    }
    return powers;
}

constexpr PowerTable powers = make_powers();

// Floors of logarithms, exact for every exponent of a double.
constexpr int floor_log10_of_power_of_2(int e)
{
    return (e * 1262611) >> 22;
}
constexpr int floor_log10_of_three_quarters_of_power_of_2(int e)
{
    return (e * 1262611 - 524031) >> 22;
}
constexpr int floor_log2_of_power_of_10(int e)
{
    return (e * 1741647) >> 19;
}

// power * factor / 2^128; the lowest bit is set if anything but zero (and the error of `power`) was
// cut off.
std::uint64_t product_to_odd(const PowerOfTen& power, std::uint64_t factor)
{
    __extension__ using Wide128 = unsigned __int128;
    Wide128 low = static_cast<Wide128>(power.low) * factor;
    Wide128 high =
        static_cast<Wide128>(power.high) * factor + static_cast<std::uint64_t>(low >> 64);
    auto cut = static_cast<std::uint64_t>(high);
    return static_cast<std::uint64_t>(high >> 64) | (cut > 1 ? 1U : 0U);
}

} // namespace

ShortestDecimal shortest_decimal(double value)
{
    constexpr int fraction_bits = 52;
    constexpr std::uint64_t hidden_bit = 1ULL << fraction_bits;
    auto bits = std::bit_cast<std::uint64_t>(value);
    std::uint64_t fraction = bits & (hidden_bit - 1);
    auto biased = static_cast<int>(bits >> fraction_bits);
    std::uint64_t significand = biased != 0 ? fraction | hidden_bit : fraction;
    int exponent = (biased != 0 ? biased : 1) - 1075;

    // Integers that a double holds exactly are their own shortest digits.
    if (exponent <= 0 && exponent > -53 && (significand & ((1ULL << -exponent) - 1)) == 0)
        return {significand >> -exponent, 0};

    // The interval of numbers that read back as `value`, four times as large; its ends belong to it
    // where the significand is even. Below a power of two the next number is closer.
    bool closer_below = fraction == 0 && biased > 1;
    std::uint64_t odd = significand & 1;
    int k = closer_below ? floor_log10_of_three_quarters_of_power_of_2(exponent)
                         : floor_log10_of_power_of_2(exponent);
    int shift = exponent + floor_log2_of_power_of_10(-k) + 1;
    const PowerOfTen& power = powers[static_cast<std::size_t>(-k - power_min)];
    std::uint64_t below =
        product_to_odd(power, (4 * significand - (closer_below ? 1 : 2)) << shift);
    std::uint64_t middle = product_to_odd(power, (4 * significand) << shift);
    std::uint64_t above = product_to_odd(power, (4 * significand + 2) << shift);
    std::uint64_t lower = below + odd;
    std::uint64_t upper = above - odd;

    std::uint64_t floor = middle / 4;
    if (floor >= 10) {
        std::uint64_t tens = floor / 10;
        bool down = lower <= 40 * tens;
        bool up = 40 * tens + 40 <= upper;
        if (down != up) return {tens + (up ? 1 : 0), k + 1};
    }
    bool down = lower <= 4 * floor;
    bool up = 4 * floor + 4 <= upper;
    if (down != up) return {floor + (up ? 1 : 0), k};
    // Both or neither: the nearer one, and of two equally near ones the even one.
    std::uint64_t half = 4 * floor + 2;
    bool round_up = middle > half || (middle == half && (floor & 1) != 0);
    return {floor + (round_up ? 1 : 0), k};
}

} // namespace clixml::detail
