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

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

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
};

// One session with one runspace pool. Use:
//   pool.open();
//   while (auto action = pool.next_action()) transport.perform(*action);
//   pool.receive(channel, bytes);          any segmentation
//   while (auto event = pool.next_event()) ...
// A failed receive() leaves the pool Broken (session channel) or its pipeline Failed (command
// channel) and queues the event that says so; nothing is half-applied. Not thread-safe.
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
    // Closes the pipelines, then the session. PoolClosed follows. Harmless when already closing.
    void close();

    // The transport's side
    // -------------------------------------------------------------------------------------

    // What to do next, or nothing. A Send carries at most `bytes_max` bytes; one Send a channel is
    // outstanding.
    std::optional<ClientAction> next_action(std::size_t bytes_max = 32768);
    Result<void> receive(const Guid& channel, BytesView bytes);
    void data_sent(const Guid& channel);
    void command_opened(const Guid& pipeline);
    void signal_acknowledged(const Guid& pipeline);
    void channel_closed(const Guid& channel);
    // The connection is lost or never came up. `reason` is shown to people.
    void transport_failed(const clixml::Error& error, std::string reason);

    std::optional<ClientEvent> next_event();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
