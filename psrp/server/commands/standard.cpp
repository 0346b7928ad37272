#include <clixml/utf.hpp>
#include <psrp/server/commands/standard.hpp>

#include <cassert>

namespace psrp::server {

std::string readable(std::string_view bytes)
{
    if (!clixml::first_invalid_utf8(bytes)) return std::string(bytes);
    std::string text;
    while (const auto bad = clixml::first_invalid_utf8(bytes)) {
        text += bytes.substr(0, *bad);
        text += "\xEF\xBF\xBD";
        bytes.remove_prefix(*bad + 1);
    }
    text += bytes;
    return text;
}

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
    add_copy_commands(table);
    add_process_command(table);
    add_utility_commands(table);
    add_host_commands(table);
    add_debugger_commands(table);
    return table;
}

} // namespace psrp::server
