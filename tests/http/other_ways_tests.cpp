// Ways to authenticate that are asked for seldom: Digest, client certificates in PKCS#12, service
// names with a port; and cookies.
#include <psrp/http/channel_binding.hpp>
#include <psrp/transport/child_process.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/http/scripted_server.hpp>
#include <tests/support/skip.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>
#include <openssl/evp.h>

using psrp::AuthenticationScheme;
using psrp::HttpErrc;
using tests::http_answer;
using tests::http_header;
using tests::text_of;

namespace {

std::string md5_of(const std::string& text)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
    std::string hexadecimal;
    for (unsigned int i = 0; i < size; ++i) {
        constexpr const char* digits = "0123456789abcdef";
        hexadecimal += digits[digest[i] >> 4];
        hexadecimal += digits[digest[i] & 15];
    }
    return hexadecimal;
}

// name="value" or name=value of a Digest header.
std::string parameter(const std::string& header, const std::string& name)
{
    for (std::size_t at = header.find(name + "="); at != std::string::npos;
         at = header.find(name + "=", at + 1)) {
        if (header[at - 1] != ' ' && header[at - 1] != ',') continue;
        const std::size_t from = at + name.size() + 1;
        if (header[from] == '"')
            return header.substr(from + 1, header.find('"', from + 1) - from - 1);
        return header.substr(from, header.find(',', from) - from);
    }
    return {};
}

// RFC 7616 3.4.1 with MD5 and qop=auth.
bool is_right_digest(const std::string& header, const std::string& password)
{
    const std::string secret = md5_of("alice:WSMAN:" + password);
    const std::string what = md5_of("POST:" + parameter(header, "uri"));
    const std::string expected = md5_of(
        secret + ":once:" + parameter(header, "nc") + ":" + parameter(header, "cnonce") +
        ":auth:" + what
    );
    return header.starts_with("Digest ") && parameter(header, "username") == "alice" &&
           parameter(header, "nonce") == "once" && parameter(header, "response") == expected;
}

// What a channel makes of a message: the answer, or the text of the error's code.
std::string post(psrp::PollSource& server, psrp::HttpChannel& channel, const std::string& message)
{
    auto loop = psrp::EventLoop::create();
    REQUIRE(loop);
    loop->add(server);
    loop->add(channel);
    REQUIRE(channel.start(message, std::chrono::seconds(60)));
    std::optional<psrp::HttpResult<psrp::HttpResponse>> result;
    while (!(result = channel.take_result()))
        REQUIRE(loop->run_once());
    loop->remove(channel);
    loop->remove(server);
    return *result ? (*result)->body : result->error().error.code.message();
}

} // namespace

TEST_CASE("Digest proves the password without showing it")
{
    std::vector<std::string> seen;
    tests::ScriptedServer server([&](const std::string& request) {
        seen.push_back(request);
        if (is_right_digest(http_header(request, "Authorization"), "the-password"))
            return http_answer(200, "", "echo " + request.substr(request.find("\r\n\r\n") + 4));
        return http_answer(
            401, "WWW-Authenticate: Digest realm=\"WSMAN\", qop=\"auth\", nonce=\"once\"\r\n", ""
        );
    });
    for (const std::string password : {"the-password", "another-one"}) {
        INFO(password);
        seen.clear();
        psrp::ChannelOptions options;
        options.connection.url = server.url();
        options.connection.uses_digest = true;
        options.connection.user = "alice";
        options.connection.password = password;
        options.scheme = AuthenticationScheme::Digest;
        options.identity = tests::identity("alice", password);
        psrp::HttpChannel channel(std::move(options));
        const bool is_right = password == "the-password";
        const std::string expected = is_right ? "echo <m/>" : text_of(HttpErrc::LoginRefused);
        CHECK(post(server, channel, "<m/>") == expected);
        CHECK(seen.size() == 2);
        if (is_right) {
            CHECK(post(server, channel, "<m/>") == expected);
            CHECK(seen.size() == 3); // it is still known
        }
        for (const std::string& request : seen)
            CHECK(request.find(password) == std::string::npos);
    }
    psrp::ChannelOptions nobody;
    nobody.connection.url = server.url();
    nobody.scheme = AuthenticationScheme::Digest;
    nobody.identity = std::make_shared<psrp::Identity>();
    psrp::HttpChannel channel(std::move(nobody));
    const auto started = channel.start("<m/>", std::chrono::seconds(60));
    REQUIRE_FALSE(started);
    CHECK(started.error().error == HttpErrc::CredentialMissing);
}

