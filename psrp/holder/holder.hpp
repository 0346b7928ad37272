// Holder: keeps one session open and lends it to the programs that connect to its socket. It runs
// in a process of its own, so that each session ends alone.
#pragma once

#include <psrp/client/fan_out.hpp>
#include <psrp/client/session.hpp>
#include <psrp/holder/held_client.hpp>
#include <psrp/server/listener.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace psrp {

struct HolderOptions {
    std::string name;
    Target target; // with its runspace_pool_id; takes_up_session where another one has left it
    std::string transport;
    std::string configuration;
    SessionOptions session;
    // Without a client for so long the session is closed.
    std::chrono::milliseconds idle_timeout{7'200'000};
    std::size_t clients_max = 64;
    // How long pipelines may take to stop, and then the session to close, when it is to end.
    std::chrono::milliseconds farewell{10'000};
    // Called before the session is left to the server: what is needed to find it again is kept. The
    // error is a sentence, and the session is not left. None: it cannot be.
    std::function<tl::expected<void, std::string>()> on_leaving;
    // It was not left after all.
    std::function<void()> on_not_left;
    // Borrowed: answers what the server asks while the session opens.
    HostConsole* console = nullptr;
    // Gets the lines of the way to the target.
    std::function<void(std::string_view)> on_line;
};

// open() first, then listen() and serve().
class Holder final : public HeldSessionOwner, public SessionListener {
public:
    // `loop` is borrowed.
    Holder(EventLoop& loop, HolderOptions options);
    ~Holder() override;
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

    // Opens the session. `interrupts` as FanOut::run()'s: more than none gives it up. The error is
    // a sentence.
    tl::expected<void, std::string> open(const std::function<int()>& interrupts);
    // Takes clients from now on, at this socket.
    void listen(Descriptor socket);
    // Until somebody wants the end, nobody has come for too long, or `interrupts` says so. A
    // session that breaks meanwhile is kept, to say so.
    void serve(const std::function<int()>& interrupts);
    // The console of open() is no more.
    void forget_console();
    // Called before the session ends because somebody wants that: the name is free again.
    void set_on_end(std::function<void()> on_end) { on_end_ = std::move(on_end); }

    [[nodiscard]] HeldDescription description() const override;
    SharedTransport* shared_transport() override;
    void on_end_wanted(HolderRequest request) override;

private:
    void on_opened(Session& session) override { (void)session; }
    void on_event(Session& session, ClientEvent& event) override;
    void on_input_wanted(Session& session) override { (void)session; } // clients write their own
    void on_ended(Session& session, const SessionEnd& end) override;

    Result<std::unique_ptr<server::Connection>> admit(server::ClientStream stream);
    void pump();
    void begin_end();
    void on_not_left(const clixml::Error& error);
    void advance_end();
    void tell_disconnected(std::string_view outcome);
    void watch_idleness();

    EventLoop& loop_;
    HolderOptions options_;
    std::unique_ptr<HostResponder> responder_;
    std::unique_ptr<Session> session_;
    SharedTransport* shared_ = nullptr; // of the session
    std::unique_ptr<server::Listener> listener_;
    std::vector<HeldClient*> clients_; // of the listener; those that are over are still there
    std::function<void()> on_end_;
    std::string broken_reason_;
    bool is_ending_ = false;
    bool is_closing_ = false; // the session has been asked to
    bool is_leaving_ = false; // it is to be left to the server
    std::optional<EventLoop::TimerId> farewell_timer_;
    std::optional<EventLoop::TimerId> idle_timer_;
    bool is_idle_too_long_ = false;
};

} // namespace psrp
