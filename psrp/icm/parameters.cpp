#include <clixml/utf.hpp>
#include <psrp/icm/parameters.hpp>

#include <algorithm>
#include <iterator>
#include <vector>

namespace icm {

namespace {

constexpr bool ours = true;
constexpr bool theirs = false;

// clang-format off
constexpr Parameter rows[] = {
    // Targets
    {"HostName", "host-name", "[USER@]HOST[:PORT][,...]", Section::Targets, to_any, theirs,
     "computers reached over SSH; may be repeated. Without a target the script runs here. See 'icm help targets' for lists, files and groups."},
    {"SSHConnection", "ssh-connection", "JSON", Section::Targets, to_any, theirs,
     "the same as tables, one or an array: '[{\"HostName\": \"web\", \"UserName\": \"me\", \"Port\": 22, \"KeyFilePath\": \"id\", \"Options\": {\"Compression\": \"yes\"}}]', or @FILE"},
    {"ComputerName", "computer-name", "NAME[,...]", Section::Targets, to_any, theirs,
     "computers reached over WinRM. localhost and . are this computer, unless a credential or another parameter of WinRM is given"},
    {"ConnectionUri", "connection-uri", "URI[,...]", Section::Targets, to_any, theirs,
     "the same by address: https://server:5986/wsman"},
    {"ContainerId", "container-id", "ID[,...]", Section::Targets, to_any, theirs,
     "containers, by id or name, with pwsh in them"},
    {"ContainerEngine", "container-engine", "PROGRAM", Section::Targets, to_container, ours,
     "what runs them (docker or podman, whichever is on PATH)"},
    {"ProcessId", "process-id", "ID", Section::Targets, to_any, ours, "a running PowerShell of this computer"},
    {"ProcessName", "process-name", "NAME", Section::Targets, to_any, ours, "the same by the process's name"},
    {"CustomPipeName", "custom-pipe-name", "NAME", Section::Targets, to_any, ours, "the same by the name it was started with"},
    {"Socket", "socket", "PATH", Section::Targets, to_any, ours,
     "a server behind a Unix socket, as of 'psrp serve --socket PATH'"},
    {"ServerCommand", "server-command", "COMMAND", Section::Targets, to_any, ours,
     "a program that serves on its standard streams: 'pwsh -s', 'kubectl exec -i POD -- pwsh -s'. No shell is involved."},
    {"Session", "session", "NAME[,...]", Section::Targets, to_any, theirs,
     "sessions that 'psrp session new' has opened; what one command leaves in them the next one finds. See 'icm help sessions'"},
    {"HostsFile", "hosts-file", "FILE", Section::Targets, to_any, ours,
     "names one a line, in [groups]; -HostName @GROUP and -ComputerName @GROUP take those of a group, @all takes all"},
    {"Group", "group", "NAME[,...]", Section::Targets, to_any, ours,
     "the same as -HostName @NAME"},
    {"Endpoint", "endpoint", "pwsh|embedded|auto", Section::Targets, to_any, ours,
     "what runs the script here: 'pwsh -s', or the small endpoint built into icm. auto takes pwsh where it is on PATH"},
    {"ConnectingTimeout", "connecting-timeout", "MS", Section::Targets, to_any, theirs,
     "milliseconds for a session to open (-1: no limit)"},

    // SSH
    {"UserName", "user-name", "NAME", Section::Ssh, to_ssh, theirs, "user for targets that name none"},
    {"Port", "port", "NUMBER", Section::Ssh, to_ssh | to_computer, theirs,
     "port for targets that name none; for WinRM 5985, or 5986 with -UseSSL"},
    {"KeyFilePath", "key-file-path", "FILE", Section::Ssh, to_ssh, theirs, "private key"},
    {"Options", "option", "KEY=VALUE", Section::Ssh, to_ssh, theirs,
     "an option for ssh, as its -o; may be repeated, or a JSON object"},
    {"Subsystem", "subsystem", "NAME", Section::Ssh, to_ssh, theirs, "SSH subsystem to ask for (powershell)"},
    {"SSHTransport", "ssh-transport", "", Section::Ssh, to_ssh, theirs, "says that -HostName is meant; changes nothing"},

    // WinRM
    {"UseSSL", "use-ssl", "", Section::WinRm, to_computer, theirs, "HTTPS"},
    {"Authentication", "authentication", "Default|Negotiate|Kerberos|Ntlm|Basic|Certificate|Digest|Credssp", Section::WinRm, to_winrm, theirs,
     "how to log in; Default is Negotiate, Basic needs -UseSSL. Over HTTP messages are encrypted with what Negotiate, Kerberos and Ntlm have agreed on"},
    {"Credential", "credential", "USER", Section::WinRm, to_winrm, theirs,
     "USER, DOMAIN\\USER or USER@REALM; without it the Kerberos ticket. The password is asked for, unless one of the next four says where it is. See 'icm help credentials'"},
    {"CredentialFile", "credential-file", "FILE", Section::WinRm, to_winrm, ours,
     "user and password, a line each, or the password alone; nobody else may read it"},
    {"SystemdCredential", "systemd-credential", "NAME", Section::WinRm, to_winrm, ours,
     "the same in the service's credentials: LoadCredential= of systemd"},
    {"PasswordEnv", "password-env", "NAME", Section::WinRm, to_winrm, ours, "the password in the environment"},
    {"PasswordFd", "password-fd", "NUMBER", Section::WinRm, to_winrm, ours, "the password in an open file"},
    {"ConfigurationName", "configuration-name", "NAME", Section::WinRm, to_winrm | to_ssh, theirs,
     "session configuration (Microsoft.PowerShell); over SSH the subsystem"},
    {"ApplicationName", "application-name", "NAME", Section::WinRm, to_computer, theirs, "last part of the address (wsman)"},
    {"CertificateThumbprint", "certificate-thumbprint", "FILE", Section::WinRm, to_winrm, theirs,
     "client certificate: PEM with its key, or PKCS#12; --password-env or --password-fd opens it"},
    {"CertificateKey", "certificate-key", "FILE", Section::WinRm, to_winrm, ours, "its key, where that is elsewhere"},
    {"CertificateAuthority", "certificate-authority", "FILE", Section::WinRm, to_winrm, ours,
     "who signs the servers' certificates, instead of the system's"},
    {"SessionOption", "session-option", "JSON", Section::WinRm, to_winrm, theirs,
     "as New-PSSessionOption has them: '{\"SkipCACheck\": true, \"IdleTimeout\": 7200000, \"OutputBufferingMode\": \"Drop\"}'"},
    {"AllowRedirection", "allow-redirection", "", Section::WinRm, to_uri, theirs, "go where the server says"},
    {"EnableNetworkAccess", "enable-network-access", "", Section::WinRm, to_winrm, theirs,
     "for sessions of Windows with itself; has no effect on others, and none here"},
    {"InDisconnectedSession", "in-disconnected-session", "", Section::WinRm, to_winrm, theirs,
     "start the script, leave it to the server and tell which session it is in; 'psrp session receive' gets its output"},
    {"SessionName", "session-name", "NAME", Section::WinRm, to_winrm, theirs, "name of that session"},
    {"Delegate", "delegate", "", Section::WinRm, to_winrm, ours, "hand the Kerberos ticket on to the server"},
    {"AllowBasicOverHttp", "allow-basic-over-http", "", Section::WinRm, to_winrm, ours,
     "let everybody on the way see the password"},

    // Script
    {"ScriptBlock", "command", "SCRIPT", Section::Script, to_any, theirs,
     "the text to run, as the argument SCRIPT is; given several times all run in one session, which keeps its variables"},
    {"FilePath", "file-path", "FILE", Section::Script, to_any, theirs, "the text of a local file"},
    {"ArgumentList", "argument-list", "VALUES", Section::Script, to_any, theirs,
     "arguments for param() or $args: values with commas between them; may be repeated. See 'icm help scripts'"},
    {"Using", "using", "NAME=VALUE", Section::Script, to_any, ours,
     "the value of $using:NAME in the script; may be repeated. $using:env:NAME is the environment here"},
    {"NoNewScope", "no-new-scope", "", Section::Script, to_here, theirs,
     "run in the session's own scope, as scripts here always do"},
    {"StrictMode", "strict-mode", "Off|Latest|1.0|2.0|3.0", Section::Script, to_here, theirs, "Set-StrictMode first"},

    // Input
    {"InputObject", "input-object", "VALUES", Section::Input, to_any, theirs, "objects for $input, written as those of -ArgumentList"},
    {"Input", "input", "lines|json|jsonl|csv|clixml", Section::Input, to_any, ours,
     "what standard input is: lines (each one is a text), json, jsonl, csv or clixml. Read where it is a pipe or a file"},
    {"NoInput", "no-input", "", Section::Input, to_any, ours, "do not read standard input"},

    // Output
    {"Output", "output", "auto|table|list|json|jsonl|csv|clixml|text|none", Section::Output, to_any, ours,
     "auto: as PowerShell prints it. table, list: always so. json: what ConvertTo-Json makes of all objects. jsonl: one value a line. csv: as ConvertTo-Csv -NoTypeInformation. clixml: one document, as Export-Clixml writes it. text: as strings. none: nothing"},
    {"Depth", "depth", "N", Section::Output, to_any, ours, "levels of objects in json, jsonl and clixml (2)"},
    {"HideComputerName", "hide-computer-name", "", Section::Output, to_any, theirs,
     "do not show which computer an object came from"},
    {"ErrorView", "error-view", "concise|normal|category|json", Section::Output, to_any, ours,
     "concise, normal or category, as $ErrorView has them, or json: one line a record"},
    {"Verbose", "verbose", "", Section::Output, to_any, theirs,
     "let the script's Write-Verbose write; -Verbose:$false hides what it writes by itself"},
    {"Debug", "debug", "", Section::Output, to_any, theirs, "the same for Write-Debug"},
    {"WarningAction", "warning-action", "Continue|SilentlyContinue|Ignore", Section::Output, to_any, theirs,
     "Continue shows warnings, SilentlyContinue and Ignore hide them"},
    {"InformationAction", "information-action", "Continue|SilentlyContinue|Ignore", Section::Output, to_any, theirs,
     "the same for what Write-Information writes"},
    {"ErrorAction", "error-action", "Continue|SilentlyContinue|Ignore|Stop", Section::Output, to_any, theirs,
     "the same for errors, which count for the exit status all the same; Stop ends the run at the first one"},
    {"ProgressAction", "progress-action", "Continue|SilentlyContinue|Ignore", Section::Output, to_any, theirs,
     "the same for progress"},
    {"NoProgress", "no-progress", "", Section::Output, to_any, ours,
     "no bars and no count of targets on the terminal"},
    {"Summary", "summary", "", Section::Output, to_any, ours,
     "a table of the targets on standard error at the end, in JSON with --error-view json"},

    // Run
    {"ThrottleLimit", "throttle-limit", "NUMBER", Section::Run, to_any, theirs, "targets at once (32, also for 0)"},
    {"TargetTimeout", "target-timeout", "SECONDS", Section::Run, to_any, ours,
     "time that each target has, from its connection on; then it is given up"},
    {"Timeout", "timeout", "SECONDS", Section::Run, to_any, ours, "time that all of it has"},
    {"Retry", "retry", "NUMBER", Section::Run, to_any, ours,
     "try a target again, so many times, where it failed before it wrote anything"},
    {"RetryDelay", "retry-delay", "SECONDS", Section::Run, to_any, ours, "wait before the first time, twice as long before each next (1)"},
    {"FailFast", "fail-fast", "", Section::Run, to_any, ours,
     "when a target cannot be reached or its script ends by an error, start no other and stop those that run"},

    {"AsJob", "as-job", "", Section::Run, to_any, theirs,
     "run behind this command, which prints the job and ends; 'psrp job' waits for it and receives its results"},
    {"JobName", "job-name", "NAME", Section::Run, to_any, theirs, "the same, with a name (Job and its number)"},
    {"ResultsMax", "results-max", "MIB", Section::Run, to_any, ours,
     "results of a job that wait to be received, in MiB; one with more is stopped (1024)"},

    // Other
    {"Capture", "capture", "FILE", Section::Other, to_any, ours,
     "record the conversation for 'psrp decode' (gzip where the name ends in .gz; a file a target where there are several); secrets are masked"},
    {"CaptureSecrets", "capture-secrets", "", Section::Other, to_any, ours, "record passwords and secure strings, too"},
    {"Help", "help", "", Section::Other, to_any, ours, "this text; 'icm help' lists more"},
    {"Version", "version", "", Section::Other, to_any, ours, "the version"},

    // Of psrp session and psrp job
    {"IdleTimeout", "idle-timeout", "SECONDS", Section::Lasting, to_any, ours,
     "of session new: close the session when nobody has used it for so long (7200)"},
    {"Keep", "keep", "", Section::Lasting, to_any, ours, "of job receive: leave the results to be received again"},

    // What PowerShell has and icm has not.
    {"RemoteDebug", "remote-debug", "", Section::Refused, to_any, theirs, "there is no debugger, neither here nor in psrp enter, and servers refuse breakpoints without one; Enter-PSSession of PowerShell has one, -Debug shows what scripts write by Write-Debug"},
    {"RunAsAdministrator", "run-as-administrator", "", Section::Refused, to_any, theirs, "only Windows has administrators in containers; start the container with another user, or use --server-command 'docker exec -i -u root ID pwsh -s'"},
    {"VMId", "vm-id", "ID", Section::Refused, to_any, theirs, "reaches virtual machines of Hyper-V, which only Windows has; use -HostName for SSH"},
    {"VMName", "vm-name", "NAME", Section::Refused, to_any, theirs, "reaches virtual machines of Hyper-V, which only Windows has; use -HostName for SSH"},
    {"ErrorVariable", "error-variable", "NAME", Section::Refused, to_any, theirs, "a shell has no variables of objects; use 2>FILE and --error-view json"},
    {"InformationVariable", "information-variable", "NAME", Section::Refused, to_any, theirs, "a shell has no variables of objects; use 2>FILE"},
    {"OutBuffer", "out-buffer", "NUMBER", Section::Refused, to_any, theirs, "output is not held back; the shell's pipe does that"},
    {"OutVariable", "out-variable", "NAME", Section::Refused, to_any, theirs, "a shell has no variables of objects; use NAME=$(icm --output json ...)"},
    {"PipelineVariable", "pipeline-variable", "NAME", Section::Refused, to_any, theirs, "a shell has no variables of objects; use one inside the script"},
    {"WarningVariable", "warning-variable", "NAME", Section::Refused, to_any, theirs, "a shell has no variables of objects; use 2>FILE"},
};

constexpr ParameterAlias aliases[] = {
    {"Args", "argument-list"},
    {"Cn", "computer-name"},
    {"Command", "command"},
    {"CU", "connection-uri"},
    {"DB", "debug"},
    {"Disconnected", "in-disconnected-session"},
    {"EA", "error-action"},
    {"EV", "error-variable"},
    {"HCN", "hide-computer-name"},
    {"IdentityFilePath", "key-file-path"},
    {"InfA", "information-action"},
    {"IV", "information-variable"},
    {"OB", "out-buffer"},
    {"Option", "option"},
    {"OV", "out-variable"},
    {"ProgA", "progress-action"},
    {"PSPath", "file-path"},
    {"PV", "pipeline-variable"},
    {"URI", "connection-uri"},
    {"VB", "verbose"},
    {"VMGuid", "vm-id"},
    {"WA", "warning-action"},
    {"WV", "warning-variable"},
};

constexpr ParameterAlias letters[] = {
    {"c", "command"},
    {"h", "help"},
    {"i", "key-file-path"},
    {"l", "user-name"},
    {"n", "no-input"},
    {"o", "option"},
    {"p", "port"},
};

constexpr TargetKind kinds[] = {
    {"host-name", to_ssh},
    {"group", to_ssh},
    {"ssh-connection", to_ssh_table},
    {"computer-name", to_computer},
    {"connection-uri", to_uri},
    {"container-id", to_container},
    {"session", to_session},
};

constexpr Exclusion excluded[] = {
    {"command", "file-path"},
    {"input-object", "input"},
    {"input", "no-input"},
    {"credential", "certificate-thumbprint"},
    {"credential-file", "certificate-thumbprint"},
    {"systemd-credential", "certificate-thumbprint"},
    {"credential-file", "systemd-credential"},
    {"credential-file", "password-env"},
    {"credential-file", "password-fd"},
    {"systemd-credential", "password-env"},
    {"systemd-credential", "password-fd"},
    {"password-env", "password-fd"},
    {"no-progress", "progress-action"},
    {"as-job", "in-disconnected-session"},
    {"job-name", "in-disconnected-session"},
};

// Places of ours: what is said of this computer's own endpoint excludes them.
constexpr std::string_view our_targets[] = {
    "process-id", "process-name", "custom-pipe-name", "socket", "server-command"};
// clang-format on

std::string written(std::string_view option)
{
    const Parameter* row = find_option(option);
    if (row == nullptr) return "--" + std::string(option);
    return row->is_ours ? "--" + std::string(row->option) : "-" + std::string(row->name);
}

// "-A, -B or -C": the parameters that make targets of these kinds.
std::string targets_of_kinds(std::uint8_t wanted)
{
    std::vector<std::string> names;
    for (const TargetKind& row : kinds) {
        if ((row.kind & wanted) != 0 && row.option != "group") names.push_back(written(row.option));
    }
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i != 0) text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text;
}

} // namespace

