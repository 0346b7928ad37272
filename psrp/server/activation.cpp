#include <psrp/server/activation.hpp>

#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace psrp::server {

namespace {

constexpr int first_descriptor = 3;
constexpr int descriptors_max = 64;

// The number a variable holds, -1 for none.
int number_of(const char* variable)
{
    const char* value = std::getenv(variable);
    if (value == nullptr) return -1;
    const std::string_view text = value;
    int number = -1;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() ? number : -1;
}

int option_of(int descriptor, int option)
{
    int value = -1;
    socklen_t size = sizeof(value);
    return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

} // namespace

std::vector<Descriptor> take_activation_sockets()
{
    std::vector<Descriptor> sockets;
    const int count = number_of("LISTEN_FDS");
    const bool is_ours = number_of("LISTEN_PID") == ::getpid();
    for (const char* variable : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"})
        ::unsetenv(variable);
    if (!is_ours || count <= 0 || count > descriptors_max) return sockets;
    for (int i = 0; i < count; ++i) {
        const int descriptor = first_descriptor + i;
        if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0) sockets.emplace_back(descriptor);
    }
    return sockets;
}

ActivationKind activation_kind(int descriptor)
{
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool is_unix = ::getsockname(descriptor, generic, &size) == 0 &&
                         address.ss_family == AF_UNIX &&
                         option_of(descriptor, SO_TYPE) == SOCK_STREAM;
    if (!is_unix) return ActivationKind::Neither;
    return option_of(descriptor, SO_ACCEPTCONN) == 1 ? ActivationKind::Listener
                                                     : ActivationKind::Connection;
}

} // namespace psrp::server
