// The states of the session key, client and server (fact sheet psrp 8.1, 8.2, 11;
// MS-PSRP 3.1.5.4.3-.5, 3.2.5.4.3-.5). PowerShell folds them into the states of the session; here
// they are a machine of their own, because they hold nothing else up.
#pragma once

#include <psrp/protocol/transitions.hpp>

#include <cstdint>

namespace psrp {

enum class KeyState : std::uint8_t {
    Absent,
    Local,     // server: made for what it writes; the client has yet to ask for it
    Requested, // PUBLIC_KEY_REQUEST has been sent or received
    Sent,      // client: PUBLIC_KEY is on its way, ENCRYPTED_SESSION_KEY not yet here
    Received,  // server: PUBLIC_KEY is here, the answer not yet on its way
    Exchanged,
    Failed, // the peer never answered
};

enum class KeyEvent : std::uint8_t {
    Make,       // server: a key is needed for what is written to a client that can ask for it
    Request,    // PUBLIC_KEY_REQUEST
    SendKey,    // client: PUBLIC_KEY; server: ENCRYPTED_SESSION_KEY
    ReceiveKey, // client: ENCRYPTED_SESSION_KEY; server: PUBLIC_KEY
    TimeOut,    // the owner's clock says so
};

using KeyTransition = Transition<KeyState, KeyEvent>;

// An ENCRYPTED_SESSION_KEY in other states than Sent was not asked for and is dropped.
inline constexpr std::array<KeyTransition, 9> client_key_transitions{{
    {KeyState::Absent, KeyEvent::Request, KeyState::Requested},
    {KeyState::Absent, KeyEvent::SendKey, KeyState::Sent},
    {KeyState::Requested, KeyEvent::SendKey, KeyState::Sent},
    {KeyState::Sent, KeyEvent::Request, KeyState::Sent}, // what it asks for is on its way
    {KeyState::Sent, KeyEvent::ReceiveKey, KeyState::Exchanged},
    {KeyState::Sent, KeyEvent::TimeOut, KeyState::Failed},
    // A server may ask again, and gets the same key to encrypt for.
    {KeyState::Exchanged, KeyEvent::Request, KeyState::Requested},
    {KeyState::Requested, KeyEvent::Request, KeyState::Requested},
    {KeyState::Requested, KeyEvent::TimeOut, KeyState::Failed},
}};

// A client that sends another PUBLIC_KEY is answered again, with the same session key. One that is
// no key changes nothing: what waits goes on waiting.
inline constexpr std::array<KeyTransition, 12> server_key_transitions{{
    {KeyState::Absent, KeyEvent::Make, KeyState::Local},
    {KeyState::Absent, KeyEvent::Request, KeyState::Requested},
    {KeyState::Absent, KeyEvent::ReceiveKey, KeyState::Received},
    {KeyState::Local, KeyEvent::ReceiveKey, KeyState::Received},
    {KeyState::Requested, KeyEvent::Request, KeyState::Requested}, // one request is enough
    {KeyState::Requested, KeyEvent::Make, KeyState::Requested},    // what is read still waits
    {KeyState::Requested, KeyEvent::ReceiveKey, KeyState::Received},
    {KeyState::Requested, KeyEvent::TimeOut, KeyState::Failed},
    {KeyState::Received, KeyEvent::SendKey, KeyState::Exchanged},
    {KeyState::Exchanged, KeyEvent::ReceiveKey, KeyState::Received},
    {KeyState::Exchanged, KeyEvent::Make, KeyState::Exchanged},
    {KeyState::Local, KeyEvent::Make, KeyState::Local},
}};

using ClientKeyMachine = Machine<client_key_transitions, KeyState, KeyEvent, KeyState::Absent>;
using ServerKeyMachine = Machine<server_key_transitions, KeyState, KeyEvent, KeyState::Absent>;

} // namespace psrp
