#include <psrp/protocol/detail/server_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <utility>

namespace psrp {

using clixml::Error;
using clixml::failure;
using clixml::Version;
using detail::ServerPipeline;

namespace {

clixml::ReadOptions read_options(const ServerPoolOptions& options)
{
    clixml::ReadOptions read;
    read.reading = clixml::Reading::Deserialized;
    read.form = clixml::Form::Bare;
    read.limits = options.limits.clixml;
    read.zone = options.zone;
    return read;
}

bool is_compatible(const Version& client, const Version& own)
{
    return client.major == own.major && client.minor >= own.minor;
}

} // namespace

// The version both sides use, or nothing (psrp 7): a known older one is adopted, ours goes for all
// newer minors.
std::optional<Version>
ServerPool::Impl::negotiated_version(const Version& client, const Version& own)
{
    const bool is_exact = client.build == -1 && client.revision == -1;
    if (is_exact && client.major == 2 && client.minor >= 0 && client < own) return client;
    if (client.major == own.major && client.minor >= own.minor) return own;
    return std::nullopt;
}

Result<ServerPool::Impl::Received>
ServerPool::Impl::read(const MessageTypeRow& row, const Message& message)
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
        if (session.keys.secrets) cipher = &*session.keys.secrets;
        PSRP_CHECK(detail::reveal_secrets(received.value, *secrets, cipher));
    }
    return received;
}

Result<void> ServerPool::Impl::on_message(const Guid& channel, BytesView object)
{
    PSRP_TRY(const Message message, read_message(object));
    if (!message.header.is_for(Destination::Server)) return failure(Errc::WrongDestination);
    const auto* row = find_message_type(message.header.type);
    // What is unknown may come from a newer client; what is for clients is not for us.
    if (row == nullptr || row->sender == Sender::Server) return {};
    if (row->scope != Scope::Session && must_hold(channel, message.text))
        return hold_object(channel, object);
    switch (row->scope) {
    case Scope::Session:
        return on_session_message(*row, message);
    case Scope::RunspacePool:
        return on_pool_message(channel, *row, message);
    case Scope::Pipeline:
        return on_pipeline_message(*row, message);
    case Scope::None:
        break;
    }
    return {};
}

Result<void> ServerPool::Impl::on_session_message(const MessageTypeRow& row, const Message& message)
{
    const bool is_established = session.machine.state() == SessionState::Established;
    const auto refuse = [&](Errc code, const char* expected) -> Result<void> {
        const Error error{code, clixml::no_offset, expected};
        begin_close(error);
        return tl::unexpected<Error>(error);
    };
    switch (row.type) {
    case MessageType::SessionCapability: {
        if (is_established) return refuse(Errc::UnexpectedMessage, "no second capability");
        const auto received = read(row, message);
        if (!received) return refuse(Errc::IncompleteCapability, "readable CLIXML");
        return on_session_capability(*received);
    }
    case MessageType::CloseSession:
        begin_close({Errc::SessionClosedByPeer, clixml::no_offset, ""});
        return {};
    case MessageType::InitRunspacePool: {
        if (!is_established) return refuse(Errc::UnexpectedMessage, "a session capability");
        PSRP_TRY(const Received received, read(row, message));
        return on_init_runspacepool(received);
    }
    case MessageType::PublicKey: {
        if (!is_established) return {};
        PSRP_TRY(const Received received, read(row, message));
        return on_public_key(received);
    }
    default:
        return {}; // CONNECT_RUNSPACEPOOL is for transports that keep sessions
    }
}

