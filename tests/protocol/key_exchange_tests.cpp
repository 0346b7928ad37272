// The session key exchange through both machines: who asks, what waits, what goes wrong (fact sheet
// psrp 8, 11.1; MS-PSRP 3.1.5.4.3-.5, 3.2.5.4.3-.5).
#include <clixml/object.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/key_transitions.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/protocol/test_keys.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace {

using psrp::Errc;
using psrp::MessageType;
using psrp::Value;
using Steps = std::vector<std::string>;

constexpr std::string_view clear_abc = "YQBiAGMA";

struct KeyedClient {
    explicit KeyedClient(std::string_view server_version = "2.3")
        : client([&] {
              auto options = tests::Client::default_options();
              options.keys = &keys;
              return options;
          }())
    {
        client.open(server_version);
        client.done.clear();
        client.events.clear();
    }

    // The server's answer to the PUBLIC_KEY sent last.
    std::string answer() const
    {
        const auto& messages = client.sent.messages();
        const auto last = std::find_if(messages.rbegin(), messages.rend(), [](const auto& message) {
            return message.type() == MessageType::PublicKey;
        });
        REQUIRE(last != messages.rend());
        const auto begin = last->payload.find("PublicKey\">") + 11;
        const auto end = last->payload.find('<', begin);
        tests::TestKeys source;
        const auto blob = psrp::encrypt_session_key(
            psrp::SessionKey{}, last->payload.substr(begin, end - begin), source
        );
        REQUIRE(blob);
        return "<Obj RefId=\"0\"><MS><S N=\"EncryptedSessionKey\">" + *blob + "</S></MS></Obj>";
    }

    tests::TestKeys keys;
    tests::Client client;
};

struct KeyedServer {
    explicit KeyedServer(std::string_view client_version = "2.3")
        : server([&] {
              psrp::ServerPoolOptions options;
              options.keys = &keys;
              return options;
          }())
    {
        server.open(1, client_version);
        server.done.clear();
        server.events.clear();
    }

    psrp::Result<void> say_public_key()
    {
        const auto blob = tests::rsa_key(2048).public_blob();
        return server.say(
            {},
            MessageType::PublicKey,
            "<Obj RefId=\"0\"><MS><S N=\"PublicKey\">" + *blob + "</S></MS></Obj>"
        );
    }

    // The cipher of the key that the server sent last.
    psrp::SessionKeySecrets secrets() const
    {
        const auto& messages = server.sent.messages();
        const auto last = std::find_if(messages.rbegin(), messages.rend(), [](const auto& message) {
            return message.type() == MessageType::EncryptedSessionKey;
        });
        REQUIRE(last != messages.rend());
        CHECK(last->header.runspace_pool_id.is_zero());
        const auto begin = last->payload.find("SessionKey\">") + 12;
        const auto end = last->payload.find('<', begin);
        auto key = tests::rsa_key(2048).decrypt(last->payload.substr(begin, end - begin));
        REQUIRE(key);
        return psrp::SessionKeySecrets(*std::move(key));
    }

    tests::TestKeys keys;
    tests::Server server;
};

std::string under_key(const psrp::SessionKeySecrets& secrets, std::string_view clear)
{
    const psrp::ClearBase64Secrets base64;
    return "<SS>" + *secrets.encrypt(*base64.decrypt(clear)) + "</SS>";
}

std::string under_zero_key(std::string_view clear)
{
    return under_key(psrp::SessionKeySecrets{psrp::SessionKey{}}, clear);
}

} // namespace

