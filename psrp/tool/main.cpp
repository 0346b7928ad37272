// The psrp program: one subcommand a job.
#include <psrp/icm/options.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/sessions.hpp>
#include <psrp/tool/clixml_command.hpp>
#include <psrp/tool/copy_command.hpp>
#include <psrp/tool/decode_command.hpp>
#include <psrp/tool/enter_command.hpp>
#include <psrp/tool/help_command.hpp>
#include <psrp/tool/serve.hpp>

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

using namespace psrp::tool;

void add_clixml(CLI::App& app, ClixmlOptions& options)
{
    CLI::App* command = app.add_subcommand("clixml", "Read a CLIXML text and show or rewrite it");
    command->require_subcommand(1);
    auto add = [&](const char* name, const char* about, ClixmlOptions::Mode mode) {
        CLI::App* sub = command->add_subcommand(name, about);
        sub->add_option("FILE", options.file, "The text; - is the standard input")
            ->capture_default_str();
        sub->callback([&options, mode] { options.mode = mode; });
        return sub;
    };
    CLI::App* dump =
        add("dump",
            "The value as PowerShell deserializes it, as one line of JSON",
            ClixmlOptions::Mode::Dump);
    dump->add_flag("--bare", options.bare, "The text is one bare element, as in PSRP messages");
    dump->add_flag(
        "--stderr",
        options.error_output,
        "A text that starts with #< CLIXML is what a shell wrote to its standard error"
    );
    add("copy", "Read losslessly and write again in the form read", ClixmlOptions::Mode::Copy);
    CLI::App* again =
        add("again",
            "Deserialize as PowerShell does and serialize again, indented",
            ClixmlOptions::Mode::Again);
    again->add_flag("--bare", options.bare, "The text is one bare element, as in PSRP messages");
    again->add_option("--depth", options.depth, "Serialization depth")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
}

// What the command line says of psrp decode, besides its options.
struct DecodeFlags {
    bool pretty = false;
    bool stats = false;
    std::string color = "auto";
};

void add_decode(CLI::App& app, DecodeOptions& options, DecodeFlags& flags)
{
    CLI::App* command = app.add_subcommand(
        "decode",
        "Decode a recording (plain or gzip) to one line of JSON a message: lines 'C <Data ...>' "
        "and "
        "'S <Data ...>' as --capture writes them, bare framing lines, bytes of fragments, or WinRM "
        "envelopes"
    );
    command->add_option("FILE", options.file, "The recording; - is the standard input")
        ->capture_default_str();
    CLI::Option* pretty =
        command->add_flag("--pretty", flags.pretty, "An outline of every message for people");
    command->add_flag("--stats", flags.stats, "Counts by message and direction")->excludes(pretty);
    command->add_flag("--full", options.full, "Long texts and lists whole (--pretty)");
    command->add_option("--color", flags.color, "Colours in --pretty; NO_COLOR is honoured")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
}

void settle_decode(const DecodeFlags& flags, DecodeOptions& options)
{
    if (flags.pretty) options.form = DecodeOptions::Form::Pretty;
    if (flags.stats) options.form = DecodeOptions::Form::Stats;
    const char* no_color = std::getenv("NO_COLOR");
    const bool is_wanted = (no_color == nullptr || *no_color == 0) && isatty(STDOUT_FILENO) == 1;
    options.colors = flags.color == "always" || (flags.color == "auto" && is_wanted);
}

void add_winrm(CLI::App& command, WinRmServeOptions& options)
{
    const char* group = "WinRM";
    const auto add = [&](const char* name, std::string& value, const char* about) {
        command.add_option(name, value, about)->group(group);
    };
    const auto add_flag = [&](const char* name, bool& value, const char* about) {
        command.add_flag(name, value, about)->group(group);
    };
    add("--winrm", options.place, "As a WinRM endpoint at [ADDRESS:]PORT (127.0.0.1)");
    command.add_option("--tls", options.tls, "Certificate and key, PEM: HTTPS instead of HTTP")
        ->expected(2)
        ->type_name("CERTIFICATE KEY")
        ->group(group);
    add("--users", options.users_file, "File of user:hash, hashes of crypt(3), for Basic");
    add("--pam", options.pam_service, "PAM service that judges users of Basic");
    add("--keytab", options.keytab, "Keys of HTTP/HOST, for Kerberos and Negotiate");
    add("--ntlm-users", options.ntlm_users, "File of DOMAIN:user:password, for NTLM");
    add("--client-ca", options.client_authority, "Who signs clients' certificates, PEM");
    add("--certificate-map", options.certificate_map, "File of 'THUMBPRINT user'");
    add_flag("--allow-unencrypted", options.allows_unencrypted, "Messages in the clear over HTTP");
    add_flag("--allow-basic-over-http", options.allows_basic_over_http, "Passwords, too");
    add_flag(
        "--require-channel-binding",
        options.needs_channel_binding,
        "Over HTTPS, refuse logins that are not bound to the connection"
    );
    add_flag("--cmd-shell", options.has_command_shell, "Serve the plain command shell, by sh");
    command.add_option("--envelope-kib", options.envelope_kib, "Largest envelope (500)")
        ->check(CLI::Range(8, 4096))
        ->group(group);
}