Result<void> ServerPool::Impl::on_pool_message(
    const Guid& channel, const MessageTypeRow& row, const Message& message
)
{
    const bool is_ours = session.pool.state() != RunspacePoolState::BeforeOpen &&
                         message.header.runspace_pool_id == session.runspace_pool_id;
    if (!is_ours) {
        const Error error{Errc::WrongRunspacePool, clixml::no_offset, ""};
        begin_close(error);
        return tl::unexpected<Error>(error);
    }
    if (row.type == MessageType::CreatePipeline || row.type == MessageType::GetCommandMetadata)
        return on_new_pipeline(channel, row, message);
    PSRP_TRY(const Received received, read(row, message));
    switch (row.type) {
    case MessageType::SetMaxRunspaces:
        return on_set_max_runspaces(received);
    case MessageType::SetMinRunspaces:
        return on_set_min_runspaces(received);
    case MessageType::GetAvailableRunspaces:
        return on_get_available_runspaces(received);
    case MessageType::ResetRunspaceState:
        return on_reset_runspace_state(received);
    case MessageType::RunspacePoolHostResponse:
        return on_runspacepool_host_response(received);
    default:
        return {};
    }
}

Result<void>
ServerPool::Impl::on_pipeline_message(const MessageTypeRow& row, const Message& message)
{
    if (message.header.runspace_pool_id != session.runspace_pool_id)
        return failure(Errc::WrongRunspacePool);
    const Guid& id = message.header.pipeline_id;
    const auto found = session.pipelines.find(id);
    // Before its creation and after its end nothing is of interest any more.
    if (found == session.pipelines.end() || is_terminal(found->second.machine.state())) return {};
    ServerPipeline& pipeline = found->second;
    switch (row.type) {
    case MessageType::PipelineInput: {
        PSRP_TRY(const Received received, read(row, message));
        return on_pipeline_input(pipeline, received);
    }
    case MessageType::EndOfPipelineInput:
        return on_end_of_pipeline_input(pipeline, id);
    case MessageType::StopPowerShell:
        stop_pipeline(id, pipeline);
        return {};
    case MessageType::PipelineHostResponse: {
        PSRP_TRY(const Received received, read(row, message));
        return on_pipeline_host_response(pipeline, received);
    }
    default:
        return {};
    }
}

// MS-PSRP 3.2.5.4.1. A client whose versions are refused still learns ours.
Result<void> ServerPool::Impl::on_session_capability(const Received& received)
{
    const auto close_with = [&](const Error& error) -> Result<void> {
        begin_close(error);
        return tl::unexpected<Error>(error);
    };
    auto decoded = decode_session_capability(received.value, *received.memory);
    if (!decoded)
        return close_with({Errc::IncompleteCapability, clixml::no_offset, decoded.error().detail});
    PSRP_CHECK(session.machine.fire(SessionEvent::CapabilityReceived));
    session.has_negotiated = true;
    SessionCapability answer;
    const auto version = negotiated_version(decoded->protocol_version, options.protocol_version);
    answer.protocol_version = version.value_or(options.protocol_version);
    Arena arena;
    PSRP_TRY(
        auto message,
        make_message(MessageType::SessionCapability, {}, encode_session_capability(answer, arena))
    );
    send(session_channel, std::move(message));
    if (!version) return close_with({Errc::ProtocolVersionRefused, clixml::no_offset, ""});
    if (!is_compatible(decoded->ps_version, answer.ps_version))
        return close_with({Errc::PSVersionRefused, clixml::no_offset, ""});
    if (!is_compatible(decoded->serialization_version, answer.serialization_version))
        return close_with({Errc::SerializationVersionRefused, clixml::no_offset, ""});
    session.protocol_version = *version;
    return session.machine.fire(SessionEvent::Accept);
}

// MS-PSRP 3.2.5.4.2. A request that is refused leaves room for a better one.
Result<void> ServerPool::Impl::on_init_runspacepool(const Received& received)
{
    if (session.pool.state() != RunspacePoolState::BeforeOpen)
        return failure(Errc::RunspacePoolExists);
    PSRP_TRY(auto request, decode_init_runspace_pool(received.value, *received.memory));
    if (request.runspaces_min < 1 || request.runspaces_max < request.runspaces_min)
        return failure(Errc::InvalidRunspaceCount);
    PSRP_CHECK(session.pool.fire(PoolEvent::Open));
    session.has_pool = true;
    session.runspace_pool_id = received.header.runspace_pool_id;
    session.runspaces_min = request.runspaces_min;
    session.runspaces_max = request.runspaces_max;
    events.emplace_back(ServerEvent(PoolRequested{
        received.memory, session.runspace_pool_id, request}));
    return {};
}

