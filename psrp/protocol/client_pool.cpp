#include <psrp/protocol/detail/client_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::ClientChannel;
using detail::ClientPipeline;
using detail::SecretBytes;

namespace {

bool redirects_a_stream(const Command& command)
{
    const auto is_set = [](MergeTarget target) { return target != MergeTarget::None; };
    return is_set(command.merge_warning) || is_set(command.merge_verbose) ||
           is_set(command.merge_debug);
}

// Of a message that we have made.
bool is_pipeline_request(BytesView message)
{
    const auto type = static_cast<MessageType>(clixml::load_le<std::uint32_t>(message.data() + 4));
    return type == MessageType::CreatePipeline || type == MessageType::GetCommandMetadata;
}

HostInfo copy_host_info(const HostInfo& info, Arena& arena)
{
    HostInfo copy = info;
    if (copy.default_data && copy.default_data->window_title)
        copy.default_data->window_title = arena.copy(*copy.default_data->window_title);
    return copy;
}

} // namespace

Limits Limits::client()
{
    Limits limits;
    limits.object_bytes_max = 200ULL << 20;
    limits.command_bytes_max = UINT64_MAX;
    return limits;
}

ClientChannel::ClientChannel(const Limits& limits, std::uint64_t bytes_max)
    // The owner is held back by write_input(), before the queue would refuse.
    : queue(limits.fragment_bytes_max, {SIZE_MAX}),
      reassembler({limits.object_bytes_max, bytes_max})
{
}

ClientPool::Impl::Impl(const ClientPoolOptions& pool_options)
    : options(pool_options), protocol_version(pool_options.protocol_version),
      session(pool_options.limits, UINT64_MAX)
{
    options.application_arguments = clixml::clone(options_arena, options.application_arguments);
    options.host_info = copy_host_info(options.host_info, options_arena);
}

Result<SecretBytes>
ClientPool::Impl::make_message(MessageType type, const Guid& pipeline, Value value)
{
    const MessageHeader header{
        static_cast<std::uint32_t>(Destination::Server),
        static_cast<std::uint32_t>(type),
        options.runspace_pool_id,
        pipeline};
    std::string message;
    if (auto written = append_message(header, value, clixml::message_options(), message);
        !written) {
        if (detail::has_written_secret(message)) clixml::wipe(message);
        return tl::unexpected<Error>(written.error());
    }
    return with_secrets_secured(std::move(message));
}

void ClientPool::Impl::push(ClientChannel& channel, Stream stream, SecretBytes message)
{
    const auto& held = channel.held_sends[static_cast<std::size_t>(stream)];
    const bool needs_key = uses_session_key() && !keys.secrets && message.is_secret();
    if (!held.empty() || needs_key) return hold_send(channel, stream, std::move(message));
    const auto priority = stream == Stream::Default ? fragmenter::Priority::Default
                                                    : fragmenter::Priority::PromptResponse;
    // Cannot be refused: the queue has no bound of its own.
    (void)channel.queue.push(priority, ++last_object_id, message.bytes());
    if (is_pipeline_request(message.bytes()))
        channel.request_bytes = channel.queue.pending_bytes(priority);
}

void ClientPool::Impl::clear_unsent(ClientChannel& channel)
{
    channel.queue.clear();
    channel.request_bytes = 0;
    forget_held(channel);
}

