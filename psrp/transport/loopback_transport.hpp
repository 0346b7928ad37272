// A Transport to a peer in the same process: text is passed by calls, without descriptors (for an
// embedded server and for tests).
#pragma once

#include <psrp/transport/outofproc_client.hpp>

#include <functional>

namespace psrp {

// Every action's text goes to the function given; the peer answers by calling deliver(), now or
// later, also from within that function. There is nothing to poll.
class LoopbackTransport final : public Transport {
public:
    // `write_to_peer` gets the client's bytes in order, borrowed for the call. It is dropped by
    // close() and kill().
    explicit LoopbackTransport(
        std::function<void(BytesView)> write_to_peer, OutOfProcClientLimits limits = {}
    );

    // Bytes from the peer.
    void deliver(BytesView bytes);
    // The peer sends nothing more.
    void deliver_end();

    Result<void> perform(const ClientAction& action) override;
    Result<std::optional<TransportEvent>> next_event() override;
    void close() override;
    void kill() override;
    [[nodiscard]] bool is_finished() const override { return !write_to_peer_; }
    [[nodiscard]] std::string failure_text() const override;
    [[nodiscard]] std::size_t pending_output_bytes() const override { return 0; }

    void append_poll_entries(std::vector<PollEntry>& entries) const override { (void)entries; }
    void on_readable(int descriptor) override { (void)descriptor; }
    void on_writable(int descriptor) override { (void)descriptor; }

private:
    OutOfProcClient client_;
    std::function<void(BytesView)> write_to_peer_;
    std::optional<clixml::Error> error_;
};

} // namespace psrp
