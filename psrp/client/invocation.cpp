#include <clixml/utf.hpp>
#include <psrp/client/direct_commands.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/invocation.hpp>

#include <algorithm>
#include <array>
#include <fstream>

namespace psrp {

namespace {

constexpr std::string_view blanks = " \t\r\n";

constexpr std::array<std::string_view, 27> keywords = {
    "begin",   "break",        "catch",  "class",   "continue", "data", "define",
    "do",      "dynamicparam", "else",   "elseif",  "end",      "enum", "exit",
    "filter",  "finally",      "for",    "foreach", "function", "if",   "param",
    "process", "return",       "switch", "throw",   "try",      "while"};

bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '\\' || c == '/' || c == ':';
}

// The end of the quoted text that starts at `at`; the end of the script where it never ends.
std::size_t skip_quoted(std::string_view script, std::size_t at)
{
    const char quote = script[at];
    for (++at; at < script.size(); ++at) {
        if (quote == '"' && script[at] == '`') {
            ++at;
        } else if (script[at] == quote) {
            return at + 1;
        }
    }
    return script.size();
}

// The end of the bracket that opens at `at`, quotes and inner brackets skipped.
std::size_t skip_bracket(std::string_view script, std::size_t at)
{
    std::size_t depth = 0;
    while (at < script.size()) {
        const char c = script[at];
        if (c == '\'' || c == '"') {
            at = skip_quoted(script, at);
            continue;
        }
        if (c == '(' || c == '{' || c == '[') ++depth;
        if (c == ')' || c == '}' || c == ']') {
            if (--depth == 0) return at + 1;
        }
        ++at;
    }
    return script.size();
}

std::size_t skip_blanks(std::string_view script, std::size_t at)
{
    return std::min(script.find_first_not_of(blanks, at), script.size());
}

std::string_view word_at(std::string_view script, std::size_t at)
{
    std::size_t end = at;
    while (end < script.size() && is_word_character(script[end]))
        ++end;
    return script.substr(at, end - at);
}

// Where the statements begin: behind a param block, if there is one.
std::size_t body_start(std::string_view script)
{
    const std::size_t at = skip_blanks(script, 0);
    if (!clixml::equal_ignoring_case(word_at(script, at), "param")) return at;
    const std::size_t open = skip_blanks(script, at + 5);
    if (open >= script.size() || script[open] != '(') return at;
    return skip_blanks(script, skip_bracket(script, open));
}

// Whether what starts at `at` is a single pipeline whose first element is a command by name.
bool is_command_pipeline(std::string_view script, std::size_t at)
{
    const std::string_view word = word_at(script, at);
    const bool starts_like_a_name =
        !word.empty() && (word[0] < '0' || word[0] > '9') && word[0] != '-';
    if (!starts_like_a_name) return false;
    const auto is_word = [&](std::string_view keyword) {
        return clixml::equal_ignoring_case(word, keyword);
    };
    if (std::any_of(keywords.begin(), keywords.end(), is_word)) return false;
    while (at < script.size()) {
        const char c = script[at];
        if (c == '\'' || c == '"') {
            at = skip_quoted(script, at);
        } else if (c == '(' || c == '{' || c == '[') {
            at = skip_bracket(script, at);
        } else if (c == ';' || c == '\n' || c == '#' || c == '`') {
            return skip_blanks(script, at + 1) == script.size() && (c == ';' || c == '\n');
        } else if (c == '&' || script.substr(at, 2) == "||" || script.substr(at, 2) == "@\"" || script.substr(at, 2) == "@'") {
            return false; // chains, background jobs, here-strings
        } else {
            ++at;
        }
    }
    return true;
}

bool mentions_input(std::string_view script)
{
    constexpr std::string_view variable = "$input";
    for (std::size_t at = script.find('$'); at != std::string_view::npos;
         at = script.find('$', at + 1)) {
        if (clixml::equal_ignoring_case(script.substr(at, variable.size()), variable)) return true;
    }
    return false;
}

} // namespace

std::string script_with_input(std::string_view script)
{
    const std::size_t start = body_start(script);
    if (mentions_input(script) || !is_command_pipeline(script, start)) return std::string(script);
    return std::string(script.substr(0, start)) + "$input | " + std::string(script.substr(start));
}

CreatePipeline
invocation_request(std::string_view script, std::span<const Value> arguments, HasInput has_input)
{
    Command command;
    command.text = script;
    command.is_script = true;
    for (const Value& argument : arguments)
        command.arguments.push_back({std::nullopt, argument});
    CreatePipeline request;
    request.power_shell.statements.push_back({std::move(command)});
    request.power_shell.redirect_shell_error_output_pipe = true;
    request.no_input = has_input == HasInput::No;
    request.add_to_history = true;
    return request;
}

Result<CreatePipeline>
make_invocation(std::string_view script, const InvocationOptions& options, Arena& arena)
{
    const bool has_input = options.has_input == HasInput::Yes;
    const VariableSource nothing = [](std::string_view) { return std::nullopt; };
    if (!has_input) {
        auto commands =
            direct_commands(script, options.variables ? options.variables : nothing, arena);
        if (commands && (options.has_batches || commands->statements.size() == 1)) {
            auto request = invocation_request({}, {}, HasInput::No);
            request.power_shell.statements = std::move(commands->statements);
            return request;
        }
    }
    UsingRewrite rewrite{std::string(script), {}};
    if (options.variables) {
        PSRP_TRY(rewrite, rewrite_using(script, options.using_form, options.variables, arena));
    }
    if (has_input) rewrite.script = script_with_input(rewrite.script);
    auto request =
        invocation_request(arena.copy(rewrite.script), options.arguments, options.has_input);
    auto& arguments = request.power_shell.statements[0][0].arguments;
    arguments.insert(arguments.end(), rewrite.arguments.begin(), rewrite.arguments.end());
    return request;
}

Result<std::string> read_script_file(const std::filesystem::path& path)
{
    const auto unreadable = [] { return clixml::failure(ClientErrc::ScriptFileUnreadable); };
    std::ifstream file(path, std::ios::binary);
    std::error_code ignored;
    if (!file || std::filesystem::is_directory(path, ignored)) return unreadable();
    std::string text(script_file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return unreadable();
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > script_file_bytes_max) return unreadable();
    if (text.starts_with("\xFF\xFE")) {
        text = clixml::utf8_from_utf16(std::string_view(text).substr(2), false);
    } else if (text.starts_with("\xFE\xFF")) {
        text = clixml::utf8_from_utf16(std::string_view(text).substr(2), true);
    } else if (text.starts_with("\xEF\xBB\xBF")) {
        text.erase(0, 3);
    }
    if (!clixml::is_valid_wtf8(text)) return unreadable();
    return text;
}

} // namespace psrp
