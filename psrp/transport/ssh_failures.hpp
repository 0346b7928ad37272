// What ssh's last words mean: which step towards the server failed (fact sheet transports A6, D 24,
// 25). Pure.
#pragma once

#include <psrp/transport/errors.hpp>

#include <span>
#include <string>
#include <string_view>

namespace psrp {

// Why ssh has ended before the session was closed.
struct SshFailure {
    TransportErrc code = TransportErrc::SshTerminated;
    // What to do about it, a sentence; empty where nothing is known.
    std::string_view advice = {};
    // The line that says so, borrowed from the lines; empty where none does.
    std::string_view line = {};
};

// Looks through the lines that ssh wrote on standard error for the one that tells most. ssh knows
// no other language than English. Where no line says why, or the server had answered already, the
// code is SshTerminated.
SshFailure explain_ssh_end(std::span<const std::string> lines, bool had_answered);

} // namespace psrp
