// The server's half of the WinRM exchange: bodies of HTTP requests -> events for the owner of the
// shells, actions of their machines -> bodies of responses (fact sheet transports B5-B12, B15,
// B19). Sans-IO: a listener hands requests in and sends answers out, some of them later.
#pragma once

#include <psrp/protocol/identifiers.hpp>
#include <psrp/protocol/server_pool.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/fault.hpp>
#include <psrp/wsman/limits.hpp>
#include <psrp/wsman/soap.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace psrp::wsman {

// The exchange has no clock: whoever drives it says what time it is.
using Time = std::chrono::steady_clock::time_point;

struct ServerExchangeLimits {
    EnvelopeLimits envelopes = {};
    // Our own MaxEnvelopeSize; answers stay within the smaller of it and the request's.
    std::uint32_t envelope_bytes_max = envelope_bytes_default;
    std::size_t shells_max = 1000; // of all owners
    // MaxShellsPerUser: 30 once, as many as one likes in a current Windows.
    std::size_t shells_per_owner_max = 1000;
    std::size_t commands_per_shell_max = 1000; // MaxProcessesPerShell
    // Requests that wait for an answer, MaxConcurrentOperationsPerUser.
    std::size_t requests_per_owner_max = 1500;
    // Output of one shell that waits for Receives before wants_output() says no, or, in the mode
    // Drop, the oldest is thrown away.
    std::size_t output_bytes_max = std::size_t{4} << 20;
    // Answers remembered for requests that come twice, and the bytes of their streams.
    std::size_t answers_max = 4096;
    std::size_t answer_bytes_max = std::size_t{64} << 20;
    std::size_t enumerations_max = 32;            // enumerations that wait for their Pull
    std::size_t environment_variables_max = 1000; // of a command shell
    std::size_t arguments_max = 1000;             // of a process
};

struct ServerExchangeOptions {
    ServerExchangeLimits limits = {};
    std::string machine = "localhost"; // Machine of faults
    // Session configurations that exist, compared without case.
    std::vector<std::string> configurations{std::string(default_configuration), "PowerShell.7"};
    bool allows_command_shell = false; // the resource .../windows/shell/cmd
    bool allows_compression = true;    // for clients that ask for it (transports B13)
    std::chrono::milliseconds idle_timeout{7200000};
    std::chrono::milliseconds idle_timeout_min{60000};
    std::chrono::milliseconds idle_timeout_max{2147483647};
    // How long a client may be silent before others may take up its shell, as if it had been
    // disconnected (transports B18). Its own next request takes it back, unless another has
    // connected: what it sends for work in the shell is refused with StreamDisconnected then.
    std::chrono::milliseconds left_alone_after{240000};
    // For requests that name none.
    std::chrono::milliseconds operation_timeout{60000};
    std::string product_vendor = "psrp"; // of Identify
    std::string product_version = "psrp";
};

// One request as a listener got it; views are borrowed for the call.
struct IncomingRequest {
    std::uint64_t id = 0;            // the listener's; names the answer
    std::string_view owner;          // who is authenticated; only the owner of a shell sees it
    std::string_view client_address; // for ClientIP
    std::string_view url;            // the listener's own, for ResourceCreated; may be empty
    std::string_view body;           // decrypted
};

struct OutgoingAnswer {
    std::uint64_t id = 0;
    int status = 200;
    std::string body; // soap_content_type
};

// Events. `shell` is the key of everything; it is made by the exchange or, where the client has
// chosen one, by it.
// -------------------------------------------------------------------------------------------------

// A client wants a shell of a session configuration. Its first bytes follow as ShellDataReceived.
// Answer it by perform(AcknowledgeData{session_channel}), which deliver() leads to, or refuse().
struct ShellRequested {
    Guid shell;
    std::string owner;
    std::string client_address;
    std::string configuration;
    std::string name;
    std::string culture;
    std::string ui_culture;
    bool no_machine_profile = false;
};

// Bytes for a channel of the shell: ServerPool::receive(). The request is answered by
// AcknowledgeData.
struct ShellDataReceived {
    Guid shell;
    Guid channel;
    Stream stream = Stream::Default;
    Bytes bytes;
};

// ServerPool::command_requested(). The arguments follow as ShellDataReceived.
struct ShellCommandRequested {
    Guid shell;
    Guid pipeline;
    std::string command_line; // for lists
};

// ServerPool::signal_requested(); answered by AcknowledgeSignal.
struct ShellSignalRequested {
    Guid shell;
    Guid pipeline;
};

// ServerPool::close_requested(); answered by AcknowledgeClose. The zero Guid: the whole shell, by
// Delete or because it was idle for too long. After that its key means nothing any more.
struct ShellCloseRequested {
    Guid shell;
    Guid channel;
};

// The client has left the shell, or has been silent for too long. In the mode Drop its machine goes
// on writing and the oldest is thrown away, so ServerPool::disconnect_requested() is for Block
// only.
struct ShellDisconnected {
    Guid shell;
    BufferMode mode = BufferMode::Block;
};

