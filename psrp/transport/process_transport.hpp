// A server that is a child of this process: `pwsh -s`, or any program that speaks the framing on
// its standard streams (fact sheet transports A6, A8). POSIX.
#pragma once

#include <psrp/transport/child_process.hpp>
#include <psrp/transport/outofproc_transport.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// What a transport with a child allows and how long it waits.
struct ChildTransportLimits {
    OutOfProcTransportLimits stream = {};
    // Bytes of one line of standard error; the rest of a longer one starts a new line.
    std::size_t error_line_bytes_max = 4096;
    // Lines of standard error that are kept for the failure text.
    std::size_t error_lines_max = 20;
    // How long a child whose output has ended may take to end by itself, so that its exit code can
    // be told.
    std::chrono::milliseconds exit_wait{2000};
    // What happens to the child when this process is killed.
    ParentLoss parent_loss = ParentLoss::Ignore;
    // close(): from the end of the child's input to SIGTERM, and from there to SIGKILL.
    std::chrono::milliseconds terminate_wait{1000};
    std::chrono::milliseconds kill_wait{2000};
};

// What the transports with a child have in common: the child, its standard error, its end. The
// child is gone when this object is.
class ChildTransport : public OutOfProcTransport {
public:
    void close() override;
    void kill() override;
    [[nodiscard]] bool is_finished() const override;

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

    // The process id of the child, 0 once it has been reaped.
    [[nodiscard]] pid_t child_id() const { return child_.id(); }
    // How the child ended; nothing while it runs.
    [[nodiscard]] std::optional<ExitStatus> exit_status() const { return exit_status_; }

protected:
    explicit ChildTransport(ChildTransportLimits limits);

    Result<void> start(ChildProgram program);
    void on_input_end() override;
    [[nodiscard]] std::string stray_text_advice() const override;
    // A line the child wrote on standard error, borrowed for the call. It has been kept already.
    virtual void on_error_line(std::string_view line) = 0;
    // The error for a child that ended before the session was closed, and its sentence for the
    // user.
    [[nodiscard]] virtual clixml::Error end_error() const = 0;
    [[nodiscard]] virtual std::string end_text() const = 0;
    // The last lines of standard error, joined by line feeds.
    [[nodiscard]] std::string error_lines() const;
    [[nodiscard]] const std::vector<std::string>& kept_error_lines() const { return error_lines_; }
    // " (exit code 1)", or the signal; empty while it runs.
    [[nodiscard]] std::string exit_text() const;

private:
    void read_error_output();
    void take_error_lines(bool at_end);
    void keep_error_line(std::string_view line);
    void check_exit(Clock::time_point now);
    void on_exit(ExitStatus status);

    ChildTransportLimits limits_;
    ChildProcess child_;
    std::string error_text_; // standard error not yet split into lines
    std::vector<std::string> error_lines_;
    std::optional<ExitStatus> exit_status_;
    std::optional<Clock::time_point> check_at_; // when to look whether the child has ended
    std::optional<Clock::time_point> terminate_at_;
    std::optional<Clock::time_point> kill_at_;
    Clock::time_point error_ended_at_ = {}; // set once standard error has ended
    bool had_bytes_ = false;                // since the last check
};

// The command line of a PowerShell server (A8).
struct PwshOptions {
    std::string program = "pwsh";
    bool windows_powershell = false;   // adds -Version 5.1, which powershell.exe needs
    std::string directory = {};        // -wd; empty = where this process is
    std::string initialization_script; // UTF-8; run by the server before it serves
};

// Program and arguments in the reference's order: [-Version 5.1] -s -NoLogo -NoProfile [-wd dir]
// [-EncodedCommand x].
std::vector<std::string> pwsh_arguments(const PwshOptions& options = {});

// What a line of a child's standard error means.
enum class ErrorLines {
    // The end of the session: `pwsh -s` writes there what it cannot go on after.
    Break,
    // A message for people: wrappers such as container engines warn and go on.
    PassOn,
};

// How a child is run as a server.
struct ProcessOptions {
    std::vector<std::string> arguments = pwsh_arguments(); // as ChildProgram's
    ErrorLines error_lines = ErrorLines::Break;
    // Gets each line that is passed on, borrowed for the call. Must not call back into the
    // transport.
    std::function<void(std::string_view)> on_error_line = {};
    InterruptShield interrupt_shield = InterruptShield::OwnGroup;
    ChildTransportLimits limits = {};
};

// A Transport to a child. Whatever the child writes on standard error breaks the session with that
// text, unless ErrorLines says otherwise.
class ProcessTransport final : public ChildTransport {
public:
    // Starts `arguments` (the program first, looked up on PATH unless it holds a slash). Errors:
    // ProgramNotFound; the errno value of what failed.
    static Result<std::unique_ptr<ProcessTransport>>
    start(std::vector<std::string> arguments = pwsh_arguments(), ChildTransportLimits limits = {});
    static Result<std::unique_ptr<ProcessTransport>> start(ProcessOptions options);

private:
    explicit ProcessTransport(ProcessOptions options);

    void on_error_line(std::string_view line) override;
    [[nodiscard]] clixml::Error end_error() const override;
    [[nodiscard]] std::string end_text() const override;
    [[nodiscard]] std::string stray_text_advice() const override;

    ProcessOptions options_;
};

} // namespace psrp
