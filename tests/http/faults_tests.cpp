// HttpChannel against peers that break the rules, and against somebody on the way who changes what
// passes: named errors, no waiting for ever.
#include <psrp/http/challenge.hpp>
#include <psrp/http/client_channel.hpp>
#include <psrp/transport/event_loop.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/http/scripted_server.hpp>

#include <catch2/catch.hpp>

using psrp::AuthenticationScheme;
using psrp::HttpErrc;
using tests::ScriptedServer;
using tests::text_of;

namespace {

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
        {"an answer", {tests::http_answer(200, "", "<a/>")}, Scheme::Basic, "ok <a/>"},
        {"a fault", {tests::http_answer(500, "", "<f/>")}, Scheme::Basic, "ok <f/>"},
        {"a bad password",
         {tests::http_answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n", "")},
         Scheme::Basic,
         text_of(HttpErrc::LoginRefused)},
        {"other schemes only",
         {tests::http_answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::SchemeNotOffered)},
        {"a scheme without a token",
         {tests::http_answer(401, "WWW-Authenticate: Negotiate\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::LoginRefused)},
        {"a token that is none",
         {tests::http_answer(401, "WWW-Authenticate: Negotiate !!!\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::MalformedChallenge)},
        {"a token of nonsense",
         {tests::http_answer(401, "WWW-Authenticate: Negotiate bm9uc2Vuc2U=\r\n", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::LoginRefused)},
        {"a welcome without proof",
         {tests::http_answer(200, "", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::ServerNotAuthenticated)},
        {"nothing at all",
         {tests::http_answer(500, "", "")},
         Scheme::Basic,
         text_of(HttpErrc::UnexpectedStatus)},
        {"too much",
         {tests::http_answer(413, "", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::UnexpectedStatus)},
        {"no service",
         {tests::http_answer(503, "", "")},
         Scheme::Ntlm,
         text_of(HttpErrc::UnexpectedStatus)},
        {"no such path",
         {tests::http_answer(404, "", "")},
         Scheme::Basic,
         text_of(HttpErrc::UnexpectedStatus)},
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
         {tests::http_answer(200, "", std::string(20'000, 'x'))},
         Scheme::Basic,
         text_of(HttpErrc::ResponseTooLarge)},
        {"encryption unasked",
         {tests::http_answer(200, "", "--Encrypted Boundary--\r\n", encrypted)},
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
