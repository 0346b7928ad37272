// Select-Object, Sort-Object.
#include <clixml/utf.hpp>
#include <psrp/server/commands/standard.hpp>
#include <psrp/server/script/pattern.hpp>

#include <algorithm>
#include <deque>

namespace psrp::server {

namespace {

// One -Property argument: a name, a wildcard, a script block or a @{n=; e=} table.
struct Selection {
    std::string name;
    Value expression; // a script block; null: the property called `source`
    std::string source;
    bool wildcard = false;
    std::optional<bool> descending;
};

Selection selection_of(Value value)
{
    Selection selection;
    const Value plain = value.unwrapped();
    const Object* table = value.object();
    if (plain.kind() == clixml::Kind::ScriptBlock) {
        selection.name = plain.text();
        selection.expression = plain;
    } else if (table != nullptr && table->container() == clixml::ContainerKind::Dictionary) {
        for (std::size_t i = 0; i + 1 < table->items().size(); i += 2) {
            const std::string key = clixml::fold_case(clixml::to_display_text(table->items()[i]));
            const Value entry = table->items()[i + 1];
            if (key.empty()) continue;
            const auto means = [&key](std::string_view word) {
                return word.substr(0, key.size()) == key;
            };
            if (means("NAME") || means("LABEL")) {
                selection.name = clixml::to_display_text(entry);
            } else if (means("EXPRESSION")) {
                if (entry.unwrapped().kind() == clixml::Kind::ScriptBlock)
                    selection.expression = entry.unwrapped();
                selection.source = clixml::to_display_text(entry);
            } else if (means("DESCENDING")) {
                selection.descending = is_true(entry);
            } else if (means("ASCENDING")) {
                selection.descending = !is_true(entry);
            }
        }
        if (selection.name.empty()) selection.name = selection.source;
    } else {
        selection.name = selection.source = clixml::to_display_text(value);
        selection.wildcard = has_wildcard(selection.name);
    }
    return selection;
}

std::vector<Selection> selections_of(Value value, Arena& arena)
{
    std::vector<Selection> result;
    for (const Value one : as_list(value, arena))
        result.push_back(selection_of(one));
    return result;
}

Result<Value> selected_value(CommandContext& context, const Selection& selection, Value input)
{
    if (!selection.expression.is_nil()) return context.evaluate(selection.expression, input);
    return property_of(input, selection.source, context.arena());
}

bool same_values(Value left, Value right)
{
    const Object* a = left.object();
    const Object* b = right.object();
    if (a == nullptr || b == nullptr || is_enumerable(left)) return values_equal(left, right, true);
    if (!values_equal(
            Value::string(short_type_name(left)), Value::string(short_type_name(right)), true
        ))
        return false;
    if (a->extended().size() != b->extended().size() || a->adapted().size() != b->adapted().size())
        return false;
    const auto same_bag = [](auto first, auto second) {
        return std::equal(
            first.begin(),
            first.end(),
            second.begin(),
            [](const auto& x, const auto& y) {
                return clixml::equal_ignoring_case(x.name_text(), y.name_text()) &&
                       values_equal(x.value, y.value, true);
            }
        );
    };
    return same_bag(a->adapted(), b->adapted()) && same_bag(a->extended(), b->extended());
}

class SelectObject final : public Command {
public:
    Result<void> begin(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        for (const char* name : {"First", "Last", "Skip"}) {
            if (arguments.integer(name) >= 0) continue;
            Failure failure = runtime_failure(
                "Cannot validate argument on parameter '" + std::string(name) +
                    "'. The argument is less than the minimum "
                    "allowed range of 0.",
                "ParameterArgumentValidationError," + context.definition().type_name,
                ErrorCategory::InvalidData
            );
            failure.exception_type = "System.Management.Automation.ParameterBindingException";
            return context.fail(std::move(failure));
        }
        properties_ = selections_of(arguments.value("Property"), context.arena());
        excluded_ = arguments.texts("ExcludeProperty");
        skip_ = arguments.integer("Skip");
        first_ = arguments.has("First") ? arguments.integer("First") : -1;
        last_ = arguments.has("Last") ? arguments.integer("Last") : -1;
        if (arguments.has("Index")) {
            for (const Value index : as_list(arguments.value("Index"), context.arena())) {
                indexes_.push_back(to_integer(index).value_or(0));
            }
            std::sort(indexes_.begin(), indexes_.end());
        }
        return {};
    }

    Result<void> process(CommandContext& context, Value input) override
    {
        const std::int64_t number = seen_++;
        if (!indexes_.empty()) {
            if (std::binary_search(indexes_.begin(), indexes_.end(), number))
                PSRP_CHECK(pass(context, input));
            return number >= indexes_.back() ? context.finish_upstream() : Result<void>{};
        }
        if (last_ >= 0) return remember(context, input);
        if (number < skip_) return {};
        if (first_ == 0) return context.finish_upstream();
        PSRP_CHECK(pass(context, input));
        if (first_ > 0 && number - skip_ + 1 >= first_) return context.finish_upstream();
        return {};
    }

