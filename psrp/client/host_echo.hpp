// HostEcho: tells the calls of our host that only repeat a record. A server whose client has a host
// says twice what Write-Host, Write-Warning and their like write (fact sheet psrp 10).
#pragma once

#include <psrp/protocol/host_call.hpp>
#include <psrp/protocol/records.hpp>

#include <optional>
#include <string>

namespace psrp {

// For one pipeline. PowerShell and the embedded endpoint make the call right behind the record.
class HostEcho {
public:
    // A record of a stream that is shown.
    void on_record(const InformationalRecord& record);
    void on_record(const InformationRecord& record);
    // Anything else came.
    void on_other() { expected_.reset(); }
    // Whether the call shows what the record before it has shown already.
    bool is_echo(const HostCall& call);

private:
    enum class Kind {
        Debug,
        Verbose,
        Warning,
        Text,
    };
    struct Expected {
        Kind kind;
        std::string text; // printable
    };

    std::optional<Expected> expected_;
};

} // namespace psrp
