// HttpChannel against HttpServer over loopback: every way to authenticate, with what goes wrong.
#include <tests/http/echo_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <thread>

using psrp::AuthenticationScheme;
using psrp::HttpErrc;
using tests::alice;
using tests::client_of;
using tests::EchoServer;
using tests::identity;
using tests::text_of;
using tests::with_credential;
using tests::with_users;

TEST_CASE("Basic needs HTTPS or to be forced, and the right password")
{
    const tests::TemporaryFolder folder;
    auto options = with_users(folder);
    options.basic_in_clear = psrp::Permission::Yes;
    EchoServer server(std::move(options));
    auto client = client_of(server, AuthenticationScheme::Basic, alice());
    {
        psrp::HttpChannel channel(client);
        CHECK(server.post(channel, "hello") == text_of(HttpErrc::BasicRefused));
    }
    client.allows_basic_in_clear = true;
    {
        psrp::HttpChannel channel(client);
        CHECK(server.post(channel, "hello") == "echo hello");
        CHECK(server.post(channel, "again") == "echo again");
        CHECK(server.users == std::vector<std::string>{"alice", "alice"});
    }
    client.identity = identity("alice", "wrong");
    psrp::HttpChannel channel(client);
    CHECK(server.post(channel, "hello") == text_of(HttpErrc::LoginRefused));
    CHECK(server.failure().find("wrong") == std::string::npos);
    CHECK(server.refusals == std::vector<HttpErrc>{HttpErrc::LoginRefused});
    client.identity = std::make_shared<psrp::Identity>();
    psrp::HttpChannel nobody(client);
    CHECK(server.post(nobody, "hello") == text_of(HttpErrc::CredentialMissing));
}

TEST_CASE("NTLM authenticates and encrypts messages of any size")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const tests::TemporaryFolder folder;
    EchoServer server(with_credential({}, tests::write_ntlm_users(folder)));
    for (const auto scheme : {AuthenticationScheme::Ntlm, AuthenticationScheme::Negotiate}) {
        psrp::HttpChannel channel(client_of(server, scheme, alice("PSRP\\alice")));
        for (const std::size_t size : {1U, 15U, 16U, 1000U, 70'000U, 3'000'000U}) {
            const std::string message(size, 'm');
            CHECK(server.post(channel, message) == "echo " + message);
            CHECK(channel.was_encrypted());
            CHECK(server.users.back() == "PSRP\\alice");
        }
        psrp::HttpChannel wrong(client_of(server, scheme, identity("PSRP\\alice", "wrong")));
        CHECK(server.post(wrong, "hello") == text_of(HttpErrc::LoginRefused));
        psrp::HttpChannel unknown(client_of(server, scheme, identity("PSRP\\bob", "wrong")));
        CHECK(server.post(unknown, "hello") == text_of(HttpErrc::LoginRefused));
    }
}

TEST_CASE("Kerberos authenticates with a ticket or a password and encrypts")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    EchoServer server(with_credential(realm->keytab(), {}));
    const std::string principal = "alice@PSRP.TEST";
    for (const auto scheme : {AuthenticationScheme::Kerberos, AuthenticationScheme::Negotiate}) {
        for (const bool has_ticket : {true, false}) {
            if (has_ticket) REQUIRE(realm->log_in());
            psrp::HttpChannel channel(client_of(
                server, scheme, has_ticket ? std::make_shared<psrp::Identity>() : alice(principal)
            ));
            for (const std::size_t size : {1U, 16U, 70'000U, 3'000'000U}) {
                const std::string message(size, 'm');
                CHECK(server.post(channel, message) == "echo " + message);
                CHECK(channel.was_encrypted());
                CHECK(server.users.back() == principal);
            }
            realm->log_out();
        }
        psrp::HttpChannel nobody(client_of(server, scheme, std::make_shared<psrp::Identity>()));
        CHECK(server.post(nobody, "x") == text_of(HttpErrc::TicketMissing));
    }
    struct Row {
        const char* user;
        const char* password;
        const char* service;
        HttpErrc expected;
    };
    for (const Row& row : {
             Row{"alice@PSRP.TEST", "wrong-secret", "HTTP", HttpErrc::PasswordRefused},
             Row{"bob@PSRP.TEST", "wrong-secret", "HTTP", HttpErrc::PrincipalUnknown},
             Row{"bob@UNREACHABLE.TEST", "wrong-secret", "HTTP", HttpErrc::RealmUnreachable},
             Row{"bob@NOWHERE.TEST", "wrong-secret", "HTTP", HttpErrc::RealmUnreachable},
             Row{"alice@PSRP.TEST", "correct horse 1", "NOSUCH", HttpErrc::ServiceUnknown},
         }) {
        INFO(row.user << " " << row.service);
        auto client =
            client_of(server, AuthenticationScheme::Kerberos, identity(row.user, row.password));
        client.service = row.service;
        psrp::HttpChannel channel(client);
        CHECK(server.post(channel, "x") == text_of(row.expected));
        CHECK(server.failure().find(row.password) == std::string::npos);
        // Negotiate goes on with NTLM where Kerberos fails, which this server does not have.
        client.scheme = AuthenticationScheme::Negotiate;
        psrp::HttpChannel negotiating(client);
        CHECK(server.post(negotiating, "x") == text_of(HttpErrc::LoginRefused));
        // ... and says what Kerberos had to say.
        INFO(server.failure());
        CHECK(server.failure().find(text_of(row.expected)) != std::string::npos);
        CHECK(server.failure().find(row.password) == std::string::npos);
    }
    // Keys of the service that are not those the KDC has.
    EchoServer stranger(with_credential(realm->wrong_keytab(), {}));
    psrp::HttpChannel channel(client_of(stranger, AuthenticationScheme::Kerberos, alice(principal))
    );
    CHECK(stranger.post(channel, "x") == text_of(HttpErrc::LoginRefused));
}

