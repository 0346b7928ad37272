#include <tests/http/echo_server.hpp>

#include <catch2/catch.hpp>

#include <crypt.h>

namespace tests {

EchoServer::EchoServer(psrp::HttpServerOptions options)
{
    options.port = 0;
    options.address = "localhost";
    auto started = psrp::HttpServer::start(std::move(options));
    if (!started) FAIL(started.error().text);
    server_ = std::move(*started);
    auto loop = psrp::EventLoop::create();
    REQUIRE(loop);
    loop_ = std::make_unique<psrp::EventLoop>(std::move(*loop));
    loop_->add(*server_);
}

EchoServer::~EchoServer()
{
    loop_->remove(*server_);
}

std::string EchoServer::url(const std::string& scheme, const std::string& path) const
{
    return scheme + "://localhost:" + std::to_string(server_->port()) + path;
}

std::string EchoServer::post(psrp::HttpChannel& channel, const std::string& message)
{
    failure_.clear();
    if (const auto started = channel.start(message, timeout); !started) {
        failure_ = started.error().text;
        return started.error().error.code.message();
    }
    loop_->add(channel);
    return finish(channel);
}

void EchoServer::begin(psrp::HttpChannel& channel, const std::string& message)
{
    if (const auto started = channel.start(message, timeout); !started) FAIL(started.error().text);
    loop_->add(channel);
}

std::string EchoServer::finish(psrp::HttpChannel& channel)
{
    std::optional<psrp::HttpResult<psrp::HttpResponse>> result;
    until([&] { return (result = channel.take_result()).has_value(); });
    loop_->remove(channel);
    if (*result) return (*result)->body;
    failure_ = result->error().text;
    return result->error().error.code.message();
}

void EchoServer::turn()
{
    // Whoever is waited for may be on another thread.
    REQUIRE(loop_->run_once(std::chrono::milliseconds(100)));
    serve();
}

void EchoServer::serve()
{
    while (auto event = server_->next_event()) {
        if (const auto* refused = std::get_if<psrp::HttpLoginFailed>(&*event)) {
            refusals.push_back(static_cast<psrp::HttpErrc>(refused->failure.error.code.value()));
        }
        auto* arrived = std::get_if<psrp::HttpRequestArrived>(&*event);
        if (arrived == nullptr || is_mute) continue;
        users.push_back(arrived->user);
        server_->answer(
            arrived->id, 200, "application/soap+xml;charset=UTF-8", "echo " + arrived->body
        );
    }
}

std::shared_ptr<psrp::Identity> identity(const std::string& user, const std::string& password)
{
    return std::make_shared<psrp::Identity>(psrp::Login(user, password));
}

std::shared_ptr<psrp::Identity> alice(const std::string& user)
{
    return identity(user, std::string(realm_password));
}

psrp::HttpServerOptions with_users(const TemporaryFolder& folder)
{
    crypt_data room{};
    const std::string hash = crypt_r(std::string(realm_password).c_str(), "$6$salt", &room);
    const std::string file =
        folder.write("users", "# who may come\n\n" + std::string(realm_user) + ":" + hash + "\n");
    psrp::HttpServerOptions options;
    auto users = psrp::UserFile::read(file);
    if (!users) FAIL(users.error().text);
    options.users = std::move(*users);
    return options;
}

psrp::HttpServerOptions with_credential(const std::string& keytab, const std::string& ntlm_users)
{
    psrp::HttpServerOptions options;
    auto credential = psrp::GssCredential::serve(keytab, ntlm_users);
    if (!credential) FAIL(credential.error().text);
    options.credential = std::move(*credential);
    return options;
}

psrp::ChannelOptions client_of(
    const EchoServer& server,
    psrp::AuthenticationScheme scheme,
    std::shared_ptr<psrp::Identity> who,
    const std::string& protocol
)
{
    psrp::ChannelOptions options;
    options.connection.url = server.url(protocol);
    options.scheme = scheme;
    options.identity = std::move(who);
    return options;
}

std::string text_of(psrp::HttpErrc code)
{
    return make_error_code(code).message();
}

} // namespace tests
