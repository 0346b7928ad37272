// Two contexts joined without HTTP: what is changed, repeated or left out on the way is noticed,
// and what else they agree on.
#include <tests/http/echo_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <thread>

using psrp::HttpErrc;
using tests::text_of;

namespace {

struct Joined {
    psrp::GssContext client;
    psrp::GssContext server;
};

Joined join(const psrp::GssInitiatorOptions& initiator, const psrp::GssCredential& server)
{
    auto client = psrp::GssContext::initiate(initiator);
    REQUIRE(client);
    psrp::GssAcceptorOptions acceptor;
    acceptor.credential = &server;
    Joined joined{std::move(*client), psrp::GssContext::accept(acceptor)};
    psrp::Bytes token;
    for (int round = 0; round < 8 && !joined.server.is_complete(); ++round) {
        auto next = joined.client.step(token);
        if (!next) FAIL(next.error().text);
        REQUIRE(*next);
        auto answer = joined.server.step(**next);
        if (!answer) FAIL(answer.error().text);
        token = answer->value_or(psrp::Bytes());
    }
    if (!joined.client.is_complete()) REQUIRE(joined.client.step(token));
    REQUIRE(joined.client.is_complete());
    REQUIRE(joined.server.is_complete());
    return joined;
}

// What comes of two contexts: "ok", or what the first of them to fail says.
std::string
outcome(const psrp::GssInitiatorOptions& initiator, const psrp::GssAcceptorOptions& acceptor)
{
    auto client = psrp::GssContext::initiate(initiator);
    REQUIRE(client);
    psrp::GssContext server = psrp::GssContext::accept(acceptor);
    psrp::Bytes token;
    for (int round = 0; round < 8 && !server.is_complete(); ++round) {
        const auto next = client->step(token);
        if (!next) return next.error().error.code.message();
        REQUIRE(*next);
        const auto answer = server.step(**next);
        if (!answer) return answer.error().error.code.message();
        token = answer->value_or(psrp::Bytes());
    }
    return server.is_complete() ? "ok" : "no end";
}

// Bindings of both sides, with and without an acceptor that insists.
void check_bindings(psrp::GssInitiatorOptions initiator, const psrp::GssCredential& server)
{
    const psrp::Bytes one{'o', 'n', 'e'};
    const psrp::Bytes two{'t', 'w', 'o'};
    const std::string refused = text_of(HttpErrc::LoginRefused);
    struct Row {
        psrp::Bytes client;
        psrp::Bytes server;
        bool is_needed;
        std::string expected;
    };
    for (const Row& row : {
             Row{{}, {}, false, "ok"},
             Row{one, one, false, "ok"},
             Row{one, one, true, "ok"},
             Row{{}, one, false, "ok"}, // relaxed
             Row{{}, one, true, refused},
             Row{two, one, false, refused},
             Row{two, one, true, refused},
         }) {
        INFO(row.client.size() << " " << row.server.size() << " " << row.is_needed);
        psrp::GssAcceptorOptions acceptor;
        acceptor.credential = &server;
        acceptor.channel_binding = row.server;
        acceptor.needs_channel_binding = row.is_needed;
        initiator.channel_binding = row.client;
        CHECK(outcome(initiator, acceptor) == row.expected);
    }
}

std::string opened(psrp::GssContext& context, const psrp::SealedMessage& sealed)
{
    const auto message = context.open(sealed.signature, sealed.ciphertext, sealed.original_bytes);
    return message ? *message : message.error().error.code.message();
}

void check_tampering(const psrp::GssInitiatorOptions& initiator, const psrp::GssCredential& server)
{
    const std::string tampered = text_of(HttpErrc::MessageTampered);
    const auto sealed_by = [](psrp::GssContext& context, const std::string& message) {
        auto sealed = context.seal(message);
        REQUIRE(sealed);
        CHECK(sealed->ciphertext.find(message) == std::string::npos);
        return std::move(*sealed);
    };
    {
        Joined joined = join(initiator, server);
        for (const char* message : {"one", "two", "three"}) {
            CHECK(opened(joined.server, sealed_by(joined.client, message)) == message);
            CHECK(opened(joined.client, sealed_by(joined.server, message)) == message);
        }
    }
    for (const int which : {0, 1, 2, 3}) {
        INFO(which);
        Joined joined = join(initiator, server);
        auto first = sealed_by(joined.client, "first message");
        if (which == 0) first.ciphertext[3] = static_cast<char>(first.ciphertext[3] ^ 1);
        if (which == 1) first.signature[5] = static_cast<char>(first.signature[5] ^ 1);
        if (which == 2) first.ciphertext.pop_back();
        if (which == 3) first.signature.clear();
        CHECK(opened(joined.server, first) == tampered);
    }
    {
        Joined joined = join(initiator, server);
        const auto first = sealed_by(joined.client, "first");
        CHECK(opened(joined.server, first) == "first");
        CHECK(opened(joined.server, first) == tampered);
    }
    {
        Joined joined = join(initiator, server);
        (void)sealed_by(joined.client, "left out");
        CHECK(opened(joined.server, sealed_by(joined.client, "second")) == tampered);
    }
    {
        // Zeros that fill a message up are not of it, unless it is UTF-16.
        Joined joined = join(initiator, server);
        const auto type = psrp::read_encrypted_content_type(
            psrp::encrypted_content_type(psrp::EncryptionProtocol::Spnego), {}
        );
        REQUIRE(type);
        const std::string wide("\xFF\xFE<\0a\0/\0>\0", 10);
        struct Row {
            std::string sent;
            std::string read;
        };
        for (const Row& row :
             {Row{wide, wide},
              Row{wide.substr(2), wide.substr(2)},
              Row{std::string("<a/>\0\0\0", 7), "<a/>"},
              Row{"<a/>", "<a/>"}}) {
            const auto sealed = sealed_by(joined.client, row.sent);
            const std::string body = psrp::write_encrypted_body(
                psrp::EncryptionProtocol::Spnego,
                "application/soap+xml;charset=UTF-8",
                sealed.original_bytes,
                sealed.signature,
                sealed.ciphertext
            );
            const auto opened_body = psrp::open_encrypted_body(joined.server, body, *type, {});
            REQUIRE(opened_body);
            CHECK(*opened_body == row.read);
        }
    }
    {
        Joined joined = join(initiator, server);
        auto lying = sealed_by(joined.client, "first");
        lying.original_bytes += 20;
        CHECK(opened(joined.server, lying) == text_of(HttpErrc::LengthMismatch));
    }
}

} // namespace

