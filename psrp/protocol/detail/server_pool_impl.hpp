// What ServerPool holds. Its functions are spread over server_pool.cpp (what the owner says),
// server_transport.cpp (the transport's side), server_messages.cpp (one function a message type)
// and server_keys.cpp (the session key and what waits for it).
#pragma once

#include <fragmenter/reassembler.hpp>
#include <fragmenter/splitter.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/detail/message_memory.hpp>
#include <psrp/protocol/detail/secrets.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/key_transitions.hpp>
#include <psrp/protocol/pipeline_transitions.hpp>
#include <psrp/protocol/pool_transitions.hpp>
#include <psrp/protocol/server_pool.hpp>
#include <psrp/protocol/session_key.hpp>
#include <psrp/protocol/session_transitions.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>

namespace psrp {

namespace detail {

// What one stream of a channel receives. Once it has met an error from which it cannot recover,
// nothing is read from it any more.
struct ServerStream {
    fragmenter::Reassembler reassembler;
    clixml::Error failure;
};

// What one channel of a server receives.
struct ServerChannel {
    ServerChannel(const Limits& limits, std::uint64_t bytes_max);

    ServerStream normal;
    ServerStream prompt_response;
};

struct ServerPipeline {
    ServerPipelineMachine machine;
    bool takes_input = false;
    bool input_has_ended = false;
    bool is_nested = false; // runs beside another one, on its runspace
    std::set<std::int64_t> open_host_calls;
    std::deque<ServerEvent>
        held; // what came while it waits for a runspace; its request is the first
    std::size_t signals_to_acknowledge = 0;
    std::size_t closes_to_acknowledge = 0;
    clixml::Error channel_error; // why it was stopped, where its channel failed

    [[nodiscard]] bool is_running() const
    {
        return machine.state() == PipelineState::Running ||
               machine.state() == PipelineState::Stopping;
    }
};

// A message of more than one fragment, cut only as it leaves.
struct LargeMessage {
    LargeMessage(
        const Guid& to, SecretBytes bytes, std::uint64_t object_id, std::size_t fragment_bytes_max
    );

    Guid channel;
    SecretBytes message; // too long to lie in the object itself: its bytes do not move with it
    fragmenter::Splitter splitter;
};

// What is to be handed out; a LargeMessage as several Sends.
using Outgoing = std::variant<ServerAction, LargeMessage>;

// The session key as the server sees it, and what waits for it.
struct ServerKeys {
    ServerKeyMachine machine;
    std::optional<SessionKeySecrets> secrets;
    // By channel: objects received and the acknowledgements behind them; messages to be sent.
    std::map<Guid, std::deque<std::variant<SecretBytes, AcknowledgeData>>> held_objects;
    std::map<Guid, std::deque<SecretBytes>> held_sends;
    std::size_t held_bytes = 0;
    bool is_releasing = false; // what was held is being looked at again
};

// All that a new session on the same connection starts anew.
struct ServerSession {
    explicit ServerSession(const ServerPoolOptions& options);

    ServerSessionMachine machine;
    ServerPoolMachine pool;
    clixml::Version protocol_version;
    Guid runspace_pool_id;
    std::int32_t runspaces_min = 1;
    std::int32_t runspaces_max = 1;
    ServerChannel channel;
    std::map<Guid, ServerChannel> commands;
    std::map<Guid, ServerPipeline> pipelines; // by PID, which need not have a channel of its own
    std::deque<Guid> waiting;                 // for a runspace, first come first served
    std::set<std::int64_t> open_host_calls;   // of the pool's host
    std::size_t closes_to_acknowledge = 0;
    ServerKeys keys;
    clixml::Error error; // why it is being closed
    bool has_negotiated = false;
    std::string private_data; // the message, for clients that connect later
    bool has_pool = false;    // INIT_RUNSPACEPOOL has been accepted
};

} // namespace detail

struct ServerPool::Impl {
    explicit Impl(const ServerPoolOptions& pool_options);

