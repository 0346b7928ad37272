// What a client does with each message of a server, good and bad (the cases of
// vectors/psrp-bad/client.jsonl).
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

using psrp::Errc;
using psrp::RunspacePoolState;
using tests::Client;
using tests::pipeline_id;
using tests::pool_id;

namespace {

constexpr std::string_view no_payload = {};
constexpr std::uint32_t state_type = 0x00021005;
constexpr std::uint32_t output_type = 0x00041004;

Client running()
{
    Client client;
    client.open();
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x")));
    client.pump();
    client.done.clear();
    client.events.clear();
    return client;
}

} // namespace

TEST_CASE("a server's version is taken where it is the client's own or one before 2.4")
{
    struct Case {
        std::string capability;
        std::error_code error;
    };
    for (const auto& row : {
             Case{tests::capability_of("2.0"), {}},
             Case{tests::capability_of("2.1"), {}},
             Case{tests::capability_of("2.3"), {}},
             Case{tests::capability_of("2.4"), {}},
             Case{tests::capability_of("2.5"), Errc::ProtocolVersionRefused},
             Case{tests::capability_of("3.0"), Errc::ProtocolVersionRefused},
             Case{tests::capability_of("1.0"), Errc::ProtocolVersionRefused},
             Case{tests::capability_of("2.3.1"), Errc::ProtocolVersionRefused},
             Case{tests::capability_of("2.4", "2.1"), Errc::PSVersionRefused},
             Case{tests::capability_of("2.4", "2.0", "1.1.0.2"), Errc::SerializationVersionRefused},
             Case{
                 "<Obj RefId=\"0\"><MS><S N=\"protocolversion\">2.4</S></MS></Obj>",
                 Errc::IncompleteCapability},
             Case{"", Errc::MissingPayload},
         }) {
        Client client;
        REQUIRE(client.pool.open());
        client.pump();
        client.done.clear();
        const auto result = client.say({}, psrp::MessageType::SessionCapability, row.capability);
        INFO(row.capability);
        REQUIRE(result.has_value() == !row.error);
        if (result) continue;
        CHECK(result.error().code == row.error);
        CHECK(client.pool.state() == RunspacePoolState::Broken);
        CHECK(client.done == std::vector<std::string>{"CloseSession"});
    }
}

TEST_CASE("messages on the session channel are ignored, taken, or break the pool with a named error"
)
{
    struct Case {
        const char* about;
        std::uint32_t type;
        std::string payload;
        std::error_code error;
    };
    const std::string capability(tests::capability_payload);
    for (const auto& row : {
             Case{"a second capability", 0x00010002, capability, Errc::UnexpectedMessage},
             Case{"CLOSE_SESSION", 0x00010003, "", Errc::SessionClosedByPeer},
             Case{"INIT_RUNSPACEPOOL", 0x00010004, tests::init_payload(), Errc::UnknownMessageType},
             Case{
                 "an unasked session key",
                 0x00010006,
                 "<Obj RefId=\"0\"><MS><S N=\"EncryptedSessionKey\">x</S></MS></Obj>",
                 {}},
             Case{"a request for a key", 0x00010007, "<S></S>", Errc::KeyExchangeUnsupported},
             Case{"an unknown session message", 0x00010009, "<S>x</S>", Errc::UnknownMessageType},
             Case{"an unknown pool message", 0x0002100F, "<S>x</S>", {}},
             Case{"a message without a scope", 0x00000012, "<S>x</S>", {}},
             Case{
                 "an unasked availability",
                 0x00021004,
                 "<Obj RefId=\"0\"><MS><B N=\"SetMinMaxRunspacesResponse\">true</B><I64 "
                 "N=\"ci\">9</I64></MS></Obj>",
                 {}},
             Case{"private data twice", 0x00021009, tests::private_data_payload("2.1"), {}},
             Case{
                 "private data that are no dictionary",
                 0x00021009,
                 "<Obj RefId=\"0\"><MS><S N=\"ApplicationPrivateData\">x</S></MS></Obj>",
                 Errc::WrongPropertyType},
             Case{
                 "a state without its property",
                 state_type,
                 "<Obj RefId=\"0\"><MS /></Obj>",
                 Errc::MissingProperty},
             Case{"a state without data", state_type, "", Errc::MissingPayload},
             Case{
                 "state 99",
                 state_type,
                 "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">99</I32></MS></Obj>",
                 {}},
             Case{
                 "state Closing",
                 state_type,
                 "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">4</I32></MS></Obj>",
                 {}},
             Case{
                 "a user event without properties",
                 0x00021008,
                 "<Obj RefId=\"0\"><MS /></Obj>",
                 Errc::MissingProperty},
             Case{"a warning without a pipeline", 0x00041009, "<S>x</S>", {}},
         }) {
        auto client = running();
        const auto result = client.say_number({}, row.type, row.payload);
        INFO(row.about);
        CHECK(result.has_value() == !row.error);
        if (!result) CHECK(result.error().code == row.error);
        CHECK(
            client.pool.state() ==
            (row.error ? RunspacePoolState::Broken : RunspacePoolState::Opened)
        );
        CHECK(client.events_of<psrp::PoolBroken>().size() == (row.error ? 1 : 0));
        if (row.error)
            CHECK(client.done == std::vector<std::string>{"CloseCommand", "CloseSession"});
    }
}

