// SOAP faults of WinRM: what they say, and the table of the codes that have a name (fact sheet
// transports B15).
#pragma once

#include <clixml/result.hpp>
#include <psrp/wsman/errors.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace psrp::wsman {

enum class FaultSide : std::uint8_t {
    Sender,   // the request is at fault
    Receiver, // the service is
};

// The body of a fault. Texts are the peer's: for display only.
struct Fault {
    FaultSide side = FaultSide::Receiver;
    std::string subcode;           // local name, "TimedOut"; empty where there is none
    std::string subcode_namespace; // its namespace
    std::string reason;            // s:Reason/s:Text
    std::string reason_language = "en-US";
    std::string detail; // w:FaultDetail, an address; empty where there is none
    // f:WSManFault: 0 where there is none.
    std::uint32_t code = 0;
    std::string machine;
    std::string message; // f:Message, or that of the innermost provider
    // f:ProviderFault, where the message holds one.
    std::string provider;
    std::string provider_path;
    // The WSManFault inside of it; 0 where there is none.
    std::uint32_t provider_code = 0;
    std::string provider_machine;
    // Where code is RedirectRequested's: the new address.
    std::string redirect_location;

    friend bool operator==(const Fault&, const Fault&) = default;
};

enum class Retry : std::uint8_t {
    No,
    Create, // a Create may be tried again (transports B18)
};

// One code that has a name.
struct FaultRow {
    std::uint32_t code;        // unsigned, as it travels
    Errc error;                // our name for it
    std::string_view error_id; // PowerShell's name, FullyQualifiedErrorId without its suffix
    Retry retry;
    std::string_view subcode; // what a service writes with it: local name in the wsman namespace
    std::string_view message; // what a service writes
    std::string_view advice;  // one sentence for people; may be empty
};

// All rows, in the order of the fact sheet; codes are unique.
std::span<const FaultRow> fault_rows();
// Null where the code has no row.
const FaultRow* find_fault_row(std::uint32_t code);
// The first row of `error`, which must be one of the faults.
const FaultRow& fault_row(Errc error);

// What is wrong according to a fault: by its code, else its subcode, else FaultReceived.
Errc error_of(const Fault& fault);

// PowerShell's FullyQualifiedErrorId: the name of the code, or the code itself, and
// ",PSSessionStateBroken".
std::string error_id_of(const Fault& fault);

// For people: the service's own words, the advice of the table and the code.
std::string text_of(const Fault& fault);

// A fault as our server writes it. `message` overrides that of the table.
Fault make_fault(Errc error, std::string_view machine = {}, std::string_view message = {});

// A failure as the exchanges report it.
struct Failure {
    clixml::Error error;
    std::string reason;   // for people; may hold words of the peer
    std::string error_id; // PowerShell's name for it
    std::optional<Fault> fault;
};

} // namespace psrp::wsman
