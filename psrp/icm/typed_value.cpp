#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/icm/winrm_settings.hpp>
#include <psrp/protocol/session_key.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>

namespace icm {

namespace {

using clixml::Arena;
using clixml::Value;
using Json = nlohmann::ordered_json;

constexpr std::string_view json_prefix = "json:";
// For what does not fit on a command line, or has no place there.
constexpr std::string_view text_file_prefix = "textfile:";
constexpr std::string_view credential_prefix = "credential:";
// Arrays and maps inside each other in a json: value.
constexpr int json_depth_max = 40;

bool is_quote(char c)
{
    return c == '\'' || c == '"';
}

// Integers take PowerShell's types: Int32, else Int64.
Value integer_value(std::int64_t number)
{
    if (number >= INT32_MIN && number <= INT32_MAX) {
        return Value::int32(static_cast<std::int32_t>(number));
    }
    return Value::int64(number);
}

std::optional<Value> number_value(std::string_view text)
{
    const bool looks_like_one =
        !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
        text.find_first_of("0123456789") != std::string_view::npos;
    if (!looks_like_one) return std::nullopt;
    if (text.front() == '+') text.remove_prefix(1);
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto read = std::from_chars(text.data(), end, whole);
        read.ec == std::errc() && read.ptr == end) {
        return integer_value(whole);
    }
    double real = 0;
    if (const auto read = std::from_chars(text.data(), end, real);
        read.ec == std::errc() && read.ptr == end) {
        return Value::double_precision(real);
    }
    return std::nullopt;
}

std::optional<Value> value_of_json(const Json& json, Arena& arena, int depth)
{
    if (depth > json_depth_max) return std::nullopt;
    switch (json.type()) {
    case Json::value_t::null:
        return Value();
    case Json::value_t::boolean:
        return Value::boolean(json.get<bool>());
    case Json::value_t::number_integer:
        return integer_value(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: {
        const auto number = json.get<std::uint64_t>();
        if (number > INT64_MAX) return Value::uint64(number);
        return integer_value(static_cast<std::int64_t>(number));
    }
    case Json::value_t::number_float:
        return Value::double_precision(json.get<double>());
    case Json::value_t::string:
        return Value::string(arena, json.get_ref<const std::string&>());
    case Json::value_t::array: {
        clixml::Object* array = clixml::make_array(arena);
        for (const Json& item : json) {
            const auto value = value_of_json(item, arena, depth + 1);
            if (!value) return std::nullopt;
            array->add_item(arena, *value);
        }
        return Value::object(array);
    }
    case Json::value_t::object: {
        clixml::Object* table = clixml::make_custom_object(arena);
        for (const auto& [name, member] : json.items()) {
            const auto value = value_of_json(member, arena, depth + 1);
            if (!value) return std::nullopt;
            table->set_note(arena, name, *value);
        }
        return Value::object(table);
    }
    case Json::value_t::binary:
    case Json::value_t::discarded:
        break;
    }
    return std::nullopt;
}

std::optional<Value> text_of_file(const std::string& path, Arena& arena)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad() || clixml::first_invalid_utf8(text)) return std::nullopt;
    return Value::string(arena, text);
}

// The user and password of a file as a PSCredential.
std::optional<Value> credential_of_file(const std::string& path, Arena& arena)
{
    const auto login = read_credential_file(path, {});
    if (!login) return std::nullopt;
    clixml::Credential credential{login->user(), login->password()};
    const auto made = clixml::make_credential(arena, credential, psrp::ClearBase64Secrets());
    clixml::wipe(credential.password);
    if (!made) return std::nullopt;
    return Value::object(*made);
}

// The text between quotes; a doubled quote stands for one.
std::string unquoted(std::string_view text)
{
    const char quote = text.front();
    std::string out;
    for (std::size_t at = 1; at + 1 < text.size(); ++at) {
        out += text[at];
        if (text[at] == quote && text[at + 1] == quote && at + 2 < text.size()) ++at;
    }
    return out;
}

} // namespace

std::vector<std::string> split_list(std::string_view text)
{
    std::vector<std::string> elements;
    std::size_t start = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at == start && text.substr(at).starts_with(json_prefix)) break;
        if (at == start && is_quote(text[at])) {
            const std::size_t end = text.find(text[at], at + 1);
            if (end == std::string_view::npos) break; // no quoted text: an apostrophe
            at = end;
        } else if (text[at] == ',') {
            elements.emplace_back(text.substr(start, at - start));
            start = at + 1;
        }
    }
    elements.emplace_back(text.substr(start));
    return elements;
}

std::optional<Value> typed_value(std::string_view text, Arena& arena)
{
    if (text.starts_with(json_prefix)) {
        const Json json = Json::parse(text.substr(json_prefix.size()), nullptr, false);
        return json.is_discarded() ? std::nullopt : value_of_json(json, arena, 0);
    }
    if (text.starts_with(text_file_prefix))
        return text_of_file(std::string(text.substr(text_file_prefix.size())), arena);
    if (text.starts_with(credential_prefix))
        return credential_of_file(std::string(text.substr(credential_prefix.size())), arena);
    if (clixml::equal_ignoring_case(text, "$true")) return Value::boolean(true);
    if (clixml::equal_ignoring_case(text, "$false")) return Value::boolean(false);
    if (clixml::equal_ignoring_case(text, "$null")) return Value();
    if (text.size() >= 2 && is_quote(text.front()) && text.back() == text.front()) {
        return Value::string(arena, unquoted(text));
    }
    if (const auto number = number_value(text)) return number;
    if (clixml::first_invalid_utf8(text)) return std::nullopt;
    return Value::string(arena, text);
}

void wipe_password(const Value& value)
{
    const clixml::Object* object = value.object();
    const Value password = object == nullptr ? Value() : object->get("Password");
    if (password.kind() != clixml::Kind::SecureString) return;
    const std::string_view text = password.text();
    // It lies in an arena that typed_value() has written to.
    volatile char* at = const_cast<char*>(text.data());
    for (std::size_t i = 0; i < text.size(); ++i)
        at[i] = '\0';
}

} // namespace icm
