// `psrp session` for the sessions of this user: opened by `new`, held by a process each.
#pragma once

#include <psrp/icm/options.hpp>
#include <psrp/icm/session_records.hpp>

#include <optional>

namespace icm {

// Opens the session, or takes up the one of the record, puts its holder behind this process and
// prints what it is. Gives the exit code.
int open_session(
    const SessionCommand& command,
    const std::string& name,
    const Options& options,
    const std::optional<SessionRecord>& left
);

// Prints the sessions of this user, those left to servers among them.
int list_sessions(const SessionCommand& command);

// Whether a holder has this session, or had it and has left its socket.
bool has_holder(const std::string& name);

// Ends the session, or leaves it to its server. Gives the exit code.
int end_session(const SessionCommand& command, const std::string& name);

} // namespace icm
