// System.Decimal: a 96-bit integer, a sign and a power of ten from 0 to 28.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml {

// A decimal number: (negative ? -1 : 1) * coefficient / 10^scale. The scale is part of the value's
// text: 1.10 is not written as 1.1.
struct Decimal {
    std::uint32_t low = 0;
    std::uint32_t middle = 0;
    std::uint32_t high = 0;
    std::uint8_t scale = 0; // 0..28
    bool negative = false;

    static Decimal from_unsigned(std::uint64_t value);
    static Decimal from_integer(std::int64_t value);

    // Invariant text, never with an exponent; a negative zero is written without its sign.
    [[nodiscard]] std::string text() const;
    // Sign, digits, point, blanks around; too many fraction digits are rounded (half to even) to
    // what fits; nothing where the text is malformed or too big (fact sheet clixml 2.1).
    static std::optional<Decimal> read(std::string_view text);

    [[nodiscard]] double to_double() const;
    friend bool operator==(const Decimal&, const Decimal&) = default;
};

} // namespace clixml
