// The parser's inside: one recursive-descent class over the text, split over several files.
#pragma once

#include <clixml/utf.hpp>
#include <psrp/server/errors.hpp>
#include <psrp/server/limits.hpp>
#include <psrp/server/script/parser.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace psrp::server::detail {

using clixml::Result;

inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

inline bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Bytes of a variable's or member's name; whatever is not ASCII counts as a letter.
inline bool is_name_byte(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Whether $Host.UI has a method of this name here (evaluate_call.cpp).
bool is_host_ui_method(std::string_view name);

class Parser {
public:
    Parser(std::string_view text, const ScriptLimits& limits) : text_(text), limits_(limits) {}

    Result<std::shared_ptr<const Block>> script();

private:
    // Statements (parser.cpp).
    Result<Block> block(char closing);
    Result<void> parameter_block(Block& into);
    Result<Statement> statement();
    Result<std::optional<Statement>> keyword_statement();
    Result<Statement> if_statement();
    Result<Statement> foreach_statement();
    Result<std::optional<Statement>> assignment();
    Result<std::shared_ptr<const Block>> braced_block();
    Result<PipelineSyntax> pipeline();
    Result<CommandSyntax> command();
    Result<void> check_pipeline_end();

    // Words of a command (parse_argument.cpp).
    Result<ArgumentSyntax> argument();
    Result<Expression> argument_value();
    Result<Expression> argument_item();
    Result<Expression> bare_word();

    // Expressions (parse_expression.cpp).
    Result<Expression> expression(int level = 0);
    Result<Expression> list();
    Result<Expression> unary();
    Result<std::optional<Expression>> unary_operator();
    Result<Expression> primary();
    Result<Expression> postfix(Expression base, bool in_argument);
    Result<Expression> member(Expression base, std::size_t begin);
    Result<Expression> method_call(Expression base, Expression member);
    Result<Expression> static_call(Expression node);
    Result<std::vector<Expression>> method_arguments();
    Result<Expression> type_expression();
    Result<Expression> hashtable();
    Result<Expression> script_block();
    Result<Expression> nested_block(ExpressionKind kind, std::size_t opening_bytes);
    Result<Expression>
    make_binary(Operation operation, bool case_sensitive, Expression left, Expression right);
    Result<Expression> wrap_one(Expression node, Expression operand);
    Result<void> deepen(Expression& node);

    // Literals (parse_literal.cpp).
    Result<Expression> number();
    Result<Expression> variable();
    Result<Expression> single_quoted();
    Result<Expression> double_quoted();
    Result<Expression> here_text();
    Result<Expression> expandable(std::string_view closing);
    Result<void> expansion(Expression& into, std::string& literal);
    void escape(std::string& into);

    // Text.
    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    [[nodiscard]] char peek(std::size_t ahead = 0) const
    {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    [[nodiscard]] bool looking_at(std::string_view what) const
    {
        return text_.substr(at_, what.size()) == what;
    }
    // Whether the word (ignoring case) stands here and ends here.
    [[nodiscard]] bool looking_at_word(std::string_view word) const;
    [[nodiscard]] bool at_statement_end() const;
    // Blanks, comments and continued lines; with `lines` also line ends.
    Result<void> skip_blanks(bool lines);
    [[nodiscard]] clixml::Error syntax_error(const char* detail) const;
    [[nodiscard]] clixml::Error not_supported(const char* detail) const;
    [[nodiscard]] Expression start(ExpressionKind kind) const;
    void finish(Expression& expression) const
    {
        expression.extent.end = static_cast<std::uint32_t>(at_);
    }

    // Counts open brackets for as long as it lives.
    class Level {
    public:
        explicit Level(Parser& parser) : parser_(parser) { ++parser_.level_; }
        ~Level() { --parser_.level_; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;
        [[nodiscard]] bool too_deep() const { return parser_.level_ > parser_.limits_.depth_max; }

    private:
        Parser& parser_;
    };

    std::string_view text_;
    ScriptLimits limits_;
    std::size_t at_ = 0;
    std::uint32_t level_ = 0;
    std::uint32_t deepest_ = 1; // depth of the deepest expression of the block being read
    std::int32_t using_count_ = 0;
};

} // namespace psrp::server::detail
