// ClientPool: the client half of a PSRP session, its runspace pool and its pipelines, without I/O.
// Fact sheet psrp 8.1, 9.1, 9.3; MS-PSRP 3.1.
#pragma once

#include <clixml/date_time.hpp>
#include <clixml/result.hpp>
#include <psrp/protocol/actions.hpp>
#include <psrp/protocol/events.hpp>
#include <psrp/protocol/identifiers.hpp>
#include <psrp/protocol/limits.hpp>
#include <psrp/protocol/messages/negotiation.hpp>
#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/protocol/messages/pool_control.hpp>
#include <psrp/protocol/session_key.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace psrp {

struct ClientPoolOptions {
    Guid runspace_pool_id;            // RPID; must not be zero
    std::int32_t runspaces_min = 1;   // at least 1
    std::int32_t runspaces_max = 1;   // at least runspaces_min
    HostInfo host_info = {};          // what the server may ask of our host
    Value application_arguments = {}; // PSPrimitiveDictionary or null; copied
    Limits limits = Limits::client();
    clixml::Version protocol_version{2, 4};  // our own: 2.0 to 2.4
    const clixml::LocalZone* zone = nullptr; // for times in what is received; null is UTC. Borrowed
    // Makes the keys for secrets between us and a server up to 2.3; null: those end in
    // Errc::KeyExchangeUnsupported. Borrowed.
    KeySource* keys = nullptr;
};

// One session with one runspace pool. Use:
//   pool.open();
//   while (auto action = pool.next_action()) transport.perform(*action);
//   pool.receive(channel, bytes);          any segmentation
//   while (auto event = pool.next_event()) ...
// A failed receive() leaves the pool Broken (session channel) or its pipeline Failed (command
// channel) and queues the event that says so; nothing is half-applied. Not thread-safe.
// Secure strings go in and come out as clear base64 (session_key.hpp), whatever the server's
// version: for one up to 2.3 what holds them waits, on its channel, until the key is there.
class ClientPool {
public:
    explicit ClientPool(const ClientPoolOptions& options);
    ~ClientPool();
    ClientPool(ClientPool&&) noexcept;
    ClientPool& operator=(ClientPool&&) noexcept;

    [[nodiscard]] RunspacePoolState state() const;
    [[nodiscard]] const Guid& runspace_pool_id() const;
    // Version both sides use; the client's own before the server has answered.
    [[nodiscard]] clixml::Version protocol_version() const;
    // PSRemotingProtocolVersion of the server's private data, which decides what CREATE_PIPELINE
    // may say (psrp 6.7).
    [[nodiscard]] std::optional<clixml::Version> server_protocol_version() const;

    // True while an object of any channel has arrived only in part.
    [[nodiscard]] bool has_partial_object() const;

    // What the caller wants
    // ------------------------------------------------------------------------------------

    // Errc::InvalidState unless the pool is BeforeOpen.
    Result<void> open();
    // Starts a pipeline whose identifier is `pipeline` (fresh, not zero). Errc::InvalidState unless
    // Opened.
    Result<void> start_pipeline(const Guid& pipeline, const CreatePipeline& request);
    // Sends one input object (null too). Errc::InvalidState for NoInput pipelines or after
    // end_input; Errc::WouldBlock, changing nothing, while more than limits.send_bytes_max wait to
    // be sent.
    Result<void> write_input(const Guid& pipeline, Value value);
    Result<void> end_input(const Guid& pipeline);
    // Asks the server to stop it; PipelineFinished follows. Twice is harmless.
    Result<void> stop(const Guid& pipeline);
    // Answers a host call.
    Result<void> respond(const Guid& pipeline, const HostResponse& response);
    // Starts a pipeline that lists commands (psrp 6.8): its first output is their count
    // (decode_command_count()), the others are commands (decode_command_metadata()). As
    // start_pipeline(); Errc::UnsupportedByPeer for a 2.0 server.
    Result<void> start_command_metadata(const Guid& pipeline, const GetCommandMetadata& request);