TEST_CASE("a client certificate may come as PKCS#12, with a password")
{
    const tests::TemporaryFolder folder;
    tests::TestCertificate server_certificate;
    tests::TestCertificate client_certificate;
    if (!tests::make_certificate(folder, "localhost", server_certificate) ||
        !tests::make_certificate(folder, "alice", client_certificate)) {
        return tests::report_skip("openssl is not installed");
    }
    const std::string packed = (folder.path() / "alice.pfx").string();
    const auto made = tests::run_program(
        {*psrp::find_program("openssl"),
         "pkcs12",
         "-export",
         "-in",
         client_certificate.certificate_file,
         "-inkey",
         client_certificate.key_file,
         "-out",
         packed,
         "-passout",
         "pass:sesame"}
    );
    REQUIRE(made.exit_code == 0);
    psrp::HttpServerOptions options;
    options.certificate_file = server_certificate.certificate_file;
    options.key_file = server_certificate.key_file;
    options.client_authority_file = client_certificate.certificate_file;
    const auto der =
        psrp::read_pem_certificate(tests::read_whole_file(client_certificate.certificate_file));
    REQUIRE(der);
    options.certificate_users[psrp::certificate_thumbprint(*der)] = "alice";
    tests::EchoServer server(std::move(options));
    struct Row {
        std::string file;
        std::string key_file;
        std::string password;
        std::string expected;
    };
    const std::string unusable = text_of(HttpErrc::ClientCertificateUnusable);
    const std::string garbage = folder.write("garbage.p12", "no certificate");
    for (const Row& row : {
             Row{packed, "", "sesame", "echo hello"},
             Row{packed, "", "wrong-word", unusable},
             Row{packed, "", "", unusable},
             Row{garbage, "", "sesame", unusable},
             Row{(folder.path() / "missing.pfx").string(), "", "sesame", unusable},
             Row{client_certificate.certificate_file,
                 client_certificate.key_file,
                 "",
                 "echo hello"},
             Row{client_certificate.certificate_file, server_certificate.key_file, "", unusable},
             Row{client_certificate.certificate_file, "", "", unusable}, // no key in it
         }) {
        INFO(row.file << " " << row.password);
        auto client = tests::client_of(
            server,
            AuthenticationScheme::Default, // which is Certificate where there is one
            std::make_shared<psrp::Identity>(),
            "https"
        );
        client.connection.tls.authority_file = server_certificate.certificate_file;
        client.connection.tls.certificate_file = row.file;
        client.connection.tls.key_file = row.key_file;
        client.connection.tls.key_password = row.password;
        psrp::HttpChannel channel(std::move(client));
        CHECK(server.post(channel, "hello") == row.expected);
        CHECK(server.failure().find("wrong-word") == std::string::npos);
        if (row.expected != unusable) CHECK(server.users.back() == "alice");
    }
    // A certificate that nobody is mapped to.
    auto stranger = tests::client_of(
        server, AuthenticationScheme::Certificate, std::make_shared<psrp::Identity>(), "https"
    );
    stranger.connection.tls.authority_file = server_certificate.certificate_file;
    stranger.connection.tls.certificate_file = server_certificate.certificate_file;
    stranger.connection.tls.key_file = server_certificate.key_file;
    psrp::HttpChannel channel(std::move(stranger));
    CHECK(server.post(channel, "hello") == text_of(HttpErrc::LoginRefused));
}

TEST_CASE("the port is part of the service's name where that is asked for")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    REQUIRE(realm->log_in());
    // Its keys come when its port is known.
    const std::string keytab = realm->keytab();
    tests::EchoServer server(tests::with_credential(keytab, {}));
    const std::string name = "HTTP/localhost:" + std::to_string(server.port());
    const std::string port_keytab = realm->keytab_of(name);
    REQUIRE_FALSE(port_keytab.empty());
    std::filesystem::rename(port_keytab, keytab);
    for (const bool names_port : {false, true}) {
        auto client = tests::client_of(
            server, AuthenticationScheme::Kerberos, std::make_shared<psrp::Identity>()
        );
        client.names_port = names_port;
        psrp::HttpChannel channel(std::move(client));
        const std::string refused = text_of(HttpErrc::LoginRefused);
        CHECK(server.post(channel, "hello") == (names_port ? "echo hello" : refused));
    }
}

TEST_CASE("cookies are shown on every connection that shares them, and on no other")
{
    std::vector<std::string> cookies;
    tests::ScriptedServer server([&](const std::string& request) {
        cookies.push_back(http_header(request, "Cookie"));
        return http_answer(200, "Set-Cookie: MS-WSMAN=here; path=/wsman\r\n", "<a/>");
    });
    psrp::ChannelOptions options;
    options.connection.url = server.url();
    options.connection.cookies = std::make_shared<psrp::CookieJar>();
    options.scheme = AuthenticationScheme::Anonymous;
    options.identity = std::make_shared<psrp::Identity>();
    psrp::HttpChannel first(options);
    psrp::HttpChannel second(options);
    options.connection.cookies = nullptr;
    psrp::HttpChannel other(options);
    for (psrp::HttpChannel* channel : {&first, &second, &other, &first})
        CHECK(post(server, *channel, "<m/>") == "<a/>");
    CHECK(cookies == std::vector<std::string>{"", "MS-WSMAN=here", "", "MS-WSMAN=here"});
}
