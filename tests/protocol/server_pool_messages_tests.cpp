// What a server does with each message of a client, good and bad (the cases of
// vectors/psrp-bad/server.jsonl).
#include <fragmenter/errors.hpp>
#include <fragmenter/fragment.hpp>
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

using psrp::Errc;
using psrp::MessageType;
using psrp::RunspacePoolState;
using tests::pipeline_id;
using tests::pool_id;
using tests::Server;

namespace {

using Done = std::vector<std::string>;

// Whether an ordinary pipeline can still be run: the session has survived.
bool is_alive(Server& server)
{
    server.events.clear();
    const auto id = tests::guid("aabbccdd-0011-2233-4455-66778899aab9");
    (void)server.start(id); // judged by what follows
    return server.events_of<psrp::PipelineRequested>().size() == 1;
}

psrp::Bytes fragment(std::uint64_t object, std::uint64_t number, int flags, std::string_view blob)
{
    psrp::Bytes bytes(fragmenter::fragment_header_bytes);
    clixml::store_be(object, bytes.data());
    clixml::store_be(number, bytes.data() + 8);
    bytes[16] = static_cast<std::uint8_t>(flags);
    clixml::store_be(static_cast<std::uint32_t>(blob.size()), bytes.data() + 17);
    bytes.insert(bytes.end(), blob.begin(), blob.end());
    return bytes;
}

} // namespace

TEST_CASE("a client's versions are adopted, met with ours, or refused after our capability")
{
    struct Case {
        std::string capability;
        std::optional<clixml::Version> version;
        bool is_answered;
    };
    const clixml::Version own{2, 4};
    for (const auto& row : {
             Case{tests::capability_of("2.0"), clixml::Version{2, 0}, true},
             Case{tests::capability_of("2.1"), clixml::Version{2, 1}, true},
             Case{tests::capability_of("2.3"), clixml::Version{2, 3}, true},
             Case{tests::capability_of("2.4"), own, true},
             Case{tests::capability_of("2.9"), own, true},
             Case{tests::capability_of("2.10"), own, true},
             Case{tests::capability_of("2.3.1"), std::nullopt, true},
             Case{tests::capability_of("3.0"), std::nullopt, true},
             Case{tests::capability_of("1.0"), std::nullopt, true},
             Case{tests::capability_of("2.4", "2.1"), own, true},
             Case{tests::capability_of("2.4", "3.0"), std::nullopt, true},
             Case{tests::capability_of("2.4", "2.0", "1.1.0.2"), own, true},
             Case{tests::capability_of("2.4", "2.0", "1.2"), own, true},
             Case{tests::capability_of("2.4", "2.0", "2.0"), std::nullopt, true},
             Case{tests::capability_of("2.4", "2.0", "1.0"), std::nullopt, true},
             Case{
                 "<Obj RefId=\"0\"><MS><S N=\"protocolversion\">2.4</S></MS></Obj>",
                 std::nullopt,
                 false},
             Case{"<Obj RefId=\"0\"><MS /></Obj>", std::nullopt, false},
         }) {
        Server server;
        const auto result = server.say({}, MessageType::SessionCapability, row.capability);
        INFO(row.capability);
        CHECK(result.has_value() == row.version.has_value());
        CHECK(
            server.done ==
            (row.is_answered ? Done{"SESSION_CAPABILITY", "DataAck"} : Done{"DataAck"})
        );
        if (row.version) CHECK(server.pool.protocol_version() == *row.version);
        const auto ended = server.events_of<psrp::SessionEnded>();
        CHECK(ended.size() == (row.version ? 0U : 1U));
        if (!ended.empty()) CHECK(ended[0].error.code == result.error().code);
        if (row.version || !row.is_answered) continue;
        REQUIRE(server.say({}, MessageType::InitRunspacePool, tests::init_payload()));
        CHECK(server.events_of<psrp::PoolRequested>().empty());
    }
}

