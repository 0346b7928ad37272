// `psrp session`: those of this user, and those that somebody has left on servers (fact sheet
// transports B11, B12).
#pragma once

#include <psrp/icm/options.hpp>
#include <psrp/icm/targets.hpp>
#include <psrp/wsman/shell_query.hpp>

#include <tl/expected.hpp>

#include <string>

namespace icm {

// Does what is asked and prints it. Gives the exit code, as run() does.
int run_sessions(const SessionCommand& command);

// What a server says of the session `id` that somebody has left on it. The error is a sentence.
tl::expected<psrp::wsman::ShellListing, std::string> find_left_session(
    psrp::EventLoop& loop,
    const WinRmPlace& place,
    const Options& options,
    const WinRmAccess& access,
    const psrp::Guid& id
);

} // namespace icm
