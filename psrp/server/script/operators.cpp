#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/operators.hpp>
#include <psrp/server/script/pattern.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace psrp::server {

namespace {

using clixml::Kind;

tl::unexpected<Failure> fail(std::string message, std::string id, ErrorCategory category)
{
    return tl::unexpected(runtime_failure(std::move(message), std::move(id), category));
}

tl::unexpected<Failure> too_large()
{
    return fail(
        "The result is larger than the embedded endpoint allows.",
        "psrp.ResultTooLarge",
        ErrorCategory::LimitsExceeded
    );
}

tl::unexpected<Failure> cannot_convert(Value value, std::string_view type)
{
    const std::string text = clixml::to_display_text(value);
    return fail(
        "Cannot convert value \"" + text + "\" to type \"" + std::string(type) +
            "\". Error: \"The input string '" + text + "' was not in a correct format.\"",
        "InvalidCastFromStringToInteger",
        ErrorCategory::InvalidArgument
    );
}

std::string_view operator_name(Operation operation)
{
    switch (operation) {
    case Operation::Add:
        return "op_Addition";
    case Operation::Subtract:
        return "op_Subtraction";
    case Operation::Multiply:
        return "op_Multiply";
    case Operation::Divide:
        return "op_Division";
    default:
        return "op_Modulus";
    }
}

OperatorResult<Value> whole_numbers(Operation operation, const Number& left, const Number& right)
{
    const bool wide = left.width == Number::Width::Int64 || right.width == Number::Width::Int64;
    const std::int64_t a = left.integer;
    const std::int64_t b = right.integer;
    std::int64_t result = 0;
    bool overflow = false;
    double real = 0;
    switch (operation) {
    case Operation::Add:
        overflow = __builtin_add_overflow(a, b, &result);
        real = left.real + right.real;
        break;
    case Operation::Subtract:
        overflow = __builtin_sub_overflow(a, b, &result);
        real = left.real - right.real;
        break;
    case Operation::Multiply:
        overflow = __builtin_mul_overflow(a, b, &result);
        real = left.real * right.real;
        break;
    default:
        if (b == 0) {
            Failure failure = runtime_failure(
                "Attempted to divide by zero.", "RuntimeException", ErrorCategory::NotSpecified
            );
            return tl::unexpected(std::move(failure));
        }
        if (b == -1) {
            overflow =
                operation == Operation::Divide && a == std::numeric_limits<std::int64_t>::min();
            result = operation == Operation::Divide && !overflow ? -a : 0;
            real = -left.real;
        } else if (operation == Operation::Divide) {
            if (a % b != 0) return Value::double_precision(left.real / right.real);
            result = a / b;
        } else {
            result = a % b;
        }
        break;
    }
    if (overflow) return Value::double_precision(real);
    if (wide) return Value::int64(result);
    // Int32 arithmetic that does not fit becomes Double, as in PowerShell.
    if (number_of(result).width != Number::Width::Int32)
        return Value::double_precision(static_cast<double>(result));
    return Value::int32(static_cast<std::int32_t>(result));
}

OperatorResult<Value> numbers(Operation operation, const Number& left, const Number& right)
{
    if (left.width != Number::Width::Double && right.width != Number::Width::Double) {
        return whole_numbers(operation, left, right);
    }
    switch (operation) {
    case Operation::Add:
        return Value::double_precision(left.real + right.real);
    case Operation::Subtract:
        return Value::double_precision(left.real - right.real);
    case Operation::Multiply:
        return Value::double_precision(left.real * right.real);
    case Operation::Divide:
        return Value::double_precision(left.real / right.real);
    default:
        return Value::double_precision(std::fmod(left.real, right.real));
    }
}

// Times: date - date, date +- span, span +- span. Nothing where the operands are no such.
std::optional<Value> times(Operation operation, Value left, Value right)
{
    left = left.unwrapped();
    right = right.unwrapped();
    const bool adds = operation == Operation::Add;
    if (!adds && operation != Operation::Subtract) return std::nullopt;
    const auto in_range = [](std::int64_t ticks) {
        return ticks >= 0 && ticks <= clixml::date_time_ticks_max;
    };
    std::int64_t ticks = 0;
    if (left.kind() == Kind::DateTime && right.kind() == Kind::DateTime && !adds) {
        return Value::time_span({left.date_time_value().ticks - right.date_time_value().ticks});
    }
    if (right.kind() != Kind::TimeSpan) return std::nullopt;
    const std::int64_t change = right.signed_bits();
    if (left.kind() == Kind::DateTime) {
        clixml::DateTime moment = left.date_time_value();
        const bool overflow = adds ? __builtin_add_overflow(moment.ticks, change, &ticks)
                                   : __builtin_sub_overflow(moment.ticks, change, &ticks);
        if (overflow || !in_range(ticks)) return std::nullopt;
        moment.ticks = ticks;
        return Value::date_time(moment);
    }
    if (left.kind() == Kind::TimeSpan) {
        const bool overflow = adds ? __builtin_add_overflow(left.signed_bits(), change, &ticks)
                                   : __builtin_sub_overflow(left.signed_bits(), change, &ticks);
        if (overflow) return std::nullopt;
        return Value::time_span({ticks});
    }
    return std::nullopt;
}

// text + x, list + x, dictionary + dictionary. Nothing where the left side is none of these.
OperatorResult<std::optional<Value>> joined(Value left, Value right, const OperatorContext& context)
{
    const Kind kind = left.unwrapped().kind();
    if (kind == Kind::String || kind == Kind::Char) {
        std::string text = clixml::to_display_text(left);
        text += clixml::to_display_text(right);
        if (text.size() > context.limits.text_bytes_max) return too_large();
        return std::optional(Value::string(context.arena, text));
    }
    if (is_enumerable(left)) {
        std::vector<Value> items = as_list(left, context.arena);
        if (right.is_nil()) {
            items.push_back(right);
        } else {
            const std::vector<Value> more = as_list(right, context.arena);
            items.insert(items.end(), more.begin(), more.end());
        }
        if (items.size() > context.limits.items_max) return too_large();
        return std::optional(make_list(context.arena, items));
    }
    const Object* first = left.object();
    const Object* second = right.object();
    if (first != nullptr && second != nullptr &&
        first->container() == clixml::ContainerKind::Dictionary &&
        second->container() == clixml::ContainerKind::Dictionary) {
        Object* both = clixml::make_hashtable(context.arena);
        for (const Object* part : {first, second}) {
            for (std::size_t i = 0; i + 1 < part->items().size(); i += 2) {
                both->add_entry(context.arena, part->items()[i], part->items()[i + 1]);
            }
        }
        return std::optional(Value::object(both));
    }
    if (left.is_nil()) return std::optional(right);
    return std::optional<Value>{};
}

OperatorResult<std::optional<Value>>
repeated(Value left, Value right, const OperatorContext& context)
{
    const bool is_text = left.unwrapped().kind() == Kind::String;
    if (!is_text && !is_enumerable(left)) return std::optional<Value>{};
    const auto count = to_integer(right);
    if (!count) return cannot_convert(right, "System.Int32");
    if (*count < 0) {
        return fail(
            "Specified argument was out of the range of valid values.",
            "RuntimeException",
            ErrorCategory::NotSpecified
        );
    }
    const auto times_count = static_cast<std::size_t>(*count);
    if (is_text) {
        const std::string text = clixml::to_display_text(left);
        if (!text.empty() && times_count > context.limits.text_bytes_max / text.size())
            return too_large();
        const std::size_t size = text.size() * times_count;
        if (size == 0) return std::optional(Value::string(""));
        char* const result = static_cast<char*>(context.arena.allocate(size, 1));
        std::memcpy(result, text.data(), text.size());
        // What is there already is copied again, twice as much each time.
        for (std::size_t done = text.size(); done < size;) {
            const std::size_t more = std::min(done, size - done);
            std::memcpy(result + done, result, more);
            done += more;
        }
        return std::optional(Value::string(std::string_view(result, size)));
    }
    const std::vector<Value> items = as_list(left, context.arena);
    if (!items.empty() && times_count > context.limits.items_max / items.size()) return too_large();
    std::vector<Value> result;
    for (std::size_t i = 0; i < times_count && !items.empty(); ++i)
        result.insert(result.end(), items.begin(), items.end());
    return std::optional(make_list(context.arena, result));
}

OperatorResult<Value>
arithmetic(Operation operation, Value left, Value right, const OperatorContext& context)
{
    if (const auto moment = times(operation, left, right)) return *moment;
    if (operation == Operation::Add) {
        auto value = joined(left, right, context);
        if (!value) return tl::unexpected(value.error());
        if (*value) return **value;
    }
    if (operation == Operation::Multiply) {
        auto value = repeated(left, right, context);
        if (!value) return tl::unexpected(value.error());
        if (*value) return **value;
    }
    const auto a = to_number(left);
    if (!a && left.unwrapped().kind() == Kind::String) return cannot_convert(left, "System.Int32");
    if (!a) {
        return fail(
            "Method invocation failed because [" + short_type_name(left) +
                "] does not contain a method named '" + std::string(operator_name(operation)) +
                "'.",
            "MethodNotFound",
            ErrorCategory::InvalidOperation
        );
    }
    const auto b = to_number(right);
    if (!b) return cannot_convert(right, "System.Int32");
    return numbers(operation, *a, *b);
}

OperatorResult<Value> bits(Operation operation, Value left, Value right)
{
    const auto a = to_integer(left);
    const auto b = to_integer(right);
    if (!a) return cannot_convert(left, "System.Int32");
    if (!b) return cannot_convert(right, "System.Int32");
    const std::int64_t result = operation == Operation::BitAnd  ? (*a & *b)
                                : operation == Operation::BitOr ? (*a | *b)
                                                                : (*a ^ *b);
    return value_of(number_of(result));
}

OperatorResult<Value> range(Value left, Value right, const OperatorContext& context)
{
    const auto from = to_integer(left);
    const auto to = to_integer(right);
    if (!from) return cannot_convert(left, "System.Int32");
    if (!to) return cannot_convert(right, "System.Int32");
    if (number_of(*from).width != Number::Width::Int32 ||
        number_of(*to).width != Number::Width::Int32) {
        return cannot_convert(
            number_of(*from).width == Number::Width::Int32 ? right : left, "System.Int32"
        );
    }
    const auto count = static_cast<std::size_t>(*from <= *to ? *to - *from : *from - *to) + 1;
    if (count > context.limits.items_max) return too_large();
    // Room for all at once: a list that grows leaves its smaller copies behind in the arena.
    auto* items = context.arena.allocate_array<Value>(count);
    const std::int64_t step = *from <= *to ? 1 : -1;
    for (std::size_t i = 0; i < count; ++i) {
        const auto number = static_cast<std::int32_t>(*from + step * static_cast<std::int64_t>(i));
        new (items + i) Value(Value::int32(number));
    }
    Object* list = clixml::make_array(context.arena);
    list->set_items(clixml::ArenaVector<Value>(items, count));
    return Value::object(list);
}

// One left side of a comparison.
OperatorResult<bool> compare_one(
    Operation operation,
    bool case_sensitive,
    Value left,
    Value right,
    const Regex* regex,
    const OperatorContext& context
)
{
    switch (operation) {
    case Operation::Equal:
        return values_equal(left, right, case_sensitive);
    case Operation::NotEqual:
        return !values_equal(left, right, case_sensitive);
    case Operation::Like:
    case Operation::NotLike:
        return matches_wildcard(
                   clixml::to_display_text(right), clixml::to_display_text(left), case_sensitive
               ) == (operation == Operation::Like);
    case Operation::Match:
    case Operation::NotMatch: {
        const std::string text = clixml::to_display_text(left);
        const auto match = regex->find(text, 0, context.stop);
        if (match && context.groups != nullptr) {
            context.groups->clear();
            for (std::size_t i = 0; i < match->group_count; ++i) {
                context.groups->emplace_back(match->group(text, i).value_or(""));
            }
        }
        return match.has_value() == (operation == Operation::Match);
    }
    default:
        break;
    }
    const auto order = compare_values(left, right, case_sensitive);
    if (!order) {
        return fail(
            "Could not compare \"" + clixml::to_display_text(left) + "\" to \"" +
                clixml::to_display_text(right) + "\". Error: \"Cannot convert value \"" +
                clixml::to_display_text(right) + "\" to the type of the left side.\"",
            "ComparisonFailure",
            ErrorCategory::InvalidOperation
        );
    }
    switch (operation) {
    case Operation::Greater:
        return *order > 0;
    case Operation::GreaterOrEqual:
        return *order >= 0;
    case Operation::Less:
        return *order < 0;
    default:
        return *order <= 0;
    }
}

// A list on the left is filtered.
OperatorResult<Value> comparison(
    Operation operation,
    bool case_sensitive,
    Value left,
    Value right,
    const OperatorContext& context
)
{
    std::optional<Regex> regex;
    if (operation == Operation::Match || operation == Operation::NotMatch) {
        regex = Regex::compile(clixml::to_display_text(right), case_sensitive);
        if (!regex) {
            return fail(
                "The regular expression pattern " + clixml::to_display_text(right) +
                    " is not valid or uses what the embedded endpoint does not implement.",
                "InvalidRegularExpression",
                ErrorCategory::InvalidArgument
            );
        }
    }
    const Regex* compiled = regex ? &*regex : nullptr;
    if (!is_enumerable(left)) {
        auto result = compare_one(operation, case_sensitive, left, right, compiled, context);
        if (!result) return tl::unexpected(result.error());
        return Value::boolean(*result);
    }
    OperatorContext inner = context;
    inner.groups = nullptr;
    std::vector<Value> kept;
    for (const Value item : items_of(left, context.arena)) {
        auto result = compare_one(operation, case_sensitive, item, right, compiled, inner);
        if (!result) return tl::unexpected(result.error());
        if (*result) kept.push_back(item);
    }
    return make_list(context.arena, kept);
}

bool contains(Value list, Value item, bool case_sensitive, Arena& arena)
{
    if (list.is_nil()) return item.is_nil();
    const std::vector<Value> items = as_list(list, arena);
    return std::any_of(items.begin(), items.end(), [&](Value one) {
        return values_equal(one, item, case_sensitive);
    });
}

// What $1, ${1} and $$ stand for in the right side of -replace.
void append_replacement(
    std::string_view with, std::string_view text, const Regex::Match& match, std::string& out
)
{
    for (std::size_t i = 0; i < with.size(); ++i) {
        if (with[i] != '$' || i + 1 == with.size()) {
            out += with[i];
            continue;
        }
        const bool braces = with[i + 1] == '{';
        const std::size_t digit = i + (braces ? 2 : 1);
        const bool is_group = digit < with.size() && with[digit] >= '0' && with[digit] <= '9' &&
                              (!braces || (digit + 1 < with.size() && with[digit + 1] == '}'));
        if (is_group && static_cast<std::size_t>(with[digit] - '0') < match.group_count) {
            out += match.group(text, static_cast<std::size_t>(with[digit] - '0')).value_or("");
            i = digit + (braces ? 1 : 0);
        } else if (with[i + 1] == '$') {
            out += '$';
            ++i;
        } else if (with[i + 1] == '&') {
            out += match.group(text, 0).value_or("");
            ++i;
        } else {
            out += '$';
        }
    }
}

OperatorResult<Value> replace_or_split(
    Operation operation,
    bool case_sensitive,
    Value left,
    Value right,
    const OperatorContext& context
)
{
    const std::vector<Value> arguments = as_list(right, context.arena);
    const std::string pattern = arguments.empty() ? "" : clixml::to_display_text(arguments[0]);
    const std::string with = arguments.size() > 1 ? clixml::to_display_text(arguments[1]) : "";
    const auto regex = Regex::compile(pattern, case_sensitive);
    if (!regex) {
        return fail(
            "The regular expression pattern " + pattern +
                " is not valid or uses what the embedded endpoint does not implement.",
            "InvalidRegularExpression",
            ErrorCategory::InvalidArgument
        );
    }
    std::vector<Value> results;
    std::vector<Value> subjects = as_list(left, context.arena);
    if (subjects.empty()) subjects.push_back(left);
    for (const Value subject : subjects) {
        const std::string text = clixml::to_display_text(subject);
        std::string made;
        std::size_t behind = 0;
        for (std::size_t from = 0; from <= text.size();) {
            const auto match = regex->find(text, from, context.stop);
            if (!match) break;
            made += text.substr(behind, match->at[0] - behind);
            if (operation == Operation::Split) {
                results.push_back(Value::string(context.arena, made));
                made.clear();
            } else {
                append_replacement(with, text, *match, made);
            }
            if (made.size() > context.limits.text_bytes_max) return too_large();
            behind = match->at[1];
            from = match->at[1] > match->at[0] ? match->at[1] : match->at[1] + 1;
            while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U)
                ++from;
        }
        made += text.substr(behind);
        results.push_back(Value::string(context.arena, made));
    }
    if (results.size() == 1 && operation == Operation::Replace && !is_enumerable(left))
        return results.front();
    return make_list(context.arena, results);
}

