// CREATE_PIPELINE and PIPELINE_STATE (fact sheets psrp 6.7, 6.14, clixml 6.6;
// MS-PSRP 2.2.2.10, 2.2.2.21, 2.2.3.11-.13).
#pragma once

#include <psrp/protocol/messages/negotiation.hpp>
#include <psrp/protocol/records.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace psrp {

// System.Management.Automation.PSInvocationState. Only Stopped, Completed and Failed travel.
enum class PipelineState : std::int32_t {
    NotStarted,
    Running,
    Stopping,
    Stopped,
    Completed,
    Failed,
    Disconnected
};

// System.Management.Automation.Runspaces.PipelineResultTypes.
enum class MergeTarget : std::int32_t {
    None,
    Output,
    Error,
    Warning,
    Verbose,
    Debug,
    Information,
    All,
    Null
};

struct CommandArgument {
    std::optional<std::string_view> name; // none: positional
    Value value;
};

// One command of a pipeline: a name, or the text of a script.
struct Command {
    std::string_view text;
    bool is_script = false;
    std::optional<bool> use_local_scope;
    MergeTarget merge_my_result = MergeTarget::None;
    MergeTarget merge_to_result = MergeTarget::None;
    MergeTarget merge_previous_results = MergeTarget::None;
    MergeTarget merge_error = MergeTarget::None; // protocol 2.2 and later, as the next three
    MergeTarget merge_warning = MergeTarget::None;
    MergeTarget merge_verbose = MergeTarget::None;
    MergeTarget merge_debug = MergeTarget::None;
    MergeTarget merge_information = MergeTarget::None; // protocol 2.3 and later
    std::vector<CommandArgument> arguments;
};

// The PowerShell object of CREATE_PIPELINE: statements, each a row of commands. There is at least
// one statement.
struct PowerShellCommands {
    std::vector<std::vector<Command>> statements;
    bool is_nested = false;
    std::optional<std::string_view> history;
    bool redirect_shell_error_output_pipe = true;
};

// CREATE_PIPELINE. Views and values are borrowed from the arena of the event, or from the caller.
struct CreatePipeline {
    PowerShellCommands power_shell;
    bool no_input = true;
    ApartmentState apartment_state = ApartmentState::Unknown;
    std::int32_t remote_stream_options =
        0; // flags: 1 error, 2 warning, 4 debug, 8 verbose records carry InvocationInfo
    bool add_to_history = true;
    HostInfo host_info;
    bool is_nested = false;
};

// `server_version` decides which merge properties are written; nothing means unknown: the oldest
// form (psrp 6.7).
Value encode_create_pipeline(
    const CreatePipeline& message, std::optional<clixml::Version> server_version, Arena& arena
);
Result<CreatePipeline> decode_create_pipeline(Value value, Arena& arena);

struct PipelineStateMessage {
    PipelineState state = PipelineState::Completed;
    std::optional<ErrorRecord> error_record;
};
Value encode_pipeline_state(const PipelineStateMessage& message, Arena& arena);
Result<PipelineStateMessage> decode_pipeline_state(Value value, Arena& arena);

} // namespace psrp