Result<void> ClientPool::Impl::open()
{
    if (pool_machine.state() != RunspacePoolState::BeforeOpen) return failure(Errc::InvalidState);
    if (options.runspace_pool_id.is_zero())
        return failure(Errc::InvalidArgument, clixml::no_offset, "runspace_pool_id");
    if (options.runspaces_min < 1 || options.runspaces_max < options.runspaces_min)
        return failure(Errc::InvalidArgument, clixml::no_offset, "runspaces_min, runspaces_max");
    Arena arena;
    SessionCapability capability;
    capability.protocol_version = options.protocol_version;
    InitRunspacePool init;
    init.runspaces_min = options.runspaces_min;
    init.runspaces_max = options.runspaces_max;
    init.application_arguments = options.application_arguments;
    init.host_info = options.host_info;
    PSRP_TRY(
        auto capability_message,
        make_message(
            MessageType::SessionCapability, {}, encode_session_capability(capability, arena)
        )
    );
    PSRP_TRY(
        auto init_message,
        make_message(MessageType::InitRunspacePool, {}, encode_init_runspace_pool(init, arena))
    );
    // No secret may travel before the versions are known; the dictionary has no such values.
    if (init_message.is_secret())
        return failure(Errc::InvalidArgument, clixml::no_offset, "application_arguments");
    PSRP_CHECK(session_machine.fire(SessionEvent::Open));
    PSRP_CHECK(pool_machine.fire(PoolEvent::Open));
    push(session, Stream::Default, std::move(capability_message));
    push(session, Stream::Default, std::move(init_message));
    session.is_open = true;
    actions.emplace_back(OpenSession{});
    return {};
}

Result<void> ClientPool::Impl::check_request(const CreatePipeline& request) const
{
    // Where the server has not told its version the oldest form is used (psrp 6.7).
    const auto version = server_protocol_version.value_or(clixml::Version{2, 0});
    const auto need = [&](bool is_used, Feature feature) -> Result<void> {
        if (!is_used || supports(version, feature)) return {};
        return failure(
            Errc::UnsupportedByPeer, clixml::no_offset, feature_row(feature).name.data()
        );
    };
    const auto& statements = request.power_shell.statements;
    if (statements.empty()) return failure(Errc::EmptyPipeline);
    PSRP_CHECK(need(statements.size() > 1, Feature::SeveralStatements));
    PSRP_CHECK(need(request.is_nested || request.power_shell.is_nested, Feature::NestedPipelines));
    for (const auto& statement : statements) {
        if (statement.empty()) return failure(Errc::EmptyPipeline);
        for (const auto& command : statement) {
            PSRP_CHECK(need(redirects_a_stream(command), Feature::StreamRedirections));
            PSRP_CHECK(need(
                command.merge_information != MergeTarget::None, Feature::InformationRedirection
            ));
        }
    }
    return {};
}

Result<void> ClientPool::Impl::start_pipeline(const Guid& id, const CreatePipeline& request)
{
    PSRP_CHECK(check_new_pipeline(id));
    PSRP_CHECK(check_request(request));
    Arena arena;
    const Value value = encode_create_pipeline(request, server_protocol_version, arena);
    PSRP_TRY(auto message, make_message(MessageType::CreatePipeline, id, value));
    return add_pipeline(id, std::move(message), !request.no_input);
}

Result<void> ClientPool::Impl::check_new_pipeline(const Guid& id) const
{
    if (pool_machine.state() != RunspacePoolState::Opened) return failure(Errc::InvalidState);
    if (id.is_zero()) return failure(Errc::InvalidArgument, clixml::no_offset, "pipeline");
    if (pipelines.contains(id)) return failure(Errc::DuplicatePipeline);
    return {};
}

Result<void> ClientPool::Impl::add_pipeline(const Guid& id, SecretBytes request, bool takes_input)
{
    auto& pipeline = pipelines.try_emplace(id, options.limits).first->second;
    PSRP_CHECK(pipeline.machine.fire(PipelineEvent::Start));
    pipeline.takes_input = takes_input;
    pipeline.channel.is_open = server_is_in_order;
    push(pipeline.channel, Stream::Default, std::move(request));
    actions.emplace_back(OpenCommand{id});
    return {};
}

