// CredSSP between our client and our acceptor, without HTTP: what is changed, downgraded or
// repeated on the way is refused by name (fact sheet transports C6).
#include <psrp/http/credssp.hpp>
#include <tests/http/realm.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

using psrp::Bytes;
using psrp::CredSspContext;
using psrp::HttpErrc;

namespace {

const psrp::TlsIdentity& key()
{
    static const auto made = psrp::TlsIdentity::make("localhost");
    return *made;
}

std::string text_of(HttpErrc code)
{
    return make_error_code(code).message();
}

std::string code_of(const psrp::HttpFailure& failure)
{
    return failure.error.code.message();
}

using Context = std::unique_ptr<CredSspContext>;

// Both sides and what they know of each other.
struct Parties {
    Parties(const psrp::GssCredential& server_given, std::string user, psrp::GssMechanism mechanism)
        : server_credential(server_given),
          login(std::move(user), std::string(tests::realm_password))
    {
        auto logged_in = psrp::GssCredential::log_in(mechanism, login);
        if (!logged_in) FAIL(logged_in.error().text);
        credential.emplace(std::move(*logged_in));
        client.login.mechanism = mechanism;
        client.login.host = "localhost";
        client.login.credential = &*credential;
        client.delegated = &login;
        server.login.credential = &server_credential;
        server.identity = &key();
    }

    [[nodiscard]] Context initiate() const
    {
        auto made = CredSspContext::initiate(client);
        if (!made) FAIL(made.error().text);
        return std::move(*made);
    }
    [[nodiscard]] Context accept() const
    {
        auto made = CredSspContext::accept(server);
        if (!made) FAIL(made.error().text);
        return std::move(*made);
    }

