// The integer behind a System.Decimal as a Boost.Multiprecision number, for arithmetic. Kept apart
// from decimal.hpp because it takes long to compile.
#pragma once

#include <clixml/decimal.hpp>

#include <boost/multiprecision/cpp_int.hpp>

#include <optional>

namespace clixml {

using DecimalInteger = boost::multiprecision::uint128_t;

// The 96 bits of `value` without sign and scale.
DecimalInteger coefficient_of(const Decimal& value);
// Nothing where the coefficient needs more than 96 bits or the scale is over 28.
std::optional<Decimal>
decimal_from(const DecimalInteger& coefficient, unsigned scale, bool negative);

} // namespace clixml
