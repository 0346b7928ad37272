// The client's half of the WinRM exchange: actions of a ClientPool -> bodies of HTTP requests,
// bodies of responses -> events for the pool (fact sheet transports B5-B18). Sans-IO: a transport
// makes the requests.
#pragma once

#include <clixml/version.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/identifiers.hpp>
#include <psrp/wsman/fault.hpp>
#include <psrp/wsman/limits.hpp>
#include <psrp/wsman/names.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace psrp::wsman {

// What happens to output that nobody takes, while a shell is disconnected or its client slow
// (transports B11).
enum class BufferMode : std::uint8_t {
    Block, // the pipeline waits
    Drop,  // the oldest output is thrown away
};

// How stream bytes travel in a shell that has negotiated compression (transports B13).
class StreamCodec {
public:
    virtual ~StreamCodec() = default;
    // The bytes as they travel, before base64.
    virtual Bytes compress(BytesView bytes) = 0;
    // The bytes again; an error where they are no such stream or become more than `bytes_max`.
    virtual clixml::Result<Bytes> expand(BytesView bytes, std::size_t bytes_max) = 0;
};

struct ClientExchangeOptions {
    // `To` of every request, the whole address with its port: "http://host:5985/wsman". PowerShell
    // appends "?PSVersion=7.6.5".
    std::string url;
    // Name of a session configuration, or a whole resource URI where it contains "://".
    std::string configuration = std::string(default_configuration);
    // The runspace pool's identifier; not zero. A service may give the shell another one.
    Guid shell_id;
    std::string shell_name = "Runspace1";
    clixml::Version protocol_version{2, 4}; // the option protocolversion
    // How long the service keeps the shell without a request; at least a minute. None: its default.
    std::optional<std::chrono::milliseconds> idle_timeout;
    std::optional<BufferMode> buffer_mode;
    std::string ui_culture = "en-US"; // Locale
    std::string culture = "en-US";    // DataLocale
    bool no_machine_profile = false;
    // How long the service may take for an answer; for a Receive, how long it waits for output.
    std::chrono::milliseconds operation_timeout{180000};
    // Largest envelope of either direction, MaxEnvelopeSize; at least envelope_bytes_min. Servers
    // before 2.2 are given envelope_bytes_old at most.
    std::uint32_t envelope_bytes_max = envelope_bytes_default;
    // Envelopes travel in UTF-16, which makes them twice as long.
    bool uses_utf16 = false;
    // How often a Create that met a passing fault is tried again (transports B18), and how long
    // after the fault.
    std::uint32_t create_retries_max = 5;
    std::chrono::milliseconds create_retry_delay{500};
    // Output of commands is not received: the session is left, and it is for whoever takes it up.
    bool leaves_output = false;
    // SessionId; zero: a fresh one. Reconnect needs the one that Create had.
    Guid session_id;
    // Asks for compression. Borrowed; null: none is asked for.
    StreamCodec* codec = nullptr;
    // The shell that is connected to was created with compression, as lists of shells tell; then
    // there must be a codec.
    bool connects_compressed = false;
    EnvelopeLimits limits = {};
};

// One POST that is to be made, with soap_content_type. Requests may be under way together, each on
// a connection of its own: one Receive and one Send a channel, and what else is due.
struct OutgoingRequest {
    std::uint64_t id = 0; // names it to on_response() and on_failure()
    Operation operation = Operation::Get;
    Guid channel; // the zero Guid: the shell's own
    std::string body;
    // The service answers within this time; wait a little longer (2 to 30 s) before giving up.
    std::chrono::milliseconds answer_within{};
    // Wait so long before making it.
    std::chrono::milliseconds delay{};
};

// What came back. Views are borrowed for the call.
struct HttpAnswer {
    int status = 0;
    std::string_view content_type;
    std::string_view body; // decrypted
};

// Events, one for each call of the pool's transport side; report() makes that call.
// -------------------------------------------------------------------------------------------------

// Bytes of a channel, in order: ClientPool::receive().
struct DataReceived {
    Guid channel;
    Bytes bytes;
};
// ClientPool::data_sent().
struct DataSent {
    Guid channel;
};
// ClientPool::command_opened(). Comes at once for OpenCommand: the first Send of the command is
// what the Command request carries (transports B6).
struct CommandOpened {
    Guid pipeline;
};
// ClientPool::signal_acknowledged(). Held back until the command's output has gone quiet, because
// the state of the pipeline comes on another connection.
struct SignalAcknowledged {
    Guid pipeline;
};
// ClientPool::channel_closed(). For the session's channel: the shell is deleted, or was gone.
struct ChannelClosed {
    Guid channel;
};
// ClientPool::disconnected(): as asked, or the service has done it (after idleness, transports B15
// StreamDisconnected); then `failure` says so.
struct SessionDisconnected {
    std::optional<Failure> failure;
};
// ClientPool::disconnect_failed().
struct DisconnectRefused {
    Failure failure;
};
// ClientPool::reconnected().
struct ChannelReconnected {
    Guid channel;
};
// ClientPool::reconnect_failed().
struct ReconnectRefused {
    Failure failure;
};
// ClientPool::command_failed(): the command could not be started or its output cannot be received;
// the session goes on.
struct CommandFailed {
    Guid pipeline;
    Failure failure;
};
// ClientPool::transport_failed(): nothing more comes. Where a shell may exist its Delete has been
// queued as the last request.
struct SessionFailed {
    Failure failure;
};