    // Requests to the pool (psrp 6.5). Each gives the call id that RunspaceCallAnswered will carry.
    // Before open() and while Disconnected the first three are answered here and change only what
    // open() asks for; so are numbers that cannot be: below 1, minimum over maximum, what is there
    // already. Errc::InvalidState in all other states but Opened.
    Result<std::int64_t> set_runspaces_max(std::int32_t count);
    Result<std::int64_t> set_runspaces_min(std::int32_t count);
    Result<std::int64_t> count_available_runspaces();
    // Errc::UnsupportedByPeer for a server before 2.3.
    Result<std::int64_t> reset_runspace_state();
    [[nodiscard]] std::int32_t runspaces_min() const;
    [[nodiscard]] std::int32_t runspaces_max() const;

    // Whether the server has not yet taken all that was said to the pipeline: its request, input,
    // the end of input.
    [[nodiscard]] bool is_sending(const Guid& pipeline) const;
    // Leaves the session to the server, once what is being sent is sent and no key is waited for;
    // PoolDisconnected or DisconnectFailed follows. Errc::InvalidState unless Opened,
    // Errc::UnsupportedByPeer for a server before 2.2 (psrp 12).
    Result<void> disconnect();
    // Takes the session up again; PoolReconnected or PoolBroken follows. Errc::InvalidState unless
    // Disconnected.
    Result<void> reconnect();
    // Instead of open(): connects to the pool `runspace_pool_id` that another client has left.
    // `counts` are the numbers of runspaces it is thought to have. PoolOpened follows once the
    // server's private data is here. Errc::InvalidState unless BeforeOpen.
    Result<void> connect(const ConnectRunspacePool& counts = {});
    // Connects to one of its pipelines: its output follows, input cannot be added.
    Result<void> connect_pipeline(const Guid& pipeline);

    // Closes the pipelines, then the session. PoolClosed follows. Harmless when already closing.
    void close();

    // The transport's side
    // -------------------------------------------------------------------------------------

    // What to do next, or nothing. A Send carries at most `bytes_max` bytes; one Send a channel is
    // outstanding, or `sends_max` where the server takes packets in order.
    std::optional<ClientAction>
    next_action(std::size_t bytes_max = 32768, std::size_t sends_max = 1);
    Result<void> receive(const Guid& channel, BytesView bytes);
    // The same, taking the buffer over.
    Result<void> receive(const Guid& channel, Bytes&& bytes);
    void data_sent(const Guid& channel);
    void command_opened(const Guid& pipeline);
    void signal_acknowledged(const Guid& pipeline);
    void channel_closed(const Guid& channel);
    // The transport could not open the command's channel, or has lost it, while the session goes
    // on: the pipeline fails with `error` and an error record of `reason` and `error_id`, and its
    // channel is closed.
    void command_failed(
        const Guid& pipeline,
        const clixml::Error& error,
        std::string_view reason,
        std::string_view error_id
    );
    // The session is disconnected: as asked, or because the transport has lost the server for the
    // time being.
    void disconnected();
    void disconnect_failed(const clixml::Error& error);
    void reconnected(const Guid& channel);
    void reconnect_failed(const clixml::Error& error, std::string reason);
    // Whether a key was asked for and has not come. PowerShell waits 180 s for it (psrp 8.1, 18).
    [[nodiscard]] bool is_waiting_for_key() const;
    // It was waited for long enough: the pool breaks with Errc::KeyExchangeTimedOut. Harmless where
    // no key is waited for.
    void key_exchange_timed_out();
    // The connection is lost or never came up. `reason` is shown to people.
    void transport_failed(const clixml::Error& error, std::string reason);
    // The server broke the rules of the transport: nothing that comes can be used, but it can still
    // be told that commands and session are closed. Else like transport_failed().
    void peer_failed(const clixml::Error& error, std::string reason);

    std::optional<ClientEvent> next_event();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
