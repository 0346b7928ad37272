#include <clixml/errors.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/detail/share_type_names.hpp>
#include <psrp/protocol/errors.hpp>

#include <array>
#include <type_traits>
#include <utility>

namespace psrp {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// The types of AnyMessage's alternatives, in their order.
constexpr std::array<MessageType, std::variant_size_v<AnyMessage>> alternative_types{
    MessageType::SessionCapability,      MessageType::CloseSession,
    MessageType::InitRunspacePool,       MessageType::PublicKey,
    MessageType::EncryptedSessionKey,    MessageType::PublicKeyRequest,
    MessageType::ConnectRunspacePool,    MessageType::SetMaxRunspaces,
    MessageType::SetMinRunspaces,        MessageType::RunspaceAvailability,
    MessageType::RunspacePoolState,      MessageType::CreatePipeline,
    MessageType::GetAvailableRunspaces,  MessageType::UserEvent,
    MessageType::ApplicationPrivateData, MessageType::GetCommandMetadata,
    MessageType::RunspacePoolInitData,   MessageType::ResetRunspaceState,
    MessageType::RunspacePoolHostCall,   MessageType::RunspacePoolHostResponse,
    MessageType::PipelineInput,          MessageType::EndOfPipelineInput,
    MessageType::PipelineOutput,         MessageType::ErrorRecord,
    MessageType::PipelineState,          MessageType::DebugRecord,
    MessageType::VerboseRecord,          MessageType::WarningRecord,
    MessageType::ProgressRecord,         MessageType::InformationRecord,
    MessageType::StopPowerShell,         MessageType::PipelineHostCall,
    MessageType::PipelineHostResponse,
};

// What a decode function gives, as AnyMessage: wrapped in `Wrapper` where messages share a struct.
template <typename Wrapper, typename T>
Result<AnyMessage> wrap(Result<T> decoded)
{
    if (!decoded) return tl::unexpected<clixml::Error>(decoded.error());
    return AnyMessage(Wrapper{*std::move(decoded)});
}

template <typename T>
Result<AnyMessage> any(Result<T> decoded)
{
    if (!decoded) return tl::unexpected<clixml::Error>(decoded.error());
    return AnyMessage(*std::move(decoded));
}

Result<AnyMessage> decode_value(MessageType type, Value value, Arena& arena)
{
    switch (type) {
    case MessageType::SessionCapability:
        return any(decode_session_capability(value, arena));
    case MessageType::CloseSession:
        return AnyMessage(CloseSessionMessage{});
    case MessageType::InitRunspacePool:
        return any(decode_init_runspace_pool(value, arena));
    case MessageType::PublicKey:
        return any(decode_public_key(value, arena));
    case MessageType::EncryptedSessionKey:
        return any(decode_encrypted_session_key(value, arena));
    case MessageType::PublicKeyRequest:
        return any(decode_public_key_request(value, arena));
    case MessageType::ConnectRunspacePool:
        return any(decode_connect_runspace_pool(value, arena));
    case MessageType::SetMaxRunspaces:
        return any(decode_set_max_runspaces(value, arena));
    case MessageType::SetMinRunspaces:
        return any(decode_set_min_runspaces(value, arena));
    case MessageType::RunspaceAvailability:
        return any(decode_runspace_availability(value, arena));
    case MessageType::RunspacePoolState:
        return any(decode_runspace_pool_state(value, arena));
    case MessageType::CreatePipeline:
        return any(decode_create_pipeline(value, arena));
    case MessageType::GetAvailableRunspaces:
        return any(decode_get_available_runspaces(value, arena));
    case MessageType::UserEvent:
        return any(decode_user_event(value, arena));
    case MessageType::ApplicationPrivateData:
        return any(decode_application_private_data(value, arena));
    case MessageType::GetCommandMetadata:
        return any(decode_get_command_metadata(value, arena));
    case MessageType::RunspacePoolInitData:
        return any(decode_runspace_pool_init_data(value, arena));
    case MessageType::ResetRunspaceState:
        return any(decode_reset_runspace_state(value, arena));
    case MessageType::RunspacePoolHostCall:
        return wrap<RunspacePoolHostCall>(decode_host_call(value, arena));
    case MessageType::RunspacePoolHostResponse:
        return wrap<RunspacePoolHostResponse>(decode_host_response(value, arena));
    case MessageType::PipelineInput:
        return AnyMessage(PipelineInput{value});
    case MessageType::EndOfPipelineInput:
        return AnyMessage(EndOfPipelineInput{});
    case MessageType::PipelineOutput:
        return AnyMessage(PipelineOutput{value});
    case MessageType::ErrorRecord:
        return wrap<ErrorMessage>(decode_error_record(value, arena));
    case MessageType::PipelineState:
        return any(decode_pipeline_state(value, arena));
    case MessageType::DebugRecord:
        return wrap<DebugMessage>(
            decode_informational_record(value, InformationalKind::Debug, arena)
        );
    case MessageType::VerboseRecord:
        return wrap<VerboseMessage>(
            decode_informational_record(value, InformationalKind::Verbose, arena)
        );
    case MessageType::WarningRecord:
        return wrap<WarningMessage>(
            decode_informational_record(value, InformationalKind::Warning, arena)
        );
    case MessageType::ProgressRecord:
        return wrap<ProgressMessage>(decode_progress(value));
    case MessageType::InformationRecord:
        return wrap<InformationMessage>(decode_information_record(value, arena));
    case MessageType::StopPowerShell:
        return AnyMessage(StopPowerShell{});
    case MessageType::PipelineHostCall:
        return wrap<PipelineHostCall>(decode_host_call(value, arena));
    case MessageType::PipelineHostResponse:
        return wrap<PipelineHostResponse>(decode_host_response(value, arena));
    }
    return clixml::failure(Errc::UnknownMessageType);
}

// One encode overload an alternative.
struct Encoder {
    Arena& arena;
    std::optional<clixml::Version> peer_version;

