#include <benchmarks/shaped_link.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;

sockaddr_in loopback(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

// One direction of all connections: bytes leave one after the other, and arrive later.
struct Line {
    Clock::time_point free_at{};

    Clock::time_point arrival(std::size_t bytes, const LinkOptions& options)
    {
        const auto now = Clock::now();
        const std::chrono::duration<double> lasts(
            static_cast<double>(bytes) / options.bytes_per_second
        );
        free_at = std::max(free_at, now) + std::chrono::duration_cast<Clock::duration>(lasts);
        return free_at + options.delay;
    }
};

struct Packet {
    Clock::time_point due;
    std::string bytes; // none: the end
};

struct Direction {
    int from;
    int to;
    std::deque<Packet> under_way;
    bool has_ended = false;
    bool is_over = false;
};

// Hands on what has arrived by now.
void deliver(Direction& direction)
{
    while (!direction.under_way.empty() && direction.under_way.front().due <= Clock::now()) {
        const std::string bytes = std::move(direction.under_way.front().bytes);
        direction.under_way.pop_front();
        if (bytes.empty()) ::shutdown(direction.to, SHUT_WR);
        const bool is_lost =
            !bytes.empty() && ::send(direction.to, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0;
        direction.is_over = direction.is_over || bytes.empty() || is_lost;
    }
}

constexpr std::size_t packets_max = 64; // what a window holds

} // namespace

struct ShapedLink::Connection {
    psrp::Descriptor client;
    psrp::Descriptor server;
    Direction there;
    Direction back;
};

ShapedLink::ShapedLink(int target_port, const LinkOptions& options)
    : target_port_(target_port), options_(options),
      socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    std::array<int, 2> ends{};
    if (::bind(socket_.number(), any, size) != 0 || ::listen(socket_.number(), 64) != 0 ||
        ::getsockname(socket_.number(), any, &size) != 0 || ::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("no relay can be made");
    stop_read_ = psrp::Descriptor(ends[0]);
    stop_write_ = psrp::Descriptor(ends[1]);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

ShapedLink::~ShapedLink()
{
    stop_write_.reset();
    thread_.join();
}

void ShapedLink::serve()
{
    std::list<Connection> connections;
    Line there;
    Line back;
    while (true) {
        std::vector<pollfd> entries = {
            {stop_read_.number(), POLLIN, 0}, {socket_.number(), POLLIN, 0}};
        std::vector<std::pair<Direction*, Line*>> readers = {{}, {}};
        auto next = Clock::now() + std::chrono::seconds(1);
        for (Connection& one : connections) {
            for (const auto& [direction, line] :
                 {std::pair(&one.there, &there), std::pair(&one.back, &back)}) {
                deliver(*direction);
                if (!direction->under_way.empty())
                    next = std::min(next, direction->under_way.front().due);
                if (direction->has_ended || direction->under_way.size() >= packets_max) continue;
                entries.push_back({direction->from, POLLIN, 0});
                readers.emplace_back(direction, line);
            }
        }
        connections.remove_if([](const Connection& one) {
            return one.there.is_over && one.back.is_over;
        });
        const auto wait = std::chrono::ceil<std::chrono::nanoseconds>(next - Clock::now()).count();
        const timespec time{
            std::max<long>(wait, 0) / 1'000'000'000, std::max<long>(wait, 0) % 1'000'000'000};
        if (readers.size() != 2 && connections.empty()) continue;
        if (::ppoll(entries.data(), entries.size(), &time, nullptr) < 0) return;
        if (entries[0].revents != 0) return;
        for (std::size_t i = 2; i < entries.size(); ++i) {
            if (entries[i].revents == 0) continue;
            auto& [direction, line] = readers[i];
            std::string bytes(65536, '\0');
            const auto count = ::read(direction->from, bytes.data(), bytes.size());
            bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
            direction->has_ended = bytes.empty();
            direction->under_way.push_back({line->arrival(bytes.size(), options_), std::move(bytes)}
            );
        }
        if (entries[1].revents == 0) continue;
        Connection& fresh = connections.emplace_back();
        fresh.client =
            psrp::Descriptor(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
        fresh.server = psrp::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_in target = loopback(target_port_);
        if (::connect(
                fresh.server.number(), reinterpret_cast<const sockaddr*>(&target), sizeof target
            ) != 0) {
            connections.pop_back();
            continue;
        }
        const int on = 1;
        for (const int socket : {fresh.client.number(), fresh.server.number()})
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        fresh.there = {fresh.client.number(), fresh.server.number(), {}, false, false};
        fresh.back = {fresh.server.number(), fresh.client.number(), {}, false, false};
    }
}

} // namespace bench
