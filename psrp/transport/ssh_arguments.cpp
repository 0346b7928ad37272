#include <psrp/transport/errors.hpp>
#include <psrp/transport/ssh_arguments.hpp>

#include <algorithm>

namespace psrp {
namespace {

constexpr int port_max = 65535;

bool is_usable(std::string_view operand)
{
    return !operand.empty() && !operand.starts_with('-');
}

std::string_view without_brackets(std::string_view host)
{
    while (!host.empty() && (host.front() == '[' || host.front() == ']'))
        host.remove_prefix(1);
    while (!host.empty() && (host.back() == '[' || host.back() == ']'))
        host.remove_suffix(1);
    return host;
}

} // namespace

std::string ssh_user(std::string_view user)
{
    if (std::count(user.begin(), user.end(), '\\') != 1) return std::string(user);
    const std::size_t backslash = user.find('\\');
    return std::string(user.substr(backslash + 1)) + '@' + std::string(user.substr(0, backslash));
}

std::string ssh_host(std::string_view host, bool drops_user)
{
    const std::size_t at = host.rfind('@');
    if (at == std::string_view::npos) return std::string(without_brackets(host));
    const std::string_view address = without_brackets(host.substr(at + 1));
    if (drops_user) return std::string(address);
    return std::string(host.substr(0, at + 1)) + std::string(address);
}

Result<std::vector<std::string>> ssh_arguments(const SshTarget& target)
{
    const std::string host = ssh_host(target.host, !target.user.empty());
    if (!is_usable(host) || host.ends_with('@') || !is_usable(target.subsystem)) {
        return clixml::failure(
            TransportErrc::InvalidHost, clixml::no_offset, "expected a name that is no option"
        );
    }
    if (target.port && (*target.port < 1 || *target.port > port_max)) {
        return clixml::failure(
            TransportErrc::InvalidPort, clixml::no_offset, "expected 1 to 65535"
        );
    }
    std::vector<std::string> arguments{"ssh"};
    const auto add = [&](const char* option, std::string value) {
        arguments.emplace_back(option);
        arguments.push_back(std::move(value));
    };
    if (!target.key_file.empty()) add("-i", target.key_file);
    if (!target.user.empty()) add("-l", ssh_user(target.user));
    if (target.port) add("-p", std::to_string(*target.port));
    for (const auto& [key, value] : target.options)
        add("-o", key + '=' + value);
    add("-s", host);
    arguments.push_back(target.subsystem);
    return arguments;
}

} // namespace psrp
