#include <clixml/utf.hpp>
#include <psrp/client/host_responder.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/value_text.hpp>

#include <charconv>
#include <cstddef>

namespace psrp {

namespace {

// Ids of the host methods that are carried out here (psrp 10.2).
enum Method : std::int32_t {
    SetShouldExit = 6,
    ReadLine = 11,
    Write1 = 13,
    Write2 = 14,
    WriteLine1 = 15,
    WriteLine2 = 16,
    WriteLine3 = 17,
    WriteErrorLine = 18,
    WriteDebugLine = 19,
    WriteProgress = 20,
    WriteVerboseLine = 21,
    WriteWarningLine = 22,
    Prompt = 23,
    PromptForChoice = 26,
};

// Questions of one Prompt call, and tries at one choice.
constexpr std::size_t questions_max = 100;
constexpr int choice_tries_max = 3;

std::string text_of_parameter(const HostCall& call, std::size_t index)
{
    if (index >= call.parameters.size()) return {};
    return printable_utf8(value_text(call.parameters[index]));
}

std::string without_ampersand(std::string text)
{
    if (const std::size_t at = text.find('&'); at != std::string::npos) text.erase(at, 1);
    return text;
}

// The character behind the ampersand of a choice's label, which selects it.
std::string hot_key(std::string_view label)
{
    const std::size_t at = label.find('&');
    if (at == std::string_view::npos || at + 1 >= label.size()) return {};
    std::size_t end = at + 1;
    clixml::next_code_point(label, end);
    return std::string(label.substr(at + 1, end - at - 1));
}

} // namespace

HostInfo host_info_for(const HostConsole& console)
{
    HostInfo host;
    if (!console.can_ask()) return host;
    host.is_host_null = false;
    host.is_host_ui_null = false;
    host.use_runspace_host = false;
    return host;
}

std::optional<HostResponse> HostResponder::respond(const HostCall& call, Arena& arena)
{
    if (!call.expects_response()) {
        carry_out(call);
        return std::nullopt;
    }
    HostResponse response;
    response.call_id = call.call_id;
    response.method = call.method;
    if (console_.can_ask()) response.result = answer(call, arena);
    if (!response.result) {
        ErrorDescription description;
        description.message = "The host program or the command type does not support user "
                              "interaction.";
        description.error_id = "InvalidOperation";
        description.category = ErrorCategory::InvalidOperation;
        response.exception = make_error_record(arena, description);
    }
    return response;
}

void HostResponder::carry_out(const HostCall& call)
{
    switch (call.method) {
    case SetShouldExit:
        if (!call.parameters.empty()) {
            const auto code = call.parameters[0].as<std::int32_t>();
            exit_code_ = code ? *code : 0;
        }
        return;
    case Write1:
        return console_.write(text_of_parameter(call, 0));
    case Write2:
        return console_.write(text_of_parameter(call, 2));
    case WriteLine1:
        return console_.write("\n");
    case WriteLine2:
    case WriteErrorLine:
        return console_.write(text_of_parameter(call, 0) + "\n");
    case WriteLine3:
        return console_.write(text_of_parameter(call, 2) + "\n");
    case WriteDebugLine:
        return console_.write("DEBUG: " + text_of_parameter(call, 0) + "\n");
    case WriteVerboseLine:
        return console_.write("VERBOSE: " + text_of_parameter(call, 0) + "\n");
    case WriteWarningLine:
        return console_.write("WARNING: " + text_of_parameter(call, 0) + "\n");
    case WriteProgress:
        if (call.parameters.size() > 1) {
            if (const auto progress = decode_progress(call.parameters[1])) {
                console_.show_progress(*progress);
            }
        }
        return;
    default: // colours, cursor, window: a stream of text has none
        return;
    }
}

std::optional<Value> HostResponder::answer(const HostCall& call, Arena& arena)
{
    switch (call.method) {
    case ReadLine: {
        const auto line = console_.ask({});
        return Value::string(arena, line.value_or(std::string()));
    }
    case Prompt:
        return prompt(call, arena);
    case PromptForChoice:
        return prompt_for_choice(call);
    default: // secrets are not asked for here, and the screen is not ours
        return std::nullopt;
    }
}

// One question a field; only fields that take text can be answered.
std::optional<Value> HostResponder::prompt(const HostCall& call, Arena& arena)
{
    if (call.parameters.size() < 3 || call.parameters[2].object() == nullptr) return std::nullopt;
    const auto fields = call.parameters[2].object()->items();
    if (fields.size() > questions_max) return std::nullopt;
    for (const Value& field : fields) {
        const Object* description = field.object();
        if (description == nullptr) return std::nullopt;
        const std::string type = value_text(description->get("parameterTypeFullName"));
        if (!type.empty() && type != "System.String" && type != "System.Object")
            return std::nullopt;
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string heading = text_of_parameter(call, i);
        if (!heading.empty()) console_.write(heading + "\n");
    }
    Object* answers = clixml::make_hashtable(arena);
    for (const Value& field : fields) {
        const std::string name = printable_utf8(value_text(field.object()->get("name")));
        const auto line = console_.ask(name + ": ");
        if (!line) return std::nullopt;
        answers->add_entry(arena, Value::string(arena, name), Value::string(arena, *line));
    }
    return Value::object(answers);
}

std::optional<Value> HostResponder::prompt_for_choice(const HostCall& call)
{
    if (call.parameters.size() < 4 || call.parameters[2].object() == nullptr) return std::nullopt;
    const auto choices = call.parameters[2].object()->items();
    const auto preset = call.parameters[3].as<std::int32_t>();
    std::string question;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string heading = text_of_parameter(call, i);
        if (!heading.empty()) question += heading + "\n";
    }
    std::vector<std::string> keys;
    for (const Value& choice : choices) {
        const Object* description = choice.object();
        if (description == nullptr) return std::nullopt;
        const std::string label = printable_utf8(value_text(description->get("label")));
        keys.push_back(hot_key(label));
        if (keys.back().empty()) keys.back() = std::to_string(keys.size());
        question += "[" + keys.back() + "] " + without_ampersand(label) + "  ";
    }
    for (int tries = 0; tries < choice_tries_max; ++tries) {
        const auto line = console_.ask(question + ": ");
        if (!line) return std::nullopt;
        if (line->empty() && preset && *preset >= 0) return Value::int32(*preset);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (clixml::equal_ignoring_case(*line, keys[i])) {
                return Value::int32(static_cast<std::int32_t>(i));
            }
        }
    }
    return std::nullopt;
}

} // namespace psrp
