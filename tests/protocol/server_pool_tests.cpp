#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

using psrp::Errc;
using psrp::MessageType;
using psrp::PipelineState;
using psrp::RunspacePoolState;
using tests::pipeline_id;
using tests::pipeline_id2;
using tests::Server;

namespace {

using Done = std::vector<std::string>;

std::error_code code_of(const psrp::Result<void>& result)
{
    return result ? std::error_code() : result.error().code;
}

psrp::ErrorRecord record(psrp::Arena& arena)
{
    psrp::ErrorDescription description;
    description.message = "it broke";
    description.error_id = "MyId";
    return psrp::make_error_record(arena, description);
}

} // namespace

TEST_CASE("a server answers the capability, then private data and Opened, and acknowledges last")
{
    Server server;
    REQUIRE(server.say({}, MessageType::SessionCapability, tests::capability_payload));
    CHECK(server.done == Done{"SESSION_CAPABILITY", "DataAck"});
    CHECK(server.sent.messages()[0].header.runspace_pool_id.is_zero());
    server.done.clear();
    const auto bytes = tests::message_bytes(
        psrp::Destination::Server,
        static_cast<std::uint32_t>(MessageType::InitRunspacePool),
        tests::pool_id,
        {},
        tests::init_payload()
    );
    REQUIRE(server.pool.receive({}, psrp::Stream::Default, tests::fragments_of(bytes, 2)));
    const auto event = server.pool.next_event();
    REQUIRE(event);
    REQUIRE(std::holds_alternative<psrp::PoolRequested>(*event));
    REQUIRE(server.pool.accept_pool({}));
    server.pump();
    CHECK(server.done == Done{"APPLICATION_PRIVATE_DATA", "RUNSPACEPOOL_STATE 2", "DataAck"});
    CHECK(server.sent.messages().back().header.runspace_pool_id == tests::pool_id);
}

TEST_CASE("a refused pool is Broken and the session ends")
{
    Server server;
    REQUIRE(server.say({}, MessageType::SessionCapability, tests::capability_payload));
    REQUIRE(server.say({}, MessageType::InitRunspacePool, tests::init_payload()));
    psrp::Arena arena;
    server.done.clear();
    REQUIRE(server.pool.refuse_pool(record(arena)));
    server.pump();
    CHECK(server.done == Done{"RUNSPACEPOOL_STATE 5"});
    CHECK(server.events_of<psrp::SessionEnded>().size() == 1);
    CHECK(server.pool.state() == RunspacePoolState::Broken);
    CHECK(code_of(server.pool.accept_pool({})) == Errc::InvalidState);
}

TEST_CASE("pipelines beyond the runspaces wait, first come first served, with their input")
{
    Server server;
    server.open(1);
    REQUIRE(server.start(pipeline_id));
    REQUIRE(server.start(pipeline_id2, false));
    REQUIRE(server.say(pipeline_id2, MessageType::PipelineInput, "<I32>1</I32>"));
    REQUIRE(server.say(pipeline_id2, MessageType::EndOfPipelineInput, ""));
    REQUIRE(server.events.size() == 1);
    CHECK(std::get<psrp::PipelineRequested>(server.events[0]).pipeline == pipeline_id);
    CHECK(code_of(server.pool.write_output(pipeline_id2, {})) == Errc::UnknownPipeline);
    REQUIRE(server.pool.finish(pipeline_id, PipelineState::Completed));
    server.pump();
    REQUIRE(server.events.size() == 4);
    CHECK(std::get<psrp::PipelineRequested>(server.events[1]).pipeline == pipeline_id2);
    CHECK(std::holds_alternative<psrp::InputReceived>(server.events[2]));
    CHECK(std::holds_alternative<psrp::InputEnded>(server.events[3]));
}

TEST_CASE("a waiting pipeline that is stopped or closed ends without having run")
{
    for (const bool closes : {false, true}) {
        Server server;
        server.open(1);
        REQUIRE(server.start(pipeline_id));
        REQUIRE(server.start(pipeline_id2));
        server.done.clear();
        if (closes)
            server.pool.close_requested(pipeline_id2);
        else
            server.pool.signal_requested(pipeline_id2);
        server.pump();
        CHECK(server.done == Done{"PIPELINE_STATE 3", closes ? "CloseAck" : "SignalAck"});
        CHECK(server.sent.messages().back().payload.find("Exception") == std::string::npos);
        REQUIRE(server.pool.finish(pipeline_id, PipelineState::Completed));
        server.pump();
        CHECK(server.events_of<psrp::PipelineRequested>().size() == 1);
    }
}

