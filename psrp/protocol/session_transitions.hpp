// The states of a session (fact sheet psrp 8; MS-PSRP 3.1.1.2, 3.2.1.2). The key exchange is a
// machine of its own (key_transitions.hpp).
#pragma once

#include <psrp/protocol/transitions.hpp>

#include <cstdint>

namespace psrp {

enum class SessionState : std::uint8_t {
    Idle,
    NegotiationSent,     // client: our capability is on its way
    NegotiationPending,  // server: waiting for the client's
    NegotiationReceived, // the peer's capability is being looked at
    Established,
    ClosingConnection,
    Closed,
    Disconnecting, // client, as the next two
    Disconnected,
    Reconnecting,
};

enum class SessionEvent : std::uint8_t {
    Open, // client: create the session; server: a client may talk to us
    CapabilityReceived,
    Accept, // the versions are good
    Close,  // wanted by either side, or by a failure
    CloseCompleted,
    Disconnect,   // the action is handed out
    Disconnected, // the transport has done it, asked or not
    DisconnectFailed,
    Reconnect,
    Reconnected,
};

using SessionTransition = Transition<SessionState, SessionEvent>;

inline constexpr std::array<SessionTransition, 23> client_session_transitions{{
    {SessionState::Idle, SessionEvent::Open, SessionState::NegotiationSent},
    {SessionState::NegotiationSent,
     SessionEvent::CapabilityReceived,
     SessionState::NegotiationReceived},
    {SessionState::NegotiationReceived, SessionEvent::Accept, SessionState::Established},
    {SessionState::Idle, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::NegotiationSent, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::NegotiationReceived, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::Established, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::ClosingConnection, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::ClosingConnection, SessionEvent::CloseCompleted, SessionState::Closed},
    // The server may close by itself, or the connection end.
    {SessionState::NegotiationSent, SessionEvent::CloseCompleted, SessionState::Closed},
    {SessionState::Established, SessionEvent::CloseCompleted, SessionState::Closed},
    {SessionState::Closed, SessionEvent::CloseCompleted, SessionState::Closed},
    {SessionState::Established, SessionEvent::Disconnect, SessionState::Disconnecting},
    {SessionState::Established, SessionEvent::Disconnected, SessionState::Disconnected},
    {SessionState::Disconnecting, SessionEvent::Disconnected, SessionState::Disconnected},
    {SessionState::Disconnecting, SessionEvent::DisconnectFailed, SessionState::Established},
    {SessionState::Disconnecting, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::Disconnecting, SessionEvent::CloseCompleted, SessionState::Closed},
    {SessionState::Disconnected, SessionEvent::Reconnect, SessionState::Reconnecting},
    {SessionState::Disconnected, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::Reconnecting, SessionEvent::Reconnected, SessionState::Established},
    {SessionState::Reconnecting, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::Reconnecting, SessionEvent::CloseCompleted, SessionState::Closed},
}};

inline constexpr std::array<SessionTransition, 9> server_session_transitions{{
    {SessionState::Idle, SessionEvent::Open, SessionState::NegotiationPending},
    {SessionState::NegotiationPending,
     SessionEvent::CapabilityReceived,
     SessionState::NegotiationReceived},
    {SessionState::NegotiationReceived, SessionEvent::Accept, SessionState::Established},
    {SessionState::Idle, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::NegotiationPending, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::NegotiationReceived, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::Established, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::ClosingConnection, SessionEvent::Close, SessionState::ClosingConnection},
    {SessionState::ClosingConnection, SessionEvent::CloseCompleted, SessionState::Closed},
}};

using ClientSessionMachine =
    Machine<client_session_transitions, SessionState, SessionEvent, SessionState::Idle>;
using ServerSessionMachine =
    Machine<server_session_transitions, SessionState, SessionEvent, SessionState::Idle>;

} // namespace psrp
