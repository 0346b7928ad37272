// The command line that reaches a PowerShell in a container (fact sheet transports A8; the engines'
// `exec`). Pure: nothing is started or looked up.
#pragma once

#include <clixml/result.hpp>

#include <string>
#include <vector>

namespace psrp {

using clixml::Result;

// A container and what serves in it.
struct ContainerTarget {
    std::string id = {}; // or name
    // The program of the engine, such as docker or podman.
    std::string engine = {};
    // What is run inside.
    std::vector<std::string> command = {"pwsh", "-s", "-NoLogo", "-NoProfile"};
};

// ENGINE exec -i ID COMMAND. Each element is one argument; no shell is involved. Error:
// InvalidContainer for an empty id, one that would be taken for an option, or no command.
Result<std::vector<std::string>> container_arguments(const ContainerTarget& target);

} // namespace psrp
