#include <psrp/client/script_completeness.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace psrp {

namespace {

// What stood last in a statement.
enum class Last : std::uint8_t { Nothing, Word, Value, Block, Connector, Operator };

// A statement, at the outside or in one of the brackets that are open.
struct Statement {
    std::string keyword; // that it begins with, lower case; empty: none
    std::string last_word;
    bool is_expression = false; // begins with a value, so that signs are operators
    bool has_block = false;
    std::size_t open_ternaries = 0;
    bool has_second_part = false; // catch, finally; while, until behind do
    Last last = Last::Nothing;
};

constexpr std::array<std::string_view, 12> block_keywords = {
    "if",
    "while",
    "for",
    "foreach",
    "switch",
    "function",
    "filter",
    "class",
    "enum",
    "trap",
    "data",
    "configuration"};
constexpr std::array<std::string_view, 11> word_operators = {
    "eq", "ne", "gt", "ge", "lt", "le", "and", "or", "xor", "is", "as"};
constexpr std::array<std::string_view, 16> more_word_operators = {
    "like",
    "match",
    "notlike",
    "notmatch",
    "contains",
    "notcontains",
    "in",
    "notin",
    "replace",
    "split",
    "join",
    "f",
    "band",
    "bor",
    "isnot",
    "not"};

template <typename Words>
bool is_one_of(const Words& words, std::string_view word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_word_operator(std::string_view word)
{
    if (!word.starts_with('-')) return false;
    word.remove_prefix(1);
    const bool is_plain = is_one_of(word_operators, word) || is_one_of(more_word_operators, word);
    const bool has_case = word.size() > 2 && (word[0] == 'c' || word[0] == 'i');
    return is_plain || (has_case && (is_one_of(word_operators, word.substr(1)) ||
                                     is_one_of(more_word_operators, word.substr(1))));
}

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

std::string lower_case(std::string_view text)
{
    std::string lower(text);
    for (char& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

class Scanner {
public:
    explicit Scanner(std::string_view script) : script_(script) { statements_.emplace_back(); }

    bool is_incomplete()
    {
        while (at_ < script_.size()) {
            if (!step()) return ends_inside_;
        }
        // An empty line ends what brackets and quotes do not hold open.
        const bool ends_with_line = script_.ends_with('\n');
        return !brackets_.empty() || (!ends_with_line && is_open(statement()));
    }

private:
    Statement& statement() { return statements_.back(); }
    [[nodiscard]] char peek(std::size_t ahead = 0) const
    {
        return at_ + ahead < script_.size() ? script_[at_ + ahead] : '\0';
    }

    // False where the answer is known: ends_inside_.
    bool step()
    {
        const char c = script_[at_];
        if (c == '`') return take_backtick();
        if (c == '\n' || c == ';') return end_statement(c);
        if (c == ' ' || c == '\t' || c == '\r') return ++at_, true;
        if (c == '#' && is_at_word_start()) return skip_comment();
        if (c == '<' && peek(1) == '#') return skip_block_comment();
        if (c == '@' && (peek(1) == '\'' || peek(1) == '"')) return take_here_string();
        if (const std::size_t quote = quote_bytes(false)) return take_single_quoted(quote);
        if (const std::size_t quote = quote_bytes(true)) return take_double_quoted(quote);
        if (c == '(' || c == '{' || ((c == '$' || c == '@') && (peek(1) == '(' || peek(1) == '{')))
            return open_bracket();
        if (c == '[' && is_bracket_here()) return open_bracket();
        if (c == ')' || c == '}' || (c == ']' && is_inside('['))) return close_bracket(c);
        if (c == '|' || (c == '&' && peek(1) == '&')) return take_connector();
        if (c == '$') return take_variable();
        return take_word_or_sign();
    }

    bool take_backtick()
    {
        if (at_ + 1 == script_.size()) return stop(true);
        // A line that is continued, or a character that stands for itself.
        const bool is_return = peek(1) == '\r' && peek(2) == '\n';
        at_ += is_return ? 3 : 2;
        return true;
    }

    bool end_statement(char c)
    {
        ++at_;
        const bool goes_on = c == '\n' && is_open(statement());
        if (!goes_on) statement() = Statement();
        return true;
    }

    [[nodiscard]] bool is_at_word_start() const
    {
        if (at_ == 0) return true;
        return std::string_view(" \t\r\n;(){}|&,=").find(script_[at_ - 1]) !=
               std::string_view::npos;
    }

    bool skip_comment()
    {
        at_ = std::min(script_.find('\n', at_), script_.size());
        return true;
    }

    bool skip_block_comment()
    {
        const std::size_t end = script_.find("#>", at_ + 2);
        if (end == std::string_view::npos) return stop(true);
        at_ = end + 2;
        return true;
    }

    bool take_here_string()
    {
        const char quote = peek(1);
        std::size_t line_end = at_ + 2;
        while (line_end < script_.size() && script_[line_end] != '\n' &&
               std::string_view(" \t\r").find(script_[line_end]) != std::string_view::npos)
            ++line_end;
        if (line_end == script_.size()) return stop(true);
        if (script_[line_end] != '\n') return stop(false); // nothing may stand there
        const std::string end = std::string("\n") + quote + "@";
        const std::size_t found = script_.find(end, line_end);
        if (found == std::string_view::npos) return stop(true);
        at_ = found + end.size();
        return take_value();
    }

    // Bytes of the quote that stands here; 0: none. Typographic ones are quotes, too.
    [[nodiscard]] std::size_t quote_bytes(bool is_double) const
    {
        if (script_[at_] == (is_double ? '"' : '\'')) return 1;
        const std::string_view here = script_.substr(at_, 3);
        if (here.size() < 3 || here[0] != '\xE2' || here[1] != '\x80') return 0;
        const auto last = static_cast<unsigned char>(here[2]);
        const bool is_it = is_double ? last >= 0x9C && last <= 0x9E : last >= 0x98 && last <= 0x9B;
        return is_it ? 3 : 0;
    }

    bool take_single_quoted(std::size_t quote)
    {
        at_ += quote;
        while (at_ < script_.size()) {
            const std::size_t end = quote_bytes(false);
            at_ += std::max<std::size_t>(end, 1);
            if (end == 0) continue;
            // A doubled one stands for itself.
            if (at_ < script_.size() && quote_bytes(false) != 0) {
                at_ += quote_bytes(false);
                continue;
            }
            return take_value();
        }
        return stop(true);
    }

    bool take_double_quoted(std::size_t quote)
    {
        at_ += quote;
        return continue_double_quoted();
    }

    // Behind the quote, or behind a $() in the text.
    bool continue_double_quoted()
    {
        while (at_ < script_.size()) {
            if (script_[at_] == '`') {
                at_ += 2;
                continue;
            }
            if (script_[at_] == '$' && peek(1) == '(') {
                brackets_.push_back('"');
                statements_.emplace_back();
                at_ += 2;
                return true;
            }
            const std::size_t end = quote_bytes(true);
            at_ += std::max<std::size_t>(end, 1);
            if (end == 0) continue;
            if (at_ < script_.size() && quote_bytes(true) != 0) {
                at_ += quote_bytes(true);
                continue;
            }
            return take_value();
        }
        return stop(true);
    }

    bool open_bracket()
    {
        if (script_[at_] == '$' && peek(1) == '{') {
            const std::size_t end = script_.find('}', at_);
            if (end == std::string_view::npos) return stop(true);
            at_ = end + 1;
            return take_value();
        }
        const bool is_out_of_place =
            script_[at_] == '{' && statement().is_expression && statement().last == Last::Value;
        if (is_out_of_place) return stop(false);
        if (script_[at_] == '$' || script_[at_] == '@') ++at_;
        if (statement().last == Last::Nothing && script_[at_] != '{')
            statement().is_expression = true;
        brackets_.push_back(script_[at_]);
        statements_.emplace_back();
        ++at_;
        return true;
    }

    [[nodiscard]] bool is_inside(char bracket) const
    {
        return !brackets_.empty() && brackets_.back() == bracket;
    }

    // Not in an argument such as `a[`.
    [[nodiscard]] bool is_bracket_here() const
    {
        const Statement& inner = statements_.back();
        const bool is_argument = inner.last != Last::Nothing && !inner.is_expression &&
                                 inner.last != Last::Operator && inner.last != Last::Connector;
        if (!is_argument) return true;
        const char before = at_ == 0 ? ' ' : script_[at_ - 1];
        return inner.last == Last::Value && before != ' ' && before != '\t';
    }

    bool close_bracket(char c)
    {
        if (brackets_.empty()) return stop(false);
        const char open = brackets_.back();
        const char expected = open == '{' ? '}' : (open == '[' ? ']' : ')');
        // What is missing before it, or another bracket, is an error of another kind.
        if (c != expected) return stop(c == ')' && open == '{');
        const Last last = statement().last;
        if (last == Last::Connector || last == Last::Operator) return stop(false);
        brackets_.pop_back();
        statements_.pop_back();
        ++at_;
        if (open == '"') return continue_double_quoted();
        if (open == '{') {
            statement().has_block = true;
            statement().last = Last::Block;
            return true;
        }
        return take_value(false);
    }

    bool take_connector()
    {
        const bool is_double = peek(1) == script_[at_];
        at_ += is_double ? 2 : 1;
        statement().last = Last::Connector;
        statement().is_expression = false;
        return true;
    }

    bool take_variable()
    {
        ++at_;
        while (is_letter(peek()) || is_digit(peek()) || peek() == ':' || peek() == '?') {
            if (peek() == ':' && peek(1) == ':') break;
            ++at_;
        }
        return take_value();
    }

    bool take_value(bool begins = true)
    {
        if (begins && statement().last == Last::Nothing) statement().is_expression = true;
        statement().last = Last::Value;
        return true;
    }

    bool take_word_or_sign()
    {
        const std::size_t start = at_;
        const char c = script_[at_];
        if (c == ',') {
            ++at_;
            statement().last = Last::Operator;
            return true;
        }
        const bool is_sign = std::string_view("=+*/%!<>-?:").find(c) != std::string_view::npos;
        if (statement().is_expression && is_sign && !is_letter(peek(1))) return take_sign();
        if (statement().last == Last::Nothing && (c == '!' || c == '-') && !is_letter(peek(1)))
            return take_sign();
        ++at_;
        while (at_ < script_.size() && !ends_word(start)) {
            at_ += script_[at_] == '`' ? 2U : 1U;
        }
        at_ = std::min(at_, script_.size());
        return take_word(script_.substr(start, at_ - start));
    }

    [[nodiscard]] bool ends_word(std::size_t start) const
    {
        const char c = script_[at_];
        if (std::string_view(" \t\r\n;(){}|&'\",$@").find(c) != std::string_view::npos) return true;
        if (c == ']' && is_inside('[')) return true;
        const Statement& inner = statements_.back();
        const bool is_value =
            inner.is_expression || (inner.last == Last::Nothing && is_digit(script_[start]));
        return is_value && std::string_view("=+*/%[]?").find(c) != std::string_view::npos;
    }

    bool take_sign()
    {
        const char c = peek();
        const char next = peek(1);
        Statement& inner = statement();
        ++at_;
        if ((c == '+' || c == '-') && next == c) {
            ++at_;
            inner.last = inner.last == Last::Value ? Last::Value : Last::Operator;
            return true;
        }
        if (c == '?' && next != '?') ++inner.open_ternaries;
        if (c == ':' && next != ':' && inner.open_ternaries > 0) --inner.open_ternaries;
        if (next == '=' || next == c) ++at_;
        if (inner.last == Last::Nothing) inner.is_expression = true;
        inner.last = Last::Operator;
        return true;
    }

    bool take_word(std::string_view text)
    {
        const std::string word = lower_case(text);
        Statement& inner = statement();
        if (inner.last == Last::Nothing) {
            const bool is_unary = is_word_operator(word);
            if (is_digit(word[0]) || word[0] == '[' || is_unary) inner.is_expression = true;
            inner.keyword = word;
        }
        inner.has_second_part = inner.has_second_part || word == "catch" || word == "finally" ||
                                word == "while" || word == "until";
        inner.last_word = word;
        // A range, a member that is not named yet.
        const bool wants_more = word.ends_with("..") || word == "." || word.ends_with("::");
        const bool is_operator = inner.is_expression && (is_word_operator(word) || wants_more);
        inner.last = is_operator ? Last::Operator : Last::Word;
        return true;
    }

    // Whether the statement wants more.
    [[nodiscard]] static bool is_open(const Statement& inner)
    {
        if (inner.last == Last::Nothing) return false;
        if (inner.last == Last::Connector || inner.last == Last::Operator) return true;
        if (inner.open_ternaries > 0) return true;
        const bool needs_block_behind = inner.last_word == "else" || inner.last_word == "elseif" ||
                                        inner.last_word == "catch" || inner.last_word == "finally";
        const bool is_try = inner.keyword == "try";
        const bool is_do = inner.keyword == "do";
        if (is_try && !inner.has_second_part) return true;
        if (is_do && (!inner.has_second_part || inner.last == Last::Word)) return true;
        if (is_do) return false;
        const bool is_block_keyword = is_one_of(block_keywords, inner.keyword);
        if ((is_block_keyword || is_try) && inner.last != Last::Block) {
            return !inner.has_block || needs_block_behind;
        }
        return false;
    }

    bool stop(bool is_incomplete)
    {
        ends_inside_ = is_incomplete;
        return false;
    }

    std::string_view script_;
    std::size_t at_ = 0;
    std::vector<char> brackets_;        // '"' for a $( in a text
    std::vector<Statement> statements_; // one more than brackets
    bool ends_inside_ = false;
};

} // namespace

bool is_incomplete_script(std::string_view script)
{
    return Scanner(script).is_incomplete();
}

} // namespace psrp
