// The client's half of the plain command shell, winrs: processes of a service, their input and
// output (fact sheet transports B1, B5-B10 with the resource .../windows/shell/cmd; MS-WSMV).
// Sans-IO.
#pragma once

#include <psrp/protocol/identifiers.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/server_exchange.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace psrp::wsman {

struct CommandShellOptions {
    std::string url;
    std::string working_directory; // empty: the user's
    std::vector<EnvironmentVariable> environment;
    std::optional<std::uint32_t> code_page; // 65001: UTF-8
    bool no_profile = false;
    std::optional<std::chrono::milliseconds> idle_timeout;
    std::string ui_culture = "en-US";
    std::string culture = "en-US";
    std::chrono::milliseconds operation_timeout{60000};
    std::uint32_t envelope_bytes_max = envelope_bytes_old;
    EnvelopeLimits limits = {};
};

struct ProcessOptions {
    std::string command_line;
    std::vector<std::string> arguments;
    bool skips_shell = false;  // WINRS_SKIP_CMD_SHELL
    bool console_input = true; // WINRS_CONSOLEMODE_STDIN; false: a pipe
};

struct CommandShellReady {};
struct ProcessStarted {
    Guid process;
};
struct ProcessOutput {
    Guid process;
    bool is_error = false; // stderr
    Bytes bytes;
};
// The input given last was taken; more may follow.
struct ProcessInputTaken {
    Guid process;
};
// The last event of the process.
struct ProcessEnded {
    Guid process;
    std::optional<std::uint32_t> exit_code;
};
// The process could not be started or its output cannot be received. Its last event.
struct ProcessFailed {
    Guid process;
    Failure failure;
};
// The shell is deleted, or was gone.
struct CommandShellGone {};
struct CommandShellFailed {
    Failure failure;
};

using CommandShellEvent = std::variant<
    CommandShellReady,
    ProcessStarted,
    ProcessOutput,
    ProcessInputTaken,
    ProcessEnded,
    ProcessFailed,
    CommandShellGone,
    CommandShellFailed>;

// One command shell. Requests and responses as in ClientExchange.
class CommandShell {
public:
    CommandShell(const CommandShellOptions& options, IdSource& ids); // `ids` is borrowed
    ~CommandShell();
    CommandShell(CommandShell&&) noexcept;
    CommandShell& operator=(CommandShell&&) noexcept;

    // Errors, which change nothing: ActionNotAllowed, DataTooBig.
    clixml::Result<void> open();
    // `process` names it in what follows; fresh and not zero.
    clixml::Result<void> start(const Guid& process, const ProcessOptions& options);
    // One piece at a time: the next after ProcessInputTaken.
    clixml::Result<void> write_input(const Guid& process, BytesView bytes, bool is_end);
    [[nodiscard]] std::size_t input_bytes_max() const;
    clixml::Result<void> signal(const Guid& process, ProcessSignal signal);
    // Deletes the shell and with it all processes. Harmless when closing already.
    void close();

    std::optional<OutgoingRequest> next_request();
    void on_response(std::uint64_t id, const HttpAnswer& answer);
    void on_failure(std::uint64_t id, const clixml::Error& error, std::string reason);
    std::optional<CommandShellEvent> next_event();
    // As ClientExchange::abandon().
    void abandon();
    [[nodiscard]] bool is_finished() const;
    [[nodiscard]] const std::string& shell_id() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp::wsman