Result<ClientPipeline*> ClientPool::Impl::pipeline_taking_input(const Guid& id)
{
    const auto found = pipelines.find(id);
    if (found == pipelines.end()) return failure(Errc::UnknownPipeline);
    ClientPipeline& pipeline = found->second;
    if (is_terminal(pipeline.machine.state())) return failure(Errc::UnknownPipeline);
    if (!pipeline.takes_input || pipeline.machine.state() != PipelineState::Running)
        return failure(Errc::InvalidState);
    return &pipeline;
}

Result<void> ClientPool::Impl::write_input(const Guid& id, Value value)
{
    PSRP_TRY(ClientPipeline * pipeline, pipeline_taking_input(id));
    if (pipeline->channel.queue.pending_bytes() + keys.held_bytes > options.limits.send_bytes_max)
        return failure(Errc::WouldBlock);
    PSRP_TRY(auto message, make_message(MessageType::PipelineInput, id, value));
    push(pipeline->channel, Stream::Default, std::move(message));
    return {};
}

Result<void> ClientPool::Impl::end_input(const Guid& id)
{
    PSRP_TRY(ClientPipeline * pipeline, pipeline_taking_input(id));
    PSRP_TRY(auto message, make_message(MessageType::EndOfPipelineInput, id, {}));
    push(pipeline->channel, Stream::Default, std::move(message));
    pipeline->takes_input = false;
    return {};
}

Result<void> ClientPool::Impl::stop(const Guid& id)
{
    const auto found = pipelines.find(id);
    if (found == pipelines.end()) return failure(Errc::UnknownPipeline);
    ClientPipeline& pipeline = found->second;
    if (pipeline.machine.state() != PipelineState::Running) return {};
    PSRP_CHECK(pipeline.machine.fire(PipelineEvent::Stop));
    // The signal overtakes everything, so what has not left would come after it.
    clear_unsent(pipeline.channel);
    actions.emplace_back(SignalCommand{id});
    return {};
}

Result<void> ClientPool::Impl::respond(const Guid& id, const HostResponse& response)
{
    const bool is_pool = id.is_zero();
    const auto found = pipelines.find(id);
    if (!is_pool && found == pipelines.end()) return failure(Errc::UnknownPipeline);
    // An answer to what has ended meanwhile is of no use to anybody.
    const bool is_wanted = is_pool ? pool_machine.state() == RunspacePoolState::Opening ||
                                         pool_machine.state() == RunspacePoolState::Opened
                                   : found->second.machine.state() == PipelineState::Running;
    if (!is_wanted) return {};
    const auto type =
        is_pool ? MessageType::RunspacePoolHostResponse : MessageType::PipelineHostResponse;
    Arena arena;
    PSRP_TRY(auto message, make_message(type, id, encode_host_response(response, arena)));
    push(is_pool ? session : found->second.channel, Stream::PromptResponse, std::move(message));
    return {};
}

void ClientPool::Impl::request_close(const Guid& id, ClientPipeline& pipeline)
{
    if (pipeline.close_was_requested) return;
    pipeline.close_was_requested = true;
    actions.emplace_back(CloseCommand{id});
}

void ClientPool::Impl::end_pipeline(
    const Guid& id,
    ClientPipeline& pipeline,
    PipelineEvent event,
    Error error,
    Memory memory,
    std::optional<ErrorRecord> record
)
{
    if (!pipeline.machine.fire(event)) return;
    clear_unsent(pipeline.channel);
    pipeline.takes_input = false;
    events.emplace_back(PipelineFinished{
        id, pipeline.machine.state(), std::move(memory), std::move(record), error});
}

void ClientPool::Impl::close()
{
    const auto before = pool_machine.state();
    if (before == RunspacePoolState::BeforeOpen) {
        if (pool_machine.fire(PoolEvent::Close)) events.emplace_back(PoolClosed{});
        return;
    }
    begin_close();
}