    Value operator()(const SessionCapability& m) const
    {
        return encode_session_capability(m, arena);
    }
    Value operator()(const CloseSessionMessage&) const { return {}; }
    Value operator()(const InitRunspacePool& m) const
    {
        return encode_init_runspace_pool(m, arena);
    }
    Value operator()(const PublicKey& m) const { return encode_public_key(m, arena); }
    Value operator()(const EncryptedSessionKey& m) const
    {
        return encode_encrypted_session_key(m, arena);
    }
    Value operator()(const PublicKeyRequest& m) const
    {
        return encode_public_key_request(m, arena);
    }
    Value operator()(const ConnectRunspacePool& m) const
    {
        return encode_connect_runspace_pool(m, arena);
    }
    Value operator()(const SetMaxRunspaces& m) const { return encode_set_max_runspaces(m, arena); }
    Value operator()(const SetMinRunspaces& m) const { return encode_set_min_runspaces(m, arena); }
    Value operator()(const RunspaceAvailability& m) const
    {
        return encode_runspace_availability(m, arena);
    }
    Value operator()(const RunspacePoolStateMessage& m) const
    {
        return encode_runspace_pool_state(m, arena);
    }
    Value operator()(const CreatePipeline& m) const
    {
        return encode_create_pipeline(m, peer_version, arena);
    }
    Value operator()(const GetAvailableRunspaces& m) const
    {
        return encode_get_available_runspaces(m, arena);
    }
    Value operator()(const UserEvent& m) const { return encode_user_event(m, arena); }
    Value operator()(const ApplicationPrivateData& m) const
    {
        return encode_application_private_data(m, arena);
    }
    Value operator()(const GetCommandMetadata& m) const
    {
        return encode_get_command_metadata(m, arena);
    }
    Value operator()(const RunspacePoolInitData& m) const
    {
        return encode_runspace_pool_init_data(m, arena);
    }
    Value operator()(const ResetRunspaceState& m) const
    {
        return encode_reset_runspace_state(m, arena);
    }
    Value operator()(const RunspacePoolHostCall& m) const
    {
        return encode_host_call(m.call, arena);
    }
    Value operator()(const RunspacePoolHostResponse& m) const
    {
        return encode_host_response(m.response, arena);
    }
    Value operator()(const PipelineInput& m) const { return m.value; }
    Value operator()(const EndOfPipelineInput&) const { return {}; }
    Value operator()(const PipelineOutput& m) const { return m.value; }
    Value operator()(const ErrorMessage& m) const { return encode_error_record(m.record, arena); }
    Value operator()(const PipelineStateMessage& m) const
    {
        return encode_pipeline_state(m, arena);
    }
    Value operator()(const DebugMessage& m) const
    {
        return encode_informational_record(m.record, arena);
    }
    Value operator()(const VerboseMessage& m) const
    {
        return encode_informational_record(m.record, arena);
    }
    Value operator()(const WarningMessage& m) const
    {
        return encode_informational_record(m.record, arena);
    }
    Value operator()(const ProgressMessage& m) const { return encode_progress(m.record, arena); }
    Value operator()(const InformationMessage& m) const
    {
        return encode_information_record(m.record, arena);
    }
    Value operator()(const StopPowerShell&) const { return {}; }
    Value operator()(const PipelineHostCall& m) const { return encode_host_call(m.call, arena); }
    Value operator()(const PipelineHostResponse& m) const
    {
        return encode_host_response(m.response, arena);
    }
};

} // namespace

MessageType type_of(const AnyMessage& message)
{
    return alternative_types[message.index()];
}

Result<Value> read_payload(
    const MessageTypeRow& row,
    const Message& message,
    Arena& arena,
    const clixml::ReadOptions& options,
    PayloadText text
)
{
    // What comes with a message that needs no data is not looked at.
    if (row.payload == Payload::Empty) return Value();
    if (message.text.empty()) {
        if (row.payload == Payload::Required)
            return clixml::failure(Errc::MissingPayload, message_header_bytes);
        return Value();
    }
    // The reader would take a second mark for the first.
    if (message.has_byte_order_mark && message.text.starts_with(byte_order_mark))
        return clixml::failure(clixml::Errc::MalformedXml, 0, "one byte order mark");
    clixml::ReadOptions bare = options;
    bare.form = clixml::Form::Bare;
    const bool is_kept = text == PayloadText::Kept;
    return clixml::read_message_value(
        is_kept ? message.text : arena.copy(message.text), arena, bare
    );
}

Result<AnyMessage>
decode_any(const Message& message, Arena& arena, const clixml::ReadOptions& options)
{
    const auto* row = find_message_type(message.header.type);
    if (row == nullptr) return clixml::failure(Errc::UnknownMessageType, 4, "a known message type");
    PSRP_TRY(const Value value, read_payload(*row, message, arena, options));
    return decode_value(row->type, value, arena);
}

Value encode_any(
    const AnyMessage& message, Arena& arena, std::optional<clixml::Version> peer_version
)
{
    const Value value = std::visit(Encoder{arena, peer_version}, message);
    detail::share_type_names(value);
    return value;
}

} // namespace psrp
