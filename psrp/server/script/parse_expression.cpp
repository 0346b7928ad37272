#include <psrp/server/script/detail/parser_state.hpp>

#include <algorithm>
#include <array>

namespace psrp::server::detail {

namespace {

struct OperatorRow {
    std::string_view text;
    Operation operation;
    int level; // binds the tighter the higher
};

constexpr int comparison_level = 3;

// clang-format off
constexpr std::array<OperatorRow, 25> word_operators = {{
    {"and", Operation::And, 1},             {"or", Operation::Or, 1},               {"xor", Operation::Xor, 1},
    {"band", Operation::BitAnd, 2},         {"bor", Operation::BitOr, 2},           {"bxor", Operation::BitXor, 2},
    {"eq", Operation::Equal, 3},            {"ne", Operation::NotEqual, 3},         {"gt", Operation::Greater, 3},
    {"ge", Operation::GreaterOrEqual, 3},   {"lt", Operation::Less, 3},             {"le", Operation::LessOrEqual, 3},
    {"like", Operation::Like, 3},           {"notlike", Operation::NotLike, 3},     {"match", Operation::Match, 3},
    {"notmatch", Operation::NotMatch, 3},   {"contains", Operation::Contains, 3},   {"notcontains", Operation::NotContains, 3},
    {"in", Operation::In, 3},               {"notin", Operation::NotIn, 3},         {"replace", Operation::Replace, 3},
    {"split", Operation::Split, 3},         {"join", Operation::Join, 3},           {"f", Operation::Format, 6},
    {"shl", Operation::None, 3},
}};
constexpr std::array<OperatorRow, 6> sign_operators = {{
    {"..", Operation::Range, 7},    {"+", Operation::Add, 4},       {"-", Operation::Subtract, 4},
    {"*", Operation::Multiply, 5},  {"/", Operation::Divide, 5},    {"%", Operation::Remainder, 5},
}};
// clang-format on

struct FoundOperator {
    Operation operation = Operation::None;
    int level = 0;
    std::size_t bytes = 0;
    bool case_sensitive = false;
};

FoundOperator find_word(std::string_view word)
{
    for (const OperatorRow& row : word_operators) {
        if (clixml::equal_ignoring_case(word, row.text))
            return {row.operation, row.level, word.size() + 1, false};
    }
    // -ceq and -ieq: the case is looked at or not.
    if (word.size() < 3) return {};
    const char first = word.front();
    if (first != 'c' && first != 'C' && first != 'i' && first != 'I') return {};
    for (const OperatorRow& row : word_operators) {
        if (row.level == comparison_level &&
            clixml::equal_ignoring_case(word.substr(1), row.text)) {
            return {row.operation, row.level, word.size() + 1, first == 'c' || first == 'C'};
        }
    }
    return {};
}

FoundOperator operator_at(std::string_view text)
{
    if (text.size() > 1 && text[0] == '-' && is_letter(text[1])) {
        std::size_t end = 1;
        while (end < text.size() && is_letter(text[end]))
            ++end;
        return find_word(text.substr(1, end - 1));
    }
    for (const OperatorRow& row : sign_operators) {
        if (text.substr(0, row.text.size()) == row.text)
            return {row.operation, row.level, row.text.size(), false};
    }
    return {};
}

} // namespace

// Sets the depth of `node` from its operands. Evaluation recurses as deep, so the depth is limited.
Result<void> Parser::deepen(Expression& node)
{
    std::uint32_t deepest = 0;
    for (const Expression& operand : node.operands)
        deepest = std::max(deepest, operand.depth);
    node.depth = deepest + 1;
    if (node.depth > limits_.depth_max) {
        return clixml::failure(
            Errc::NestedTooDeeply, node.extent.begin, "at most depth_max levels"
        );
    }
    deepest_ = std::max(deepest_, node.depth);
    return {};
}

Result<Expression>
Parser::make_binary(Operation operation, bool case_sensitive, Expression left, Expression right)
{
    Expression node;
    node.kind = ExpressionKind::Binary;
    node.operation = operation;
    node.case_sensitive = case_sensitive;
    node.extent = {left.extent.begin, right.extent.end};
    node.operands.reserve(2);
    node.operands.push_back(std::move(left));
    node.operands.push_back(std::move(right));
    PSRP_CHECK(deepen(node));
    return node;
}

Result<Expression> Parser::wrap_one(Expression node, Expression operand)
{
    node.operands.push_back(std::move(operand));
    finish(node);
    PSRP_CHECK(deepen(node));
    return node;
}

// Operators that bind at least as tightly as `least`, from the left.
Result<Expression> Parser::expression(int least)
{
    const Level level(*this);
    if (level.too_deep())
        return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
    PSRP_TRY(Expression left, list());
    for (;;) {
        const std::size_t behind = at_;
        PSRP_CHECK(skip_blanks(false));
        const FoundOperator found = operator_at(text_.substr(at_));
        if (found.bytes == 0) {
            if (peek() == '-' && is_letter(peek(1)))
                return tl::unexpected(not_supported("this operator"));
            if (peek() == '?' || peek() == '!' || looking_at("++") || looking_at("--")) {
                return tl::unexpected(not_supported("this operator"));
            }
            at_ = behind;
            return left;
        }
        if (found.level < least) {
            at_ = behind;
            return left;
        }
        if (found.operation == Operation::None)
            return tl::unexpected(not_supported("this operator"));
        if (peek(found.bytes) == '=' && found.level >= 4) {
            return tl::unexpected(not_supported("assigning to anything but a variable"));
        }
        at_ += found.bytes;
        PSRP_CHECK(skip_blanks(true));
        PSRP_TRY(Expression right, expression(found.level + 1));
        PSRP_TRY(
            left,
            make_binary(found.operation, found.case_sensitive, std::move(left), std::move(right))
        );
    }
}

// a, b, c: binds tighter than every operator with two sides.
Result<Expression> Parser::list()
{
    Expression items = start(ExpressionKind::List);
    PSRP_TRY(Expression first, unary());
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
        PSRP_TRY(Expression next, unary());
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

Result<std::optional<Expression>> Parser::unary_operator()
{
    Expression node = start(ExpressionKind::Unary);
    if (peek() == '!' || looking_at_word("-not")) {
        node.operation = Operation::Not;
        at_ += peek() == '!' ? std::size_t{1} : std::size_t{4};
    } else if (looking_at_word("-bnot")) {
        node.operation = Operation::BitNot;
        at_ += 5;
    } else if (looking_at_word("-join")) {
        node.operation = Operation::Join;
        at_ += 5;
    } else if (looking_at_word("-split")) {
        node.operation = Operation::Split;
        at_ += 6;
    } else if (peek() == ',') {
        node.operation = Operation::MakeList;
        ++at_;
    } else if (looking_at("++") || looking_at("--")) {
        return tl::unexpected(not_supported("this operator"));
    } else if (peek() == '-' || peek() == '+') {
        node.operation = peek() == '-' ? Operation::Negate : Operation::Plus;
        ++at_;
        if (is_letter(peek())) return tl::unexpected(syntax_error("a value"));
    } else {
        return std::optional<Expression>{};
    }
    return node;
}

Result<Expression> Parser::unary()
{
    const Level level(*this);
    if (level.too_deep())
        return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
    if (peek() == '[') return type_expression();
    PSRP_TRY(auto node, unary_operator());
    if (node) {
        PSRP_CHECK(skip_blanks(true));
        PSRP_TRY(Expression operand, unary());
        return wrap_one(std::move(*node), std::move(operand));
    }
    PSRP_TRY(Expression base, primary());
    return postfix(std::move(base), false);
}

// [type] value
Result<Expression> Parser::type_expression()
{
    Expression node = start(ExpressionKind::Cast);
    const std::size_t end = text_.find_first_of("]\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n')
        return tl::unexpected(syntax_error("] after a type"));
    std::size_t behind = end + 1;
    if (text_[end - 1] == '[' && end + 1 < text_.size() && text_[end + 1] == ']')
        ++behind; // [byte[]]
    node.text = text_.substr(at_ + 1, behind - at_ - 2);
    if (node.text.find_first_of(" ,(") != std::string::npos)
        return tl::unexpected(not_supported("this type"));
    at_ = behind;
    if (looking_at("::")) return static_call(std::move(node));
    PSRP_CHECK(skip_blanks(false));
    if (at_statement_end()) return tl::unexpected(not_supported("types as values"));
    PSRP_TRY(Expression operand, unary());
    return wrap_one(std::move(node), std::move(operand));
}

Result<Expression> Parser::primary()
{
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '\'') return single_quoted();
    if (c == '"') return double_quoted();
    if (c == '$')
        return peek(1) == '(' ? nested_block(ExpressionKind::Subexpression, 2) : variable();
    if (c == '{') return script_block();
    if (c == '@') {
        if (peek(1) == '(') return nested_block(ExpressionKind::ArrayBlock, 2);
        if (peek(1) == '{') return hashtable();
        if (peek(1) == '\'' || peek(1) == '"') return here_text();
        return tl::unexpected(not_supported("splatting"));
    }
    if (c == '(') {
        PSRP_TRY(Expression node, nested_block(ExpressionKind::Parenthesis, 1));
        if (node.block->statements.size() != 1)
            return tl::unexpected(syntax_error("one statement in parentheses"));
        return node;
    }
    return tl::unexpected(syntax_error("a value"));
}

// ( ... ), $( ... ), @( ... )
Result<Expression> Parser::nested_block(ExpressionKind kind, std::size_t opening_bytes)
{
    Expression node = start(kind);
    at_ += opening_bytes;
    PSRP_TRY(Block inside, block(')'));
    ++at_;
    node.depth = inside.depth;
    node.block = std::make_shared<const Block>(std::move(inside));
    finish(node);
    return node;
}

// { ... }: read now so that its errors are those of the script; kept as text, which is what a
// script block is on the wire.
Result<Expression> Parser::script_block()
{
    Expression node = start(ExpressionKind::ScriptBlock);
    const std::size_t begin = ++at_;
    PSRP_TRY(Block inside, block('}'));
    node.text = text_.substr(begin, at_ - begin);
    node.depth = inside.depth;
    node.block = std::make_shared<const Block>(std::move(inside));
    ++at_;
    finish(node);
    return node;
}

// @{ name = value; 'name' = value }
Result<Expression> Parser::hashtable()
{
    const Level level(*this);
    if (level.too_deep())
        return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
    Expression node = start(ExpressionKind::Hashtable);
    at_ += 2;
    for (;;) {
        PSRP_CHECK(skip_blanks(true));
        while (peek() == ';') {
            ++at_;
            PSRP_CHECK(skip_blanks(true));
        }
        if (at_end()) return tl::unexpected(syntax_error("a closing }"));
        if (peek() == '}') break;
        Expression key = start(ExpressionKind::Text);
        if (is_letter(peek()) || peek() == '_' || static_cast<unsigned char>(peek()) >= 0x80) {
            while (is_name_byte(peek()) || (peek() == '-' && is_name_byte(peek(1))))
                key.text += text_[at_++];
            finish(key);
        } else {
            PSRP_TRY(key, unary());
        }
        PSRP_CHECK(skip_blanks(false));
        if (peek() != '=') return tl::unexpected(syntax_error("= after a key"));
        ++at_;
        PSRP_CHECK(skip_blanks(true));
        Expression value = start(ExpressionKind::Parenthesis);
        Block inside;
        PSRP_TRY(Statement only, statement());
        inside.statements.push_back(std::move(only));
        value.depth = inside.depth = deepest_;
        value.block = std::make_shared<const Block>(std::move(inside));
        finish(value);
        PSRP_CHECK(skip_blanks(false));
        if (!at_statement_end() || peek() == ')')
            return tl::unexpected(syntax_error("; or } after a value"));
        node.operands.push_back(std::move(key));
        node.operands.push_back(std::move(value));
    }
    ++at_;
    finish(node);
    PSRP_CHECK(deepen(node));
    return node;
}

// .name and [index] right behind a value.
Result<Expression> Parser::postfix(Expression base, bool in_argument)
{
    const std::size_t begin = base.extent.begin;
    for (;;) {
        if (looking_at("::")) return tl::unexpected(not_supported("static members"));
        if (peek() == '?' && (peek(1) == '.' || peek(1) == '['))
            return tl::unexpected(not_supported("?. and ?[]"));
        if (peek() == '.' && peek(1) != '.' &&
            (is_name_byte(peek(1)) || peek(1) == '\'' || peek(1) == '"')) {
            // A number has no members: 1.5 was read by number(), and 1.x is an error there.
            PSRP_TRY(base, member(std::move(base), begin));
        } else if (peek() == '.' && (peek(1) == '$' || peek(1) == '(') && !in_argument) {
            return tl::unexpected(not_supported("computed member names"));
        } else if (peek() == '[') {
            const Level level(*this);
            if (level.too_deep())
                return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
            Expression node = start(ExpressionKind::Index);
            node.extent.begin = static_cast<std::uint32_t>(begin);
            node.using_index = base.using_index;
            ++at_;
            PSRP_CHECK(skip_blanks(true));
            PSRP_TRY(Expression index, expression());
            PSRP_CHECK(skip_blanks(true));
            if (peek() != ']') return tl::unexpected(syntax_error("] after an index"));
            ++at_;
            node.operands.push_back(std::move(base));
            PSRP_TRY(base, wrap_one(std::move(node), std::move(index)));
        } else {
            return base;
        }
        if (base.using_index >= 0) base.using_key = text_.substr(begin, at_ - begin);
    }
}

Result<Expression> Parser::member(Expression base, std::size_t begin)
{
    Expression node = start(ExpressionKind::Member);
    node.extent.begin = static_cast<std::uint32_t>(begin);
    node.using_index = base.using_index;
    ++at_;
    if (peek() == '\'') {
        PSRP_TRY(Expression name, single_quoted());
        node.text = std::move(name.text);
    } else if (peek() == '"') {
        PSRP_TRY(Expression name, double_quoted());
        if (name.kind != ExpressionKind::Text)
            return tl::unexpected(not_supported("computed member names"));
        node.text = std::move(name.text);
    } else {
        while (is_name_byte(peek()))
            node.text += text_[at_++];
    }
    if (peek() == '(') return method_call(std::move(base), std::move(node));
    return wrap_one(std::move(node), std::move(base));
}

// ( a, b ) behind the name of a method.
Result<std::vector<Expression>> Parser::method_arguments()
{
    const Level level(*this);
    if (level.too_deep())
        return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
    ++at_;
    PSRP_CHECK(skip_blanks(true));
    std::vector<Expression> arguments;
    if (peek() != ')') {
        // What commas join here are the arguments; a list among them stands in brackets.
        PSRP_TRY(Expression found, expression());
        PSRP_CHECK(skip_blanks(true));
        if (found.kind == ExpressionKind::List)
            arguments = std::move(found.operands);
        else
            arguments.push_back(std::move(found));
    }
    if (peek() != ')') return tl::unexpected(syntax_error(") after arguments"));
    ++at_;
    return arguments;
}

// base.Name(...), for the few methods there are.
Result<Expression> Parser::method_call(Expression base, Expression member)
{
    const bool is_host = base.kind == ExpressionKind::Member &&
                         clixml::equal_ignoring_case(base.text, "UI") &&
                         base.operands[0].kind == ExpressionKind::Variable &&
                         clixml::equal_ignoring_case(base.operands[0].text, "Host");
    const auto is = [&](std::string_view name) {
        return clixml::equal_ignoring_case(member.text, name);
    };
    const bool is_general = is("ToString") || is("GetType");
    if (is_host ? !is_host_ui_method(member.text) : !is_general)
        return tl::unexpected(not_supported("this method"));
    PSRP_TRY(std::vector<Expression> arguments, method_arguments());
    if (!is_host && !arguments.empty())
        return tl::unexpected(not_supported("arguments of this method"));
    member.kind = is_host ? ExpressionKind::HostCall : ExpressionKind::MethodCall;
    member.using_index = -1;
    member.operands = std::move(arguments);
    if (!is_host) member.operands.push_back(std::move(base));
    finish(member);
    PSRP_CHECK(deepen(member));
    return member;
}

// [type]::new(...), for the one type there is.
Result<Expression> Parser::static_call(Expression node)
{
    at_ += 2;
    const bool is_credential =
        clixml::equal_ignoring_case(node.text, "System.Net.NetworkCredential") ||
        clixml::equal_ignoring_case(node.text, "Net.NetworkCredential");
    if (!is_credential || !clixml::equal_ignoring_case(text_.substr(at_, 4), "new("))
        return tl::unexpected(not_supported("static members of types"));
    const std::size_t begin = node.extent.begin;
    at_ += 3;
    node.kind = ExpressionKind::NewCredential;
    PSRP_TRY(node.operands, method_arguments());
    if (node.operands.size() != 2)
        return tl::unexpected(syntax_error("a user name and a password"));
    finish(node);
    PSRP_CHECK(deepen(node));
    node.extent.begin = static_cast<std::uint32_t>(begin);
    return postfix(std::move(node), false);
}

} // namespace psrp::server::detail
