// HttpChannel through a proxy: requests for http are handed to it, those for https go through a
// tunnel, and what it refuses is named.
#include <clixml/base64.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/http/relay.hpp>
#include <tests/http/scripted_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

using psrp::AuthenticationScheme;
using psrp::HttpErrc;
using tests::http_answer;
using tests::http_header;
using tests::Passage;
using tests::text_of;

namespace {

// What a proxy does with a request of somebody who may come.
Passage as_proxy(const std::string& request, const std::string& place)
{
    if (request.starts_with("CONNECT " + place + " "))
        return {Passage::Kind::Tunnel, "HTTP/1.1 200 Connection established\r\n\r\n"};
    if (request.starts_with("POST http://" + place + "/wsman "))
        return {Passage::Kind::On, request};
    return {Passage::Kind::Reply, http_answer(400, "", "no proxy's request")};
}

bool has_login(const std::string& request, const std::string& user_and_password)
{
    std::string expected = "Basic ";
    clixml::append_base64(clixml::bytes_of(user_and_password), expected);
    return http_header(request, "Proxy-Authorization") == expected;
}

} // namespace

TEST_CASE("requests go through a proxy, with a login of its own")
{
    const tests::TemporaryFolder folder;
    tests::TestCertificate certificate;
    if (!tests::make_certificate(folder, "localhost", certificate)) {
        return tests::report_skip("openssl is not installed");
    }
    struct Row {
        const char* what;
        const char* protocol;
        bool wants_login;
        std::string user;
        std::string password;
        std::string expected;
    };
    const std::string refused = text_of(HttpErrc::ProxyFailed);
    const Row rows[] = {
        {"http", "http", false, "", "", "echo hello"},
        {"https", "https", false, "", "", "echo hello"},
        {"http, login", "http", true, "porter", "open sesame", "echo hello"},
        {"https, login", "https", true, "porter", "open sesame", "echo hello"},
        {"http, wrong login", "http", true, "porter", "not-it", refused},
        {"https, wrong login", "https", true, "porter", "not-it", refused},
        {"http, no login", "http", true, "", "", refused},
        {"https, no login", "https", true, "", "", refused},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        auto server_options = tests::with_users(folder);
        server_options.basic_in_clear = psrp::Permission::Yes;
        if (std::string_view(row.protocol) == "https") {
            server_options.certificate_file = certificate.certificate_file;
            server_options.key_file = certificate.key_file;
        }
        tests::EchoServer server(std::move(server_options));
        tests::Relay proxy(server.port());
        const std::string place = "localhost:" + std::to_string(server.port());
        proxy.on_request = [&](const std::string& request) -> Passage {
            if (row.wants_login && !has_login(request, "porter:open sesame")) {
                return {
                    Passage::Kind::Reply,
                    http_answer(407, "Proxy-Authenticate: Basic realm=\"door\"\r\n", "")};
            }
            return as_proxy(request, place);
        };
        server.loop().add(proxy);
        auto client =
            tests::client_of(server, AuthenticationScheme::Basic, tests::alice(), row.protocol);
        client.allows_basic_in_clear = true;
        client.connection.tls.authority_file = certificate.certificate_file;
        client.connection.proxy = {
            "http://localhost:" + std::to_string(proxy.port()), row.user, row.password};
        psrp::HttpChannel channel(std::move(client));
        CHECK(server.post(channel, "hello") == row.expected);
        CHECK(proxy.connections > 0);
        if (row.expected == refused) {
            CHECK(server.failure().find("407") != std::string::npos);
            CHECK(server.failure().find("not-it") == std::string::npos);
            CHECK(server.users.empty());
        } else {
            CHECK(server.post(channel, "again") == "echo again");
        }
        server.loop().remove(proxy);
    }
}

TEST_CASE("NTLM and its encryption pass a proxy that keeps connections apart")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const tests::TemporaryFolder folder;
    tests::EchoServer server(tests::with_credential({}, tests::write_ntlm_users(folder)));
    tests::Relay proxy(server.port());
    const std::string place = "localhost:" + std::to_string(server.port());
    proxy.on_request = [&](const std::string& request) { return as_proxy(request, place); };
    server.loop().add(proxy);
    auto client = tests::client_of(server, AuthenticationScheme::Ntlm, tests::alice("PSRP\\alice"));
    client.connection.proxy.url = "http://localhost:" + std::to_string(proxy.port());
    psrp::HttpChannel channel(std::move(client));
    CHECK(server.post(channel, "hello") == "echo hello");
    CHECK(server.post(channel, std::string(100'000, 'x')).size() == 100'005);
    CHECK(channel.was_encrypted());
    CHECK(proxy.connections == 1);
    server.loop().remove(proxy);
}

TEST_CASE("a proxy that is not there, or does not let through, is named as such")
{
    tests::EchoServer server(psrp::HttpServerOptions{});
    auto client = tests::client_of(
        server, AuthenticationScheme::Anonymous, std::make_shared<psrp::Identity>(), "https"
    );
    {
        client.connection.proxy.url = "http://nosuch.invalid:3128";
        psrp::HttpChannel channel(client);
        CHECK(server.post(channel, "hello") == text_of(HttpErrc::ProxyFailed));
    }
    for (const int status : {403, 502, 503}) {
        tests::Relay proxy(server.port());
        proxy.on_request = [&](const std::string&) -> Passage {
            return {Passage::Kind::Reply, http_answer(status, "", "")};
        };
        server.loop().add(proxy);
        client.connection.proxy.url = "http://localhost:" + std::to_string(proxy.port());
        psrp::HttpChannel channel(client);
        CHECK(server.post(channel, "hello") == text_of(HttpErrc::ProxyFailed));
        CHECK(server.failure().find(std::to_string(status)) != std::string::npos);
        server.loop().remove(proxy);
    }
}