std::span<const Parameter> parameters()
{
    return rows;
}

std::span<const ParameterAlias> parameter_aliases()
{
    return aliases;
}

std::span<const ParameterAlias> parameter_letters()
{
    return letters;
}

std::span<const TargetKind> target_kinds()
{
    return kinds;
}

std::span<const Exclusion> exclusions()
{
    return excluded;
}

bool is_for_connections(const Parameter& parameter)
{
    // What becomes of a session, or how many there are, is for icm.
    constexpr std::string_view left_out[] = {
        "in-disconnected-session", "session-name", "hosts-file", "group"};
    constexpr std::string_view also[] = {"no-progress", "error-view"};
    const auto is_in = [&](const auto& names) {
        return std::find(std::begin(names), std::end(names), parameter.option) != std::end(names);
    };
    const Section section = parameter.section;
    const bool is_of_connection = section == Section::Targets || section == Section::Ssh ||
                                  section == Section::WinRm || section == Section::Other;
    return (is_of_connection && !is_in(left_out)) || is_in(also);
}

const Parameter* find_option(std::string_view option)
{
    const auto is_alias = [&](const ParameterAlias& alias) {
        return clixml::equal_ignoring_case(alias.name, option);
    };
    const auto alias = std::find_if(std::begin(aliases), std::end(aliases), is_alias);
    for (const Parameter& row : rows) {
        const bool is_it =
            row.option == option || (alias != std::end(aliases) && row.option == alias->option);
        if (is_it) return &row;
    }
    return nullptr;
}

