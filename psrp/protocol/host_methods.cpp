#include <psrp/protocol/host_methods.hpp>

namespace psrp {
namespace {

using enum HostType;

template <typename... Types>
constexpr HostMethod row(HostMethodId id, std::string_view name, HostType result, Types... types)
{
    static_assert(sizeof...(types) <= host_parameters_max);
    return {
        static_cast<std::int32_t>(id),
        name,
        result,
        static_cast<int>(sizeof...(types)),
        {types...},
        result == Void};
}

using Id = HostMethodId;

// id, name, result, parameters
// clang-format off
constexpr std::array<HostMethod, 56> methods{{
    row(Id::GetName, "GetName", String),
    row(Id::GetVersion, "GetVersion", HostType::Version),
    row(Id::GetInstanceId, "GetInstanceId", HostType::Guid),
    row(Id::GetCurrentCulture, "GetCurrentCulture", String),
    row(Id::GetCurrentUICulture, "GetCurrentUICulture", String),
    row(Id::SetShouldExit, "SetShouldExit", Void, Int32),
    row(Id::EnterNestedPrompt, "EnterNestedPrompt", Void),
    row(Id::ExitNestedPrompt, "ExitNestedPrompt", Void),
    row(Id::NotifyBeginApplication, "NotifyBeginApplication", Void),
    row(Id::NotifyEndApplication, "NotifyEndApplication", Void),
    row(Id::ReadLine, "ReadLine", String),
    row(Id::ReadLineAsSecureString, "ReadLineAsSecureString", SecureString),
    row(Id::Write1, "Write1", Void, String),
    row(Id::Write2, "Write2", Void, Int32, Int32, String),
    row(Id::WriteLine1, "WriteLine1", Void),
    row(Id::WriteLine2, "WriteLine2", Void, String),
    row(Id::WriteLine3, "WriteLine3", Void, Int32, Int32, String),
    row(Id::WriteErrorLine, "WriteErrorLine", Void, String),
    row(Id::WriteDebugLine, "WriteDebugLine", Void, String),
    row(Id::WriteProgress, "WriteProgress", Void, Int64, Progress),
    row(Id::WriteVerboseLine, "WriteVerboseLine", Void, String),
    row(Id::WriteWarningLine, "WriteWarningLine", Void, String),
    row(Id::Prompt, "Prompt", PromptAnswers, String, String, FieldDescriptions),
    row(Id::PromptForCredential1, "PromptForCredential1", Credential, String, String, String, String),
    row(Id::PromptForCredential2, "PromptForCredential2", Credential, String, String, String, String, Int32, Int32),
    row(Id::PromptForChoice, "PromptForChoice", Int32, String, String, ChoiceDescriptions, Int32),
    row(Id::GetForegroundColor, "GetForegroundColor", Int32),
    row(Id::SetForegroundColor, "SetForegroundColor", Void, Int32),
    row(Id::GetBackgroundColor, "GetBackgroundColor", Int32),
    row(Id::SetBackgroundColor, "SetBackgroundColor", Void, Int32),
    row(Id::GetCursorPosition, "GetCursorPosition", HostType::Coordinates),
    row(Id::SetCursorPosition, "SetCursorPosition", Void, HostType::Coordinates),
    row(Id::GetWindowPosition, "GetWindowPosition", HostType::Coordinates),
    row(Id::SetWindowPosition, "SetWindowPosition", Void, HostType::Coordinates),
    row(Id::GetCursorSize, "GetCursorSize", Int32),
    row(Id::SetCursorSize, "SetCursorSize", Void, Int32),
    row(Id::GetBufferSize, "GetBufferSize", HostType::Size),
    row(Id::SetBufferSize, "SetBufferSize", Void, HostType::Size),
    row(Id::GetWindowSize, "GetWindowSize", HostType::Size),
    row(Id::SetWindowSize, "SetWindowSize", Void, HostType::Size),
    row(Id::GetWindowTitle, "GetWindowTitle", String),
    row(Id::SetWindowTitle, "SetWindowTitle", Void, String),
    row(Id::GetMaxWindowSize, "GetMaxWindowSize", HostType::Size),
    row(Id::GetMaxPhysicalWindowSize, "GetMaxPhysicalWindowSize", HostType::Size),
    row(Id::GetKeyAvailable, "GetKeyAvailable", Boolean),
    row(Id::ReadKey, "ReadKey", HostType::KeyInfo, Int32),
    row(Id::FlushInputBuffer, "FlushInputBuffer", Void),
    row(Id::SetBufferContents1, "SetBufferContents1", Void, HostType::Rectangle, HostType::BufferCell),
    row(Id::SetBufferContents2, "SetBufferContents2", Void, HostType::Coordinates, HostType::BufferCells),
    row(Id::GetBufferContents, "GetBufferContents", HostType::BufferCells, HostType::Rectangle),
    row(Id::ScrollBufferContents, "ScrollBufferContents", Void, HostType::Rectangle, HostType::Coordinates, HostType::Rectangle, HostType::BufferCell),
    row(Id::PushRunspace, "PushRunspace", Void, Anything),
    row(Id::PopRunspace, "PopRunspace", Void),
    row(Id::GetIsRunspacePushed, "GetIsRunspacePushed", Boolean),
    row(Id::GetRunspace, "GetRunspace", Anything),
    row(Id::PromptForChoiceMultipleSelection, "PromptForChoiceMultipleSelection", Int32List, String, String, ChoiceDescriptions, Int32List),
}};
// clang-format on

constexpr bool is_numbered_from_one()
{
    for (std::size_t i = 0; i < methods.size(); ++i) {
        if (methods[i].id != static_cast<std::int32_t>(i + 1)) return false;
    }
    return true;
}
static_assert(is_numbered_from_one(), "find_host_method() takes the id for an index");

} // namespace

std::span<const HostMethod> host_methods()
{
    return methods;
}

const HostMethod* find_host_method(std::int32_t id)
{
    if (id < 1 || id > static_cast<std::int32_t>(methods.size())) return nullptr;
    return &methods[static_cast<std::size_t>(id - 1)];
}

} // namespace psrp
