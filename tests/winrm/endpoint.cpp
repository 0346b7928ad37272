#include <psrp/server/commands/standard.hpp>
#include <psrp/server/hosted_transport.hpp>
#include <psrp/server/server_session.hpp>
#include <tests/winrm/endpoint.hpp>

#include <catch2/catch.hpp>

namespace tests {

LocalEndpoint::LocalEndpoint(psrp::HttpServerOptions http, const EndpointOptions& given)
    : commands_(psrp::server::standard_commands())
{
    auto loop = psrp::EventLoop::create();
    REQUIRE(loop);
    loop_ = std::make_unique<psrp::EventLoop>(std::move(*loop));
    psrp::WinRmListenerOptions options;
    options.http = std::move(http);
    options.http.address = "localhost";
    options.http.port = 0;
    options.ids = &ids_;
    if (given.envelope_bytes_max != 0)
        options.exchange.limits.envelope_bytes_max = given.envelope_bytes_max;
    if (given.shells_per_owner_max != 0)
        options.exchange.limits.shells_per_owner_max = given.shells_per_owner_max;
    if (given.left_alone_after) options.exchange.left_alone_after = *given.left_alone_after;
    if (given.idle_timeout) options.exchange.idle_timeout = *given.idle_timeout;
    options.start_shell = [this](const psrp::wsman::ShellRequested&)
        -> psrp::Result<std::unique_ptr<psrp::Transport>> {
        return psrp::server::HostedTransport::start(
            *loop_,
            [this](psrp::server::ClientStream stream
            ) -> psrp::Result<std::unique_ptr<psrp::server::Connection>> {
                psrp::server::ServeOptions serve;
                serve.commands = &commands_;
                serve.limits.protocol = psrp::Limits::client();
                PSRP_TRY(
                    auto session, psrp::server::ServerSession::start(std::move(stream), serve)
                );
                return std::unique_ptr<psrp::server::Connection>(std::move(session));
            }
        );
    };
    options.on_log = [this](std::string_view event, std::string_view user, std::string_view) {
        log.push_back(std::string(event) + " " + std::string(user));
    };
    auto listener = psrp::WinRmListener::start(*loop_, std::move(options));
    if (!listener) FAIL(listener.error().text);
    listener_ = std::move(*listener);
}

LocalEndpoint::~LocalEndpoint()
{
    listener_->close();
    while (!listener_->is_finished())
        turn();
}

void LocalEndpoint::turn()
{
    listener_->pump();
    (void)loop_->run_once(std::chrono::milliseconds(1000)); // an error would show in the test
    listener_->pump();
}

std::string LocalEndpoint::url(const std::string& scheme) const
{
    return scheme + "://localhost:" + std::to_string(listener_->port()) + "/wsman";
}

} // namespace tests
