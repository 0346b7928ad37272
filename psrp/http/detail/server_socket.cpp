#include <psrp/http/detail/server_socket.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>

namespace psrp::detail {

namespace {

struct AddressDeleter {
    void operator()(addrinfo* first) const { freeaddrinfo(first); }
};

} // namespace

HttpResult<std::string> read_server_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return http_failure(HttpErrc::ServerFileUnusable, path + " cannot be read");
    return text.str();
}

HttpResult<Descriptor> listen_on(const std::string& address, std::uint16_t port)
{
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int code = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (code != 0) return http_failure(HttpErrc::ListenFailed, gai_strerror(code));
    const std::unique_ptr<addrinfo, AddressDeleter> first(found);
    int error = 0;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        Descriptor socket(
            ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol)
        );
        const int on = 1;
        ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        constexpr int backlog = 1024;
        const bool listens = ::bind(socket.number(), at->ai_addr, at->ai_addrlen) == 0 &&
                             ::listen(socket.number(), backlog) == 0;
        if (listens) return socket;
        error = errno;
    }
    return http_failure(HttpErrc::ListenFailed, std::strerror(error));
}

std::uint16_t port_of(int socket)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    if (address.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
    }
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

std::string address_text(const sockaddr* address)
{
    if (address == nullptr) return {};
    std::string host(NI_MAXHOST, 0);
    const socklen_t size =
        address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (getnameinfo(address, size, host.data(), NI_MAXHOST, nullptr, 0, NI_NUMERICHOST) != 0) {
        return {};
    }
    host.resize(std::strlen(host.c_str()));
    return host;
}

} // namespace psrp::detail
