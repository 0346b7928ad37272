// ServerPool: the server half of a PSRP session, its runspace pool and its pipelines, without I/O.
// Fact sheet psrp 8.2, 9.2, 9.4; MS-PSRP 3.2.
#pragma once

#include <clixml/date_time.hpp>
#include <clixml/result.hpp>
#include <clixml/version.hpp>
#include <psrp/protocol/actions.hpp>
#include <psrp/protocol/events.hpp>
#include <psrp/protocol/limits.hpp>
#include <psrp/protocol/session_key.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace psrp {

struct ServerPoolOptions {
    Limits limits = {};
    clixml::Version protocol_version{2, 4};  // our own: 2.0 to 2.4
    const clixml::LocalZone* zone = nullptr; // null is UTC. Borrowed
    // Makes the key for secrets between us and a client up to 2.3; null: those end in
    // Errc::KeyExchangeUnsupported. Borrowed.
    KeySource* keys = nullptr;
};

// One session on the server's side. Use:
//   server.receive(channel, bytes) for Data; command_requested(), signal_requested(),
//   close_requested(), input_ended() while (auto event = server.next_event()) ... while (auto
//   action = server.next_action()) ...
// Secure strings go in and come out as clear base64 (session_key.hpp), whatever the client's
// version: from one up to 2.3 what holds them waits, on its channel, until the key is there.
// After close_requested(session_channel) has been acknowledged a new session may be opened on the
// same object.
class ServerPool {
public:
    explicit ServerPool(const ServerPoolOptions& options);
    ~ServerPool();
    ServerPool(ServerPool&&) noexcept;
    ServerPool& operator=(ServerPool&&) noexcept;

    [[nodiscard]] RunspacePoolState state() const;
    [[nodiscard]] clixml::Version protocol_version() const;
    [[nodiscard]] const Guid& runspace_pool_id() const;

    // What the owner says
    // --------------------------------------------------------------------------------------

    // Sends APPLICATION_PRIVATE_DATA and the state Opened.
    Result<void> accept_pool(Value application_private_data);
    // Sends the state Broken with the error.
    Result<void> refuse_pool(const ErrorRecord& record);

    // Each sends one message of the pipeline; Errc::UnknownPipeline once it has finished. Values
    // are serialized as PowerShell does at depth 1 before the call returns.
    Result<void> write_output(const Guid& pipeline, Value value);
    Result<void> write_error(const Guid& pipeline, const ErrorRecord& record);
    Result<void> write_informational(const Guid& pipeline, const InformationalRecord& record);
    Result<void> write_progress(const Guid& pipeline, const ProgressUpdate& record);
    Result<void> write_information(const Guid& pipeline, const InformationRecord& record);
    // Calls a method of the client's host. For the zero Guid the pool's host.
    Result<void> call_host(const Guid& pipeline, const HostCall& call);
    // Sends an event of the engine or the debugger (psrp 6.15). Errc::InvalidState unless Opened.
    Result<void> write_user_event(const UserEvent& user_event);
    // Ends the pipeline: Completed, Failed or Stopped.
    Result<void>
    finish(const Guid& pipeline, PipelineState state, const ErrorRecord* record = nullptr);
    // Bytes queued for the client and not yet handed to the transport: for back-pressure.
    [[nodiscard]] std::size_t pending_bytes() const;
    // Closes the session from our side: states Closing and Closed.
    void close();

    // The transport's side
    // -------------------------------------------------------------------------------------

    // What to do next, or nothing. Each Send is one whole fragment.
    std::optional<ServerAction> next_action();
    // Errors are for the log: the session goes on where the reference goes on (psrp 2.4, 8.2).
    Result<void> receive(const Guid& channel, Stream stream, BytesView bytes);
    // The same, taking the buffer over.
    Result<void> receive(const Guid& channel, Stream stream, Bytes&& bytes);
    void command_requested(const Guid& pipeline);
    void signal_requested(const Guid& pipeline);
    void close_requested(const Guid& channel);
    // The client is gone.
    void input_ended();

    // For transports that keep sessions (psrp 12). The client has left the session to us: nothing
    // is handed out until it, or another one, is back. Errc::InvalidState unless Opened.
    Result<void> disconnect_requested();
    // The same client is back. Errc::InvalidState unless Disconnected.
    Result<void> reconnect_requested();
    // Another client wants the session, with this connectXml. Gives what connectResponseXml
    // carries; private data follows as a Send, and input of running pipelines ends, because the new
    // client cannot add any. Errors, which change nothing: Errc::ConnectRequestInvalid,
    // ConnectVersionRefused, ConnectMismatch, InvalidState.
    Result<Bytes> connect_requested(BytesView request);
    // Whether the client was asked for its key and has not sent it. PowerShell waits 240 s for it
    // (psrp 8.2, 18).
    [[nodiscard]] bool is_waiting_for_key() const;
    // It was waited for long enough: the session ends with Errc::KeyExchangeTimedOut. Harmless
    // where no key is waited for.
    void key_exchange_timed_out();

    std::optional<ServerEvent> next_event();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
