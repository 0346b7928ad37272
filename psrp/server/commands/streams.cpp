// Write-Output, Write-Error, Write-Warning, Write-Verbose, Write-Debug, Write-Information,
// Write-Host, Write-Progress.
#include <clixml/utf.hpp>
#include <psrp/server/commands/standard.hpp>

#include <array>

namespace psrp::server {

namespace {

class WriteOutput final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return write(context, input);
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input() && !context.arguments().has("InputObject")) return {};
        return write(context, context.arguments().value("InputObject"));
    }

private:
    static Result<void> write(CommandContext& context, Value value)
    {
        return context.arguments().flag("NoEnumerate") ? context.emit(value)
                                                       : context.emit_items(value);
    }
};

std::optional<ErrorCategory> category_of(Value value)
{
    const std::string text = clixml::to_display_text(value);
    for (std::int32_t i = 0; i <= static_cast<std::int32_t>(ErrorCategory::NotEnabled); ++i) {
        const auto category = static_cast<ErrorCategory>(i);
        if (clixml::equal_ignoring_case(text, category_name(category)) || text == std::to_string(i))
            return category;
    }
    return std::nullopt;
}

class WriteError final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return write(context, clixml::to_display_text(input));
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return write(context, context.arguments().text("Message"));
    }

private:
    static Result<void> write(CommandContext& context, std::string message)
    {
        const Arguments& arguments = context.arguments();
        Failure failure;
        failure.message = std::move(message);
        failure.exception_type = "Microsoft.PowerShell.Commands.WriteErrorException";
        failure.error_id = arguments.text("ErrorId", failure.exception_type);
        if (arguments.has("Category")) {
            const auto category = category_of(arguments.value("Category"));
            if (!category) {
                Failure wrong = runtime_failure(
                    "Cannot bind parameter 'Category'. Cannot convert value \"" +
                        arguments.text("Category") +
                        "\" to type \"System.Management.Automation.ErrorCategory\".",
                    "CannotConvertArgumentNoMessage," + context.definition().type_name,
                    ErrorCategory::InvalidArgument
                );
                wrong.exception_type = "System.Management.Automation.ParameterBindingException";
                return context.fail(std::move(wrong));
            }
            failure.category = *category;
        }
        if (arguments.has("TargetObject")) failure.set_target(arguments.value("TargetObject"));
        failure.activity = arguments.text("CategoryActivity", "Write-Error");
        return context.write_error(std::move(failure));
    }
};

// The three commands that write a message each.
template <Result<void> (CommandContext::*write_message)(std::string_view)>
class WriteMessage final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return (context.*write_message)(clixml::to_display_text(input));
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return (context.*write_message)(context.arguments().text("Message"));
    }
};

class WriteInformation final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return write(context, input);
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return write(context, context.arguments().value("MessageData"));
    }

private:
    static Result<void> write(CommandContext& context, Value message)
    {
        return context.write_information(
            message, context.arguments().texts("Tags"), "Write-Information"
        );
    }
};

constexpr std::array<std::string_view, 16> colors = {
    "Black",
    "DarkBlue",
    "DarkGreen",
    "DarkCyan",
    "DarkRed",
    "DarkMagenta",
    "DarkYellow",
    "Gray",
    "DarkGray",
    "Blue",
    "Green",
    "Cyan",
    "Red",
    "Magenta",
    "Yellow",
    "White",
};

std::optional<std::int32_t> color_of(Value value)
{
    const std::string text = clixml::to_display_text(value);
    for (std::size_t i = 0; i < colors.size(); ++i) {
        if (clixml::equal_ignoring_case(text, colors[i]) || text == std::to_string(i))
            return static_cast<std::int32_t>(i);
    }
    return std::nullopt;
}

// Goes both ways: as an information record with the tag PSHOST and as a call of the client's host
// (fact sheet psrp 6.13).
class WriteHost final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        return write(context, input);
    }
    Result<void> end(CommandContext& context) override
    {
        if (context.has_input()) return {};
        return write(context, context.arguments().value("Object"));
    }

