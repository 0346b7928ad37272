#include <clixml/base64.hpp>
#include <psrp/server/script/detail/parser_state.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace psrp::server::detail {

namespace {

// The number that `digits` times `unit` is: Int32, else Int64, else Double.
clixml::Value smallest_integer(std::uint64_t value, bool overflow, double approximate)
{
    if (!overflow &&
        value <= static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
        return clixml::Value::int32(static_cast<std::int32_t>(value));
    }
    if (!overflow &&
        value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return clixml::Value::int64(static_cast<std::int64_t>(value));
    }
    return clixml::Value::double_precision(approximate);
}

std::uint64_t unit_of(char c, char next)
{
    if (next != 'b' && next != 'B') return 1;
    switch (c) {
    case 'k':
    case 'K':
        return 1ULL << 10;
    case 'm':
    case 'M':
        return 1ULL << 20;
    case 'g':
    case 'G':
        return 1ULL << 30;
    case 't':
    case 'T':
        return 1ULL << 40;
    case 'p':
    case 'P':
        return 1ULL << 50;
    default:
        return 1;
    }
}

} // namespace

// 1, 0x1F, 10L, 2.5, 1e3, 4kb
Result<Expression> Parser::number()
{
    Expression result = start(ExpressionKind::Number);
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
        at_ += 2;
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(text_.data() + at_, text_.data() + text_.size(), value, 16);
        const auto digits = static_cast<std::size_t>(end - (text_.data() + at_));
        if (error != std::errc{} || digits == 0)
            return tl::unexpected(syntax_error("a hexadecimal number"));
        at_ += digits;
        const bool is_long = peek() == 'l' || peek() == 'L';
        if (is_long) ++at_;
        // Eight digits are the bits of an Int32, as PowerShell has it.
        result.number = !is_long && value <= 0xFFFFFFFFU
                            ? clixml::Value::int32(static_cast<std::int32_t>(value))
                            : clixml::Value::int64(static_cast<std::int64_t>(value));
    } else {
        const std::size_t begin = at_;
        bool is_real = false;
        while (is_digit(peek()))
            ++at_;
        if (peek() == '.' && peek(1) != '.' && is_digit(peek(1))) {
            is_real = true;
            ++at_;
            while (is_digit(peek()))
                ++at_;
        }
        const bool has_sign = peek(1) == '+' || peek(1) == '-';
        if ((peek() == 'e' || peek() == 'E') && is_digit(peek(has_sign ? 2 : 1))) {
            is_real = true;
            at_ += has_sign ? 2 : 1;
            while (is_digit(peek()))
                ++at_;
        }
        const std::string_view digits = text_.substr(begin, at_ - begin);
        double real = 0;
        if (std::from_chars(digits.data(), digits.data() + digits.size(), real).ec ==
            std::errc::result_out_of_range) {
            real = std::numeric_limits<double>::infinity();
        }
        std::uint64_t integer = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
        bool overflow = read.ec != std::errc{};
        const bool is_long = peek() == 'l' || peek() == 'L';
        if (is_long) ++at_;
        if (peek() == 'd' || peek() == 'D')
            return tl::unexpected(not_supported("decimal literals"));
        if (const std::uint64_t unit = unit_of(peek(), peek(1)); unit > 1) {
            at_ += 2;
            real *= static_cast<double>(unit);
            overflow = overflow || __builtin_mul_overflow(integer, unit, &integer);
        }
        if (is_real) {
            result.number = clixml::Value::double_precision(real);
        } else {
            result.number = smallest_integer(integer, overflow, real);
            if (is_long && result.number.kind() == clixml::Kind::Int32) {
                result.number = clixml::Value::int64(static_cast<std::int64_t>(integer));
            }
        }
    }
    if (is_name_byte(peek())) return tl::unexpected(syntax_error("the end of the number"));
    finish(result);
    return result;
}

