// Two contexts joined without HTTP: what is changed, repeated or left out on the way is noticed.
#include <psrp/http/gss.hpp>
#include <tests/http/realm.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

using psrp::HttpErrc;

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

std::string text_of(HttpErrc code)
{
    return make_error_code(code).message();
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
}
