// A server reached through the system's ssh (fact sheet transports A6, A9). POSIX.
#pragma once

#include <psrp/transport/process_transport.hpp>
#include <psrp/transport/ssh_arguments.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace psrp {

// How ssh is run.
struct SshOptions {
    SshTarget target = {};
    // From the start of ssh to the first line of the server; nothing = for ever.
    std::optional<std::chrono::milliseconds> connecting_timeout = {};
    // Gets each non-empty line that ssh writes on standard error (banners, warnings, its own
    // failures), borrowed for the call. Must not call back into the transport.
    std::function<void(std::string_view)> on_error_line = {};
    ChildTransportLimits limits = {};
};

// A Transport over `ssh -s host subsystem`. What ssh writes on standard error is passed on and
// never fatal; if ssh ends early its last lines are in failure_text(). ssh may prompt on the
// terminal; Ctrl-C does not reach it.
class SshTransport final : public ChildTransport {
public:
    // Starts ssh, found on PATH only. Errors: those of ssh_arguments(); KeyFileNotFound;
    // ProgramNotFound; the errno value of what failed.
    static Result<std::unique_ptr<SshTransport>> start(SshOptions options);

    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    explicit SshTransport(SshOptions options);

    void on_error_line(std::string_view line) override;
    [[nodiscard]] clixml::Error end_error() const override;
    [[nodiscard]] std::string end_text() const override;
    [[nodiscard]] bool is_connected() const;
    [[nodiscard]] std::string with_error_lines(std::string text) const;

    SshOptions options_;
    std::optional<Clock::time_point> connect_until_;
};

} // namespace psrp
