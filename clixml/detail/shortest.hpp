// Shortest decimal digits of binary floating-point numbers, by Raffaello Giulietti's Schubfach
// ("The Schubfach way to render doubles", 2020).
#pragma once

#include <cstdint>

namespace clixml::detail {

// digits * 10^exponent. Zeros may stand at the end of `digits`.
struct ShortestDecimal {
    std::uint64_t digits = 0;
    int exponent = 0;
};

// The decimal with the fewest digits that reads back as `value`, of those the one nearest to it.
// `value` must be finite and above zero.
ShortestDecimal shortest_decimal(double value);

} // namespace clixml::detail
