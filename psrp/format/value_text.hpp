// How PowerShell prints one value: in a table's cell or a list's line, and as a line of its own.
// Invariant culture.
#pragma once

#include <clixml/object.hpp>
#include <clixml/value.hpp>

#include <cstddef>
#include <string>

namespace psrp {

// The class of .NET that holds what was a collection once it has been deserialized.
std::string_view container_class(clixml::ContainerKind kind);

// Elements of a collection that a cell shows: PowerShell's $FormatEnumerationLimit.
inline constexpr std::size_t enumeration_limit = 4;

// U+2026, what PowerShell puts where text or elements were cut off.
inline constexpr const char* ellipsis = "\xE2\x80\xA6";

// Text of a property's value: a scalar as PowerShell says it, `{1, 2, 3, 4...}` for a collection,
// `@{a=1}` for a bag, the stored text of any other object, "" for null.
std::string cell_text(clixml::Value value);

// What "$value" gives for anything that is no collection: also the line printed for a scalar.
std::string value_text(clixml::Value value);

// A number with at most `digits` significant digits as .NET's "G" format writes it: 1E-07, 0.5.
std::string general_text(double value, int digits);

// The shortest text that reads as the same number, .NET's ToString() without a format: 1E+15, 0.1.
std::string round_trip_text(double value);
std::string round_trip_text(float value);

// A number as JSON, .NET's "R" with a decimal place: 1.0, 1E+20; quoted where it is not finite.
std::string json_number_text(double value);
std::string json_number_text(float value);

// A number with two decimals and thousands separated by commas, .NET's "N2".
std::string grouped_text(double value);

// A number with two decimals.
std::string fixed_text(double value);

// .NET's "G" (01/02/2024 03:04:05) and long form (Tuesday, 02 January 2024 03:04:05) of a time.
std::string short_date_text(const clixml::DateTime& value);
std::string long_date_text(const clixml::DateTime& value);

} // namespace psrp
