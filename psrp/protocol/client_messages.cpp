#include <psrp/protocol/detail/client_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <utility>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::ClientPipeline;

namespace {

// Values of users are held as PowerShell holds them after reading.
clixml::ReadOptions read_options(const ClientPoolOptions& options)
{
    clixml::ReadOptions read;
    read.reading = clixml::Reading::Deserialized;
    read.form = clixml::Form::Bare;
    read.limits = options.limits.clixml;
    read.zone = options.zone;
    return read;
}

// Our own version, or one of those before 2.4 (psrp 7).
bool is_acceptable(const clixml::Version& version, const clixml::Version& own)
{
    const bool is_known = version.major == 2 && version.minor >= 0 && version.minor <= 3 &&
                          version.build == -1 && version.revision == -1;
    return version == own || is_known;
}

} // namespace

Result<ClientPool::Impl::Received>
ClientPool::Impl::read(const MessageTypeRow& row, const Message& message)
{
    // Secrets are wiped with the event that holds them.
    const bool has_secrets = detail::may_hold_secret(message.text);
    const auto secrets = has_secrets ? detail::make_secret_memory() : nullptr;
    Memory memory;
    auto text = PayloadText::Copied;
    if (has_secrets) {
        memory = detail::arena_of(secrets);
    } else if (source != nullptr && (memory = detail::arena_of_object(*source, message.text.size()))) {
        text = PayloadText::Kept;
    } else {
        memory = message_memory.arena_for(message.text.size());
    }
    Received received{row, message.header, memory, {}};
    PSRP_TRY(received.value, read_payload(row, message, *memory, read_options(options), text));
    if (has_secrets) {
        const detail::MissingKeySecrets no_key;
        const clixml::SecretCipher* cipher = nullptr;
        if (uses_session_key()) cipher = &no_key;
        if (keys.secrets) cipher = &*keys.secrets;
        PSRP_CHECK(detail::reveal_secrets(received.value, *secrets, cipher));
    }
    return received;
}

Result<void> ClientPool::Impl::on_message(const Guid& channel, BytesView object)
{
    PSRP_TRY(const Message message, read_message(object));
    if (!message.header.is_for(Destination::Client)) return failure(Errc::WrongDestination);
    const auto* row = find_message_type(message.header.type);
    const Scope scope = scope_of(message.header.type);
    if (row == nullptr) {
        // Unknown session messages end the session; others may come from newer servers.
        if (scope == Scope::Session) return failure(Errc::UnknownMessageType);
        return {};
    }
    switch (scope) {
    case Scope::Session: {
        PSRP_TRY(const Received received, read(*row, message));
        return on_session_message(received);
    }
    case Scope::RunspacePool:
    case Scope::Pipeline: {
        if (session_machine.state() == SessionState::ClosingConnection) return {};
        const auto state = session_machine.state();
        if (state != SessionState::Established && state != SessionState::Disconnecting &&
            state != SessionState::Disconnected && state != SessionState::Reconnecting)
            return failure(Errc::UnexpectedMessage, clixml::no_offset, "a session capability");
        const bool is_ours = message.header.runspace_pool_id == options.runspace_pool_id;
        if (scope == Scope::RunspacePool && !is_ours) return {};
        if (!is_ours) return failure(Errc::WrongRunspacePool);
        if (row->sender == Sender::Client) return {};
        if (scope == Scope::Pipeline) {
            // What is not for a running pipeline is not even decoded.
            const auto found = pipelines.find(message.header.pipeline_id);
            if (found == pipelines.end() || is_terminal(found->second.machine.state())) return {};
        }
        if (must_hold(channel, message.text)) return hold_object(channel, object);
        PSRP_TRY(const Received received, read(*row, message));
        return scope == Scope::Pipeline ? on_pipeline_message(received) : on_pool_message(received);
    }
    case Scope::None:
        break;
    }
    return {};
}

