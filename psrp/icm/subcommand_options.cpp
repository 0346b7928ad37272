#include <psrp/icm/help.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/icm/parameters.hpp>
#include <psrp/icm/raw_options.hpp>

#include <algorithm>
#include <array>

// The command lines of psrp's commands that take icm's parameters.
namespace icm {

namespace {

template <typename Action, std::size_t count>
using ActionWords = std::array<std::pair<std::string_view, Action>, count>;

using SessionAction = SessionCommand::Action;
constexpr ActionWords<SessionAction, 6> session_actions = {
    {{"new", SessionAction::New},
     {"list", SessionAction::List},
     {"connect", SessionAction::Connect},
     {"disconnect", SessionAction::Disconnect},
     {"receive", SessionAction::Receive},
     {"remove", SessionAction::Remove}}};

using JobAction = JobCommand::Action;
constexpr ActionWords<JobAction, 5> job_actions = {
    {{"list", JobAction::List},
     {"wait", JobAction::Wait},
     {"receive", JobAction::Receive},
     {"stop", JobAction::Stop},
     {"remove", JobAction::Remove}}};

template <typename Action, std::size_t count>
std::optional<Action>
find_action(const ActionWords<Action, count>& actions, const std::vector<std::string>& positionals)
{
    for (const auto& [word, action] : actions) {
        if (!positionals.empty() && positionals.front() == word) return action;
    }
    return std::nullopt;
}

// `new NAME TARGET` is `new NAME -HostName TARGET`: what goes with SSH goes with it.
tl::expected<std::vector<std::string>, Instead>
with_target_named(const std::vector<std::string>& arguments)
{
    auto normalised = normalise(arguments);
    if (!normalised) return tl::unexpected<Instead>(normalised.error());
    auto& positionals = normalised->positionals;
    std::vector<std::string> words = std::move(normalised->options);
    if (positionals.size() == 3 && positionals.front() == "new") {
        words.push_back("--host-name=" + positionals.back());
        positionals.pop_back();
    }
    words.emplace_back("--");
    words.insert(words.end(), positionals.begin(), positionals.end());
    return words;
}

// What the actions want beside their sessions.
tl::expected<void, Instead> check_session_command(const SessionCommand& command)
{
    const bool is_list = command.action == SessionAction::List;
    if (is_list != command.sessions.empty()) {
        return usage_error(
            is_list ? "list takes no session" : "expected the identifier or name of a session"
        );
    }
    if (command.action == SessionAction::New) {
        if (command.sessions.size() > 1) return usage_error("new takes NAME and one TARGET");
        const auto& targets = command.options.targets;
        if (targets.size() > 1) return usage_error("a session has one target");
        if (!targets.empty() && std::holds_alternative<HeldPlace>(targets.front())) {
            return usage_error("-Session is open already; new takes another target");
        }
    }
    if (command.action == SessionAction::Disconnect && command.is_of_servers) {
        return usage_error("disconnect takes names of sessions that are held here");
    }
    const bool runs_script = command.action == SessionAction::Connect && command.is_of_servers;
    if (runs_script && command.options.scripts.empty()) {
        return usage_error("connect runs a script in the session: give it with -c");
    }
    if (!runs_script && !command.options.scripts.empty()) {
        return usage_error("-c goes with connect -ComputerName; icm -Session runs scripts");
    }
    return {};
}

} // namespace

tl::expected<SessionCommand, Instead> read_session_command(const std::vector<std::string>& arguments
)
{
    const auto words = with_target_named(arguments);
    if (!words) return tl::unexpected<Instead>(words.error());
    RawOptions raw;
    auto positionals = read_raw(*words, raw);
    if (!positionals) return tl::unexpected<Instead>(positionals.error());
    if (raw.wants_help) return tl::unexpected<Instead>({session_help_text(), false});
    const auto action = find_action(session_actions, *positionals);
    if (!action) {
        return usage_error("expected new, list, connect, disconnect, receive or remove");
    }
    SessionCommand command;
    command.action = *action;
    command.sessions.assign(positionals->begin() + 1, positionals->end());
    raw.is_for_sessions = command.action != SessionAction::New;
    command.is_of_servers =
        raw.is_for_sessions && (!raw.computer_names.empty() || !raw.connection_uris.empty());
    if (raw.idle_timeout_s) {
        if (command.action != SessionAction::New) {
            return usage_error("--idle-timeout goes with new");
        }
        command.idle_timeout = duration_of(*raw.idle_timeout_s).value_or(command.idle_timeout);
    }
    command.words = raw.words;
    auto options = settle(raw, {}, true);
    if (!options) return tl::unexpected<Instead>(options.error());
    command.options = std::move(*options);
    if (const auto checked = check_session_command(command); !checked) {
        return tl::unexpected<Instead>(checked.error());
    }
    return command;
}

tl::expected<Options, Instead> read_session_words(
    const std::vector<std::string>& opened_with, const std::vector<std::string>& words
)
{
    const auto name_of = [](const std::string& word) { return word.substr(0, word.find('=')); };
    std::vector<std::string> all;
    for (const std::string& word : opened_with) {
        const bool is_replaced = std::any_of(words.begin(), words.end(), [&](const auto& other) {
            return name_of(other) == name_of(word);
        });
        if (!is_replaced) all.push_back(word);
    }
    all.insert(all.end(), words.begin(), words.end());
    RawOptions raw;
    raw.is_for_sessions = true;
    const auto positionals = read_raw(all, raw);
    if (!positionals) return tl::unexpected<Instead>(positionals.error());
    return settle(raw, {}, true);
}

tl::expected<JobCommand, Instead> read_job_command(const std::vector<std::string>& arguments)
{
    RawOptions raw;
    auto positionals = read_raw(arguments, raw);
    if (!positionals) return tl::unexpected<Instead>(positionals.error());
    if (raw.wants_help) return tl::unexpected<Instead>({job_help_text(), false});
    const auto action = find_action(job_actions, *positionals);
    if (!action) return usage_error("expected list, wait, receive, stop or remove");
    JobCommand command;
    command.action = *action;
    command.jobs.assign(positionals->begin() + 1, positionals->end());
    command.keeps_results = raw.keeps_results;
    if (command.action != JobAction::List && command.jobs.empty()) {
        return usage_error("expected the number or name of a job");
    }
    if (raw.keeps_results && command.action != JobAction::Receive) {
        return usage_error("--keep goes with receive");
    }
    auto options = settle(raw, {}, true);
    if (!options) return tl::unexpected<Instead>(options.error());
    if (!options->targets.empty()) return usage_error("jobs have their targets already");
    command.options = std::move(*options);
    return command;
}

tl::expected<TestCommand, Instead> read_test_command(const std::vector<std::string>& arguments)
{
    RawOptions raw;
    raw.is_for_sessions = true;
    auto positionals = read_raw(arguments, raw, Positionals::Targets);
    if (!positionals) return tl::unexpected<Instead>(positionals.error());
    if (raw.wants_help) return tl::unexpected<Instead>({test_help_text(), false});
    for (std::string& target : *positionals) {
        (is_address(target) ? raw.connection_uris : raw.computer_names)
            .push_back(std::move(target));
    }
    if (raw.computer_names.empty() && raw.connection_uris.empty())
        return usage_error("expected the name of a computer, or its address");
    auto options = settle(raw, {}, true);
    if (!options) return tl::unexpected<Instead>(options.error());
    TestCommand command;
    command.options = std::move(*options);
    return command;
}

namespace {

// The message as it is about `program`.
tl::unexpected<Instead> said_by(std::string_view program, Instead instead)
{
    constexpr std::string_view name = "icm";
    for (std::size_t at = 0; (at = instead.text.find(name, at)) != std::string::npos;
         at += program.size()) {
        const bool is_name = at == 0 || instead.text[at - 1] == '\'';
        if (is_name) instead.text.replace(at, name.size(), program);
    }
    return tl::unexpected<Instead>(std::move(instead));
}

tl::expected<void, Instead> check_connection(const std::vector<std::string>& arguments)
{
    const auto normalised = normalise(arguments);
    if (!normalised) return tl::unexpected<Instead>(normalised.error());
    for (const std::string_view name : normalised->names) {
        const Parameter* row = find_option(name);
        if (!is_for_connections(*row))
            return usage_error("-" + std::string(row->name) + " says nothing here");
    }
    return {};
}

} // namespace

tl::expected<std::vector<std::string>, Instead>
connection_words(const std::vector<std::string>& arguments, std::string_view program)
{
    if (const auto checked = check_connection(arguments); !checked)
        return said_by(program, checked.error());
    RawOptions raw;
    auto words = read_raw(arguments, raw, Positionals::HoldTarget);
    if (!words) return said_by(program, words.error());
    if (raw.wants_help) return tl::unexpected<Instead>({{}, false});
    if (raw.wants_version) return tl::unexpected<Instead>({version_text(), false});
    return words;
}

tl::expected<Options, Instead>
connection_options(const std::vector<std::string>& arguments, std::string_view program)
{
    RawOptions raw;
    const auto words = read_raw(arguments, raw);
    if (!words) return said_by(program, words.error());
    auto options = settle(raw, {}, true);
    if (!options) return said_by(program, options.error());
    if (options->targets.size() > 1)
        return said_by(program, usage_error("one target is taken").value());
    return options;
}

} // namespace icm
