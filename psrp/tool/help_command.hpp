// psrp help: texts made of the program's own options.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace psrp::tool {

// What `psrp help TOPIC` prints: a subcommand's help, a subject of icm's help, or `man`, `bash`,
// `zsh`, `fish` for those who install them. Without a topic, the list. Nothing for other words.
std::optional<std::string> help_topic(const CLI::App& app, std::string_view topic);

} // namespace psrp::tool