private:
    static constexpr std::int32_t write_1 = 13;
    static constexpr std::int32_t write_2 = 14;
    static constexpr std::int32_t write_line_2 = 16;
    static constexpr std::int32_t write_line_3 = 17;
    static constexpr std::int32_t default_color = -1;

    static std::string text_of(CommandContext& context, Value value)
    {
        const std::string separator = context.arguments().text("Separator", " ");
        std::string text;
        bool first = true;
        for (const Value item : as_list(value, context.arena())) {
            if (!first) text += separator;
            first = false;
            text += clixml::to_display_text(item);
        }
        return text;
    }

    static Result<std::optional<std::int32_t>>
    color(CommandContext& context, std::string_view parameter)
    {
        if (!context.arguments().has(parameter)) return std::optional<std::int32_t>{};
        const auto found = color_of(context.arguments().value(parameter));
        if (found) return found;
        Failure failure = runtime_failure(
            "Cannot bind parameter '" + std::string(parameter) + "'. Cannot convert value \"" +
                context.arguments().text(parameter) + "\" to type \"System.ConsoleColor\".",
            "CannotConvertArgumentNoMessage," + context.definition().type_name,
            ErrorCategory::InvalidArgument
        );
        failure.exception_type = "System.Management.Automation.ParameterBindingException";
        PSRP_CHECK(context.fail(std::move(failure)));
        return std::optional<std::int32_t>{};
    }

    static Result<void> write(CommandContext& context, Value value)
    {
        PSRP_TRY(const auto foreground, color(context, "ForegroundColor"));
        PSRP_TRY(const auto background, color(context, "BackgroundColor"));
        const bool same_line = context.arguments().flag("NoNewline");
        const std::string text = text_of(context, value);
        const auto color_value = [](std::optional<std::int32_t> number) {
            return Value::string(
                number ? colors[static_cast<std::size_t>(*number)] : std::string_view("-1")
            );
        };
        Object* message = clixml::make_live(
            context.arena(),
            {"System.Management.Automation.HostInformationMessage", "System.Object"},
            text
        );
        message->add_adapted(context.arena(), "Message", Value::string(text));
        message->add_adapted(context.arena(), "NoNewLine", Value::boolean(same_line));
        message->add_adapted(context.arena(), "ForegroundColor", color_value(foreground));
        message->add_adapted(context.arena(), "BackgroundColor", color_value(background));
        PSRP_CHECK(context.write_information(Value::object(message), {"PSHOST"}, "Write-Host"));
        HostCall call;
        if (foreground || background) {
            call.method = same_line ? write_2 : write_line_3;
            call.parameters = {
                Value::int32(foreground.value_or(default_color)),
                Value::int32(background.value_or(default_color)),
                Value::string(text)};
        } else {
            call.method = same_line ? write_1 : write_line_2;
            call.parameters = {Value::string(text)};
        }
        return context.call_host(call);
    }
};

class WriteProgress final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        const std::string activity = arguments.text("Activity");
        const std::string status = arguments.text("Status", "Processing");
        const std::string operation = arguments.text("CurrentOperation");
        ProgressUpdate record;
        record.activity = activity;
        record.status_description = status;
        record.activity_id = static_cast<std::int32_t>(arguments.integer("Id"));
        record.parent_activity_id = static_cast<std::int32_t>(arguments.integer("ParentId", -1));
        record.percent_complete =
            static_cast<std::int32_t>(arguments.integer("PercentComplete", -1));
        record.seconds_remaining =
            static_cast<std::int32_t>(arguments.integer("SecondsRemaining", -1));
        record.completed = arguments.flag("Completed");
        if (arguments.has("CurrentOperation")) record.current_operation = Value::string(operation);
        return context.write_progress(record);
    }
};

} // namespace

void add_stream_commands(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<WriteOutput>(
            "Write-Output",
            "WriteOutputCommand",
            {{"InputObject", Type::Any, 0, false, true, {}},
             {"NoEnumerate", Type::Switch, -1, false, false, {}}},
            {"echo", "write"},
            true
        )
    );
    add_standard(
        table,
        define<WriteError>(
            "Write-Error",
            "WriteErrorCommand",
            {{"Message", Type::Text, 0, false, false, {"Msg"}},
             {"Category", Type::Any, -1, false, false, {}},
             {"ErrorId", Type::Text, -1, false, false, {}},
             {"TargetObject", Type::Any, -1, false, false, {}},
             {"CategoryActivity", Type::Text, -1, false, false, {"Activity"}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<WriteMessage<&CommandContext::write_warning>>(
            "Write-Warning",
            "WriteWarningCommand",
            {{"Message", Type::Text, 0, false, false, {"Msg"}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<WriteMessage<&CommandContext::write_verbose>>(
            "Write-Verbose",
            "WriteVerboseCommand",
            {{"Message", Type::Text, 0, false, false, {"Msg"}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<WriteMessage<&CommandContext::write_debug>>(
            "Write-Debug",
            "WriteDebugCommand",
            {{"Message", Type::Text, 0, false, false, {"Msg"}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<WriteInformation>(
            "Write-Information",
            "WriteInformationCommand",
            {{"MessageData", Type::Any, 0, false, false, {"Msg", "Message"}},
             {"Tags", Type::TextList, 1, false, false, {}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<WriteHost>(
            "Write-Host",
            "WriteHostCommand",
            {{"Object", Type::Any, 0, false, true, {"Msg", "Message"}},
             {"NoNewline", Type::Switch, -1, false, false, {}},
             {"Separator", Type::Text, -1, false, false, {}},
             {"ForegroundColor", Type::Any, -1, false, false, {}},
             {"BackgroundColor", Type::Any, -1, false, false, {}}},
            {},
            true
        )
    );
    add_standard(
        table,
        define<WriteProgress>(
            "Write-Progress",
            "WriteProgressCommand",
            {{"Activity", Type::Text, 0, true, false, {}},
             {"Status", Type::Text, 1, false, false, {}},
             {"Id", Type::Int32, 2, false, false, {}},
             {"PercentComplete", Type::Int32, -1, false, false, {}},
             {"SecondsRemaining", Type::Int32, -1, false, false, {}},
             {"CurrentOperation", Type::Text, -1, false, false, {}},
             {"ParentId", Type::Int32, -1, false, false, {}},
             {"Completed", Type::Switch, -1, false, false, {}}}
        )
    );
}

} // namespace psrp::server
