#include <clixml/utf.hpp>
#include <tests/http/scripted_server.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tests {

psrp::Descriptor listen_on_loopback(int& port)
{
    psrp::Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener.number(), generic, size) == 0);
    REQUIRE(::listen(listener.number(), 64) == 0);
    REQUIRE(::getsockname(listener.number(), generic, &size) == 0);
    port = ntohs(address.sin_port);
    return listener;
}

psrp::Descriptor connect_to_localhost(int port)
{
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    six.sin6_port = htons(static_cast<std::uint16_t>(port));
    psrp::Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.number(), reinterpret_cast<sockaddr*>(&six), sizeof six) == 0)
        return socket;
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four.sin_port = htons(static_cast<std::uint16_t>(port));
    socket = psrp::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.number(), reinterpret_cast<sockaddr*>(&four), sizeof four) == 0)
        return socket;
    return {};
}

std::string http_header(const std::string& message, const std::string& name)
{
    const std::size_t end = message.find("\r\n\r\n");
    std::size_t at = message.find("\r\n");
    while (at < end) {
        at += 2;
        const std::size_t line_end = message.find("\r\n", at);
        const std::string line = message.substr(at, line_end - at);
        const std::size_t colon = line.find(':');
        if (colon != std::string::npos &&
            clixml::equal_ignoring_case(line.substr(0, colon), name)) {
            const std::size_t value = line.find_first_not_of(' ', colon + 1);
            return value == std::string::npos ? std::string() : line.substr(value);
        }
        at = line_end;
    }
    return {};
}

std::size_t http_message_bytes(const std::string& text)
{
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const std::string length = http_header(text, "Content-Length");
    const std::size_t whole = head + 4 + (length.empty() ? 0 : std::stoul(length));
    return text.size() < whole ? 0 : whole;
}

std::string http_answer(
    int status, const std::string& headers, const std::string& body, const std::string& type
)
{
    return "HTTP/1.1 " + std::to_string(status) + " Words\r\n" + headers +
           (body.empty() ? "" : "Content-Type: " + type + "\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

ScriptedServer::ScriptedServer(Handler handler)
    : handler_(std::move(handler)), listener_(listen_on_loopback(port_))
{
}

ScriptedServer::ScriptedServer(std::vector<std::string> answers)
    : ScriptedServer([this, all = std::move(answers)](const std::string&) {
          return all[std::min(requests - 1, all.size() - 1)];
      })
{
}

void ScriptedServer::append_poll_entries(std::vector<psrp::PollEntry>& entries) const
{
    entries.push_back({listener_.number(), true, false});
    for (const auto& [number, client] : clients_)
        entries.push_back({number, true, !client.output.is_empty()});
}

void ScriptedServer::on_writable(int descriptor)
{
    const auto found = clients_.find(descriptor);
    if (found == clients_.end()) return;
    Client& client = found->second;
    const bool is_over = !client.output.flush_to(descriptor);
    if (is_over || (client.is_last && client.output.is_empty())) clients_.erase(found);
}

void ScriptedServer::on_readable(int descriptor)
{
    if (descriptor == listener_.number()) {
        psrp::Descriptor socket(::accept4(descriptor, nullptr, nullptr, SOCK_NONBLOCK));
        const int number = socket.number();
        if (number >= 0) clients_[number].socket = std::move(socket);
        return;
    }
    const auto found = clients_.find(descriptor);
    if (found == clients_.end()) return;
    Client& client = found->second;
    const auto read = psrp::read_some(descriptor, 1 << 20, client.received);
    if (!read || *read == psrp::ReadOutcome::End) {
        clients_.erase(found);
        return;
    }
    const std::size_t bytes = http_message_bytes(client.received);
    if (bytes == 0) return;
    ++requests;
    const std::string answer = handler_(client.received.substr(0, bytes));
    client.received.erase(0, bytes);
    if (answer.empty()) {
        clients_.erase(found);
        return;
    }
    client.is_last = answer.find("Connection: close") != std::string::npos;
    client.output.append(answer);
    on_writable(descriptor);
}

} // namespace tests