    // server_pool.cpp
    Result<void> accept_pool(Value private_data);
    Result<void> refuse_pool(const ErrorRecord& record);
    Result<detail::ServerPipeline*> running_pipeline(const Guid& id);
    Result<void> write(const Guid& id, MessageType type, Value value);
    Result<void> call_host(const Guid& id, const HostCall& call);
    Result<void> finish(const Guid& id, PipelineState state, const ErrorRecord* record);
    Result<detail::SecretBytes> make_message(MessageType type, const Guid& pipeline, Value value);
    void send(const Guid& channel, detail::SecretBytes message);
    void send_now(const Guid& channel, detail::SecretBytes message);
    Send* last_packet();
    void send_pool_state(RunspacePoolState state);
    void start_waiting();
    void stop_pipeline(const Guid& id, detail::ServerPipeline& pipeline);
    void acknowledge_end(const Guid& id, detail::ServerPipeline& pipeline);
    void begin_close(const clixml::Error& error);
    void complete_close();
    void complete_close_when_alone();
    [[nodiscard]] std::size_t running_count() const;
    [[nodiscard]] std::size_t open_host_call_count() const;

    // server_transport.cpp
    std::optional<ServerAction> next_action();
    std::optional<ServerEvent> next_event();
    Result<void> receive(const Guid& channel, Stream stream, Bytes&& bytes);
    Result<void> receive_objects(const Guid& channel, detail::ServerStream& stream);
    void fail_stream(const Guid& channel, detail::ServerStream& stream, const clixml::Error& error);
    void release_acknowledgements();
    void command_requested(const Guid& id);
    void signal_requested(const Guid& id);
    void close_requested(const Guid& channel);

    // server_messages.cpp. A message decoded: the arena owns all of it.
    struct Received {
        const MessageTypeRow& row;
        MessageHeader header;
        Memory memory;
        Value value;
    };
    Result<void> on_message(const Guid& channel, BytesView object);
    Result<void> on_session_message(const MessageTypeRow& row, const Message& message);
    Result<void>
    on_pool_message(const Guid& channel, const MessageTypeRow& row, const Message& message);
    Result<void> on_pipeline_message(const MessageTypeRow& row, const Message& message);
    Result<void> on_session_capability(const Received& received);
    Result<void> on_init_runspacepool(const Received& received);
    Result<void> on_set_max_runspaces(const Received& received);
    Result<void> on_set_min_runspaces(const Received& received);
    Result<void> on_get_available_runspaces(const Received& received);
    Result<void> on_reset_runspace_state(const Received& received);
    Result<void> on_runspacepool_host_response(const Received& received);
    Result<void>
    on_new_pipeline(const Guid& channel, const MessageTypeRow& row, const Message& message);
    Result<void> on_pipeline_input(detail::ServerPipeline& pipeline, const Received& received);
    Result<void> on_end_of_pipeline_input(detail::ServerPipeline& pipeline, const Guid& id);
    Result<void>
    on_pipeline_host_response(detail::ServerPipeline& pipeline, const Received& received);
    static std::optional<clixml::Version>
    negotiated_version(const clixml::Version& client, const clixml::Version& own);
    Result<Received> read(const MessageTypeRow& row, const Message& message);
    Result<ServerEvent> read_pipeline_request(const MessageTypeRow& row, const Message& message);
    void answer_availability(RunspaceAvailability answer);
    void deliver(detail::ServerPipeline& pipeline, ServerEvent event);

    // server_connect.cpp
    Result<void> disconnect_requested();
    Result<void> reconnect_requested();
    Result<Bytes> connect_requested(BytesView request);
    Result<void> end_inputs();

    // server_keys.cpp
    [[nodiscard]] bool uses_session_key() const;
    Result<void> make_session_key();
    void request_public_key();
    Result<detail::SecretBytes> with_secrets_secured(std::string message);
    void hold_send(const Guid& channel, detail::SecretBytes message);
    [[nodiscard]] bool must_hold(const Guid& channel, std::string_view text) const;
    Result<void> hold_object(const Guid& channel, BytesView object);
    Result<void> on_public_key(const Received& received);
    void release_sends();
    void release_objects();
    void forget_held(const Guid& channel);
    void forget_all_held();
    void acknowledge_data(const Guid& channel);
    [[nodiscard]] bool is_waiting_for_key() const;
    void key_exchange_timed_out();

    ServerPoolOptions options;
    std::uint64_t last_object_id = 0;
    std::size_t pending_bytes = 0; // of the Sends in `actions`
    std::deque<detail::Outgoing> actions;
    std::string spare_text; // the memory of the message written last
    // Events, and between them the acknowledgements that are due once those before them have been
    // taken.
    std::deque<std::variant<ServerEvent, AcknowledgeData>> events;
    detail::ServerSession session;
    detail::MessageMemory message_memory{detail::ArenaReuse::No};
    fragmenter::Reassembler* source = nullptr; // of the message that is being read, while it is
};

} // namespace psrp
