// A listening Unix socket and the clients that came through it.
#pragma once

#include <psrp/server/connection.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/transport/event_loop.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace psrp::server {

struct ListenerOptions {
    // Clients at once. More are told so and sent away.
    std::size_t sessions_max = 64;
    // How long nothing is accepted after the system had no descriptor left.
    std::chrono::milliseconds exhausted_wait{100};
    // Borrowed; null: nothing is logged.
    const Log* log = nullptr;
    // Makes the connection of an accepted client.
    std::function<Result<std::unique_ptr<Connection>>(ClientStream, std::uint64_t session_number)>
        connect;
};

// Accepts clients of our own user (and the superuser) and serves them all on one loop. Others are
// told so and sent away, whatever the mode of the socket's file says.
class Listener final : public PollSource {
public:
    // `socket` listens and does not block; `loop` is borrowed and must outlive this, which adds
    // itself and its connections.
    Listener(EventLoop& loop, Descriptor socket, ListenerOptions options);
    ~Listener() override;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Accepts no more clients and ends the ones that are there in good manners.
    void close();
    // True once it is closed and all clients have gone.
    [[nodiscard]] bool is_finished() const;
    // Lets go of clients that are over. To be called after every EventLoop::run_once().
    void sweep();

    [[nodiscard]] std::size_t session_count() const { return sessions_.size(); }

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override { (void)descriptor; } // never wished for
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override { return resume_at_; }
    void on_deadline(Clock::time_point now) override;

private:
    struct Session {
        std::uint64_t number;
        std::unique_ptr<Connection> connection;
    };

    void admit(Descriptor client);
    void refuse(const Descriptor& client, std::string_view text, std::string_view reason);

    EventLoop& loop_;
    Descriptor socket_;
    ListenerOptions options_;
    std::vector<Session> sessions_;
    std::uint64_t session_last_ = 0;
    std::optional<Clock::time_point> resume_at_;
};

} // namespace psrp::server
