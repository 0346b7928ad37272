#include <clixml/base64.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/interpreter.hpp>

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

namespace psrp::server {

namespace {

using clixml::equal_ignoring_case;

bool has_other_than_ascii(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

// Whether two names are the same, whatever their case. Every use of a variable asks this.
bool is_word(std::string_view name, std::string_view word)
{
    if (has_other_than_ascii(name) || has_other_than_ascii(word))
        return equal_ignoring_case(name, word);
    if (name.size() != word.size()) return false;
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (lower(name[i]) != lower(word[i])) return false;
    }
    return true;
}

// Whether a literal has had the key already.
bool has_key(const Object& table, std::string_view key)
{
    const auto items = table.items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        const Value own = items[i].unwrapped();
        if (own.kind() == clixml::Kind::String && is_word(own.text(), key)) return true;
    }
    return false;
}

std::optional<Value> time_member(const clixml::DateTime& value, std::string_view name, Arena& arena)
{
    const clixml::DateTimeParts parts = clixml::parts_of(value);
    static constexpr std::string_view days[] = {
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    if (equal_ignoring_case(name, "Year")) return Value::int32(parts.year);
    if (equal_ignoring_case(name, "Month")) return Value::int32(parts.month);
    if (equal_ignoring_case(name, "Day")) return Value::int32(parts.day);
    if (equal_ignoring_case(name, "Hour")) return Value::int32(parts.hour);
    if (equal_ignoring_case(name, "Minute")) return Value::int32(parts.minute);
    if (equal_ignoring_case(name, "Second")) return Value::int32(parts.second);
    if (equal_ignoring_case(name, "Millisecond")) return Value::int32(parts.fraction / 10'000);
    if (equal_ignoring_case(name, "Ticks")) return Value::int64(value.ticks);
    if (equal_ignoring_case(name, "DayOfWeek")) {
        const auto day = static_cast<std::size_t>(parts.day_of_week);
        return Value::object(
            clixml::make_enum(arena, "System.DayOfWeek", days[day], parts.day_of_week)
        );
    }
    if (equal_ignoring_case(name, "Date")) {
        clixml::DateTime date = value;
        date.ticks -= date.ticks % clixml::ticks_per_day;
        return Value::date_time(date);
    }
    return std::nullopt;
}

std::optional<Value> span_member(std::int64_t ticks, std::string_view name)
{
    constexpr std::int64_t second = clixml::ticks_per_second;
    struct Row {
        std::string_view part;
        std::string_view total;
        std::int64_t unit;
        std::int64_t modulus;
    };
    static constexpr Row rows[] = {
        {"Days", "TotalDays", 86'400 * second, INT64_MAX},
        {"Hours", "TotalHours", 3600 * second, 24},
        {"Minutes", "TotalMinutes", 60 * second, 60},
        {"Seconds", "TotalSeconds", second, 60},
        {"Milliseconds", "TotalMilliseconds", second / 1000, 1000},
    };
    if (equal_ignoring_case(name, "Ticks")) return Value::int64(ticks);
    for (const Row& row : rows) {
        if (equal_ignoring_case(name, row.part))
            return Value::int32(static_cast<std::int32_t>(ticks / row.unit % row.modulus));
        if (equal_ignoring_case(name, row.total)) {
            return Value::double_precision(
                static_cast<double>(ticks) / static_cast<double>(row.unit)
            );
        }
    }
    return std::nullopt;
}

std::optional<Value> version_member(const clixml::Version& value, std::string_view name)
{
    if (equal_ignoring_case(name, "Major")) return Value::int32(value.major);
    if (equal_ignoring_case(name, "Minor")) return Value::int32(value.minor);
    if (equal_ignoring_case(name, "Build")) return Value::int32(value.build);
    if (equal_ignoring_case(name, "Revision")) return Value::int32(value.revision);
    return std::nullopt;
}

std::optional<Value> dictionary_member(const Object& object, std::string_view name, Arena& arena)
{
    if (const auto entry = object.entry(name)) return entry;
    const bool keys = equal_ignoring_case(name, "Keys");
    if (keys || equal_ignoring_case(name, "Values")) {
        std::vector<Value> parts;
        for (std::size_t i = keys ? 0 : 1; i < object.items().size(); i += 2)
            parts.push_back(object.items()[i]);
        return make_list(arena, parts);
    }
    if (equal_ignoring_case(name, "Count"))
        return Value::int32(static_cast<std::int32_t>(object.entry_count()));
    return std::nullopt;
}

std::string lower_ascii(std::string_view text)
{
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

} // namespace

std::optional<Value> member_of(Value value, std::string_view name, Arena& arena)
{
    const bool is_count = equal_ignoring_case(name, "Count");
    const bool is_length = equal_ignoring_case(name, "Length");
    if (const Object* object = value.object()) {
        if (const clixml::Property* property = object->find(name)) return property->value;
        if (object->container() == clixml::ContainerKind::Dictionary)
            return dictionary_member(*object, name, arena);
    }
    if (is_enumerable(value)) {
        const auto items = items_of(value, arena);
        if (is_count || is_length) return Value::int32(static_cast<std::int32_t>(items.size()));
        // The member of each item, where it has one.
        std::vector<Value> found;
        for (const Value item : items) {
            if (is_enumerable(item)) continue;
            if (const auto one = member_of(item, name, arena)) found.push_back(*one);
        }
        if (found.empty()) return std::nullopt;
        return found.size() == 1 ? found.front() : make_list(arena, found);
    }
    const Value plain = value.unwrapped();
    switch (plain.kind()) {
    case clixml::Kind::String:
        if (is_length)
            return Value::int32(static_cast<std::int32_t>(clixml::utf16_length(plain.text())));
        break;
    case clixml::Kind::DateTime:
        if (auto part = time_member(plain.date_time_value(), name, arena)) return part;
        break;
    case clixml::Kind::TimeSpan:
        if (auto part = span_member(plain.signed_bits(), name)) return part;
        break;
    case clixml::Kind::Version:
        if (auto part = version_member(plain.version_value(), name)) return part;
        break;
    default:
        break;
    }
    if (value.is_object() && equal_ignoring_case(name, "value__") && as_number(value))
        return value.unwrapped();
    if (is_count || is_length) return Value::int32(value.is_nil() ? 0 : 1);
    return std::nullopt;
}

// Keeps copies of what a pipeline writes.
class Execution::Collector final : public ValueSink {
public:
    Collector(Execution& execution, Arena& memory) : execution_(execution), memory_(memory) {}

    Result<void> take(Value value) override
    {
        PSRP_TRY(const Value kept, execution_.checked_clone(memory_, value));
        items_.push_back(kept);
        if (items_.size() <= execution_.limits_.items_max) return {};
        return execution_.fail_at(
            runtime_failure(
                "The result has more items than the embedded endpoint allows.",
                "psrp.ResultTooLarge",
                ErrorCategory::LimitsExceeded
            ),
            {}
        );
    }

    // Nothing, the one object, or a list of them.
    std::optional<Value> value()
    {
        if (items_.empty()) return std::nullopt;
        return items_.size() == 1 ? items_.front() : make_list(memory_, items_);
    }
    [[nodiscard]] const std::vector<Value>& items() const { return items_; }

private:
    Execution& execution_;
    Arena& memory_;
    std::vector<Value> items_;
};

Result<Value> Execution::evaluate(const Expression& expression)
{
    switch (expression.kind) {
    case ExpressionKind::Number:
        return expression.number;
    case ExpressionKind::Text:
        return Value::string(expression.text);
    case ExpressionKind::ExpandableText:
        return evaluate_text(expression);
    case ExpressionKind::Variable:
        return evaluate_variable(expression);
    case ExpressionKind::Environment: {
        const char* text = std::getenv(expression.text.c_str());
        return text == nullptr ? Value{} : Value::string(arena(), text);
    }
    case ExpressionKind::Using:
        return evaluate_using(expression);
    case ExpressionKind::List:
        return evaluate_list(expression);
    case ExpressionKind::ArrayBlock:
        return evaluate_array_block(expression);
    case ExpressionKind::Subexpression:
    case ExpressionKind::Parenthesis: {
        PSRP_TRY(const auto value, evaluate_block(expression));
        return value.value_or(Value{});
    }
    case ExpressionKind::Hashtable:
        return evaluate_hashtable(expression);
    case ExpressionKind::ScriptBlock:
        blocks_[expression.text.data()] = {expression.text.size(), expression.block};
        return Value::script_block(expression.text);
    case ExpressionKind::Unary:
        return evaluate_unary(expression);
    case ExpressionKind::Binary:
        return evaluate_binary(expression);
    case ExpressionKind::Member:
        return evaluate_member(expression);
    case ExpressionKind::Index:
        return evaluate_index(expression);
    case ExpressionKind::HostCall:
        return evaluate_host_call(expression);
    case ExpressionKind::MethodCall:
        return evaluate_method_call(expression);
    case ExpressionKind::NewCredential:
        return evaluate_new_credential(expression);
    case ExpressionKind::Cast:
        return evaluate_cast(expression);
    }
    return Value{};
}

Result<Value> Execution::evaluate_pipeline(const PipelineSyntax& pipeline)
{
    // A lone expression is its value; a list of one stays a list.
    if (pipeline.commands.empty()) {
        if (!pipeline.source) return Value{};
        return evaluate(*pipeline.source);
    }
    Collector collector(*this, arena());
    {
        const Scratch scratch(*this);
        PSRP_CHECK(run_pipeline(pipeline, collector));
    }
    return collector.value().value_or(Value{});
}

Result<std::optional<Value>> Execution::evaluate_block(const Expression& expression)
{
    const Block& block = *expression.block;
    const bool is_single = block.statements.size() == 1;
    if (is_single && block.statements.front().kind == StatementKind::Pipeline &&
        block.statements.front().pipeline.commands.empty() &&
        block.statements.front().pipeline.source &&
        expression.kind == ExpressionKind::Parenthesis) {
        const Expression& inner = *block.statements.front().pipeline.source;
        if (inner.kind == ExpressionKind::Parenthesis ||
            inner.kind == ExpressionKind::Subexpression) {
            return evaluate_block(inner);
        }
        PSRP_TRY(const Value value, evaluate(inner));
        return std::optional(value);
    }
    if (is_single && block.statements.front().kind == StatementKind::Assignment &&
        expression.kind == ExpressionKind::Parenthesis) {
        // ($x = 5) is also the value.
        PSRP_CHECK(run_assignment(block.statements.front()));
        Expression variable;
        variable.kind = ExpressionKind::Variable;
        variable.text = block.statements.front().variable;
        PSRP_TRY(const Value value, evaluate(variable));
        return std::optional(value);
    }
    Collector collector(*this, arena());
    const OnFailure on_failure =
        expression.kind == ExpressionKind::Parenthesis ? OnFailure::PassOn : OnFailure::Report;
    PSRP_CHECK(run_statements(block, collector, on_failure));
    return collector.value();
}

std::optional<Value> Execution::special_variable(std::string_view name)
{
    const auto is = [name](std::string_view other) { return is_word(name, other); };
    if (is("_") || is("PSItem")) return current_item_;
    if (is("true")) return Value::boolean(true);
    if (is("false")) return Value::boolean(false);
    if (is("null")) return Value{};
    if (is("PID")) return Value::int32(static_cast<std::int32_t>(getpid()));
    if (is("PWD")) return Value::string(arena(), session_.location());
    if (is("args"))
        return make_list(arena(), frame_ == nullptr ? std::vector<Value>{} : frame_->arguments);
    if (is("PSVersionTable")) return make_version_table(arena(), session_.protocol_version, false);
    if (is("HOME")) {
        const char* home = std::getenv("HOME");
        return home == nullptr ? Value{} : Value::string(arena(), home);
    }
    return std::nullopt;
}

Result<Value> Execution::remaining_input()
{
    Collector collector(*this, arena());
    if (frame_ != nullptr && frame_->input != nullptr) {
        for (;;) {
            PSRP_CHECK(check());
            PSRP_TRY(const auto item, frame_->input->next());
            if (!item) break;
            PSRP_CHECK(collector.take(*item));
        }
    }
    return make_list(arena(), collector.items());
}

Result<Value> Execution::evaluate_variable(const Expression& expression)
{
    if (is_word(expression.text, "input")) return remaining_input();
    if (const auto special = special_variable(expression.text)) return *special;
    const SessionState::Shared found = session_.find(expression.text);
    if (!found) return Value{};
    // An assignment may replace the variable while its value is in use: objects are held, small
    // values copied.
    if (!found->value().is_object()) return clixml::clone(arena(), found->value());
    if (pins_.empty() || pins_.back() != found) pins_.push_back(found);
    return found->value();
}

// Keys are base64 of the expression's UTF-16 text; the older form is a list in order of appearance
// (fact sheet psrp 14.5).
std::optional<Value> Execution::sent_value(const Expression& expression) const
{
    const Value values = frame_ == nullptr ? Value{} : frame_->using_values;
    const Object* object = values.object();
    if (object == nullptr) return std::nullopt;
    if (object->container() != clixml::ContainerKind::Dictionary) {
        const auto index = static_cast<std::size_t>(expression.using_index);
        if (expression.kind != ExpressionKind::Using || index >= object->items().size())
            return std::nullopt;
        return object->items()[index];
    }
    std::string key;
    clixml::append_base64(clixml::bytes_of(clixml::utf16le_from_utf8(expression.using_key)), key);
    for (std::size_t i = 0; i + 1 < object->items().size(); i += 2) {
        if (object->items()[i].unwrapped().text() == key) return object->items()[i + 1];
    }
    return std::nullopt;
}

Result<Value> Execution::evaluate_using(const Expression& expression)
{
    if (const auto sent = sent_value(expression)) return *sent;
    return fail_at(
        runtime_failure(
            "A Using variable cannot be retrieved. A Using variable can be used only with "
            "Invoke-Command, Start-Job, or "
            "InlineScript in the script workflow. When it is used with Invoke-Command, the Using "
            "variable is valid only if "
            "the script block is invoked on a remote computer.",
            "UsingWithoutInvokeCommand",
            ErrorCategory::NotSpecified
        ),
        expression.extent
    );
}

Result<Value> Execution::evaluate_text(const Expression& expression)
{
    std::string text;
    for (const Expression& part : expression.operands) {
        PSRP_TRY(const Value value, evaluate(part));
        text += clixml::to_display_text(value);
        if (text.size() > limits_.text_bytes_max) {
            return fail_at(
                runtime_failure(
                    "The text is longer than the embedded endpoint allows.",
                    "psrp.ResultTooLarge",
                    ErrorCategory::LimitsExceeded
                ),
                expression.extent
            );
        }
    }
    return Value::string(arena(), text);
}

Result<Value> Execution::evaluate_list(const Expression& expression)
{
    Object* list = clixml::make_array(arena());
    for (const Expression& operand : expression.operands) {
        PSRP_TRY(const Value item, evaluate(operand));
        list->add_item(arena(), item);
    }
    return Value::object(list);
}

// @( ... ): what the statements write, as a list; a list written by an expression is taken apart.
Result<Value> Execution::evaluate_array_block(const Expression& expression)
{
    Collector collector(*this, arena());
    PSRP_CHECK(run_statements(*expression.block, collector, OnFailure::Report));
    return make_list(arena(), collector.items());
}

Result<Value> Execution::evaluate_hashtable(const Expression& expression)
{
    Object* table = clixml::make_hashtable(arena());
    for (std::size_t i = 0; i + 1 < expression.operands.size(); i += 2) {
        PSRP_TRY(const Value key, evaluate(expression.operands[i]));
        PSRP_TRY(const Value value, evaluate(expression.operands[i + 1]));
        if (key.is_nil()) {
            return fail_at(
                runtime_failure(
                    "A null key is not allowed in a hash literal.",
                    "InvalidNullKey",
                    ErrorCategory::InvalidArgument
                ),
                expression.operands[i].extent
            );
        }
        if (key.unwrapped().kind() == clixml::Kind::String &&
            has_key(*table, key.unwrapped().text())) {
            return fail_at(
                runtime_failure(
                    "Duplicate keys '" + clixml::to_display_text(key) +
                        "' are not allowed in hash literals.",
                    "DuplicateKeyInHashLiteral",
                    ErrorCategory::ParserError
                ),
                expression.operands[i].extent
            );
        }
        table->add_entry(arena(), key, value);
    }
    return Value::object(table);
}

Result<Value> Execution::evaluate_unary(const Expression& expression)
{
    PSRP_TRY(const Value operand, evaluate(expression.operands[0]));
    auto value = apply_unary(expression.operation, operand, operator_context());
    if (!value) return fail_at(value.error(), expression.extent);
    return *value;
}

Result<Value> Execution::evaluate_binary(const Expression& expression)
{
    PSRP_TRY(const Value left, evaluate(expression.operands[0]));
    if (expression.operation == Operation::And && !is_true(left)) return Value::boolean(false);
    if (expression.operation == Operation::Or && is_true(left)) return Value::boolean(true);
    PSRP_TRY(const Value right, evaluate(expression.operands[1]));
    std::vector<std::string> groups;
    OperatorContext context = operator_context();
    if (expression.operation == Operation::Match) context.groups = &groups;
    auto value =
        apply_binary(expression.operation, expression.case_sensitive, left, right, context);
    if (!value) return fail_at(value.error(), expression.extent);
    if (!groups.empty()) {
        Object* table = clixml::make_hashtable(arena());
        for (std::size_t i = 0; i < groups.size(); ++i) {
            table->add_entry(
                arena(),
                Value::int32(static_cast<std::int32_t>(i)),
                Value::string(arena(), groups[i])
            );
        }
        PSRP_CHECK(set_variable("Matches", Value::object(table), expression.extent));
    }
    return *value;
}

Result<Value> Execution::evaluate_member(const Expression& expression)
{
    if (expression.using_index >= 0) {
        if (const auto sent = sent_value(expression)) return *sent;
    }
    PSRP_TRY(const Value base, evaluate(expression.operands[0]));
    return member_of(base, expression.text, arena()).value_or(Value{});
}

Result<Value> Execution::evaluate_index(const Expression& expression)
{
    if (expression.using_index >= 0) {
        if (const auto sent = sent_value(expression)) return *sent;
    }
    PSRP_TRY(const Value base, evaluate(expression.operands[0]));
    PSRP_TRY(const Value index, evaluate(expression.operands[1]));
    if (base.is_nil()) {
        return fail_at(
            runtime_failure(
                "Cannot index into a null array.", "NullArray", ErrorCategory::InvalidOperation
            ),
            expression.extent
        );
    }
    const Object* object = base.object();
    const bool is_dictionary =
        object != nullptr && object->container() == clixml::ContainerKind::Dictionary;
    const auto one = [&](Value key) -> Value {
        if (is_dictionary) {
            for (std::size_t i = 0; i + 1 < object->items().size(); i += 2) {
                if (values_equal(object->items()[i], key, false)) return object->items()[i + 1];
            }
            return {};
        }
        auto position = to_integer(key).value_or(INT64_MAX);
        if (is_enumerable(base)) {
            const auto items = items_of(base, arena());
            if (position < 0) position += static_cast<std::int64_t>(items.size());
            if (position < 0 || position >= static_cast<std::int64_t>(items.size())) return {};
            return items[static_cast<std::size_t>(position)];
        }
        if (base.unwrapped().kind() == clixml::Kind::String) {
            const std::string units = clixml::utf16le_from_utf8(base.unwrapped().text());
            const auto count = static_cast<std::int64_t>(units.size() / 2);
            if (position < 0) position += count;
            if (position < 0 || position >= count) return {};
            const auto bytes = clixml::bytes_of(units);
            return Value::character({clixml::load_le<std::uint16_t>(bytes.data() + position * 2)});
        }
        return position == 0 || position == -1 ? base : Value{};
    };
    if (!is_enumerable(index)) return one(index);
    std::vector<Value> found;
    for (const Value key : items_of(index, arena()))
        found.push_back(one(key));
    return make_list(arena(), found);
}

// [pscustomobject]@{} and [ordered]@{}; the literal keeps its order in any case.
Result<Value> Execution::cast_dictionary(const Expression& expression, Value value)
{
    const Object* table = value.object();
    if (lower_ascii(expression.text) == "ordered") {
        Object* ordered = clixml::make_container(
            arena(),
            clixml::ContainerKind::Dictionary,
            {"System.Collections.Specialized.OrderedDictionary", "System.Object"}
        );
        for (std::size_t i = 0; i + 1 < table->items().size(); i += 2) {
            ordered->add_entry(arena(), table->items()[i], table->items()[i + 1]);
        }
        return Value::object(ordered);
    }
    Object* bag = clixml::make_custom_object(arena());
    for (std::size_t i = 0; i + 1 < table->items().size(); i += 2) {
        const std::string name = clixml::to_display_text(table->items()[i]);
        if (equal_ignoring_case(name, "PSTypeName")) {
            const std::string type = clixml::to_display_text(table->items()[i + 1]);
            bag->set_type_names(
                arena(),
                {arena().copy(type), "System.Management.Automation.PSCustomObject", "System.Object"}
            );
        } else {
            bag->set_note(arena(), name, table->items()[i + 1]);
        }
    }
    return Value::object(bag);
}

Result<Value> Execution::evaluate_cast(const Expression& expression)
{
    PSRP_TRY(const Value value, evaluate(expression.operands[0]));
    const std::string type = lower_ascii(expression.text);
    const bool is_bag = type == "pscustomobject" || type == "psobject" ||
                        type == "system.management.automation.pscustomobject";
    const Object* object = value.object();
    const bool is_dictionary =
        object != nullptr && object->container() == clixml::ContainerKind::Dictionary;
    if (is_dictionary && (is_bag || type == "ordered")) return cast_dictionary(expression, value);
    if (is_bag || type == "object" || (is_dictionary && type == "hashtable")) return value;
    if (type == "void") return Value{};
    bool known = false;
    const auto cast = cast_to(expression.text, value, arena(), known);
    if (cast) return *cast;
    if (!known) {
        Failure failure = runtime_failure(
            "The embedded endpoint of psrp does not implement the type [" + expression.text + "].",
            "psrp.NotSupported",
            ErrorCategory::NotImplemented
        );
        return fail_at(failure, expression.extent);
    }
    const std::string text = clixml::to_display_text(value);
    const std::string full(full_type_name(expression.text));
    const bool is_number = full == "System.Int32" || full == "System.Int64" ||
                           full == "System.Byte" || full == "System.Double";
    std::string message = "Cannot convert value \"" + text + "\" to type \"" + full + "\".";
    if (value.unwrapped().kind() == clixml::Kind::String && is_number) {
        message += " Error: \"The input string '" + text + "' was not in a correct format.\"";
    }
    Failure failure = runtime_failure(
        std::move(message),
        is_number ? "InvalidCastFromStringToInteger" : "InvalidCast",
        ErrorCategory::InvalidArgument
    );
    return fail_at(failure, expression.extent);
}

} // namespace psrp::server
