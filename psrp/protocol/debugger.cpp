#include <clixml/utf.hpp>
#include <psrp/protocol/debugger.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/pipeline_builder.hpp>

#include <array>

namespace psrp {
namespace {

using detail::EnumName;
using detail::EnumType;

constexpr std::array<EnumName, 4> debug_mode_names{{
    {0, "None"},
    {1, "Default"},
    {2, "LocalScript"},
    {4, "RemoteScript"},
}};
constexpr EnumType debug_modes_type{
    "System.Management.Automation.DebugModes", debug_mode_names, true};

constexpr std::array<EnumName, 2> breakpoint_mode_names{{{1, "Ignore"}, {2, "Wait"}}};
constexpr EnumType breakpoint_mode_type{
    "System.Management.Automation.UnhandledBreakpointProcessingMode", breakpoint_mode_names};

constexpr std::array<EnumName, 5> resume_action_names{{
    {0, "Continue"},
    {1, "StepInto"},
    {2, "StepOut"},
    {3, "StepOver"},
    {4, "Stop"},
}};
constexpr EnumType resume_action_type{
    "System.Management.Automation.DebuggerResumeAction", resume_action_names};

constexpr std::int32_t all_invocation_info = 15;

// None of them belongs to the user's history.
CreatePipeline debugger_command(std::string_view name, std::string_view parameter, Value value)
{
    PipelineBuilder builder;
    builder.command(name).add_to_history(false).invocation_info(all_invocation_info);
    if (!parameter.empty()) builder.parameter(parameter, value);
    return *builder.build(); // one command is always a pipeline
}

} // namespace

// Vector hello.
CreatePipeline set_debug_mode_request(std::int32_t debug_modes, Arena& arena)
{
    const Value mode = detail::enum_value(arena, debug_modes_type, debug_modes);
    return debugger_command("__Set-PSDebugMode", "Mode", mode);
}

// Vector hello: the only one that PowerShell sends as a nested pipeline.
CreatePipeline set_unhandled_breakpoint_mode_request(UnhandledBreakpointMode mode, Arena& arena)
{
    const Value value =
        detail::enum_value(arena, breakpoint_mode_type, static_cast<std::int32_t>(mode));
    auto request =
        debugger_command("__Set-PSUnhandledBreakpointMode", "UnhandledBreakpointMode", value);
    request.is_nested = true;
    request.power_shell.is_nested = true;
    return request;
}

CreatePipeline set_debugger_action_request(ResumeAction action, Arena& arena)
{
    const Value value =
        detail::enum_value(arena, resume_action_type, static_cast<std::int32_t>(action));
    return debugger_command("__Set-PSDebuggerAction", "ResumeAction", value);
}

CreatePipeline get_debugger_stop_arguments_request()
{
    return debugger_command("__Get-PSDebuggerStopArgs", {}, {});
}

DebuggerEventKind debugger_event_kind(const UserEvent& user_event)
{
    const auto is = [&](std::string_view name) {
        return clixml::equal_ignoring_case(user_event.source_identifier, name);
    };
    if (is("PSInternalRemoteDebuggerStopEvent")) return DebuggerEventKind::Stopped;
    if (is("PSInternalRemoteDebuggerBreakpointUpdatedEvent"))
        return DebuggerEventKind::BreakpointUpdated;
    return DebuggerEventKind::None;
}

Value debugger_event_argument(const UserEvent& user_event)
{
    const auto items = detail::read_list(user_event.source_args, "PSEventArgs.SourceArgs");
    return items && !items->empty() ? items->front() : Value();
}

} // namespace psrp
