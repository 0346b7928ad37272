#include <psrp/server/script/detail/parser_state.hpp>

namespace psrp::server::detail {

namespace {

constexpr std::string_view word_ends = " \t\r\n|&;(){},";

} // namespace

// -Name, -Name:value or a value.
Result<ArgumentSyntax> Parser::argument()
{
    ArgumentSyntax result;
    result.extent.begin = static_cast<std::uint32_t>(at_);
    if (peek() == '<') return tl::unexpected(not_supported("redirections"));
    if (looking_at("--%")) return tl::unexpected(not_supported("the stop-parsing token, --%"));
    if (looking_at("-- ")) return tl::unexpected(not_supported("the end-of-parameters token, --"));
    if (peek() == '@' && is_name_byte(peek(1))) return tl::unexpected(not_supported("splatting"));
    if (peek() == '-' && (is_letter(peek(1)) || peek(1) == '_' || peek(1) == '?')) {
        ++at_;
        while (is_name_byte(peek()) || peek() == '-' || peek() == '?')
            result.parameter += text_[at_++];
        if (peek() == ':') {
            ++at_;
            result.attached = true;
            PSRP_CHECK(skip_blanks(false));
        } else {
            if (!at_statement_end() && word_ends.find(peek()) == std::string_view::npos) {
                return tl::unexpected(syntax_error("the end of a parameter's name"));
            }
            result.extent.end = static_cast<std::uint32_t>(at_);
            return result;
        }
    }
    const std::size_t begin = at_;
    PSRP_TRY(result.value, argument_value());
    result.source = text_.substr(begin, at_ - begin);
    result.extent.end = static_cast<std::uint32_t>(at_);
    return result;
}

// One item, or several with commas between them.
Result<Expression> Parser::argument_value()
{
    Expression items = start(ExpressionKind::List);
    PSRP_TRY(Expression first, argument_item());
    items.operands.push_back(std::move(first));
    for (;;) {
        const std::size_t behind = at_;
        PSRP_CHECK(skip_blanks(false));
        if (peek() != ',') {
            at_ = behind;
            break;
        }
        ++at_;
        PSRP_CHECK(skip_blanks(true));
        PSRP_TRY(Expression next, argument_item());
        items.operands.push_back(std::move(next));
    }
    if (items.operands.size() == 1) {
        Expression only = std::move(items.operands.front());
        return only;
    }
    finish(items);
    PSRP_CHECK(deepen(items));
    return items;
}

Result<Expression> Parser::argument_item()
{
    const char c = peek();
    if (c == '\'' || c == '"' || c == '(' || c == '{' ||
        (c == '@' && std::string_view("({'\"").find(peek(1)) != std::string_view::npos)) {
        PSRP_TRY(Expression base, primary());
        if (c == '{') return base;
        return postfix(std::move(base), true);
    }
    if (c == '$' && (is_name_byte(peek(1)) || peek(1) == '{' || peek(1) == '(')) {
        const std::size_t begin = at_;
        const std::int32_t using_count = using_count_;
        PSRP_TRY(Expression base, primary());
        PSRP_TRY(Expression whole, postfix(std::move(base), true));
        if (at_statement_end() || word_ends.find(peek()) != std::string_view::npos) return whole;
        at_ = begin; // text goes on behind it: $x/file
        using_count_ = using_count;
    }
    return bare_word();
}

// A word without quotes: a number where it looks like one, else text in which $variables are
// expanded.
Result<Expression> Parser::bare_word()
{
    if (is_digit(peek()) ||
        ((peek() == '-' || peek() == '.') && (is_digit(peek(1)) || peek(1) == '.'))) {
        const std::size_t begin = at_;
        const bool negative = peek() == '-';
        if (negative) ++at_;
        auto value = number();
        const bool ends = at_statement_end() || word_ends.find(peek()) != std::string_view::npos;
        if (value && ends) {
            if (!negative) return value;
            Expression node = start(ExpressionKind::Unary);
            node.extent.begin = static_cast<std::uint32_t>(begin);
            node.operation = Operation::Negate;
            return wrap_one(std::move(node), std::move(*value));
        }
        at_ = begin;
    }
    Expression word = start(ExpressionKind::ExpandableText);
    std::string literal;
    while (!at_statement_end() && word_ends.find(peek()) == std::string_view::npos) {
        const char c = peek();
        if (c == '`') {
            ++at_;
            escape(literal);
        } else if (c == '$') {
            PSRP_CHECK(expansion(word, literal));
        } else if (c == '"' || c == '\'') {
            PSRP_TRY(Expression quoted, primary());
            Expression text = start(ExpressionKind::Text);
            text.text = std::move(literal);
            literal.clear();
            word.operands.push_back(std::move(text));
            word.operands.push_back(std::move(quoted));
        } else if (c == '>') {
            return tl::unexpected(not_supported("redirections"));
        } else {
            literal += c;
            ++at_;
        }
    }
    if (word.operands.empty() && literal.empty()) return tl::unexpected(syntax_error("a value"));
    if (word.operands.empty()) {
        word.kind = ExpressionKind::Text;
        word.text = std::move(literal);
    } else if (!literal.empty()) {
        Expression text = start(ExpressionKind::Text);
        text.text = std::move(literal);
        word.operands.push_back(std::move(text));
    }
    finish(word);
    PSRP_CHECK(deepen(word));
    return word;
}

} // namespace psrp::server::detail
