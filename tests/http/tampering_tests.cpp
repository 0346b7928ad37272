// Somebody on the way changes, repeats or swaps encrypted messages: client and server notice, name
// it, and nothing of it is taken.
#include <tests/http/echo_server.hpp>
#include <tests/http/relay.hpp>
#include <tests/http/scripted_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

using psrp::AuthenticationScheme;
using psrp::HttpErrc;
using tests::Passage;
using tests::text_of;

namespace {

// The same message with another body.
std::string with_body(const std::string& message, const std::string& body)
{
    const std::size_t end = message.find("\r\n\r\n");
    const std::string length = tests::http_header(message, "Content-Length");
    std::string head = message.substr(0, end + 4);
    head.replace(
        head.find(length, head.find("ength:")), length.size(), std::to_string(body.size())
    );
    return head + body;
}

std::string body_of(const std::string& message)
{
    return message.substr(message.find("\r\n\r\n") + 4);
}

// What is done to the second encrypted message of one direction; `first` is the one before it.
using Change = std::string (*)(const std::string& message, const std::string& first);

std::string flip(const std::string& message, std::size_t from_end)
{
    std::string changed = message;
    char& byte = changed[changed.size() - from_end];
    byte = static_cast<char>(byte ^ 1);
    return changed;
}

struct Row {
    const char* what;
    Change change;
    HttpErrc at_client; // where an answer is changed
    HttpErrc at_server; // where a request is changed
};

// Behind the ciphertext stands "--Encrypted Boundary--\r\n".
constexpr std::size_t closing_bytes = 24;

const Row rows[] = {
    {"the last byte of the ciphertext",
     [](const std::string& message, const std::string&) {
         return flip(message, closing_bytes + 1);
     },
     HttpErrc::MessageTampered,
     HttpErrc::MessageTampered},
    {"a byte of the signature",
     [](const std::string& message, const std::string&) {
         const std::size_t at = message.find("application/octet-stream\r\n") + 26 + 4 + 6;
         return flip(message, message.size() - at);
     },
     HttpErrc::MessageTampered,
     HttpErrc::MessageTampered},
    {"the message before it",
     [](const std::string&, const std::string& first) { return first; },
     HttpErrc::MessageTampered,
     HttpErrc::MessageTampered},
    {"no closing boundary",
     [](const std::string& message, const std::string&) {
         const std::string body = body_of(message);
         return with_body(message, body.substr(0, body.size() - closing_bytes));
     },
     HttpErrc::MalformedMultipart,
     HttpErrc::MalformedMultipart},
    {"half a body",
     [](const std::string& message, const std::string&) {
         const std::string body = body_of(message);
         return with_body(message, body.substr(0, body.size() / 2));
     },
     HttpErrc::MalformedMultipart,
     HttpErrc::MalformedMultipart},
    {"a length that is not so",
     [](const std::string& message, const std::string&) {
         std::string body = body_of(message);
         body.insert(body.find(";Length=") + 8, "1");
         return with_body(message, body);
     },
     HttpErrc::LengthMismatch,
     HttpErrc::LengthMismatch},
};

void check_tampering(
    tests::EchoServer& server, const psrp::ChannelOptions& client, bool changes_answers
)
{
    for (const Row& row : rows) {
        INFO(row.what << (changes_answers ? " in an answer" : " in a request"));
        tests::Relay relay(server.port());
        std::string first;
        bool is_changed = false;
        const auto hook = [&](const std::string& message) -> Passage {
            const bool is_encrypted = message.find("--Encrypted Boundary") != std::string::npos;
            if (!is_encrypted || is_changed) return {Passage::Kind::On, message};
            if (first.empty()) {
                first = message;
                return {Passage::Kind::On, message};
            }
            is_changed = true;
            return {Passage::Kind::On, row.change(message, first)};
        };
        (changes_answers ? relay.on_answer : relay.on_request) = hook;
        server.loop().add(relay);
        server.users.clear();
        server.refusals.clear();
        auto options = client;
        options.connection.url = relay.url();
        psrp::HttpChannel channel(std::move(options));
        CHECK(server.post(channel, "the first message") == "echo the first message");
        const std::string outcome = server.post(channel, "the second message");
        CHECK(is_changed);
        // A server that refuses a message says so in the clear, which proves nothing to a client.
        CHECK(outcome == text_of(changes_answers ? row.at_client : HttpErrc::PlainAnswer));
        if (!changes_answers) {
            CHECK(server.users.size() == 1);
            CHECK(server.refusals == std::vector<HttpErrc>{row.at_server});
        }
        // A fresh login, and all is well.
        CHECK(server.post(channel, "the third message") == "echo the third message");
        server.loop().remove(relay);
    }
}

} // namespace

TEST_CASE("what is done to NTLM's messages on the way is noticed")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const tests::TemporaryFolder folder;
    tests::EchoServer server(tests::with_credential({}, tests::write_ntlm_users(folder)));
    const auto client =
        tests::client_of(server, AuthenticationScheme::Ntlm, tests::alice("PSRP\\alice"));
    for (const bool changes_answers : {false, true})
        check_tampering(server, client, changes_answers);
}

TEST_CASE("what is done to Kerberos' messages on the way is noticed")
{
    std::string reason;
    const auto realm = tests::Realm::start(reason);
    if (!realm) return tests::report_skip(reason);
    REQUIRE(realm->log_in());
    tests::EchoServer server(tests::with_credential(realm->keytab(), {}));
    const auto client = tests::client_of(
        server, AuthenticationScheme::Kerberos, std::make_shared<psrp::Identity>()
    );
    for (const bool changes_answers : {false, true})
        check_tampering(server, client, changes_answers);
}

TEST_CASE("a server that forgets every login is given up on")
{
    if (!tests::has_ntlm()) return tests::report_skip("gss-ntlmssp is not installed");
    const tests::TemporaryFolder folder;
    tests::EchoServer server(tests::with_credential({}, tests::write_ntlm_users(folder)));
    tests::Relay relay(server.port());
    std::size_t answers = 0;
    relay.on_answer = [&](const std::string& message) -> Passage {
        ++answers;
        if (message.find("--Encrypted Boundary") == std::string::npos)
            return {Passage::Kind::On, message};
        return {Passage::Kind::On, tests::http_answer(401, "WWW-Authenticate: Negotiate\r\n", "")};
    };
    server.loop().add(relay);
    auto client = tests::client_of(server, AuthenticationScheme::Ntlm, tests::alice("PSRP\\alice"));
    client.connection.url = relay.url();
    psrp::HttpChannel channel(std::move(client));
    CHECK(server.post(channel, "hello") == text_of(HttpErrc::TooManyRounds));
    CHECK(answers <= 8);
    CHECK(server.failure().find(std::string(tests::realm_password)) == std::string::npos);
    server.loop().remove(relay);
}
