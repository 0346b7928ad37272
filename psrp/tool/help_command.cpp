#include <psrp/icm/completions.hpp>
#include <psrp/icm/help.hpp>
#include <psrp/tool/copy_options.hpp>
#include <psrp/tool/enter_command.hpp>
#include <psrp/tool/help_command.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace psrp::tool {

namespace {

std::vector<icm::CompletionOption> icm_options()
{
    return icm::completion_words(icm::Program::Psrp).front().options;
}

std::vector<icm::CompletionOption> copy_options()
{
    auto options = icm::connection_completion_options();
    options.push_back({"--resume", "Go on with a copy that was cut", {}});
    options.push_back({"--follow-links", "Copy what symbolic links point to", {}});
    return options;
}

// Commands whose options are spelled as icm's.
struct IcmCommand {
    std::string_view name;
    std::string (*help)();
    std::vector<icm::CompletionOption> (*options)();
};
constexpr std::array<IcmCommand, 5> icm_commands = {{
    {"session", icm::session_help_text, icm_options},
    {"job", icm::job_help_text, icm_options},
    {"test", icm::test_help_text, icm_options},
    {"copy", copy_help_text, copy_options},
    {"enter", enter_help_text, icm::connection_completion_options},
}};

const IcmCommand* find_icm_command(std::string_view name)
{
    const auto found = std::find_if(icm_commands.begin(), icm_commands.end(), [&](const auto& one) {
        return one.name == name;
    });
    return found == icm_commands.end() ? nullptr : &*found;
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
        if (const IcmCommand* as_icm = find_icm_command(one.name)) one.options = as_icm->options();
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
    if (const IcmCommand* command = find_icm_command(app.get_name()))
        page += ".nf\n" + icm::manual_text(command->help()) + ".fi\n";
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
    if (const IcmCommand* command = find_icm_command(topic)) return command->help();
    for (const CLI::App* command : app.get_subcommands({})) {
        if (command->get_name() == topic) return command->help();
    }
    return icm::help_topic(topic);
}

} // namespace psrp::tool
