#include <clixml/utf.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/host.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/value_text.hpp>
#include <psrp/protocol/session_key.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace psrp {

namespace {

// Questions of one Prompt call, tries at one answer, and choices of one question.
constexpr std::size_t questions_max = 100;
constexpr int tries_max = 3;
constexpr std::size_t choices_max = 1000;

Result<HostValue> refused()
{
    return clixml::failure(ClientErrc::HostRefused);
}

template <typename T>
const T& get(std::span<const HostValue> parameters, std::size_t index)
{
    // decode_host_parameters() has looked at number and types; null texts are empty.
    static const T none{};
    const T* found = std::get_if<T>(&parameters[index]);
    return found == nullptr ? none : *found;
}

std::string text_at(std::span<const HostValue> parameters, std::size_t index)
{
    return printable_utf8(get<std::string_view>(parameters, index));
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

// The choices of a question as people see them: "[Y] Yes  [N] No  ".
struct Menu {
    std::vector<std::string> keys;
    std::vector<std::string> labels;
    std::string text;

    explicit Menu(const std::vector<ChoiceDescription>& choices)
    {
        for (const auto& choice : choices) {
            const std::string label = printable_utf8(choice.label);
            keys.push_back(hot_key(label));
            if (keys.back().empty()) keys.back() = std::to_string(keys.size());
            labels.push_back(without_ampersand(label));
            text += "[" + keys.back() + "] " + labels.back() + "  ";
        }
    }

    // The index of what was typed: a key or a whole label.
    [[nodiscard]] std::optional<std::int32_t> find(std::string_view typed) const
    {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (clixml::equal_ignoring_case(typed, keys[i]) ||
                clixml::equal_ignoring_case(typed, labels[i]))
                return static_cast<std::int32_t>(i);
        }
        return std::nullopt;
    }
};

// What was typed, made ready for the wire; it is wiped here.
Result<SecretText> secret_of(std::optional<std::string> typed, Arena& arena)
{
    if (!typed) return clixml::failure(ClientErrc::HostRefused);
    if (clixml::first_invalid_utf8(*typed)) {
        clixml::wipe(*typed);
        return clixml::failure(ClientErrc::HostRefused, clixml::no_offset, "UTF-8");
    }
    std::string utf16 = clixml::utf16le_from_utf8(*typed);
    clixml::wipe(*typed);
    auto base64 = ClearBase64Secrets().encrypt(utf16);
    clixml::wipe(utf16);
    PSRP_TRY(std::string text, std::move(base64));
    const SecretText secret{arena.copy(text)};
    clixml::wipe(text);
    return secret;
}

} // namespace

namespace {

// A screen of a size, of which nothing else is known, as PowerShell describes a terminal
// (psrp 10.4).
HostDefaultData screen_of(const Size& size)
{
    constexpr std::int32_t color_unknown = -1;
    constexpr std::int32_t cursor_percent = 100;
    HostDefaultData screen;
    screen.foreground_color = screen.background_color = color_unknown;
    screen.cursor_position = screen.window_position = Coordinates{};
    screen.cursor_size = cursor_percent;
    screen.buffer_size = screen.window_size = size;
    screen.max_window_size = screen.max_physical_window_size = size;
    screen.window_title = "";
    return screen;
}

} // namespace

// As PowerShell has it (psrp 10.4): where nobody can be asked there is a host all the same, which
// shows what is written and refuses questions.
HostInfo ConsoleHost::host_info() const
{
    HostInfo host;
    if (!console_.is_watched()) return host;
    host.is_host_null = false;
    host.is_host_ui_null = false;
    host.use_runspace_host = false;
    const auto screen = console_.screen();
    if (!screen) return host;
    host.is_host_raw_ui_null = false;
    host.default_data = screen_of(*screen);
    return host;
}