void ServerPool::Impl::answer_availability(RunspaceAvailability answer)
{
    Arena arena;
    const Value value = encode_runspace_availability(answer, arena);
    if (auto message = make_message(MessageType::RunspaceAvailability, {}, value))
        send(session_channel, *std::move(message));
}

// MS-PSRP 3.2.5.4.6
Result<void> ServerPool::Impl::on_set_max_runspaces(const Received& received)
{
    PSRP_TRY(const auto request, decode_set_max_runspaces(received.value, *received.memory));
    const bool is_possible =
        request.runspaces_max >= 1 && request.runspaces_max >= session.runspaces_min;
    if (is_possible) session.runspaces_max = request.runspaces_max;
    answer_availability({is_possible, request.call_id});
    start_waiting();
    return {};
}

// MS-PSRP 3.2.5.4.7
Result<void> ServerPool::Impl::on_set_min_runspaces(const Received& received)
{
    PSRP_TRY(const auto request, decode_set_min_runspaces(received.value, *received.memory));
    const bool is_possible =
        request.runspaces_min >= 1 && request.runspaces_min <= session.runspaces_max;
    if (is_possible) session.runspaces_min = request.runspaces_min;
    answer_availability({is_possible, request.call_id});
    return {};
}

// MS-PSRP 3.2.5.4.11
Result<void> ServerPool::Impl::on_get_available_runspaces(const Received& received)
{
    PSRP_TRY(const auto request, decode_get_available_runspaces(received.value, *received.memory));
    const auto running = static_cast<std::int64_t>(running_count());
    const std::int64_t available = std::max<std::int64_t>(session.runspaces_max - running, 0);
    answer_availability({static_cast<std::int32_t>(available), request.call_id});
    return {};
}

// MS-PSRP 3.2.5.4.31
Result<void> ServerPool::Impl::on_reset_runspace_state(const Received& received)
{
    PSRP_TRY(const auto request, decode_reset_runspace_state(received.value, *received.memory));
    const bool is_possible = session.pool.state() == RunspacePoolState::Opened &&
                             session.runspaces_max == 1 && running_count() == 0;
    answer_availability({is_possible, request.call_id});
    if (is_possible) events.emplace_back(ServerEvent(RunspaceResetRequested{}));
    return {};
}

// MS-PSRP 3.2.5.4.16. Answers that nobody waits for are dropped.
Result<void> ServerPool::Impl::on_runspacepool_host_response(const Received& received)
{
    PSRP_TRY(auto response, decode_host_response(received.value, *received.memory));
    if (session.open_host_calls.erase(response.call_id) == 0) return {};
    events.emplace_back(ServerEvent(HostResponseReceived{
        Guid{}, received.memory, std::move(response)}));
    return {};
}

Result<ServerEvent>
ServerPool::Impl::read_pipeline_request(const MessageTypeRow& row, const Message& message)
{
    PSRP_TRY(const Received received, read(row, message));
    const Guid& id = received.header.pipeline_id;
    Arena& arena = *received.memory;
    if (row.type == MessageType::GetCommandMetadata) {
        PSRP_TRY(auto request, decode_get_command_metadata(received.value, arena));
        return ServerEvent(CommandMetadataRequested{id, received.memory, request});
    }
    PSRP_TRY(auto request, decode_create_pipeline(received.value, arena));
    return ServerEvent(PipelineRequested{id, received.memory, std::move(request)});
}

