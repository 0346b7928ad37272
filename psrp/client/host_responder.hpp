// HostResponder: answers what a server asks of our host, safely (fact sheet psrp 10).
#pragma once

#include <psrp/client/host.hpp>
#include <psrp/protocol/host_call.hpp>
#include <psrp/protocol/messages/negotiation.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace psrp {

// The HostInfo that fits such a console (psrp 10.4).
HostInfo host_info_for(HostConsole& console);

// Decodes calls, makes them safe, has a host carry them out, and encodes what came of it. Not
// thread-safe.
class HostResponder {
public:
    // `console` is borrowed; a ConsoleHost answers.
    explicit HostResponder(HostConsole& console)
        : own_host_(std::make_unique<ConsoleHost>(console)), host_(*own_host_)
    {
    }
    // `host` is borrowed.
    explicit HostResponder(Host& host) : host_(host) {}

    // Carries the call out. `computer_name` is who asks. Gives the response to send where one is
    // expected; its values live in `arena`. Calls that the host cannot answer get an error; void
    // ones that fail leave it in last_failure().
    std::optional<HostResponse>
    respond(const HostCall& call, Arena& arena, std::string_view computer_name = {});

    // Why the last call of respond() was not carried out although nobody waits for its answer:
    // PowerShell's RemoteHostCallFailed. Lives in the arena of that call.
    [[nodiscard]] const std::optional<ErrorRecord>& last_failure() const { return last_failure_; }

    // Exit code of the last SetShouldExit, which asks us to end the session.
    [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }

private:
    Result<HostValue> carry_out(const HostCall& call, std::string_view computer_name, Arena& arena);

    std::unique_ptr<ConsoleHost> own_host_;
    Host& host_;
    std::optional<ErrorRecord> last_failure_;
    std::optional<int> exit_code_;
};

} // namespace psrp