// Commands first, then the session.
void ClientPool::Impl::begin_close()
{
    const auto before = pool_machine.state();
    if (before == RunspacePoolState::Closing || before == RunspacePoolState::Closed) return;
    if (!pool_machine.fire(PoolEvent::Close) || !session_machine.fire(SessionEvent::Close)) return;
    disconnect_was_requested = false;
    clear_unsent(session);
    for (auto& [id, pipeline] : pipelines) {
        end_pipeline(id, pipeline, PipelineEvent::EndSilently);
        request_close(id, pipeline);
    }
    close_session_when_alone();
}

void ClientPool::Impl::close_session_when_alone()
{
    if (pool_machine.state() != RunspacePoolState::Closing) return;
    if (!pipelines.empty() || close_session_was_requested) return;
    close_session_was_requested = true;
    actions.emplace_back(CloseSession{});
}

// After a failure nobody waits for the commands to close.
void ClientPool::Impl::break_pool(
    const Error& error,
    std::string reason,
    bool transport_is_alive,
    Memory memory,
    std::optional<ErrorRecord> record
)
{
    if (!pool_machine.fire(PoolEvent::Break)) return;
    (void)session_machine.fire(SessionEvent::Close); // from wherever the session was
    clear_unsent(session);
    for (auto& [id, pipeline] : pipelines) {
        end_pipeline(id, pipeline, PipelineEvent::Fail, error, memory, record);
        if (transport_is_alive) request_close(id, pipeline);
    }
    pipelines.clear();
    if (transport_is_alive && !close_session_was_requested) {
        close_session_was_requested = true;
        actions.emplace_back(CloseSession{});
    }
    if (!transport_is_alive) actions.clear();
    if (pool_machine.state() == RunspacePoolState::Closed)
        events.emplace_back(PoolClosed{});
    else
        events.emplace_back(PoolBroken{
            error, std::move(reason), std::move(memory), std::move(record)});
}

bool ClientPool::Impl::is_over() const
{
    const auto state = pool_machine.state();
    return state == RunspacePoolState::Closed || state == RunspacePoolState::Broken;
}

// The public face ---------------------------------------------------------------------------------

ClientPool::ClientPool(const ClientPoolOptions& options) : impl_(std::make_unique<Impl>(options)) {}
ClientPool::~ClientPool() = default;
ClientPool::ClientPool(ClientPool&&) noexcept = default;
ClientPool& ClientPool::operator=(ClientPool&&) noexcept = default;

RunspacePoolState ClientPool::state() const
{
    return impl_->pool_machine.state();
}

bool ClientPool::has_partial_object() const
{
    if (impl_->session.reassembler.buffered_bytes() > 0) return true;
    return std::any_of(impl_->pipelines.begin(), impl_->pipelines.end(), [](const auto& entry) {
        return entry.second.channel.reassembler.buffered_bytes() > 0;
    });
}

const Guid& ClientPool::runspace_pool_id() const
{
    return impl_->options.runspace_pool_id;
}

clixml::Version ClientPool::protocol_version() const
{
    return impl_->protocol_version;
}

std::optional<clixml::Version> ClientPool::server_protocol_version() const
{
    return impl_->server_protocol_version;
}

Result<void> ClientPool::open()
{
    return impl_->open();
}

Result<void> ClientPool::start_pipeline(const Guid& pipeline, const CreatePipeline& request)
{
    return impl_->start_pipeline(pipeline, request);
}

Result<void> ClientPool::write_input(const Guid& pipeline, Value value)
{
    return impl_->write_input(pipeline, value);
}

Result<void> ClientPool::end_input(const Guid& pipeline)
{
    return impl_->end_input(pipeline);
}

Result<void> ClientPool::stop(const Guid& pipeline)
{
    return impl_->stop(pipeline);
}

Result<void> ClientPool::respond(const Guid& pipeline, const HostResponse& response)
{
    return impl_->respond(pipeline, response);
}

void ClientPool::close()
{
    impl_->close();
}

std::optional<ClientAction> ClientPool::next_action(std::size_t bytes_max, std::size_t sends_max)
{
    return impl_->next_action(std::max<std::size_t>(bytes_max, 1), sends_max);
}