// $x, ${any name}, $env:NAME, $using:x, $global:x
Result<Expression> Parser::variable()
{
    Expression result = start(ExpressionKind::Variable);
    ++at_;
    if (peek() == '(') return tl::unexpected(syntax_error("a variable"));
    if (peek() == '{') {
        const std::size_t end = text_.find('}', at_);
        if (end == std::string_view::npos)
            return tl::unexpected(syntax_error("} after a variable's name"));
        result.text = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
    } else {
        while (is_name_byte(peek()) ||
               (peek() == ':' && is_name_byte(peek(1)) && !result.text.empty())) {
            result.text += text_[at_++];
        }
        if (result.text.empty())
            return tl::unexpected(not_supported("special variables such as $? and $$"));
    }
    if (result.text.empty()) return tl::unexpected(syntax_error("a variable's name"));
    if (const std::size_t colon = result.text.find(':'); colon != std::string::npos) {
        const std::string scope = clixml::fold_case(result.text.substr(0, colon));
        result.text.erase(0, colon + 1);
        if (scope == "ENV") {
            result.kind = ExpressionKind::Environment;
        } else if (scope == "USING") {
            result.kind = ExpressionKind::Using;
            result.using_index = using_count_++;
        } else if (scope != "GLOBAL" && scope != "SCRIPT" && scope != "LOCAL" && scope != "VARIABLE") {
            return tl::unexpected(not_supported("variables of this drive or scope"));
        }
    }
    finish(result);
    if (result.kind == ExpressionKind::Using) {
        // The client lower-cases the key of a plain variable (PSRP fact sheet 14.5).
        std::string key(text_.substr(result.extent.begin, at_ - result.extent.begin));
        std::transform(key.begin(), key.end(), key.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        result.using_key = std::move(key);
    }
    return result;
}

Result<Expression> Parser::single_quoted()
{
    Expression result = start(ExpressionKind::Text);
    for (++at_;;) {
        if (at_end()) return tl::unexpected(syntax_error("the closing '"));
        if (peek() == '\'') {
            if (peek(1) != '\'') break;
            ++at_;
        }
        result.text += text_[at_++];
    }
    ++at_;
    finish(result);
    return result;
}

Result<Expression> Parser::double_quoted()
{
    ++at_;
    return expandable("\"");
}

// @' ... '@ and @" ... "@; the line ends next to the quotes do not belong to the text.
Result<Expression> Parser::here_text()
{
    const char quote = peek(1);
    const std::size_t begin = at_;
    at_ += 2;
    while (peek() == ' ' || peek() == '\t')
        ++at_;
    if (peek() == '\r') ++at_;
    if (peek() != '\n')
        return tl::unexpected(syntax_error("a line end after the opening of a here-string"));
    if (quote == '"') {
        ++at_;
        if (looking_at("\"@")) {
            at_ += 2;
            Expression empty = start(ExpressionKind::Text);
            return empty;
        }
        return expandable("\n\"@");
    }
    const std::size_t end = text_.find("\n'@", at_);
    if (end == std::string_view::npos)
        return tl::unexpected(syntax_error("'@ at the start of a line"));
    Expression result = start(ExpressionKind::Text);
    result.extent.begin = static_cast<std::uint32_t>(begin);
    if (end > at_) result.text = text_.substr(at_ + 1, end - at_ - 1);
    if (!result.text.empty() && result.text.back() == '\r') result.text.pop_back();
    at_ = end + 3;
    finish(result);
    return result;
}

// What a backtick and the character at the place stand for.
void Parser::escape(std::string& into)
{
    if (at_end()) return;
    const char c = text_[at_++];
    switch (c) {
    case '0':
        into += '\0';
        break;
    case 'a':
        into += '\a';
        break;
    case 'b':
        into += '\b';
        break;
    case 'e':
        into += '\x1B';
        break;
    case 'f':
        into += '\f';
        break;
    case 'n':
        into += '\n';
        break;
    case 'r':
        into += '\r';
        break;
    case 't':
        into += '\t';
        break;
    case 'v':
        into += '\v';
        break;
    default:
        into += c;
        break;
    }
}

// Text with $variables up to `closing`, which is consumed.
Result<Expression> Parser::expandable(std::string_view closing)
{
    Expression result = start(ExpressionKind::ExpandableText);
    std::string literal;
    const bool is_here_text = closing.size() > 1;
    for (;;) {
        if (at_end()) return tl::unexpected(syntax_error("the closing \""));
        const char c = peek();
        if (looking_at(closing)) {
            if (is_here_text || peek(1) != '"') break;
            literal += '"';
            at_ += 2;
        } else if (c == '`') {
            ++at_;
            escape(literal);
        } else if (c == '$') {
            PSRP_CHECK(expansion(result, literal));
        } else {
            literal += c;
            ++at_;
        }
    }
    at_ += closing.size();
    if (is_here_text && !literal.empty() && literal.back() == '\r') literal.pop_back();
    finish(result);
    if (result.operands.empty()) {
        result.kind = ExpressionKind::Text;
        result.text = std::move(literal);
        return result;
    }
    if (!literal.empty()) {
        Expression text = start(ExpressionKind::Text);
        text.text = std::move(literal);
        result.operands.push_back(std::move(text));
    }
    PSRP_CHECK(deepen(result));
    return result;
}

// A $ inside text: $x, ${x}, $(...) or just a dollar sign.
Result<void> Parser::expansion(Expression& into, std::string& literal)
{
    const bool is_block = peek(1) == '(';
    if (!is_block && peek(1) != '{' && !is_name_byte(peek(1))) {
        literal += text_[at_++];
        return {};
    }
    if (!literal.empty()) {
        Expression text = start(ExpressionKind::Text);
        text.text = std::move(literal);
        literal.clear();
        into.operands.push_back(std::move(text));
    }
    if (is_block) {
        PSRP_TRY(Expression value, nested_block(ExpressionKind::Subexpression, 2));
        into.operands.push_back(std::move(value));
    } else {
        PSRP_TRY(Expression value, variable());
        into.operands.push_back(std::move(value));
    }
    return {};
}

} // namespace psrp::server::detail
