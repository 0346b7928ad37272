#include <psrp/server/commands/standard.hpp>

#include <cassert>

namespace psrp::server {

void add_standard(CommandTable& table, CommandDefinition definition)
{
    [[maybe_unused]] const auto added = table.add(std::move(definition));
    assert(added); // the names in these files are unique
}

CommandTable standard_commands()
{
    CommandTable table;
    add_stream_commands(table);
    add_object_commands(table);
    add_select_commands(table);
    add_measure_command(table);
    add_file_commands(table);
    add_content_command(table);
    add_process_command(table);
    add_utility_commands(table);
    add_host_commands(table);
    add_debugger_commands(table);
    return table;
}

} // namespace psrp::server