TEST_CASE("messages on the session channel are ignored, refused, or close the session")
{
    enum class Outcome { Ignored, Error, Closed };
    struct Case {
        const char* about;
        std::uint32_t type;
        std::string payload;
        Outcome outcome;
    };
    for (const auto& row : {
             Case{
                 "a second capability",
                 0x00010002,
                 std::string(tests::capability_payload),
                 Outcome::Closed},
             Case{"CLOSE_SESSION", 0x00010003, "", Outcome::Closed},
             Case{"a second INIT", 0x00010004, tests::init_payload(), Outcome::Error},
             Case{
                 "PUBLIC_KEY",
                 0x00010005,
                 "<Obj RefId=\"0\"><MS><S N=\"PublicKey\">x</S></MS></Obj>",
                 Outcome::Error},
             Case{"ENCRYPTED_SESSION_KEY", 0x00010006, "<S></S>", Outcome::Ignored},
             Case{"PUBLIC_KEY_REQUEST", 0x00010007, "<S></S>", Outcome::Ignored},
             Case{"CONNECT_RUNSPACEPOOL", 0x00010008, "<S></S>", Outcome::Ignored},
             Case{"an unknown session message", 0x00010009, "<S>x</S>", Outcome::Ignored},
             Case{"an unknown pool message", 0x0002100F, "<S>x</S>", Outcome::Ignored},
             Case{
                 "a message for clients",
                 0x00021005,
                 std::string(tests::opened_payload),
                 Outcome::Ignored},
             Case{"truncated CLIXML", 0x00021007, "<Obj RefId=\"0\">", Outcome::Error},
             Case{
                 "GET_AVAILABLE without ci",
                 0x00021007,
                 "<Obj RefId=\"0\"><MS /></Obj>",
                 Outcome::Error},
             Case{
                 "CREATE_PIPELINE without a command channel",
                 0x00021006,
                 tests::create_payload("x"),
                 Outcome::Error},
         }) {
        Server server;
        server.open();
        const auto result = server.say_number({}, row.type, row.payload);
        INFO(row.about);
        CHECK(result.has_value() == (row.outcome == Outcome::Ignored || row.type == 0x00010003));
        CHECK(is_alive(server) == (row.outcome != Outcome::Closed));
        if (row.outcome != Outcome::Closed) continue;
        CHECK(server.done[0] == "RUNSPACEPOOL_STATE 4");
        CHECK(server.done[1] == "RUNSPACEPOOL_STATE 3");
        server.pool.close_requested({});
        server.pump();
        CHECK(server.done.back() == "CloseAck");
        server.open();
    }
}

TEST_CASE("a refused INIT leaves room for a good one")
{
    for (const auto& bad :
         {tests::init_payload(0, 1),
          tests::init_payload(2, 1),
          tests::init_payload(1, -1),
          std::string("<Obj RefId=\"0\"><MS /></Obj>"),
          std::string()}) {
        Server server;
        REQUIRE(server.say({}, MessageType::SessionCapability, tests::capability_payload));
        CHECK_FALSE(server.say({}, MessageType::InitRunspacePool, bad));
        CHECK(server.events.empty());
        REQUIRE(server.say({}, MessageType::InitRunspacePool, tests::init_payload()));
        CHECK(server.events_of<psrp::PoolRequested>().size() == 1);
    }
}

TEST_CASE("what comes before its time closes the session without a word")
{
    for (const auto type : {MessageType::InitRunspacePool, MessageType::GetAvailableRunspaces}) {
        Server server;
        CHECK_FALSE(server.say({}, type, tests::init_payload()));
        CHECK(server.done == Done{"DataAck"});
        CHECK(server.events_of<psrp::SessionEnded>().size() == 1);
    }
    Server server;
    CHECK(server.say({}, MessageType::PublicKey, "<S></S>"));
    server.open();
}

