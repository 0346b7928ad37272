// The states of a runspace pool, client and server (fact sheet psrp 9.1, 9.2;
// MS-PSRP 3.1.1.3, 3.2.1.3).
#pragma once

#include <psrp/protocol/messages/negotiation.hpp>
#include <psrp/protocol/transitions.hpp>

#include <cstdint>

namespace psrp {

enum class PoolEvent : std::uint8_t {
    Open,           // client: open(); server: INIT_RUNSPACEPOOL
    Accept,         // server: the owner accepts the pool; client: the server says Opened
    Break,          // the peer, the transport, or the server's owner broke it
    Close,          // close() of either side, or the peer's wish
    CloseCompleted, // the session's channel is closed
    Connect,        // client: connect() to a pool that another client has left
    Disconnect,     // client: disconnect(); server: the client has disconnected
    Disconnected,   // client: the transport has done it, asked or not
    DisconnectFailed,
    Reconnect, // client: reconnect(); server: this client or another one is back
};

using PoolTransition = Transition<RunspacePoolState, PoolEvent>;

inline constexpr std::array<PoolTransition, 27> client_pool_transitions{{
    {RunspacePoolState::BeforeOpen, PoolEvent::Open, RunspacePoolState::Opening},
    {RunspacePoolState::BeforeOpen, PoolEvent::Close, RunspacePoolState::Closed},
    {RunspacePoolState::Opening, PoolEvent::Accept, RunspacePoolState::Opened},
    {RunspacePoolState::Opening, PoolEvent::Break, RunspacePoolState::Broken},
    {RunspacePoolState::Opening, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Opening, PoolEvent::CloseCompleted, RunspacePoolState::Closed},
    {RunspacePoolState::Opened, PoolEvent::Break, RunspacePoolState::Broken},
    {RunspacePoolState::Opened, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Opened, PoolEvent::CloseCompleted, RunspacePoolState::Closed},
    {RunspacePoolState::Closing, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Closing, PoolEvent::CloseCompleted, RunspacePoolState::Closed},
    // What was to be closed is gone: that is no failure any more.
    {RunspacePoolState::Closing, PoolEvent::Break, RunspacePoolState::Closed},
    {RunspacePoolState::Closed, PoolEvent::Close, RunspacePoolState::Closed},
    {RunspacePoolState::BeforeOpen, PoolEvent::Connect, RunspacePoolState::Connecting},
    {RunspacePoolState::Connecting, PoolEvent::Accept, RunspacePoolState::Opened},
    {RunspacePoolState::Connecting, PoolEvent::Break, RunspacePoolState::Broken},
    {RunspacePoolState::Connecting, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Connecting, PoolEvent::CloseCompleted, RunspacePoolState::Closed},
    {RunspacePoolState::Opened, PoolEvent::Disconnect, RunspacePoolState::Disconnecting},
    {RunspacePoolState::Opened, PoolEvent::Disconnected, RunspacePoolState::Disconnected},
    {RunspacePoolState::Disconnecting, PoolEvent::Disconnected, RunspacePoolState::Disconnected},
    {RunspacePoolState::Disconnecting, PoolEvent::DisconnectFailed, RunspacePoolState::Opened},
    {RunspacePoolState::Disconnecting, PoolEvent::Break, RunspacePoolState::Broken},
    {RunspacePoolState::Disconnecting, PoolEvent::CloseCompleted, RunspacePoolState::Closed},
    {RunspacePoolState::Disconnected, PoolEvent::Reconnect, RunspacePoolState::Connecting},
    {RunspacePoolState::Disconnected, PoolEvent::Break, RunspacePoolState::Broken},
    {RunspacePoolState::Disconnected, PoolEvent::Close, RunspacePoolState::Closing},
}};

inline constexpr std::array<PoolTransition, 13> server_pool_transitions{{
    {RunspacePoolState::BeforeOpen, PoolEvent::Open, RunspacePoolState::Opening},
    {RunspacePoolState::BeforeOpen, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Opening, PoolEvent::Accept, RunspacePoolState::Opened},
    {RunspacePoolState::Opening, PoolEvent::Break, RunspacePoolState::Broken},
    {RunspacePoolState::Opening, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Opened, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Closing, PoolEvent::Close, RunspacePoolState::Closing},
    {RunspacePoolState::Closing, PoolEvent::CloseCompleted, RunspacePoolState::Closed},
    {RunspacePoolState::Broken, PoolEvent::Close, RunspacePoolState::Broken},
    {RunspacePoolState::Broken, PoolEvent::CloseCompleted, RunspacePoolState::Broken},
    {RunspacePoolState::Opened, PoolEvent::Disconnect, RunspacePoolState::Disconnected},
    {RunspacePoolState::Disconnected, PoolEvent::Reconnect, RunspacePoolState::Opened},
    {RunspacePoolState::Disconnected, PoolEvent::Close, RunspacePoolState::Closing},
}};

using ClientPoolMachine =
    Machine<client_pool_transitions, RunspacePoolState, PoolEvent, RunspacePoolState::BeforeOpen>;
using ServerPoolMachine =
    Machine<server_pool_transitions, RunspacePoolState, PoolEvent, RunspacePoolState::BeforeOpen>;

} // namespace psrp
