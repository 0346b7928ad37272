// Which program runs the containers of this computer. POSIX.
#pragma once

#include <clixml/result.hpp>

#include <string>

namespace psrp {

using clixml::Result;

// The path of the engine `name`; without a name that of docker or podman, the first that is on
// PATH. Error: ContainerEngineNotFound.
Result<std::string> find_container_engine(const std::string& name = {});

} // namespace psrp
