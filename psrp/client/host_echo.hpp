// HostEcho: tells the calls of our host that only repeat a record. A server whose client has a host
// says twice what Write-Host, Write-Warning and their like write (fact sheet psrp 10).
#pragma once

#include <psrp/protocol/events.hpp>

#include <optional>
#include <string>

namespace psrp {

// For one pipeline whose records are shown. PowerShell and the embedded endpoint make the call
// right behind the record.
class HostEcho {
public:
    // Takes each event of the pipeline. Whether it is a call that shows what the record just before
    // it has shown already.
    bool repeats(const ClientEvent& event);

private:
    struct Shown {
        std::optional<InformationalKind> kind; // nothing: an information record
        std::string text;                      // printable
    };

    std::optional<Shown> before_; // the record that was the last event
};

} // namespace psrp
