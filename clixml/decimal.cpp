#include <clixml/decimal.hpp>
#include <clixml/decimal_integer.hpp>
#include <clixml/detail/primitive_text.hpp>

#include <algorithm>
#include <cmath>

namespace clixml {
namespace {

const DecimalInteger& coefficient_max()
{
    static const DecimalInteger max = (DecimalInteger(1) << 96) - 1;
    return max;
}

bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

} // namespace

DecimalInteger coefficient_of(const Decimal& value)
{
    return (DecimalInteger(value.high) << 64) | (DecimalInteger(value.middle) << 32) |
           DecimalInteger(value.low);
}

std::optional<Decimal>
decimal_from(const DecimalInteger& coefficient, unsigned scale, bool negative)
{
    if (coefficient > coefficient_max() || scale > 28) return std::nullopt;
    Decimal out;
    out.low = static_cast<std::uint32_t>(coefficient & 0xFFFFFFFFU);
    out.middle = static_cast<std::uint32_t>((coefficient >> 32) & 0xFFFFFFFFU);
    out.high = static_cast<std::uint32_t>(coefficient >> 64);
    out.scale = static_cast<std::uint8_t>(scale);
    out.negative = negative;
    return out;
}

Decimal Decimal::from_integer(std::int64_t value)
{
    std::uint64_t magnitude =
        value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    return *decimal_from(DecimalInteger(magnitude), 0, value < 0);
}

Decimal Decimal::from_unsigned(std::uint64_t value)
{
    return *decimal_from(DecimalInteger(value), 0, false);
}

std::string Decimal::text() const
{
    char text[detail::primitive_room];
    return {text, detail::put_decimal(*this, text)};
}

std::optional<Decimal> Decimal::read(std::string_view text)
{
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    bool negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);

    DecimalInteger coefficient = 0;
    unsigned scale = 0;
    bool any_digit = false;
    bool point = false;
    // First digit that no longer fits, and whether anything but zeros follows it.
    int dropped = -1;
    bool dropped_more = false;
    for (char c : text) {
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') return std::nullopt;
        any_digit = true;
        int digit = c - '0';
        if (dropped >= 0) {
            dropped_more = dropped_more || digit != 0;
            if (!point) return std::nullopt;
            continue;
        }
        DecimalInteger next = coefficient * 10 + digit;
        if (next > coefficient_max() || (point && scale == 28)) {
            if (!point) return std::nullopt;
            dropped = digit;
            continue;
        }
        coefficient = next;
        if (point) ++scale;
    }
    if (!any_digit) return std::nullopt;
    bool round_up = dropped > 5 || (dropped == 5 && (dropped_more || (coefficient & 1) != 0));
    if (round_up) {
        coefficient += 1;
        if (coefficient > coefficient_max()) {
            if (scale == 0) return std::nullopt;
            coefficient = (coefficient + 5) / 10;
            --scale;
        }
    }
    return decimal_from(coefficient, scale, negative);
}

double Decimal::to_double() const
{
    double magnitude = static_cast<double>(coefficient_of(*this)) / std::pow(10.0, scale);
    return negative ? -magnitude : magnitude;
}

} // namespace clixml