    const psrp::GssCredential& server_credential;
    psrp::Login login;
    std::optional<psrp::GssCredential> credential;
    psrp::CredSspClientOptions client;
    psrp::CredSspServerOptions server;
};

// Whoever carries tokens; may change them. `number` counts those of both sides.
using Way = std::function<void(int number, Bytes& token)>;

// Until both are complete, or what went wrong, with the side that noticed.
std::string join(CredSspContext& client, CredSspContext& server, const Way& way = {})
{
    Bytes token;
    int number = 0;
    for (int round = 0; round < 10; ++round) {
        auto said = client.step(token);
        if (!said) return "client: " + code_of(said.error());
        if (!*said) return "client: silent";
        if (way) way(number++, **said);
        auto answered = server.step(**said);
        if (!answered) return "server: " + code_of(answered.error());
        token = answered->value_or(Bytes());
        if (server.is_complete()) return client.is_complete() ? "" : "client: incomplete";
        if (way) way(number++, token);
    }
    return "endless";
}

std::string opened(CredSspContext& context, const psrp::SealedMessage& sealed)
{
    const auto message = context.open(sealed.signature, sealed.ciphertext, sealed.original_bytes);
    return message ? *message : code_of(message.error());
}

void check_messages(const Parties& parties)
{
    auto client = parties.initiate();
    auto server = parties.accept();
    REQUIRE(join(*client, *server) == "");
    CHECK(server->delegated() != nullptr);
    CHECK(server->delegated()->user() == parties.login.user());
    CHECK(server->delegated()->password() == tests::realm_password);
    CHECK(server->peer_name() == parties.login.user());
    CHECK(client->version() == psrp::credssp_version_last);
    const auto sealed = [](CredSspContext& by, const std::string& message) {
        auto one = by.seal(message);
        REQUIRE(one);
        CHECK(one->ciphertext.find("secret words") == std::string::npos);
        return *one;
    };
    CHECK(opened(*server, sealed(*client, "secret words")) == "secret words");
    CHECK(opened(*client, sealed(*server, "secret words")) == "secret words");
    for (const std::size_t pairs : {1U, 2U, 3U}) {
        const std::string message((pairs - 1) * 16384 + (pairs == 1 ? 16384 : 1), 'x');
        const auto body = psrp::seal_body(
            *client, psrp::EncryptionProtocol::CredSsp, "application/soap+xml", message
        );
        REQUIRE(body);
        const auto type = psrp::read_encrypted_content_type(body->content_type);
        REQUIRE(type);
        CHECK(type->has_several_messages == (pairs > 1));
        const auto parts = psrp::read_encrypted_body(body->body, *type);
        REQUIRE(parts);
        CHECK(parts->size() == pairs);
        const auto opened_body = psrp::open_encrypted_body(*server, body->body, *type, {});
        REQUIRE(opened_body);
        CHECK(*opened_body == message);
    }
    const std::string large(psrp::TlsPipe::record_bytes_max, 'x');
    const auto record = sealed(*client, large);
    CHECK(opened(*server, record) == large);
    CHECK(opened(*server, record) == text_of(HttpErrc::MessageTampered)); // replayed
}

void check_tampering(const Parties& parties)
{
    for (const int which : {0, 1, 2, 3}) {
        INFO(which);
        auto client = parties.initiate();
        auto server = parties.accept();
        REQUIRE(join(*client, *server) == "");
        auto one = client->seal("first message");
        REQUIRE(one);
        if (which == 0) one->ciphertext.back() = static_cast<char>(one->ciphertext.back() ^ 1);
        if (which == 1) one->ciphertext.pop_back();
        if (which == 2) one->original_bytes += 20;
        if (which == 3) one = client->seal("the first is left out");
        const auto expected = which == 2 ? HttpErrc::LengthMismatch : HttpErrc::MessageTampered;
        CHECK(opened(*server, *one) == text_of(expected));
    }
    // Every token of the exchange, changed in its last byte.
    int count = 0;
    {
        auto client = parties.initiate();
        auto server = parties.accept();
        REQUIRE(join(*client, *server, [&](int number, Bytes&) { count = number + 1; }) == "");
    }
    for (int which = 0; which < count; ++which) {
        INFO(which);
        auto client = parties.initiate();
        auto server = parties.accept();
        const auto outcome = join(*client, *server, [&](int number, Bytes& token) {
            if (number == which && !token.empty()) token.back() ^= 1U;
        });
        // A ticket of TLS 1.3 is not looked at by who does not use it; it is still authenticated.
        CHECK(outcome.find(text_of(HttpErrc::TlsFailed)) != std::string::npos);
        CHECK_FALSE((client->is_complete() && server->is_complete()));
    }
}

void check_versions(Parties& parties)
{
    struct Row {
        psrp::CredSspVersions client;
        psrp::CredSspVersions server;
        std::string outcome;
        std::uint32_t version;
    };
    const std::string too_old = text_of(HttpErrc::CredSspTooOld);
    for (const Row& row : {
             Row{{5, 6}, {5, 6}, "", 6},
             Row{{5, 6}, {5, 5}, "", 5},
             Row{{5, 5}, {5, 6}, "", 5},
             Row{{2, 6}, {2, 4}, "", 4},
             Row{{2, 3}, {2, 6}, "", 3},
             Row{{2, 2}, {2, 2}, "", 2},
             Row{{5, 6}, {2, 4}, "client: " + too_old, 0},
             Row{{2, 4}, {5, 6}, "server: " + too_old, 0},
         }) {
        INFO(row.client.max << " " << row.server.max);
        parties.client.versions = row.client;
        parties.server.versions = row.server;
        auto client = parties.initiate();
        auto server = parties.accept();
        CHECK(join(*client, *server) == row.outcome);
        if (row.version != 0) CHECK(client->version() == row.version);
        // Whoever is too old never gets the password.
        CHECK((server->delegated() != nullptr) == row.outcome.empty());
    }
    parties.client.versions = {};
    parties.server.versions = {};
}

// Somebody between who ends TLS on both sides and passes on what is inside.
void check_relay(const Parties& parties)
{
    const auto other_key = psrp::TlsIdentity::make("localhost");
    REQUIRE(other_key);
    auto to_client = psrp::TlsPipe::server({}, *other_key);
    auto to_server = psrp::TlsPipe::client({}, "localhost");
    REQUIRE(to_client);
    REQUIRE(to_server);
    auto client = parties.initiate();
    auto server = parties.accept();
    // Both handshakes, then requests from one session to the other.
    Bytes from_server;
    while (!to_server->is_established()) {
        to_server->feed(from_server);
        REQUIRE(to_server->shake_hands());
        from_server = server->step(to_server->take_output())->value_or(Bytes());
    }
    to_server->feed(from_server);
    Bytes token;
    std::string outcome;
    for (int round = 0; round < 10 && outcome.empty(); ++round) {
        auto said = client->step(token);
        if (!said) {
            outcome = "client: " + code_of(said.error());
            break;
        }
        to_client->feed(**said);
        if (!to_client->is_established()) REQUIRE(to_client->shake_hands());
        Bytes request;
        if (to_client->is_established()) REQUIRE(to_client->read(request, 100000));
        if (!request.empty()) {
            REQUIRE(to_server->write(request));
            auto answered = server->step(to_server->take_output());
            if (!answered) {
                outcome = "server: " + code_of(answered.error());
                break;
            }
            to_server->feed(answered->value_or(Bytes()));
            Bytes answer;
            REQUIRE(to_server->read(answer, 100000));
            REQUIRE(to_client->write(answer));
        }
        token = to_client->take_output();
    }
    CHECK(outcome == "server: " + text_of(HttpErrc::CredSspBindingMismatch));
    CHECK(server->delegated() == nullptr);
    CHECK_FALSE(client->is_complete());
}

void check_replay(const Parties& parties)
{
    std::vector<Bytes> recorded;
    {
        auto client = parties.initiate();
        auto server = parties.accept();
        REQUIRE(join(*client, *server, [&](int number, Bytes& token) {
                    if (number % 2 == 0) recorded.push_back(token);
                }) == "");
    }
    auto server = parties.accept();
    std::string outcome;
    for (const Bytes& token : recorded) {
        const auto answered = server->step(token);
        if (!answered) outcome = code_of(answered.error());
        if (!answered) break;
    }
    CHECK(outcome == text_of(HttpErrc::TlsFailed));
    CHECK(server->delegated() == nullptr);
}

void check_all(Parties& parties)
{
    for (const auto version : {psrp::TlsVersion::Tls12, psrp::TlsVersion::Tls13}) {
        for (const std::size_t tickets : {0U, 1U}) {
            INFO(static_cast<int>(version) << " " << tickets);
            parties.client.tls.version_max = version;
            parties.server.tls.tickets = tickets;
            check_messages(parties);
        }
        check_tampering(parties);
        check_relay(parties);
        check_replay(parties);
    }
    check_versions(parties);
}

} // namespace

