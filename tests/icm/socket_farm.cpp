#include <psrp/server/commands/standard.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/transport/outofproc_framing.hpp>
#include <psrp/transport/unix_socket.hpp>
#include <tests/icm/socket_farm.hpp>

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace tests {

namespace {

bool has_gone(int socket)
{
    pollfd entry{socket, POLLRDHUP, 0};
    return ::poll(&entry, 1, 0) != 0;
}

} // namespace

SocketFarm::SocketFarm(
    const std::vector<EndpointKind>& kinds,
    const std::function<void(psrp::server::CommandTable&)>& add_commands
)
    : commands_(psrp::server::standard_commands())
{
    if (add_commands) add_commands(commands_);
    for (const EndpointKind kind : kinds) {
        Endpoint endpoint{kind, {}};
        if (kind != EndpointKind::Absent) {
            auto listener = psrp::listen_on_unix_socket(path(endpoints_.size()));
            if (!listener) throw std::runtime_error(listener.error().text());
            endpoint.listener = std::move(*listener);
        }
        endpoints_.push_back(std::move(endpoint));
    }
    auto loop = psrp::EventLoop::create();
    if (!loop) throw std::runtime_error(loop.error().text());
    loop_ = std::make_unique<psrp::EventLoop>(std::move(*loop));
    loop_->add(*this);
    thread_ = std::thread([this] { serve(); });
}

SocketFarm::~SocketFarm()
{
    is_over_ = true;
    loop_->wake();
    thread_.join();
    for (const auto& client : clients_) {
        if (client->connection) loop_->remove(*client->connection);
    }
    loop_->remove(*this);
}

std::string SocketFarm::path(std::size_t index) const
{
    return (folder_.path() / ("e" + std::to_string(index))).string();
}

std::vector<std::string> SocketFarm::targets() const
{
    std::vector<std::string> words;
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        words.emplace_back("--socket");
        words.push_back(path(i));
    }
    return words;
}

void SocketFarm::serve()
{
    while (!is_over_) {
        if (!loop_->run_once()) return;
        sweep();
    }
}

void SocketFarm::append_poll_entries(std::vector<psrp::PollEntry>& entries) const
{
    for (const Endpoint& endpoint : endpoints_) {
        if (endpoint.listener.is_open())
            entries.push_back({endpoint.listener.number(), true, false});
    }
    for (const auto& client : clients_) {
        if (!client->inner.is_open()) continue;
        entries.push_back({client->socket.number(), true, !client->to_client.is_empty()});
        entries.push_back({client->inner.number(), true, !client->to_server.is_empty()});
    }
}

void SocketFarm::on_readable(int descriptor)
{
    for (Endpoint& endpoint : endpoints_) {
        if (endpoint.listener.number() == descriptor) return take(endpoint);
    }
    for (const auto& client : clients_) {
        if (!client->inner.is_open()) continue;
        if (client->socket.number() == descriptor) return relay(*client, true);
        if (client->inner.number() == descriptor) return relay(*client, false);
    }
}

void SocketFarm::on_writable(int descriptor)
{
    for (const auto& client : clients_) {
        const bool is_client = client->socket.number() == descriptor;
        if (is_client && !client->to_client.flush_to(descriptor)) client->is_over = true;
        const bool is_server = client->inner.number() == descriptor;
        if (is_server && !client->to_server.flush_to(descriptor)) client->is_over = true;
    }
}

void SocketFarm::take(Endpoint& endpoint)
{
    psrp::Descriptor socket(
        ::accept4(endpoint.listener.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)
    );
    if (!socket.is_open()) return;
    ++client_count_;
    const auto others = std::count_if(clients_.begin(), clients_.end(), [](const auto& one) {
        return !has_gone(one->socket.number());
    });
    clients_max_ = std::max(clients_max_.load(), static_cast<std::size_t>(others) + 1);
    auto client = std::make_unique<Client>();
    client->socket = psrp::Descriptor(::fcntl(socket.number(), F_DUPFD_CLOEXEC, 0));
    switch (endpoint.kind) {
    case EndpointKind::Absent:
    case EndpointKind::Hangs:
        break;
    case EndpointKind::Refuses: {
        std::string line;
        psrp::append_error_line("This endpoint refuses.", line);
        (void)psrp::write_some(socket.number(), line); // a fresh socket takes a line
        return;
    }
    case EndpointKind::Good:
        client->connection = connection_on(std::move(socket));
        break;
    case EndpointKind::Cuts:
        int ends[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return;
        client->inner = psrp::Descriptor(ends[0]);
        client->connection = connection_on(psrp::Descriptor(ends[1]));
        break;
    }
    if (client->connection) loop_->add(*client->connection);
    clients_.push_back(std::move(client));
}

std::unique_ptr<psrp::server::Connection> SocketFarm::connection_on(psrp::Descriptor socket)
{
    psrp::server::ServeOptions options;
    options.commands = &commands_;
    options.limits.protocol = psrp::Limits::client();
    const int number = socket.number();
    auto session = psrp::server::ServerSession::start({number, number, std::move(socket)}, options);
    if (!session) return nullptr;
    return std::move(*session);
}

void SocketFarm::relay(Client& client, bool from_client)
{
    std::string text;
    const int from = (from_client ? client.socket : client.inner).number();
    const auto outcome = psrp::read_some(from, 1 << 20, text);
    if (!outcome || *outcome == psrp::ReadOutcome::End) client.is_over = true;
    if (from_client) {
        client.asked += text;
        client.to_server.append(std::move(text));
        if (!client.to_server.flush_to(client.inner.number())) client.is_over = true;
        return;
    }
    if (client.asked.find("<Command ") != std::string::npos) {
        text.resize(std::min(text.size(), answer_bytes_max - client.answered_bytes));
        client.answered_bytes += text.size();
        client.is_over = client.answered_bytes == answer_bytes_max;
    }
    client.to_client.append(std::move(text));
    if (!client.to_client.flush_to(client.socket.number())) client.is_over = true;
}

void SocketFarm::sweep()
{
    std::erase_if(clients_, [this](const auto& client) {
        const bool is_cut = client->inner.is_open() && client->is_over;
        const bool has_ended =
            client->connection ? client->connection->is_over() : has_gone(client->socket.number());
        if (!is_cut && !has_ended) return false;
        if (client->connection) loop_->remove(*client->connection);
        return true;
    });
}

} // namespace tests
