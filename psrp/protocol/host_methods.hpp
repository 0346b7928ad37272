// The catalogue of host methods: what a server may ask of a client's host (fact sheet psrp 10.2;
// MS-PSRP 2.2.3.17).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace psrp {

// The types of parameters and results (fact sheet psrp 10.3).
enum class HostType : std::uint8_t {
    Void, // no result
    String,
    Int32,
    Int64,
    Boolean,
    Version,
    Guid,
    SecureString,
    Credential, // or null
    Progress,
    FieldDescriptions,
    ChoiceDescriptions,
    Int32List,
    PromptAnswers, // name to value
    Coordinates,
    Size,
    Rectangle,
    BufferCell,
    BufferCells, // rows by columns
    KeyInfo,
    Anything, // never sent by PowerShell: taken as it is
};

// The numbers of the methods, as they travel.
enum class HostMethodId : std::int32_t {
    GetName = 1,
    GetVersion,
    GetInstanceId,
    GetCurrentCulture,
    GetCurrentUICulture,
    SetShouldExit,
    EnterNestedPrompt,
    ExitNestedPrompt,
    NotifyBeginApplication,
    NotifyEndApplication,
    ReadLine,
    ReadLineAsSecureString,
    Write1,
    Write2,
    WriteLine1,
    WriteLine2,
    WriteLine3,
    WriteErrorLine,
    WriteDebugLine,
    WriteProgress,
    WriteVerboseLine,
    WriteWarningLine,
    Prompt,
    PromptForCredential1,
    PromptForCredential2,
    PromptForChoice,
    GetForegroundColor,
    SetForegroundColor,
    GetBackgroundColor,
    SetBackgroundColor,
    GetCursorPosition,
    SetCursorPosition,
    GetWindowPosition,
    SetWindowPosition,
    GetCursorSize,
    SetCursorSize,
    GetBufferSize,
    SetBufferSize,
    GetWindowSize,
    SetWindowSize,
    GetWindowTitle,
    SetWindowTitle,
    GetMaxWindowSize,
    GetMaxPhysicalWindowSize,
    GetKeyAvailable,
    ReadKey,
    FlushInputBuffer,
    SetBufferContents1,
    SetBufferContents2,
    GetBufferContents,
    ScrollBufferContents,
    PushRunspace,
    PopRunspace,
    GetIsRunspacePushed,
    GetRunspace,
    PromptForChoiceMultipleSelection,
};

inline constexpr std::size_t host_parameters_max = 6;

// One row of the catalogue.
struct HostMethod {
    std::int32_t id;
    std::string_view name;
    HostType result;
    int parameter_count;
    std::array<HostType, host_parameters_max> parameters; // the first parameter_count count
    bool is_void;                                         // no response is sent, whatever the ci

    [[nodiscard]] std::span<const HostType> parameter_types() const
    {
        return std::span(parameters).first(static_cast<std::size_t>(parameter_count));
    }
};

// The 56 methods, in order of id from 1.
std::span<const HostMethod> host_methods();
// The row of `id`, or null.
const HostMethod* find_host_method(std::int32_t id);

} // namespace psrp