TEST_CASE("a secret that a client sends waits for the key, and what is behind it waits too")
{
    KeyedClient peer;
    auto& client = peer.client;
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("$input", false)));
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::int32(1)));
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::secure_string(clear_abc)));
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::secure_string(clear_abc)));
    REQUIRE(client.pool.end_input(tests::pipeline_id));
    client.pump();
    CHECK(client.done == Steps{"OpenCommand", "PUBLIC_KEY", "CREATE_PIPELINE", "PIPELINE_INPUT"});
    CHECK(client.pool.is_waiting_for_key());
    CHECK(peer.keys.keys_made == 1);

    client.done.clear();
    REQUIRE(client.say({}, MessageType::EncryptedSessionKey, peer.answer()));
    CHECK(client.done == Steps{"PIPELINE_INPUT", "PIPELINE_INPUT", "END_OF_PIPELINE_INPUT"});
    CHECK_FALSE(client.pool.is_waiting_for_key());
    const auto& messages = client.sent.messages();
    CHECK(messages[messages.size() - 3].payload == under_zero_key(clear_abc));
    CHECK(messages[messages.size() - 2].payload == under_zero_key(clear_abc));
    // From now on nothing waits.
    client.done.clear();
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id2, tests::script("$input", false)));
    REQUIRE(client.pool.write_input(tests::pipeline_id2, Value::secure_string(clear_abc)));
    client.pump();
    CHECK(client.done == Steps{"OpenCommand", "CREATE_PIPELINE", "PIPELINE_INPUT"});
    CHECK(client.sent.messages().back().payload == under_zero_key(clear_abc));
}

TEST_CASE("a client asks for the key of a secret that it receives, and keeps the order")
{
    KeyedClient peer;
    auto& client = peer.client;
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("x")));
    client.pump();
    client.done.clear();
    const auto say = [&](MessageType type, std::string_view payload) {
        REQUIRE(client.say(tests::pipeline_id, type, payload));
    };
    say(MessageType::PipelineOutput, "<I32>1</I32>");
    say(MessageType::PipelineOutput, under_zero_key(clear_abc));
    say(MessageType::PipelineOutput, "<I32>2</I32>");
    say(MessageType::PipelineState, tests::completed_payload);
    CHECK(client.done == Steps{"PUBLIC_KEY"});
    CHECK(client.events_of<psrp::OutputReceived>().size() == 1);

    REQUIRE(client.say({}, MessageType::EncryptedSessionKey, peer.answer()));
    const auto outputs = client.events_of<psrp::OutputReceived>();
    REQUIRE(outputs.size() == 3);
    CHECK(outputs[1].value.kind() == clixml::Kind::SecureString);
    CHECK(outputs[1].value.text() == clear_abc);
    CHECK(outputs[2].value.signed_bits() == 2);
    CHECK(client.events_of<psrp::PipelineFinished>().size() == 1);
}

TEST_CASE("secrets are found wherever they stand in a value")
{
    struct Row {
        const char* name;
        const char* form; // # stands for the secret
    };
    for (const auto& row : {
             Row{"alone", "<SS>#</SS>"},
             Row{"in a list", "<Obj RefId=\"0\"><LST><I32>1</I32><SS>#</SS></LST></Obj>"},
             Row{"in a dictionary",
                 "<Obj RefId=\"0\"><DCT><En><S N=\"Key\">k</S><SS "
                 "N=\"Value\">#</SS></En></DCT></Obj>"},
             Row{"as a note", "<Obj RefId=\"0\"><MS><SS N=\"a\">#</SS></MS></Obj>"},
             Row{"as a property", "<Obj RefId=\"0\"><Props><SS N=\"a\">#</SS></Props></Obj>"},
             Row{"under notes of its own",
                 "<Obj RefId=\"0\"><SS>#</SS><MS><I32 N=\"n\">1</I32></MS></Obj>"},
             Row{"in a member set",
                 "<Obj RefId=\"0\"><MS><MS N=\"s\"><SS N=\"a\">#</SS></MS></MS></Obj>"},
             Row{"a credential",
                 "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.PSCredential</T>"
                 "<T>System.Object</T></TN><ToString>c</ToString><Props><S N=\"UserName\">u</S>"
                 "<SS N=\"Password\">#</SS></Props></Obj>"},
             Row{"with a line break and a comment",
                 "<Obj RefId=\"0\"><MS><SS\nN=\"a\">#</SS><!--x--></MS></Obj>"},
         }) {
        INFO(row.name);
        const std::string form = row.form;
        const auto at = form.find('#');
        const std::string encrypted = under_zero_key(clear_abc);
        const std::string wire =
            form.substr(0, at) + encrypted.substr(4, encrypted.size() - 9) + form.substr(at + 1);
        KeyedClient peer;
        auto& client = peer.client;
        REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("x", false)));
        client.pump();
        REQUIRE(client.say(tests::pipeline_id, MessageType::PipelineOutput, wire));
        REQUIRE(client.say({}, MessageType::EncryptedSessionKey, peer.answer()));
        const auto outputs = client.events_of<psrp::OutputReceived>();
        REQUIRE(outputs.size() == 1);
        // Sent back it is what came: found on the way in and on the way out.
        REQUIRE(client.pool.write_input(tests::pipeline_id, outputs[0].value));
        client.pump();
        const auto& sent = client.sent.messages().back().payload;
        CHECK(sent.find(encrypted.substr(4, encrypted.size() - 9)) != std::string::npos);
        CHECK(sent.find(clear_abc) == std::string::npos);
    }
}

