// The command line for the system's ssh (fact sheet transports A9). Pure: nothing is started or
// looked up.
#pragma once

#include <clixml/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psrp {

using clixml::Result;

// Where and how ssh connects. Empty texts mean "not given".
struct SshTarget {
    std::string host = {};        // name, address, [IPv6] or user@host
    std::string user = {};        // DOMAIN\user becomes user@DOMAIN
    std::optional<int> port = {}; // 1 to 65535
    std::string key_file = {};    // identity file
    // One -o KEY=VALUE each, in this order.
    std::vector<std::pair<std::string, std::string>> options = {};
    std::string subsystem = "powershell";
    // How long the connection may take to come up, where this target has a limit of its own;
    // negative: none. Not ssh's business.
    std::optional<std::chrono::milliseconds> connecting_timeout = {};
};

// The user as ssh wants it: `DOMAIN\user`, with exactly one backslash, becomes `user@DOMAIN`;
// anything else is kept.
std::string ssh_user(std::string_view user);

// The host as ssh wants it: brackets around an IPv6 address are taken off, a user in front is kept
// unless `drops_user`.
std::string ssh_host(std::string_view host, bool drops_user);

// ssh [-i key] [-l user] [-p port] [-o key=value]* -s host subsystem, the program's name first.
// Each element is one argument; no shell is involved. Errors: InvalidPort; InvalidHost for an empty
// host or subsystem, or one that starts with '-' and would be taken for an option.
Result<std::vector<std::string>> ssh_arguments(const SshTarget& target);

} // namespace psrp
