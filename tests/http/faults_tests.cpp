// HttpChannel against peers that break the rules, and against somebody on the way who changes what
// passes: named errors, no waiting for ever.
#include <psrp/http/challenge.hpp>
#include <psrp/http/client_channel.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/event_loop.hpp>

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

using psrp::AuthenticationScheme;
using psrp::HttpErrc;

namespace {

// Answers each request on its connections with the next text; the last one for ever. An empty text
// cuts the connection.
class ScriptedServer final : public psrp::PollSource {
public:
    explicit ScriptedServer(std::vector<std::string> answers)
        : answers_(std::move(answers)),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener_.number(), generic, size) == 0);
        REQUIRE(::listen(listener_.number(), 8) == 0);
        REQUIRE(::getsockname(listener_.number(), generic, &size) == 0);
        port_ = ntohs(address.sin_port);
    }

    [[nodiscard]] std::string url() const
    {
        return "http://127.0.0.1:" + std::to_string(port_) + "/wsman";
    }
    std::size_t requests = 0;

    void append_poll_entries(std::vector<psrp::PollEntry>& entries) const override
    {
        entries.push_back({listener_.number(), true, false});
        if (client_.is_open()) entries.push_back({client_.number(), true, false});
    }
    void on_writable(int) override {}
    void on_readable(int descriptor) override
    {
        if (descriptor == listener_.number()) {
            client_ = psrp::Descriptor(::accept4(descriptor, nullptr, nullptr, SOCK_NONBLOCK));
            received_.clear();
            return;
        }
        const auto read = psrp::read_some(descriptor, 1 << 20, received_);
        if (!read || *read == psrp::ReadOutcome::End) return client_.reset();
        const std::size_t head = received_.find("\r\n\r\n");
        if (head == std::string::npos) return;
        const std::size_t at = received_.find("Content-Length: ");
        const std::size_t size = at < head ? std::stoul(received_.substr(at + 16)) : 0;
        if (received_.size() < head + 4 + size) return;
        received_.clear();
        const std::string& answer = answers_[std::min(requests++, answers_.size() - 1)];
        if (answer.empty()) return client_.reset();
        (void)psrp::write_some(descriptor, answer); // small: it fits
        if (answer.find("Connection: close") != std::string::npos) client_.reset();
    }

private:
    std::vector<std::string> answers_;
    psrp::Descriptor listener_;
    psrp::Descriptor client_;
    std::uint16_t port_ = 0;
    std::string received_;
};

std::string answer(
    int status,
    const std::string& headers,
    const std::string& body,
    const std::string& type = "application/soap+xml;charset=UTF-8"
)
{
    return "HTTP/1.1 " + std::to_string(status) + " Words\r\n" + headers +
           (body.empty() ? "" : "Content-Type: " + type + "\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// What a channel makes of the answers: "ok BODY", or the text of the error's code.
std::string outcome(
    ScriptedServer& server,
    AuthenticationScheme scheme,
    std::chrono::milliseconds timeout = std::chrono::milliseconds(20'000),
    std::size_t response_bytes_max = 10'000
)
{
    auto loop = psrp::EventLoop::create();
    REQUIRE(loop);
    psrp::ChannelOptions options;
    options.connection.url = server.url();
    options.connection.limits.response_bytes_max = response_bytes_max;
    options.scheme = scheme;
    options.allows_basic_in_clear = true;
    options.identity =
        std::make_shared<psrp::Identity>(psrp::Login("DOMAIN\\user", "the-secret-word"));
    psrp::HttpChannel channel(std::move(options));
    loop->add(server);
    loop->add(channel);
    REQUIRE(channel.start("<message/>", timeout));
    std::string text;
    while (text.empty()) {
        if (auto result = channel.take_result()) {
            text = *result ? "ok " + (*result)->body : result->error().error.code.message();
            if (!*result) CHECK(result->error().text.find("secret") == std::string::npos);
            break;
        }
        REQUIRE(loop->run_once());
    }
    loop->remove(channel);
    loop->remove(server);
    return text;
}

std::string text_of(HttpErrc code)
{
    return make_error_code(code).message();
}

} // namespace

TEST_CASE("answers that break the rules are named")
{
    const std::string encrypted =
        "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";"
        "boundary=\"Encrypted Boundary\"";
    struct Row {
        const char* what;
        std::vector<std::string> answers;
        AuthenticationScheme scheme;
        std::string expected;
    };
    using Scheme = AuthenticationScheme;
    const Row rows[] = {
        {"an answer", {answer(200, "", "<a/>")}, Scheme::Basic, "ok <a/>"},
        {"a fault", {answer(500, "", "<f/>")}, Scheme::Basic, "ok <f/>"},
        {"a bad password",
         {answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n", "")},
         Scheme::Basic,
         text_of(HttpErrc::LoginRefused)},
        {"other schemes only",
         {answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::SchemeNotOffered)},
        {"a scheme without a token",
         {answer(401, "WWW-Authenticate: Negotiate\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::LoginRefused)},
        {"a token that is none",
         {answer(401, "WWW-Authenticate: Negotiate !!!\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::MalformedChallenge)},
        {"a token of nonsense",
         {answer(401, "WWW-Authenticate: Negotiate bm9uc2Vuc2U=\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::LoginRefused)},
        {"a welcome without proof",
         {answer(200, "", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::ServerNotAuthenticated)},
        {"nothing at all",
         {answer(500, "", "")},
         Scheme::Basic,
         text_of(HttpErrc::UnexpectedStatus)},
        {"too much", {answer(413, "", "")}, Scheme::Ntlm, text_of(HttpErrc::UnexpectedStatus)},
        {"no service", {answer(503, "", "")}, Scheme::Ntlm, text_of(HttpErrc::UnexpectedStatus)},
        {"no such path", {answer(404, "", "")}, Scheme::Basic, text_of(HttpErrc::UnexpectedStatus)},
        {"a cut connection", {""}, Scheme::Basic, text_of(HttpErrc::ConnectionCut)},
        {"half an answer",
         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n<half"},
         Scheme::Basic,
         text_of(HttpErrc::ConnectionCut)},
        {"no HTTP",
         {"220 mail.example Connection: close\r\n"},
         Scheme::Basic,
         text_of(HttpErrc::MalformedHttp)},
        {"an answer that is too large",
         {answer(200, "", std::string(20'000, 'x'))},
         Scheme::Basic,
         text_of(HttpErrc::ResponseTooLarge)},
        {"encryption unasked",
         {answer(200, "", "--Encrypted Boundary--\r\n", encrypted)},
         Scheme::Basic,
         text_of(HttpErrc::UnexpectedEncryption)},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        ScriptedServer server(row.answers);
        CHECK(outcome(server, row.scheme) == row.expected);
        CHECK(server.requests < 10);
    }
}

TEST_CASE("an answer that never comes is waited for as long as was said")
{
    ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"});
    CHECK(
        outcome(server, AuthenticationScheme::Basic, std::chrono::milliseconds(300)) ==
        text_of(HttpErrc::OperationTimedOut)
    );
}
