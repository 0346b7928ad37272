// An HttpServer on loopback that answers every message with itself, its clients in the same loop.
#pragma once

#include <psrp/http/client_channel.hpp>
#include <psrp/http/server.hpp>
#include <psrp/transport/event_loop.hpp>
#include <tests/http/realm.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tests {

class EchoServer {
public:
    // On any free port.
    explicit EchoServer(psrp::HttpServerOptions options);
    ~EchoServer();
    EchoServer(const EchoServer&) = delete;
    EchoServer& operator=(const EchoServer&) = delete;

    [[nodiscard]] int port() const { return server_->port(); }
    [[nodiscard]] std::string
    url(const std::string& scheme, const std::string& path = "/wsman") const;

    // Posts a message and gives the answer, or the code of what went wrong.
    std::string post(psrp::HttpChannel& channel, const std::string& message);

    // The two halves of post(); others may go on between them.
    void begin(psrp::HttpChannel& channel, const std::string& message);
    std::string finish(psrp::HttpChannel& channel);
    // Turns the loop until `done` says so.
    template <typename Done>
    void until(Done done)
    {
        while (!done())
            turn();
    }

    psrp::HttpServer& server() { return *server_; }
    psrp::EventLoop& loop() { return *loop_; }
    // Of the last post(): the words of what went wrong.
    [[nodiscard]] const std::string& failure() const { return failure_; }
    std::vector<std::string> users; // of each message
    std::vector<psrp::HttpErrc> refusals;
    std::chrono::milliseconds timeout{60'000};
    bool is_mute = false;

private:
    void turn();
    void serve();

    std::unique_ptr<psrp::HttpServer> server_;
    std::unique_ptr<psrp::EventLoop> loop_;
    std::string failure_;
};

std::shared_ptr<psrp::Identity> identity(const std::string& user, const std::string& password);
// With realm_password.
std::shared_ptr<psrp::Identity> alice(const std::string& user = std::string(realm_user));

// A server that takes Basic from realm_user.
psrp::HttpServerOptions with_users(const TemporaryFolder& folder);
psrp::HttpServerOptions with_credential(const std::string& keytab, const std::string& ntlm_users);

psrp::ChannelOptions client_of(
    const EchoServer& server,
    psrp::AuthenticationScheme scheme,
    std::shared_ptr<psrp::Identity> who,
    const std::string& protocol = "http"
);

// What post() gives for this error.
std::string text_of(psrp::HttpErrc code);

} // namespace tests
