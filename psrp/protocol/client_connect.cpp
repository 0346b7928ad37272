// Disconnect, reconnect, and connect to a pool that another client has left (fact sheet psrp 12;
// MS-PSRP 3.1.4.4, 3.1.4.10, 3.1.4.11).
#include <fragmenter/errors.hpp>
#include <fragmenter/splitter.hpp>
#include <psrp/protocol/detail/client_pool_impl.hpp>
#include <psrp/protocol/versions.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

using clixml::Error;
using clixml::failure;
using detail::ClientChannel;

Result<void> ClientPool::Impl::disconnect()
{
    if (pool_machine.state() != RunspacePoolState::Opened) return failure(Errc::InvalidState);
    if (!supports(protocol_version, Feature::Disconnection))
        return failure(Errc::UnsupportedByPeer, clixml::no_offset, "disconnection");
    PSRP_CHECK(pool_machine.fire(PoolEvent::Disconnect));
    disconnect_was_requested = true;
    return {};
}

bool ClientPool::Impl::is_sending() const
{
    return session.sends_outstanding > 0 ||
           std::any_of(pipelines.begin(), pipelines.end(), [](const auto& entry) {
               return entry.second.channel.sends_outstanding > 0;
           });
}

// Whether the time for the action has come: nothing is being sent and no key is waited for.
bool ClientPool::Impl::begin_disconnect()
{
    if (!disconnect_was_requested || is_waiting_for_key() || is_sending()) return false;
    if (!session_machine.fire(SessionEvent::Disconnect)) return false;
    disconnect_was_requested = false;
    return true;
}

// While a disconnect is due only the key exchange goes on; without a connection nothing does.
bool ClientPool::Impl::may_send(const Guid& id) const
{
    switch (session_machine.state()) {
    case SessionState::Disconnecting:
    case SessionState::Disconnected:
    case SessionState::Reconnecting:
        return false;
    case SessionState::Idle:
    case SessionState::NegotiationSent:
    case SessionState::NegotiationPending:
    case SessionState::NegotiationReceived:
    case SessionState::Established:
    case SessionState::ClosingConnection:
    case SessionState::Closed:
        break;
    }
    return !disconnect_was_requested || (is_waiting_for_key() && id.is_zero());
}

void ClientPool::Impl::disconnected()
{
    if (!pool_machine.fire(PoolEvent::Disconnected)) return;
    (void)session_machine.fire(SessionEvent::Disconnected); // the pool's table has decided
    disconnect_was_requested = false;
    session.sends_outstanding = 0;
    for (auto& [id, pipeline] : pipelines) {
        (void)pipeline.machine.fire(PipelineEvent::Disconnect); // those that run
        pipeline.channel.sends_outstanding = 0;
    }
    events.emplace_back(PoolDisconnected{});
}

void ClientPool::Impl::disconnect_failed(const Error& error)
{
    if (!pool_machine.fire(PoolEvent::DisconnectFailed)) return;
    (void)session_machine.fire(SessionEvent::DisconnectFailed); // the pool's table has decided
    disconnect_was_requested = false;
    events.emplace_back(DisconnectFailed{error});
}

Result<void> ClientPool::Impl::reconnect()
{
    if (pool_machine.state() != RunspacePoolState::Disconnected) return failure(Errc::InvalidState);
    PSRP_CHECK(session_machine.fire(SessionEvent::Reconnect));
    PSRP_CHECK(pool_machine.fire(PoolEvent::Reconnect));
    actions.emplace_back(Reconnect{session_channel});
    return {};
}

// The session first, its commands after it.
void ClientPool::Impl::reconnected(const Guid& id)
{
    const auto start_anew = [&](ClientChannel& channel, std::uint64_t bytes_max) {
        channel.reassembler = fragmenter::Reassembler({options.limits.object_bytes_max, bytes_max});
        channel.is_off_sync = true;
    };
    if (!id.is_zero()) {
        const auto found = pipelines.find(id);
        if (found == pipelines.end()) return;
        start_anew(found->second.channel, options.limits.command_bytes_max);
        (void)found->second.machine.fire(PipelineEvent::Reconnect); // unless it is being stopped
        return;
    }
    if (session_machine.state() != SessionState::Reconnecting) return;
    if (!pool_machine.fire(PoolEvent::Accept)) return;
    (void)session_machine.fire(SessionEvent::Reconnected); // looked at above
    start_anew(session, UINT64_MAX);
    for (const auto& [pipeline_id, pipeline] : pipelines) {
        if (!is_terminal(pipeline.machine.state())) actions.emplace_back(Reconnect{pipeline_id});
    }
    events.emplace_back(PoolReconnected{});
}