Result<void> ClientPool::Impl::on_session_message(const Received& received)
{
    switch (received.row.type) {
    case MessageType::SessionCapability:
        return on_session_capability(received);
    case MessageType::CloseSession:
        return failure(Errc::SessionClosedByPeer);
    case MessageType::EncryptedSessionKey:
        return on_encrypted_session_key(received);
    case MessageType::PublicKeyRequest:
        return on_public_key_request(received);
    default:
        return failure(Errc::UnknownMessageType);
    }
}

Result<void> ClientPool::Impl::on_pool_message(const Received& received)
{
    switch (received.row.type) {
    case MessageType::RunspacePoolState:
        return on_runspacepool_state(received);
    case MessageType::UserEvent:
        return on_user_event(received);
    case MessageType::RunspaceAvailability:
        return on_runspace_availability(received);
    case MessageType::RunspacePoolInitData:
        return on_runspacepool_init_data(received);
    case MessageType::ApplicationPrivateData:
        return on_application_private_data(received);
    case MessageType::RunspacePoolHostCall:
        return on_host_call(received);
    default:
        return {}; // not for clients
    }
}

Result<void> ClientPool::Impl::on_pipeline_message(const Received& received)
{
    const Guid& id = received.header.pipeline_id;
    Arena& arena = *received.memory;
    switch (received.row.type) {
    case MessageType::PipelineOutput:
        events.emplace_back(OutputReceived{id, received.memory, received.value});
        return {};
    case MessageType::ErrorRecord: {
        PSRP_TRY(auto record, decode_error_record(received.value, arena));
        events.emplace_back(ErrorReceived{id, received.memory, record});
        return {};
    }
    case MessageType::PipelineState:
        return on_pipeline_state(received);
    case MessageType::DebugRecord:
        return on_informational_record(received, InformationalKind::Debug);
    case MessageType::VerboseRecord:
        return on_informational_record(received, InformationalKind::Verbose);
    case MessageType::WarningRecord:
        return on_informational_record(received, InformationalKind::Warning);
    case MessageType::ProgressRecord: {
        PSRP_TRY(auto record, decode_progress(received.value));
        events.emplace_back(ProgressReceived{id, received.memory, record});
        return {};
    }
    case MessageType::InformationRecord: {
        PSRP_TRY(auto record, decode_information_record(received.value, arena));
        events.emplace_back(InformationReceived{id, received.memory, record});
        return {};
    }
    case MessageType::PipelineHostCall:
        return on_host_call(received);
    default:
        return {};
    }
}

// MS-PSRP 3.1.5.4.1
Result<void> ClientPool::Impl::on_session_capability(const Received& received)
{
    auto decoded = decode_session_capability(received.value, *received.memory);
    if (!decoded)
        return failure(Errc::IncompleteCapability, clixml::no_offset, decoded.error().detail);
    if (!session_machine.fire(SessionEvent::CapabilityReceived)) {
        if (session_machine.state() == SessionState::ClosingConnection) return {};
        return failure(Errc::UnexpectedMessage, clixml::no_offset, "no second capability");
    }
    const SessionCapability ours{};
    if (!is_acceptable(decoded->protocol_version, options.protocol_version))
        return failure(Errc::ProtocolVersionRefused);
    if (decoded->ps_version != ours.ps_version) return failure(Errc::PSVersionRefused);
    if (decoded->serialization_version != ours.serialization_version)
        return failure(Errc::SerializationVersionRefused);
    protocol_version = std::min(options.protocol_version, decoded->protocol_version);
    return session_machine.fire(SessionEvent::Accept);
}

