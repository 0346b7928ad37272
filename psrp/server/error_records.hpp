// Error records as PowerShell's engine and commands make them (fact sheet clixml 6.4).
#pragma once

#include <psrp/server/script/syntax.hpp>
#include <psrp/server/streams.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psrp::server {

// What went wrong, in words of its own so that it outlives arenas.
struct Failure {
    std::string message;
    std::string error_id;
    ErrorCategory category = ErrorCategory::NotSpecified;
    std::string exception_type = "System.Management.Automation.RuntimeException";
    std::shared_ptr<const clixml::OwnedValue> target = {}; // null: no target object
    bool thrown = false;                                   // by a throw statement
    std::string command_name = {};                         // of a CommandNotFoundException
    std::string activity = {};                             // the command that reports it
    // Properties of the exception's own class, in front of those of all exceptions.
    std::vector<std::pair<std::string, std::string>> exception_properties = {};

    // Keeps a deep copy of it.
    void set_target(Value value) { target = std::make_shared<const clixml::OwnedValue>(value); }
};

// Where it went wrong.
struct FailurePlace {
    bool known = false;      // false: InvocationInfo is null, as for commands that cannot be found
    std::string_view script; // the script's text; empty: no position
    Extent extent = {};
    bool has_position = false;
    std::string_view my_command = {}; // a command's name or a script's text; empty: null
    std::string_view invocation_name = {};
    std::int64_t history_id = 1;
};

// The record in `arena`; everything is copied. `written` says that it goes to the error stream:
// such records carry PSMessageDetails, those of states do not (fact sheet clixml 3.6).
ErrorRecord
make_failure_record(Arena& arena, const Failure& failure, const FailurePlace& place, bool written);

// The failures that several commands and the interpreter share, with PowerShell's texts and
// identifiers.
Failure command_not_found(std::string_view name);
Failure pipeline_stopped();
Failure thrown_value(Value value);
Failure path_not_found(std::string_view path, std::string_view type_name);
// `detail` of a clixml::Error with the place it names in `script`.
Failure script_error(const clixml::Error& error, std::string_view script);
// A text failure of an operator or conversion.
Failure runtime_failure(std::string message, std::string error_id, ErrorCategory category);

} // namespace psrp::server
