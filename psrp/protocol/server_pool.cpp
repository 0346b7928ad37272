#include <fragmenter/splitter.hpp>
#include <psrp/protocol/detail/server_pool_impl.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::LargeMessage;
using detail::SecretBytes;
using detail::ServerChannel;
using detail::ServerPipeline;
using detail::ServerSession;

namespace {

PipelineEvent event_of(PipelineState state)
{
    if (state == PipelineState::Completed) return PipelineEvent::Complete;
    return state == PipelineState::Failed ? PipelineEvent::Fail : PipelineEvent::Stopped;
}

} // namespace

ServerChannel::ServerChannel(const Limits& limits, std::uint64_t bytes_max)
    : normal{fragmenter::Reassembler({limits.object_bytes_max, bytes_max}), {}},
      prompt_response{fragmenter::Reassembler({limits.object_bytes_max, bytes_max}), {}}
{
}

LargeMessage::LargeMessage(
    const Guid& to, SecretBytes bytes, std::uint64_t object_id, std::size_t fragment_bytes_max
)
    : channel(to), message(std::move(bytes)),
      splitter(message.bytes(), object_id, fragment_bytes_max)
{
}

ServerSession::ServerSession(const ServerPoolOptions& options)
    : protocol_version(options.protocol_version), channel(options.limits, UINT64_MAX)
{
    (void)machine.fire(SessionEvent::Open); // the table has this row
}

ServerPool::Impl::Impl(const ServerPoolOptions& pool_options)
    : options(pool_options), session(pool_options)
{
}

// The capability is written before the pool is known, so its RPID is zero; the messages of the key
// exchange keep to that (psrp 4).
Result<SecretBytes>
ServerPool::Impl::make_message(MessageType type, const Guid& pipeline, Value value)
{
    const bool is_session_message = message_type_row(type).scope == Scope::Session;
    const MessageHeader header{
        static_cast<std::uint32_t>(Destination::Client),
        static_cast<std::uint32_t>(type),
        is_session_message ? Guid{} : session.runspace_pool_id,
        pipeline};
    std::string message = std::exchange(spare_text, {});
    message.clear();
    if (auto written = append_message(header, value, clixml::message_options(), message);
        !written) {
        if (detail::has_written_secret(message)) clixml::wipe(message);
        return tl::unexpected<Error>(written.error());
    }
    return with_secrets_secured(std::move(message));
}

void ServerPool::Impl::send(const Guid& channel, SecretBytes message)
{
    const bool needs_key = uses_session_key() && !session.keys.secrets && message.is_secret();
    if (needs_key || session.keys.held_sends.contains(channel))
        hold_send(channel, std::move(message));
    else
        send_now(channel, std::move(message));
}

// What was said last, where that was a packet.
Send* ServerPool::Impl::last_packet()
{
    if (actions.empty()) return nullptr;
    auto* action = std::get_if<ServerAction>(&actions.back());
    return action == nullptr ? nullptr : std::get_if<Send>(action);
}

// PowerShell gives each fragment a packet of its own. Whoever reads packets takes bytes in any
// segmentation (psrp 2.4), so small messages share one here, whole fragments only: a stream of
// small objects is bound by its packets.
void ServerPool::Impl::send_now(const Guid& channel, SecretBytes message)
{
    const std::uint64_t object_id = ++last_object_id;
    const std::size_t packet_bytes_max = options.limits.fragment_bytes_max;
    const BytesView bytes = message.bytes();
    const std::size_t size = fragmenter::fragmented_bytes(bytes.size(), packet_bytes_max);
    pending_bytes += size;
    if (size > packet_bytes_max) {
        actions.emplace_back(LargeMessage(channel, std::move(message), object_id, packet_bytes_max)
        );
        return;
    }
    Send* packet = last_packet();
    if (packet == nullptr || packet->channel != channel ||
        packet->bytes.size() + size > packet_bytes_max) {
        actions.emplace_back(Send{channel, Stream::Default, {}});
        packet = last_packet();
    }
    fragmenter::append_fragments(bytes, object_id, packet_bytes_max, packet->bytes);
    if (!message.is_secret()) spare_text = message.take_public();
}

void ServerPool::Impl::send_pool_state(RunspacePoolState state)
{
    Arena arena;
    const Value value = encode_runspace_pool_state({state, std::nullopt}, arena);
    // Two numbers in a bag are always writable.
    if (auto message = make_message(MessageType::RunspacePoolState, {}, value))
        send(session_channel, *std::move(message));
}

