#include <psrp/server/error_records.hpp>
#include <psrp/server/errors.hpp>
#include <psrp/server/script/parser.hpp>

#include <algorithm>

namespace psrp::server {

namespace {

// The InvocationInfo object of PowerShell 7 with the properties it has on the wire.
Value make_invocation_info(Arena& arena, const FailurePlace& place)
{
    const auto text = [&](std::string_view value) { return Value::string(arena, value); };
    const std::string_view type = "System.Management.Automation.InvocationInfo";
    clixml::Object* info = clixml::make_live(arena, {type, "System.Object"}, type);
    std::string_view line;
    std::string_view statement;
    std::string message;
    TextPosition position{0, 0};
    if (place.has_position) {
        position = position_in(place.script, place.extent.begin);
        line = line_at(place.script, place.extent.begin);
        const std::size_t end = std::min<std::size_t>(place.extent.end, place.script.size());
        statement = place.script.substr(
            place.extent.begin, end - std::min<std::size_t>(place.extent.begin, end)
        );
        std::string_view shown = line;
        while (!shown.empty() && shown.back() == ' ')
            shown.remove_suffix(1);
        const std::string_view marked = statement.substr(0, statement.find('\n'));
        const auto marks =
            static_cast<std::size_t>(std::max(1, position_in(marked, marked.size()).column - 1));
        message = "At line:" + std::to_string(position.line) +
                  " char:" + std::to_string(position.column) + "\n+ ";
        message.append(shown).append("\n+ ").append(
            static_cast<std::size_t>(position.column - 1), ' '
        );
        message.append(std::min<std::size_t>(marks, 4096), '~');
    }
    info->add_adapted(
        arena, "MyCommand", place.my_command.empty() ? Value{} : text(place.my_command)
    );
    clixml::Object* bound = clixml::make_container(
        arena,
        clixml::ContainerKind::Dictionary,
        {"System.Collections.Generic.Dictionary`2[[System.String, System.Private.CoreLib, "
         "Version=10.0.0.0, "
         "Culture=neutral, PublicKeyToken=7cec85d7bea7798e],[System.Object, "
         "System.Private.CoreLib, Version=10.0.0.0, "
         "Culture=neutral, PublicKeyToken=7cec85d7bea7798e]]",
         "System.Object"}
    );
    clixml::Object* unbound = clixml::make_container(
        arena,
        clixml::ContainerKind::List,
        {"System.Collections.Generic.List`1[[System.Object, System.Private.CoreLib, "
         "Version=10.0.0.0, "
         "Culture=neutral, PublicKeyToken=7cec85d7bea7798e]]",
         "System.Object"}
    );
    info->add_adapted(arena, "BoundParameters", Value::object(bound));
    info->add_adapted(arena, "UnboundArguments", Value::object(unbound));
    info->add_adapted(arena, "ScriptLineNumber", Value::int32(position.line));
    info->add_adapted(arena, "OffsetInLine", Value::int32(position.column));
    info->add_adapted(arena, "HistoryId", Value::int64(place.history_id));
    info->add_adapted(arena, "ScriptName", text(""));
    info->add_adapted(arena, "Line", text(line));
    info->add_adapted(arena, "Statement", text(statement));
    info->add_adapted(arena, "PositionMessage", text(message));
    info->add_adapted(arena, "PSScriptRoot", text(""));
    info->add_adapted(arena, "PSCommandPath", Value{});
    info->add_adapted(arena, "InvocationName", text(place.invocation_name));
    info->add_adapted(arena, "PipelineLength", Value::int32(0));
    info->add_adapted(arena, "PipelinePosition", Value::int32(0));
    info->add_adapted(arena, "ExpectingInput", Value::boolean(false));
    info->add_adapted(arena, "CommandOrigin", text("Internal"));
    info->add_adapted(arena, "DisplayScriptPosition", Value{});
    return Value::object(info);
}

// Puts the properties of the exception's own class behind ErrorRecord, where PowerShell has them.
void add_exception_properties(Arena& arena, Object& exception, const Failure& failure)
{
    if (failure.exception_properties.empty()) return;
    clixml::PropertyBag old = exception.adapted_bag();
    exception.adapted_bag() = clixml::PropertyBag{};
    bool added = false;
    for (const clixml::Property& property : old.items()) {
        const bool is_record = property.name_text() == "ErrorRecord";
        if (!added && !is_record) {
            added = true;
            for (const auto& [name, value] : failure.exception_properties) {
                exception.add_adapted(arena, name, Value::string(arena, value));
            }
        }
        exception.add_adapted(arena, property.name_text(), property.value);
    }
}

} // namespace

ErrorRecord
make_failure_record(Arena& arena, const Failure& failure, const FailurePlace& place, bool written)
{
    ErrorDescription description;
    description.message = failure.message;
    description.error_id = failure.error_id;
    description.category = failure.category;
    description.exception_type = failure.exception_type;
    description.activity = failure.activity;
    description.target_object = failure.target ? failure.target->value() : Value{};
    description.thrown = failure.thrown;
    description.command_name = failure.command_name;
    std::string trace;
    if (!place.script.empty()) {
        const TextPosition position = position_in(place.script, place.extent.begin);
        trace = "at <ScriptBlock>, <No file>: line " + std::to_string(position.line);
        description.script_stack_trace = trace;
    }
    ErrorRecord record = make_error_record(arena, description);
    if (Object* exception = record.exception.object())
        add_exception_properties(arena, *exception, failure);
    record.invocation_info = place.known ? make_invocation_info(arena, place) : Value{};
    if (written) {
        auto* details = arena.allocate_array<clixml::Property>(1);
        details[0] = clixml::Property{arena.intern("PSMessageDetails"), Value{}, nullptr};
        record.trailing = {details, 1};
    }
    return record;
}

Failure command_not_found(std::string_view name)
{
    Failure failure;
    failure.message =
        "The term '" + std::string(name) +
        "' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"
        "Check the spelling of the name, or if a path was included, verify that the path is "
        "correct and "
        "try again.";
    failure.error_id = "CommandNotFoundException";
    failure.category = ErrorCategory::ObjectNotFound;
    failure.exception_type = "System.Management.Automation.CommandNotFoundException";
    failure.set_target(Value::string(name));
    failure.command_name = name;
    return failure;
}

Failure pipeline_stopped()
{
    Failure failure;
    failure.message = "The pipeline has been stopped.";
    failure.error_id = "PipelineStopped";
    failure.category = ErrorCategory::OperationStopped;
    failure.exception_type = "System.Management.Automation.PipelineStoppedException";
    return failure;
}

Failure thrown_value(Value value)
{
    Failure failure;
    failure.message = value.is_nil() ? "ScriptHalted" : clixml::to_display_text(value);
    failure.error_id = failure.message;
    failure.category = ErrorCategory::OperationStopped;
    failure.set_target(value);
    failure.thrown = true;
    return failure;
}

Failure path_not_found(std::string_view path, std::string_view type_name)
{
    Failure failure;
    failure.message = "Cannot find path '" + std::string(path) + "' because it does not exist.";
    failure.error_id = "PathNotFound," + std::string(type_name);
    failure.category = ErrorCategory::ObjectNotFound;
    failure.exception_type = "System.Management.Automation.ItemNotFoundException";
    failure.set_target(Value::string(path));
    failure.exception_properties = {
        {"ItemName", std::string(path)}, {"SessionStateCategory", "Drive"}};
    return failure;
}

Failure script_error(const clixml::Error& error, std::string_view script)
{
    const bool unsupported = error == make_error_code(Errc::NotSupported);
    const TextPosition position =
        position_in(script, error.offset == clixml::no_offset ? 0 : error.offset);
    Failure failure;
    failure.message = "At line:" + std::to_string(position.line) +
                      " char:" + std::to_string(position.column) + ": ";
    if (unsupported) {
        failure.message +=
            "The embedded endpoint of psrp is no PowerShell interpreter and does not implement ";
        failure.message += error.detail;
        failure.message += ".";
    } else {
        failure.message += error.code.message();
        failure.message += "; expected ";
        failure.message += error.detail;
        failure.message += ".";
    }
    switch (static_cast<Errc>(error.code.value())) {
    case Errc::NotSupported:
        failure.error_id = "psrp.NotSupported";
        break;
    case Errc::ScriptTooLarge:
        failure.error_id = "psrp.ScriptTooLarge";
        break;
    case Errc::NestedTooDeeply:
        failure.error_id = "psrp.NestedTooDeeply";
        break;
    case Errc::SyntaxError:
    case Errc::StatementFailed:
    case Errc::ScriptFailed:
    case Errc::Stopped:
    case Errc::UpstreamDone:
    case Errc::Returned:
    case Errc::StreamsClosed:
    case Errc::DuplicateCommand:
        failure.error_id = "psrp.SyntaxError";
        break;
    }
    failure.category = ErrorCategory::ParserError;
    failure.exception_type = "System.Management.Automation.ParseException";
    return failure;
}

Failure runtime_failure(std::string message, std::string error_id, ErrorCategory category)
{
    Failure failure;
    failure.message = std::move(message);
    failure.error_id = std::move(error_id);
    failure.category = category;
    return failure;
}

} // namespace psrp::server