using ClientExchangeEvent = std::variant<
    DataReceived,
    DataSent,
    CommandOpened,
    SignalAcknowledged,
    ChannelClosed,
    SessionDisconnected,
    DisconnectRefused,
    ChannelReconnected,
    ReconnectRefused,
    CommandFailed,
    SessionFailed>;

// Makes the pool's call that the event stands for.
void report(const ClientExchangeEvent& event, ClientPool& pool);

// What is known of the shell once Create was answered; texts as the service wrote them.
struct ShellFacts {
    std::string owner;
    std::optional<std::chrono::milliseconds> idle_timeout;
    std::optional<std::chrono::milliseconds> idle_timeout_max;
    std::string buffer_mode;
    bool is_compressed = false;
};

// One shell with its commands. Use:
//   while (auto action = pool.next_action(exchange.send_bytes_max())) exchange.perform(*action);
//   while (auto request = exchange.next_request()) ... POST it
//   exchange.on_response(id, answer), exchange.on_failure(id, ...)
//   while (auto event = exchange.next_event()) report(*event, pool);
// Order of what belongs to one channel is kept; a Receive stands on the shell and on each command
// as long as they live. A Receive whose answer is the fault TimedOut, or empty, is repeated for
// ever. Not thread-safe.
class ClientExchange {
public:
    // `ids` gives MessageID, OperationID and, where it is zero, SessionId. Borrowed.
    ClientExchange(const ClientExchangeOptions& options, IdSource& ids);
    ~ClientExchange();
    ClientExchange(ClientExchange&&) noexcept;
    ClientExchange& operator=(ClientExchange&&) noexcept;

    // Takes an action of the pool. Errors, which change nothing: ActionNotAllowed, DataTooBig,
    // InvalidIdleTimeout (OpenSession, Disconnect).
    clixml::Result<void> perform(const ClientAction& action);

    // The most bytes that a Send or Connect may carry so that every envelope fits after base64
    // (transports B14). Grows once the service is known to take more.
    [[nodiscard]] std::size_t send_bytes_max() const;
    // What the pool has negotiated (ClientPool::protocol_version() once it is open): before 2.2
    // envelopes stay at envelope_bytes_old.
    void set_protocol_version(const clixml::Version& version);

    // The next request to make, or nothing for now.
    std::optional<OutgoingRequest> next_request();
    // What came for the request. An unknown id is ignored: what it belonged to is closed.
    void on_response(std::uint64_t id, const HttpAnswer& answer);
    // Nothing came, for good: `error` says why, `reason` tells people. Ends the session, except for
    // requests whose answer no longer matters.
    void on_failure(std::uint64_t id, const clixml::Error& error, std::string reason);
    // Queues the request once more, with the same OperationID and SequenceId, so that a service
    // that has carried it out answers from its memory (transports B18). The new id, or nothing
    // where the request no longer matters.
    std::optional<std::uint64_t> resend(std::uint64_t id);

    std::optional<ClientExchangeEvent> next_event();

    // The network is gone for longer than one waits: an open session counts as left, because its
    // service leaves it as well (transports B18); the event says so, with `cause`. False, and
    // nothing changes, for a session in any other state.
    bool give_up(Failure cause);

    // Lets go of everything on the way out: requests not yet made are dropped, and where a shell
    // may exist, that nobody has disconnected, its Delete is the only thing left to do. No events
    // come any more.
    void abandon();
    // A Disconnect has been answered and the Receives under way are still waited for. A service
    // answers them at once; a transport waits some seconds at most and then calls
    // stop_awaiting_receives().
    [[nodiscard]] bool is_awaiting_receives() const;
    void stop_awaiting_receives();

    // True once no request is under way or due and the shell is gone or left.
    [[nodiscard]] bool is_finished() const;
    // Whether the service holds a shell for us, as far as we know.
    [[nodiscard]] bool has_shell() const;
    // The shell's identifier: the service's, once it has answered.
    [[nodiscard]] const std::string& shell_id() const;
    [[nodiscard]] const Guid& session_id() const;
    [[nodiscard]] const ShellFacts& shell_facts() const;
    // The failure that ended the session, if one did.
    [[nodiscard]] const std::optional<Failure>& failure() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp::wsman