// The same client is back.
struct ShellReconnected {
    Guid shell;
    BufferMode mode = BufferMode::Block; // that it was disconnected with
};

// Another client of the same owner wants it: ServerPool::connect_requested(); answer with
// answer_connect().
struct ShellConnectRequested {
    Guid shell;
    Bytes request;
};

// The plain command shell (off by default).
// -------------------------------------------------------------------------------------------------

// A client has opened a command shell; it exists already. refuse() closes it again.
struct CommandShellOpened {
    Guid shell;
    std::string owner;
    std::string client_address;
    std::string working_directory; // empty: none was given
    std::vector<EnvironmentVariable> environment;
    std::optional<std::uint32_t> code_page;
    bool no_profile = false;
};

// Run this. Answer with process_started() or refuse_command(); then process_output() and
// process_ended().
struct ProcessRequested {
    Guid shell;
    Guid command;
    std::string command_line;
    std::vector<std::string> arguments;
    bool skips_shell = false;  // not through cmd.exe, or sh
    bool console_input = true; // WINRS_CONSOLEMODE_STDIN
};

// Bytes for its standard input; answer with process_input_taken().
struct ProcessInputReceived {
    Guid shell;
    Guid command;
    Bytes bytes;
    bool is_end = false;
};

enum class ProcessSignal : std::uint8_t { Terminate, CtrlC, CtrlBreak };

// Answered by the exchange itself. After Terminate the command is gone.
struct ProcessSignalled {
    Guid shell;
    Guid command;
    ProcessSignal signal = ProcessSignal::Terminate;
};

// The command shell is gone, by Delete or after idleness; its processes are to be ended.
struct CommandShellClosed {
    Guid shell;
};

using ServerExchangeEvent = std::variant<
    ShellRequested,
    ShellDataReceived,
    ShellCommandRequested,
    ShellSignalRequested,
    ShellCloseRequested,
    ShellDisconnected,
    ShellReconnected,
    ShellConnectRequested,
    CommandShellOpened,
    ProcessRequested,
    ProcessInputReceived,
    ProcessSignalled,
    CommandShellClosed>;

// All shells of a listener. Use:
//   exchange.receive(request, now);
//   while (auto event = exchange.next_event()) ... deliver(*event, pool, exchange) for the shell's
//   machine; for each shell: while (exchange.wants_output(shell)) { auto action =
//   pool.next_action(); ... exchange.perform(shell, *action, now); }
//   while (auto answer = exchange.next_answer()) ... send it
//   at deadline(): on_deadline(now).
// Whatever is wrong with a request is answered with a fault; nothing of a peer ends the exchange.
// Not thread-safe.
class ServerExchange {
public:
    // `ids` gives MessageID and identifiers of shells and commands. Borrowed.
    ServerExchange(const ServerExchangeOptions& options, IdSource& ids);
    ~ServerExchange();
    ServerExchange(ServerExchange&&) noexcept;
    ServerExchange& operator=(ServerExchange&&) noexcept;

    void receive(const IncomingRequest& request, Time now);
    // The client has closed the connection that the request came on: nobody waits for the answer.
    void request_gone(std::uint64_t id, Time now);
    std::optional<OutgoingAnswer> next_answer();
    std::optional<ServerExchangeEvent> next_event();

    // Takes an action of the shell's machine. Send: output; a fragment a call. Actions for a shell
    // that is gone are ignored.
    void perform(const Guid& shell, const ServerAction& action, Time now);
    // False while so much output waits that the machine should not be asked for more.
    [[nodiscard]] bool wants_output(const Guid& shell) const;
    // The machine's session is over of its own accord: what waits is delivered, then the shell is
    // gone.
    void shell_ended(const Guid& shell, Time now);
    // No such shell for this client: answers its Create with the fault and forgets it.
    void refuse(const Guid& shell, const Fault& fault);
    // What connect_requested() gave.
    void answer_connect(const Guid& shell, const clixml::Result<Bytes>& response, Time now);

    void process_started(const Guid& shell, const Guid& command);
    void refuse_command(const Guid& shell, const Guid& command, const Fault& fault);
    void process_input_taken(const Guid& shell, const Guid& command);
    // `stream` is stdout_stream or stderr_stream.
    void process_output(
        const Guid& shell, const Guid& command, std::string_view stream, BytesView bytes, Time now
    );
    void process_ended(const Guid& shell, const Guid& command, std::uint32_t exit_code, Time now);

    // When on_deadline() is due: Receives that have waited long enough, idle shells.
    [[nodiscard]] std::optional<Time> deadline() const;
    void on_deadline(Time now);

    // Closes all shells and answers what waits with a fault.
    void shut_down();
    [[nodiscard]] std::size_t shell_count() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Hands an event of a PowerShell shell to its machine, and the answer of a Connect to the exchange.
// Events without a meaning for a machine change nothing.
void deliver(
    const ServerExchangeEvent& event, ServerPool& pool, ServerExchange& exchange, Time now
);

} // namespace psrp::wsman