TEST_CASE("pool messages are answered")
{
    const auto bag = [](std::string_view content) {
        return "<Obj RefId=\"0\"><MS>" + std::string(content) + "<I64 N=\"ci\">-7</I64></MS></Obj>";
    };
    struct Case {
        MessageType type;
        std::string content;
        int max;
        std::string answer;
    };
    for (const auto& row : {
             Case{
                 MessageType::SetMaxRunspaces,
                 "<I32 N=\"MaxRunspaces\">3</I32>",
                 1,
                 "<B N=\"SetMinMaxRunspacesResponse\">true"},
             Case{
                 MessageType::SetMaxRunspaces,
                 "<I32 N=\"MaxRunspaces\">1</I32>",
                 1,
                 "<B N=\"SetMinMaxRunspacesResponse\">true"},
             Case{
                 MessageType::SetMaxRunspaces,
                 "<I32 N=\"MaxRunspaces\">-1</I32>",
                 1,
                 "<B N=\"SetMinMaxRunspacesResponse\">false"},
             Case{
                 MessageType::SetMinRunspaces,
                 "<I32 N=\"MinRunspaces\">2</I32>",
                 2,
                 "<B N=\"SetMinMaxRunspacesResponse\">true"},
             Case{
                 MessageType::SetMinRunspaces,
                 "<I32 N=\"MinRunspaces\">3</I32>",
                 2,
                 "<B N=\"SetMinMaxRunspacesResponse\">false"},
             Case{
                 MessageType::GetAvailableRunspaces,
                 "",
                 2,
                 "<I32 N=\"SetMinMaxRunspacesResponse\">2"},
             Case{
                 MessageType::ResetRunspaceState,
                 "",
                 1,
                 "<B N=\"SetMinMaxRunspacesResponse\">true"},
             Case{
                 MessageType::ResetRunspaceState,
                 "",
                 2,
                 "<B N=\"SetMinMaxRunspacesResponse\">false"},
         }) {
        Server server;
        server.open(row.max);
        REQUIRE(server.say({}, row.type, bag(row.content)));
        const auto& answer = server.sent.messages().back().payload;
        INFO(row.answer << " in " << answer);
        CHECK(answer.find(row.answer) != std::string::npos);
        CHECK(answer.find("<I64 N=\"ci\">-7</I64>") != std::string::npos);
        const bool is_reset = row.type == MessageType::ResetRunspaceState && row.max == 1;
        CHECK(server.events_of<psrp::RunspaceResetRequested>().size() == (is_reset ? 1 : 0));
    }
}

TEST_CASE("a larger maximum lets waiting pipelines run")
{
    Server server;
    server.open(1);
    REQUIRE(server.start(pipeline_id));
    REQUIRE(server.start(tests::pipeline_id2));
    CHECK(server.events_of<psrp::PipelineRequested>().size() == 1);
    REQUIRE(server.say(
        {},
        MessageType::SetMaxRunspaces,
        "<Obj RefId=\"0\"><MS><I32 N=\"MaxRunspaces\">2</I32><I64 N=\"ci\">1</I64></MS></Obj>"
    ));
    CHECK(server.events_of<psrp::PipelineRequested>().size() == 2);
}

TEST_CASE("a pipeline that cannot be read fails and the session goes on")
{
    for (const auto& bad :
         {std::string("<Obj RefId=\"0\"><MS /></Obj>"),
          std::string("<Obj RefId=\"0\">"),
          std::string(),
          std::string("<S>x</S>")}) {
        Server server;
        server.open();
        server.pool.command_requested(pipeline_id);
        CHECK_FALSE(server.say(pipeline_id, MessageType::CreatePipeline, bad));
        CHECK(server.done == Done{"CommandAck", "PIPELINE_STATE 5", "DataAck"});
        CHECK(
            server.sent.messages().back().payload.find("PSRemotingDataStructureException") !=
            std::string::npos
        );
        CHECK(is_alive(server));
    }
}

TEST_CASE("a pipeline is created once, on its own channel")
{
    Server server;
    server.open(3);
    REQUIRE(server.start(pipeline_id));
    const auto again =
        server.say(pipeline_id, MessageType::CreatePipeline, tests::create_payload("x"));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Errc::PipelineExists);
    const auto create = static_cast<std::uint32_t>(MessageType::CreatePipeline);
    server.pool.command_requested(tests::pipeline_id2);
    const auto elsewhere = server.say_number(
        tests::pipeline_id2, create, tests::create_payload("x"), pool_id, pipeline_id
    );
    REQUIRE_FALSE(elsewhere);
    CHECK(elsewhere.error().code == Errc::WrongChannel);
    REQUIRE(server.say_number({}, create, tests::create_payload("x"), pool_id, tests::pipeline_id2)
    );
    CHECK(server.events_of<psrp::PipelineRequested>().size() == 2);
    REQUIRE(server.pool.finish(pipeline_id, psrp::PipelineState::Completed));
    CHECK(server.say(pipeline_id, MessageType::CreatePipeline, tests::create_payload("x")));
    CHECK(server.events_of<psrp::PipelineRequested>().size() == 2);
}

