#include <psrp/transport/errors.hpp>
#include <psrp/transport/unix_socket.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace psrp {
namespace {

constexpr int waiting_connections_max = 128;
constexpr mode_t all_but_owner = 0177;

tl::unexpected<clixml::Error> failed(const char* detail)
{
    return tl::unexpected<clixml::Error>(system_error(errno, detail));
}

Result<sockaddr_un> address_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return clixml::failure(
            TransportErrc::SocketPathTooLong, clixml::no_offset, "expected 1 to 107 bytes"
        );
    }
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    return address;
}

Result<Descriptor> make_socket()
{
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    if (!socket.is_open()) return failed("could not make a socket");
    if (fcntl(socket.number(), F_SETFD, FD_CLOEXEC) != 0)
        return failed("could not set up a socket");
    PSRP_CHECK(set_nonblocking(socket.number()));
    return socket;
}

// The file is created with its final mode: at no moment may others connect.
int bind_privately(int socket, const sockaddr_un& address)
{
    const mode_t before = ::umask(all_but_owner);
    const int outcome =
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    const int error = errno;
    ::umask(before);
    errno = error;
    return outcome;
}

// Takes away what an earlier server left at the path.
Result<void> remove_stale_socket(const std::string& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return failed("could not look at the socket's path");
    if (!S_ISSOCK(status.st_mode)) {
        return tl::unexpected<clixml::Error>(system_error(EEXIST, "expected a socket or nothing"));
    }
    const auto connected = connect_unix_socket(path);
    const bool is_stale = !connected && connected.error().code.value() == ECONNREFUSED &&
                          connected.error().code.category() == std::system_category();
    if (!is_stale) {
        return clixml::failure(
            TransportErrc::SocketInUse, clixml::no_offset, "expected a path that is free"
        );
    }
    if (::unlink(path.c_str()) != 0) return failed("could not remove a stale socket");
    return {};
}

} // namespace

Result<Descriptor> connect_unix_socket(const std::string& path)
{
    PSRP_TRY(const sockaddr_un address, address_of(path));
    PSRP_TRY(Descriptor socket, make_socket());
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket.number(), generic, sizeof(address)) != 0) {
        return failed("could not connect to the socket");
    }
    return socket;
}

Result<Descriptor> listen_on_unix_socket(const std::string& path)
{
    PSRP_TRY(const sockaddr_un address, address_of(path));
    PSRP_TRY(Descriptor socket, make_socket());
    if (bind_privately(socket.number(), address) != 0) {
        if (errno != EADDRINUSE) return failed("could not make the socket");
        PSRP_CHECK(remove_stale_socket(path));
        if (bind_privately(socket.number(), address) != 0)
            return failed("could not make the socket");
    }
    if (::listen(socket.number(), waiting_connections_max) != 0) {
        return failed("could not listen on the socket");
    }
    return socket;
}

Result<SocketPeer> socket_peer(int socket)
{
#ifdef SO_PEERCRED
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return failed("could not find out who connected");
    }
    return SocketPeer{credentials.uid, credentials.pid};
#else
    uid_t user = 0;
    gid_t group = 0;
    if (::getpeereid(socket, &user, &group) != 0) return failed("could not find out who connected");
    return SocketPeer{user, 0};
#endif
}

} // namespace psrp
