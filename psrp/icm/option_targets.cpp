#include <clixml/utf.hpp>
#include <psrp/holder/held_session.hpp>
#include <psrp/icm/parameters.hpp>
#include <psrp/icm/raw_options.hpp>
#include <psrp/icm/ssh_connections.hpp>
#include <psrp/icm/target_lists.hpp>
#include <psrp/transport/command_words.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace icm {

namespace {

using Json = nlohmann::ordered_json;

// Options of ssh as a table of names and values.
tl::expected<void, std::string> read_ssh_options(const Json& table, psrp::SshTarget& target)
{
    if (!table.is_object()) return tl::unexpected<std::string>("expected a table in JSON");
    for (const auto& [name, value] : table.items()) {
        if (name.empty() || value.is_structured() || value.is_null()) {
            return tl::unexpected("'" + name + "' has no value that fits");
        }
        target.options.emplace_back(
            name, value.is_string() ? value.get<std::string>() : value.dump()
        );
    }
    return {};
}

// Fact sheet invoke-command, SSHConnection: a table a target.
tl::expected<void, Instead> settle_ssh_tables(RawOptions& raw)
{
    for (const std::string& text : raw.ssh_connections) {
        const auto problem = [](const std::string& what) {
            return usage_error("-SSHConnection: " + what);
        };
        std::string json_text = text;
        if (text.starts_with('@')) {
            auto read = read_text_file(text.substr(1));
            if (!read) return problem(read.error());
            json_text = std::move(*read);
        }
        auto targets = read_ssh_connections(json_text, raw.defaults);
        if (!targets) return usage_error(targets.error());
        for (psrp::SshTarget& target : *targets)
            raw.options.targets.emplace_back(std::move(target));
    }
    return {};
}

// Whether something is said that only WinRM understands.
bool has_winrm_words(const RawOptions& raw)
{
    const WinRmSettings& winrm = raw.options.winrm;
    return raw.is_for_sessions || !winrm.user.empty() || !winrm.credential_file.empty() ||
           raw.port != 0 || winrm.uses_tls || raw.authentication != "Default" ||
           !winrm.configuration.empty() || !winrm.application.empty() ||
           !winrm.certificate_file.empty() || !raw.session_option.empty() ||
           raw.options.leaves_sessions;
}

// What a name of -ComputerName stands for. Nothing where it is no name.
std::optional<Place> computer_place(const std::string& name, const RawOptions& raw)
{
    const bool is_name =
        !name.empty() && !name.starts_with('-') && name.find_first_of("/@ ") == std::string::npos;
    if (!is_name) return std::nullopt;
    const bool is_here = name == "." || clixml::equal_ignoring_case(name, "localhost");
    const std::string shown = name == "." ? "localhost" : name;
    if (is_here && !has_winrm_words(raw)) return HerePlace{shown};
    return WinRmPlace{shown, winrm_url(name, raw.options.winrm)};
}

tl::expected<void, Instead> settle_ssh(RawOptions& raw, TargetLists& lists)
{
    for (const std::string& pair : raw.ssh_options) {
        if (pair.starts_with('{')) {
            const auto table = nlohmann::ordered_json::parse(pair, nullptr, false);
            auto read = read_ssh_options(table, raw.defaults);
            if (!read) return usage_error("-Options: " + read.error());
            continue;
        }
        const std::size_t mark = pair.find('=');
        if (mark == 0 || mark == std::string::npos) {
            return usage_error("-Options takes key=value, not '" + pair + "'");
        }
        raw.defaults.options.emplace_back(pair.substr(0, mark), pair.substr(mark + 1));
    }
    if (raw.port != 0) raw.defaults.port = raw.port;
    const bool names_subsystem = raw.defaults.subsystem != psrp::SshTarget().subsystem;
    if (!raw.options.winrm.configuration.empty() && !names_subsystem) {
        raw.defaults.subsystem = raw.options.winrm.configuration;
    }
    for (const std::string& group : raw.groups) {
        for (const std::string& name : split_list(group))
            raw.host_names.push_back("@" + name);
    }
    for (const std::string& list : raw.host_names) {
        const auto names = lists.expand(list);
        if (!names) return usage_error(names.error());
        for (const std::string& text : *names) {
            auto target = read_target(text);
            if (!target) return usage_error("'" + text + "' is no [user@]host[:port]");
            psrp::SshTarget whole = raw.defaults;
            whole.host = target->host;
            if (!target->user.empty()) whole.user = target->user;
            if (target->port) whole.port = target->port;
            raw.options.targets.push_back(std::move(whole));
        }
    }
    return {};
}

// Computers behind WinRM, and everything that is only said of them.
tl::expected<void, Instead> settle_winrm(RawOptions& raw, TargetLists& lists)
{
    WinRmSettings& winrm = raw.options.winrm;
    const auto scheme = read_authentication(raw.authentication);
    if (!scheme) {
        return usage_error("-Authentication takes Default, Basic, Negotiate, "
                           "NegotiateWithImplicitCredential, Kerberos, Ntlm, Certificate, Digest "
                           "or Credssp");
    }
    winrm.authentication = *scheme;
    winrm.port = raw.port;
    if (!raw.session_option.empty()) {
        auto option = read_session_option(raw.session_option);
        if (!option) return usage_error(option.error());
        winrm.session_option = std::move(*option);
    }
    const bool has_credential = !winrm.user.empty() || !winrm.credential_file.empty();
    if (*scheme == psrp::AuthenticationScheme::CredSsp && !has_credential) {
        return usage_error("-Authentication Credssp gives a password to the server, so it needs "
                           "-Credential; Kerberos with --delegate gives a ticket instead");
    }
    auto& targets = raw.options.targets;
    for (const std::string& list : raw.computer_names) {
        const auto names = lists.expand(list);
        if (!names) return usage_error(names.error());
        for (const std::string& name : *names) {
            auto place = computer_place(name, raw);
            if (!place) return usage_error("'" + name + "' is no name of a computer");
            targets.push_back(std::move(*place));
        }
    }
    for (const std::string& list : raw.connection_uris) {
        const auto uris = lists.expand(list);
        if (!uris) return usage_error(uris.error());
        for (const std::string& uri : *uris) {
            const std::size_t mark = uri.find("://");
            const bool is_http = clixml::equal_ignoring_case(uri.substr(0, 7), "http://") ||
                                 clixml::equal_ignoring_case(uri.substr(0, 8), "https://");
            if (!is_http) return usage_error("'" + uri + "' is no http or https address");
            const std::size_t end = std::min(uri.find_first_of("/?", mark + 3), uri.size());
            std::string whole = uri;
            if (end == uri.size()) whole += "/wsman";
            targets.emplace_back(WinRmPlace{uri.substr(mark + 3, end - mark - 3), whole});
        }
    }
    const bool has_winrm = !raw.computer_names.empty() || !raw.connection_uris.empty();
    if (raw.options.leaves_sessions && !has_winrm) {
        return usage_error("-InDisconnectedSession goes with -ComputerName or -ConnectionUri");
    }
    if (!winrm.session_name.empty() && !raw.options.leaves_sessions) {
        return usage_error("-SessionName goes with -InDisconnectedSession");
    }
    return {};
}

// The targets that are reached in other ways than by SSH.
tl::expected<void, Instead> settle_local_targets(RawOptions& raw, TargetLists& lists)
{
    auto& targets = raw.options.targets;
    for (const std::string& list : raw.containers) {
        auto ids = lists.expand(list);
        if (!ids) return usage_error(ids.error());
        for (std::string& id : *ids) {
            if (id.empty() || id.starts_with('-')) {
                return usage_error("'" + id + "' is no name or id of a container");
            }
            psrp::ContainerTarget target;
            target.id = std::move(id);
            target.engine = raw.container_engine;
            targets.emplace_back(std::move(target));
        }
    }
    if (!raw.container_engine.empty() && raw.containers.empty()) {
        return usage_error("-ContainerEngine goes with -ContainerId");
    }
    for (const std::string& path : raw.sockets) {
        if (path.empty()) return usage_error("--socket takes the path of a socket");
        targets.emplace_back(SocketPlace{path});
    }
    for (const std::string& name : raw.custom_pipes) {
        if (name.empty() || name.find('/') != std::string::npos) {
            return usage_error("'" + name + "' is no name of a pipe");
        }
        targets.emplace_back(CustomPipePlace{name});
    }
    for (const std::string& text : raw.process_ids) {
        int id = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
        const bool is_id =
            read.ec == std::errc() && read.ptr == text.data() + text.size() && id > 0;
        if (!is_id) return usage_error("'" + text + "' is no id of a process");
        targets.emplace_back(HostProcessPlace{id, {}});
    }
    for (const std::string& name : raw.process_names) {
        if (name.empty()) return usage_error("-ProcessName takes the name of a process");
        targets.emplace_back(HostProcessPlace{0, name});
    }
    for (const std::string& line : raw.server_commands) {
        auto words = psrp::split_words(line);
        if (!words) return usage_error("--server-command takes a command line, not '" + line + "'");
        targets.emplace_back(CommandPlace{std::move(*words)});
    }
    return {};
}

tl::expected<void, Instead> settle_sessions(RawOptions& raw)
{
    for (const std::string& list : raw.sessions) {
        for (const std::string& name : split_list(list)) {
            if (!psrp::is_session_name(name)) {
                return usage_error("'" + name + "' is no name of a session");
            }
            raw.options.targets.emplace_back(HeldPlace{name});
        }
    }
    return {};
}

// systemd puts the credentials of a service into a folder and says which.
tl::expected<void, Instead> settle_systemd_credential(RawOptions& raw)
{
    const std::string& name = raw.systemd_credential;
    if (name.empty()) return {};
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr) {
        return usage_error(
            "--systemd-credential is for services of systemd: there is no CREDENTIALS_DIRECTORY"
        );
    }
    if (name.find('/') != std::string::npos || name.starts_with('.')) {
        return usage_error("'" + name + "' is no name of a credential");
    }
    raw.options.winrm.credential_file = std::string(folder) + "/" + name;
    return {};
}

} // namespace