TEST_CASE(
    "messages on a command channel are ignored, taken, or fail the pipeline with a named error"
)
{
    struct Case {
        const char* about;
        std::uint32_t type;
        std::string payload;
        bool fails;
    };
    const std::string exception_nil =
        "<Obj RefId=\"0\"><MS><Nil N=\"Exception\" /><Nil N=\"TargetObject\" /><S "
        "N=\"FullyQualifiedErrorId\">i</S>"
        "<I32 N=\"ErrorCategory_Category\">0</I32><S N=\"ErrorCategory_Activity\"></S><S "
        "N=\"ErrorCategory_Reason\"></S>"
        "<S N=\"ErrorCategory_TargetName\"></S><S N=\"ErrorCategory_TargetType\"></S>"
        "<S N=\"ErrorCategory_Message\">m</S><B N=\"SerializeExtendedInfo\">false</B></MS></Obj>";
    std::string no_id = exception_nil;
    no_id.erase(
        no_id.find("<S N=\"Fully"), std::string("<S N=\"FullyQualifiedErrorId\">i</S>").size()
    );
    for (const auto& row : {
             Case{"an unknown pipeline message", 0x00041013, "<S>x</S>", false},
             Case{"null output", output_type, "", false},
             Case{"output <Nil />", output_type, "<Nil />", true},
             Case{"truncated output", output_type, "<Obj RefId=\"0\"><MS>", true},
             Case{"output that is no UTF-8", output_type, "<S>\xFF\xFE</S>", true},
             Case{"an unknown element", output_type, "<Nonsense />", true},
             Case{
                 "a document type",
                 output_type,
                 "<!DOCTYPE a [<!ENTITY b \"c\">]><S>&b;</S>",
                 true},
             Case{"an error record without exception", 0x00041005, exception_nil, false},
             Case{"an error record without id", 0x00041005, no_id, true},
             Case{
                 "a state without its property", 0x00041006, "<Obj RefId=\"0\"><MS /></Obj>", true},
             Case{
                 "state Running",
                 0x00041006,
                 "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">1</I32></MS></Obj>",
                 false},
             Case{
                 "state 99",
                 0x00041006,
                 "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">99</I32></MS></Obj>",
                 false},
             Case{
                 "a host call by name",
                 0x00041100,
                 "<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64><S N=\"mi\">ReadLine</S><Obj N=\"mp\" "
                 "RefId=\"1\"><LST /></Obj>"
                 "</MS></Obj>",
                 false},
             Case{
                 "a host call without ci",
                 0x00041100,
                 "<Obj RefId=\"0\"><MS><I32 N=\"mi\">11</I32><Obj N=\"mp\" RefId=\"1\"><LST "
                 "/></Obj></MS></Obj>",
                 true},
             Case{
                 "a host call of method 57",
                 0x00041100,
                 "<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64><I32 N=\"mi\">57</I32><Obj N=\"mp\" "
                 "RefId=\"1\"><LST /></Obj>"
                 "</MS></Obj>",
                 true},
             Case{
                 "a host call with too many parameters",
                 0x00041100,
                 "<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64><I32 N=\"mi\">11</I32><Obj N=\"mp\" "
                 "RefId=\"1\"><LST>"
                 "<S>x</S></LST></Obj></MS></Obj>",
                 true},
         }) {
        auto client = running();
        const auto result = client.say_number(pipeline_id, row.type, row.payload);
        INFO(row.about);
        CHECK(result.has_value() == !row.fails);
        CHECK(client.pool.state() == RunspacePoolState::Opened);
        const auto finished = client.events_of<psrp::PipelineFinished>();
        REQUIRE(finished.size() == (row.fails ? 1U : 0U));
        if (!row.fails) continue;
        CHECK(finished[0].state == psrp::PipelineState::Failed);
        CHECK(finished[0].error.code == result.error().code);
        CHECK(client.done == std::vector<std::string>{"CloseCommand"});
    }
}

