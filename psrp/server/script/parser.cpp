#include <psrp/server/script/detail/parser_state.hpp>
#include <psrp/server/script/parser.hpp>

#include <algorithm>
#include <array>

namespace psrp::server {

clixml::Result<std::shared_ptr<const Block>>
read_script(std::string_view text, const ScriptLimits& limits)
{
    if (text.size() > limits.script_bytes_max) {
        return clixml::failure(
            Errc::ScriptTooLarge, limits.script_bytes_max, "at most script_bytes_max bytes"
        );
    }
    return detail::Parser(text, limits).script();
}

TextPosition position_in(std::string_view text, std::size_t offset)
{
    TextPosition position;
    for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
        if (text[i] == '\n') {
            ++position.line;
            position.column = 1;
        } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
            ++position.column;
        }
    }
    return position;
}

std::string_view line_at(std::string_view text, std::size_t offset)
{
    offset = std::min(offset, text.size());
    std::size_t begin = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
    begin = begin == std::string_view::npos ? 0 : begin + 1;
    std::string_view line = text.substr(begin, text.find('\n', offset) - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

namespace detail {

namespace {

// Statements of PowerShell that are left out on purpose.
constexpr std::array<std::string_view, 25> unsupported_keywords = {
    "begin",        "break", "class",    "clean",    "continue", "data", "do",
    "dynamicparam", "end",   "enum",     "exit",     "filter",   "for",  "function",
    "hidden",       "param", "parallel", "process",  "switch",   "trap", "try",
    "until",        "using", "while",    "workflow",
};

} // namespace

clixml::Error Parser::syntax_error(const char* detail) const
{
    return {Errc::SyntaxError, at_, detail};
}

clixml::Error Parser::not_supported(const char* detail) const
{
    return {Errc::NotSupported, at_, detail};
}

Expression Parser::start(ExpressionKind kind) const
{
    Expression expression;
    expression.kind = kind;
    expression.extent.begin = static_cast<std::uint32_t>(at_);
    return expression;
}

bool Parser::looking_at_word(std::string_view word) const
{
    return clixml::equal_ignoring_case(text_.substr(at_, word.size()), word) &&
           !is_name_byte(peek(word.size())) && peek(word.size()) != '-' && peek(word.size()) != '.';
}

bool Parser::at_statement_end() const
{
    const char c = peek();
    return at_end() || c == ';' || c == '\n' || c == '\r' || c == ')' || c == '}';
}

Result<void> Parser::skip_blanks(bool lines)
{
    for (;;) {
        const char c = peek();
        if (c == ' ' || c == '\t' || c == '\f' || c == '\v' ||
            (lines && (c == '\n' || c == '\r') && !at_end())) {
            ++at_;
        } else if (c == '`' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
            at_ += peek(1) == '\n' ? std::size_t{2} : std::size_t{3};
        } else if (c == '#') {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (looking_at("<#")) {
            const std::size_t end = text_.find("#>", at_ + 2);
            if (end == std::string_view::npos)
                return tl::unexpected(syntax_error("the end of the comment, #>"));
            at_ = end + 2;
        } else if (looking_at("\xC2\xA0")) {
            at_ += 2;
        } else {
            return {};
        }
    }
}

Result<std::shared_ptr<const Block>> Parser::script()
{
    if (looking_at("\xEF\xBB\xBF")) at_ += 3;
    PSRP_TRY(Block whole, block('\0'));
    return std::make_shared<const Block>(std::move(whole));
}

// Statements up to `closing`, which is left where it stands; '\0' is the end of the text.
Result<Block> Parser::block(char closing)
{
    const Level level(*this);
    if (level.too_deep())
        return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
    Block result;
    const std::uint32_t outer = deepest_;
    deepest_ = 1;
    PSRP_CHECK(skip_blanks(true));
    if (looking_at_word("param")) PSRP_CHECK(parameter_block(result));
    for (;;) {
        PSRP_CHECK(skip_blanks(true));
        while (peek() == ';') {
            ++at_;
            PSRP_CHECK(skip_blanks(true));
        }
        if (at_end()) {
            if (closing == '\0') return result;
            return tl::unexpected(syntax_error(closing == ')' ? "a closing )" : "a closing }"));
        }
        if (peek() == closing) {
            ++deepest_;
            if (deepest_ > limits_.depth_max) {
                return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
            }
            result.depth = deepest_;
            deepest_ = std::max(deepest_, outer);
            return result;
        }
        PSRP_TRY(Statement next, statement());
        const bool in_braces =
            next.kind == StatementKind::If || next.kind == StatementKind::ForEach;
        result.statements.push_back(std::move(next));
        PSRP_CHECK(skip_blanks(false));
        if (!at_statement_end() && !in_braces)
            return tl::unexpected(syntax_error("the end of the statement"));
        if ((peek() == ')' || peek() == '}') && peek() != closing) {
            return tl::unexpected(syntax_error("no closing bracket here"));
        }
    }
}

// param($a, $b = 1)
Result<void> Parser::parameter_block(Block& into)
{
    at_ += 5;
    PSRP_CHECK(skip_blanks(true));
    if (peek() != '(') return tl::unexpected(syntax_error("( after param"));
    ++at_;
    into.has_parameters = true;
    PSRP_CHECK(skip_blanks(true));
    while (peek() != ')') {
        if (peek() == '[')
            return tl::unexpected(not_supported("attributes and types of parameters"));
        if (peek() != '$' || !is_name_byte(peek(1)))
            return tl::unexpected(syntax_error("a $parameter"));
        ++at_;
        ParameterSyntax parameter;
        while (is_name_byte(peek()))
            parameter.name += text_[at_++];
        PSRP_CHECK(skip_blanks(true));
        if (peek() == '=') {
            ++at_;
            PSRP_CHECK(skip_blanks(true));
            PSRP_TRY(Expression value, unary());
            parameter.default_value = std::move(value);
            PSRP_CHECK(skip_blanks(true));
        }
        into.parameters.push_back(std::move(parameter));
        if (peek() == ',') {
            ++at_;
            PSRP_CHECK(skip_blanks(true));
            if (peek() == ')') return tl::unexpected(syntax_error("a $parameter after the comma"));
        } else if (peek() != ')') {
            return tl::unexpected(syntax_error(", or ) after a parameter"));
        }
    }
    ++at_;
    return {};
}

Result<Statement> Parser::statement()
{
    const std::size_t begin = at_;
    PSRP_TRY(auto keyword, keyword_statement());
    Statement result;
    if (keyword) {
        result = std::move(*keyword);
    } else {
        PSRP_TRY(auto assigned, assignment());
        if (assigned) {
            result = std::move(*assigned);
        } else {
            PSRP_TRY(result.pipeline, pipeline());
        }
    }
    std::size_t end = at_;
    while (end > begin && (text_[end - 1] == ' ' || text_[end - 1] == '\t'))
        --end;
    result.extent = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    return result;
}

Result<std::optional<Statement>> Parser::keyword_statement()
{
    if (!is_letter(peek())) return std::optional<Statement>{};
    if (looking_at_word("if")) {
        PSRP_TRY(Statement result, if_statement());
        return result;
    }
    if (looking_at_word("foreach")) {
        const std::size_t begin = at_;
        at_ += 7;
        PSRP_CHECK(skip_blanks(true));
        if (peek() == '(') {
            PSRP_TRY(Statement result, foreach_statement());
            return result;
        }
        at_ = begin;
    }
    const bool throws = looking_at_word("throw");
    if (throws || looking_at_word("return")) {
        at_ += throws ? 5 : 6;
        Statement result;
        result.kind = throws ? StatementKind::Throw : StatementKind::Return;
        PSRP_CHECK(skip_blanks(false));
        if (!at_statement_end()) {
            PSRP_TRY(result.pipeline, pipeline());
        }
        return result;
    }
    for (const std::string_view word : unsupported_keywords) {
        if (looking_at_word(word)) return tl::unexpected(not_supported("this keyword"));
    }
    return std::optional<Statement>{};
}

Result<std::shared_ptr<const Block>> Parser::braced_block()
{
    PSRP_CHECK(skip_blanks(true));
    if (peek() != '{') return tl::unexpected(syntax_error("{"));
    ++at_;
    PSRP_TRY(Block inside, block('}'));
    ++at_;
    return std::make_shared<const Block>(std::move(inside));
}

Result<Statement> Parser::if_statement()
{
    const Level level(*this);
    if (level.too_deep())
        return clixml::failure(Errc::NestedTooDeeply, at_, "at most depth_max levels");
    Statement result;
    result.kind = StatementKind::If;
    at_ += 2;
    for (;;) {
        PSRP_CHECK(skip_blanks(true));
        if (peek() != '(') return tl::unexpected(syntax_error("( before a condition"));
        ++at_;
        PSRP_CHECK(skip_blanks(true));
        PSRP_TRY(PipelineSyntax condition, pipeline());
        PSRP_CHECK(skip_blanks(true));
        if (peek() != ')') return tl::unexpected(syntax_error(") after a condition"));
        ++at_;
        result.conditions.push_back(std::move(condition));
        PSRP_TRY(auto body, braced_block());
        result.blocks.push_back(std::move(body));
        const std::size_t behind = at_;
        PSRP_CHECK(skip_blanks(true));
        if (looking_at_word("elseif")) {
            at_ += 6;
            continue;
        }
        if (looking_at_word("else")) {
            at_ += 4;
            PSRP_TRY(auto otherwise, braced_block());
            result.blocks.push_back(std::move(otherwise));
        } else {
            at_ = behind;
        }
        break;
    }
    return result;
}

Result<Statement> Parser::foreach_statement()
{
    Statement result;
    result.kind = StatementKind::ForEach;
    ++at_;
    PSRP_CHECK(skip_blanks(true));
    if (peek() != '$' || !is_name_byte(peek(1)))
        return tl::unexpected(syntax_error("a $variable in foreach"));
    ++at_;
    while (is_name_byte(peek()))
        result.variable += text_[at_++];
    PSRP_CHECK(skip_blanks(true));
    if (!looking_at_word("in")) return tl::unexpected(syntax_error("in"));
    at_ += 2;
    PSRP_CHECK(skip_blanks(true));
    PSRP_TRY(result.pipeline, pipeline());
    PSRP_CHECK(skip_blanks(true));
    if (peek() != ')') return tl::unexpected(syntax_error(") after what foreach walks"));
    ++at_;
    PSRP_TRY(auto body, braced_block());
    result.blocks.push_back(std::move(body));
    return result;
}

// $x = ..., $x += ..., $x++. Nothing, and nothing consumed, where no assignment stands here.
Result<std::optional<Statement>> Parser::assignment()
{
    if (peek() != '$') return std::optional<Statement>{};
    const std::size_t begin = at_;
    const std::int32_t using_count = using_count_;
    PSRP_TRY(Expression target, variable());
    PSRP_CHECK(skip_blanks(false));
    static constexpr std::array<std::pair<std::string_view, Operation>, 6> operators = {{
        {"=", Operation::None},
        {"+=", Operation::Add},
        {"-=", Operation::Subtract},
        {"*=", Operation::Multiply},
        {"/=", Operation::Divide},
        {"%=", Operation::Remainder},
    }};
    Statement result;
    result.kind = StatementKind::Assignment;
    result.variable = target.text;
    const bool is_variable = target.kind == ExpressionKind::Variable;
    if (looking_at("++") || looking_at("--")) {
        if (!is_variable) return tl::unexpected(not_supported("changing anything but a variable"));
        result.operation = peek() == '+' ? Operation::Add : Operation::Subtract;
        result.increment = true;
        at_ += 2;
        return result;
    }
    for (const auto& [text, operation] : operators) {
        if (!looking_at(text)) continue;
        if (!is_variable)
            return tl::unexpected(not_supported("assigning to anything but a variable"));
        at_ += text.size();
        result.operation = operation;
        PSRP_CHECK(skip_blanks(true));
        if (looking_at_word("if") || looking_at_word("foreach")) {
            return tl::unexpected(not_supported("statements as values"));
        }
        PSRP_TRY(result.pipeline, pipeline());
        return result;
    }
    at_ = begin;
    using_count_ = using_count;
    return std::optional<Statement>{};
}

Result<void> Parser::check_pipeline_end()
{
    if (looking_at("&&") || looking_at("||"))
        return tl::unexpected(not_supported("pipeline chains, && and ||"));
    if (peek() == '&') return tl::unexpected(not_supported("background jobs, &"));
    if (peek() == '>' || (is_digit(peek()) && peek(1) == '>'))
        return tl::unexpected(not_supported("redirections"));
    if (peek() == '=') return tl::unexpected(not_supported("assigning to anything but a variable"));
    return {};
}

Result<PipelineSyntax> Parser::pipeline()
{
    PipelineSyntax result;
    result.extent.begin = static_cast<std::uint32_t>(at_);
    for (bool first = true;; first = false) {
        const char c = peek();
        const bool is_expression = c == '$' || c == '\'' || c == '"' || c == '(' || c == '@' ||
                                   c == '[' || c == '{' || c == '-' || c == '+' || c == '!' ||
                                   c == ',' || is_digit(c) || (c == '.' && is_digit(peek(1)));
        if (is_expression) {
            if (!first)
                return tl::unexpected(
                    syntax_error("a command: an expression can only come first in a pipeline")
                );
            PSRP_TRY(result.source, expression());
        } else {
            PSRP_TRY(CommandSyntax next, command());
            result.commands.push_back(std::move(next));
        }
        result.extent.end = static_cast<std::uint32_t>(at_);
        PSRP_CHECK(skip_blanks(false));
        PSRP_CHECK(check_pipeline_end());
        if (peek() != '|') {
            // A line that starts with | continues the pipeline.
            const std::size_t line_end = at_;
            if (peek() != '\n' && peek() != '\r') break;
            PSRP_CHECK(skip_blanks(true));
            if (peek() != '|' || peek(1) == '|') {
                at_ = line_end;
                break;
            }
        }
        ++at_;
        PSRP_CHECK(skip_blanks(true));
        if (at_statement_end()) return tl::unexpected(syntax_error("a command after |"));
    }
    return result;
}

Result<CommandSyntax> Parser::command()
{
    CommandSyntax result;
    result.extent.begin = static_cast<std::uint32_t>(at_);
    if (peek() == '&') return tl::unexpected(not_supported("the call operator, &"));
    if (peek() == '.' && (peek(1) == ' ' || peek(1) == '\t'))
        return tl::unexpected(not_supported("dot sourcing"));
    while (!at_statement_end() &&
           std::string_view(" \t|&<>(){},;$'\"`").find(peek()) == std::string_view::npos) {
        result.name += text_[at_++];
    }
    if (result.name.empty()) return tl::unexpected(syntax_error("a command or an expression"));
    if (result.name.find('=') != std::string::npos)
        return tl::unexpected(syntax_error("a command's name without ="));
    result.extent.end = static_cast<std::uint32_t>(at_);
    for (;;) {
        PSRP_CHECK(skip_blanks(false));
        if (at_statement_end() || peek() == '|' || peek() == '&') return result;
        PSRP_CHECK(check_pipeline_end());
        PSRP_TRY(ArgumentSyntax next, argument());
        result.arguments.push_back(std::move(next));
        result.extent.end = static_cast<std::uint32_t>(at_);
    }
}

} // namespace detail

} // namespace psrp::server
