// What icm does with a command line that has been understood.
#pragma once

#include <psrp/icm/options.hpp>

namespace icm {

// Exit codes (see --help).
inline constexpr int exit_success = 0;
inline constexpr int exit_errors = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_connection = 3;
inline constexpr int exit_interrupted = 130;

// Runs the scripts on the targets and prints what comes back. Gives the exit code.
int run(const Options& options);

} // namespace icm