TEST_CASE("a message for another side, pool or pipeline does not reach a pipeline")
{
    auto client = running();
    const auto other = tests::guid("00000000-0000-0000-0000-000000000009");
    CHECK(client.say_number(other, output_type, "<S>x</S>"));
    CHECK(client.say_number(
        {}, state_type, "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">5</I32></MS></Obj>", other
    ));
    CHECK(client.events.empty());
    const auto elsewhere = client.say_number(pipeline_id, output_type, "<S>x</S>", other);
    REQUIRE_FALSE(elsewhere);
    CHECK(elsewhere.error().code == Errc::WrongRunspacePool);
    client = running();
    const auto to_server = client.say_number(pipeline_id, output_type, "<S>x</S>", pool_id, 2);
    REQUIRE_FALSE(to_server);
    CHECK(to_server.error().code == Errc::WrongDestination);
}

TEST_CASE("output is taken on the session channel too")
{
    auto client = running();
    const auto bytes = tests::message_bytes(
        psrp::Destination::Client, output_type, pool_id, pipeline_id, "<S>x</S>"
    );
    REQUIRE(client.pool.receive({}, tests::fragments_of(bytes, 50)));
    client.pump();
    REQUIRE(client.events_of<psrp::OutputReceived>().size() == 1);
    CHECK(client.events_of<psrp::OutputReceived>()[0].value.text() == "x");
}

TEST_CASE("what comes after a pipeline's state is dropped")
{
    auto client = running();
    REQUIRE(client.say(pipeline_id, psrp::MessageType::PipelineState, tests::completed_payload));
    REQUIRE(client.say(pipeline_id, psrp::MessageType::PipelineOutput, "<S>late</S>"));
    REQUIRE(client.say(pipeline_id, psrp::MessageType::PipelineState, tests::completed_payload));
    CHECK(client.events.size() == 1);
    CHECK(client.done == std::vector<std::string>{"CloseCommand"});
}

TEST_CASE("a server that says Closed makes the client close")
{
    auto client = running();
    REQUIRE(client.say(
        {},
        psrp::MessageType::RunspacePoolState,
        "<Obj RefId=\"0\"><MS><I32 N=\"RunspaceState\">3</I32></MS></Obj>"
    ));
    client.pool.channel_closed(pipeline_id);
    client.pump();
    CHECK(client.done == std::vector<std::string>{"CloseCommand", "CloseSession"});
    CHECK(client.events_of<psrp::PoolBroken>().empty());
}

TEST_CASE("a session channel closed by the server closes the pool without an error")
{
    auto client = running();
    client.pool.channel_closed(pipeline_id); // means nothing: nobody asked
    client.pool.channel_closed(psrp::session_channel);
    client.pump();
    CHECK(client.pool.state() == RunspacePoolState::Closed);
    CHECK(client.events_of<psrp::PoolClosed>().size() == 1);
    CHECK(client.events_of<psrp::PoolBroken>().empty());
}

TEST_CASE("a pool that opens without private data speaks the oldest form")
{
    Client client;
    REQUIRE(client.pool.open());
    client.pump();
    REQUIRE(client.say({}, psrp::MessageType::SessionCapability, tests::capability_payload));
    REQUIRE(client.say({}, psrp::MessageType::RunspacePoolState, tests::opened_payload));
    CHECK_FALSE(client.pool.server_protocol_version());
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x")));
    client.pump();
    CHECK(client.sent.messages().back().payload.find("MergeError") == std::string::npos);
}

TEST_CASE("pool messages before the capability break the pool")
{
    for (const std::uint32_t type : {state_type, 0x00021009U, output_type}) {
        Client client;
        REQUIRE(client.pool.open());
        client.pump();
        const auto result = client.say_number({}, type, no_payload);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == Errc::UnexpectedMessage);
        CHECK(client.pool.state() == RunspacePoolState::Broken);
    }
}