// MS-PSRP 3.2.5.4.10, 3.2.5.4.14. PowerShell leaves a client whose request it cannot read without
// an answer; here the pipeline fails.
Result<void> ServerPool::Impl::on_new_pipeline(
    const Guid& channel, const MessageTypeRow& row, const Message& message
)
{
    const Guid& id = message.header.pipeline_id;
    const bool is_on_its_channel =
        channel.is_zero() ? session.commands.contains(id) : id == channel || id.is_zero();
    if (!is_on_its_channel) return failure(Errc::WrongChannel);
    if (session.pool.state() != RunspacePoolState::Opened)
        return failure(Errc::UnexpectedMessage, clixml::no_offset, "an open pool");
    const auto found = session.pipelines.find(id);
    if (found != session.pipelines.end()) {
        if (is_terminal(found->second.machine.state())) return {};
        return failure(Errc::PipelineExists);
    }
    ServerPipeline& pipeline = session.pipelines[id];
    auto request = read_pipeline_request(row, message);
    if (!request) {
        const std::string text = request.error().text();
        ErrorDescription description;
        description.message = text;
        description.error_id = "PSRemotingDataStructureException";
        description.exception_type =
            "System.Management.Automation.Remoting.PSRemotingDataStructureException";
        Arena arena;
        const PipelineStateMessage report{
            PipelineState::Failed, make_error_record(arena, description)};
        const Value value = encode_pipeline_state(report, arena);
        PSRP_TRY(auto answer, make_message(MessageType::PipelineState, id, value));
        PSRP_CHECK(pipeline.machine.fire(PipelineEvent::Fail));
        send(id, std::move(answer));
        acknowledge_end(id, pipeline);
        return tl::unexpected<Error>(request.error());
    }
    const auto* creation = std::get_if<PipelineRequested>(&*request);
    pipeline.takes_input = creation != nullptr && !creation->request.no_input;
    // One that is nested shares the runspace of the one that runs, and does not wait for it
    // (psrp 13). Clients before 2.2 cannot mean it.
    pipeline.is_nested = creation != nullptr && creation->request.is_nested &&
                         supports(session.protocol_version, Feature::NestedPipelines) &&
                         running_count() > 0;
    if (pipeline.is_nested) {
        PSRP_CHECK(pipeline.machine.fire(PipelineEvent::Start));
        events.emplace_back(*std::move(request));
        return {};
    }
    pipeline.held.push_back(*std::move(request));
    session.waiting.push_back(id);
    start_waiting();
    return {};
}

// What comes for a pipeline that still waits comes to its owner when it begins.
void ServerPool::Impl::deliver(ServerPipeline& pipeline, ServerEvent event)
{
    if (pipeline.machine.state() == PipelineState::NotStarted)
        pipeline.held.push_back(std::move(event));
    else
        events.emplace_back(std::move(event));
}

// MS-PSRP 3.2.5.4.17
Result<void> ServerPool::Impl::on_pipeline_input(ServerPipeline& pipeline, const Received& received)
{
    if (pipeline.input_has_ended) return failure(Errc::InputAfterEnd);
    if (!pipeline.takes_input) return {};
    deliver(pipeline, InputReceived{received.header.pipeline_id, received.memory, received.value});
    return {};
}

// MS-PSRP 3.2.5.4.18
Result<void> ServerPool::Impl::on_end_of_pipeline_input(ServerPipeline& pipeline, const Guid& id)
{
    if (!pipeline.takes_input || pipeline.input_has_ended) return {};
    pipeline.input_has_ended = true;
    deliver(pipeline, InputEnded{id});
    return {};
}

// MS-PSRP 3.2.5.4.28
Result<void>
ServerPool::Impl::on_pipeline_host_response(ServerPipeline& pipeline, const Received& received)
{
    PSRP_TRY(auto response, decode_host_response(received.value, *received.memory));
    if (pipeline.open_host_calls.erase(response.call_id) == 0) return {};
    deliver(
        pipeline,
        HostResponseReceived{received.header.pipeline_id, received.memory, std::move(response)}
    );
    return {};
}

} // namespace psrp
