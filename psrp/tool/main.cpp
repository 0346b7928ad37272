// The psrp program: one subcommand a job.
#include <psrp/tool/clixml_command.hpp>
#include <psrp/tool/decode_command.hpp>
#include <psrp/tool/serve.hpp>

#include <CLI/CLI.hpp>

#include <iostream>

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

void add_decode(CLI::App& app, DecodeOptions& options)
{
    CLI::App* command = app.add_subcommand(
        "decode", "Decode a recorded conversation to one line of JSON a message"
    );
    command
        ->add_option(
            "FILE", options.file, "Lines 'C <Data ...>' and 'S <Data ...>'; - is the standard input"
        )
        ->capture_default_str();
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
    add_decode(app, decode_options);
    add_serve(app, serve_options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    int code = 0;
    if (app.got_subcommand("clixml"))
        code = run_clixml(clixml_options, std::cout, std::cerr);
    else if (app.got_subcommand("decode"))
        code = run_decode(decode_options, std::cout, std::cerr);
    else
        code = run_serve(serve_options);
    std::cout.flush();
    return std::cout.good() ? code : 1;
}
