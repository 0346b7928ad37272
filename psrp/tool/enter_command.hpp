// `psrp enter`: an interactive session, as Enter-PSSession has it (fact sheet psrp 16).
#pragma once

#include <psrp/icm/options.hpp>

#include <string>
#include <vector>

namespace psrp::tool {

// The command line: one target, by its name alone (over SSH) or by icm's parameters.
tl::expected<icm::Options, icm::Instead>
read_enter_options(const std::vector<std::string>& arguments);

// Runs what is typed, or, where standard input is no terminal, what it holds, line by line. Gives
// the exit code: that of `exit N`, else as icm does.
int run_enter(const icm::Options& options);

std::string enter_help_text();

} // namespace psrp::tool
