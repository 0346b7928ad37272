// Somebody on the way between a client and a server on loopback, who may change what passes, keep
// it, or cut the line. It is a proxy, too, when asked as one.
#pragma once

#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/poll_source.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tests {

// What becomes of a message.
struct Passage {
    enum class Kind {
        On,     // `text` goes on
        Reply,  // `text` goes back
        Cut,    // the connection is cut
        Tunnel, // `text` goes back; whatever follows passes unread
    };
    Kind kind = Kind::On;
    std::string text;
};

// Passes whole HTTP messages of both directions.
class Relay final : public psrp::PollSource {
public:
    using Hook = std::function<Passage(const std::string& message)>;

    // To the server at this port of localhost.
    explicit Relay(int port);

    [[nodiscard]] int port() const { return port_; }
    // Where requests go that were meant for the server.
    [[nodiscard]] std::string url(const std::string& path = "/wsman") const
    {
        return "http://localhost:" + std::to_string(port_) + path;
    }

    Hook on_request; // null: all passes
    Hook on_answer;
    std::function<void()> on_connection; // before is_down is looked at; may be null
    // Connections are cut as soon as they are made.
    bool is_down = false;
    std::size_t connections = 0;
    // Cuts the connections that are there.
    void cut_all() { lines_.clear(); }

    void append_poll_entries(std::vector<psrp::PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;

private:
    struct End {
        psrp::Descriptor socket;
        std::string received;
        psrp::OutputBuffer output;
    };
    struct Line {
        End client;
        End server;
        bool is_tunnel = false;
        bool is_cut = false;
    };

    Line* line_of(int descriptor);
    void accept();
    void read(Line& line, End& from, End& to, const Hook& hook);
    void pass(Line& line, End& from, End& to, const Passage& passage);
    void flush(Line& line, End& end);
    void sweep();

    int server_port_;
    int port_ = 0; // set by what makes the listener
    psrp::Descriptor listener_;
    std::vector<std::unique_ptr<Line>> lines_;
};

} // namespace tests
