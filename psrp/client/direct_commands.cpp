#include <clixml/utf.hpp>
#include <psrp/client/direct_commands.hpp>
#include <psrp/protocol/pipeline_builder.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace psrp {

namespace {

constexpr std::array<std::string_view, 28> keywords = {
    "begin",   "break",        "catch",  "class",   "continue", "data", "define",
    "do",      "dynamicparam", "else",   "elseif",  "end",      "enum", "exit",
    "filter",  "finally",      "for",    "foreach", "function", "if",   "param",
    "process", "return",       "switch", "throw",   "trap",     "try",  "while"};

// What a bare word may hold. A comma, a parenthesis and the like mean more than themselves.
bool is_word_character(char c)
{
    constexpr std::string_view special = " \t\r\n;|&(){}[]<>,$`'\"@#=";
    return special.find(c) == std::string_view::npos && c != '\0';
}

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

class Translator {
public:
    Translator(std::string_view script, const VariableSource& variables, Arena& arena)
        : script_(script), variables_(variables), arena_(arena)
    {
    }

    std::optional<PowerShellCommands> run()
    {
        skip_separators();
        bool is_first = true;
        while (at_ < script_.size()) {
            if (!is_first) builder_.statement();
            is_first = false;
            if (!pipeline()) return std::nullopt;
            skip_separators();
        }
        if (is_first) return std::nullopt;
        const auto request = builder_.build();
        if (!request) return std::nullopt;
        return request->power_shell;
    }

private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const
    {
        return at_ + ahead < script_.size() ? script_[at_ + ahead] : '\0';
    }
    void skip_blanks()
    {
        while (peek() == ' ' || peek() == '\t')
            ++at_;
    }
    void skip_separators()
    {
        while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n' || peek() == ';')
            ++at_;
    }
    [[nodiscard]] bool is_at_end_of_command() const
    {
        const char c = peek();
        return c == '\0' || c == ';' || c == '|' || c == '\n' || c == '\r';
    }

    bool pipeline()
    {
        for (;;) {
            if (!command()) return false;
            if (peek() != '|') return true;
            ++at_;
            if (peek() == '|') return false;
            skip_separators();
        }
    }

    bool command()
    {
        if (!is_letter(peek())) return false;
        const auto name = word();
        const auto is_name = [&](std::string_view keyword) {
            return clixml::equal_ignoring_case(keyword, name);
        };
        if (std::any_of(keywords.begin(), keywords.end(), is_name)) return false;
        if (!is_end_of_word()) return false;
        builder_.command(arena_.copy(name));
        for (;;) {
            skip_blanks();
            if (is_at_end_of_command()) return true;
            if (!element()) return false;
        }
    }

    std::string_view word()
    {
        const std::size_t start = at_;
        while (is_word_character(peek()))
            ++at_;
        return script_.substr(start, at_ - start);
    }
    [[nodiscard]] bool is_end_of_word() const
    {
        return peek() == ' ' || peek() == '\t' || is_at_end_of_command();
    }

    bool element()
    {
        if (peek(1) == '>' || peek() == '>') return redirection();
        if (peek() == '-' && is_letter(peek(1))) return parameter();
        const auto value = argument();
        if (!value || !is_end_of_word()) return false;
        builder_.argument(*value);
        return true;
    }

    // N>&1: everything else goes somewhere that only the server has.
    bool redirection()
    {
        constexpr std::string_view streams = "23456*";
        const auto stream = streams.find(peek());
        if (stream == std::string_view::npos || script_.substr(at_ + 1, 3) != ">&1") return false;
        at_ += 4;
        if (!is_end_of_word()) return false;
        builder_.redirect(static_cast<RedirectedStream>(stream), MergeTarget::Output);
        return true;
    }

    // A parameter without a colon stands alone; what follows is an argument, as PowerShell sends
    // it (vector securestring-output).
    bool parameter()
    {
        const std::size_t start = at_++;
        while (is_word_character(peek()) && peek() != ':')
            ++at_;
        if (peek() != ':') {
            if (!is_end_of_word()) return false;
            builder_.switch_parameter(arena_.copy(script_.substr(start, at_ - start)));
            return true;
        }
        ++at_;
        const auto name = std::string(script_.substr(start, at_ - start));
        const bool has_blank = peek() == ' ' || peek() == '\t';
        skip_blanks();
        const auto value = argument();
        if (!value || !is_end_of_word()) return false;
        builder_.parameter(arena_.copy(has_blank ? name + " " : name), *value);
        return true;
    }

