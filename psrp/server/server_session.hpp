// The embedded endpoint on a pair of file descriptors: the server half of a PSRP session with its
// runspace. Fact sheets transports A3, A5, A6; psrp 8.2, 9.2, 9.4.
#pragma once

#include <clixml/result.hpp>
#include <psrp/server/command.hpp>
#include <psrp/server/connection.hpp>
#include <psrp/server/limits.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace psrp::server {

// How failures of the connection itself are told to the client (fact sheet transports A6).
enum class ErrorStyle : std::uint8_t {
    ErrorLines,    // __NamedPipeError__: lines on the output: SSH subsystems, sockets
    StandardError, // text on standard error: child processes
};

// Exit code of a server process, however it ends: the low byte of PowerShell's 4000 (transports
// A5).
inline constexpr int server_exit_code = 160;

struct ServeOptions {
    ErrorStyle errors = ErrorStyle::ErrorLines;
    ServerLimits limits = {};
    // The commands that scripts may call; null: standard_commands(). Borrowed.
    const CommandTable* commands = nullptr;
    // Where texts go with ErrorStyle::StandardError. Borrowed.
    int error_descriptor = 2;
    ConnectionOptions connection = {};
};

// How serving ended.
struct ServeOutcome {
    int exit_code = server_exit_code; // what a server process should return
    clixml::Error error;              // why: TransportErrc::StreamEnded where the client has gone
    std::string text;                 // the same for people
};

// A client of the embedded endpoint on an event loop. Pipelines run one at a time on a thread of
// its own, so that the loop never waits for a script. Between them that thread reads the client's
// descriptor.
class ServerSession final : public Connection {
public:
    // The descriptors are made non-blocking. `options.commands` must be there and outlive this.
    // Error: the errno value, where no descriptors are left.
    static Result<std::unique_ptr<ServerSession>>
    start(ClientStream stream, const ServeOptions& options);
    ~ServerSession() override;

    void end() override;
    [[nodiscard]] bool is_over() const override;
    [[nodiscard]] int exit_code() const override { return outcome().exit_code; }
    [[nodiscard]] const ServeOutcome& outcome() const;

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    class Impl;

    explicit ServerSession(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

// Serves one client after another on the stream until its input ends: reads elements from `input`,
// writes to `output` (which may be the same socket). Blocks; may be called on any thread, several
// at once. The descriptors are borrowed and set non-blocking for the time. Pipelines run one at a
// time on a thread of its own; it is gone when the call returns.
ServeOutcome serve_on(int input, int output, const ServeOptions& options = {});

} // namespace psrp::server