TEST_CASE("signals and closes of a running pipeline are acknowledged after its state")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    server.done.clear();
    server.pool.signal_requested(pipeline_id);
    server.pool.signal_requested(pipeline_id);
    server.pool.close_requested(pipeline_id);
    server.pump();
    CHECK(server.done.empty());
    CHECK(server.events_of<psrp::StopRequested>().size() == 1);
    psrp::Arena arena;
    const auto reason = record(arena);
    REQUIRE(server.pool.write_output(pipeline_id, psrp::Value::int32(1)));
    REQUIRE(server.pool.finish(pipeline_id, PipelineState::Stopped, &reason));
    server.pump();
    CHECK(
        server.done ==
        Done{"PIPELINE_OUTPUT", "PIPELINE_STATE 3", "SignalAck", "SignalAck", "CloseAck"}
    );
    CHECK(server.start(pipeline_id));
    CHECK(server.events_of<psrp::PipelineRequested>().size() == 2);
}

TEST_CASE("signals and closes of pipelines that are not there are acknowledged at once")
{
    Server server;
    server.open();
    server.pool.signal_requested(pipeline_id);
    server.pool.close_requested(pipeline_id);
    server.pool.command_requested(pipeline_id);
    server.pool.signal_requested(pipeline_id);
    server.pump();
    CHECK(server.done == Done{"SignalAck", "CloseAck", "CommandAck", "SignalAck"});
    REQUIRE(server.say(pipeline_id, MessageType::CreatePipeline, tests::create_payload("x")));
    CHECK(server.events_of<psrp::PipelineRequested>().size() == 1);
}

TEST_CASE("closing the session stops what runs, then says Closing and Closed, and a new session "
          "may follow")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    server.done.clear();
    server.pool.close_requested({});
    server.pump();
    CHECK(server.done == Done{"RUNSPACEPOOL_STATE 4"});
    CHECK(server.events_of<psrp::StopRequested>().size() == 1);
    REQUIRE(server.pool.finish(pipeline_id, PipelineState::Stopped));
    server.pump();
    CHECK(
        server.done ==
        Done{"RUNSPACEPOOL_STATE 4", "PIPELINE_STATE 3", "RUNSPACEPOOL_STATE 3", "CloseAck"}
    );
    CHECK(server.events_of<psrp::SessionEnded>().size() == 1);
    server.pool.close_requested({});
    server.pump();
    CHECK(server.done.back() == "CloseAck");
    server.open(1, "2.3");
    CHECK(server.pool.protocol_version() == clixml::Version{2, 3});
}

TEST_CASE("a finished command that was never closed does not hold up the session")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    REQUIRE(server.pool.finish(pipeline_id, PipelineState::Completed));
    server.done.clear();
    server.pool.close_requested({});
    server.pump();
    CHECK(server.done.size() >= 3);
    CHECK(server.done.back() == "CloseAck");
}

TEST_CASE("a client that is gone ends the session once its pipelines have ended")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    server.pool.input_ended();
    server.pump();
    CHECK(server.events_of<psrp::SessionEnded>().empty());
    REQUIRE(server.pool.finish(pipeline_id, PipelineState::Stopped));
    server.pool.input_ended();
    server.pump();
    CHECK(server.events_of<psrp::SessionEnded>().size() == 1);
}

TEST_CASE("data is acknowledged once the events it brought have been taken")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id, false));
    const auto bytes = tests::message_bytes(
        psrp::Destination::Server,
        static_cast<std::uint32_t>(MessageType::PipelineInput),
        tests::pool_id,
        pipeline_id,
        "<I32>1</I32>"
    );
    REQUIRE(server.pool.receive(pipeline_id, psrp::Stream::Default, tests::fragments_of(bytes, 9)));
    CHECK_FALSE(server.pool.next_action());
    REQUIRE(server.pool.next_event());
    const auto action = server.pool.next_action();
    REQUIRE(action);
    CHECK(std::holds_alternative<psrp::AcknowledgeData>(*action));
}