namespace {

// What begins with `name`, among PowerShell's names or ours.
tl::expected<const Parameter*, std::string> find_beginning(std::string_view name, bool is_ours)
{
    const auto begins = [&](std::string_view whole) {
        return clixml::equal_ignoring_case(whole.substr(0, name.size()), name);
    };
    const Parameter* found = nullptr;
    bool is_ambiguous = false;
    std::string candidates;
    const auto take = [&](std::string_view whole, const Parameter& row) {
        candidates += (candidates.empty() ? "-" : ", -") + std::string(whole);
        // Two names of one option leave nothing open.
        is_ambiguous = is_ambiguous || (found != nullptr && found != &row);
        found = &row;
    };
    for (const Parameter& row : rows) {
        if (row.is_ours == is_ours && begins(row.name)) take(row.name, row);
    }
    for (const ParameterAlias& alias : aliases) {
        const Parameter* row = find_option(alias.option);
        if (row->is_ours == is_ours && begins(alias.name)) take(alias.name, *row);
    }
    if (!is_ambiguous) return found;
    return tl::unexpected("parameter -" + std::string(name) + " is ambiguous: " + candidates);
}

} // namespace

tl::expected<const Parameter*, std::string> find_parameter(std::string_view name)
{
    for (const ParameterAlias& letter : letters) {
        if (letter.name == name) return find_option(letter.option);
    }
    for (const Parameter& row : rows) {
        if (clixml::equal_ignoring_case(row.name, name)) return &row;
    }
    for (const ParameterAlias& alias : aliases) {
        if (clixml::equal_ignoring_case(alias.name, name)) return find_option(alias.option);
    }
    for (const bool is_ours : {theirs, ours}) {
        auto found = find_beginning(name, is_ours);
        if (!found || *found != nullptr) return found;
    }
    return tl::unexpected("unknown parameter -" + std::string(name));
}