Result<void> ClientPool::receive(const Guid& channel, BytesView bytes)
{
    return impl_->receive(channel, Bytes(bytes.begin(), bytes.end()));
}

Result<void> ClientPool::receive(const Guid& channel, Bytes&& bytes)
{
    return impl_->receive(channel, std::move(bytes));
}

void ClientPool::data_sent(const Guid& channel)
{
    impl_->data_sent(channel);
}

void ClientPool::command_opened(const Guid& pipeline)
{
    impl_->command_opened(pipeline);
}

void ClientPool::signal_acknowledged(const Guid& pipeline)
{
    impl_->signal_acknowledged(pipeline);
}

void ClientPool::command_failed(
    const Guid& pipeline, const Error& error, std::string_view reason, std::string_view error_id
)
{
    impl_->command_failed(pipeline, error, reason, error_id);
}

void ClientPool::channel_closed(const Guid& channel)
{
    impl_->channel_closed(channel);
}

Result<void>
ClientPool::start_command_metadata(const Guid& pipeline, const GetCommandMetadata& request)
{
    return impl_->start_command_metadata(pipeline, request);
}

Result<std::int64_t> ClientPool::set_runspaces_max(std::int32_t count)
{
    return impl_->set_runspaces(RunspaceCall::SetMax, count);
}

Result<std::int64_t> ClientPool::set_runspaces_min(std::int32_t count)
{
    return impl_->set_runspaces(RunspaceCall::SetMin, count);
}

Result<std::int64_t> ClientPool::count_available_runspaces()
{
    return impl_->count_available_runspaces();
}

Result<std::int64_t> ClientPool::reset_runspace_state()
{
    return impl_->reset_runspace_state();
}

std::int32_t ClientPool::runspaces_min() const
{
    return impl_->options.runspaces_min;
}

std::int32_t ClientPool::runspaces_max() const
{
    return impl_->options.runspaces_max;
}

bool ClientPool::is_sending(const Guid& pipeline) const
{
    const auto found = impl_->pipelines.find(pipeline);
    if (found == impl_->pipelines.end()) return false;
    const auto& channel = found->second.channel;
    return !channel.is_open || channel.sends_outstanding > 0 || !channel.queue.is_empty();
}

Result<void> ClientPool::disconnect()
{
    return impl_->disconnect();
}

Result<void> ClientPool::reconnect()
{
    return impl_->reconnect();
}

Result<void> ClientPool::connect(const ConnectRunspacePool& counts)
{
    return impl_->connect(counts);
}

Result<void> ClientPool::connect_pipeline(const Guid& pipeline)
{
    return impl_->connect_pipeline(pipeline);
}

void ClientPool::disconnected()
{
    impl_->disconnected();
}

void ClientPool::disconnect_failed(const Error& error)
{
    impl_->disconnect_failed(error);
}

void ClientPool::reconnected(const Guid& channel)
{
    impl_->reconnected(channel);
}

void ClientPool::reconnect_failed(const Error& error, std::string reason)
{
    impl_->reconnect_failed(error, std::move(reason));
}

bool ClientPool::is_waiting_for_key() const
{
    return impl_->is_waiting_for_key();
}

void ClientPool::key_exchange_timed_out()
{
    impl_->key_exchange_timed_out();
}

void ClientPool::transport_failed(const Error& error, std::string reason)
{
    impl_->transport_failed(error, std::move(reason));
}

void ClientPool::peer_failed(const Error& error, std::string reason)
{
    const Error cause = error.code ? error : Error{Errc::TransportFailed, clixml::no_offset, ""};
    impl_->break_pool(cause, std::move(reason), true);
}

std::optional<ClientEvent> ClientPool::next_event()
{
    if (impl_->events.empty()) return std::nullopt;
    ClientEvent event = std::move(impl_->events.front());
    impl_->events.pop_front();
    return event;
}

} // namespace psrp