TEST_CASE("command metadata comes as a pipeline of its own")
{
    Server server;
    server.open();
    server.pool.command_requested(pipeline_id);
    REQUIRE(server.say(
        pipeline_id,
        MessageType::GetCommandMetadata,
        "<Obj RefId=\"0\"><MS><Obj N=\"Name\" RefId=\"1\"><LST><S>Out-Default</S></LST></Obj><I32 "
        "N=\"CommandType\">1</I32>"
        "<Nil N=\"Namespace\" /><Nil N=\"ArgumentList\" /></MS></Obj>"
    ));
    REQUIRE(server.events_of<psrp::CommandMetadataRequested>().size() == 1);
    CHECK(server.events_of<psrp::CommandMetadataRequested>()[0].request.command_types == 1);
    CHECK(server.pool.write_output(pipeline_id, psrp::Value::int32(0)));
    CHECK(server.pool.finish(pipeline_id, psrp::PipelineState::Completed));
}

TEST_CASE("input is taken, dropped or refused by what the pipeline is")
{
    Server server;
    server.open(3);
    server.pool.command_requested(pipeline_id);
    REQUIRE(server.say(pipeline_id, MessageType::PipelineInput, "<S>early</S>"));
    REQUIRE(server.say(pipeline_id, MessageType::CreatePipeline, tests::create_payload("x", false))
    );
    CHECK_FALSE(server.say(pipeline_id, MessageType::PipelineInput, "<Nil />"));
    REQUIRE(server.say(pipeline_id, MessageType::PipelineInput, "<S>one</S>"));
    REQUIRE(server.say_number({}, 0x00041002, "<S>two</S>", pool_id, pipeline_id));
    const auto foreign =
        server.say_number(pipeline_id, 0x00041002, "<S>x</S>", tests::pipeline_id2, pipeline_id);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().code == Errc::WrongRunspacePool);
    REQUIRE(server.say(pipeline_id, MessageType::EndOfPipelineInput, ""));
    REQUIRE(server.say(pipeline_id, MessageType::EndOfPipelineInput, ""));
    const auto late = server.say(pipeline_id, MessageType::PipelineInput, "<S>late</S>");
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Errc::InputAfterEnd);
    CHECK(server.events_of<psrp::InputReceived>().size() == 2);
    CHECK(server.events_of<psrp::InputEnded>().size() == 1);
    REQUIRE(server.start(tests::pipeline_id2, true));
    REQUIRE(server.say(tests::pipeline_id2, MessageType::PipelineInput, "<S>x</S>"));
    CHECK(server.events_of<psrp::InputReceived>().size() == 2);
    REQUIRE(server.say(pipeline_id, MessageType::StopPowerShell, ""));
    CHECK(server.events_of<psrp::StopRequested>().size() == 1);
}

TEST_CASE("a foreign pool closes the session, a wrong destination does not")
{
    Server server;
    server.open();
    const auto to_client = server.say_number({}, 0x00021007, "<S>x</S>", pool_id, {}, 1);
    REQUIRE_FALSE(to_client);
    CHECK(to_client.error().code == Errc::WrongDestination);
    const auto foreign = server.say_number({}, 0x00021007, "<S>x</S>", pipeline_id);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().code == Errc::WrongRunspacePool);
    CHECK(server.pool.state() == RunspacePoolState::Closed);
}

TEST_CASE("a fragment out of order costs its object only, a broken stream its channel")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id, false));
    const auto jump =
        server.pool.receive(pipeline_id, psrp::Stream::Default, fragment(90, 2, 2, "x"));
    REQUIRE_FALSE(jump);
    CHECK(jump.error().code == fragmenter::Errc::ObjectIdsNotMatching);
    REQUIRE(server.say(pipeline_id, MessageType::PipelineInput, "<S>good</S>"));
    CHECK(server.events_of<psrp::InputReceived>().size() == 1);
    const auto zero =
        server.pool.receive(pipeline_id, psrp::Stream::Default, fragment(0, 0, 3, "x"));
    REQUIRE_FALSE(zero);
    CHECK(zero.error().code == fragmenter::Errc::ObjectIdNotPositive);
    server.pump();
    CHECK(server.events_of<psrp::StopRequested>().size() == 1);
    REQUIRE(server.pool.finish(pipeline_id, psrp::PipelineState::Stopped));
    server.pump();
    CHECK(server.done.back() == "PIPELINE_STATE 5");
    CHECK(is_alive(server));
    CHECK_FALSE(server.pool.receive({}, psrp::Stream::Default, fragment(0, 0, 3, "x")));
    CHECK(server.pool.state() == RunspacePoolState::Opened);
}
