// Script blocks that are nothing but commands: PowerShell sends those as commands instead of text
// (fact sheet psrp 14.1, form A).
#pragma once

#include <psrp/client/using_variables.hpp>
#include <psrp/protocol/messages/pipeline.hpp>

#include <optional>
#include <string_view>

namespace psrp {

// The statements of `script` as commands with their arguments, or nothing where any part of it
// needs the server's parser: expressions, variables other than $true, $false, $null and $using:
// ones, script blocks, subexpressions, param blocks, redirections to anything but output. What is
// not translated is sent as text, which means the same. $using: values are looked up in
// `variables`; without a value nothing is translated, and the caller's own lookup says why.
std::optional<PowerShellCommands>
direct_commands(std::string_view script, const VariableSource& variables, Arena& arena);

} // namespace psrp
