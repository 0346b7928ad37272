// The command line of icm: what it means, without doing any of it but reading lists of targets.
#pragma once

#include <clixml/arena.hpp>
#include <clixml/value.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/icm/structured_input.hpp>
#include <psrp/icm/winrm_settings.hpp>
#include <psrp/transport/container_arguments.hpp>
#include <psrp/transport/ssh_arguments.hpp>

#include <tl/expected.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace icm {

enum class Endpoint { Automatic, Pwsh, Embedded };
enum class OutputMode { Automatic, Table, List, Json, JsonLines, Csv, Clixml, Text, None };

// A socket with a server behind it.
struct SocketPlace {
    std::string path;
};

// The pipe that a PowerShell was given a name for.
struct CustomPipePlace {
    std::string name;
};

// A running PowerShell of this computer, by id or by name.
struct HostProcessPlace {
    int process_id = 0; // 0: by name
    std::string name;
};

// A program that serves on its standard streams.
struct CommandPlace {
    std::vector<std::string> arguments; // the program first
};

// A computer behind WinRM.
struct WinRmPlace {
    std::string name; // as the user says it
    std::string url;
};

// This computer, under the name that the user gives it.
struct HerePlace {
    std::string name;
};

using Place = std::variant<
    HerePlace,
    psrp::SshTarget,
    WinRmPlace,
    psrp::ContainerTarget, // its engine is empty where none was named
    SocketPlace,
    CustomPipePlace,
    HostProcessPlace,
    CommandPlace>;

// What is shown of what the targets write beside their output.
struct StreamDisplay {
    bool errors = true;
    bool warnings = true;
    bool verbose = true;
    bool debug = true;
    bool information = true;
    bool progress = true; // on a terminal
};

// Everything the command line says.
struct Options {
    std::vector<Place> targets; // none: this computer
    Endpoint endpoint = Endpoint::Automatic;
    std::vector<std::string> scripts;       // one session runs them one after the other
    std::string file_path;                  // instead of scripts; empty: none
    std::vector<std::string> setup_scripts; // run before them, see -Verbose and -StrictMode
    std::vector<std::pair<std::string, std::string>> using_values; // name, element
    std::vector<std::string> arguments;     // elements as written, see typed_value()
    std::vector<std::string> input_objects; // the same
    bool has_input_objects = false;
    bool no_input = false; // standard input is not read
    InputForm input_form = InputForm::Lines;
    bool wants_input = false; // --input: standard input is read whatever it is
    OutputMode output = OutputMode::Automatic;
    int depth = 2; // of objects in JSON and CLIXML
    psrp::ErrorView error_view = psrp::ErrorView::Concise;
    bool hides_computer_name = false;
    std::string capture_path; // where the conversation is recorded; empty: nowhere
    bool captures_secrets = false;
    std::size_t throttle_limit = 32;
    std::optional<std::chrono::milliseconds> connecting_timeout;
    WinRmSettings winrm;
    bool leaves_sessions = false; // -InDisconnectedSession
    StreamDisplay shown;
    bool shows_summary = false;
    bool stops_at_errors = false; // -ErrorAction Stop
    bool fails_fast = false;
    std::optional<std::chrono::milliseconds> target_timeout;
    std::optional<std::chrono::milliseconds> timeout; // of the whole run
    std::size_t retries_max = 0;
    std::chrono::milliseconds retry_delay{1000};
};

// What `psrp session` is asked for.
struct SessionCommand {
    enum class Action { List, Connect, Receive, Remove } action = Action::List;
    std::vector<std::string> sessions; // identifiers or names; not for List
    Options options;                   // WinRM targets, output, scripts (Connect)
};

// A command line that asks for nothing to be run: text to print and the exit code.
struct Instead {
    std::string text;
    bool is_error = false;
};

// Reads the arguments, the program's name not among them. PowerShell's spellings are understood
// besides those of POSIX: one dash, any case, unique beginnings of names, -Name:value.
tl::expected<Options, Instead> read_options(const std::vector<std::string>& arguments);

// The same for `psrp session ACTION [SESSION]...`: WinRM's parameters and those of output.
tl::expected<SessionCommand, Instead> read_session_command(const std::vector<std::string>& arguments
);

// For programs that open one session and take of icm's parameters only those of connections:
// `psrp copy`, `psrp enter`. What the arguments hold beside options; `program` is for messages.
// Where help is asked for the text is empty: it is the program's own.
tl::expected<std::vector<std::string>, Instead>
connection_words(const std::vector<std::string>& arguments, std::string_view program);
// The options among the arguments, with one target or none.
tl::expected<Options, Instead>
connection_options(const std::vector<std::string>& arguments, std::string_view program);

// `[user@]host[:port]`, an IPv6 address with a port in brackets. Nothing where the host is empty or
// the port is no number of 1 to 65535.
std::optional<psrp::SshTarget> read_target(std::string_view text);

// Splits `1,'a,b',json:[1,2]` at its commas as PowerShell does: not inside quotes, and not behind
// `json:`, which takes the rest.
std::vector<std::string> split_list(std::string_view text);

// The value an element stands for: a number, $true, $false, $null, a quoted text, json:TEXT, or
// text as it is. Nothing where the JSON is broken. Copies into `arena`.
std::optional<clixml::Value> typed_value(std::string_view text, clixml::Arena& arena);

} // namespace icm
