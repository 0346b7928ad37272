// Get-Date, Get-Command, Get-Variable, Start-Sleep, and the commands of PowerShell's debugger that
// clients send first.
#include <clixml/lexical.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/commands/standard.hpp>
#include <psrp/server/script/pattern.hpp>
#include <psrp/server/system.hpp>

#include <cmath>

namespace psrp::server {

namespace {

class GetDate final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return show(context, input);
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return show(context, context.arguments().value("Date"));
    }

private:
    static Result<void> show(CommandContext& context, Value given)
    {
        clixml::DateTime moment = local_now();
        if (!given.is_nil()) {
            PSRP_TRY(moment, moment_of(context, given));
        }
        if (!change(context.arguments(), moment)) {
            Failure failure = runtime_failure(
                "Year, Month, and Day parameters describe an un-representable DateTime.",
                "ArgumentOutOfRangeException," + context.definition().type_name,
                ErrorCategory::InvalidArgument
            );
            failure.exception_type = "System.ArgumentOutOfRangeException";
            return context.fail(std::move(failure));
        }
        if (context.arguments().flag("AsUTC"))
            moment = {moment.utc_ticks(), clixml::DateTimeKind::Utc, 0};
        if (context.arguments().has("Format")) {
            auto text = format_date(moment, context.arguments().text("Format"));
            if (!text) return context.fail(text.error());
            return context.emit(Value::string(*text));
        }
        Object* object = clixml::wrap(context.arena(), Value::date_time(moment));
        object->add_note(
            context.arena(),
            "DisplayHint",
            Value::object(clixml::make_enum(
                context.arena(), "Microsoft.PowerShell.Commands.DisplayHintType", "DateTime", 2
            ))
        );
        return context.emit(Value::object(object));
    }

    static Result<clixml::DateTime> moment_of(CommandContext& context, Value given)
    {
        const Value plain = given.unwrapped();
        if (plain.kind() == clixml::Kind::DateTime) return plain.date_time_value();
        const std::string text = clixml::to_display_text(given);
        const auto read =
            clixml::read_lexical(clixml::Kind::DateTime, text, context.arena(), &system_zone());
        if (read) return read->date_time_value();
        Failure failure = runtime_failure(
            "Cannot bind parameter 'Date'. Cannot convert value \"" + text +
                "\" to type \"System.DateTime\". Error: \"String '" + text +
                "' was not recognized as a valid DateTime.\"",
            "CannotConvertArgumentNoMessage," + context.definition().type_name,
            ErrorCategory::InvalidArgument
        );
        failure.exception_type = "System.Management.Automation.ParameterBindingException";
        PSRP_CHECK(context.fail(std::move(failure)));
        return clixml::DateTime{};
    }

    static bool change(const Arguments& arguments, clixml::DateTime& moment)
    {
        const clixml::DateTimeParts parts = clixml::parts_of(moment);
        const auto part = [&](std::string_view name, int now) {
            return arguments.integer(name, now);
        };
        const std::int64_t year = part("Year", parts.year);
        const std::int64_t month = part("Month", parts.month);
        const std::int64_t day = part("Day", parts.day);
        const std::int64_t hour = part("Hour", parts.hour);
        const std::int64_t minute = part("Minute", parts.minute);
        const std::int64_t second = part("Second", parts.second);
        if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23)
            return false;
        if (minute < 0 || minute > 59 || second < 0 || second > 59) return false;
        static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (day > days[month - 1] + (month == 2 && leap ? 1 : 0)) return false;
        moment.ticks = clixml::ticks_of_day(
                           static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)
                       ) +
                       ((hour * 60 + minute) * 60 + second) * clixml::ticks_per_second +
                       parts.fraction;
        return true;
    }
};

