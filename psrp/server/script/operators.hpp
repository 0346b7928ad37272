// The operators of the script language on values.
#pragma once

#include <clixml/date_time.hpp>
#include <psrp/server/error_records.hpp>
#include <psrp/server/limits.hpp>
#include <psrp/server/script/syntax.hpp>
#include <psrp/server/streams.hpp>

#include <tl/expected.hpp>

#include <string>

namespace psrp::server {

template <typename T>
using OperatorResult = tl::expected<T, Failure>;

// What operators need besides their operands.
struct OperatorContext {
    Arena& arena; // where results live
    const ScriptLimits& limits;
    const StopSignal* stop = nullptr;           // ends long searches
    std::vector<std::string>* groups = nullptr; // set by a -match that succeeds on a single text
};

// Any operator with two sides except -and and -or, which do not look at their right side always.
OperatorResult<Value> apply_binary(
    Operation operation,
    bool case_sensitive,
    Value left,
    Value right,
    const OperatorContext& context
);
OperatorResult<Value>
apply_unary(Operation operation, Value operand, const OperatorContext& context);

// left -eq right for single values.
bool values_equal(Value left, Value right, bool case_sensitive);
// Less than 0, 0 or more than 0; nothing where the right side cannot be compared with the left one.
// Null is least.
std::optional<int> compare_values(Value left, Value right, bool case_sensitive);

// '{0:N2}' -f $x. Failure: FormatError.
OperatorResult<std::string> format_text(std::string_view format, std::span<const Value> arguments);
// A .NET format string for dates in the invariant culture: standard letters (d D t T f F g G m o r
// s u y) and custom patterns. Unknown standard letters fail.
OperatorResult<std::string> format_date(const clixml::DateTime& value, std::string_view format);

} // namespace psrp::server