    Result<void> end(CommandContext& context) override
    {
        if (!context.has_input() && context.arguments().has("InputObject")) {
            PSRP_CHECK(process(context, context.arguments().value("InputObject")));
        }
        // -Skip counts from the end together with -Last.
        if (last_ >= 0) {
            for (std::int64_t i = 0; i < skip_ && !tail_.empty(); ++i)
                tail_.pop_back();
            while (static_cast<std::int64_t>(tail_.size()) > last_)
                tail_.pop_front();
        }
        for (const auto& kept : tail_) {
            PSRP_CHECK(pass(context, kept->value()));
            context.forget_values();
        }
        return {};
    }

private:
    Result<void> remember(CommandContext& context, Value input)
    {
        auto memory = std::make_unique<Arena>();
        PSRP_TRY(const Value kept, context.keep(*memory, input));
        tail_.push_back(std::make_unique<clixml::OwnedValue>(std::move(memory), kept));
        if (static_cast<std::int64_t>(tail_.size()) > last_ + skip_) tail_.pop_front();
        return {};
    }

    Result<void> pass(CommandContext& context, Value input)
    {
        if (context.arguments().has("ExpandProperty")) return expand(context, input);
        Value output = input;
        if (!properties_.empty() || !excluded_.empty()) {
            PSRP_TRY(output, project(context, input));
        }
        if (!context.arguments().flag("Unique")) return context.emit(output);
        if (std::any_of(unique_.begin(), unique_.end(), [&](Value old) {
                return same_values(old, output);
            }))
            return {};
        PSRP_TRY(const Value kept, context.keep(memory_, output));
        unique_.push_back(kept);
        return context.emit(kept);
    }

    Result<void> expand(CommandContext& context, Value input)
    {
        const std::string name = context.arguments().text("ExpandProperty");
        const auto member = member_of(input, name, context.arena());
        if (member) return context.emit_items(*member);
        Failure failure = runtime_failure(
            "Property \"" + name + "\" cannot be found.",
            "ExpandPropertyNotFound," + context.definition().type_name,
            ErrorCategory::InvalidArgument
        );
        failure.exception_type = "System.Management.Automation.PSArgumentException";
        failure.set_target(input);
        return context.write_error(std::move(failure));
    }

    [[nodiscard]] bool is_excluded(std::string_view name) const
    {
        return std::any_of(excluded_.begin(), excluded_.end(), [name](const auto& pattern) {
            return matches_wildcard(pattern, name);
        });
    }

    Result<Value> project(CommandContext& context, Value input)
    {
        Arena& arena = context.arena();
        Object* result = clixml::make_custom_object(arena);
        const std::string first = "Selected." + type_name(input);
        result->set_type_names(
            arena,
            {arena.copy(first), "System.Management.Automation.PSCustomObject", "System.Object"}
        );
        std::vector<Selection> all;
        if (properties_.empty()) {
            Selection everything;
            everything.name = everything.source = "*";
            everything.wildcard = true;
            all.push_back(everything);
        }
        for (const Selection& selection : properties_.empty() ? all : properties_) {
            if (selection.wildcard) {
                add_matching(*result, arena, selection.name, input);
                continue;
            }
            PSRP_TRY(const Value value, selected_value(context, selection, input));
            if (!is_excluded(selection.name))
                result->set_note(arena, name_of(selection, input), value);
        }
        return Value::object(result);
    }

    // The property's own spelling, where it has one.
    static std::string_view name_of(const Selection& selection, Value input)
    {
        const Object* object = input.object();
        if (object == nullptr || selection.name != selection.source) return selection.name;
        const clixml::Property* property = object->find(selection.source);
        return property == nullptr ? std::string_view(selection.name) : property->name_text();
    }

    void add_matching(Object& result, Arena& arena, std::string_view pattern, Value input)
    {
        const Object* object = input.object();
        if (object == nullptr) {
            if (const auto length = member_of(input, "Length", arena);
                length && matches_wildcard(pattern, "Length") &&
                input.kind() == clixml::Kind::String) {
                result.set_note(arena, "Length", *length);
            }
            return;
        }
        for (const auto bag : {object->extended(), object->adapted()}) {
            for (const clixml::Property& property : bag) {
                if (property.is_member_set() || is_excluded(property.name_text())) continue;
                if (matches_wildcard(pattern, property.name_text())) {
                    result.set_note(arena, property.name_text(), property.value);
                }
            }
        }
    }

