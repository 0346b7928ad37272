// Conversions between values as PowerShell's language makes them.
#pragma once

#include <psrp/server/streams.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

// Whether a condition holds for it.
bool is_true(Value value);

// A number as operators see it.
struct Number {
    enum class Width : std::uint8_t { Int32, Int64, Double };
    Width width = Width::Int32;
    std::int64_t integer = 0;
    double real = 0; // also set for integers
};
Number number_of(std::int64_t value);
Number number_of(double value);
// The number that a number, boolean, character or text of a number is; null is 0. Nothing for all
// else.
std::optional<Number> to_number(Value value);
// Only where the value is a number already.
std::optional<Number> as_number(Value value);
Value value_of(const Number& number);
// The integer that it rounds to (half to even), if 64 bits hold it.
std::optional<std::int64_t> to_integer(Value value);

// Whether a pipeline passes the items of it one by one: lists and their like, no dictionaries, no
// text.
bool is_enumerable(Value value);
// The items of an enumerable; those of byte arrays are made in `arena`.
std::span<const Value> items_of(Value value, Arena& arena);
// A value as a list: its items, nothing for null, else itself.
std::vector<Value> as_list(Value value, Arena& arena);
// System.Object[] of these.
Value make_list(Arena& arena, std::span<const Value> items);

// The value as the type named (`int`, `string`, `datetime`, ...), or nothing where the type is not
// known or the value has no such form; `known` says which.
std::optional<Value> cast_to(std::string_view type, Value value, Arena& arena, bool& known);
// "System.Int32" of `int`; empty where the type is not known.
std::string_view full_type_name(std::string_view type);

// The name without namespace of a value's type: "String", "Int32", "Object[]".
std::string short_type_name(Value value);

} // namespace psrp::server