void ClientPool::Impl::reconnect_failed(const Error& error, std::string reason)
{
    if (session_machine.state() != SessionState::Reconnecting) return;
    break_pool(error, std::move(reason), true);
}

// connectXml: the two messages as fragments, outside any stream (psrp 12).
Result<void> ClientPool::Impl::connect(const ConnectRunspacePool& counts)
{
    if (pool_machine.state() != RunspacePoolState::BeforeOpen) return failure(Errc::InvalidState);
    if (options.runspace_pool_id.is_zero())
        return failure(Errc::InvalidArgument, clixml::no_offset, "runspace_pool_id");
    if (!supports(options.protocol_version, Feature::Disconnection))
        return failure(Errc::UnsupportedByPeer, clixml::no_offset, "disconnection");
    Arena arena;
    SessionCapability capability;
    capability.protocol_version = options.protocol_version;
    PSRP_TRY(
        const auto first,
        make_message(
            MessageType::SessionCapability, {}, encode_session_capability(capability, arena)
        )
    );
    PSRP_TRY(
        const auto second,
        make_message(
            MessageType::ConnectRunspacePool, {}, encode_connect_runspace_pool(counts, arena)
        )
    );
    PSRP_CHECK(session_machine.fire(SessionEvent::Open));
    PSRP_CHECK(pool_machine.fire(PoolEvent::Connect));
    Connect action{session_channel, {}};
    for (const auto* message : {&first, &second}) {
        fragmenter::append_fragments(
            message->bytes(), ++last_object_id, options.limits.fragment_bytes_max, action.request
        );
    }
    actions.emplace_back(std::move(action));
    return {};
}

Result<void> ClientPool::Impl::connect_pipeline(const Guid& id)
{
    PSRP_CHECK(check_new_pipeline(id));
    auto& pipeline = pipelines.try_emplace(id, options.limits).first->second;
    PSRP_CHECK(pipeline.machine.fire(PipelineEvent::Start));
    pipeline.channel.is_off_sync = true;
    actions.emplace_back(Connect{id, {}});
    return {};
}

// MS-PSRP 3.1.5.4.27. PowerShell's server writes the two numbers in exchanged order.
Result<void> ClientPool::Impl::on_runspacepool_init_data(const Received& received)
{
    PSRP_TRY(const auto message, decode_runspace_pool_init_data(received.value, *received.memory));
    if (pool_machine.state() != RunspacePoolState::Connecting) return {}; // nobody asked for it
    options.runspaces_min = std::min(message.runspaces_min, message.runspaces_max);
    options.runspaces_max = std::max(message.runspaces_min, message.runspaces_max);
    has_init_data = true;
    open_connected_pool();
    return {};
}

// A pool that was connected to is open when both have come, in either order.
void ClientPool::Impl::open_connected_pool()
{
    if (!has_init_data || !has_private_data || session_machine.state() != SessionState::Established)
        return;
    if (pool_machine.state() != RunspacePoolState::Connecting) return;
    if (!pool_machine.fire(PoolEvent::Accept)) return;
    session.is_open = true;
    events.emplace_back(PoolOpened{});
}

// The next object of a channel; what stands before the first whole one after a connection was taken
// up is the rest of one that the former connection took.
Result<std::optional<fragmenter::ReceivedObject>>
ClientPool::Impl::next_object(ClientChannel& channel)
{
    for (;;) {
        auto object = channel.reassembler.next();
        if (object) {
            if (*object) channel.is_off_sync = false;
            return object;
        }
        const auto code = object.error().code;
        const bool is_rest =
            channel.is_off_sync && (code == fragmenter::Errc::ObjectIdsNotMatching ||
                                    code == fragmenter::Errc::FragmentIdsNotInSequence);
        if (!is_rest) return object;
    }
}

} // namespace psrp
