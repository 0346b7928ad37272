#include <clixml/utf.hpp>
#include <psrp/icm/help.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/icm/parameters.hpp>
#include <psrp/icm/raw_options.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace icm {

namespace {

bool is_name(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

// Whether a switch is on: alone, or with what stands behind the mark. Nothing for other words.
std::optional<bool> switch_value(std::string_view argument, std::size_t mark)
{
    if (mark == std::string_view::npos) return true;
    const std::string_view word = argument.substr(mark + 1);
    for (const std::string_view on : {"$true", "true", "1"}) {
        if (clixml::equal_ignoring_case(word, on)) return true;
    }
    for (const std::string_view off : {"$false", "false", "0"}) {
        if (clixml::equal_ignoring_case(word, off)) return false;
    }
    return std::nullopt;
}

tl::unexpected<Instead> refusal(std::string_view given, const Parameter& row)
{
    const std::string name = "-" + std::string(row.name);
    const std::string said = std::string(given) + (given == name ? "" : " (" + name + ")");
    return usage_error(said + ": " + std::string(row.about));
}

} // namespace

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
        const std::size_t dashes = is_long ? 2 : 1;
        // ":x" has a mark, and no name before it.
        const std::string_view name = argument.starts_with('-')
                                          ? argument.substr(0, mark).substr(dashes)
                                          : std::string_view();
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
            if (!found) return usage_error(found.error());
            row = *found;
        }
        const std::string_view given = argument.substr(0, mark);
        std::string option = "--" + std::string(row->option);
        if (row->value.empty()) {
            const auto is_on = switch_value(argument, mark);
            if (!is_on) return usage_error(std::string(given) + " is on or off: $true or $false");
            if (*is_on && row->section == Section::Refused) return refusal(given, *row);
            if (row->section == Section::Refused) continue; // off, as it is here
            if (*is_on) out.names.push_back(row->option);
            out.options.push_back(option + (*is_on ? "=true" : "=false"));
            continue;
        }
        if (row->section == Section::Refused) return refusal(given, *row);
        out.names.push_back(row->option);
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