OperatorResult<Value>
join_texts(Value left, std::string_view separator, const OperatorContext& context)
{
    std::string result;
    bool first = true;
    for (const Value item : as_list(left, context.arena)) {
        if (!first) result += separator;
        first = false;
        result += clixml::to_display_text(item);
        if (result.size() > context.limits.text_bytes_max) return too_large();
    }
    return Value::string(context.arena, result);
}

} // namespace

bool values_equal(Value left, Value right, bool case_sensitive)
{
    left = left.unwrapped();
    right = right.unwrapped();
    if (left.is_nil() || right.is_nil()) return left.is_nil() && right.is_nil();
    if (left.kind() == Kind::Boolean) return (left.unsigned_bits() != 0) == is_true(right);
    if (const auto a = as_number(left)) {
        const auto b = to_number(right);
        if (!b || (right.kind() == Kind::String && right.text().empty())) return false;
        if (a->width != Number::Width::Double && b->width != Number::Width::Double)
            return a->integer == b->integer;
        return a->real == b->real;
    }
    if (left.kind() == Kind::DateTime && right.kind() == Kind::DateTime) {
        return left.date_time_value().ticks == right.date_time_value().ticks;
    }
    if (left.is_object() || right.is_object()) {
        if (left.is_object() && right.is_object()) return left.object() == right.object();
    }
    const std::string a = clixml::to_display_text(left);
    const std::string b = clixml::to_display_text(right);
    return case_sensitive ? a == b : clixml::equal_ignoring_case(a, b);
}

