#include <psrp/icm/completions.hpp>
#include <psrp/icm/parameters.hpp>

#include <algorithm>

namespace icm {

namespace {

bool is_choice(const CompletionOption& option)
{
    return option.value.find('|') != std::string::npos;
}

bool is_path(const CompletionOption& option)
{
    return option.value == "FILE" || option.value == "PATH";
}

std::string choices(const CompletionOption& option)
{
    std::string words = option.value;
    std::replace(words.begin(), words.end(), '|', ' ');
    return words;
}

// `text` as far as the shells' own signs allow; one line.
std::string plain(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const bool is_sign = std::string_view("'\"`[]:\\$\n").find(c) != std::string_view::npos;
        out += is_sign ? ' ' : c;
    }
    return out;
}

std::string option_names(const CompletionCommand& command)
{
    std::string names;
    for (const CompletionOption& option : command.options)
        names += (names.empty() ? "" : " ") + option.name;
    return names;
}

std::string command_names(std::span<const CompletionCommand> commands)
{
    std::string names;
    for (const CompletionCommand& command : commands) {
        if (!command.name.empty()) names += (names.empty() ? "" : " ") + command.name;
    }
    return names;
}

} // namespace

std::string bash_completion(std::string_view program, std::span<const CompletionCommand> commands)
{
    const std::string name(program);
    const std::string words = command_names(commands);
    std::string text = "# bash completion for " + name + "\n_" + name + "()\n{\n";
    text += "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} "
            "command=\n";
    text += "    COMPREPLY=()\n";
    if (!words.empty()) text += "    (( COMP_CWORD > 1 )) && command=${COMP_WORDS[1]}\n";
    text += "    case $command,$previous in\n";
    for (const CompletionCommand& command : commands) {
        for (const CompletionOption& option : command.options) {
            if (option.value.empty()) continue;
            text += "        " + command.name + "," + option.name + ")\n            ";
            if (is_choice(option)) {
                text += "COMPREPLY=($(compgen -W \"" + choices(option) + "\" -- \"$current\"))\n";
            } else if (is_path(option)) {
                text += "COMPREPLY=($(compgen -f -- \"$current\"))\n";
            } else {
                text += ":\n";
            }
            text += "            return ;;\n";
        }
    }
    text += "    esac\n    if [[ $current == -* ]]; then\n        case $command in\n";
    for (const CompletionCommand& command : commands) {
        text += "            " + (command.name.empty() ? "''" : command.name) +
                ") COMPREPLY=($(compgen -W \"" + option_names(command) +
                "\" -- \"$current\")) ;;\n";
    }
    text += "        esac\n    else\n";
    if (!words.empty()) {
        text += "        (( COMP_CWORD == 1 )) && COMPREPLY=($(compgen -W \"" + words +
                "\" -- \"$current\")) && return\n";
    }
    text += "        COMPREPLY=($(compgen -f -- \"$current\"))\n    fi\n}\n";
    return text + "complete -o filenames -F _" + name + " " + name + "\n";
}

std::string zsh_completion(std::string_view program, std::span<const CompletionCommand> commands)
{
    const std::string name(program);
    const std::string words = command_names(commands);
    std::string text = "#compdef " + name + "\n";
    if (!words.empty()) {
        text += "if (( CURRENT == 2 )); then\n    local -a commands=(\n";
        for (const CompletionCommand& command : commands) {
            if (!command.name.empty())
                text += "        '" + command.name + ":" + plain(command.about) + "'\n";
        }
        text += "    )\n    _describe command commands\n    return\nfi\n";
        text += "case $words[2] in\n";
    }
    for (const CompletionCommand& command : commands) {
        if (!words.empty())
            text += (command.name.empty() ? "*" : command.name) + std::string(")\n");
        text += "_arguments";
        for (const CompletionOption& option : command.options) {
            text += " \\\n    '" + option.name + "[" + plain(option.about) + "]";
            if (is_choice(option)) {
                text += ":value:(" + choices(option) + ")";
            } else if (!option.value.empty()) {
                text += ":" + plain(option.value) + ":" + (is_path(option) ? "_files" : "");
            }
            text += "'";
        }
        text += " \\\n    '*:file:_files'\n";
        if (!words.empty()) text += ";;\n";
    }
    if (!words.empty()) text += "esac\n";
    return text;
}

std::string fish_completion(std::string_view program, std::span<const CompletionCommand> commands)
{
    const std::string name(program);
    std::string text = "# fish completion for " + name + "\n";
    for (const CompletionCommand& command : commands) {
        std::string start = "complete -c " + name;
        if (!command.name.empty()) {
            text += start + " -n __fish_use_subcommand -f -a " + command.name + " -d '" +
                    plain(command.about) + "'\n";
            start += " -n '__fish_seen_subcommand_from " + command.name + "'";
        }
        for (const CompletionOption& option : command.options) {
            const bool is_long = option.name.starts_with("--");
            text += start + (is_long ? " -l " : " -o ") + option.name.substr(is_long ? 2 : 1);
            if (is_choice(option)) {
                text += " -x -a '" + choices(option) + "'";
            } else if (!option.value.empty()) {
                text += is_path(option) ? " -r" : " -x";
            }
            text += " -d '" + plain(option.about) + "'\n";
        }
    }
    return text;
}

namespace {

void add_option(const Parameter& row, std::vector<CompletionOption>& options)
{
    const std::string about(row.about.substr(0, row.about.find_first_of(".;:")));
    const std::string value(row.value);
    options.push_back({"--" + std::string(row.option), about, value});
    if (!row.is_ours) options.push_back({"-" + std::string(row.name), about, value});
}

} // namespace

std::vector<CompletionCommand> completion_words()
{
    CompletionCommand icm;
    for (const Parameter& row : parameters()) {
        if (row.section != Section::Refused) add_option(row, icm.options);
    }
    return {icm};
}

std::vector<CompletionOption> connection_completion_options()
{
    std::vector<CompletionOption> options;
    for (const Parameter& row : parameters()) {
        if (is_for_connections(row)) add_option(row, options);
    }
    return options;
}

} // namespace icm
