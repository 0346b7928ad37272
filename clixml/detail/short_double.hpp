// Doubles from decimal text without an exponent, correctly rounded, by one division of integers.
#pragma once

#include <clixml/detail/digit_text.hpp>
#include <clixml/detail/digits.hpp>
#include <clixml/detail/simd.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace clixml::detail {

inline constexpr std::size_t double_digits_max = powers_of_ten.size() - 1;

// The double that is nearest to `magnitude` / 10^`places`, of two the even one. The magnitude is
// not 0, the places are at most double_digits_max.
inline double divide_by_power_of_ten(std::uint64_t magnitude, std::size_t places)
{
    // Both numbers with their highest bit set, so that the quotient is between a half and one.
    __extension__ using Wide = unsigned __int128;
    int up = std::countl_zero(magnitude);
    int divisor_up = std::countl_zero(powers_of_ten[places]);
    std::uint64_t divisor = powers_of_ten[places] << divisor_up;
    std::uint64_t high = magnitude << up;
    int halved = high >= divisor ? 1 : 0;
    Wide dividend = Wide{high} << 64 >> halved;
    auto quotient = static_cast<std::uint64_t>(dividend / divisor);
    bool is_exact = Wide{quotient} * divisor == dividend;
    // Eleven of its bits are too many. Half of what they count goes to the even neighbour.
    std::uint64_t rest = quotient & 0x7FF;
    std::uint64_t bits = quotient >> 11;
    bits += rest > 0x400 || (rest == 0x400 && (!is_exact || (bits & 1) != 0)) ? 1 : 0;
    // The highest of the 53 bits is not stored: it adds one to the exponent.
    auto exponent = static_cast<std::uint64_t>(1023 - 2 + halved + divisor_up - up);
    return std::bit_cast<double>((exponent << 52) + bits);
}

// A double of up to double_digits_max digits before a '<'. Returns the place behind them, or null
// where there is anything else. Sixteen characters before `at` and 40 from there on must be there.
inline const char* read_short_double(const char* at, double& number)
{
    bool is_negative = *at == '-';
    at += is_negative ? 1 : 0;
    unsigned less = Block16::load(at).equal('<') | Block16::load(at + 16).equal('<') << 16;
    const char* end = at + std::countr_zero(less | 0x80000000U);
    auto size = static_cast<std::size_t>(end - at);
    unsigned point = Block16::load(at).equal('.');
    std::size_t whole =
        std::min(static_cast<std::size_t>(std::countr_zero(point | 0x10000U)), size);
    std::size_t places = whole == size ? 0 : size - whole - 1;
    if (whole - 1 > 14 || whole + places > double_digits_max || whole + 1 == size) return nullptr;
    std::uint64_t magnitude = 0;
    std::uint64_t low = 0;
    bool good = read_digits_before(at + whole, static_cast<unsigned>(whole), magnitude);
    std::size_t low_places = std::min<std::size_t>(places, 15);
    if (places > low_places) {
        std::size_t count = places - low_places;
        good &= read_digits_before(end - low_places, static_cast<unsigned>(count), low);
        magnitude = magnitude * powers_of_ten[count] + low;
    }
    good &= read_digits_before(end, static_cast<unsigned>(low_places), low);
    magnitude = magnitude * powers_of_ten[low_places] + low;
    if (!good) return nullptr;
    number = magnitude == 0 ? 0.0 : divide_by_power_of_ten(magnitude, places);
    if (is_negative) number = -number;
    return end;
}

} // namespace clixml::detail
