// -SSHConnection: one table a target (fact sheet transports A9), here as JSON.
#pragma once

#include <psrp/transport/ssh_arguments.hpp>

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace icm {

// The targets of `{"HostName": ..., "Port": ...}` or of a list of such tables. Keys are
// PowerShell's in any case: ComputerName or HostName, which one must be there, UserName, Port,
// KeyFilePath or IdentityFilePath, Subsystem, ConnectingTimeout, Options. What a table does not say
// is as in `defaults`. `json:` in front is no harm. The error is a sentence about the first thing
// wrong.
tl::expected<std::vector<psrp::SshTarget>, std::string>
read_ssh_connections(std::string_view text, const psrp::SshTarget& defaults);

} // namespace icm