    static std::string type_name(Value input)
    {
        if (const Object* object = input.object()) {
            if (!object->type_names().empty()) return std::string(object->type_names().front());
        }
        if (input.is_primitive()) return std::string(clixml::type_names_of(input.kind()).front());
        return "System.Object";
    }

    std::vector<Selection> properties_;
    std::vector<std::string> excluded_;
    std::vector<std::int64_t> indexes_;
    std::int64_t skip_ = 0;
    std::int64_t first_ = -1;
    std::int64_t last_ = -1;
    std::int64_t seen_ = 0;
    Arena memory_;
    std::vector<Value> unique_;
    std::deque<std::unique_ptr<clixml::OwnedValue>> tail_;
};

class SortObject final : public Command {
public:
    Result<void> begin(CommandContext& context) override
    {
        keys_ = selections_of(context.arguments().value("Property"), context.arena());
        if (keys_.empty()) keys_.emplace_back();
        return {};
    }

    Result<void> process(CommandContext& context, Value input) override
    {
        Row row;
        PSRP_TRY(row.value, context.keep(memory_, input));
        for (const Selection& key : keys_) {
            Value value = input;
            if (!key.source.empty() || !key.expression.is_nil()) {
                PSRP_TRY(value, selected_value(context, key, input));
            }
            PSRP_TRY(value, context.keep(memory_, value));
            row.keys.push_back(value);
        }
        rows_.push_back(std::move(row));
        return {};
    }

    Result<void> end(CommandContext& context) override
    {
        const bool descending = context.arguments().flag("Descending");
        const bool case_sensitive = context.arguments().flag("CaseSensitive");
        const auto compare = [&](const Row& a, const Row& b) {
            for (std::size_t i = 0; i < keys_.size(); ++i) {
                const int order = order_of(a.keys[i], b.keys[i], case_sensitive);
                if (order != 0) return keys_[i].descending.value_or(descending) ? -order : order;
            }
            return 0;
        };
        std::stable_sort(rows_.begin(), rows_.end(), [&](const Row& a, const Row& b) {
            return compare(a, b) < 0;
        });
        if (context.arguments().flag("Unique")) {
            rows_.erase(
                std::unique(
                    rows_.begin(),
                    rows_.end(),
                    [&](const Row& a, const Row& b) { return compare(a, b) == 0; }
                ),
                rows_.end()
            );
        }
        for (const Row& row : rows_)
            PSRP_CHECK(context.emit(row.value));
        return {};
    }

private:
    struct Row {
        Value value;
        std::vector<Value> keys;
    };

    // A total order over values of all kinds: comparing 1 with 'a' by the left side's type alone
    // would not be one.
    static int rank(Value value)
    {
        const Value plain = value.unwrapped();
        if (plain.is_nil()) return 0;
        if (as_number(plain) || plain.kind() == clixml::Kind::Boolean) return 1;
        if (plain.kind() == clixml::Kind::DateTime) return 2;
        if (plain.kind() == clixml::Kind::TimeSpan) return 3;
        if (plain.kind() == clixml::Kind::Version) return 4;
        return 5;
    }

    static int order_of(Value left, Value right, bool case_sensitive)
    {
        const int a = rank(left);
        const int b = rank(right);
        if (a != b) return a < b ? -1 : 1;
        const auto number = as_number(left);
        const auto other = as_number(right);
        if (number && other && (number->real != number->real || other->real != other->real)) {
            // NaN is less than every number.
            return (number->real != number->real ? 0 : 1) - (other->real != other->real ? 0 : 1);
        }
        return compare_values(left, right, case_sensitive).value_or(0);
    }

    std::vector<Selection> keys_;
    Arena memory_;
    std::vector<Row> rows_;
};

} // namespace

void add_select_commands(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<SelectObject>(
            "Select-Object",
            "SelectObjectCommand",
            {{"Property", Type::Any, 0, false, false, {}},
             {"ExcludeProperty", Type::TextList, -1, false, false, {}},
             {"ExpandProperty", Type::Text, -1, false, false, {}},
             {"Unique", Type::Switch, -1, false, false, {}},
             {"First", Type::Int32, -1, false, false, {}},
             {"Last", Type::Int32, -1, false, false, {}},
             {"Skip", Type::Int32, -1, false, false, {}},
             {"Index", Type::Int32List, -1, false, false, {}},
             {"InputObject", Type::Any, -1, false, false, {}}},
            {"select"},
            true
        )
    );
    add_standard(
        table,
        define<SortObject>(
            "Sort-Object",
            "SortObjectCommand",
            {{"Property", Type::Any, 0, false, false, {}},
             {"Descending", Type::Switch, -1, false, false, {}},
             {"Unique", Type::Switch, -1, false, false, {}},
             {"CaseSensitive", Type::Switch, -1, false, false, {}}},
            {"sort"},
            true
        )
    );
}

} // namespace psrp::server