Result<void> ServerPool::Impl::accept_pool(Value private_data)
{
    if (session.pool.state() != RunspacePoolState::Opening) return failure(Errc::InvalidState);
    Arena arena;
    PSRP_TRY(
        auto message,
        make_message(
            MessageType::ApplicationPrivateData,
            {},
            encode_application_private_data({private_data}, arena)
        )
    );
    PSRP_CHECK(session.pool.fire(PoolEvent::Accept));
    session.private_data = message.text();
    send(session_channel, std::move(message));
    send_pool_state(RunspacePoolState::Opened);
    return {};
}

Result<void> ServerPool::Impl::refuse_pool(const ErrorRecord& record)
{
    if (session.pool.state() != RunspacePoolState::Opening) return failure(Errc::InvalidState);
    Arena arena;
    const Value value = encode_runspace_pool_state({RunspacePoolState::Broken, record}, arena);
    PSRP_TRY(auto message, make_message(MessageType::RunspacePoolState, {}, value));
    PSRP_CHECK(session.pool.fire(PoolEvent::Break));
    send(session_channel, std::move(message));
    begin_close({});
    return {};
}

Result<ServerPipeline*> ServerPool::Impl::running_pipeline(const Guid& id)
{
    const auto found = session.pipelines.find(id);
    if (found == session.pipelines.end() || !found->second.is_running())
        return failure(Errc::UnknownPipeline);
    return &found->second;
}

Result<void> ServerPool::Impl::write(const Guid& id, MessageType type, Value value)
{
    PSRP_CHECK(running_pipeline(id));
    PSRP_TRY(auto message, make_message(type, id, value));
    send(id, std::move(message));
    return {};
}

std::size_t ServerPool::Impl::open_host_call_count() const
{
    std::size_t count = session.open_host_calls.size();
    for (const auto& [id, pipeline] : session.pipelines)
        count += pipeline.open_host_calls.size();
    return count;
}

Result<void> ServerPool::Impl::call_host(const Guid& id, const HostCall& call)
{
    auto* open_calls = &session.open_host_calls;
    if (!id.is_zero()) {
        PSRP_TRY(ServerPipeline * pipeline, running_pipeline(id));
        open_calls = &pipeline->open_host_calls;
    } else if (session.pool.state() != RunspacePoolState::Opening && session.pool.state() != RunspacePoolState::Opened) {
        return failure(Errc::InvalidState);
    }
    if (find_host_method(call.method) == nullptr) return failure(Errc::UnknownHostMethod);
    if (call.expects_response()) {
        if (open_calls->contains(call.call_id))
            return failure(Errc::InvalidArgument, clixml::no_offset, "call_id");
        if (open_host_call_count() >= options.limits.host_calls_max)
            return failure(Errc::TooManyHostCalls);
    }
    const auto type =
        id.is_zero() ? MessageType::RunspacePoolHostCall : MessageType::PipelineHostCall;
    Arena arena;
    PSRP_TRY(auto message, make_message(type, id, encode_host_call(call, arena)));
    send(id, std::move(message));
    if (call.expects_response()) open_calls->insert(call.call_id);
    return {};
}

Result<void>
ServerPool::Impl::finish(const Guid& id, PipelineState state, const ErrorRecord* record)
{
    PSRP_TRY(ServerPipeline * pipeline, running_pipeline(id));
    if (!is_terminal(state)) return failure(Errc::InvalidArgument, clixml::no_offset, "state");
    Arena arena;
    PipelineStateMessage report{state, std::nullopt};
    if (record != nullptr && state != PipelineState::Completed) report.error_record = *record;
    if (pipeline->channel_error.code) {
        // It ends because its channel failed, however the owner has ended it.
        const std::string text = pipeline->channel_error.text();
        ErrorDescription description;
        description.message = text;
        description.error_id = "PSRemotingTransportException";
        report = {PipelineState::Failed, make_error_record(arena, description)};
    }
    const Value value = encode_pipeline_state(report, arena);
    PSRP_TRY(auto message, make_message(MessageType::PipelineState, id, value));
    PSRP_CHECK(pipeline->machine.fire(event_of(report.state)));
    send(id, std::move(message));
    pipeline->open_host_calls.clear();
    acknowledge_end(id, *pipeline);
    start_waiting();
    complete_close_when_alone();
    return {};
}