    // A constant, or several with commas between them: an array.
    std::optional<Value> argument()
    {
        auto first = constant();
        skip_blanks_before_comma();
        if (!first || peek() != ',') return first;
        Object* array = clixml::make_array(arena_);
        array->add_item(arena_, *first);
        while (peek() == ',') {
            ++at_;
            skip_blanks();
            const auto next = constant();
            if (!next) return std::nullopt;
            array->add_item(arena_, *next);
            skip_blanks_before_comma();
        }
        return Value::object(array);
    }

    void skip_blanks_before_comma()
    {
        const auto next = script_.find_first_not_of(" \t", at_);
        if (next != std::string_view::npos && script_[next] == ',') at_ = next;
    }

    std::optional<Value> constant()
    {
        if (peek() == '\'') return literal_string();
        if (peek() == '"') return plain_string();
        if (peek() == '$') return variable();
        const auto text = word();
        // A wildcard, a splat, a type in brackets, a stop-parsing sign: not for us to judge.
        if (text.empty() || text.starts_with("--")) return std::nullopt;
        return number_or_text(text);
    }

    Value number_or_text(std::string_view text)
    {
        const char* end = text.data() + text.size();
        std::int32_t integer = 0;
        const auto read = std::from_chars(text.data(), end, integer);
        if (read.ec == std::errc() && read.ptr == end) return Value::int32(integer);
        std::int64_t wide = 0;
        const auto read_wide = std::from_chars(text.data(), end, wide);
        if (read_wide.ec == std::errc() && read_wide.ptr == end) return Value::int64(wide);
        return Value::string(arena_, text);
    }

    std::optional<Value> literal_string()
    {
        std::string text;
        for (++at_; at_ < script_.size(); ++at_) {
            if (peek() != '\'') {
                text += peek();
            } else if (peek(1) == '\'') {
                text += '\'';
                ++at_;
            } else {
                ++at_;
                return Value::string(arena_, text);
            }
        }
        return std::nullopt;
    }

    // One in which nothing is expanded.
    std::optional<Value> plain_string()
    {
        const auto end = script_.find('"', at_ + 1);
        if (end == std::string_view::npos) return std::nullopt;
        const auto text = script_.substr(at_ + 1, end - at_ - 1);
        const bool is_plain = text.find_first_of("$`") == std::string_view::npos &&
                              (end + 1 >= script_.size() || script_[end + 1] != '"');
        if (!is_plain) return std::nullopt;
        at_ = end + 1;
        return Value::string(arena_, text);
    }

    std::optional<Value> variable()
    {
        const auto rest = script_.substr(at_);
        const auto is = [&](std::string_view name) {
            return clixml::equal_ignoring_case(rest.substr(0, name.size()), name) &&
                   (rest.size() == name.size() || !is_name_character(rest[name.size()]));
        };
        const auto take = [&](std::size_t size, Value value) {
            at_ += size;
            return value;
        };
        if (is("$true")) return take(5, Value::boolean(true));
        if (is("$false")) return take(6, Value::boolean(false));
        if (is("$null")) return take(5, Value());
        const auto expressions = find_using_expressions(rest);
        if (!expressions || expressions->empty() || expressions->front().offset != 0)
            return std::nullopt;
        const auto value = evaluate_using(expressions->front(), variables_);
        if (!value) return std::nullopt;
        return take(expressions->front().text.size(), *value);
    }

    static bool is_name_character(char c)
    {
        return is_letter(c) || (c >= '0' && c <= '9') || c == ':' || c == '.' || c == '[' ||
               c == '?' || c == '(';
    }

    std::string_view script_;
    const VariableSource& variables_;
    Arena& arena_;
    PipelineBuilder builder_;
    std::size_t at_ = 0;
};

} // namespace

std::optional<PowerShellCommands>
direct_commands(std::string_view script, const VariableSource& variables, Arena& arena)
{
    return Translator(script, variables, arena).run();
}

} // namespace psrp
