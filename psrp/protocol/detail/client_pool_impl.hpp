// What ClientPool holds. Its functions are spread over client_pool.cpp (what the owner wants),
// client_transport.cpp (the transport's side), client_messages.cpp (one function a message type),
// client_keys.cpp (the session key and what waits for it), client_calls.cpp (requests to the pool)
// and client_connect.cpp (disconnect, reconnect, connect).
#pragma once

#include <fragmenter/reassembler.hpp>
#include <fragmenter/send_queue.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/detail/message_memory.hpp>
#include <psrp/protocol/detail/secrets.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/key_transitions.hpp>
#include <psrp/protocol/pipeline_transitions.hpp>
#include <psrp/protocol/pool_transitions.hpp>
#include <psrp/protocol/session_key.hpp>
#include <psrp/protocol/session_transitions.hpp>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace psrp {

namespace detail {

// One channel of a client: what waits to be sent and what has been received.
struct ClientChannel {
    ClientChannel(const Limits& limits, std::uint64_t bytes_max);

    fragmenter::SendQueue queue;
    fragmenter::Reassembler reassembler;
    std::size_t request_bytes = 0; // of the pipeline's request, at the front of the queue
    bool is_open = false;          // Sends may be handed out
    std::size_t sends_outstanding = 0;
    // After a connection was taken up in the middle of an object: what belongs to none is dropped.
    bool is_off_sync = false;
    // What waits for the session key: by Stream, messages with clear secrets and those behind them;
    // objects received.
    std::array<std::deque<SecretBytes>, 2> held_sends;
    std::deque<SecretBytes> held_objects;
};

// The session key as the client sees it.
struct ClientKeys {
    ClientKeyMachine machine;
    std::optional<RsaPrivateKey> private_key;
    std::optional<SessionKeySecrets> secrets; // once the server has sent its key
    std::size_t held_bytes = 0;               // of all channels
    bool is_releasing = false;                // what was held is being looked at again
};

struct ClientPipeline {
    explicit ClientPipeline(const Limits& limits) : channel(limits, limits.command_bytes_max) {}

    ClientPipelineMachine machine;
    ClientChannel channel;
    bool takes_input = false;
    bool close_was_requested = false;
};

} // namespace detail

struct ClientPool::Impl {
    explicit Impl(const ClientPoolOptions& pool_options);

    using Pipelines = std::map<Guid, detail::ClientPipeline>;

    // client_pool.cpp
    Result<void> open();
    Result<void> start_pipeline(const Guid& id, const CreatePipeline& request);
    Result<void> write_input(const Guid& id, Value value);
    Result<void> end_input(const Guid& id);
    Result<void> stop(const Guid& id);
    Result<void> respond(const Guid& id, const HostResponse& response);
    void close();
    Result<void> check_request(const CreatePipeline& request) const;
    Result<void> check_new_pipeline(const Guid& id) const;
    Result<void> add_pipeline(const Guid& id, detail::SecretBytes request, bool takes_input);
    Result<detail::ClientPipeline*> pipeline_taking_input(const Guid& id);
    Result<detail::SecretBytes> make_message(MessageType type, const Guid& pipeline, Value value);
    void push(detail::ClientChannel& channel, Stream stream, detail::SecretBytes message);
    void clear_unsent(detail::ClientChannel& channel);
    void request_close(const Guid& id, detail::ClientPipeline& pipeline);
    void end_pipeline(
        const Guid& id,
        detail::ClientPipeline& pipeline,
        PipelineEvent event,
        clixml::Error error = {},
        Memory memory = nullptr,
        std::optional<ErrorRecord> record = std::nullopt
    );
    void begin_close();
    void close_session_when_alone();
    void break_pool(
        const clixml::Error& error,
        std::string reason,
        bool transport_is_alive,
        Memory memory = nullptr,
        std::optional<ErrorRecord> record = std::nullopt
    );

    // client_transport.cpp
    std::optional<ClientAction> next_action(std::size_t bytes_max, std::size_t sends_max);
    std::optional<ClientAction> next_send(
        const Guid& id, detail::ClientChannel& channel, std::size_t bytes_max, std::size_t sends_max
    );
    Result<void> receive(const Guid& channel, Bytes&& bytes);
    Result<void> receive_session(Bytes&& bytes);
    Result<void> receive_command(const Guid& id, Bytes&& bytes);
    Result<void> on_object(
        const Guid& id, detail::ClientChannel& channel, const fragmenter::ReceivedObject& object
    );
    void data_sent(const Guid& channel);
    void command_opened(const Guid& id);
    void signal_acknowledged(const Guid& id);
    void command_failed(
        const Guid& id,
        const clixml::Error& error,
        std::string_view reason,
        std::string_view error_id
    );
    void channel_closed(const Guid& channel);
    void transport_failed(const clixml::Error& error, std::string reason);
    void fail_channel(const Guid& id, const clixml::Error& error);
    detail::ClientChannel* find_channel(const Guid& id);

