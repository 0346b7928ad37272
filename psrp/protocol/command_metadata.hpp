// What a pipeline of GET_COMMAND_METADATA gives: a count, then commands (fact sheet psrp 6.8;
// MS-PSRP 2.2.3.19-.22).
#pragma once

#include <psrp/protocol/messages/pool_control.hpp>
#include <psrp/protocol/records.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace psrp {

// One parameter of a command.
struct ParameterMetadata {
    std::string_view name;
    std::string_view parameter_type; // .NET name; empty where it is not told
    std::vector<std::string_view> aliases;
    bool is_switch = false;
    bool is_dynamic = false;
};

// One command.
struct CommandMetadata {
    std::string_view name;
    std::string_view module_name; // Namespace
    std::string_view help_uri;
    std::int32_t command_type = 0;          // flags of CommandTypes
    std::string_view resolved_command_name; // of an alias
    std::vector<std::string_view> output_types;
    std::vector<ParameterMetadata> parameters;
};

// The first output object: how many commands follow. Errc::MissingProperty,
// Errc::WrongPropertyType.
Result<std::int32_t> decode_command_count(Value value);
// Each of the others. Borrows from the arena of `value`.
Result<CommandMetadata> decode_command_metadata(Value value);

} // namespace psrp
