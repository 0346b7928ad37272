#include <psrp/server/hosted_transport.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <utility>

namespace psrp::server {

Result<std::unique_ptr<HostedTransport>>
HostedTransport::start(EventLoop& loop, const ConnectionMaker& connect)
{
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return tl::unexpected(system_error(errno, "no pair of sockets for a session"));
    }
    Descriptor client(ends[0]);
    Descriptor server(ends[1]);
    Descriptor writer(fcntl(client.number(), F_DUPFD_CLOEXEC, 0));
    if (!writer.is_open()) {
        return tl::unexpected(system_error(errno, "no descriptor for a session"));
    }
    const int end = server.number();
    PSRP_TRY(auto connection, connect({end, end, std::move(server)}));
    return std::unique_ptr<HostedTransport>(
        new HostedTransport(loop, std::move(client), std::move(writer), std::move(connection))
    );
}

HostedTransport::HostedTransport(
    EventLoop& loop, Descriptor reader, Descriptor writer, std::unique_ptr<Connection> connection
)
    : OutOfProcTransport(std::move(reader), std::move(writer)), loop_(loop),
      connection_(std::move(connection))
{
    loop_.add(*connection_);
}

HostedTransport::~HostedTransport()
{
    loop_.remove(*connection_);
}

bool HostedTransport::is_finished() const
{
    return OutOfProcTransport::is_finished() && connection_->is_over();
}

} // namespace psrp::server
