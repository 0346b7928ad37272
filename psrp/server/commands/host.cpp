// Commands that talk to the client's host: Read-Host, Out-Default, Out-Host, Out-Null, prompt,
// Exit-PSSession, Clear-Host, TabExpansion2 (fact sheets psrp 10, 16).
#include <clixml/utf.hpp>
#include <psrp/format/object_formatter.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/server/commands/completion.hpp>
#include <psrp/server/commands/standard.hpp>

#include <chrono>

namespace psrp::server {

namespace {

// Host methods (fact sheet psrp 10.2).
constexpr std::int32_t read_line = 11;
constexpr std::int32_t read_line_as_secure_string = 12;
constexpr std::int32_t write_line_2 = 16;
constexpr std::int32_t write_error_line = 18;
constexpr std::int32_t prompt_method = 23;
constexpr std::int32_t pop_runspace = 53;

// How long PowerShell lets the rows of a table wait for wider ones.
constexpr std::chrono::milliseconds rows_wait_max{300};

class ReadHost final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        const Arguments& arguments = context.arguments();
        const bool is_secret = arguments.flag("AsSecureString");
        if (!arguments.has("Prompt")) {
            PSRP_TRY(
                const Value line,
                context.ask_host(is_secret ? read_line_as_secure_string : read_line, {})
            );
            return context.emit(line);
        }
        std::string prompt;
        for (const std::string& part : arguments.texts("Prompt"))
            prompt += (prompt.empty() ? "" : " ") + part;
        PSRP_TRY(
            const Value answer,
            context.ask_host(
                prompt_method,
                {Value::string(""), Value::string(""), fields(context, prompt, is_secret)}
            )
        );
        const Object* table = answer.object();
        if (table == nullptr) return {}; // the user gave up
        for (std::size_t i = 1; i < table->items().size(); i += 2)
            PSRP_CHECK(context.emit(table->items()[i]));
        return {};
    }

private:
    // The list with the one FieldDescription, as PowerShell sends it (fact sheet psrp 10.3).
    static Value fields(CommandContext& context, const std::string& prompt, bool is_secret)
    {
        Arena& arena = context.arena();
        const std::string type = is_secret ? "System.Security.SecureString" : "System.String";
        Object* field = clixml::make_bag(arena);
        const auto text = [&](std::string_view name, std::string_view value) {
            field->add_note(arena, name, Value::string(arena, value));
        };
        text("name", prompt);
        text("label", "");
        text("parameterTypeName", type.substr(type.rfind('.') + 1));
        text("parameterTypeFullName", type);
        text(
            "parameterAssemblyFullName",
            type + ", System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, "
                   "PublicKeyToken=7cec85d7bea7798e"
        );
        text("helpMessage", "");
        field->add_note(arena, "isMandatory", Value::boolean(true));
        field->add_note(arena, "metadata", Value::object(clixml::make_array_list(arena)));
        field->add_note(arena, "modifiedByRemotingProtocol", Value::boolean(false));
        field->add_note(arena, "isFromRemoteHost", Value::boolean(false));
        Object* list = clixml::make_array_list(arena);
        list->add_item(arena, Value::object(field));
        return Value::object(list);
    }
};

bool is_error_record(Value value)
{
    const Object* object = value.object();
    return object != nullptr && object->is_type("System.Management.Automation.ErrorRecord");
}

// Prints as a console does and writes the lines to the client's host. Without one nothing is said,
// as in PowerShell.
class OutHost final : public Command {
public:
    Result<void> process(CommandContext& context, Value input) override
    {
        if (!context.has_host()) return {};
        if (is_error_record(input)) {
            formatter(context).finish();
            PSRP_CHECK(write_lines(context));
            return call(context, write_error_line, error_object_text(input));
        }
        formatter(context).write(input);
        settle_late_rows();
        return write_lines(context);
    }
    Result<void> end(CommandContext& context) override
    {
        if (!context.has_host()) return {};
        if (!context.has_input() && context.arguments().has("InputObject"))
            formatter(context).write(context.arguments().value("InputObject"));
        if (formatter_) formatter_->finish();
        return write_lines(context);
    }

private:
    ObjectFormatter& formatter(const CommandContext& context)
    {
        if (!formatter_) {
            FormatOptions options;
            options.width = context.screen_width();
            formatter_.emplace(options, [this](std::string_view line) {
                lines_.emplace_back(line);
            });
        }
        return *formatter_;
    }

    void settle_late_rows()
    {
        const auto now = std::chrono::steady_clock::now();
        if (!formatter_->has_waiting_rows()) {
            waiting_since_.reset();
        } else if (!waiting_since_) {
            waiting_since_ = now;
        } else if (now - *waiting_since_ > rows_wait_max) {
            formatter_->flush();
            waiting_since_.reset();
        }
    }

