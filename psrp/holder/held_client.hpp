// A program at the socket of a held session: asks, and runs its pipelines there.
#pragma once

#include <psrp/holder/holder_words.hpp>
#include <psrp/holder/shared_transport.hpp>
#include <psrp/server/connection.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/outofproc_server.hpp>

#include <string>
#include <string_view>

namespace psrp {

class HeldClient;

// What clients need of whoever holds the session.
class HeldSessionOwner {
public:
    virtual ~HeldSessionOwner() = default;
    [[nodiscard]] virtual HeldDescription description() const = 0;
    // Null where the session is not open.
    virtual SharedTransport* shared_transport() = 0;
    // The client wants the session closed, or left to the server; it stays to see that.
    virtual void on_end_wanted(HolderRequest request) = 0;
};

// One connection. Its pipelines end with it.
class HeldClient final : public server::Connection, public SharedClient {
public:
    // `owner` and the transport that it has shared with this are borrowed.
    static Result<std::unique_ptr<HeldClient>>
    create(server::ClientStream stream, HeldSessionOwner& owner);
    ~HeldClient() override;
    HeldClient(const HeldClient&) = delete;
    HeldClient& operator=(const HeldClient&) = delete;

    // The session is no more: the client is told why and let go.
    void on_session_ended(std::string_view reason);
    // What became of the disconnecting it has asked for.
    void on_disconnected(std::string_view outcome);

    void end() override;
    [[nodiscard]] bool is_over() const override;
    [[nodiscard]] int exit_code() const override { return 0; }
    void on_server_action(const ServerAction& action) override;
    [[nodiscard]] bool is_congested() const override;
    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;

private:
    enum class Phase { Asking, Using, Waiting, Ending, Gone };

    HeldClient(server::ClientStream stream, HeldSessionOwner& owner);
    void take_text(std::string_view text);
    void take_request(std::string_view line);
    void take_events();
    Result<void> on_event(ServerTransportEvent& event);
    Result<void> on_data(ClientDataReceived& data);
    void refuse(std::string_view reason);
    void leave();
    void flush();
    void set_gone();

    server::ClientStream stream_;
    HeldSessionOwner& owner_;
    Phase phase_ = Phase::Asking;
    std::string line_; // while it asks
    OutOfProcServer server_;
    bool is_connected_ = false; // to the session
    SharedTransport* joined_ = nullptr;
    OutputBuffer output_;
};

} // namespace psrp