TEST_CASE("a client answers a request for its key, whatever the version")
{
    for (const char* version : {"2.0", "2.1", "2.2", "2.3", "2.4"}) {
        INFO(version);
        KeyedClient peer(version);
        auto& client = peer.client;
        REQUIRE(client.say({}, MessageType::PublicKeyRequest, "<S></S>"));
        REQUIRE(client.say({}, MessageType::PublicKeyRequest, "<S></S>"));
        CHECK(client.done == Steps{"PUBLIC_KEY"}); // once: the first is on its way
        REQUIRE(client.say({}, MessageType::EncryptedSessionKey, peer.answer()));
        REQUIRE(client.say({}, MessageType::PublicKeyRequest, "<S></S>"));
        CHECK(client.done == Steps{"PUBLIC_KEY", "PUBLIC_KEY"});
        CHECK(peer.keys.keys_made == 1);
        CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
    }
}

TEST_CASE("what may go wrong with a client's key exchange ends in a named error")
{
    struct Row {
        const char* name;
        const char* key; // in ENCRYPTED_SESSION_KEY; null: time runs out
        Errc code;
    };
    for (const auto& row : {
             Row{"too short", "AQIAABBmAAAApAAA", Errc::InvalidSessionKey},
             Row{"no base64", "?", Errc::InvalidSessionKey},
             Row{"no answer", nullptr, Errc::KeyExchangeTimedOut},
         }) {
        INFO(row.name);
        KeyedClient peer;
        auto& client = peer.client;
        REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("$input", false)));
        REQUIRE(client.pool.write_input(tests::pipeline_id, Value::secure_string(clear_abc)));
        client.pump();
        if (row.key != nullptr) {
            const auto said = client.say(
                {},
                MessageType::EncryptedSessionKey,
                "<Obj RefId=\"0\"><MS><S N=\"EncryptedSessionKey\">" + std::string(row.key) +
                    "</S></MS></Obj>"
            );
            REQUIRE_FALSE(said);
            CHECK(said.error().code == row.code);
        } else {
            client.pool.key_exchange_timed_out();
            client.pump();
        }
        const auto broken = client.events_of<psrp::PoolBroken>();
        REQUIRE(broken.size() == 1);
        CHECK(broken[0].error.code == row.code);
        CHECK(client.events_of<psrp::PipelineFinished>().size() == 1);
        CHECK_FALSE(client.pool.is_waiting_for_key());
    }
}

TEST_CASE("without a source of keys, or with a broken one, a client changes nothing")
{
    for (const bool has_source : {false, true}) {
        tests::TestKeys keys;
        keys.is_broken = true;
        auto options = tests::Client::default_options();
        options.keys = has_source ? &keys : nullptr;
        tests::Client client(options);
        client.open("2.3");
        REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("$input", false)));
        const auto written =
            client.pool.write_input(tests::pipeline_id, Value::secure_string(clear_abc));
        REQUIRE_FALSE(written);
        CHECK(
            written.error().code ==
            (has_source ? Errc::KeyGenerationFailed : Errc::KeyExchangeUnsupported)
        );
        CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
        CHECK(client.pool.write_input(tests::pipeline_id, Value::int32(1)));
    }
}

TEST_CASE("a session key that nobody asked for is dropped, and a text that is no secret refused")
{
    KeyedClient peer;
    auto& client = peer.client;
    CHECK(client.say(
        {},
        MessageType::EncryptedSessionKey,
        "<Obj RefId=\"0\"><MS><S N=\"EncryptedSessionKey\">AQIA</S></MS></Obj>"
    ));
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("$input", false)));
    for (const char* text : {"YQBi", "?"}) {
        const auto written =
            client.pool.write_input(tests::pipeline_id, Value::secure_string(text));
        REQUIRE_FALSE(written);
        CHECK(written.error().code == Errc::InvalidArgument);
    }
    CHECK_FALSE(client.pool.is_waiting_for_key());
}