void add_serve(CLI::App& app, ServeOptions& options)
{
    CLI::App* command =
        app.add_subcommand("serve", "Serve PSRP sessions, with the embedded endpoint or a child");
    command->add_flag(
        "--stdio", options.stdio, "On standard input and output, as an SSH subsystem"
    );
    command->add_flag(
        "-s", options.server_mode, "The same as a child process: failures go to standard error"
    );
    command->add_option(
        "--socket", options.socket_path, "On a Unix socket that is made there, for this user only"
    );
    command->add_flag(
        "--systemd", options.activated, "On the Unix sockets that systemd hands over (LISTEN_FDS)"
    );
    add_winrm(*command, options.winrm);
    command->add_option(
        "--bridge", options.bridge, "Command line that answers each client, such as 'pwsh -s'"
    );
    command
        ->add_option(
            "--idle-timeout", options.idle_timeout_s, "Seconds after which an idle session ends"
        )
        ->check(CLI::Range(0, 1'000'000'000));
    command->add_option("--sessions-max", options.sessions_max, "Clients at once on a socket")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    command->add_option(
        "--log-level", options.log_level, "none, error, warning, info or debug, to standard error"
    );
    command->add_flag("--log-payloads", options.logs_payloads, "Log what clients send and get");
    command->add_flag(
        "--allow-native",
        options.allows_native,
        "Let scripts run the programs of this computer, with the rights of this process"
    );
    command->add_option(
        "--capture",
        options.capture_path,
        "Record sessions for psrp decode, a file each; gzip where the name ends in .gz"
    );
    command->add_flag(
        "--capture-secrets", options.captures_secrets, "Record secrets too, which are masked else"
    );
}

int run_session_command(const std::vector<std::string>& arguments)
{
    const auto command = icm::read_session_command(arguments);
    if (command) return icm::run_sessions(*command);
    const icm::Instead& instead = command.error();
    (instead.is_error ? std::cerr : std::cout) << instead.text;
    return instead.is_error ? icm::exit_usage : icm::exit_success;
}

int run_copy_command(const std::vector<std::string>& arguments)
{
    const auto options = read_copy_options(arguments);
    if (options) return run_copy(*options);
    const icm::Instead& instead = options.error();
    (instead.is_error ? std::cerr : std::cout) << instead.text;
    return instead.is_error ? icm::exit_usage : icm::exit_success;
}

int run_enter_command(const std::vector<std::string>& arguments)
{
    const auto options = read_enter_options(arguments);
    if (options) return run_enter(*options);
    const icm::Instead& instead = options.error();
    (instead.is_error ? std::cerr : std::cout) << instead.text;
    return instead.is_error ? icm::exit_usage : icm::exit_success;
}

// `psrp help [TOPIC]`.
int run_help(const CLI::App& app, const std::vector<std::string>& topics)
{
    const auto text = help_topic(app, topics.empty() ? std::string_view() : topics.front());
    if (text && topics.size() <= 1) {
        std::cout << *text;
        return icm::exit_success;
    }
    std::cerr << "psrp: there is no help on that; 'psrp help' lists what there is\n";
    return icm::exit_usage;
}

} // namespace

int main(int argc, char** argv)
{
    std::ios::sync_with_stdio(false);
    CLI::App app{"PowerShell Remoting Protocol tool", "psrp"};
    app.set_version_flag("--version", PSRP_VERSION);
    app.require_subcommand(1);
    ClixmlOptions clixml_options;
    DecodeOptions decode_options;
    ServeOptions serve_options;
    add_clixml(app, clixml_options);
    DecodeFlags decode_flags;
    add_decode(app, decode_options, decode_flags);
    add_serve(app, serve_options);
    app.add_subcommand("session", "Sessions left on servers: list, connect, receive, remove")
        ->prefix_command();
    app.add_subcommand("copy", "Copy files and folders to another computer or from one")
        ->prefix_command();
    app.add_subcommand("enter", "An interactive session on another computer")->prefix_command();
    app.add_subcommand("help", "More about a subject: psrp help lists them")->prefix_command();
    // Its options are spelled as icm's.
    if (argc > 1 && std::string_view(argv[1]) == "session") {
        return run_session_command({argv + 2, argv + argc});
    }
    if (argc > 1 && std::string_view(argv[1]) == "copy") {
        return run_copy_command({argv + 2, argv + argc});
    }
    if (argc > 1 && std::string_view(argv[1]) == "enter") {
        return run_enter_command({argv + 2, argv + argc});
    }
    if (argc > 1 && std::string_view(argv[1]) == "help") {
        return run_help(app, {argv + 2, argv + argc});
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    int code = 0;
    if (app.got_subcommand("clixml"))
        code = run_clixml(clixml_options, std::cout, std::cerr);
    else if (app.got_subcommand("decode")) {
        settle_decode(decode_flags, decode_options);
        code = run_decode(decode_options, std::cout, std::cerr);
    } else
        code = run_serve(serve_options);
    std::cout.flush();
    return std::cout.good() ? code : 1;
}