TEST_CASE("messages sealed with NTLM show what was done to them")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const tests::TemporaryFolder folder;
    const auto server = psrp::GssCredential::serve({}, tests::write_ntlm_users(folder));
    REQUIRE(server);
    const psrp::Login login("PSRP\\alice", std::string(tests::realm_password));
    const auto client = psrp::GssCredential::log_in(psrp::GssMechanism::Ntlm, login);
    REQUIRE(client);
    psrp::GssInitiatorOptions initiator;
    initiator.mechanism = psrp::GssMechanism::Ntlm;
    initiator.host = "localhost";
    initiator.credential = &*client;
    check_tampering(initiator, *server);
    check_bindings(initiator, *server);
}

TEST_CASE("messages sealed with Kerberos show what was done to them")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    REQUIRE(realm->log_in());
    const auto server = psrp::GssCredential::serve(realm->keytab(), {});
    REQUIRE(server);
    psrp::GssInitiatorOptions initiator;
    initiator.mechanism = psrp::GssMechanism::Kerberos;
    initiator.host = "localhost";
    check_tampering(initiator, *server);
    check_bindings(initiator, *server);
}

TEST_CASE("a ticket is handed on where that is asked for")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    REQUIRE(realm->log_in());
    const auto server = psrp::GssCredential::serve(realm->keytab(), {});
    REQUIRE(server);
    psrp::GssInitiatorOptions initiator;
    initiator.host = "localhost";
    for (const auto mechanism : {psrp::GssMechanism::Kerberos, psrp::GssMechanism::Negotiate}) {
        for (const bool delegates : {false, true}) {
            initiator.mechanism = mechanism;
            initiator.delegates = delegates;
            CHECK(join(initiator, *server).server.has_delegated_credential() == delegates);
        }
    }
}

TEST_CASE("clocks that differ are named on both sides")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    REQUIRE(realm->log_in());
    realm->set_clock_skew(1);
    const auto credential = psrp::GssCredential::serve(realm->keytab(), {});
    REQUIRE(credential);
    psrp::GssInitiatorOptions initiator;
    initiator.mechanism = psrp::GssMechanism::Kerberos;
    initiator.host = "localhost";
    auto client = psrp::GssContext::initiate(initiator);
    REQUIRE(client);
    psrp::GssAcceptorOptions acceptor;
    acceptor.credential = &*credential;
    psrp::GssContext server = psrp::GssContext::accept(acceptor);
    const auto token = client->step({});
    REQUIRE(token);
    REQUIRE(*token);
    // The server's clock goes on, the token's stands still.
    std::this_thread::sleep_for(std::chrono::milliseconds(3100));
    const auto accepted = server.step(**token);
    REQUIRE_FALSE(accepted);
    CHECK(accepted.error().error == HttpErrc::ClockSkew);
    REQUIRE(server.farewell());
    const auto told = client->step(*server.farewell());
    REQUIRE_FALSE(told);
    CHECK(told.error().error == HttpErrc::ClockSkew);
}
