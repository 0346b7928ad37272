// What ClientPool holds. Its functions are spread over client_pool.cpp (what the owner wants),
// client_transport.cpp (the transport's side) and client_messages.cpp (one function a message
// type).
#pragma once

#include <fragmenter/reassembler.hpp>
#include <fragmenter/send_queue.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/pipeline_transitions.hpp>
#include <psrp/protocol/pool_transitions.hpp>
#include <psrp/protocol/session_transitions.hpp>

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
    bool is_open = false;    // Sends may be handed out
    bool is_sending = false; // one is outstanding
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
    Result<detail::ClientPipeline*> pipeline_taking_input(const Guid& id);
    Result<Bytes> make_message(MessageType type, const Guid& pipeline, Value value) const;
    void push(detail::ClientChannel& channel, Stream stream, const Bytes& message);
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
    std::optional<ClientAction> next_action(std::size_t bytes_max);
    std::optional<ClientAction>
    next_send(const Guid& id, detail::ClientChannel& channel, std::size_t bytes_max);
    Result<void> receive(const Guid& channel, BytesView bytes);
    Result<void> receive_session(BytesView bytes);
    Result<void> receive_command(const Guid& id, BytesView bytes);
    void data_sent(const Guid& channel);
    void command_opened(const Guid& id);
    void signal_acknowledged(const Guid& id);
    void channel_closed(const Guid& channel);
    void transport_failed(const clixml::Error& error, std::string reason);

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
    Result<Received> read(const MessageTypeRow& row, const Message& message) const;
    void read_server_version(Value private_data);
    [[nodiscard]] bool is_over() const;

    ClientPoolOptions options;
    Arena options_arena; // owns what `options` borrows
    ClientSessionMachine session_machine;
    ClientPoolMachine pool_machine;
    clixml::Version protocol_version;
    std::optional<clixml::Version> server_protocol_version;
    bool has_private_data = false;
    bool close_session_was_requested = false;
    std::uint64_t last_object_id = 0;
    detail::ClientChannel session;
    Pipelines pipelines;
    Guid last_served; // the channel that was given the last Send: the others come first
    std::deque<ClientAction> actions; // all but Send
    std::deque<ClientEvent> events;
};

} // namespace psrp