Result<HostValue>
ConsoleHost::call(HostMethodId method, std::span<const HostValue> parameters, Arena& arena)
{
    if (write(method, parameters)) return HostValue();
    switch (method) {
    case HostMethodId::GetName:
        return HostValue(std::string_view("ConsoleHost")); // what scripts look for
    case HostMethodId::GetVersion:
        return HostValue(clixml::Version{7, 6});
    case HostMethodId::GetCurrentCulture:
    case HostMethodId::GetCurrentUICulture:
        return HostValue(std::string_view("en-US"));
    default:
        break;
    }
    if (!console_.can_ask()) return refused();
    switch (method) {
    case HostMethodId::ReadLine:
        return ask_line(arena);
    case HostMethodId::ReadLineAsSecureString:
        return ask_secret({}, arena);
    case HostMethodId::Prompt:
        return ask_fields(parameters, arena);
    case HostMethodId::PromptForCredential1:
    case HostMethodId::PromptForCredential2:
        write_heading(parameters);
        return ask_credential(text_at(parameters, 2), "User", arena);
    case HostMethodId::PromptForChoice:
        return ask_choice(parameters);
    case HostMethodId::PromptForChoiceMultipleSelection:
        return ask_choices(parameters);
    default: // the screen is not ours
        return refused();
    }
}

// Carries out what is void; false for the others.
bool ConsoleHost::write(HostMethodId method, std::span<const HostValue> parameters)
{
    const auto line = [&](std::string_view prefix, std::size_t index) {
        console_.write(std::string(prefix) + text_at(parameters, index) + "\n");
        return true;
    };
    switch (method) {
    case HostMethodId::Write1:
        console_.write(text_at(parameters, 0));
        return true;
    case HostMethodId::Write2:
        console_.write(text_at(parameters, 2));
        return true;
    case HostMethodId::WriteLine1:
        console_.write("\n");
        return true;
    case HostMethodId::WriteLine2:
    case HostMethodId::WriteErrorLine:
        return line("", 0);
    case HostMethodId::WriteLine3:
        return line("", 2);
    case HostMethodId::WriteDebugLine:
        return line("DEBUG: ", 0);
    case HostMethodId::WriteVerboseLine:
        return line("VERBOSE: ", 0);
    case HostMethodId::WriteWarningLine:
        return line("WARNING: ", 0);
    case HostMethodId::WriteProgress:
        console_.show_progress(get<ProgressUpdate>(parameters, 1));
        return true;
    default: // colours, cursor, window: a stream of text has none
        return find_host_method(static_cast<std::int32_t>(method))->is_void;
    }
}

// Caption and message, the first two parameters of every question.
void ConsoleHost::write_heading(std::span<const HostValue> parameters)
{
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string heading = text_at(parameters, i);
        if (!heading.empty()) console_.write(heading + "\n");
    }
}

Result<HostValue> ConsoleHost::ask_line(Arena& arena)
{
    const auto line = console_.ask({});
    return HostValue(arena.copy(line.value_or(std::string())));
}

Result<HostValue> ConsoleHost::ask_secret(std::string_view prompt, Arena& arena)
{
    PSRP_TRY(const auto secret, secret_of(console_.ask_secret(prompt), arena));
    return HostValue(secret);
}

Result<HostValue>
ConsoleHost::ask_credential(std::string_view user, std::string_view prompt, Arena& arena)
{
    std::string name(user);
    if (name.empty()) {
        const auto typed = console_.ask(std::string(prompt) + ": ");
        if (!typed) return refused();
        name = *typed;
        if (name.empty()) return HostValue(); // nobody: PowerShell's null
    }
    Credential credential;
    credential.user_name = arena.copy(name);
    PSRP_TRY(
        credential.password,
        secret_of(console_.ask_secret("Password for user " + name + ": "), arena)
    );
    return HostValue(credential);
}

// One field of a Prompt. What is typed for a number is asked for again until it is one.
Result<Value> ConsoleHost::ask_field(const FieldDescription& field, Arena& arena)
{
    const std::string label = without_ampersand(printable_utf8(field.label));
    const std::string name = label.empty() ? printable_utf8(field.name) : label;
    if (field.asks_for(secure_string_type)) {
        PSRP_TRY(const auto secret, ask_secret(name + ": ", arena));
        return encode_host_value(secret, arena);
    }
    if (field.asks_for(credential_type)) {
        console_.write(name + "\n");
        PSRP_TRY(const auto credential, ask_credential({}, "User", arena));
        return encode_host_value(credential, arena);
    }
    const bool is_text = field.parameter_type_full_name.empty() ||
                         field.asks_for("System.String") || field.asks_for("System.Object");
    const bool is_number = field.asks_for("System.Int32") || field.asks_for("System.Int64");
    if (!is_text && !is_number) return clixml::failure(ClientErrc::HostRefused);
    for (int tries = 0; tries < tries_max; ++tries) {
        const auto line = console_.ask(name + ": ");
        if (!line) return clixml::failure(ClientErrc::HostRefused);
        if (line->empty() && !field.default_value.is_nil()) return field.default_value;
        if (is_text) return Value::string(arena, *line);
        std::int64_t number = 0;
        const char* end = line->data() + line->size();
        const auto read = std::from_chars(line->data(), end, number);
        if (read.ec != std::errc() || read.ptr != end) continue;
        if (field.asks_for("System.Int64")) return Value::int64(number);
        const auto narrow = Value::int64(number).as<std::int32_t>();
        if (narrow) return Value::int32(*narrow);
    }
    return clixml::failure(ClientErrc::HostRefused);
}

