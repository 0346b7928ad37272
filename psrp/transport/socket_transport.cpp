#include <psrp/transport/errors.hpp>
#include <psrp/transport/socket_transport.hpp>
#include <psrp/transport/unix_socket.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace psrp {
namespace {

// Nobody listens right now, or too many wait: a server between two clients, or about to start.
bool may_pass(const clixml::Error& error)
{
    if (error.code.category() != std::system_category()) return false;
    const int number = error.code.value();
    return number == ENOENT || number == ECONNREFUSED || number == EAGAIN;
}

} // namespace

SocketTransport::SocketTransport(SocketOptions options)
    : OutOfProcTransport(options.limits), options_(std::move(options)),
      give_up_at_(Clock::now() + options_.connect_wait)
{
}

Result<std::unique_ptr<SocketTransport>> SocketTransport::start(SocketOptions options)
{
    std::unique_ptr<SocketTransport> transport(new SocketTransport(std::move(options)));
    PSRP_TRY(const bool is_connected, transport->try_to_connect());
    if (!is_connected) transport->retry_at_ = Clock::now() + transport->options_.retry_interval;
    return transport;
}

Result<bool> SocketTransport::try_to_connect()
{
    auto socket = connect_unix_socket(options_.path);
    if (!socket) {
        if (may_pass(socket.error()) && options_.connect_wait.count() > 0) return false;
        return tl::unexpected<clixml::Error>(socket.error());
    }
    PSRP_CHECK(adopt(std::move(*socket)));
    return true;
}

Result<void> SocketTransport::adopt(Descriptor socket)
{
    if (options_.owner == SocketOwner::CurrentUser) {
        PSRP_TRY(const SocketPeer peer, socket_peer(socket.number()));
        if (peer.user_id != ::geteuid()) {
            return clixml::failure(
                TransportErrc::WrongSocketOwner, clixml::no_offset, "expected our own user"
            );
        }
    }
    Descriptor writer(fcntl(socket.number(), F_DUPFD_CLOEXEC, 0));
    if (!writer.is_open()) {
        return tl::unexpected<clixml::Error>(system_error(errno, "no descriptor for a socket"));
    }
    return attach(std::move(socket), std::move(writer));
}

void SocketTransport::on_deadline(Clock::time_point now)
{
    if (!retry_at_ || *retry_at_ > now) return;
    retry_at_.reset();
    const Result<bool> connected = try_to_connect();
    if (!connected) return fail(connected.error(), options_.path + ": " + connected.error().text());
    if (*connected) return;
    if (now < give_up_at_) {
        retry_at_ = std::min(now + options_.retry_interval, give_up_at_);
        return;
    }
    fail(
        {TransportErrc::SocketConnectTimedOut, clixml::no_offset, "expected somebody to listen"},
        "Nobody answered on the socket " + options_.path +
            " in time: the process has ended, or "
            "serves somebody else."
    );
}

void SocketTransport::on_output_text(std::string_view text)
{
    if (!has_answered_) unanswered_ += text;
}

void SocketTransport::on_readable(int descriptor)
{
    OutOfProcTransport::on_readable(descriptor);
    if (!is_reading() || has_answered_) return;
    has_answered_ = true;
    std::string().swap(unanswered_);
}

void SocketTransport::on_input_end()
{
    const Clock::time_point now = Clock::now();
    if (!has_answered_ && now < give_up_at_) {
        stop_writing();
        queue_output(unanswered_);
        retry_at_ = std::min(now + options_.retry_interval, give_up_at_);
        return;
    }
    fail_at_end(
        {TransportErrc::StreamEnded, clixml::no_offset, "expected CloseAck before the end"},
        "The process at the other end of the socket " + options_.path +
            " has ended or has closed the connection."
    );
    end_client_input();
}

void SocketTransport::kill()
{
    retry_at_.reset();
    OutOfProcTransport::kill();
}

bool SocketTransport::is_finished() const
{
    return !is_connecting() && OutOfProcTransport::is_finished();
}

} // namespace psrp
