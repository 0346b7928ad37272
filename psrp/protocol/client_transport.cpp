#include <psrp/protocol/detail/client_pool_impl.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::ClientChannel;
using detail::ClientPipeline;

std::optional<ClientAction>
ClientPool::Impl::next_action(std::size_t bytes_max, std::size_t sends_max)
{
    if (!actions.empty()) {
        ClientAction action = std::move(actions.front());
        actions.pop_front();
        return action;
    }
    if (begin_disconnect()) return ClientAction(Disconnect{});
    // Another server's several threads may take up several packets in another order.
    if (!server_is_in_order) sends_max = 1;
    if (auto action = next_send(session_channel, session, bytes_max, sends_max)) return action;
    // The channel after the one served last comes first, so that none starves.
    const auto start = pipelines.upper_bound(last_served);
    for (auto at = start; at != pipelines.end(); ++at) {
        if (auto action = next_send(at->first, at->second.channel, bytes_max, sends_max))
            return action;
    }
    for (auto at = pipelines.begin(); at != start; ++at) {
        if (auto action = next_send(at->first, at->second.channel, bytes_max, sends_max))
            return action;
    }
    return std::nullopt;
}

std::optional<ClientAction> ClientPool::Impl::next_send(
    const Guid& id, ClientChannel& channel, std::size_t bytes_max, std::size_t sends_max
)
{
    if (!channel.is_open || channel.sends_outstanding >= sends_max || !may_send(id))
        return std::nullopt;
    // A pipeline's request has its packets for itself: input behind it in the same one is never
    // seen by PowerShell 7.6, whose pipeline then waits for ever. Its own client does the same.
    if (channel.request_bytes > 0) bytes_max = std::min(bytes_max, channel.request_bytes);
    auto packet = channel.queue.take(bytes_max);
    if (!packet) return std::nullopt;
    channel.request_bytes -= std::min(channel.request_bytes, packet->bytes.size());
    ++channel.sends_outstanding;
    last_served = id;
    const auto stream = packet->priority == fragmenter::Priority::Default ? Stream::Default
                                                                          : Stream::PromptResponse;
    return ClientAction(Send{id, stream, std::move(packet->bytes)});
}

Result<void> ClientPool::Impl::receive(const Guid& channel, Bytes&& bytes)
{
    if (pool_machine.state() == RunspacePoolState::BeforeOpen) return failure(Errc::InvalidState);
    if (is_over()) return {};
    if (channel.is_zero()) return receive_session(std::move(bytes));
    return receive_command(channel, std::move(bytes));
}

Result<void> ClientPool::Impl::on_object(
    const Guid& id, ClientChannel& channel, const fragmenter::ReceivedObject& object
)
{
    source = &channel.reassembler;
    auto result = on_message(id, object.bytes);
    source = nullptr;
    return result;
}

Result<void> ClientPool::Impl::receive_session(Bytes&& bytes)
{
    const auto process = [&]() -> Result<void> {
        PSRP_CHECK(session.reassembler.receive(std::move(bytes)));
        while (!is_over()) {
            PSRP_TRY(const auto object, next_object(session));
            if (!object) break;
            PSRP_CHECK(on_object(session_channel, session, *object));
        }
        return {};
    };
    auto result = process();
    if (!result) fail_channel(session_channel, result.error());
    return result;
}

Result<void> ClientPool::Impl::receive_command(const Guid& id, Bytes&& bytes)
{
    // Data of a channel that is unknown, or done with, comes in the ordinary course of a close.
    const auto running = [&]() -> ClientPipeline* {
        const auto found = pipelines.find(id);
        if (found == pipelines.end() || is_terminal(found->second.machine.state())) return nullptr;
        return &found->second;
    };
    const auto process = [&]() -> Result<void> {
        ClientPipeline* pipeline = running();
        if (pipeline == nullptr) return {};
        PSRP_CHECK(pipeline->channel.reassembler.receive(std::move(bytes)));
        while ((pipeline = running()) != nullptr) {
            PSRP_TRY(const auto object, next_object(pipeline->channel));
            if (!object) break;
            PSRP_CHECK(on_object(id, pipeline->channel, *object));
        }
        return {};
    };
    auto result = process();
    if (!result) fail_channel(id, result.error());
    return result;
}

ClientChannel* ClientPool::Impl::find_channel(const Guid& id)
{
    if (id.is_zero()) return &session;
    const auto found = pipelines.find(id);
    return found == pipelines.end() ? nullptr : &found->second.channel;
}

// What is wrong on a command channel ends that pipeline, on the session's the pool.
void ClientPool::Impl::fail_channel(const Guid& id, const Error& error)
{
    if (id.is_zero()) {
        break_pool(error, error.text(), true);
        return;
    }
    const auto found = pipelines.find(id);
    if (found == pipelines.end() || is_terminal(found->second.machine.state())) return;
    end_pipeline(id, found->second, PipelineEvent::Fail, error);
    request_close(id, found->second);
}

void ClientPool::Impl::data_sent(const Guid& channel)
{
    ClientChannel* const found = find_channel(channel);
    if (found != nullptr && found->sends_outstanding > 0) --found->sends_outstanding;
}

void ClientPool::Impl::command_opened(const Guid& id)
{
    if (const auto found = pipelines.find(id); found != pipelines.end())
        found->second.channel.is_open = true;
}

// The state normally comes before the acknowledgement; where it does not, the pipeline has ended
// all the same.
void ClientPool::Impl::signal_acknowledged(const Guid& id)
{
    const auto found = pipelines.find(id);
    if (found == pipelines.end() || is_terminal(found->second.machine.state())) return;
    const bool was_asked_for = found->second.machine.state() == PipelineState::Stopping;
    Error error;
    if (!was_asked_for) error.code = Errc::PipelineStoppedByServer;
    end_pipeline(id, found->second, PipelineEvent::EndSilently, error);
    request_close(id, found->second);
}

void ClientPool::Impl::command_failed(
    const Guid& id, const Error& error, std::string_view reason, std::string_view error_id
)
{
    const auto found = pipelines.find(id);
    if (found == pipelines.end() || is_terminal(found->second.machine.state())) return;
    auto memory = std::make_shared<Arena>();
    ErrorDescription description;
    description.message = memory->copy(reason);
    description.error_id = memory->copy(error_id);
    auto record = make_error_record(*memory, description);
    const Error cause = error.code ? error : Error{Errc::TransportFailed, clixml::no_offset, ""};
    end_pipeline(id, found->second, PipelineEvent::Fail, cause, std::move(memory), record);
    request_close(id, found->second);
}

void ClientPool::Impl::channel_closed(const Guid& channel)
{
    if (is_over()) return;
    if (!channel.is_zero()) {
        const auto found = pipelines.find(channel);
        // One that we did not ask for means nothing.
        if (found == pipelines.end() || !found->second.close_was_requested) return;
        pipelines.erase(found);
        close_session_when_alone();
        return;
    }
    if (!pool_machine.fire(PoolEvent::CloseCompleted)) return;
    (void)session_machine.fire(SessionEvent::CloseCompleted); // the pool's table has decided
    for (auto& [id, pipeline] : pipelines)
        end_pipeline(id, pipeline, PipelineEvent::EndSilently);
    pipelines.clear();
    actions.clear();
    events.emplace_back(PoolClosed{});
}

void ClientPool::Impl::transport_failed(const Error& error, std::string reason)
{
    const Error cause = error.code ? error : Error{Errc::TransportFailed, clixml::no_offset, ""};
    break_pool(cause, std::move(reason), false);
}

} // namespace psrp
