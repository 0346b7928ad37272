// `psrp session`: those of this user, and those that somebody has left on servers (fact sheet
// transports B11, B12).
#pragma once

#include <psrp/icm/options.hpp>

namespace icm {

// Does what is asked and prints it. Gives the exit code, as run() does.
int run_sessions(const SessionCommand& command);

} // namespace icm
