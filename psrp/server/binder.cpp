#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/binder.hpp>
#include <psrp/server/script/convert.hpp>

#include <algorithm>
#include <array>

namespace psrp::server {

namespace {

using clixml::equal_ignoring_case;

bool starts_with(std::string_view text, std::string_view start)
{
    return text.size() >= start.size() && equal_ignoring_case(text.substr(0, start.size()), start);
}

// The common parameters; those without an effect here are refused by name rather than ignored.
struct CommonRow {
    std::string_view name;
    std::string_view alias;
    bool is_switch;
    bool implemented;
};
constexpr std::array<CommonRow, 11> common_rows = {{
    {"ErrorAction", "ea", false, true},
    {"WarningAction", "wa", false, true},
    {"InformationAction", "infa", false, true},
    {"Verbose", "vb", true, true},
    {"Debug", "db", true, true},
    {"ErrorVariable", "ev", false, false},
    {"WarningVariable", "wv", false, false},
    {"InformationVariable", "iv", false, false},
    {"OutVariable", "ov", false, false},
    {"PipelineVariable", "pv", false, false},
    {"ProgressAction", "proga", false, false},
}};

Failure
binding_failure(const CommandDefinition& definition, std::string message, std::string_view id)
{
    Failure failure;
    failure.message = std::move(message);
    failure.error_id = std::string(id) + "," + definition.type_name;
    failure.category = ErrorCategory::InvalidArgument;
    failure.exception_type = "System.Management.Automation.ParameterBindingException";
    failure.activity = definition.name;
    return failure;
}

// A number written without quotes is given to text parameters as it was typed.
Value text_as_typed(Value value, std::string_view source, Arena& arena)
{
    const bool is_literal = !source.empty() && source.front() != '$' && source.front() != '(';
    if (as_number(value) && is_literal) return Value::string(arena, source);
    return Value::string(arena, clixml::to_display_text(value));
}

class Binder {
public:
    Binder(
        const CommandDefinition& definition, const std::vector<CallArgument>& words, Arena& arena
    )
        : definition_(definition), words_(words), arena_(arena)
    {
    }

    tl::expected<BoundCall, Failure> bind()
    {
        std::vector<const CallArgument*> unnamed;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            if (words_[i].parameter.empty()) {
                unnamed.push_back(&words_[i]);
                continue;
            }
            if (auto done = named(i); !done) return tl::unexpected(done.error());
        }
        if (auto done = positional(unnamed); !done) return tl::unexpected(done.error());
        std::string missing;
        for (const CommandParameter& parameter : definition_.parameters) {
            if (!parameter.mandatory || call_.arguments.has(parameter.name)) continue;
            missing += (missing.empty() ? "" : ", ") + parameter.name;
        }
        if (!missing.empty()) {
            return tl::unexpected(binding_failure(
                definition_,
                "Cannot process command because of one or more missing mandatory parameters: " +
                    missing + ".",
                "MissingMandatoryParameter"
            ));
        }
        return std::move(call_);
    }

private:
    using Done = tl::expected<void, Failure>;

    // The parameter or common parameter that a name means: exact names and aliases first, then
    // unique starts.
    tl::expected<std::pair<const CommandParameter*, const CommonRow*>, Failure>
    look_up(const std::string& name)
    {
        std::vector<std::pair<const CommandParameter*, const CommonRow*>> starts;
        std::string candidates;
        for (const CommandParameter& parameter : definition_.parameters) {
            const bool is_alias = std::any_of(
                parameter.aliases.begin(),
                parameter.aliases.end(),
                [&](const auto& alias) { return equal_ignoring_case(alias, name); }
            );
            if (is_alias || equal_ignoring_case(parameter.name, name))
                return std::pair{&parameter, null_row};
            if (!starts_with(parameter.name, name)) continue;
            starts.emplace_back(&parameter, null_row);
            candidates += " -" + parameter.name;
        }
        const std::size_t own = starts.size();
        for (const CommonRow& row : common_rows) {
            if (equal_ignoring_case(row.name, name) || equal_ignoring_case(row.alias, name)) {
                return std::pair{static_cast<const CommandParameter*>(nullptr), &row};
            }
            if (!starts_with(row.name, name)) continue;
            starts.emplace_back(nullptr, &row);
            candidates += " -" + std::string(row.name);
        }
        if (starts.size() == 1 || own == 1) return starts.front();
        if (starts.empty()) {
            return tl::unexpected(binding_failure(
                definition_,
                "A parameter cannot be found that matches parameter name '" + name + "'.",
                "NamedParameterNotFound"
            ));
        }
        return tl::unexpected(binding_failure(
            definition_,
            "Parameter cannot be processed because the parameter name '" + name +
                "' is ambiguous. Possible matches include:" + candidates + ".",
            "AmbiguousParameter"
        ));
    }

