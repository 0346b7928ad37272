// The catalogue of message types: the 31 of MS-PSRP 2.2.1 and two that only PowerShell has
// (CLOSE_SESSION and STOP_POWERSHELL, whose section is empty). Fact sheet psrp 4.
#pragma once

#include <psrp/protocol/actions.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace psrp {

// The values of the MessageType field. The lower 16 bits number the messages of a scope.
enum class MessageType : std::uint32_t {
    SessionCapability = 0x00010002,
    CloseSession = 0x00010003,
    InitRunspacePool = 0x00010004,
    PublicKey = 0x00010005,
    EncryptedSessionKey = 0x00010006,
    PublicKeyRequest = 0x00010007,
    ConnectRunspacePool = 0x00010008,
    SetMaxRunspaces = 0x00021002,
    SetMinRunspaces = 0x00021003,
    RunspaceAvailability = 0x00021004,
    RunspacePoolState = 0x00021005,
    CreatePipeline = 0x00021006,
    GetAvailableRunspaces = 0x00021007,
    UserEvent = 0x00021008,
    ApplicationPrivateData = 0x00021009,
    GetCommandMetadata = 0x0002100A,
    RunspacePoolInitData = 0x0002100B,
    ResetRunspaceState = 0x0002100C,
    RunspacePoolHostCall = 0x00021100,
    RunspacePoolHostResponse = 0x00021101,
    PipelineInput = 0x00041002,
    EndOfPipelineInput = 0x00041003,
    PipelineOutput = 0x00041004,
    ErrorRecord = 0x00041005,
    PipelineState = 0x00041006,
    DebugRecord = 0x00041007,
    VerboseRecord = 0x00041008,
    WarningRecord = 0x00041009,
    ProgressRecord = 0x00041010,
    InformationRecord = 0x00041011,
    StopPowerShell = 0x00041012,
    PipelineHostCall = 0x00041100,
    PipelineHostResponse = 0x00041101,
};

enum class Sender : std::uint8_t { Client, Server, Both, Nobody };

// Which machine a message is for.
enum class Scope : std::uint8_t { Session, RunspacePool, Pipeline, None };

// The channel it travels on.
enum class Channel : std::uint8_t { Session, Command };

// Whether a message carries CLIXML: never, always, or one value that may be null and is empty then.
enum class Payload : std::uint8_t { Empty, Required, AnyValue };

// One row of the catalogue.
struct MessageTypeRow {
    MessageType type;
    std::string_view name; // as in MS-PSRP
    Sender sender;
    Scope scope;
    Channel channel;
    Stream stream;
    Payload payload;
    std::string_view section; // of MS-PSRP; empty for what it does not describe
};

// All rows, in order of their value.
std::span<const MessageTypeRow> message_types();

// The row of `type`, or null where there is none.
const MessageTypeRow* find_message_type(std::uint32_t type);

// The row of `type`. `type` must be an enumerator.
const MessageTypeRow& message_type_row(MessageType type);

// The scope of any number, known or not, by the bits PowerShell looks at (psrp 3.2).
constexpr Scope scope_of(std::uint32_t type)
{
    if ((type & 0x41000) == 0x41000) return Scope::Pipeline;
    if ((type & 0x21000) == 0x21000) return Scope::RunspacePool;
    if ((type & 0x10000) == 0x10000) return Scope::Session;
    return Scope::None;
}

} // namespace psrp
