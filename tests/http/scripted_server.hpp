// An HTTP server on loopback that says what a test wants it to say, right or wrong.
#pragma once

#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/poll_source.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tests {

// Answers each request of its connections. An empty answer cuts the connection, and so does one
// that holds "Connection: close", behind it.
class ScriptedServer final : public psrp::PollSource {
public:
    // Gives the answer to a request, head and body.
    using Handler = std::function<std::string(const std::string& request)>;

    explicit ScriptedServer(Handler handler);
    // The next text for each request; the last one for ever.
    explicit ScriptedServer(std::vector<std::string> answers);

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string url() const
    {
        return "http://127.0.0.1:" + std::to_string(port_) + "/wsman";
    }
    std::size_t requests = 0;

    void append_poll_entries(std::vector<psrp::PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;

private:
    struct Client {
        psrp::Descriptor socket;
        std::string received;
        psrp::OutputBuffer output;
        bool is_last = false;
    };

    Handler handler_;
    int port_ = 0; // set by what makes the listener
    psrp::Descriptor listener_;
    std::map<int, Client> clients_;
};

// A loopback socket that listens on a free port, which `port` becomes.
psrp::Descriptor listen_on_loopback(int& port);
// A connection to who listens there, of whatever family; closed where nobody does.
psrp::Descriptor connect_to_localhost(int port);

// The length of the first HTTP message in `text`, head and body; 0 where it is not whole yet.
std::size_t http_message_bytes(const std::string& text);
// The value of a header, without regard to its case; empty where there is none.
std::string http_header(const std::string& message, const std::string& name);

// An HTTP answer. `headers` are lines with their ends.
std::string http_answer(
    int status,
    const std::string& headers,
    const std::string& body,
    const std::string& type = "application/soap+xml;charset=UTF-8"
);

} // namespace tests
