#include <tests/http/relay.hpp>
#include <tests/http/scripted_server.hpp>

#include <algorithm>
#include <sys/socket.h>

namespace tests {

Relay::Relay(int port) : server_port_(port), listener_(listen_on_loopback(port_)) {}

void Relay::append_poll_entries(std::vector<psrp::PollEntry>& entries) const
{
    entries.push_back({listener_.number(), true, false});
    for (const auto& line : lines_) {
        for (const End* end : {&line->client, &line->server})
            entries.push_back({end->socket.number(), true, !end->output.is_empty()});
    }
}

Relay::Line* Relay::line_of(int descriptor)
{
    const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const auto& line) {
        return line->client.socket.number() == descriptor ||
               line->server.socket.number() == descriptor;
    });
    return found == lines_.end() ? nullptr : found->get();
}

void Relay::accept()
{
    psrp::Descriptor client(::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK));
    if (!client.is_open()) return;
    ++connections;
    if (on_connection) on_connection();
    if (is_down) return;
    psrp::Descriptor server = connect_to_localhost(server_port_);
    if (!server.is_open() || !psrp::set_nonblocking(server.number())) return;
    auto line = std::make_unique<Line>();
    line->client.socket = std::move(client);
    line->server.socket = std::move(server);
    lines_.push_back(std::move(line));
}

void Relay::on_readable(int descriptor)
{
    if (descriptor == listener_.number()) return accept();
    Line* line = line_of(descriptor);
    if (line == nullptr) return;
    if (descriptor == line->client.socket.number())
        read(*line, line->client, line->server, on_request);
    else
        read(*line, line->server, line->client, on_answer);
    sweep();
}

void Relay::read(Line& line, End& from, End& to, const Hook& hook)
{
    const auto outcome = psrp::read_some(from.socket.number(), 1 << 20, from.received);
    if (line.is_tunnel) {
        to.output.append(std::exchange(from.received, {}));
        flush(line, to);
    }
    while (const std::size_t bytes = line.is_tunnel ? 0 : http_message_bytes(from.received)) {
        const std::string message = from.received.substr(0, bytes);
        from.received.erase(0, bytes);
        pass(line, from, to, hook ? hook(message) : Passage{Passage::Kind::On, message});
    }
    if (!outcome || *outcome == psrp::ReadOutcome::End) line.is_cut = true;
}

void Relay::pass(Line& line, End& from, End& to, const Passage& passage)
{
    switch (passage.kind) {
    case Passage::Kind::On:
        to.output.append(passage.text);
        return flush(line, to);
    case Passage::Kind::Tunnel:
        line.is_tunnel = true;
        [[fallthrough]];
    case Passage::Kind::Reply:
        from.output.append(passage.text);
        return flush(line, from);
    case Passage::Kind::Cut:
        line.is_cut = true;
    }
}

void Relay::flush(Line& line, End& end)
{
    if (!end.output.flush_to(end.socket.number())) line.is_cut = true;
}

void Relay::on_writable(int descriptor)
{
    Line* line = line_of(descriptor);
    if (line == nullptr) return;
    flush(*line, descriptor == line->client.socket.number() ? line->client : line->server);
    sweep();
}

void Relay::sweep()
{
    std::erase_if(lines_, [](const auto& line) { return line->is_cut; });
}

} // namespace tests
