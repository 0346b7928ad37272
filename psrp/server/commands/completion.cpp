#include <clixml/utf.hpp>
#include <psrp/server/commands/completion.hpp>

#include <algorithm>
#include <filesystem>

namespace psrp::server {

namespace {

bool starts_with(std::string_view text, std::string_view start)
{
    return text.size() >= start.size() &&
           clixml::equal_ignoring_case(text.substr(0, start.size()), start);
}

bool ends_command(char c)
{
    return c == '|' || c == ';' || c == '(' || c == '{' || c == '\n' || c == '&';
}

// The word before the cursor, and the command that it is an argument of.
struct Place {
    std::size_t start = 0;
    std::string_view word;
    char quote = 0;           // the word is inside this quote, which stands before `start`
    std::string_view command; // empty: the word is the command itself
};

Place place_of(std::string_view text)
{
    Place place;
    bool in_word = false;
    char quote = 0;
    bool has_command = false;
    std::size_t command_start = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool at_end = i == text.size();
        const char c = at_end ? '\0' : text[i];
        if (!at_end && quote != 0) {
            if (c == quote) quote = 0;
            continue;
        }
        const bool is_blank = c == ' ' || c == '\t';
        if (at_end || is_blank || ends_command(c)) {
            if (at_end) break;
            if (in_word && !has_command && !ends_command(c)) {
                place.command = text.substr(command_start, i - command_start);
                has_command = true;
            }
            if (ends_command(c)) {
                has_command = false;
                place.command = {};
            }
            in_word = false;
            continue;
        }
        if (!in_word) {
            in_word = true;
            place.start = i;
            if (!has_command) command_start = i;
        }
        if (c == '\'' || c == '"') quote = c;
    }
    if (!in_word) place.start = text.size();
    if (quote != 0) {
        place.quote = quote;
        place.start = text.rfind(quote) + 1;
    }
    place.word = text.substr(place.start);
    return place;
}

void add_commands(const Place& place, const CommandTable& commands, Completion& completion)
{
    for (const CommandDefinition* definition : commands.definitions()) {
        if (definition->name.starts_with("__") || !starts_with(definition->name, place.word))
            continue;
        completion.matches.push_back({definition->name, definition->name, "Command"});
    }
}

void add_parameters(const Place& place, const CommandTable& commands, Completion& completion)
{
    const CommandDefinition* definition = commands.find(place.command);
    if (definition == nullptr) return;
    for (const CommandParameter& parameter : definition->parameters) {
        if (starts_with(parameter.name, place.word.substr(1)))
            completion.matches.push_back({"-" + parameter.name, parameter.name, "ParameterName"});
    }
}

void add_variables(const Place& place, const SessionState& session, Completion& completion)
{
    for (const std::string& name : session.names()) {
        if (starts_with(name, place.word.substr(1)))
            completion.matches.push_back({"$" + name, name, "Variable"});
    }
}

std::string quoted(const std::string& path, char quote)
{
    const bool needs_quotes = path.find_first_of(" \t'\"`$&|;(){}<>,") != std::string::npos;
    if (quote != 0 || !needs_quotes) return path;
    std::string out = "'";
    for (const char c : path)
        out.append(c == '\'' ? 2 : 1, c);
    return out + "'";
}

void add_paths(const Place& place, const SessionState& session, Completion& completion)
{
    const std::size_t slash = place.word.rfind('/');
    const std::string_view folder =
        slash == std::string_view::npos ? std::string_view() : place.word.substr(0, slash + 1);
    const std::string_view name = place.word.substr(folder.size());
    std::error_code error;
    std::filesystem::directory_iterator entries(
        folder.empty() ? session.location() : session.resolve(folder), error
    );
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        const std::string found = entries->path().filename().string();
        if (!found.starts_with(name) || (name.empty() && found.starts_with('.'))) continue;
        if (clixml::first_invalid_utf8(found) ||
            completion.matches.size() >= completion_matches_max)
            continue;
        std::error_code ignored;
        const bool is_folder = entries->is_directory(ignored);
        completion.matches.push_back(
            {quoted(std::string(folder) + found, place.quote),
             found,
             is_folder ? "ProviderContainer" : "ProviderItem"}
        );
    }
}

} // namespace

Completion complete(
    std::string_view text,
    std::size_t cursor,
    const CommandTable& commands,
    const SessionState& session
)
{
    const Place place = place_of(text.substr(0, cursor));
    Completion completion;
    completion.start = place.start;
    completion.length = place.word.size();
    const bool is_quoted = place.quote != 0;
    if (!is_quoted && place.word.starts_with('$')) {
        add_variables(place, session, completion);
    } else if (!is_quoted && place.word.starts_with('-') && !place.command.empty()) {
        add_parameters(place, commands, completion);
    } else {
        const bool is_path = place.word.find('/') != std::string_view::npos;
        if (!is_quoted && place.command.empty() && !is_path)
            add_commands(place, commands, completion);
        else
            add_paths(place, session, completion);
    }
    std::ranges::sort(completion.matches, {}, &CompletionMatch::text);
    if (completion.matches.size() > completion_matches_max)
        completion.matches.resize(completion_matches_max);
    return completion;
}

} // namespace psrp::server
