// The targets of a command line as something that sessions can be opened to.
#pragma once

#include <psrp/client/fan_out.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/protocol/identifiers.hpp>

#include <tl/expected.hpp>

#include <memory>
#include <string>
#include <vector>

namespace icm {

// What all connections over WinRM share. Outlives the targets.
struct WinRmAccess {
    std::shared_ptr<psrp::Identity> identity;
    psrp::IdSource& ids;
};

// In the order of the command line; this computer where it names none.
std::vector<psrp::Target> targets_of(const Options& options, const WinRmAccess& access);

// A session that somebody has left on a server.
struct LeftSession {
    psrp::Guid id;
    bool is_compressed = false; // as lists of shells tell
};
// It, to be taken up.
psrp::Target left_session_target(
    const WinRmPlace& place,
    const Options& options,
    const WinRmAccess& access,
    const LeftSession& left
);

// Who logs in over WinRM. Asks for a password only where a target wants to know. The error is a
// sentence.
tl::expected<std::shared_ptr<psrp::Identity>, std::string> identity_for(const Options& options);

} // namespace icm
