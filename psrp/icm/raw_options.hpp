// The command line of icm on its way to Options: what the options say before they are looked at
// together, and how targets come of it.
#pragma once

#include <psrp/icm/options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace icm {

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
    std::vector<std::string> connection_uris;
    std::vector<std::string> sessions;
    std::vector<std::string> words; // all options, as --name or --name=value
    std::optional<double> idle_timeout_s;
    std::size_t results_mib_max = 1024;
    bool keeps_results = false;
    bool runs_as_job = false;
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
    std::vector<std::string> usings;
    std::string input;
    std::string hosts_file;
    std::vector<std::string> groups;
    std::vector<std::string> ssh_connections;
    std::string systemd_credential;
    std::string strict_mode;
    std::string warning_action = "Continue";
    std::string information_action = "Continue";
    std::string error_action = "Continue";
    std::string progress_action = "Continue";
    std::optional<bool> verbose; // as it stands on the command line
    std::optional<bool> debug;
    double target_timeout_s = 0;
    double timeout_s = 0;
    double retry_delay_s = 1;
    std::size_t retries_max = 0;
    bool no_progress = false;
    bool no_new_scope = false;
    bool is_for_sessions = false; // of `psrp session`: every target is a server
    bool wants_help = false;
    bool wants_version = false;
    bool ssh_transport = false;
};

// A command line that is wrong, with `what` is.
tl::unexpected<Instead> usage_error(const std::string& what);

// A command line taken apart.
struct Arguments {
    std::vector<std::string> options;    // --name or --name=value
    std::vector<std::string_view> names; // of those that are given, without dashes
    std::vector<std::string> positionals;
};
// Every option as --name or --name=value, so that no value is ever taken for an option.
tl::expected<Arguments, Instead> normalise(const std::vector<std::string>& arguments);

// What words between the options are: others than targets, targets, or one of them holds a target
// that is still to be found.
enum class Positionals : std::uint8_t { Words, Targets, HoldTarget };
// A URL and no name of a computer.
bool is_address(std::string_view target);
// Fills `raw` from the options of a command line; gives what stands between them.
tl::expected<std::vector<std::string>, Instead> read_raw(
    const std::vector<std::string>& arguments,
    RawOptions& raw,
    Positionals meaning = Positionals::Words
);

// Seconds as people give them; nothing where there are none.
std::optional<std::chrono::milliseconds> duration_of(double seconds);

// Looks at all that is said together. Without `for_sessions` the positionals hold the script.
tl::expected<Options, Instead>
settle(RawOptions& raw, std::vector<std::string> positionals, bool for_sessions);

// Fills options.targets and what is said of them.
tl::expected<void, Instead> settle_targets(RawOptions& raw);

} // namespace icm