    Result<void> write_lines(CommandContext& context)
    {
        const std::vector<std::string> lines = std::exchange(lines_, {});
        for (const std::string& line : lines)
            PSRP_CHECK(call(context, write_line_2, line));
        return {};
    }

    static Result<void> call(CommandContext& context, std::int32_t method, const std::string& text)
    {
        HostCall host_call;
        host_call.method = method;
        host_call.parameters = {Value::string(text)};
        return context.call_host(host_call);
    }

    std::optional<ObjectFormatter> formatter_;
    std::vector<std::string> lines_;
    std::optional<std::chrono::steady_clock::time_point> waiting_since_;
};

class OutNull final : public Command {
public:
    Result<void> process(CommandContext&, Value) override { return {}; }
};

class Prompt final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        return context.emit(
            Value::string(context.arena(), "PS " + context.session().location() + "> ")
        );
    }
};

class ExitPSSession final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        HostCall call;
        call.method = pop_runspace;
        return context.call_host(call);
    }
};

class TabExpansion2 final : public Command {
public:
    Result<void> end(CommandContext& context) override
    {
        const std::string text = context.arguments().text("inputScript");
        const std::int64_t units = context.arguments().integer(
            "cursorColumn", static_cast<std::int64_t>(clixml::utf16_length(text))
        );
        const Completion completion =
            complete(text, utf8_offset(text, units), context.commands(), context.session());
        return context.emit(encode(completion, text, context.arena()));
    }

private:
    // The offset in bytes of a column in UTF-16 code units.
    static std::size_t utf8_offset(std::string_view text, std::int64_t units)
    {
        std::size_t at = 0;
        while (at < text.size() && units > 0)
            units -= clixml::next_code_point(text, at) > 0xFFFF ? 2 : 1;
        return at;
    }

    // A CommandCompletion. Its results are bags, so that the depth of the wire does not flatten
    // them.
    static Value encode(const Completion& completion, std::string_view text, Arena& arena)
    {
        Object* matches = clixml::make_array_list(arena);
        for (const CompletionMatch& match : completion.matches) {
            Object* one = clixml::make_custom_object(arena);
            one->set_type_names(
                arena, {"System.Management.Automation.CompletionResult", "System.Object"}
            );
            one->add_note(arena, "CompletionText", Value::string(arena, match.text));
            one->add_note(arena, "ListItemText", Value::string(arena, match.label));
            one->add_note(arena, "ResultType", Value::string(arena, match.kind));
            one->add_note(arena, "ToolTip", Value::string(arena, match.label));
            matches->add_item(arena, Value::object(one));
        }
        const auto units = [&](std::size_t from, std::size_t count) {
            return Value::int32(
                static_cast<std::int32_t>(clixml::utf16_length(text.substr(from, count)))
            );
        };
        Object* whole = clixml::make_custom_object(arena);
        whole->set_type_names(
            arena, {"System.Management.Automation.CommandCompletion", "System.Object"}
        );
        whole->add_note(arena, "CurrentMatchIndex", Value::int32(-1));
        whole->add_note(arena, "ReplacementIndex", units(0, completion.start));
        whole->add_note(arena, "ReplacementLength", units(completion.start, completion.length));
        whole->add_note(arena, "CompletionMatches", Value::object(matches));
        return Value::object(whole);
    }
};

} // namespace

void add_host_commands(CommandTable& table)
{
    using Type = ParameterType;
    add_standard(
        table,
        define<ReadHost>(
            "Read-Host",
            "ReadHostCommand",
            {{"Prompt", Type::TextList, 0, false, true, {}},
             {"AsSecureString", Type::Switch, -1, false, false, {}}}
        )
    );
    for (const auto& [name, class_name] :
         {std::pair{"Out-Default", "OutDefaultCommand"}, std::pair{"Out-Host", "OutHostCommand"}}) {
        add_standard(
            table,
            define<OutHost>(
                name,
                class_name,
                {{"InputObject", Type::Any, -1, false, false, {}},
                 {"Transcript", Type::Switch, -1, false, false, {}}},
                name == std::string_view("Out-Host") ? std::vector<std::string>{"oh"}
                                                     : std::vector<std::string>{},
                true
            )
        );
    }
    add_standard(
        table,
        define<OutNull>(
            "Out-Null",
            "OutNullCommand",
            {{"InputObject", Type::Any, -1, false, false, {}}},
            {},
            true
        )
    );
    add_standard(table, define<Prompt>("prompt", "PromptCommand", {}));
    add_standard(
        table, define<ExitPSSession>("Exit-PSSession", "ExitPSSessionCommand", {}, {"exsn"})
    );
    add_standard(
        table,
        define<TabExpansion2>(
            "TabExpansion2",
            "TabExpansion2Command",
            {{"inputScript", Type::Text, 0, true, false, {}},
             {"cursorColumn", Type::Int32, 1, false, false, {}},
             {"options", Type::Any, 2, false, false, {}}}
        )
    );
}

} // namespace psrp::server