Result<HostValue> ConsoleHost::ask_fields(std::span<const HostValue> parameters, Arena& arena)
{
    const auto& fields = get<std::vector<FieldDescription>>(parameters, 2);
    if (fields.size() > questions_max) return refused();
    write_heading(parameters);
    std::vector<PromptAnswer> answers;
    for (const auto& field : fields) {
        PSRP_TRY(const Value answer, ask_field(field, arena));
        answers.push_back({field.name, answer});
    }
    return HostValue(answers);
}

Result<HostValue> ConsoleHost::ask_choice(std::span<const HostValue> parameters)
{
    const auto& choices = get<std::vector<ChoiceDescription>>(parameters, 2);
    if (choices.size() > choices_max) return refused();
    const Menu menu(choices);
    const auto preset = get<std::int32_t>(parameters, 3);
    std::string question;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string heading = text_at(parameters, i);
        if (!heading.empty()) question += heading + "\n";
    }
    for (int tries = 0; tries < tries_max; ++tries) {
        const auto line = console_.ask(question + menu.text + ": ");
        if (!line) return refused();
        if (line->empty() && preset >= 0) return HostValue(preset);
        if (const auto index = menu.find(*line)) return HostValue(*index);
    }
    return refused();
}

// One choice a line, until an empty one; an empty first line takes the presets.
Result<HostValue> ConsoleHost::ask_choices(std::span<const HostValue> parameters)
{
    const auto& choices = get<std::vector<ChoiceDescription>>(parameters, 2);
    if (choices.size() > choices_max) return refused();
    const Menu menu(choices);
    write_heading(parameters);
    console_.write(menu.text + "\n");
    std::vector<std::int32_t> chosen;
    int tries = 0;
    while (tries < tries_max) {
        const auto line = console_.ask("Choice[" + std::to_string(chosen.size()) + "]: ");
        if (!line) return refused();
        if (line->empty())
            return HostValue(
                chosen.empty() ? get<std::vector<std::int32_t>>(parameters, 3) : chosen
            );
        const auto index = menu.find(*line);
        if (!index) {
            ++tries;
            continue;
        }
        if (std::find(chosen.begin(), chosen.end(), *index) == chosen.end())
            chosen.push_back(*index);
    }
    return refused();
}

Result<HostValue> RefusingHost::call(HostMethodId, std::span<const HostValue>, Arena&)
{
    return refused();
}

void ScriptedHost::answer(HostMethodId method, const HostValue& result)
{
    Arena arena;
    answers_.push_back({method, clixml::OwnedValue(encode_host_value(result, arena))});
}

HostInfo ScriptedHost::host_info() const
{
    HostInfo host;
    host.is_host_null = false;
    host.is_host_ui_null = false;
    host.use_runspace_host = false;
    return host;
}

Result<HostValue>
ScriptedHost::call(HostMethodId method, std::span<const HostValue> parameters, Arena& arena)
{
    Arena own;
    Object* list = clixml::make_array_list(own);
    for (const auto& parameter : parameters)
        list->add_item(own, encode_host_value(parameter, own));
    calls_.push_back({method, clixml::OwnedValue(Value::object(list))});
    const auto* row = find_host_method(static_cast<std::int32_t>(method));
    if (row->is_void) return HostValue();
    const auto found = std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) {
        return answer.method == method;
    });
    if (found == answers_.end()) return refused();
    const Value result = clixml::clone(arena, found->result.value());
    answers_.erase(found);
    if (result.is_nil()) return HostValue();
    return decode_host_value(row->result, result);
}

} // namespace psrp
