#include <clixml/utf.hpp>
#include <psrp/icm/help.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/transport/command_words.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace icm {

namespace {

// One parameter: PowerShell's name, the long option it becomes, whether it takes a value.
struct Parameter {
    std::string_view name;
    std::string_view option;
    bool takes_value;
};

// clang-format off
constexpr std::array<Parameter, 62> parameters = {{
    {"AllowBasicOverHttp", "allow-basic-over-http", false},
    {"AllowRedirection", "allow-redirection", false},
    {"ApplicationName", "application-name", true},
    {"Authentication", "authentication", true},
    {"CertificateAuthority", "certificate-authority", true},
    {"CertificateKey", "certificate-key", true},
    {"CertificateThumbprint", "certificate-thumbprint", true},
    {"ConfigurationName", "configuration-name", true},
    {"ConnectionUri", "connection-uri", true},
    {"CU", "connection-uri", true},
    {"Credential", "credential", true},
    {"CredentialFile", "credential-file", true},
    {"Delegate", "delegate", false},
    {"Disconnected", "in-disconnected-session", false},
    {"EnableNetworkAccess", "enable-network-access", false},
    {"InDisconnectedSession", "in-disconnected-session", false},
    {"PasswordEnv", "password-env", true},
    {"PasswordFd", "password-fd", true},
    {"SessionName", "session-name", true},
    {"SessionOption", "session-option", true},
    {"URI", "connection-uri", true},
    {"UseSSL", "use-ssl", false},
    {"ArgumentList", "argument-list", true},
    {"Args", "argument-list", true},
    {"Capture", "capture", true},
    {"CaptureSecrets", "capture-secrets", false},
    {"Command", "command", true},
    {"ComputerName", "computer-name", true},
    {"Cn", "computer-name", true},
    {"ConnectingTimeout", "connecting-timeout", true},
    {"ContainerEngine", "container-engine", true},
    {"ContainerId", "container-id", true},
    {"CustomPipeName", "custom-pipe-name", true},
    {"Depth", "depth", true},
    {"Endpoint", "endpoint", true},
    {"ErrorView", "error-view", true},
    {"FilePath", "file-path", true},
    {"PSPath", "file-path", true},
    {"HCN", "hide-computer-name", false},
    {"Help", "help", false},
    {"HideComputerName", "hide-computer-name", false},
    {"HostName", "host-name", true},
    {"IdentityFilePath", "key-file-path", true},
    {"InputObject", "input-object", true},
    {"KeyFilePath", "key-file-path", true},
    {"NoInput", "no-input", false},
    {"Option", "option", true},
    {"Options", "option", true},
    {"Output", "output", true},
    {"Port", "port", true},
    {"ProcessId", "process-id", true},
    {"ProcessName", "process-name", true},
    {"ScriptBlock", "command", true},
    {"ServerCommand", "server-command", true},
    {"Socket", "socket", true},
    {"SSHTransport", "ssh-transport", false},
    {"Subsystem", "subsystem", true},
    {"ThrottleLimit", "throttle-limit", true},
    {"UserName", "user-name", true},
    {"Version", "version", false},
    {"VMId", "vm-id", true},
    {"VMName", "vm-name", true},
}};
// The single letters: POSIX users' own, never taken for the beginning of a name.
constexpr std::array<Parameter, 7> letters = {{
    {"c", "command", true},
    {"h", "help", false},
    {"i", "key-file-path", true},
    {"l", "user-name", true},
    {"n", "no-input", false},
    {"o", "option", true},
    {"p", "port", true},
}};
// clang-format on

struct Arguments {
    std::vector<std::string> options; // --name or --name=value
    std::vector<std::string> positionals;
};

bool is_name(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

tl::unexpected<Instead> usage_error(const std::string& what)
{
    return tl::unexpected<Instead>(
        {"icm: " + what + "\nTry 'icm --help' for more information.\n", true}
    );
}

const Parameter* find_letter(std::string_view name)
{
    const auto found = std::find_if(letters.begin(), letters.end(), [&](const Parameter& row) {
        return row.name == name;
    });
    return found == letters.end() ? nullptr : found;
}

// The parameter that `name` is, or the only one whose name begins so.
tl::expected<const Parameter*, Instead> find_parameter(std::string_view name)
{
    if (const Parameter* letter = find_letter(name)) return letter;
    const Parameter* found = nullptr;
    bool is_ambiguous = false;
    std::string candidates;
    for (const Parameter& row : parameters) {
        if (clixml::equal_ignoring_case(row.name, name)) return &row;
        if (!clixml::equal_ignoring_case(row.name.substr(0, name.size()), name)) continue;
        candidates += (candidates.empty() ? "-" : ", -") + std::string(row.name);
        // Two names of one option leave nothing open.
        is_ambiguous = is_ambiguous || (found != nullptr && found->option != row.option);
        found = &row;
    }
    if (is_ambiguous) {
        return usage_error("parameter -" + std::string(name) + " is ambiguous: " + candidates);
    }
    if (found == nullptr) return usage_error("unknown parameter -" + std::string(name));
    return found;
}

// The row of a long option as POSIX users spell it.
const Parameter* find_option(std::string_view option)
{
    for (const Parameter& row : parameters) {
        if (row.option == option) return &row;
    }
    return nullptr;
}

// Every option as --name or --name=value, so that no value is ever taken for an option.
tl::expected<Arguments, Instead> normalise(const std::vector<std::string>& arguments)
{
    Arguments out;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--") {
            out.positionals.insert(
                out.positionals.end(),
                arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                arguments.end()
            );
            break;
        }
        const bool is_long = argument.starts_with("--");
        const std::size_t mark = argument.find(is_long ? '=' : ':');
        const std::string_view name =
            argument.substr(0, mark).substr(std::min<std::size_t>(is_long ? 2 : 1, argument.size())
            );
        if (!argument.starts_with('-') || (!is_long && !is_name(name))) {
            out.positionals.emplace_back(argument);
            continue;
        }
        const Parameter* row = nullptr;
        if (is_long) {
            row = find_option(name);
            if (row == nullptr) return usage_error("unknown option --" + std::string(name));
        } else {
            auto found = find_parameter(name);
            if (!found) return tl::unexpected<Instead>(found.error());
            row = *found;
        }
        std::string option = "--" + std::string(row->option);
        if (!row->takes_value) {
            const bool is_off = mark != std::string_view::npos &&
                                clixml::equal_ignoring_case(argument.substr(mark + 1), "$false");
            if (!is_off) out.options.push_back(std::move(option));
            continue;
        }
        if (mark != std::string_view::npos) {
            option += "=" + std::string(argument.substr(mark + 1));
        } else if (i + 1 < arguments.size()) {
            option += "=" + arguments[++i];
        } else {
            return usage_error(std::string(argument) + " needs a value");
        }
        out.options.push_back(std::move(option));
    }
    return out;
}