TEST_CASE("a ticket that has expired is named")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    EchoServer server(with_credential(realm->keytab(), {}));
    REQUIRE(realm->log_in("1s"));
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    psrp::HttpChannel channel(
        client_of(server, AuthenticationScheme::Kerberos, std::make_shared<psrp::Identity>())
    );
    CHECK(server.post(channel, "x") == text_of(HttpErrc::TicketExpired));
}

TEST_CASE("over HTTPS a login is bound to the certificate and messages are plain")
{
    const tests::TemporaryFolder folder;
    tests::TestCertificate certificate;
    if (!tests::make_certificate(folder, "localhost", certificate)) {
        return tests::report_skip("openssl is not installed");
    }
    auto options = with_users(folder);
    if (tests::has_ntlm()) {
        options.credential =
            std::move(*psrp::GssCredential::serve({}, tests::write_ntlm_users(folder)));
    }
    options.certificate_file = certificate.certificate_file;
    options.key_file = certificate.key_file;
    EchoServer server(std::move(options));

    auto basic = client_of(server, AuthenticationScheme::Basic, alice(), "https");
    basic.connection.tls.authority_file = certificate.certificate_file;
    {
        psrp::HttpChannel channel(basic);
        CHECK(server.post(channel, "hello") == "echo hello");
        CHECK(server.post(channel, std::string(2'000'000, 'x')).size() == 2'000'005);
    }
    auto doubtful = basic;
    doubtful.connection.tls.authority_file.clear();
    // Sanitizers need their time for all the authorities of a computer.
    doubtful.connection.connect_timeout = std::chrono::minutes(2);
    {
        psrp::HttpChannel channel(doubtful);
        CHECK(server.post(channel, "hello") == text_of(HttpErrc::CertificateUntrusted));
    }
    doubtful.connection.tls.authority = psrp::Check::Skip;
    {
        psrp::HttpChannel channel(doubtful);
        CHECK(server.post(channel, "hello") == "echo hello");
    }
    auto misnamed = basic;
    misnamed.connection.url.replace(misnamed.connection.url.find("localhost"), 9, "127.0.0.1");
    {
        psrp::HttpChannel channel(misnamed);
        CHECK(server.post(channel, "hello") == text_of(HttpErrc::CertificateNameMismatch));
    }
    misnamed.connection.tls.name = psrp::Check::Skip;
    {
        psrp::HttpChannel channel(misnamed);
        CHECK(server.post(channel, "hello") == "echo hello");
    }
    auto plain = client_of(server, AuthenticationScheme::Anonymous, alice(), "http");
    {
        psrp::HttpChannel channel(plain);
        CHECK(server.post(channel, "hello") == text_of(HttpErrc::ConnectionCut));
    }
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    auto ntlm = basic;
    ntlm.scheme = AuthenticationScheme::Ntlm;
    ntlm.identity = alice("PSRP\\alice");
    psrp::HttpChannel channel(ntlm);
    CHECK(server.post(channel, "hello") == "echo hello");
    CHECK_FALSE(channel.was_encrypted());
    CHECK(server.post(channel, "again") == "echo again");
    ntlm.encryption = psrp::MessageEncryption::Always;
    psrp::HttpChannel twice(ntlm);
    CHECK(server.post(twice, "hello") == "echo hello");
    CHECK(twice.was_encrypted());
}

TEST_CASE("CredSSP authenticates with NTLM or Kerberos inside and encrypts messages of any size")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    const tests::TemporaryFolder folder;
    const bool has_ntlm = tests::has_ntlm();
    if (!realm && !has_ntlm) return tests::report_skip(reason);
    auto options = with_credential(
        realm ? realm->keytab() : "", has_ntlm ? tests::write_ntlm_users(folder) : ""
    );
    auto key = psrp::TlsIdentity::make("localhost");
    REQUIRE(key);
    options.credssp_identity = std::move(*key);
    EchoServer server(std::move(options));
    struct Row {
        bool is_there;
        std::string user;
    };
    for (const Row& row :
         {Row{has_ntlm, "PSRP\\alice"}, Row{realm != nullptr, "alice@PSRP.TEST"}}) {
        if (!row.is_there) continue;
        INFO(row.user);
        psrp::HttpChannel channel(client_of(server, AuthenticationScheme::CredSsp, alice(row.user))
        );
        for (const std::size_t size : {1U, 16384U, 16385U, 32769U, 1'000'000U}) {
            const std::string message(size, 'm');
            CHECK(server.post(channel, message) == "echo " + message);
            INFO(server.failure());
            CHECK(channel.was_encrypted());
            CHECK(server.users.back() == row.user);
        }
        psrp::HttpChannel wrong(
            client_of(server, AuthenticationScheme::CredSsp, identity(row.user, "not-the-secret"))
        );
        CHECK(server.post(wrong, "hello") == text_of(HttpErrc::LoginRefused));
        CHECK(server.failure().find("not-the-secret") == std::string::npos);
    }
    psrp::HttpChannel nobody(
        client_of(server, AuthenticationScheme::CredSsp, std::make_shared<psrp::Identity>())
    );
    CHECK(server.post(nobody, "x") == text_of(HttpErrc::CredentialMissing));
    if (!realm || !has_ntlm) tests::report_skip(realm ? "gss-ntlmssp is not installed" : reason);
}