class GetCommand final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        const std::vector<std::string> patterns =
            arguments.has("Name") ? arguments.texts("Name") : std::vector<std::string>{"*"};
        for (const std::string& pattern : patterns) {
            bool found = false;
            for (const CommandDefinition* one : context.commands().definitions()) {
                if (one->name.compare(0, 2, "__") == 0 || !matches_wildcard(pattern, one->name))
                    continue;
                found = true;
                PSRP_CHECK(context.emit(cmdlet(context.arena(), *one)));
            }
            for (const auto& [alias, target] : context.commands().aliases()) {
                // Without a name the aliases are left out, as PowerShell does.
                if (!arguments.has("Name") || !matches_wildcard(pattern, alias)) continue;
                found = true;
                PSRP_CHECK(context.emit(alias_object(context.arena(), alias, *target)));
            }
            if (found || has_wildcard(pattern)) continue;
            Failure failure = command_not_found(pattern);
            failure.error_id += "," + context.definition().type_name;
            PSRP_CHECK(context.write_error(std::move(failure)));
        }
        return {};
    }

private:
    static void add_common(Arena& arena, Object& object, const CommandDefinition& definition)
    {
        object.add_adapted(arena, "ModuleName", Value::string(arena, definition.module));
        object.add_adapted(arena, "Source", Value::string(arena, definition.module));
        object.add_adapted(arena, "Version", Value::version(arena, {0, 1}));
        object.add_adapted(
            arena,
            "Visibility",
            Value::object(clixml::make_enum(
                arena, "System.Management.Automation.SessionStateEntryVisibility", "Public", 0
            ))
        );
    }

    static Value command_type(Arena& arena, std::string_view name, std::int32_t number)
    {
        return Value::object(
            clixml::make_enum(arena, "System.Management.Automation.CommandTypes", name, number)
        );
    }

    static Value cmdlet(Arena& arena, const CommandDefinition& definition)
    {
        constexpr std::int32_t cmdlet_number = 8;
        Object* object = clixml::make_live(
            arena,
            {"System.Management.Automation.CmdletInfo",
             "System.Management.Automation.CommandInfo",
             "System.Object"},
            definition.name
        );
        const std::size_t dash = std::min(definition.name.find('-'), definition.name.size());
        object->add_adapted(arena, "Verb", Value::string(arena, definition.name.substr(0, dash)));
        object->add_adapted(
            arena,
            "Noun",
            Value::string(
                arena, dash < definition.name.size() ? definition.name.substr(dash + 1) : ""
            )
        );
        std::string usage = definition.name;
        for (const CommandParameter& parameter : definition.parameters) {
            usage += parameter.type == ParameterType::Switch ? " [-" + parameter.name + "]"
                                                             : " [-" + parameter.name + " <value>]";
        }
        object->add_adapted(arena, "Definition", Value::string(arena, usage));
        object->add_adapted(arena, "CommandType", command_type(arena, "Cmdlet", cmdlet_number));
        object->add_adapted(arena, "Name", Value::string(arena, definition.name));
        add_common(arena, *object, definition);
        return Value::object(object);
    }

    static Value
    alias_object(Arena& arena, const std::string& alias, const CommandDefinition& target)
    {
        Object* object = clixml::make_live(
            arena,
            {"System.Management.Automation.AliasInfo",
             "System.Management.Automation.CommandInfo",
             "System.Object"},
            alias
        );
        object->add_adapted(
            arena, "DisplayName", Value::string(arena, alias + " -> " + target.name)
        );
        object->add_adapted(arena, "Definition", Value::string(arena, target.name));
        object->add_adapted(arena, "CommandType", command_type(arena, "Alias", 1));
        object->add_adapted(arena, "Name", Value::string(arena, alias));
        add_common(arena, *object, target);
        return Value::object(object);
    }
};

class GetVariable final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        const std::vector<std::string> patterns =
            arguments.has("Name") ? arguments.texts("Name") : std::vector<std::string>{"*"};
        for (const std::string& pattern : patterns) {
            bool found = false;
            for (const std::string& name : context.session().names()) {
                if (!matches_wildcard(pattern, name)) continue;
                found = true;
                const SessionState::Shared variable = context.session().find(name);
                const Value value = variable ? variable->value() : Value{};
                if (arguments.flag("ValueOnly")) {
                    PSRP_CHECK(context.emit(value));
                    continue;
                }
                Object* object = clixml::make_live(
                    context.arena(),
                    {"System.Management.Automation.PSVariable", "System.Object"},
                    "System.Management.Automation.PSVariable"
                );
                object->add_adapted(context.arena(), "Name", Value::string(context.arena(), name));
                object->add_adapted(context.arena(), "Description", Value::string(""));
                object->add_adapted(context.arena(), "Value", value);
                PSRP_CHECK(context.emit(Value::object(object)));
            }
            if (found || has_wildcard(pattern)) continue;
            Failure failure = runtime_failure(
                "Cannot find a variable with the name '" + pattern + "'.",
                "VariableNotFound," + context.definition().type_name,
                ErrorCategory::ObjectNotFound
            );
            failure.exception_type = "System.Management.Automation.ItemNotFoundException";
            failure.set_target(Value::string(pattern));
            PSRP_CHECK(context.write_error(std::move(failure)));
        }
        return {};
    }
};