TEST_CASE("the binding hashes are those of the two recorded vectors")
{
    Bytes nonce(32);
    for (std::size_t i = 0; i < nonce.size(); ++i)
        nonce[i] = static_cast<std::uint8_t>(i);
    const Bytes public_key = {0x30, 0x0a};
    const auto hash = [&](psrp::CredSspRole role) {
        std::string text;
        for (const std::uint8_t byte : psrp::credssp_binding(role, nonce, public_key)) {
            text += "0123456789abcdef"[byte / 16];
            text += "0123456789abcdef"[byte % 16];
        }
        return text;
    };
    CHECK(
        hash(psrp::CredSspRole::Client) ==
        "fe78d8800ccaeeba2862c9cbc67179207d8d6061544e110fe625b7b3cb8643a5"
    );
    CHECK(
        hash(psrp::CredSspRole::Server) ==
        "66a3a7f62e2cd865b0171cf94df2b128f02ff663c77c036cb059f97e5c52a134"
    );
}

TEST_CASE("CredSSP with NTLM inside delegates a password, and to nobody in between")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const tests::TemporaryFolder folder;
    const auto server = psrp::GssCredential::serve({}, tests::write_ntlm_users(folder));
    REQUIRE(server);
    for (const auto mechanism : {psrp::GssMechanism::Ntlm, psrp::GssMechanism::Negotiate}) {
        Parties parties(*server, "PSRP\\alice", mechanism);
        check_all(parties);
    }
}

TEST_CASE("CredSSP with Kerberos inside delegates a password, and to nobody in between")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    const auto server = psrp::GssCredential::serve(realm->keytab(), {});
    REQUIRE(server);
    for (const auto mechanism : {psrp::GssMechanism::Kerberos, psrp::GssMechanism::Negotiate}) {
        Parties parties(*server, "alice@PSRP.TEST", mechanism);
        check_all(parties);
    }
}
