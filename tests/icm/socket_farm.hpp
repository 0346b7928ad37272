// Many endpoints of this process, each behind a Unix socket of its own, served by one thread; some
// of them are bad.
#pragma once

#include <psrp/server/command.hpp>
#include <psrp/server/connection.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/event_loop.hpp>
#include <tests/icm/program_run.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tests {

enum class EndpointKind {
    Good,
    Absent,  // nobody listens
    Refuses, // says why in an error line
    Hangs,   // takes the client, and says nothing
    Cuts,    // serves it, and cuts the connection in the middle of its answer
};

class SocketFarm final : public psrp::PollSource {
public:
    // `add_commands` are there beside the standard ones.
    explicit SocketFarm(
        const std::vector<EndpointKind>& kinds,
        const std::function<void(psrp::server::CommandTable&)>& add_commands = nullptr
    );
    ~SocketFarm() override;
    SocketFarm(const SocketFarm&) = delete;
    SocketFarm& operator=(const SocketFarm&) = delete;

    // The socket of each endpoint, and icm's way to all of them.
    [[nodiscard]] std::string path(std::size_t index) const;
    [[nodiscard]] std::vector<std::string> targets() const;
    // The most clients that were there at once: counted when one is taken, those that have hung up
    // by then left out.
    [[nodiscard]] std::size_t clients_seen_max() const { return clients_max_; }
    // All that were taken.
    [[nodiscard]] std::size_t client_count() const { return client_count_; }

    void append_poll_entries(std::vector<psrp::PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;

private:
    // How much of what follows the start of a command passes where the connection is cut.
    static constexpr std::size_t answer_bytes_max = 3000;

    struct Endpoint {
        EndpointKind kind = EndpointKind::Good;
        psrp::Descriptor listener;
    };
    struct Client {
        psrp::Descriptor socket;                              // also of one that is served
        std::unique_ptr<psrp::server::Connection> connection; // null: Hangs
        // Cuts: this process is between the client and its connection.
        psrp::Descriptor inner = {};
        psrp::OutputBuffer to_client = {};
        psrp::OutputBuffer to_server = {};
        std::string asked = {};
        std::size_t answered_bytes = 0;
        bool is_over = false;
    };

    void serve();
    void take(Endpoint& endpoint);
    void relay(Client& client, bool from_client);
    void sweep();
    std::unique_ptr<psrp::server::Connection> connection_on(psrp::Descriptor socket);

    TemporaryFolder folder_;
    psrp::server::CommandTable commands_;
    std::vector<Endpoint> endpoints_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::unique_ptr<psrp::EventLoop> loop_;
    std::atomic<std::size_t> clients_max_{0};
    std::atomic<std::size_t> client_count_{0};
    std::atomic<bool> is_over_{false};
    std::thread thread_;
};

} // namespace tests