class StartSleep final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        constexpr double seconds_max = 2'147'483.0; // as PowerShell: milliseconds in an Int32
        const bool in_milliseconds = arguments.has("Milliseconds");
        const double seconds = in_milliseconds
                                   ? static_cast<double>(arguments.integer("Milliseconds")) / 1000.0
                                   : arguments.number("Seconds");
        const char* parameter = in_milliseconds ? "Milliseconds" : "Seconds";
        if (!in_milliseconds && !arguments.has("Seconds")) {
            return invalid(
                context,
                "Cannot process command because of one or more missing mandatory parameters: "
                "Seconds.",
                "MissingMandatoryParameter"
            );
        }
        if (!(seconds >= 0 && seconds <= seconds_max)) {
            return invalid(
                context,
                "Cannot validate argument on parameter '" + std::string(parameter) +
                    "'. The argument is outside the allowed range.",
                "ParameterArgumentValidationError"
            );
        }
        return context.sleep(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
    }

private:
    static Result<void> invalid(CommandContext& context, std::string message, std::string_view id)
    {
        Failure failure = runtime_failure(
            std::move(message),
            std::string(id) + "," + context.definition().type_name,
            ErrorCategory::InvalidArgument
        );
        failure.exception_type = "System.Management.Automation.ParameterBindingException";
        return context.fail(std::move(failure));
    }
};

// Accepts its arguments and does nothing: there is no debugger here.
class Nothing final : public Command {};

} // namespace

void add_utility_commands(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<GetDate>(
            "Get-Date",
            "GetDateCommand",
            {{"Date", Type::Any, 0, false, false, {"LastWriteTime"}},
             {"Format", Type::Text, -1, false, false, {}},
             {"Year", Type::Int32, -1, false, false, {}},
             {"Month", Type::Int32, -1, false, false, {}},
             {"Day", Type::Int32, -1, false, false, {}},
             {"Hour", Type::Int32, -1, false, false, {}},
             {"Minute", Type::Int32, -1, false, false, {}},
             {"Second", Type::Int32, -1, false, false, {}},
             {"AsUTC", Type::Switch, -1, false, false, {}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<GetCommand>(
            "Get-Command",
            "GetCommandCommand",
            {{"Name", Type::TextList, 0, false, false, {}}},
            {"gcm"}
        )
    );
    add_standard(
        table,
        define<GetVariable>(
            "Get-Variable",
            "GetVariableCommand",
            {{"Name", Type::TextList, 0, false, false, {}},
             {"ValueOnly", Type::Switch, -1, false, false, {}}},
            {"gv"}
        )
    );
    add_standard(
        table,
        define<StartSleep>(
            "Start-Sleep",
            "StartSleepCommand",
            {{"Seconds", Type::Double, 0, false, false, {}},
             {"Milliseconds", Type::Int32, -1, false, false, {"ms"}}},
            {"sleep"}
        )
    );
}

void add_debugger_commands(CommandTable& table)
{
    using Type = ParameterType;
    const std::pair<const char*, const char*> rows[] = {
        {"__Set-PSDebugMode", "Mode"},
        {"__Set-PSUnhandledBreakpointMode", "UnhandledBreakpointMode"},
        {"__Enable-PSDebugger", "Mode"},
        {"__Disable-PSDebugger", "Mode"},
        {"__Set-PSDebuggerStepMode", "Enabled"},
        {"__Set-PSDebuggerAction", "ResumeAction"},
    };
    for (const auto& [name, parameter] : rows) {
        add_standard(
            table, define<Nothing>(name, name, {{parameter, Type::Any, 0, false, false, {}}})
        );
    }
}

} // namespace psrp::server