namespace {

// CLI11 checks the values; names and spelling have been settled before.
void define(CLI::App& app, RawOptions& raw)
{
    const auto each = [&app](const char* name, std::vector<std::string>& values) {
        app.add_option(name, values)->allow_extra_args(false);
    };
    const auto ignoring_case = [](std::vector<std::string> words) {
        return CLI::IsMember(std::move(words), CLI::ignore_case);
    };
    const auto ternary = [&app](const char* name, std::optional<bool>& value) {
        app.add_flag_function(name, [&value](std::int64_t count) { value = count > 0; });
    };
    app.set_help_flag();
    app.add_flag("--help", raw.wants_help);
    each("--using", raw.usings);
    each("--group", raw.groups);
    each("--ssh-connection", raw.ssh_connections);
    app.add_option("--hosts-file", raw.hosts_file);
    app.add_option("--input", raw.input)
        ->transform(ignoring_case({"lines", "json", "jsonl", "csv", "clixml"}));
    app.add_option("--strict-mode", raw.strict_mode)
        ->transform(ignoring_case({"Off", "Latest", "1.0", "2.0", "3.0"}));
    app.add_flag("--no-new-scope", raw.no_new_scope);
    ternary("--verbose", raw.verbose);
    ternary("--debug", raw.debug);
    const std::vector<std::string> actions = {"Continue", "SilentlyContinue", "Ignore"};
    std::vector<std::string> error_actions = actions;
    error_actions.emplace_back("Stop");
    app.add_option("--warning-action", raw.warning_action)->transform(ignoring_case(actions));
    app.add_option("--information-action", raw.information_action)
        ->transform(ignoring_case(actions));
    app.add_option("--progress-action", raw.progress_action)->transform(ignoring_case(actions));
    app.add_option("--error-action", raw.error_action)->transform(ignoring_case(error_actions));
    app.add_flag("--no-progress", raw.no_progress);
    app.add_flag("--summary", raw.options.shows_summary);
    app.add_flag("--fail-fast", raw.options.fails_fast);
    constexpr double seconds_max = 1e9;
    app.add_option("--target-timeout", raw.target_timeout_s)->check(CLI::Range(0.0, seconds_max));
    app.add_option("--timeout", raw.timeout_s)->check(CLI::Range(0.0, seconds_max));
    app.add_option("--retry-delay", raw.retry_delay_s)->check(CLI::Range(0.0, seconds_max));
    app.add_option("--retry", raw.retries_max)->check(CLI::Range(0, 1000));
    app.add_option("--systemd-credential", raw.systemd_credential);
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
    each("--session", raw.sessions);
    app.add_flag("--as-job", raw.runs_as_job);
    app.add_option("--job-name", raw.options.job_name);
    app.add_option("--results-max", raw.results_mib_max)->check(CLI::Range(1, 1'000'000));
    app.add_option("--idle-timeout", raw.idle_timeout_s)->check(CLI::Range(1.0, seconds_max));
    app.add_flag("--keep", raw.keeps_results);
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
    if (raw.options.leaves_sessions && raw.options.scripts.size() > 1) {
        return usage_error("-InDisconnectedSession runs one script");
    }
    const auto is_text = [](const std::string& text) { return !clixml::first_invalid_utf8(text); };
    if (!std::all_of(raw.options.scripts.begin(), raw.options.scripts.end(), is_text)) {
        return usage_error("the script is no UTF-8 text");
    }
    return {};
}

constexpr const char* no_value = "broken JSON, no UTF-8 text, or a file that cannot be used";

tl::expected<void, Instead>
settle_values(const std::vector<std::string>& lists, std::vector<std::string>& values)
{
    for (const std::string& list : lists) {
        for (std::string& element : split_list(list)) {
            clixml::Arena arena;
            const auto value = typed_value(element, arena);
            if (!value) {
                return usage_error("'" + element + "' is no value: " + no_value);
            }
            wipe_password(*value);
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

} // namespace

std::optional<std::chrono::milliseconds> duration_of(double seconds)
{
    if (seconds <= 0) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

namespace {

// What is shown, and what the session is told for it.
void settle_streams(const RawOptions& raw, Options& options)
{
    StreamDisplay& shown = options.shown;
    const auto is_shown = [](const std::string& action) {
        return action == "Continue" || action == "Stop";
    };
    shown.errors = is_shown(raw.error_action);
    shown.warnings = is_shown(raw.warning_action);
    shown.information = is_shown(raw.information_action);
    shown.progress = is_shown(raw.progress_action) && !raw.no_progress;
    shown.verbose = raw.verbose.value_or(true);
    shown.debug = raw.debug.value_or(true);
    options.stops_at_errors = raw.error_action == "Stop";
    if (raw.verbose.value_or(false)) {
        options.setup_scripts.emplace_back("$VerbosePreference = 'Continue'");
    }
    if (raw.debug.value_or(false)) {
        options.setup_scripts.emplace_back("$DebugPreference = 'Continue'");
    }
    if (!raw.strict_mode.empty()) {
        options.setup_scripts.push_back(
            raw.strict_mode == "Off" ? "Set-StrictMode -Off"
                                     : "Set-StrictMode -Version " + raw.strict_mode
        );
    }
}

tl::expected<void, Instead> settle_usings(const RawOptions& raw, Options& options)
{
    for (const std::string& pair : raw.usings) {
        const std::size_t mark = pair.find('=');
        if (mark == 0 || mark == std::string::npos) {
            return usage_error("--using takes NAME=VALUE, not '" + pair + "'");
        }
        std::string name = pair.substr(0, mark);
        if (name.front() == '$') name.erase(0, 1);
        std::string element = pair.substr(mark + 1);
        clixml::Arena arena;
        const auto value = typed_value(element, arena);
        if (!value) {
            return usage_error("'" + element + "' is no value: " + no_value);
        }
        wipe_password(*value);
        options.using_values.emplace_back(std::move(name), std::move(element));
    }
    return {};
}

void settle_run(const RawOptions& raw, Options& options)
{
    constexpr std::array<std::pair<std::string_view, InputForm>, 4> forms = {
        {{"json", InputForm::Json},
         {"jsonl", InputForm::JsonLines},
         {"csv", InputForm::Csv},
         {"clixml", InputForm::Clixml}}};
    for (const auto& [word, form] : forms) {
        if (word == raw.input) options.input_form = form;
    }
    options.wants_input = !raw.input.empty();
    options.target_timeout = duration_of(raw.target_timeout_s);
    options.timeout = duration_of(raw.timeout_s);
    options.retries_max = raw.retries_max;
    options.retry_delay = duration_of(raw.retry_delay_s).value_or(std::chrono::milliseconds(0));
    if (raw.throttle_limit > 0)
        options.throttle_limit = static_cast<std::size_t>(raw.throttle_limit);
    options.output = output_mode(raw.output);
    if (raw.error_view == "normal") options.error_view = psrp::ErrorView::Normal;
    if (raw.error_view == "category") options.error_view = psrp::ErrorView::Category;
    if (raw.error_view == "json") options.error_view = psrp::ErrorView::Json;
}

} // namespace

tl::expected<Options, Instead>
settle(RawOptions& raw, std::vector<std::string> positionals, bool for_sessions)
{
    const auto check = [](tl::expected<void, Instead> settled) {
        return settled ? std::optional<Instead>() : std::optional<Instead>(settled.error());
    };
    Options& options = raw.options;
    auto problem = check(settle_targets(raw));
    if (!problem && !for_sessions) problem = check(settle_scripts(raw, std::move(positionals)));
    if (!problem) problem = check(settle_values(raw.argument_lists, options.arguments));
    if (!problem) problem = check(settle_values(raw.input_objects, options.input_objects));
    if (!problem) problem = check(settle_usings(raw, options));
    if (problem) return tl::unexpected<Instead>(*problem);

    options.has_input_objects = !raw.input_objects.empty();
    options.runs_as_job = raw.runs_as_job || !options.job_name.empty();
    options.results_bytes_max = std::uint64_t{raw.results_mib_max} << 20;
    settle_run(raw, options);
    settle_streams(raw, options);
    if (raw.connecting_timeout == 0) {
        return usage_error("-ConnectingTimeout takes milliseconds, or -1 for no limit");
    }
    if (raw.connecting_timeout > 0) {
        options.connecting_timeout = std::chrono::milliseconds(raw.connecting_timeout);
    }
    return std::move(options);
}

namespace {

// `icm help [TOPIC]`.
tl::unexpected<Instead> help_on(const std::vector<std::string>& topics)
{
    if (topics.size() > 1) return usage_error("help takes one topic");
    const auto text = help_topic(topics.empty() ? std::string_view() : topics.front());
    if (text) return tl::unexpected<Instead>({*text, false});
    return usage_error(
        "there is no help on " + topics.front() + "; 'icm help' lists what there is"
    );
}

} // namespace

bool is_address(std::string_view target)
{
    return target.find("://") != std::string_view::npos;
}

tl::expected<std::vector<std::string>, Instead>
read_raw(const std::vector<std::string>& arguments, RawOptions& raw, Positionals meaning)
{
    auto normalised = normalise(arguments);
    if (!normalised) return tl::unexpected<Instead>(normalised.error());
    if (meaning == Positionals::Targets) {
        for (const std::string& target : normalised->positionals)
            normalised->names.emplace_back(is_address(target) ? "connection-uri" : "computer-name");
    }
    const auto together = check_together(normalised->names);
    if (!together && meaning != Positionals::HoldTarget) return usage_error(together.error());
    CLI::App app;
    define(app, raw);
    raw.words = normalised->options;
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

tl::expected<Options, Instead> read_options(const std::vector<std::string>& arguments)
{
    if (!arguments.empty() && arguments.front() == "help") {
        return help_on({arguments.begin() + 1, arguments.end()});
    }
    RawOptions raw;
    auto positionals = read_raw(arguments, raw);
    if (!positionals) return tl::unexpected<Instead>(positionals.error());
    if (raw.wants_help) return tl::unexpected<Instead>({help_text(), false});
    if (raw.wants_version) return tl::unexpected<Instead>({version_text(), false});
    if (raw.idle_timeout_s || raw.keeps_results) {
        return usage_error(
            raw.keeps_results ? "--keep goes with 'psrp job receive'"
                              : "--idle-timeout goes with 'psrp session new'"
        );
    }
    return settle(raw, std::move(*positionals), false);
}

} // namespace icm