// The state has been sent; now whoever waits for the end is told, and what was closed is forgotten.
void ServerPool::Impl::acknowledge_end(const Guid& id, ServerPipeline& pipeline)
{
    for (; pipeline.signals_to_acknowledge > 0; --pipeline.signals_to_acknowledge)
        actions.emplace_back(AcknowledgeSignal{id});
    const std::size_t closes = pipeline.closes_to_acknowledge;
    // A pipeline without a channel of its own is never closed.
    if (closes == 0 && !id.is_zero()) return;
    for (std::size_t i = 0; i < closes; ++i)
        actions.emplace_back(AcknowledgeClose{id});
    session.commands.erase(id);
    session.pipelines.erase(id);
}

std::size_t ServerPool::Impl::running_count() const
{
    const auto count =
        std::count_if(session.pipelines.begin(), session.pipelines.end(), [](const auto& entry) {
            return entry.second.is_running() && !entry.second.is_nested;
        });
    return static_cast<std::size_t>(count);
}

void ServerPool::Impl::start_waiting()
{
    if (session.pool.state() != RunspacePoolState::Opened) return;
    auto running = running_count();
    while (!session.waiting.empty() && running < static_cast<std::size_t>(session.runspaces_max)) {
        ServerPipeline& pipeline = session.pipelines.find(session.waiting.front())->second;
        session.waiting.pop_front();
        if (!pipeline.machine.fire(PipelineEvent::Start)) continue;
        ++running;
        for (auto& event : pipeline.held)
            events.emplace_back(std::move(event));
        pipeline.held.clear();
    }
}

// One that has not begun ends here; the owner ends one that runs.
void ServerPool::Impl::stop_pipeline(const Guid& id, ServerPipeline& pipeline)
{
    const auto before = pipeline.machine.state();
    if (!pipeline.machine.fire(PipelineEvent::Stop)) return;
    if (before == PipelineState::Running) events.emplace_back(ServerEvent(StopRequested{id}));
    if (before != PipelineState::NotStarted) return;
    std::erase(session.waiting, id);
    pipeline.held.clear();
    Arena arena;
    const Value value = encode_pipeline_state({PipelineState::Stopped, std::nullopt}, arena);
    if (auto message = make_message(MessageType::PipelineState, id, value))
        send(id, *std::move(message));
}

void ServerPool::Impl::begin_close(const Error& error)
{
    const auto before = session.machine.state();
    if (before == SessionState::ClosingConnection || before == SessionState::Closed) return;
    if (!session.machine.fire(SessionEvent::Close)) return;
    session.error = error;
    forget_all_held();
    const auto pool = session.pool.state();
    if (pool == RunspacePoolState::Opening || pool == RunspacePoolState::Opened)
        send_pool_state(RunspacePoolState::Closing);
    (void)session.pool.fire(PoolEvent::Close); // every state that can be met here has a row
    // A copy: what has not begun may vanish from the map as it ends.
    std::vector<Guid> ids;
    for (const auto& [id, pipeline] : session.pipelines)
        ids.push_back(id);
    for (const auto& id : ids) {
        ServerPipeline& pipeline = session.pipelines.find(id)->second;
        stop_pipeline(id, pipeline);
        if (is_terminal(pipeline.machine.state())) acknowledge_end(id, pipeline);
    }
    complete_close_when_alone();
}

// Once nothing runs any more, nested pipelines included.
void ServerPool::Impl::complete_close_when_alone()
{
    const bool is_alone =
        std::none_of(session.pipelines.begin(), session.pipelines.end(), [](const auto& entry) {
            return entry.second.is_running();
        });
    if (session.machine.state() == SessionState::ClosingConnection && is_alone) complete_close();
}

void ServerPool::Impl::complete_close()
{
    if (session.has_pool && session.pool.state() == RunspacePoolState::Closing)
        send_pool_state(RunspacePoolState::Closed);
    (void)session.pool.fire(PoolEvent::CloseCompleted);
    (void)session.machine.fire(SessionEvent::CloseCompleted);
    const bool was_used = session.has_negotiated || session.error.code;
    if (was_used || session.closes_to_acknowledge == 0)
        events.emplace_back(ServerEvent(SessionEnded{session.error}));
    const std::size_t closes = session.closes_to_acknowledge;
    if (closes == 0) return;
    for (std::size_t i = 0; i < closes; ++i)
        actions.emplace_back(AcknowledgeClose{session_channel});
    session = ServerSession(options);
}

// The public face ---------------------------------------------------------------------------------

ServerPool::ServerPool(const ServerPoolOptions& options) : impl_(std::make_unique<Impl>(options)) {}
ServerPool::~ServerPool() = default;
ServerPool::ServerPool(ServerPool&&) noexcept = default;
ServerPool& ServerPool::operator=(ServerPool&&) noexcept = default;