// MS-PSRP 3.1.5.4.12
Result<void> ClientPool::Impl::on_runspacepool_state(const Received& received)
{
    PSRP_TRY(auto message, decode_runspace_pool_state(received.value, *received.memory));
    switch (message.state) {
    case RunspacePoolState::Opened:
        if (pool_machine.state() == RunspacePoolState::Opening &&
            pool_machine.fire(PoolEvent::Accept))
            events.emplace_back(PoolOpened{});
        return {};
    case RunspacePoolState::Broken: {
        const Error error{Errc::PoolBrokenByServer, clixml::no_offset, ""};
        std::string reason = error.text();
        if (message.error_record) reason = message.error_record->message();
        break_pool(error, std::move(reason), true, received.memory, message.error_record);
        return {};
    }
    case RunspacePoolState::Closed:
        if (pool_machine.state() != RunspacePoolState::Closing) begin_close();
        return {};
    case RunspacePoolState::BeforeOpen:
    case RunspacePoolState::Opening:
    case RunspacePoolState::Closing:
    case RunspacePoolState::Disconnecting:
    case RunspacePoolState::Disconnected:
    case RunspacePoolState::Connecting:
        return {};
    }
    return {}; // numbers without a meaning mean nothing
}

// MS-PSRP 3.1.5.4.15
Result<void> ClientPool::Impl::on_user_event(const Received& received)
{
    PSRP_TRY(auto message, decode_user_event(received.value, *received.memory));
    events.emplace_back(UserEventReceived{received.memory, message});
    return {};
}

// MS-PSRP 3.1.5.4.16. Only the first copy counts.
Result<void> ClientPool::Impl::on_application_private_data(const Received& received)
{
    PSRP_TRY(const auto message, decode_application_private_data(received.value, *received.memory));
    if (has_private_data) return {};
    has_private_data = true;
    read_server_version(message.data);
    events.emplace_back(PrivateDataReceived{received.memory, message.data});
    open_connected_pool();
    return {};
}

void ClientPool::Impl::read_server_version(Value private_data)
{
    const auto entry = [](Value dictionary, std::string_view key) {
        const Object* object = dictionary.object();
        return object == nullptr ? Value() : object->entry(key).value_or(Value());
    };
    const Value table = entry(private_data, "PSVersionTable");
    const auto version = entry(table, "PSRemotingProtocolVersion").as<clixml::Version>();
    if (version) server_protocol_version = *version;
    server_is_in_order = entry(private_data, in_order_entry).as<bool>().value_or(false);
}

// MS-PSRP 3.1.5.4.17, 3.1.5.4.27
Result<void> ClientPool::Impl::on_host_call(const Received& received)
{
    PSRP_TRY(auto call, decode_host_call(received.value, *received.memory));
    const bool is_pipeline = received.row.scope == Scope::Pipeline;
    const Guid id = is_pipeline ? received.header.pipeline_id : Guid{};
    events.emplace_back(HostCallReceived{id, received.memory, std::move(call)});
    return {};
}

// MS-PSRP 3.1.5.4.21
Result<void> ClientPool::Impl::on_pipeline_state(const Received& received)
{
    PSRP_TRY(auto message, decode_pipeline_state(received.value, *received.memory));
    const Guid& id = received.header.pipeline_id;
    ClientPipeline& pipeline = pipelines.find(id)->second;
    const auto end = [&](PipelineEvent event) {
        end_pipeline(id, pipeline, event, {}, received.memory, message.error_record);
        request_close(id, pipeline);
    };
    switch (message.state) {
    case PipelineState::Completed:
        message.error_record.reset(
        ); // a completed pipeline has no reason, whatever the server says
        end(PipelineEvent::Complete);
        return {};
    case PipelineState::Failed:
        end(PipelineEvent::Fail);
        return {};
    case PipelineState::Stopped:
        end(PipelineEvent::Stopped);
        return {};
    case PipelineState::Disconnected:
        end(PipelineEvent::EndSilently);
        return {};
    case PipelineState::NotStarted:
    case PipelineState::Running:
    case PipelineState::Stopping:
        return {};
    }
    return {}; // numbers without a meaning mean nothing
}

// MS-PSRP 3.1.5.4.22-.24
Result<void>
ClientPool::Impl::on_informational_record(const Received& received, InformationalKind kind)
{
    PSRP_TRY(auto record, decode_informational_record(received.value, kind, *received.memory));
    events.emplace_back(InformationalReceived{received.header.pipeline_id, received.memory, record}
    );
    return {};
}

} // namespace psrp
