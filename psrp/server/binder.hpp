// Binding of a call's arguments to a command's parameters, as PowerShell does it.
#pragma once

#include <psrp/server/command.hpp>

#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

// One word of a call, evaluated.
struct CallArgument {
    std::string parameter; // without the dash; empty: unnamed
    bool has_value = false;
    bool attached = false; // -Name:value: belongs to the name whatever its type
    Value value;
    std::string source; // the value as typed, for text parameters; empty: none
};

// The parameters that every command has, as far as they are implemented.
struct CommonParameters {
    std::optional<ActionPreference> error_action;
    std::optional<ActionPreference> warning_action;
    std::optional<ActionPreference> information_action;
    std::optional<bool> verbose;
    std::optional<bool> debug;
};

struct BoundCall {
    Arguments arguments;
    CommonParameters common;
};

// Binds and converts; made values live in `arena`. Failures carry PowerShell's identifiers
// (NamedParameterNotFound, ...). `invocation_name` is for definitions that take words.
tl::expected<BoundCall, Failure> bind_arguments(
    const CommandDefinition& definition,
    const std::vector<CallArgument>& words,
    Arena& arena,
    std::string_view invocation_name = {}
);

// The .NET type of a parameter.
std::string_view parameter_type_name(ParameterType type);

// "Stop" or its number; nothing for anything else.
std::optional<ActionPreference> read_preference(Value value);

} // namespace psrp::server