tl::expected<void, std::string> check_together(std::span<const std::string_view> options)
{
    const auto has = [&](std::string_view option) {
        return std::find(options.begin(), options.end(), option) != options.end();
    };
    for (const Exclusion& row : excluded) {
        if (!has(row.option) || !has(row.other)) continue;
        return tl::unexpected(
            written(row.option) + " and " + written(row.other) + " exclude each other"
        );
    }
    const TargetKind* target = nullptr;
    for (const TargetKind& row : kinds) {
        if (!has(row.option)) continue;
        if (target != nullptr && target->kind != row.kind) {
            return tl::unexpected(
                written(target->option) + " and " + written(row.option) +
                " exclude each other: one command takes one kind of computers"
            );
        }
        target = &row;
    }
    const auto own = std::find_if(std::begin(our_targets), std::end(our_targets), has);
    for (const std::string_view option : options) {
        const Parameter* row = find_option(option);
        if (row == nullptr || row->goes_with == to_any) continue;
        const std::string_view given =
            target != nullptr ? target->option
                              : (own != std::end(our_targets) ? *own : std::string_view());
        const std::uint8_t kind =
            target != nullptr ? target->kind : (given.empty() ? to_here : to_any);
        if ((row->goes_with & kind) != 0) continue;
        if (row->goes_with == to_here) {
            return tl::unexpected(
                written(option) + " and " + written(given) +
                " exclude each other: it is for scripts that run here"
            );
        }
        return tl::unexpected(
            written(option) + " goes with " + targets_of_kinds(row->goes_with) +
            (given.empty() ? std::string() : ", not with " + written(given))
        );
    }
    return {};
}

std::string_view section_title(Section section)
{
    switch (section) {
    case Section::Targets:
        return "Targets";
    case Section::Ssh:
        return "SSH";
    case Section::WinRm:
        return "WinRM";
    case Section::Script:
        return "Script";
    case Section::Input:
        return "Input";
    case Section::Output:
        return "Output";
    case Section::Run:
        return "Running";
    case Section::Other:
        return "Other";
    case Section::Lasting:
        return "Sessions and jobs";
    case Section::Refused:
        return "Not taken";
    }
    return {};
}

} // namespace icm