std::optional<int> compare_values(Value left, Value right, bool case_sensitive)
{
    left = left.unwrapped();
    right = right.unwrapped();
    const auto sign = [](auto a, auto b) { return a < b ? -1 : (a > b ? 1 : 0); };
    if (left.is_nil() || right.is_nil()) return sign(left.is_nil() ? 0 : 1, right.is_nil() ? 0 : 1);
    if (left.kind() == Kind::DateTime && right.kind() == Kind::DateTime) {
        return sign(left.date_time_value().ticks, right.date_time_value().ticks);
    }
    if (left.kind() == Kind::TimeSpan && right.kind() == Kind::TimeSpan)
        return sign(left.signed_bits(), right.signed_bits());
    if (left.kind() == Kind::Version && right.kind() == Kind::Version) {
        return sign(left.version_value(), right.version_value());
    }
    if (as_number(left) || left.kind() == Kind::Boolean) {
        const auto a = to_number(left);
        const auto b = to_number(right);
        if (!b) return std::nullopt;
        if (a->width != Number::Width::Double && b->width != Number::Width::Double)
            return sign(a->integer, b->integer);
        return sign(a->real, b->real);
    }
    std::string a = clixml::to_display_text(left);
    std::string b = clixml::to_display_text(right);
    if (!case_sensitive) {
        a = clixml::fold_case(a);
        b = clixml::fold_case(b);
    }
    return sign(a.compare(b), 0);
}