// What the options say before they are looked at together.
struct RawOptions {
    Options options;
    std::vector<std::string> host_names;
    std::vector<std::string> computer_names;
    std::vector<std::string> argument_lists;
    std::vector<std::string> input_objects;
    std::vector<std::string> ssh_options;
    std::vector<std::string> containers;
    std::vector<std::string> sockets;
    std::vector<std::string> custom_pipes;
    std::vector<std::string> process_ids;
    std::vector<std::string> process_names;
    std::vector<std::string> server_commands;
    std::vector<std::string> virtual_machines;
    std::vector<std::string> connection_uris;
    std::string authentication = "Default";
    std::string session_option;
    bool enables_network_access = false;
    std::string container_engine;
    psrp::SshTarget defaults;
    int port = 0;
    int connecting_timeout = -1; // for ever, as PowerShell says it
    int throttle_limit = 0;
    std::string endpoint = "auto";
    std::string output = "auto";
    std::string error_view = "concise";
    bool wants_help = false;
    bool wants_version = false;
    bool ssh_transport = false;
};

// CLI11 checks the values; names and spelling have been settled before.
void define(CLI::App& app, RawOptions& raw)
{
    const auto each = [&app](const char* name, std::vector<std::string>& values) {
        app.add_option(name, values)->allow_extra_args(false);
    };
    const auto ignoring_case = [](std::vector<std::string> words) {
        return CLI::IsMember(std::move(words), CLI::ignore_case);
    };
    app.set_help_flag();
    app.add_flag("--help", raw.wants_help);
    app.add_flag("--version", raw.wants_version);
    each("--host-name", raw.host_names);
    each("--computer-name", raw.computer_names);
    each("--argument-list", raw.argument_lists);
    each("--input-object", raw.input_objects);
    each("--option", raw.ssh_options);
    each("--command", raw.options.scripts);
    each("--container-id", raw.containers);
    each("--socket", raw.sockets);
    each("--custom-pipe-name", raw.custom_pipes);
    each("--process-id", raw.process_ids);
    each("--process-name", raw.process_names);
    each("--server-command", raw.server_commands);
    app.add_option("--vm-id,--vm-name", raw.virtual_machines)->allow_extra_args(false);
    app.add_option("--container-engine", raw.container_engine);
    app.add_option("--file-path", raw.options.file_path);
    app.add_option("--user-name", raw.defaults.user);
    app.add_option("--port", raw.port)->check(CLI::Range(1, 65535));
    app.add_option("--key-file-path", raw.defaults.key_file);
    app.add_option("--subsystem", raw.defaults.subsystem);
    app.add_option("--connecting-timeout", raw.connecting_timeout)
        ->check(CLI::Range(-1, 2'000'000'000));
    app.add_option("--throttle-limit", raw.throttle_limit)->check(CLI::Range(0, 100'000));
    app.add_option("--endpoint", raw.endpoint)
        ->transform(ignoring_case({"auto", "pwsh", "embedded"}));
    app.add_option("--output", raw.output)
        ->transform(ignoring_case(
            {"auto", "table", "list", "json", "jsonl", "csv", "clixml", "text", "none"}
        ));
    app.add_option("--depth", raw.options.depth)->check(CLI::Range(1, 100));
    app.add_option("--error-view", raw.error_view)
        ->transform(ignoring_case({"normal", "concise", "category", "json"}));
    app.add_flag("--no-input", raw.options.no_input);
    app.add_flag("--hide-computer-name", raw.options.hides_computer_name);
    app.add_option("--capture", raw.options.capture_path);
    app.add_flag("--capture-secrets", raw.options.captures_secrets);
    app.add_flag("--ssh-transport", raw.ssh_transport);
    WinRmSettings& winrm = raw.options.winrm;
    each("--connection-uri", raw.connection_uris);
    app.add_flag("--use-ssl", winrm.uses_tls);
    app.add_option("--authentication", raw.authentication);
    app.add_option("--credential", winrm.user);
    app.add_option("--credential-file", winrm.credential_file);
    app.add_option("--password-env", winrm.password_variable);
    app.add_option("--password-fd", winrm.password_descriptor)->check(CLI::Range(0, 1'000'000));
    app.add_option("--configuration-name", winrm.configuration);
    app.add_option("--application-name", winrm.application);
    app.add_option("--certificate-thumbprint", winrm.certificate_file);
    app.add_option("--certificate-key", winrm.certificate_key_file);
    app.add_option("--certificate-authority", winrm.authority_file);
    app.add_option("--session-option", raw.session_option);
    app.add_flag("--allow-redirection", winrm.allows_redirection);
    app.add_flag("--allow-basic-over-http", winrm.allows_basic_in_clear);
    app.add_flag("--delegate", winrm.delegates);
    app.add_flag("--enable-network-access", raw.enables_network_access); // for loopback on Windows
    app.add_flag("--in-disconnected-session", raw.options.leaves_sessions);
    app.add_option("--session-name", winrm.session_name);
}

tl::expected<void, Instead> settle_targets(RawOptions& raw)
{
    for (const std::string& pair : raw.ssh_options) {
        const std::size_t mark = pair.find('=');
        if (mark == 0 || mark == std::string::npos) {
            return usage_error("-Options takes key=value, not '" + pair + "'");
        }
        raw.defaults.options.emplace_back(pair.substr(0, mark), pair.substr(mark + 1));
    }
    if (raw.port != 0) raw.defaults.port = raw.port;
    for (const std::string& list : raw.host_names) {
        for (const std::string& text : split_list(list)) {
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
tl::expected<void, Instead> settle_winrm(RawOptions& raw)
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
    if (*scheme == psrp::AuthenticationScheme::CredSsp) {
        return usage_error("-Authentication Credssp is not supported; Kerberos with --delegate, or "
                           "Basic over -UseSSL, may do instead");
    }
    auto& targets = raw.options.targets;
    for (const std::string& list : raw.computer_names) {
        for (const std::string& name : split_list(list)) {
            const bool is_name = !name.empty() && !name.starts_with('-') &&
                                 name.find_first_of("/@ ") == std::string::npos;
            if (!is_name) return usage_error("'" + name + "' is no name of a computer");
            targets.emplace_back(WinRmPlace{
                name == "." ? "localhost" : name, winrm_url(name, winrm)});
        }
    }
    for (const std::string& list : raw.connection_uris) {
        for (const std::string& uri : split_list(list)) {
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
    if (raw.options.leaves_sessions && raw.options.scripts.size() > 1) {
        return usage_error("-InDisconnectedSession runs one script");
    }
    if (!winrm.session_name.empty() && !raw.options.leaves_sessions) {
        return usage_error("-SessionName goes with -InDisconnectedSession");
    }
    return {};
}

// The targets that are reached in other ways than by SSH.
tl::expected<void, Instead> settle_local_targets(RawOptions& raw)
{
    auto& targets = raw.options.targets;
    for (const std::string& list : raw.containers) {
        for (std::string& id : split_list(list)) {
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
    if (!raw.virtual_machines.empty()) {
        return usage_error("-VMId and -VMName reach virtual machines of Hyper-V, which only "
                           "Windows has; use -HostName for SSH");
    }
    return {};
}

tl::expected<void, Instead> settle_scripts(RawOptions& raw, std::vector<std::string> positionals)
{
    const std::size_t kinds = (positionals.empty() ? 0U : 1U) +
                              (raw.options.scripts.empty() ? 0U : 1U) +
                              (raw.options.file_path.empty() ? 0U : 1U);
    if (kinds == 0) return usage_error("a script is missing");
    if (kinds > 1) return usage_error("SCRIPT, -c and -FilePath exclude each other");
    if (positionals.size() > 1) {
        return usage_error(
            "one SCRIPT is taken, not " + std::to_string(positionals.size()) +
            "; quote it, or give several with -c"
        );
    }
    if (!positionals.empty()) raw.options.scripts = std::move(positionals);
    const auto is_text = [](const std::string& text) { return !clixml::first_invalid_utf8(text); };
    if (!std::all_of(raw.options.scripts.begin(), raw.options.scripts.end(), is_text)) {
        return usage_error("the script is no UTF-8 text");
    }
    return {};
}

tl::expected<void, Instead>
settle_values(const std::vector<std::string>& lists, std::vector<std::string>& values)
{
    for (const std::string& list : lists) {
        for (std::string& element : split_list(list)) {
            clixml::Arena arena;
            if (!typed_value(element, arena)) {
                return usage_error("'" + element + "' is no value: broken JSON or no UTF-8 text");
            }
            values.push_back(std::move(element));
        }
    }
    return {};
}

// The command line has been checked: `name` is one of these or "auto".
OutputMode output_mode(std::string_view name)
{
    constexpr std::array<std::pair<std::string_view, OutputMode>, 8> modes = {
        {{"table", OutputMode::Table},
         {"list", OutputMode::List},
         {"json", OutputMode::Json},
         {"jsonl", OutputMode::JsonLines},
         {"csv", OutputMode::Csv},
         {"clixml", OutputMode::Clixml},
         {"text", OutputMode::Text},
         {"none", OutputMode::None}}};
    for (const auto& [word, mode] : modes) {
        if (word == name) return mode;
    }
    return OutputMode::Automatic;
}

tl::expected<Options, Instead>
settle(RawOptions& raw, std::vector<std::string> positionals, bool for_sessions)
{
    const auto check = [](tl::expected<void, Instead> settled) {
        return settled ? std::optional<Instead>() : std::optional<Instead>(settled.error());
    };
    auto problem = check(settle_targets(raw));
    if (!problem) problem = check(settle_winrm(raw));
    if (!problem) problem = check(settle_local_targets(raw));
    if (!problem && !for_sessions) problem = check(settle_scripts(raw, std::move(positionals)));
    if (!problem) problem = check(settle_values(raw.argument_lists, raw.options.arguments));
    if (!problem) problem = check(settle_values(raw.input_objects, raw.options.input_objects));
    if (problem) return tl::unexpected<Instead>(*problem);

    Options& options = raw.options;
    options.has_input_objects = !raw.input_objects.empty();
    if (raw.endpoint == "pwsh") options.endpoint = Endpoint::Pwsh;
    if (raw.endpoint == "embedded") options.endpoint = Endpoint::Embedded;
    if (options.endpoint != Endpoint::Automatic && !options.targets.empty()) {
        return usage_error(
            "--endpoint is for this computer and excludes -HostName and other targets"
        );
    }
    options.output = output_mode(raw.output);
    if (raw.error_view == "normal") options.error_view = psrp::ErrorView::Normal;
    if (raw.error_view == "category") options.error_view = psrp::ErrorView::Category;
    if (raw.error_view == "json") options.error_view = psrp::ErrorView::Json;
    if (raw.throttle_limit > 0)
        options.throttle_limit = static_cast<std::size_t>(raw.throttle_limit);
    if (raw.connecting_timeout == 0) {
        return usage_error("-ConnectingTimeout takes milliseconds, or -1 for no limit");
    }
    if (raw.connecting_timeout > 0) {
        options.connecting_timeout = std::chrono::milliseconds(raw.connecting_timeout);
    }
    return std::move(options);
}

} // namespace

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

namespace {

// Options of the command line, and what stands between them.
tl::expected<std::vector<std::string>, Instead>
read_raw(const std::vector<std::string>& arguments, RawOptions& raw)
{
    auto normalised = normalise(arguments);
    if (!normalised) return tl::unexpected<Instead>(normalised.error());
    CLI::App app;
    define(app, raw);
    // CLI11 takes its arguments from the back.
    std::vector<std::string> options = std::move(normalised->options);
    std::reverse(options.begin(), options.end());
    try {
        app.parse(std::move(options));
    } catch (const CLI::ParseError& error) {
        return usage_error(error.what());
    }
    return std::move(normalised->positionals);
}

} // namespace

tl::expected<Options, Instead> read_options(const std::vector<std::string>& arguments)
{
    RawOptions raw;
    auto positionals = read_raw(arguments, raw);
    if (!positionals) return tl::unexpected<Instead>(positionals.error());
    if (raw.wants_help) return tl::unexpected<Instead>({help_text(), false});
    if (raw.wants_version) return tl::unexpected<Instead>({version_text(), false});
    return settle(raw, std::move(*positionals), false);
}

tl::expected<SessionCommand, Instead> read_session_command(const std::vector<std::string>& arguments
)
{
    RawOptions raw;
    auto positionals = read_raw(arguments, raw);
    if (!positionals) return tl::unexpected<Instead>(positionals.error());
    if (raw.wants_help) return tl::unexpected<Instead>({session_help_text(), false});
    using Action = SessionCommand::Action;
    constexpr std::array<std::pair<std::string_view, Action>, 4> actions = {
        {{"list", Action::List},
         {"connect", Action::Connect},
         {"receive", Action::Receive},
         {"remove", Action::Remove}}};
    const auto action = std::find_if(actions.begin(), actions.end(), [&](const auto& one) {
        return !positionals->empty() && positionals->front() == one.first;
    });
    if (action == actions.end()) return usage_error("expected list, connect, receive or remove");
    SessionCommand command;
    command.action = action->second;
    command.sessions.assign(positionals->begin() + 1, positionals->end());
    if (raw.computer_names.empty() && raw.connection_uris.empty()) {
        return usage_error("sessions are those of a -ComputerName or -ConnectionUri");
    }
    if ((command.action == Action::List) != command.sessions.empty()) {
        return usage_error(
            command.action == Action::List ? "list takes no session"
                                           : "expected the identifier or name of a session"
        );
    }
    auto options = settle(raw, {}, true);
    if (!options) return tl::unexpected<Instead>(options.error());
    command.options = std::move(*options);
    if (command.action == Action::Connect && command.options.scripts.empty()) {
        return usage_error("connect runs a script in the session: give it with -c");
    }
    return command;
}

} // namespace icm
