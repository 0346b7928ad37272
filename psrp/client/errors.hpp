// What can go wrong in a session as its user sees it, beside the errors of the layers below.
#pragma once

#include <system_error>

namespace psrp {

enum class ClientErrc {
    // Environment: the session did not open within SessionOptions::open_timeout.
    OpenTimedOut = 1,
    // Environment: the pipeline did not stop within SessionOptions::stop_timeout.
    StopTimedOut,
    // Environment: the session did not close within SessionOptions::close_timeout.
    CloseTimedOut,
    // Peer: the server closed the session although nobody asked for it.
    ClosedByServer,
    // Environment: the connection ended when an object had arrived only in part.
    CutInObject,
    // Caller: the session has ended or has not been opened.
    NotOpen,
    // Caller: a script file cannot be read, or is no text.
    ScriptFileUnreadable,
    // Environment: the host cannot or will not do what the server asks for.
    HostRefused,
    // Caller: a $using: variable of a script has no value here, or not the member asked for.
    UsingUndefined,
    // Caller: a $using: expression that cannot be sent: one that is not closed, or has calls in it.
    UsingInvalid,
};

// The category of ClientErrc.
const std::error_category& client_error_category();

// Makes ClientErrc usable wherever a std::error_code is expected.
inline std::error_code make_error_code(ClientErrc code)
{
    return {static_cast<int>(code), client_error_category()};
}

} // namespace psrp

template <>
struct std::is_error_code_enum<psrp::ClientErrc> : std::true_type {
};