RunspacePoolState ServerPool::state() const
{
    return impl_->session.pool.state();
}

clixml::Version ServerPool::protocol_version() const
{
    return impl_->session.protocol_version;
}

const Guid& ServerPool::runspace_pool_id() const
{
    return impl_->session.runspace_pool_id;
}

Result<void> ServerPool::accept_pool(Value application_private_data)
{
    return impl_->accept_pool(application_private_data);
}

Result<void> ServerPool::refuse_pool(const ErrorRecord& record)
{
    return impl_->refuse_pool(record);
}

Result<void> ServerPool::write_output(const Guid& pipeline, Value value)
{
    return impl_->write(pipeline, MessageType::PipelineOutput, value);
}

Result<void> ServerPool::write_error(const Guid& pipeline, const ErrorRecord& record)
{
    Arena arena;
    return impl_->write(pipeline, MessageType::ErrorRecord, encode_error_record(record, arena));
}

Result<void>
ServerPool::write_informational(const Guid& pipeline, const InformationalRecord& record)
{
    Arena arena;
    const Value value = encode_informational_record(record, arena);
    switch (record.kind) {
    case InformationalKind::Debug:
        return impl_->write(pipeline, MessageType::DebugRecord, value);
    case InformationalKind::Verbose:
        return impl_->write(pipeline, MessageType::VerboseRecord, value);
    case InformationalKind::Warning:
        return impl_->write(pipeline, MessageType::WarningRecord, value);
    }
    return failure(Errc::InvalidArgument, clixml::no_offset, "kind");
}

Result<void> ServerPool::write_progress(const Guid& pipeline, const ProgressUpdate& record)
{
    Arena arena;
    return impl_->write(pipeline, MessageType::ProgressRecord, encode_progress(record, arena));
}

Result<void> ServerPool::write_information(const Guid& pipeline, const InformationRecord& record)
{
    Arena arena;
    const Value value = encode_information_record(record, arena);
    return impl_->write(pipeline, MessageType::InformationRecord, value);
}

Result<void> ServerPool::call_host(const Guid& pipeline, const HostCall& call)
{
    return impl_->call_host(pipeline, call);
}

Result<void>
ServerPool::finish(const Guid& pipeline, PipelineState state, const ErrorRecord* record)
{
    return impl_->finish(pipeline, state, record);
}

Result<void> ServerPool::write_user_event(const UserEvent& user_event)
{
    if (impl_->session.pool.state() != RunspacePoolState::Opened)
        return failure(Errc::InvalidState);
    Arena arena;
    PSRP_TRY(
        auto message,
        impl_->make_message(MessageType::UserEvent, {}, encode_user_event(user_event, arena))
    );
    impl_->send(session_channel, std::move(message));
    return {};
}

Result<void> ServerPool::disconnect_requested()
{
    return impl_->disconnect_requested();
}

Result<void> ServerPool::reconnect_requested()
{
    return impl_->reconnect_requested();
}

Result<Bytes> ServerPool::connect_requested(BytesView request)
{
    return impl_->connect_requested(request);
}

std::size_t ServerPool::pending_bytes() const
{
    return impl_->pending_bytes;
}

void ServerPool::close()
{
    impl_->begin_close({});
}

std::optional<ServerAction> ServerPool::next_action()
{
    return impl_->next_action();
}

Result<void> ServerPool::receive(const Guid& channel, Stream stream, BytesView bytes)
{
    return impl_->receive(channel, stream, Bytes(bytes.begin(), bytes.end()));
}

Result<void> ServerPool::receive(const Guid& channel, Stream stream, Bytes&& bytes)
{
    return impl_->receive(channel, stream, std::move(bytes));
}

void ServerPool::command_requested(const Guid& pipeline)
{
    impl_->command_requested(pipeline);
}

void ServerPool::signal_requested(const Guid& pipeline)
{
    impl_->signal_requested(pipeline);
}

void ServerPool::close_requested(const Guid& channel)
{
    impl_->close_requested(channel);
}

void ServerPool::input_ended()
{
    impl_->begin_close({});
}

bool ServerPool::is_waiting_for_key() const
{
    return impl_->is_waiting_for_key();
}

void ServerPool::key_exchange_timed_out()
{
    impl_->key_exchange_timed_out();
}

std::optional<ServerEvent> ServerPool::next_event()
{
    return impl_->next_event();
}

} // namespace psrp