OperatorResult<Value> apply_binary(
    Operation operation,
    bool case_sensitive,
    Value left,
    Value right,
    const OperatorContext& context
)
{
    switch (operation) {
    case Operation::Add:
    case Operation::Subtract:
    case Operation::Multiply:
    case Operation::Divide:
    case Operation::Remainder:
        return arithmetic(operation, left, right, context);
    case Operation::Equal:
    case Operation::NotEqual:
    case Operation::Greater:
    case Operation::GreaterOrEqual:
    case Operation::Less:
    case Operation::LessOrEqual:
    case Operation::Like:
    case Operation::NotLike:
    case Operation::Match:
    case Operation::NotMatch:
        return comparison(operation, case_sensitive, left, right, context);
    case Operation::Contains:
    case Operation::NotContains:
        return Value::boolean(
            contains(left, right, case_sensitive, context.arena) ==
            (operation == Operation::Contains)
        );
    case Operation::In:
    case Operation::NotIn:
        return Value::boolean(
            contains(right, left, case_sensitive, context.arena) == (operation == Operation::In)
        );
    case Operation::Replace:
    case Operation::Split:
        return replace_or_split(operation, case_sensitive, left, right, context);
    case Operation::Join:
        return join_texts(left, clixml::to_display_text(right), context);
    case Operation::Xor:
        return Value::boolean(is_true(left) != is_true(right));
    case Operation::And:
        return Value::boolean(is_true(left) && is_true(right));
    case Operation::Or:
        return Value::boolean(is_true(left) || is_true(right));
    case Operation::BitAnd:
    case Operation::BitOr:
    case Operation::BitXor:
        return bits(operation, left, right);
    case Operation::Range:
        return range(left, right, context);
    case Operation::Format: {
        std::vector<Value> arguments = as_list(right, context.arena);
        if (right.is_nil()) arguments.push_back(right);
        auto text = format_text(clixml::to_display_text(left), arguments);
        if (!text) return tl::unexpected(text.error());
        return Value::string(context.arena, *text);
    }
    case Operation::None:
    case Operation::Negate:
    case Operation::Plus:
    case Operation::Not:
    case Operation::BitNot:
    case Operation::MakeList:
        break;
    }
    return Value{};
}

OperatorResult<Value>
apply_unary(Operation operation, Value operand, const OperatorContext& context)
{
    switch (operation) {
    case Operation::Not:
        return Value::boolean(!is_true(operand));
    case Operation::MakeList:
        return make_list(context.arena, std::span<const Value>(&operand, 1));
    case Operation::Join:
        return join_texts(operand, "", context);
    case Operation::Split: {
        const std::string text = clixml::to_display_text(operand);
        std::vector<Value> words;
        for (std::size_t at = text.find_first_not_of(" \t\r\n"); at != std::string::npos;) {
            const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
            words.push_back(Value::string(context.arena, text.substr(at, end - at)));
            at = text.find_first_not_of(" \t\r\n", end);
        }
        return make_list(context.arena, words);
    }
    case Operation::BitNot: {
        const auto integer = to_integer(operand);
        if (!integer) return cannot_convert(operand, "System.Int32");
        return value_of(number_of(~*integer));
    }
    default:
        break;
    }
    const auto number = to_number(operand);
    if (!number) return cannot_convert(operand, "System.Int32");
    if (operation == Operation::Plus) return value_of(*number);
    return numbers(Operation::Subtract, number_of(std::int64_t{0}), *number);
}

} // namespace psrp::server
