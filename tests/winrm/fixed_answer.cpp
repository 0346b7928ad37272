#include <tests/winrm/fixed_answer.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tests {

namespace {

// Waits until there is something to read, or until it is over.
bool wait_for(int descriptor, const std::atomic<bool>& is_over)
{
    constexpr int look_after_ms = 50;
    pollfd entry{descriptor, POLLIN, 0};
    while (!is_over) {
        if (::poll(&entry, 1, look_after_ms) > 0) return true;
    }
    return false;
}

} // namespace

FixedAnswer::FixedAnswer(std::string bytes)
    : bytes_(std::move(bytes)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(socket_.number(), any, size) == 0);
    REQUIRE(::listen(socket_.number(), 8) == 0);
    REQUIRE(::getsockname(socket_.number(), any, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

FixedAnswer::~FixedAnswer()
{
    is_over_ = true;
    thread_.join();
}

void FixedAnswer::serve()
{
    while (wait_for(socket_.number(), is_over_)) {
        const psrp::Descriptor client(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
        std::array<char, 65536> room{};
        // A knock is no question: it hangs up.
        while (wait_for(client.number(), is_over_)) {
            if (::read(client.number(), room.data(), room.size()) <= 0) break;
            if (bytes_.empty()) continue;
            (void)::send(client.number(), bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
            ::shutdown(client.number(), SHUT_WR);
        }
    }
}

} // namespace tests
