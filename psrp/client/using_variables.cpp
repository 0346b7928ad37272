#include <clixml/base64.hpp>
#include <clixml/utf.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/using_variables.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace psrp {

namespace {

constexpr std::string_view prefix = "using:";

constexpr std::string_view dictionary_type =
    "System.Collections.Generic.Dictionary`2[[System.String, System.Private.CoreLib, "
    "Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e],[System.Object, "
    "System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, "
    "PublicKeyToken=7cec85d7bea7798e]]";

bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '?' || static_cast<unsigned char>(c) >= 0x80;
}

bool starts_with_using(std::string_view text)
{
    return text.size() >= prefix.size() &&
           clixml::equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// Walks over a script, telling code from strings and comments.
class Scanner {
public:
    explicit Scanner(std::string_view script) : script_(script) {}

    Result<std::vector<UsingExpression>> run()
    {
        PSRP_CHECK(scan_code('\0'));
        return std::move(found_);
    }

private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const
    {
        return at_ + ahead < script_.size() ? script_[at_ + ahead] : '\0';
    }
    [[nodiscard]] std::string_view rest() const { return script_.substr(at_); }

    void skip_past(std::string_view end)
    {
        const auto found = script_.find(end, at_);
        at_ = found == std::string_view::npos ? script_.size() : found + end.size();
    }

    // Code up to the parenthesis that closes it, which only a subexpression in a string has.
    Result<void> scan_code(char end)
    {
        int depth = 0;
        while (at_ < script_.size()) {
            const char c = peek();
            if (end != '\0' && c == end && depth == 0) {
                ++at_;
                return {};
            }
            if (c == '(') ++depth;
            if (c == ')') --depth;
            PSRP_CHECK(scan_one());
        }
        return {};
    }

    Result<void> scan_one()
    {
        const char c = peek();
        if (c == '`') {
            at_ += 2;
        } else if (rest().starts_with("<#")) {
            skip_past("#>");
        } else if (c == '#' && is_comment_start()) {
            skip_past("\n");
        } else if (c == '@' && (peek(1) == '\'' || peek(1) == '"')) {
            return scan_here_string();
        } else if (c == '\'') {
            scan_literal();
        } else if (c == '"') {
            ++at_;
            return scan_expandable();
        } else if (c == '$') {
            return scan_variable(true);
        } else {
            ++at_;
        }
        return {};
    }

    // Inside a word a number sign is nothing special.
    [[nodiscard]] bool is_comment_start() const
    {
        constexpr std::string_view before = " \t\r\n;({|,&=";
        return at_ == 0 || before.find(script_[at_ - 1]) != std::string_view::npos;
    }

    void scan_literal()
    {
        ++at_;
        while (at_ < script_.size()) {
            if (peek() == '\'' && peek(1) == '\'')
                at_ += 2;
            else if (script_[at_++] == '\'')
                return;
        }
    }

    // Behind the opening quote.
    Result<void> scan_expandable()
    {
        while (at_ < script_.size()) {
            if (peek() == '`' || (peek() == '"' && peek(1) == '"')) {
                at_ += 2;
            } else if (peek() == '"') {
                ++at_;
                return {};
            } else {
                PSRP_CHECK(scan_in_string());
            }
        }
        return {};
    }

    Result<void> scan_here_string()
    {
        const bool is_literal = peek(1) == '\'';
        const auto end = script_.find(is_literal ? "\n'@" : "\n\"@", at_);
        const auto stop = end == std::string_view::npos ? script_.size() : end;
        at_ += 2;
        while (!is_literal && at_ < stop) {
            if (peek() == '`')
                at_ += 2;
            else
                PSRP_CHECK(scan_in_string());
        }
        at_ = std::min(std::max(at_, stop + 3), script_.size());
        return {};
    }

    // In a string a member is text, unless it stands in a subexpression.
    Result<void> scan_in_string()
    {
        if (peek() != '$') {
            ++at_;
            return {};
        }
        if (peek(1) == '(') {
            at_ += 2;
            return scan_code(')');
        }
        return scan_variable(false);
    }

    Result<void> scan_variable(bool takes_members)
    {
        const std::size_t start = at_;
        ++at_;
        const bool is_braced = peek() == '{';
        if (is_braced) ++at_;
        if (!starts_with_using(rest())) {
            if (is_braced) skip_past("}");
            return {};
        }
        at_ += prefix.size();
        const std::size_t name = at_;
        if (is_braced) {
            const auto end = script_.find('}', at_);
            if (end == std::string_view::npos) return invalid(start);
            at_ = end;
        } else {
            skip_name();
        }
        UsingExpression expression;
        expression.offset = start;
        expression.variable = script_.substr(name, at_ - name);
        if (expression.variable.empty()) return invalid(start);
        if (is_braced) ++at_;
        expression.variable_text = script_.substr(start, at_ - start);
        const std::size_t members = at_;
        if (takes_members) skip_members();
        expression.members = script_.substr(members, at_ - members);
        expression.text = script_.substr(start, at_ - start);
        found_.push_back(expression);
        return {};
    }

    // A name, and behind a colon another one: env:path.
    void skip_name()
    {
        while (is_name_character(peek()))
            ++at_;
        if (peek() != ':' || peek(1) == ':' || !is_name_character(peek(1))) return;
        ++at_;
        while (is_name_character(peek()))
            ++at_;
    }

    // .name and [constant], as many as there are; a call ends them, and is made at the server.
    void skip_members()
    {
        for (;;) {
            const std::size_t before = at_;
            if (peek() == '.' && is_name_character(peek(1))) {
                ++at_;
                while (is_name_character(peek()))
                    ++at_;
                if (peek() == '(') {
                    at_ = before;
                    return;
                }
            } else if (peek() == '[') {
                const auto end = script_.find(']', at_);
                if (end == std::string_view::npos || !is_constant(at_ + 1, end)) return;
                at_ = end + 1;
            } else {
                return;
            }
        }
    }

    [[nodiscard]] bool is_constant(std::size_t from, std::size_t to) const
    {
        const auto inner = script_.substr(from, to - from);
        if (inner.size() >= 2 && (inner.front() == '\'' || inner.front() == '"') &&
            inner.back() == inner.front())
            return inner.find('$') == std::string_view::npos;
        const auto digits = inner.starts_with('-') ? inner.substr(1) : inner;
        return !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
            return c >= '0' && c <= '9';
        });
    }

    static Result<void> invalid(std::size_t offset)
    {
        return clixml::failure(ClientErrc::UsingInvalid, offset, "$using:name");
    }

    std::string_view script_;
    std::size_t at_ = 0;
    std::vector<UsingExpression> found_;
};

