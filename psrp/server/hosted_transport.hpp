// A Transport to a connection of this process, at the other end of a pair of sockets: for front
// ends that speak another protocol than the out-of-process framing. POSIX.
#pragma once

#include <psrp/server/connection.hpp>
#include <psrp/transport/event_loop.hpp>
#include <psrp/transport/outofproc_transport.hpp>

#include <functional>
#include <memory>

namespace psrp::server {

// Makes what answers, on the stream given.
using ConnectionMaker = std::function<Result<std::unique_ptr<Connection>>(ClientStream)>;

// Owns its connection and has it polled by the loop.
class HostedTransport final : public OutOfProcTransport {
public:
    // `loop` is borrowed. Errors: those of `connect`; the errno value of what failed.
    static Result<std::unique_ptr<HostedTransport>>
    start(EventLoop& loop, const ConnectionMaker& connect);
    ~HostedTransport() override;
    HostedTransport(const HostedTransport&) = delete;
    HostedTransport& operator=(const HostedTransport&) = delete;

    // Once the connection is over, too.
    [[nodiscard]] bool is_finished() const override;

private:
    HostedTransport(
        EventLoop& loop,
        Descriptor reader,
        Descriptor writer,
        std::unique_ptr<Connection> connection
    );

    EventLoop& loop_;
    std::unique_ptr<Connection> connection_;
};

} // namespace psrp::server