    // words_[i] names a parameter; its value may be the next word, which is consumed then.
    Done named(std::size_t& i)
    {
        const CallArgument& word = words_[i];
        auto found = look_up(word.parameter);
        if (!found) return tl::unexpected(found.error());
        const auto [parameter, common] = *found;
        const bool is_switch =
            common != nullptr ? common->is_switch : parameter->type == ParameterType::Switch;
        const CallArgument* value = word.has_value ? &word : nullptr;
        const bool next_is_value =
            i + 1 < words_.size() && words_[i + 1].parameter.empty() && words_[i + 1].has_value;
        if (value == nullptr && !is_switch && next_is_value) value = &words_[++i];
        if (value == nullptr && !is_switch) {
            const std::string_view type = common != nullptr
                                              ? "System.Management.Automation.ActionPreference"
                                              : parameter_type_name(parameter->type);
            const std::string name =
                common != nullptr ? std::string(common->name) : parameter->name;
            return tl::unexpected(binding_failure(
                definition_,
                "Missing an argument for parameter '" + name + "'. Specify a parameter of type '" +
                    std::string(type) + "' and try again.",
                "MissingArgument"
            ));
        }
        if (common != nullptr) return bind_common(*common, value);
        if (call_.arguments.has(parameter->name)) {
            return tl::unexpected(binding_failure(
                definition_,
                "Cannot bind parameter because parameter '" + parameter->name +
                    "' is specified more than once.",
                "ParameterAlreadyBound"
            ));
        }
        return store(*parameter, value);
    }

    Done bind_common(const CommonRow& row, const CallArgument* value)
    {
        if (!row.implemented) {
            Failure failure = binding_failure(
                definition_,
                "The embedded endpoint does not implement the parameter '" + std::string(row.name) +
                    "'.",
                "psrp.NotSupported"
            );
            failure.category = ErrorCategory::NotImplemented;
            return tl::unexpected(std::move(failure));
        }
        if (row.is_switch) {
            const bool on = value == nullptr || is_true(value->value);
            (row.name == "Verbose" ? call_.common.verbose : call_.common.debug) = on;
            return {};
        }
        const auto preference = read_preference(value->value);
        if (!preference) {
            return tl::unexpected(binding_failure(
                definition_,
                "Cannot bind parameter '" + std::string(row.name) + "'. Cannot convert value \"" +
                    clixml::to_display_text(value->value) +
                    "\" to type \"System.Management.Automation.ActionPreference\".",
                "CannotConvertArgumentNoMessage"
            ));
        }
        if (row.name == "ErrorAction") call_.common.error_action = preference;
        if (row.name == "WarningAction") call_.common.warning_action = preference;
        if (row.name == "InformationAction") call_.common.information_action = preference;
        return {};
    }

    Done positional(const std::vector<const CallArgument*>& unnamed)
    {
        std::vector<const CommandParameter*> places;
        for (const CommandParameter& parameter : definition_.parameters) {
            if (parameter.position >= 0 && !call_.arguments.has(parameter.name))
                places.push_back(&parameter);
        }
        std::stable_sort(places.begin(), places.end(), [](const auto* a, const auto* b) {
            return a->position < b->position;
        });
        std::size_t place = 0;
        for (std::size_t i = 0; i < unnamed.size(); ++i) {
            if (place >= places.size()) {
                return tl::unexpected(binding_failure(
                    definition_,
                    "A positional parameter cannot be found that accepts argument '" +
                        clixml::to_display_text(unnamed[i]->value) + "'.",
                    "PositionalParameterNotFound"
                ));
            }
            const CommandParameter& parameter = *places[place++];
            if (!parameter.takes_rest || i + 1 == unnamed.size()) {
                if (auto done = store(parameter, unnamed[i]); !done) return done;
                continue;
            }
            std::vector<Value> rest;
            for (; i < unnamed.size(); ++i)
                rest.push_back(unnamed[i]->value);
            CallArgument all;
            all.has_value = true;
            all.value = make_list(arena_, rest);
            if (auto done = store(parameter, &all); !done) return done;
        }
        return {};
    }

    Done store(const CommandParameter& parameter, const CallArgument* argument)
    {
        if (argument == nullptr) {
            call_.arguments.set(parameter.name, Value::boolean(true));
            return {};
        }
        const auto converted = convert(parameter.type, *argument);
        if (!converted) {
            const std::string text = clixml::to_display_text(argument->value);
            const bool is_list = parameter.type == ParameterType::Int32List;
            return tl::unexpected(binding_failure(
                definition_,
                "Cannot bind parameter '" + parameter.name + "'. Cannot convert value \"" + text +
                    "\" to type \"" +
                    std::string(is_list ? "System.Int32" : parameter_type_name(parameter.type)) +
                    "\". Error: \"The input string '" + text + "' was not in a correct format.\"",
                "CannotConvertArgumentNoMessage"
            ));
        }
        call_.arguments.set(parameter.name, *converted);
        return {};
    }

