// Every message in its typed form, chosen by the catalogue: one decode, one encode.
#pragma once

#include <clixml/reader.hpp>
#include <psrp/protocol/host_call.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/protocol/messages/negotiation.hpp>
#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/protocol/messages/pool_control.hpp>
#include <psrp/protocol/messages/session_key.hpp>
#include <psrp/protocol/records.hpp>

#include <optional>
#include <string_view>
#include <variant>

namespace psrp {

// The messages that have no struct of their own elsewhere, or share one.
struct CloseSessionMessage {};
struct PipelineInput {
    Value value; // null is a null object
};
struct EndOfPipelineInput {};
struct PipelineOutput {
    Value value; // null is a null object
};
struct ErrorMessage {
    ErrorRecord record;
};
struct DebugMessage {
    InformationalRecord record;
};
struct VerboseMessage {
    InformationalRecord record;
};
struct WarningMessage {
    InformationalRecord record;
};
struct ProgressMessage {
    ProgressUpdate record;
};
struct InformationMessage {
    InformationRecord record;
};
struct StopPowerShell {};
struct RunspacePoolHostCall {
    HostCall call;
};
struct RunspacePoolHostResponse {
    HostResponse response;
};
struct PipelineHostCall {
    HostCall call;
};
struct PipelineHostResponse {
    HostResponse response;
};

// In order of the catalogue.
using AnyMessage = std::variant<
    SessionCapability,
    CloseSessionMessage,
    InitRunspacePool,
    PublicKey,
    EncryptedSessionKey,
    PublicKeyRequest,
    ConnectRunspacePool,
    SetMaxRunspaces,
    SetMinRunspaces,
    RunspaceAvailability,
    RunspacePoolStateMessage,
    CreatePipeline,
    GetAvailableRunspaces,
    UserEvent,
    ApplicationPrivateData,
    GetCommandMetadata,
    RunspacePoolInitData,
    ResetRunspaceState,
    RunspacePoolHostCall,
    RunspacePoolHostResponse,
    PipelineInput,
    EndOfPipelineInput,
    PipelineOutput,
    ErrorMessage,
    PipelineStateMessage,
    DebugMessage,
    VerboseMessage,
    WarningMessage,
    ProgressMessage,
    InformationMessage,
    StopPowerShell,
    PipelineHostCall,
    PipelineHostResponse>;

// The catalogue's type of a message.
MessageType type_of(const AnyMessage& message);

// Whether a text is copied before it is read, or lives as long as what is read from it.
enum class PayloadText : std::uint8_t { Copied, Kept };

// The value of a message's data: null for empty data where the type allows that. The text is copied
// into `arena`, so the result borrows from `arena` alone, unless it is Kept anyway. Errors:
// Errc::MissingPayload, and clixml::Errc with offsets inside `text`.
Result<Value> read_payload(
    const MessageTypeRow& row,
    const Message& message,
    Arena& arena,
    const clixml::ReadOptions& options,
    PayloadText text = PayloadText::Copied
);

// The typed form of a message; borrows from `arena` alone. `options.form` is taken as Bare.
// Errc::UnknownMessageType for numbers outside the catalogue; else the errors of read_payload() and
// of the message's own decode function.
Result<AnyMessage>
decode_any(const Message& message, Arena& arena, const clixml::ReadOptions& options);

// The data of a message as a value: null for no data. `peer_version` is what CREATE_PIPELINE
// depends on.
Value encode_any(
    const AnyMessage& message,
    Arena& arena,
    std::optional<clixml::Version> peer_version = clixml::Version{2, 4}
);

} // namespace psrp