std::optional<Value> member_of(Value value, std::string_view name)
{
    const Object* object = value.object();
    if (object == nullptr) return std::nullopt;
    if (object->container() == clixml::ContainerKind::Dictionary) {
        if (const auto entry = object->entry(name)) return entry;
    }
    const Property* property = object->find(name);
    if (property == nullptr) return std::nullopt;
    return property->value;
}

std::optional<Value> item_of(Value value, std::string_view index)
{
    if (index.front() == '\'' || index.front() == '"')
        return member_of(value, index.substr(1, index.size() - 2));
    const Object* object = value.object();
    std::int64_t number = 0;
    if (std::from_chars(index.data(), index.data() + index.size(), number).ec != std::errc())
        return std::nullopt;
    if (object == nullptr) return std::nullopt;
    if (object->container() == clixml::ContainerKind::Dictionary) {
        const auto items = object->items();
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            const auto key = items[i].as<std::int64_t>();
            if (key && *key == number) return items[i + 1];
        }
        return std::nullopt;
    }
    const auto items = object->items();
    if (number < 0) number += static_cast<std::int64_t>(items.size());
    if (number < 0 || number >= static_cast<std::int64_t>(items.size())) return std::nullopt;
    return items[static_cast<std::size_t>(number)];
}

std::string parameter_name(std::string_view variable)
{
    std::string name = "__using_";
    for (const char c : variable)
        name += c == ':' ? '_' : c;
    return name;
}

// Where a param block of the script opens, behind its parenthesis; nothing where it has none.
std::optional<std::size_t> param_block(std::string_view script)
{
    std::size_t at = std::min(script.find_first_not_of(" \t\r\n"), script.size());
    if (!clixml::equal_ignoring_case(script.substr(at, 5), "param")) return std::nullopt;
    at = std::min(script.find_first_not_of(" \t\r\n", at + 5), script.size());
    if (at >= script.size() || script[at] != '(') return std::nullopt;
    return at + 1;
}