    // client_messages.cpp. A message decoded: the arena owns all of it.
    struct Received {
        const MessageTypeRow& row;
        MessageHeader header;
        Memory memory;
        Value value;
    };
    Result<void> on_message(const Guid& channel, BytesView object);
    Result<void> on_session_message(const Received& received);
    Result<void> on_pool_message(const Received& received);
    Result<void> on_pipeline_message(const Received& received);
    Result<void> on_session_capability(const Received& received);
    Result<void> on_runspacepool_state(const Received& received);
    Result<void> on_user_event(const Received& received);
    Result<void> on_application_private_data(const Received& received);
    Result<void> on_host_call(const Received& received);
    Result<void> on_pipeline_state(const Received& received);
    Result<void> on_informational_record(const Received& received, InformationalKind kind);
    Result<Received> read(const MessageTypeRow& row, const Message& message);
    void read_server_version(Value private_data);
    [[nodiscard]] bool is_over() const;

    // client_keys.cpp
    [[nodiscard]] bool uses_session_key() const;
    Result<void> make_private_key();
    Result<void> send_public_key();
    Result<detail::SecretBytes> with_secrets_secured(std::string message);
    void hold_send(detail::ClientChannel& channel, Stream stream, detail::SecretBytes message);
    [[nodiscard]] bool must_hold(const Guid& channel, std::string_view text);
    Result<void> hold_object(const Guid& channel, BytesView object);
    Result<void> on_encrypted_session_key(const Received& received);
    Result<void> on_public_key_request(const Received& received);
    Result<void> release_sends(detail::ClientChannel& channel);
    void release_objects(const Guid& id);
    Result<void> release_held();
    void forget_held(detail::ClientChannel& channel);
    [[nodiscard]] bool is_waiting_for_key() const;
    void key_exchange_timed_out();

    // client_calls.cpp
    Result<void> start_command_metadata(const Guid& id, const GetCommandMetadata& request);
    Result<std::int64_t> set_runspaces(RunspaceCall call, std::int32_t count);
    Result<std::int64_t> count_available_runspaces();
    Result<std::int64_t> reset_runspace_state();
    [[nodiscard]] bool answers_calls_itself() const;
    Result<std::int64_t> send_call(RunspaceCall call, std::int32_t count);
    Result<void> on_runspace_availability(const Received& received);

    // client_connect.cpp
    Result<void> disconnect();
    Result<void> reconnect();
    Result<void> connect(const ConnectRunspacePool& counts);
    Result<void> connect_pipeline(const Guid& id);
    void disconnected();
    void disconnect_failed(const clixml::Error& error);
    void reconnected(const Guid& id);
    void reconnect_failed(const clixml::Error& error, std::string reason);
    Result<void> on_runspacepool_init_data(const Received& received);
    void open_connected_pool();
    [[nodiscard]] bool may_send(const Guid& id) const;
    bool begin_disconnect();
    [[nodiscard]] bool is_sending() const;
    static Result<std::optional<fragmenter::ReceivedObject>>
    next_object(detail::ClientChannel& channel);

    ClientPoolOptions options;
    Arena options_arena; // owns what `options` borrows
    ClientSessionMachine session_machine;
    ClientPoolMachine pool_machine;
    clixml::Version protocol_version;
    std::optional<clixml::Version> server_protocol_version;
    bool has_private_data = false;
    bool server_is_in_order = false; // in_order_entry
    bool close_session_was_requested = false;
    detail::ClientKeys keys;
    std::int64_t last_call_id = 0;
    struct OpenCall {
        RunspaceCall call;
        std::int32_t count; // that was asked for
    };
    std::map<std::int64_t, OpenCall> open_calls;
    bool disconnect_was_requested = false; // and waits for what is under way
    bool has_init_data = false;            // of the pool that connect() was for
    std::uint64_t last_object_id = 0;
    detail::ClientChannel session;
    Pipelines pipelines;
    Guid last_served; // the channel that was given the last Send: the others come first
    std::deque<ClientAction> actions; // all but Send
    std::deque<ClientEvent> events;
    detail::MessageMemory message_memory{detail::ArenaReuse::Yes};
    fragmenter::Reassembler* source = nullptr; // of the message that is being read, while it is
};

} // namespace psrp
