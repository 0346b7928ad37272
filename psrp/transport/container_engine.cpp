#include <psrp/transport/child_process.hpp>
#include <psrp/transport/container_engine.hpp>
#include <psrp/transport/errors.hpp>

namespace psrp {

Result<std::string> find_container_engine(const std::string& name)
{
    for (const char* known : {"docker", "podman"}) {
        const auto path = find_program(name.empty() ? std::string_view(known) : name);
        if (path) return *path;
    }
    return clixml::failure(
        TransportErrc::ContainerEngineNotFound, clixml::no_offset, "expected a program on PATH"
    );
}

} // namespace psrp