tl::unexpected<Instead> usage_error(const std::string& what)
{
    return tl::unexpected<Instead>(
        {"icm: " + what + "\nTry 'icm --help' for more information.\n", true}
    );
}

std::optional<psrp::SshTarget> read_target(std::string_view text)
{
    psrp::SshTarget target;
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        target.user = text.substr(0, at);
        if (target.user.empty()) return std::nullopt;
        text.remove_prefix(at + 1);
    }
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        target.host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        if (!text.empty() && !text.starts_with(':')) return std::nullopt;
        port = text.empty() ? text : text.substr(1);
        if (!text.empty() && port.empty()) return std::nullopt;
    } else {
        const std::size_t colon = text.find(':');
        // Several colons: an IPv6 address without a port.
        const bool has_port = colon != std::string_view::npos && text.rfind(':') == colon;
        target.host = has_port ? text.substr(0, colon) : text;
        if (has_port) {
            port = text.substr(colon + 1);
            if (port.empty()) return std::nullopt;
        }
    }
    if (target.host.empty() || target.host.starts_with('-')) return std::nullopt;
    if (port.empty()) return target;
    int number = 0;
    const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool is_port = read.ec == std::errc() && read.ptr == port.data() + port.size() &&
                         number >= 1 && number <= 65535;
    if (!is_port) return std::nullopt;
    target.port = number;
    return target;
}

