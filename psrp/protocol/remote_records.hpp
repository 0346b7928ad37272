// Errors as the caller of a remote pipeline sees them: RemotingErrorRecord, which keeps everything
// of the server's record and says where it came from (fact sheet psrp 15.2, 6.12).
#pragma once

#include <clixml/guid.hpp>
#include <psrp/protocol/records.hpp>

#include <string_view>

namespace psrp {

// System.Management.Automation.Remoting.OriginInfo.
struct OriginInfo {
    std::string_view computer_name;
    clixml::Guid runspace_id;
    clixml::Guid instance_id; // zero where PowerShell has none either
};

// An ErrorRecord with its origin. Category, id, target, details and script stack trace are those
// of `record`; the exception is a RemoteException whose Message is remote_message().
struct RemoteErrorRecord {
    ErrorRecord record;
    OriginInfo origin;

    // The message of the server's exception (psrp 6.12), which is what the RemoteException says.
    [[nodiscard]] std::string_view remote_message() const { return record.message(); }
    // Whether the server's script used `throw`: from a single target such an error ends the
    // caller's statement too.
    [[nodiscard]] bool was_thrown() const;
};

// The record of what a server has sent. Texts of `origin` are copied into `arena`.
RemoteErrorRecord with_origin(const ErrorRecord& record, const OriginInfo& origin, Arena& arena);

// The object that PowerShell's client holds: an ErrorRecord under the name of RemotingErrorRecord,
// with its exception as a RemoteException and the notes PSComputerName, RunspaceId and
// OriginInfo. In `arena`.
Value encode_remote_error_record(const RemoteErrorRecord& error, Arena& arena);

} // namespace psrp