TEST_CASE("stopping a pipeline whose secret waits sends nothing of it")
{
    KeyedClient peer;
    auto& client = peer.client;
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("$input", false)));
    client.pump();
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::secure_string(clear_abc)));
    REQUIRE(client.pool.stop(tests::pipeline_id));
    client.pump();
    client.done.clear();
    REQUIRE(client.say({}, MessageType::EncryptedSessionKey, peer.answer()));
    CHECK(client.done.empty());
}

TEST_CASE("too much that waits for a key is a named error on either side")
{
    auto options = tests::Client::default_options();
    tests::TestKeys keys;
    options.keys = &keys;
    options.limits.held_bytes_max = 300;
    tests::Client client(options);
    client.open("2.3");
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("x", false)));
    client.pump();
    REQUIRE(client.say(tests::pipeline_id, MessageType::PipelineOutput, under_zero_key(clear_abc)));
    const std::string rest = "<S>" + std::string(200, 'x') + "</S>";
    const auto said = client.say(tests::pipeline_id, MessageType::PipelineOutput, rest);
    REQUIRE_FALSE(said);
    CHECK(said.error().code == Errc::TooMuchHeld);
    CHECK(client.events_of<psrp::PipelineFinished>()[0].error.code == Errc::TooMuchHeld);

    psrp::ServerPoolOptions server_options;
    server_options.keys = &keys;
    server_options.limits.held_bytes_max = 300;
    tests::Server server(server_options);
    server.open(1, "2.3");
    REQUIRE(server.start(tests::pipeline_id, false));
    REQUIRE(server.say(tests::pipeline_id, MessageType::PipelineInput, under_zero_key(clear_abc)));
    const auto heard = server.say(tests::pipeline_id, MessageType::PipelineInput, rest);
    REQUIRE_FALSE(heard);
    CHECK(heard.error().code == Errc::TooMuchHeld);
}

TEST_CASE("a server answers every public key with the same session key")
{
    for (const char* version : {"2.0", "2.1", "2.2", "2.3", "2.4"}) {
        INFO(version);
        KeyedServer peer(version);
        REQUIRE(peer.say_public_key());
        CHECK(peer.server.done == Steps{"ENCRYPTED_SESSION_KEY", "DataAck"});
        const auto first = under_key(peer.secrets(), clear_abc);
        REQUIRE(peer.say_public_key());
        CHECK(under_key(peer.secrets(), clear_abc) == first);
    }
}

TEST_CASE("a public key that is none is an error, and the session goes on")
{
    KeyedServer peer;
    for (const char* key : {"", "BgIAAACkAABSU0ExAAgAAAEAAQA=", "?"}) {
        const auto said = peer.server.say(
            {},
            MessageType::PublicKey,
            "<Obj RefId=\"0\"><MS><S N=\"PublicKey\">" + std::string(key) + "</S></MS></Obj>"
        );
        REQUIRE_FALSE(said);
        CHECK(said.error().code == Errc::InvalidPublicKey);
    }
    CHECK(peer.say_public_key());
    CHECK(peer.server.pool.state() == psrp::RunspacePoolState::Opened);
}

