// Messages that steer an open pool: sizes, availability, reset, user events, command metadata
// (fact sheet psrp 6.5, 6.8, 6.15; MS-PSRP 2.2.2.6-.9, .11, .12, .14, .31).
#pragma once

#include <psrp/protocol/records.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace psrp {

// SET_MAX_RUNSPACES. `call_id` comes back in the answer, as in the next three.
struct SetMaxRunspaces {
    std::int32_t runspaces_max = 1;
    std::int64_t call_id = 0;
};
Value encode_set_max_runspaces(const SetMaxRunspaces& message, Arena& arena);
Result<SetMaxRunspaces> decode_set_max_runspaces(Value value, Arena& arena);

// SET_MIN_RUNSPACES.
struct SetMinRunspaces {
    std::int32_t runspaces_min = 1;
    std::int64_t call_id = 0;
};
Value encode_set_min_runspaces(const SetMinRunspaces& message, Arena& arena);
Result<SetMinRunspaces> decode_set_min_runspaces(Value value, Arena& arena);

// GET_AVAILABLE_RUNSPACES.
struct GetAvailableRunspaces {
    std::int64_t call_id = 0;
};
Value encode_get_available_runspaces(const GetAvailableRunspaces& message, Arena& arena);
Result<GetAvailableRunspaces> decode_get_available_runspaces(Value value, Arena& arena);

// RESET_RUNSPACE_STATE; for servers from 2.3 on.
struct ResetRunspaceState {
    std::int64_t call_id = 0;
};
Value encode_reset_runspace_state(const ResetRunspaceState& message, Arena& arena);
Result<ResetRunspaceState> decode_reset_runspace_state(Value value, Arena& arena);

// The four requests that are answered by RUNSPACE_AVAILABILITY.
enum class RunspaceCall : std::uint8_t { SetMax, SetMin, GetAvailable, Reset };

// RUNSPACE_AVAILABILITY, the answer to the four above: whether it was done, or how many runspaces
// are free. The count travels as I32 when it is held as int32_t; I64 is read too.
struct RunspaceAvailability {
    std::variant<bool, std::int32_t, std::int64_t> response = false;
    std::int64_t call_id = 0;
};
Value encode_runspace_availability(const RunspaceAvailability& message, Arena& arena);
Result<RunspaceAvailability> decode_runspace_availability(Value value, Arena& arena);

// USER_EVENT: an event of the server's engine or debugger.
struct UserEvent {
    std::int32_t event_identifier = 0;
    std::string_view source_identifier;
    Value time_generated; // DateTime
    Value sender;
    Value source_args; // a list, or null
    Value message_data;
    Value computer_name; // String or null
    Value runspace_id;   // Guid or null
};
Value encode_user_event(const UserEvent& message, Arena& arena);
Result<UserEvent> decode_user_event(Value value, Arena& arena);

// System.Management.Automation.CommandTypes, as flags.
enum class CommandTypes : std::int32_t {
    Alias = 1,
    Function = 2,
    Filter = 4,
    Cmdlet = 8,
    ExternalScript = 16,
    Application = 32,
    Script = 64,
    Configuration = 256,
};

// GET_COMMAND_METADATA: Get-Command with these filters. The lists are values so that their type
// names survive.
struct GetCommandMetadata {
    Value names; // list of wildcard patterns; null is *
    // Flags of CommandTypes; the default is alias, function, filter, cmdlet and configuration.
    std::int32_t command_types = 1 | 2 | 4 | 8 | 256;
    Value namespaces; // list of module names, or null
    std::optional<Value>
        fully_qualified_module; // list of module specifications or null; absent from old clients
    Value argument_list;        // list or null
};
Value encode_get_command_metadata(const GetCommandMetadata& message, Arena& arena);
Result<GetCommandMetadata> decode_get_command_metadata(Value value, Arena& arena);

} // namespace psrp
