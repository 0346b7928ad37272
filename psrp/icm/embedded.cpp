#include <psrp/icm/embedded.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/transport/outofproc_transport.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace icm {

namespace {

class EmbeddedTransport final : public psrp::OutOfProcTransport {
public:
    EmbeddedTransport(psrp::Descriptor reader, psrp::Descriptor writer, psrp::Descriptor server)
        : OutOfProcTransport(std::move(reader), std::move(writer)),
          thread_([end = std::move(server)] {
              psrp::server::ServeOptions options;
              options.limits.protocol = psrp::Limits::client();
              (void)psrp::server::serve_on(end.number(), end.number(), options); // told by its end
          })
    {
    }
    EmbeddedTransport(const EmbeddedTransport&) = delete;
    EmbeddedTransport& operator=(const EmbeddedTransport&) = delete;
    ~EmbeddedTransport() override
    {
        kill(); // the endpoint sees the end of its input
        thread_.join();
    }

private:
    std::thread thread_;
};

} // namespace

clixml::Result<std::unique_ptr<psrp::Transport>> start_embedded()
{
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return tl::unexpected(psrp::system_error(errno, "no socket pair for the endpoint"));
    }
    psrp::Descriptor client(ends[0]);
    psrp::Descriptor server(ends[1]);
    psrp::Descriptor writer(fcntl(client.number(), F_DUPFD_CLOEXEC, 0));
    if (!writer.is_open()) {
        return tl::unexpected(psrp::system_error(errno, "no descriptor for the endpoint"));
    }
    return std::make_unique<EmbeddedTransport>(
        std::move(client), std::move(writer), std::move(server)
    );
}

} // namespace icm
