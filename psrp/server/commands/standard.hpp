// The groups of the embedded endpoint's own commands, each registered by its file.
#pragma once

#include <clixml/object.hpp>
#include <psrp/server/command.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/interpreter.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psrp::server {

void add_stream_commands(CommandTable& table); // Write-*
void add_object_commands(CommandTable& table
); // Where-Object, ForEach-Object, Out-String, ConvertTo-Json
void add_select_commands(CommandTable& table); // Select-Object, Sort-Object
void add_measure_command(CommandTable& table); // Measure-Object
void add_file_commands(CommandTable& table); // Get-ChildItem, Get-Item, Get-Location, Set-Location
void add_content_command(CommandTable& table);   // Get-Content
void add_copy_commands(CommandTable& table);     // Send-PsrpItem, Receive-PsrpItem
void add_process_command(CommandTable& table);   // Get-Process
void add_utility_commands(CommandTable& table);  // Get-Date, Get-Command, Get-Variable, Start-Sleep
void add_host_commands(CommandTable& table);     // Read-Host, Out-Default, prompt, TabExpansion2
void add_debugger_commands(CommandTable& table); // __Set-PSDebugMode and its like

// A definition of the command class T. `class_name` is the .NET class in
// Microsoft.PowerShell.Commands.
template <typename T>
CommandDefinition define(
    std::string name,
    std::string_view class_name,
    std::vector<CommandParameter> parameters,
    std::vector<std::string> aliases = {},
    bool accepts_input = false
)
{
    CommandDefinition definition;
    definition.name = std::move(name);
    definition.type_name = "Microsoft.PowerShell.Commands." + std::string(class_name);
    definition.parameters = std::move(parameters);
    definition.aliases = std::move(aliases);
    definition.accepts_input = accepts_input;
    definition.create = [] { return std::make_unique<T>(); };
    return definition;
}

// Text of any bytes: what is no UTF-8 becomes U+FFFD, as .NET reads it.
std::string readable(std::string_view bytes);

// Registers a definition whose names are known to be free.
void add_standard(CommandTable& table, CommandDefinition definition);

// The value of a property as commands read it; null where there is none.
inline Value property_of(Value value, std::string_view name, Arena& arena)
{
    return member_of(value, name, arena).value_or(Value{});
}

} // namespace psrp::server
