// A client that is answered by a child process, such as `pwsh -s`: lines are passed on as they are,
// in both directions. Fact sheet transports A1, A5, A6.
#pragma once

#include <psrp/server/connection.hpp>
#include <psrp/transport/child_process.hpp>

#include <memory>
#include <string>
#include <vector>

namespace psrp::server {

// What one bridge holds at most, and how long it waits.
struct BridgeLimits {
    // Bytes that wait in each direction; above it the one who sends them has to wait.
    std::size_t waiting_bytes_max = std::size_t{256} << 10;
    // Bytes of the child's standard error that are kept for the client.
    std::size_t error_bytes_max = 4096;
    // From the end of the child's input to SIGTERM, and from there to SIGKILL.
    std::chrono::milliseconds terminate_wait{5000};
    std::chrono::milliseconds kill_wait{2000};
};

struct BridgeOptions {
    std::vector<std::string> command; // the program first, looked up on PATH
    BridgeLimits limits = {};
    ConnectionOptions connection = {};
};

// The connection lives as long as the child: its end is told to the client as an error line, if it
// came first, and the client's end is told to it by the end of its input.
class BridgeSession final : public Connection {
public:
    // Starts the child. The descriptors are made non-blocking. Errors: ProgramNotFound; the errno
    // value of what failed.
    static Result<std::unique_ptr<BridgeSession>>
    start(ClientStream stream, const BridgeOptions& options);

    void end() override;
    [[nodiscard]] bool is_over() const override;
    // That of the child.
    [[nodiscard]] int exit_code() const override { return exit_code_; }
    [[nodiscard]] pid_t child_id() const { return child_.id(); }

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    // One direction: what was read and waits to be written.
    struct Relay {
        OutputBuffer waiting;
        bool has_ended = false; // nothing more is read
        char last = '\n';       // byte passed on
    };

    BridgeSession(ClientStream stream, BridgeOptions options);

    void read_from_client();
    void read_from_child();
    void read_error_output();
    void write_to_client();
    void write_to_child();
    void count_commands(std::string_view text, bool from_client);
    void log_passed(std::string_view direction, std::string_view text) const;
    void on_client_gone();
    void on_child_silent();
    void tell_end();
    void check_exit(Clock::time_point now);
    void await_exit();
    [[nodiscard]] bool has_room(const Relay& relay) const;

    ClientStream stream_;
    bool watches_output_; // its reader may go before the input ends
    BridgeOptions options_;
    ChildProcess child_;
    Relay to_child_;
    Relay to_client_;
    std::string scratch_;
    std::string error_text_;
    bool client_is_gone_ = false; // it takes nothing any more
    bool end_was_asked_ = false;  // by the client or by us
    std::size_t open_commands_ = 0;
    std::string client_line_; // beginnings of the lines that pass
    std::string child_line_;
    int exit_code_ = 0;
    bool is_reaped_ = false;
    Clock::time_point last_activity_;
    std::optional<Clock::time_point> check_at_;
    std::optional<Clock::time_point> terminate_at_;
    std::optional<Clock::time_point> kill_at_;
};

} // namespace psrp::server