    std::optional<Value> convert(ParameterType type, const CallArgument& argument)
    {
        const Value value = argument.value;
        switch (type) {
        case ParameterType::Any:
            return value;
        case ParameterType::Switch:
            return Value::boolean(is_true(value));
        case ParameterType::Text:
            return text(value, argument.source);
        case ParameterType::TextList: {
            std::vector<Value> items = as_list(value, arena_);
            for (Value& item : items)
                item = text(item, items.size() == 1 ? argument.source : std::string_view{});
            return make_list(arena_, items);
        }
        case ParameterType::Int32List: {
            std::vector<Value> items = as_list(value, arena_);
            for (Value& item : items) {
                const auto integer = integer_of(item);
                if (!integer || number_of(*integer).width != Number::Width::Int32)
                    return std::nullopt;
                item = Value::int32(static_cast<std::int32_t>(*integer));
            }
            return make_list(arena_, items);
        }
        case ParameterType::Int32:
        case ParameterType::Int64: {
            const auto integer = integer_of(value);
            if (!integer) return std::nullopt;
            if (type == ParameterType::Int64) return Value::int64(*integer);
            if (number_of(*integer).width != Number::Width::Int32) return std::nullopt;
            return Value::int32(static_cast<std::int32_t>(*integer));
        }
        case ParameterType::Double: {
            const auto number = to_number(value);
            if (!number || value.is_nil()) return std::nullopt;
            return Value::double_precision(number->real);
        }
        }
        return std::nullopt;
    }

    static std::optional<std::int64_t> integer_of(Value value)
    {
        if (value.is_nil() || (value.unwrapped().kind() == clixml::Kind::String &&
                               value.unwrapped().text().empty())) {
            return std::nullopt;
        }
        return to_integer(value);
    }

    Value text(Value value, std::string_view source)
    {
        return text_as_typed(value, source, arena_);
    }

    static constexpr const CommonRow* null_row = nullptr;
    const CommandDefinition& definition_;
    const std::vector<CallArgument>& words_;
    Arena& arena_;
    BoundCall call_;
};

// The call of a program: -name and -name:value as they are, lists as a word an item.
BoundCall take_words(std::string_view name, const std::vector<CallArgument>& words, Arena& arena)
{
    std::vector<Value> texts;
    for (const CallArgument& word : words) {
        if (!word.parameter.empty()) {
            std::string text = "-" + word.parameter;
            if (word.attached && word.has_value)
                text += ":" + std::string(text_as_typed(word.value, word.source, arena).text());
            texts.push_back(Value::string(arena, text));
            if (word.attached) continue;
        }
        if (!word.has_value) continue;
        const std::vector<Value> items = as_list(word.value, arena);
        for (const Value item : items)
            texts.push_back(text_as_typed(item, items.size() == 1 ? word.source : "", arena));
    }
    BoundCall call;
    call.arguments.set("Name", Value::string(arena, name));
    call.arguments.set("Words", make_list(arena, texts));
    return call;
}

} // namespace

tl::expected<BoundCall, Failure> bind_arguments(
    const CommandDefinition& definition,
    const std::vector<CallArgument>& words,
    Arena& arena,
    std::string_view invocation_name
)
{
    if (definition.takes_words) return take_words(invocation_name, words, arena);
    return Binder(definition, words, arena).bind();
}

std::optional<ActionPreference> read_preference(Value value)
{
    constexpr std::array<std::string_view, 5> names = {
        "SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore"};
    const std::string text = clixml::to_display_text(value);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (equal_ignoring_case(text, names[i]) || text == std::to_string(i))
            return static_cast<ActionPreference>(i);
    }
    return std::nullopt;
}

std::string_view parameter_type_name(ParameterType type)
{
    switch (type) {
    case ParameterType::Any:
        return "System.Object";
    case ParameterType::Text:
        return "System.String";
    case ParameterType::TextList:
        return "System.String[]";
    case ParameterType::Int32:
        return "System.Int32";
    case ParameterType::Int32List:
        return "System.Int32[]";
    case ParameterType::Int64:
        return "System.Int64";
    case ParameterType::Double:
        return "System.Double";
    case ParameterType::Switch:
        return "System.Management.Automation.SwitchParameter";
    }
    return "System.Object";
}

} // namespace psrp::server