TEST_CASE("a server writes secrets in the form that its client can read")
{
    struct Row {
        const char* version;
        Steps written;   // by write_output()
        Steps after_key; // by PUBLIC_KEY
    };
    for (const auto& row : {
             Row{"2.4",
                 {"PIPELINE_OUTPUT", "PIPELINE_OUTPUT"},
                 {"ENCRYPTED_SESSION_KEY", "DataAck"}},
             Row{"2.3",
                 {"PIPELINE_OUTPUT", "PIPELINE_OUTPUT"},
                 {"ENCRYPTED_SESSION_KEY", "DataAck"}},
             Row{"2.2",
                 {"PIPELINE_OUTPUT", "PIPELINE_OUTPUT"},
                 {"ENCRYPTED_SESSION_KEY", "DataAck"}},
             Row{"2.1",
                 {"PUBLIC_KEY_REQUEST"},
                 {"ENCRYPTED_SESSION_KEY", "PIPELINE_OUTPUT", "PIPELINE_OUTPUT", "DataAck"}},
             Row{"2.0",
                 {"PUBLIC_KEY_REQUEST"},
                 {"ENCRYPTED_SESSION_KEY", "PIPELINE_OUTPUT", "PIPELINE_OUTPUT", "DataAck"}},
         }) {
        INFO(row.version);
        KeyedServer peer(row.version);
        auto& server = peer.server;
        REQUIRE(server.start(tests::pipeline_id));
        server.done.clear();
        REQUIRE(server.pool.write_output(tests::pipeline_id, Value::secure_string(clear_abc)));
        REQUIRE(server.pool.write_output(tests::pipeline_id, Value::int32(2)));
        server.pump();
        CHECK(server.done == row.written);
        server.done.clear();
        REQUIRE(peer.say_public_key());
        CHECK(server.done == row.after_key);
        const auto& messages = server.sent.messages();
        const auto output = std::find_if(messages.begin(), messages.end(), [](const auto& message) {
            return message.type() == MessageType::PipelineOutput;
        });
        REQUIRE(output != messages.end());
        const std::string clear = "<SS>" + std::string(clear_abc) + "</SS>";
        const bool is_clear = std::string_view(row.version) == "2.4";
        CHECK(output->payload == (is_clear ? clear : under_key(peer.secrets(), clear_abc)));
        for (const auto& message : messages) {
            if (message.type() == MessageType::PublicKeyRequest) {
                CHECK(message.payload == "<S></S>");
                CHECK(message.header.runspace_pool_id.is_zero());
            }
        }
    }
}

TEST_CASE("a server asks for the key of a secret that it cannot read, and keeps back the rest")
{
    // The client has the key only once it was exchanged: here it learns it from another session
    // with the same random bytes.
    KeyedServer other;
    REQUIRE(other.say_public_key());
    const std::string secret = under_key(other.secrets(), clear_abc);

    KeyedServer peer;
    auto& server = peer.server;
    REQUIRE(server.start(tests::pipeline_id, false));
    server.done.clear();
    REQUIRE(server.say(tests::pipeline_id, MessageType::PipelineInput, "<I32>1</I32>"));
    REQUIRE(server.say(tests::pipeline_id, MessageType::PipelineInput, secret));
    REQUIRE(server.say(tests::pipeline_id, MessageType::EndOfPipelineInput, ""));
    CHECK(server.done == Steps{"DataAck", "PUBLIC_KEY_REQUEST"});
    CHECK(server.pool.is_waiting_for_key());
    // Everything else goes on.
    REQUIRE(server.say(
        {},
        MessageType::GetAvailableRunspaces,
        "<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64></MS></Obj>"
    ));
    CHECK(server.done.back() == "DataAck");
    CHECK(server.done[2] == "RUNSPACE_AVAILABILITY");

    server.done.clear();
    REQUIRE(peer.say_public_key());
    CHECK(server.done == Steps{"ENCRYPTED_SESSION_KEY", "DataAck", "DataAck", "DataAck"});
    const auto inputs = server.events_of<psrp::InputReceived>();
    REQUIRE(inputs.size() == 2);
    CHECK(inputs[1].value.text() == clear_abc);
    CHECK(server.events_of<psrp::InputEnded>().size() == 1);
    CHECK_FALSE(server.pool.is_waiting_for_key());
}

TEST_CASE("a server whose client never sends its key ends with a named error")
{
    KeyedServer peer;
    auto& server = peer.server;
    REQUIRE(server.start(tests::pipeline_id, false));
    REQUIRE(server.say(tests::pipeline_id, MessageType::PipelineInput, under_zero_key(clear_abc)));
    server.pool.key_exchange_timed_out();
    server.pump();
    REQUIRE(server.events_of<psrp::StopRequested>().size() == 1);
    REQUIRE(server.pool.finish(tests::pipeline_id, psrp::PipelineState::Stopped));
    server.pump();
    const auto ended = server.events_of<psrp::SessionEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].error.code == Errc::KeyExchangeTimedOut);
}