tl::expected<void, Instead> settle_targets(RawOptions& raw)
{
    auto lists = TargetLists::create(raw.hosts_file);
    if (!lists) return usage_error(lists.error());
    const auto check = [](tl::expected<void, Instead> settled) {
        return settled ? std::optional<Instead>() : std::optional<Instead>(settled.error());
    };
    auto problem = check(settle_systemd_credential(raw));
    if (!problem) problem = check(settle_ssh(raw, *lists));
    if (!problem) problem = check(settle_ssh_tables(raw));
    if (!problem) problem = check(settle_winrm(raw, *lists));
    if (!problem) problem = check(settle_local_targets(raw, *lists));
    if (!problem) problem = check(settle_sessions(raw));
    if (problem) return tl::unexpected<Instead>(*problem);
    Options& options = raw.options;
    if (raw.endpoint == "pwsh") options.endpoint = Endpoint::Pwsh;
    if (raw.endpoint == "embedded") options.endpoint = Endpoint::Embedded;
    const bool is_elsewhere =
        std::any_of(options.targets.begin(), options.targets.end(), [](const Place& place) {
            return !std::holds_alternative<HerePlace>(place);
        });
    if (options.endpoint != Endpoint::Automatic && is_elsewhere) {
        return usage_error(
            "--endpoint is for this computer and excludes -HostName and other targets"
        );
    }
    // Standard input that held names holds no objects any more.
    if (lists->has_read_input()) options.no_input = true;
    return {};
}

} // namespace icm
