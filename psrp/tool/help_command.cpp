#include <psrp/icm/completions.hpp>
#include <psrp/icm/help.hpp>
#include <psrp/tool/copy_options.hpp>
#include <psrp/tool/enter_command.hpp>
#include <psrp/tool/help_command.hpp>

#include <vector>

namespace psrp::tool {

namespace {

// `session` takes what icm takes.
constexpr std::string_view session_command = "session";

// The help of a subcommand whose options are spelled as icm's; empty for others.
std::string own_help(std::string_view command)
{
    if (command == session_command) return icm::session_help_text();
    if (command == "copy") return copy_help_text();
    if (command == "enter") return enter_help_text();
    return {};
}

// What they take of icm's options.
std::vector<icm::CompletionOption> taken_options(std::string_view command)
{
    if (command == session_command) return icm::completion_words().front().options;
    auto options = icm::connection_completion_options();
    if (command == "copy") {
        options.push_back({"--resume", "Go on with a copy that was cut", {}});
        options.push_back({"--follow-links", "Copy what symbolic links point to", {}});
    }
    return options;
}

icm::CompletionOption completion_option(const CLI::Option& option, const std::string& name)
{
    std::string value;
    if (option.get_items_expected_max() > 0) {
        const std::string type = option.get_type_name();
        // A set of words: "{a,b}" in CLI11's own words.
        const std::size_t open = type.find('{');
        const std::size_t end = type.find('}');
        if (open != std::string::npos && end != std::string::npos) {
            value = type.substr(open + 1, end - open - 1);
            for (char& c : value)
                c = c == ',' ? '|' : c;
        } else {
            value = type.substr(0, type.find(':'));
        }
        if (value.empty()) value = "VALUE";
    }
    return {name, option.get_description(), value};
}

std::vector<icm::CompletionOption> completion_options(const CLI::App& app)
{
    std::vector<icm::CompletionOption> options;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames())
            options.push_back(completion_option(*option, "--" + name));
        for (const std::string& name : option->get_snames())
            options.push_back(completion_option(*option, "-" + name));
    }
    return options;
}

// Subcommands by name; those below them share the options of the first level.
std::vector<icm::CompletionCommand> completion_commands(const CLI::App& app)
{
    std::vector<icm::CompletionCommand> commands = {{"", "", completion_options(app)}};
    for (const CLI::App* command : app.get_subcommands({})) {
        icm::CompletionCommand one{
            command->get_name(), command->get_description(), completion_options(*command)};
        for (const CLI::App* below : command->get_subcommands({})) {
            const auto more = completion_options(*below);
            one.options.insert(one.options.end(), more.begin(), more.end());
        }
        if (!own_help(one.name).empty()) one.options = taken_options(one.name);
        commands.push_back(std::move(one));
    }
    return commands;
}

void append_manual(const CLI::App& app, const std::string& title, std::string& page)
{
    page +=
        ".SH " + icm::manual_text(title) + "\n" + icm::manual_text(app.get_description()) + "\n";
    for (const CLI::Option* option : app.get_options()) {
        const std::string name = option->get_name(false, true);
        page += ".TP\n.B " + icm::manual_text(name) + "\n" +
                icm::manual_text(option->get_description()) + "\n";
    }
    if (const std::string help = own_help(app.get_name()); !help.empty())
        page += ".nf\n" + icm::manual_text(help) + ".fi\n";
    for (const CLI::App* command : app.get_subcommands({}))
        append_manual(*command, title + " " + command->get_name(), page);
}

std::string manual_page(const CLI::App& app)
{
    std::string page =
        ".TH PSRP 1 \"\" \"psrp " PSRP_VERSION "\" \"User Commands\"\n"
        ".SH NAME\npsrp \\- serve, record and read the PowerShell Remoting Protocol\n";
    append_manual(app, "psrp", page);
    return page + ".SH SEE ALSO\n.BR icm (1)\n";
}

std::string topic_list(const CLI::App& app)
{
    std::string text = "Usage: psrp help TOPIC\n\n";
    const auto add = [&](std::string_view name, std::string_view about) {
        std::string line = "  " + std::string(name);
        line.resize(16, ' ');
        text += line + icm::wrapped(about, 16, 100) + "\n";
    };
    for (const CLI::App* command : app.get_subcommands({}))
        add(command->get_name(), command->get_description());
    for (const icm::HelpTopic& topic : icm::help_topics())
        add(topic.name, topic.about);
    return text + "\nman, bash, zsh and fish print the manual page and the completions.\n";
}

} // namespace

std::optional<std::string> help_topic(const CLI::App& app, std::string_view topic)
{
    if (topic.empty()) return topic_list(app);
    if (topic == "man") return manual_page(app);
    if (topic == "bash") return icm::bash_completion("psrp", completion_commands(app));
    if (topic == "zsh") return icm::zsh_completion("psrp", completion_commands(app));
    if (topic == "fish") return icm::fish_completion("psrp", completion_commands(app));
    if (const std::string help = own_help(topic); !help.empty()) return help;
    for (const CLI::App* command : app.get_subcommands({})) {
        if (command->get_name() == topic) return command->help();
    }
    return icm::help_topic(topic);
}

} // namespace psrp::tool
