// One session's transport, shared by several clients that come and go: the session's own machine
// has its channel, each client those of its pipelines (fact sheets psrp 12, transports A4, A5).
// Clients connect as to a session that another one has left.
#pragma once

#include <fragmenter/reassembler.hpp>
#include <psrp/protocol/connect_answer.hpp>
#include <psrp/transport/outofproc_server.hpp>
#include <psrp/transport/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace psrp {

// A client of a shared transport, borrowed from join() to leave().
class SharedClient {
public:
    virtual ~SharedClient() = default;
    // What the server says on one of its channels, or has done for it.
    virtual void on_server_action(const ServerAction& action) = 0;
    // Whether it takes nothing more for now: then nothing is taken from the server, for anybody.
    [[nodiscard]] virtual bool is_congested() const = 0;
};

// To the session's machine it is a Transport that shows it nothing of the clients' pipelines. All
// calls come from the loop's thread.
class SharedTransport final : public Transport {
public:
    // `runspace_pool_id` is that of the machine.
    SharedTransport(std::unique_ptr<Transport> inner, const Guid& runspace_pool_id);

    // The clients' side
    // ---------------------------------------------------------------------------------------------

    void join(SharedClient& client);
    // Its pipelines are stopped and closed; it hears of nothing any more.
    void leave(SharedClient& client);
    // connectResponseXml for this connectXml; what take_following() gives stands behind it. Errors:
    // as of ConnectAnswer.
    Result<Bytes> connect(BytesView request);
    Bytes take_following() { return connect_answer_.take_following(); }
    // Errors of these, which change nothing: ActionNotAllowed for what a client must not do.
    Result<void> send(SharedClient& client, ClientDataReceived data);
    Result<void> open(SharedClient& client, const Guid& pipeline);
    Result<void> signal(SharedClient& client, const Guid& pipeline);
    Result<void> close_pipeline(SharedClient& client, const Guid& pipeline);
    // Stops and closes the pipelines of all clients.
    void end_pipelines();
    [[nodiscard]] std::size_t pipeline_count() const { return channels_.size(); }
    [[nodiscard]] std::size_t client_count() const { return clients_.size(); }

    // The machine's side
    // ---------------------------------------------------------------------------------------------

    Result<void> perform(const ClientAction& action) override;
    void flush() override { inner_->flush(); }
    void set_tap(std::shared_ptr<WireTap> tap) override { inner_->set_tap(std::move(tap)); }
    Result<std::optional<TransportEvent>> next_event() override;
    void close() override { inner_->close(); }
    void kill() override { inner_->kill(); }
    [[nodiscard]] bool is_finished() const override { return inner_->is_finished(); }
    [[nodiscard]] std::string failure_text() const override { return inner_->failure_text(); }
    [[nodiscard]] std::size_t pending_output_bytes() const override
    {
        return inner_->pending_output_bytes();
    }
    [[nodiscard]] std::size_t send_bytes_max() const override { return inner_->send_bytes_max(); }
    void append_poll_entries(std::vector<PollEntry>& entries) const override
    {
        inner_->append_poll_entries(entries);
    }
    void on_readable(int descriptor) override { inner_->on_readable(descriptor); }
    void on_writable(int descriptor) override { inner_->on_writable(descriptor); }
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override
    {
        return inner_->deadline();
    }
    void on_deadline(Clock::time_point now) override { inner_->on_deadline(now); }

private:
    // Bytes of one Data element on their way to the server, in pieces that its transport takes.
    struct Sending {
        Stream stream = Stream::Default;
        Bytes bytes;
        std::size_t sent = 0;
    };
    struct Channel {
        SharedClient* client = nullptr; // null: it has left
        bool is_open = false;
        bool was_signalled = false;
        bool is_stopped = false; // the signal has been acknowledged
        bool is_closing = false;
        std::optional<Sending> sending;
    };
    // On the session's channel.
    struct SessionSend {
        bool is_machine = false;
        SharedClient* client = nullptr; // null: the machine, or one that has left
        Sending sending;
    };

    void act(const ClientAction& action);
    void send_piece(const Guid& channel, Sending& sending);
    void send_next_of_session();
    Result<void> send_for_session(SharedClient& client, ClientDataReceived data);
    void end_pipeline(const Guid& pipeline, Channel& channel);
    [[nodiscard]] Channel* find(const SharedClient& client, const Guid& pipeline);
    [[nodiscard]] bool is_congested() const;
    bool deliver(TransportEvent& event);
    bool on_data_acknowledged(const Guid& id);
    void on_session_bytes(BytesView bytes);
    void route(BytesView object);
    void tell(SharedClient* client, const ServerAction& action);
    void on_command_lost(const Guid& pipeline, std::string_view reason, std::string_view error_id);
    void watch_opening(const ClientAction& action);

    std::unique_ptr<Transport> inner_;
    Guid runspace_pool_id_;
    std::vector<SharedClient*> clients_;
    std::map<Guid, Channel> channels_; // of pipelines
    std::deque<SessionSend> session_sends_;
    bool session_is_sending_ = false;
    std::deque<SharedClient*> key_requesters_; // in the order of their PUBLIC_KEY; as above
    ConnectAnswer connect_answer_;
    fragmenter::Reassembler session_objects_;
    std::uint64_t object_last_ = 0; // of what clients are told on the session's channel
};

} // namespace psrp
