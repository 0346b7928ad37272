// The debugger's side of the protocol: the reserved commands that a client sends as ordinary
// pipelines, and the events that a server answers with (fact sheet psrp 13).
#pragma once

#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/protocol/messages/pool_control.hpp>

#include <cstdint>
#include <string_view>

namespace psrp {

// System.Management.Automation.DebugModes, as flags.
enum class DebugModes : std::int32_t { None = 0, Default = 1, LocalScript = 2, RemoteScript = 4 };
// System.Management.Automation.UnhandledBreakpointProcessingMode.
enum class UnhandledBreakpointMode : std::int32_t { Ignore = 1, Wait = 2 };
// System.Management.Automation.DebuggerResumeAction.
enum class ResumeAction : std::int32_t {
    Continue = 0,
    StepInto = 1,
    StepOut = 2,
    StepOver = 3,
    Stop = 4
};

// The pipelines that PowerShell's client sends for these; values live in `arena`. The first two go
// before every pipeline of Invoke-Command.
CreatePipeline set_debug_mode_request(std::int32_t debug_modes, Arena& arena);
CreatePipeline set_unhandled_breakpoint_mode_request(UnhandledBreakpointMode mode, Arena& arena);
CreatePipeline set_debugger_action_request(ResumeAction action, Arena& arena);
CreatePipeline get_debugger_stop_arguments_request();

// What a user event of the server's is about.
enum class DebuggerEventKind : std::uint8_t {
    None,    // an ordinary engine event
    Stopped, // the server waits for a resume action
    BreakpointUpdated,
};
DebuggerEventKind debugger_event_kind(const UserEvent& user_event);
// Its one argument: what stopped, or the breakpoint; null where there is none.
Value debugger_event_argument(const UserEvent& user_event);

} // namespace psrp