TEST_CASE("host responses reach the owner once, and only those that are waited for")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    psrp::HostCall call;
    call.method = 11;
    call.call_id = 1;
    REQUIRE(server.pool.call_host(pipeline_id, call));
    CHECK(code_of(server.pool.call_host(pipeline_id, call)) == Errc::InvalidArgument);
    const auto answer = [](const char* ci) {
        return "<Obj RefId=\"0\"><MS><S N=\"mr\">x</S><I64 N=\"ci\">" + std::string(ci) +
               "</I64><I32 N=\"mi\">11</I32></MS></Obj>";
    };
    const auto stream = psrp::Stream::PromptResponse;
    REQUIRE(server.say(pipeline_id, MessageType::PipelineHostResponse, answer("2"), stream));
    CHECK(server.events_of<psrp::HostResponseReceived>().empty());
    REQUIRE(server.say(pipeline_id, MessageType::PipelineHostResponse, answer("1"), stream));
    REQUIRE(server.say(pipeline_id, MessageType::PipelineHostResponse, answer("1"), stream));
    REQUIRE(server.events_of<psrp::HostResponseReceived>().size() == 1);
    CHECK(server.events_of<psrp::HostResponseReceived>()[0].response.result->text() == "x");
}

TEST_CASE("misuse of a server pool is named and changes nothing")
{
    Server server;
    CHECK(code_of(server.pool.accept_pool({})) == Errc::InvalidState);
    CHECK(code_of(server.pool.write_output(pipeline_id, {})) == Errc::UnknownPipeline);
    CHECK(code_of(server.pool.call_host({}, {})) == Errc::InvalidState);
    server.open();
    REQUIRE(server.start(pipeline_id));
    CHECK(
        code_of(server.pool.finish(pipeline_id, PipelineState::Running)) == Errc::InvalidArgument
    );
    CHECK(code_of(server.pool.call_host(pipeline_id, {})) == Errc::UnknownHostMethod);
    REQUIRE(server.pool.finish(pipeline_id, PipelineState::Completed));
    CHECK(
        code_of(server.pool.finish(pipeline_id, PipelineState::Completed)) == Errc::UnknownPipeline
    );
    CHECK(code_of(server.pool.write_output(pipeline_id, {})) == Errc::UnknownPipeline);
}

TEST_CASE("pending bytes are those of the fragments that wait")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    CHECK(server.pool.pending_bytes() == 0);
    REQUIRE(server.pool.write_output(pipeline_id, psrp::Value::string("hi")));
    CHECK(server.pool.pending_bytes() == 21 + 52);
    server.pump();
    CHECK(server.pool.pending_bytes() == 0);
}

TEST_CASE("small messages share packets of whole fragments, one channel each")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    constexpr std::size_t message_bytes = 21 + 40 + 3 + std::string_view("<S>hi</S>").size();
    const std::size_t packet_messages = 32768 / message_bytes;
    for (std::size_t i = 0; i < packet_messages + 1; ++i)
        REQUIRE(server.pool.write_output(pipeline_id, psrp::Value::string("hi")));
    REQUIRE(server.pool.write_user_event({}));
    REQUIRE(server.pool.write_output(pipeline_id, psrp::Value::string("hi")));
    struct Packet {
        psrp::Guid channel;
        std::size_t bytes;
    };
    std::vector<Packet> packets;
    while (const auto action = server.pool.next_action()) {
        if (const auto* send = std::get_if<psrp::Send>(&*action))
            packets.push_back({send->channel, send->bytes.size()});
    }
    REQUIRE(packets.size() == 4);
    CHECK(packets[0].bytes == packet_messages * message_bytes);
    CHECK(packets[1].bytes == message_bytes);
    CHECK(packets[2].channel == psrp::session_channel);
    CHECK(packets[3].bytes == message_bytes);
    for (const std::size_t i : {0U, 1U, 3U})
        CHECK(packets[i].channel == pipeline_id);
    CHECK(server.pool.pending_bytes() == 0);
}

TEST_CASE("a large message leaves in full fragments, what follows it behind the last")
{
    Server server;
    server.open();
    REQUIRE(server.start(pipeline_id));
    const std::string text(100'000, 'x');
    const std::size_t object_bytes = 40 + 3 + 7 + text.size();
    const std::size_t rest = object_bytes - 3 * (32768 - 21);
    REQUIRE(server.pool.write_output(pipeline_id, psrp::Value::string(text)));
    REQUIRE(server.pool.write_output(pipeline_id, psrp::Value::string("hi")));
    CHECK(server.pool.pending_bytes() == object_bytes + 4 * 21 + 21 + 52);
    std::vector<std::size_t> sizes;
    while (const auto action = server.pool.next_action()) {
        if (const auto* send = std::get_if<psrp::Send>(&*action))
            sizes.push_back(send->bytes.size());
    }
    CHECK(sizes == std::vector<std::size_t>{32768, 32768, 32768, rest + 21, 21 + 52});
    CHECK(server.pool.pending_bytes() == 0);
}