TEST_CASE("a pipeline whose request waits for the key is forgotten by stop and by close")
{
    for (const bool is_stop : {true, false}) {
        KeyedServer peer;
        auto& server = peer.server;
        server.pool.command_requested(tests::pipeline_id);
        psrp::Arena arena;
        auto request = tests::script("x");
        request.power_shell.statements[0][0].arguments.push_back(
            {std::nullopt, Value::secure_string(clear_abc)}
        );
        std::string payload;
        REQUIRE(clixml::write_value(
            psrp::encode_create_pipeline(request, clixml::Version{2, 3}, arena),
            clixml::message_options(),
            payload
        ));
        REQUIRE(server.say(tests::pipeline_id, MessageType::CreatePipeline, payload));
        CHECK(server.done == Steps{"CommandAck", "PUBLIC_KEY_REQUEST"});
        server.done.clear();
        if (is_stop)
            server.pool.signal_requested(tests::pipeline_id);
        else
            server.pool.close_requested(tests::pipeline_id);
        server.pump();
        std::sort(server.done.begin(), server.done.end());
        CHECK(
            server.done == (is_stop ? Steps{"DataAck", "SignalAck"} : Steps{"CloseAck", "DataAck"})
        );
        REQUIRE(peer.say_public_key());
        CHECK(server.events_of<psrp::PipelineRequested>().empty());
    }
}

TEST_CASE("a secret under no key of the session is an error of its message alone")
{
    struct Row {
        const char* version;
        const char* payload;
    };
    for (const auto& row : {Row{"2.4", "<SS>YQBi</SS>"}, Row{"2.3", "<SS>YQBiAGMA</SS>"}}) {
        INFO(row.version);
        KeyedServer peer(row.version);
        auto& server = peer.server;
        REQUIRE(peer.say_public_key());
        REQUIRE(server.start(tests::pipeline_id, false));
        const auto said = server.say(tests::pipeline_id, MessageType::PipelineInput, row.payload);
        REQUIRE_FALSE(said);
        CHECK(said.error().code == Errc::InvalidSecret);
        CHECK(server.say(tests::pipeline_id, MessageType::PipelineInput, "<I32>1</I32>"));

        KeyedClient other(row.version);
        auto& client = other.client;
        REQUIRE(client.say({}, MessageType::PublicKeyRequest, "<S></S>"));
        REQUIRE(client.say({}, MessageType::EncryptedSessionKey, other.answer()));
        REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("x")));
        client.pump();
        const auto heard = client.say(tests::pipeline_id, MessageType::PipelineOutput, row.payload);
        REQUIRE_FALSE(heard);
        CHECK(heard.error().code == Errc::InvalidSecret);
        CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
    }
}

TEST_CASE("a prompt for a secret is answered through the exchange without a deadlock")
{
    KeyedClient peer("2.1");
    auto& client = peer.client;
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("Read-Host", false)));
    client.pump();
    client.done.clear();
    psrp::HostResponse response;
    response.call_id = 1;
    response.method = 12;
    response.result = Value::secure_string(clear_abc);
    REQUIRE(client.pool.respond(tests::pipeline_id, response));
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::int32(7)));
    client.pump();
    // The response waits, the input does not: they are different streams.
    CHECK(client.done == Steps{"PUBLIC_KEY", "PIPELINE_INPUT"});
    REQUIRE(client.say({}, MessageType::EncryptedSessionKey, peer.answer()));
    CHECK(client.done.back() == "PIPELINE_HOST_RESPONSE");
}

TEST_CASE("the tables of the key exchange name what is possible, and nothing else")
{
    using psrp::KeyEvent;
    using psrp::KeyState;
    psrp::ClientKeyMachine client;
    CHECK_FALSE(client.fire(KeyEvent::ReceiveKey));
    CHECK(client.state() == KeyState::Absent);
    CHECK(client.fire(KeyEvent::SendKey));
    CHECK_FALSE(client.fire(KeyEvent::SendKey));
    CHECK(client.fire(KeyEvent::ReceiveKey));
    CHECK_FALSE(client.fire(KeyEvent::TimeOut));
    psrp::ServerKeyMachine server;
    CHECK_FALSE(server.fire(KeyEvent::SendKey));
    CHECK(server.fire(KeyEvent::Request));
    CHECK(server.fire(KeyEvent::TimeOut));
    CHECK(server.state() == KeyState::Failed);
    CHECK_FALSE(server.fire(KeyEvent::ReceiveKey));
}
