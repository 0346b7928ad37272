#include <psrp/protocol/host_safety.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace psrp {
namespace {

constexpr std::string_view credential_caption = "PowerShell Credential Request";

std::string upper_case(std::string_view name)
{
    std::string text(name);
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
}

std::string_view text_of(const HostValue& value)
{
    const auto* text = std::get_if<std::string_view>(&value);
    return text == nullptr ? std::string_view() : *text;
}

// The first two parameters of every question are its caption and its message.
void name_asker(std::vector<HostValue>& parameters, const std::string& computer, Arena& arena)
{
    std::string caption(credential_caption);
    if (const auto given = text_of(parameters[0]); !given.empty())
        caption.append(": ").append(given);
    parameters[0] = arena.copy(caption);
    std::string message = "Warning: A script or program on the remote computer " + computer +
                          " asks for your credentials. Give them only if you trust that computer "
                          "and what runs there.";
    if (const auto given = text_of(parameters[1]); !given.empty())
        message.append("\n\n").append(given);
    parameters[1] = arena.copy(message);
}

std::string_view secret_warning(const std::string& computer, Arena& arena)
{
    return arena.copy(
        "A script or program on the remote computer " + computer +
        " asks for a secret. Type one only if you trust that computer and what runs there."
    );
}

void make_prompt_safe(SafeHostCall& call, const std::string& computer, Arena& arena)
{
    auto* fields = std::get_if<std::vector<FieldDescription>>(&call.parameters[2]);
    if (fields == nullptr) return;
    bool has_credential = false;
    for (auto& field : *fields) {
        field.is_from_remote_host = true;
        if (field.asks_for(credential_type)) {
            field.modified_by_remoting_protocol = true;
            has_credential = true;
        }
        if (field.asks_for(secure_string_type)) call.warning = secret_warning(computer, arena);
    }
    if (has_credential) name_asker(call.parameters, computer, arena);
}

} // namespace

SafeHostCall make_safe(
    HostMethodId method,
    std::vector<HostValue> parameters,
    std::string_view computer_name,
    Arena& arena
)
{
    SafeHostCall call{std::move(parameters), std::nullopt, false};
    const std::string computer = upper_case(computer_name);
    if (method == HostMethodId::PromptForCredential1 ||
        method == HostMethodId::PromptForCredential2) {
        name_asker(call.parameters, computer, arena);
    } else if (method == HostMethodId::Prompt) {
        make_prompt_safe(call, computer, arena);
    } else if (method == HostMethodId::ReadLineAsSecureString) {
        call.warning = secret_warning(computer, arena);
    } else if (method == HostMethodId::GetBufferContents) {
        call.warning = arena.copy(
            "A script or program on the remote computer " + computer +
            " tries to read what stands on the screen. That is not allowed."
        );
        call.is_withheld = true;
    }
    return call;
}

} // namespace psrp
