#include <psrp/transport/container_arguments.hpp>
#include <psrp/transport/errors.hpp>

namespace psrp {

Result<std::vector<std::string>> container_arguments(const ContainerTarget& target)
{
    const bool is_usable = !target.id.empty() && !target.id.starts_with('-') &&
                           !target.engine.empty() && !target.command.empty();
    if (!is_usable) {
        return clixml::failure(
            TransportErrc::InvalidContainer, clixml::no_offset, "expected an id that is no option"
        );
    }
    std::vector<std::string> arguments{target.engine, "exec", "-i", target.id};
    arguments.insert(arguments.end(), target.command.begin(), target.command.end());
    return arguments;
}

} // namespace psrp