Result<UsingRewrite> rewrite_as_parameters(
    std::string_view script,
    const std::vector<UsingExpression>& expressions,
    const VariableSource& variables,
    Arena& arena
)
{
    UsingRewrite rewrite;
    std::string list; // of the parameters
    std::size_t from = 0;
    for (const auto& expression : expressions) {
        const std::string name = parameter_name(expression.variable);
        rewrite.script.append(script.substr(from, expression.offset - from)).append("$" + name);
        from = expression.offset + expression.variable_text.size();
        const bool is_known = std::any_of(
            rewrite.arguments.begin(),
            rewrite.arguments.end(),
            [&](const CommandArgument& argument) {
                return clixml::equal_ignoring_case(*argument.name, name);
            }
        );
        if (is_known) continue;
        const auto value = variables(expression.variable);
        if (!value)
            return clixml::failure(ClientErrc::UsingUndefined, expression.offset, "a variable");
        rewrite.arguments.push_back({arena.copy(name), *value});
        list.append(list.empty() ? "$" : ", $").append(name);
    }
    rewrite.script.append(script.substr(from));
    if (list.empty()) return rewrite;
    // Nothing of a param block stands in front of its parenthesis that could have been changed.
    const auto open = param_block(rewrite.script);
    if (!open) {
        rewrite.script.insert(0, "param(" + list + ")\n");
        return rewrite;
    }
    const auto next = rewrite.script.find_first_not_of(" \t\r\n", *open);
    const bool is_empty = next != std::string::npos && rewrite.script[next] == ')';
    rewrite.script.insert(*open, is_empty ? list : list + ", ");
    return rewrite;
}

} // namespace

std::string UsingExpression::key() const
{
    if (!is_plain()) return std::string(text);
    std::string name = "$using:" + std::string(variable);
    // Names are folded as .NET's ToLowerInvariant does for what a name is made of in practice.
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return name;
}

Result<std::vector<UsingExpression>> find_using_expressions(std::string_view script)
{
    return Scanner(script).run();
}

UsingForm using_form(bool is_wsman, const std::optional<clixml::Version>& ps_version)
{
    if (!is_wsman || (ps_version && ps_version->major >= 5)) return UsingForm::ByKey;
    if (ps_version && ps_version->major < 3) return UsingForm::AsParameters;
    return UsingForm::ByPosition;
}

std::optional<Value>
evaluate_using(const UsingExpression& expression, const VariableSource& variables)
{
    auto value = variables(expression.variable);
    std::string_view members = expression.members;
    while (value && !members.empty()) {
        if (members.front() == '.') {
            const auto end = std::min(members.find_first_of(".[", 1), members.size());
            value = member_of(*value, members.substr(1, end - 1));
            members.remove_prefix(end);
        } else {
            const auto end = members.find(']');
            value = item_of(*value, members.substr(1, end - 1));
            members.remove_prefix(end + 1);
        }
    }
    return value;
}

Result<UsingRewrite> rewrite_using(
    std::string_view script, UsingForm form, const VariableSource& variables, Arena& arena
)
{
    PSRP_TRY(const auto expressions, find_using_expressions(script));
    if (form == UsingForm::AsParameters)
        return rewrite_as_parameters(script, expressions, variables, arena);
    UsingRewrite rewrite{std::string(script), {}};
    if (expressions.empty()) return rewrite;
    Object* container =
        form == UsingForm::ByKey
            ? clixml::make_container(
                  arena, clixml::ContainerKind::Dictionary, {dictionary_type, "System.Object"}
              )
            : clixml::make_array(arena);
    for (const auto& expression : expressions) {
        const auto value = evaluate_using(expression, variables);
        if (!value)
            return clixml::failure(ClientErrc::UsingUndefined, expression.offset, "a variable");
        if (form == UsingForm::ByPosition) {
            container->add_item(arena, *value);
            continue;
        }
        std::string base64;
        const std::string utf16 = clixml::utf16le_from_utf8(expression.key());
        clixml::append_base64(clixml::bytes_of(utf16), base64);
        const auto items = container->items();
        bool is_known = false;
        for (std::size_t i = 0; i < items.size(); i += 2)
            is_known = is_known || items[i].text() == base64;
        if (!is_known) container->add_entry(arena, Value::string(arena, base64), *value);
    }
    rewrite.arguments.push_back({std::string_view("--%"), Value::object(container)});
    return rewrite;
}

} // namespace psrp
