#include <psrp/protocol/detail/client_pool_impl.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::ClientChannel;
using detail::ClientPipeline;

namespace {

constexpr clixml::Version batch_version{2, 2};       // several statements, redirections a stream
constexpr clixml::Version information_version{2, 3}; // the information stream

bool redirects_a_stream(const Command& command)
{
    const auto is_set = [](MergeTarget target) { return target != MergeTarget::None; };
    return is_set(command.merge_warning) || is_set(command.merge_verbose) ||
           is_set(command.merge_debug);
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

Result<Bytes>
ClientPool::Impl::make_message(MessageType type, const Guid& pipeline, Value value) const
{
    const MessageHeader header{
        static_cast<std::uint32_t>(Destination::Server),
        static_cast<std::uint32_t>(type),
        options.runspace_pool_id,
        pipeline};
    return write_message(header, value, clixml::message_options());
}

void ClientPool::Impl::push(ClientChannel& channel, Stream stream, const Bytes& message)
{
    const auto priority = stream == Stream::Default ? fragmenter::Priority::Default
                                                    : fragmenter::Priority::PromptResponse;
    // Cannot be refused: the queue has no bound of its own.
    (void)channel.queue.push(priority, ++last_object_id, message);
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
        const Bytes capability_message,
        make_message(
            MessageType::SessionCapability, {}, encode_session_capability(capability, arena)
        )
    );
    PSRP_TRY(
        const Bytes init_message,
        make_message(MessageType::InitRunspacePool, {}, encode_init_runspace_pool(init, arena))
    );
    PSRP_CHECK(session_machine.fire(SessionEvent::Open));
    PSRP_CHECK(pool_machine.fire(PoolEvent::Open));
    push(session, Stream::Default, capability_message);
    push(session, Stream::Default, init_message);
    session.is_open = true;
    actions.emplace_back(OpenSession{});
    return {};
}

Result<void> ClientPool::Impl::check_request(const CreatePipeline& request) const
{
    const auto version = server_protocol_version.value_or(clixml::Version{2, 0});
    const auto& statements = request.power_shell.statements;
    if (statements.empty()) return failure(Errc::EmptyPipeline);
    if (statements.size() > 1 && version < batch_version)
        return failure(Errc::UnsupportedByPeer, clixml::no_offset, "several statements");
    for (const auto& statement : statements) {
        if (statement.empty()) return failure(Errc::EmptyPipeline);
        for (const auto& command : statement) {
            if (version < batch_version && redirects_a_stream(command))
                return failure(Errc::UnsupportedByPeer, clixml::no_offset, "a redirected stream");
            if (version < information_version && command.merge_information != MergeTarget::None)
                return failure(
                    Errc::UnsupportedByPeer, clixml::no_offset, "the information stream"
                );
        }
    }
    return {};
}

Result<void> ClientPool::Impl::start_pipeline(const Guid& id, const CreatePipeline& request)
{
    if (pool_machine.state() != RunspacePoolState::Opened) return failure(Errc::InvalidState);
    if (id.is_zero()) return failure(Errc::InvalidArgument, clixml::no_offset, "pipeline");
    if (pipelines.contains(id)) return failure(Errc::DuplicatePipeline);
    PSRP_CHECK(check_request(request));
    Arena arena;
    const Value value = encode_create_pipeline(request, server_protocol_version, arena);
    PSRP_TRY(const Bytes message, make_message(MessageType::CreatePipeline, id, value));
    auto& pipeline = pipelines.try_emplace(id, options.limits).first->second;
    PSRP_CHECK(pipeline.machine.fire(PipelineEvent::Start));
    pipeline.takes_input = !request.no_input;
    push(pipeline.channel, Stream::Default, message);
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
    if (pipeline->channel.queue.pending_bytes() > options.limits.send_bytes_max)
        return failure(Errc::WouldBlock);
    PSRP_TRY(const Bytes message, make_message(MessageType::PipelineInput, id, value));
    push(pipeline->channel, Stream::Default, message);
    return {};
}

Result<void> ClientPool::Impl::end_input(const Guid& id)
{
    PSRP_TRY(ClientPipeline * pipeline, pipeline_taking_input(id));
    PSRP_TRY(const Bytes message, make_message(MessageType::EndOfPipelineInput, id, {}));
    push(pipeline->channel, Stream::Default, message);
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
    pipeline.channel.queue.clear();
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
    PSRP_TRY(const Bytes message, make_message(type, id, encode_host_response(response, arena)));
    push(is_pool ? session : found->second.channel, Stream::PromptResponse, message);
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
    pipeline.channel.queue.clear();
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
    if (before == RunspacePoolState::Opening || before == RunspacePoolState::Opened) begin_close();
}

// Commands first, then the session.
void ClientPool::Impl::begin_close()
{
    if (!pool_machine.fire(PoolEvent::Close) || !session_machine.fire(SessionEvent::Close)) return;
    session.queue.clear();
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
    session.queue.clear();
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

std::optional<ClientAction> ClientPool::next_action(std::size_t bytes_max)
{
    return impl_->next_action(std::max<std::size_t>(bytes_max, 1));
}

Result<void> ClientPool::receive(const Guid& channel, BytesView bytes)
{
    return impl_->receive(channel, bytes);
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

void ClientPool::channel_closed(const Guid& channel)
{
    impl_->channel_closed(channel);
}

void ClientPool::transport_failed(const Error& error, std::string reason)
{
    impl_->transport_failed(error, std::move(reason));
}

std::optional<ClientEvent> ClientPool::next_event()
{
    if (impl_->events.empty()) return std::nullopt;
    ClientEvent event = std::move(impl_->events.front());
    impl_->events.pop_front();
    return event;
}

} // namespace psrp
