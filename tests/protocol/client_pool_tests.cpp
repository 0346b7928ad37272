#include <fragmenter/fragment.hpp>
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

using psrp::Errc;
using psrp::MessageType;
using psrp::PipelineState;
using psrp::RunspacePoolState;
using tests::Client;
using tests::pipeline_id;

namespace {

using Done = std::vector<std::string>;

std::error_code code_of(const psrp::Result<void>& result)
{
    return result ? std::error_code() : result.error().code;
}

Client opened_with_pipeline(bool no_input = true)
{
    Client client;
    client.open();
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x", no_input)));
    client.pump();
    client.done.clear();
    client.events.clear();
    return client;
}

} // namespace

TEST_CASE("a client opens with capability and INIT in one packet")
{
    Client client;
    REQUIRE(client.pool.open());
    REQUIRE(std::holds_alternative<psrp::OpenSession>(*client.pool.next_action()));
    const auto action = client.pool.next_action();
    REQUIRE(action);
    const auto* send = std::get_if<psrp::Send>(&*action);
    REQUIRE(send != nullptr);
    client.sent.add(*send);
    REQUIRE(client.sent.messages().size() == 2);
    CHECK(client.sent.messages()[0].type() == MessageType::SessionCapability);
    CHECK(client.sent.messages()[1].type() == MessageType::InitRunspacePool);
    CHECK_FALSE(client.pool.next_action());
}

TEST_CASE("a client hands out one Send a channel until it is told that it was sent")
{
    Client client;
    client.open();
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script(std::string(1000, 'x'))));
    REQUIRE(std::holds_alternative<psrp::OpenCommand>(*client.pool.next_action(100)));
    CHECK_FALSE(client.pool.next_action(100));
    client.pool.command_opened(pipeline_id);
    const auto action = client.pool.next_action(100);
    REQUIRE(action);
    CHECK(std::get<psrp::Send>(*action).bytes.size() == 100);
    CHECK_FALSE(client.pool.next_action(100));
    client.pool.data_sent(pipeline_id);
    CHECK(client.pool.next_action(100));
}

TEST_CASE("a server that takes packets in order gets a request right behind its Command")
{
    for (const bool is_in_order : {false, true}) {
        Client client;
        REQUIRE(client.pool.open());
        client.pump();
        REQUIRE(client.say({}, MessageType::SessionCapability, tests::capability_of("2.4")));
        REQUIRE(client.say(
            {}, MessageType::ApplicationPrivateData, tests::private_data_payload("2.4", is_in_order)
        ));
        REQUIRE(client.say({}, MessageType::RunspacePoolState, tests::opened_payload));
        REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script(std::string(1000, 'x'))));
        REQUIRE(std::holds_alternative<psrp::OpenCommand>(*client.pool.next_action(100)));
        CHECK(client.pool.next_action(100).has_value() == is_in_order);
        // Whatever comes first, one Send stays outstanding.
        client.pool.command_opened(pipeline_id);
        CHECK(client.pool.next_action(100).has_value() != is_in_order);
        CHECK_FALSE(client.pool.next_action(100));
        client.pool.data_sent(pipeline_id);
        CHECK(client.pool.next_action(100));
        // Or several, where the transport asks for that and the server takes them as they come.
        CHECK(client.pool.next_action(100, 3).has_value() == is_in_order);
        CHECK(client.pool.next_action(100, 3).has_value() == is_in_order);
        CHECK_FALSE(client.pool.next_action(100, 3));
        client.pool.data_sent(pipeline_id);
        CHECK(client.pool.next_action(100, 3));
        CHECK_FALSE(client.pool.next_action(100, 3));
    }
}

TEST_CASE("a pipeline's request travels in Sends of its own, input behind it")
{
    for (const std::size_t bytes_max : {100U, 32768U}) {
        Client client;
        client.open();
        REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("$input", false)));
        CHECK(client.pool.is_sending(pipeline_id));
        REQUIRE(client.pool.write_input(pipeline_id, psrp::Value::int32(1)));
        REQUIRE(client.pool.end_input(pipeline_id));
        REQUIRE(std::holds_alternative<psrp::OpenCommand>(*client.pool.next_action(bytes_max)));
        client.pool.command_opened(pipeline_id);
        std::vector<std::size_t> ends; // where Sends end, and objects
        psrp::Bytes all;
        while (const auto action = client.pool.next_action(bytes_max)) {
            const auto& bytes = std::get<psrp::Send>(*action).bytes;
            all.insert(all.end(), bytes.begin(), bytes.end());
            ends.push_back(all.size());
            client.pool.data_sent(pipeline_id);
        }
        CHECK_FALSE(client.pool.is_sending(pipeline_id));
        const auto first = fragmenter::read_fragment(all);
        REQUIRE(first);
        const auto& fragment = std::get<fragmenter::Fragment>(*first);
        const std::size_t request = fragmenter::fragment_header_bytes + fragment.blob.size();
        CHECK(fragment.header.is_end);
        CHECK(std::find(ends.begin(), ends.end(), request) != ends.end());
        CHECK(request < all.size());
    }
}

TEST_CASE("channels are served in turn")
{
    Client client;
    client.open();
    for (const auto& id : {tests::pipeline_id, tests::pipeline_id2}) {
        REQUIRE(client.pool.start_pipeline(id, tests::script(std::string(1000, 'x'))));
        REQUIRE(client.pool.next_action());
        client.pool.command_opened(id);
    }
    psrp::Guid last;
    for (int i = 0; i < 6; ++i) {
        const auto action = client.pool.next_action(100);
        REQUIRE(action);
        const auto& channel = std::get<psrp::Send>(*action).channel;
        CHECK(channel != last);
        last = channel;
        client.pool.data_sent(channel);
    }
}

TEST_CASE("a stop signals at once and drops what was not sent")
{
    Client client;
    client.open();
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x")));
    REQUIRE(client.pool.stop(pipeline_id));
    REQUIRE(client.pool.stop(pipeline_id));
    client.done.clear();
    client.pump();
    CHECK(client.done == Done{"OpenCommand", "SignalCommand"});
}

TEST_CASE("whatever the server says of a pipeline that was to stop, it is Stopped")
{
    for (const char* state : {"3", "4", "5"}) {
        auto client = opened_with_pipeline();
        REQUIRE(client.pool.stop(pipeline_id));
        const std::string payload = "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">" +
                                    std::string(state) + "</I32></MS></Obj>";
        REQUIRE(client.say(pipeline_id, MessageType::PipelineState, payload));
        const auto finished = client.events_of<psrp::PipelineFinished>();
        REQUIRE(finished.size() == 1);
        CHECK(finished[0].state == PipelineState::Stopped);
        CHECK_FALSE(finished[0].error.code);
        CHECK(client.done == Done{"SignalCommand", "CloseCommand"});
        client.pool.signal_acknowledged(pipeline_id);
        client.pump();
        CHECK(client.events_of<psrp::PipelineFinished>().size() == 1);
    }
}

TEST_CASE("an acknowledged signal ends a pipeline without a state, with an error where nobody asked"
)
{
    for (const bool is_asked : {true, false}) {
        auto client = opened_with_pipeline();
        if (is_asked) REQUIRE(client.pool.stop(pipeline_id));
        client.pool.signal_acknowledged(pipeline_id);
        client.pump();
        const auto finished = client.events_of<psrp::PipelineFinished>();
        REQUIRE(finished.size() == 1);
        CHECK(finished[0].state == PipelineState::Stopped);
        CHECK((finished[0].error.code == Errc::PipelineStoppedByServer) == !is_asked);
        CHECK(client.done.back() == "CloseCommand");
    }
}

TEST_CASE("a close closes the commands first, then the session")
{
    auto client = opened_with_pipeline();
    client.pool.close();
    client.pool.close();
    client.pump();
    CHECK(client.done == Done{"CloseCommand"});
    CHECK(client.pool.state() == RunspacePoolState::Closing);
    client.pool.channel_closed(pipeline_id);
    client.pump();
    CHECK(client.done == Done{"CloseCommand", "CloseSession"});
    client.pool.channel_closed(psrp::session_channel);
    client.pump();
    CHECK(client.pool.state() == RunspacePoolState::Closed);
    REQUIRE(client.events_of<psrp::PipelineFinished>().size() == 1);
    CHECK(client.events_of<psrp::PipelineFinished>()[0].state == PipelineState::Stopped);
    CHECK(client.events_of<psrp::PoolClosed>().size() == 1);
}

TEST_CASE("a pool closed before it was opened is Closed at once")
{
    Client client;
    client.pool.close();
    client.pump();
    CHECK(client.done.empty());
    CHECK(client.events_of<psrp::PoolClosed>().size() == 1);
    CHECK(code_of(client.pool.open()) == Errc::InvalidState);
}

TEST_CASE("a lost transport breaks an open pool and fails its pipelines")
{
    auto client = opened_with_pipeline();
    client.pool.transport_failed({}, "gone");
    client.pool.transport_failed({}, "gone again");
    client.pump();
    CHECK(client.done.empty());
    CHECK(client.pool.state() == RunspacePoolState::Broken);
    const auto broken = client.events_of<psrp::PoolBroken>();
    REQUIRE(broken.size() == 1);
    CHECK(broken[0].reason == "gone");
    CHECK(broken[0].error.code == Errc::TransportFailed);
    const auto finished = client.events_of<psrp::PipelineFinished>();
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].state == PipelineState::Failed);
}

TEST_CASE("a command that its transport has lost fails alone and is closed")
{
    auto client = opened_with_pipeline();
    const clixml::Error error{Errc::TransportFailed, clixml::no_offset, ""};
    client.pool.command_failed(pipeline_id, error, "no room", "2150859241");
    client.pool.command_failed(pipeline_id, error, "twice", "x");
    client.pool.command_failed(tests::pipeline_id2, error, "unknown", "x");
    client.pump();
    CHECK(client.done == Done{"CloseCommand"});
    CHECK(client.pool.state() == RunspacePoolState::Opened);
    const auto finished = client.events_of<psrp::PipelineFinished>();
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].state == PipelineState::Failed);
    CHECK(finished[0].error.code == Errc::TransportFailed);
    REQUIRE(finished[0].error_record);
    CHECK(finished[0].error_record->message() == "no room");
    CHECK(finished[0].error_record->fully_qualified_error_id == "2150859241");
}

TEST_CASE("a transport lost while closing leaves the pool Closed")
{
    auto client = opened_with_pipeline();
    client.pool.close();
    client.pool.transport_failed({}, "gone");
    client.pump();
    CHECK(client.pool.state() == RunspacePoolState::Closed);
    CHECK(client.events_of<psrp::PoolClosed>().size() == 1);
    CHECK(client.events_of<psrp::PoolBroken>().empty());
}

TEST_CASE("input that is not wanted is InvalidState")
{
    auto client = opened_with_pipeline(true);
    CHECK(code_of(client.pool.write_input(pipeline_id, {})) == Errc::InvalidState);
    CHECK(code_of(client.pool.end_input(pipeline_id)) == Errc::InvalidState);
    auto taking = opened_with_pipeline(false);
    CHECK(taking.pool.write_input(pipeline_id, psrp::Value::int32(1)));
    CHECK(taking.pool.write_input(pipeline_id, {}));
    CHECK(taking.pool.end_input(pipeline_id));
    CHECK(code_of(taking.pool.write_input(pipeline_id, {})) == Errc::InvalidState);
    taking.pump();
    CHECK(taking.done == Done{"PIPELINE_INPUT", "PIPELINE_INPUT", "END_OF_PIPELINE_INPUT"});
}

TEST_CASE("a pipeline's request has its packets for itself, its input follows in others")
{
    Client client;
    client.open();
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x", false)));
    REQUIRE(client.pool.write_input(pipeline_id, psrp::Value::int32(1)));
    REQUIRE(client.pool.write_input(pipeline_id, psrp::Value::int32(2)));
    REQUIRE(client.pool.end_input(pipeline_id));
    REQUIRE(std::holds_alternative<psrp::OpenCommand>(*client.pool.next_action()));
    client.pool.command_opened(pipeline_id);
    std::vector<std::size_t> sizes;
    tests::SentMessages sent;
    while (const auto action = client.pool.next_action(1000)) {
        const auto& send = std::get<psrp::Send>(*action);
        sizes.push_back(send.bytes.size());
        sent.add(send);
        client.pool.data_sent(pipeline_id);
    }
    const std::size_t input_bytes =
        2 * (21 + 40 + 3 + std::string_view("<I32>1</I32>").size()) + 61;
    REQUIRE(sent.messages().size() == 4);
    const auto request_bytes = sent.messages().front().bytes().size() + 21;
    REQUIRE(sizes.size() == 4);
    CHECK(sizes[0] + sizes[1] + sizes[2] == request_bytes);
    CHECK(sizes[3] == input_bytes);
}

TEST_CASE("misuse of a client pool is named and changes nothing")
{
    Client client;
    CHECK(
        code_of(client.pool.start_pipeline(pipeline_id, tests::script("x"))) == Errc::InvalidState
    );
    CHECK(code_of(client.pool.receive({}, psrp::BytesView{})) == Errc::InvalidState);
    CHECK(code_of(client.pool.stop(pipeline_id)) == Errc::UnknownPipeline);
    CHECK(code_of(client.pool.write_input(pipeline_id, {})) == Errc::UnknownPipeline);
    client.open();
    CHECK(code_of(client.pool.open()) == Errc::InvalidState);
    CHECK(code_of(client.pool.start_pipeline({}, tests::script("x"))) == Errc::InvalidArgument);
    CHECK(code_of(client.pool.start_pipeline(pipeline_id, {})) == Errc::EmptyPipeline);
    CHECK(client.pool.start_pipeline(pipeline_id, tests::script("x")));
    CHECK(
        code_of(client.pool.start_pipeline(pipeline_id, tests::script("x"))) ==
        Errc::DuplicatePipeline
    );
    CHECK(code_of(client.pool.respond(tests::pipeline_id2, {})) == Errc::UnknownPipeline);
    psrp::ClientPoolOptions options;
    psrp::ClientPool without_id(options);
    CHECK(code_of(without_id.open()) == Errc::InvalidArgument);
    options.runspace_pool_id = tests::pool_id;
    options.runspaces_min = 2;
    psrp::ClientPool without_sense(options);
    CHECK(code_of(without_sense.open()) == Errc::InvalidArgument);
}

TEST_CASE("what a server's version cannot say is refused before it is sent")
{
    struct Case {
        const char* version;
        bool takes_statements;
        bool takes_information;
    };
    for (const auto& row :
         {Case{"2.1", false, false}, Case{"2.2", true, false}, Case{"2.3", true, true}}) {
        Client client;
        client.open(row.version);
        auto statements = tests::script("x");
        statements.power_shell.statements.push_back(statements.power_shell.statements[0]);
        auto information = tests::script("x");
        information.power_shell.statements[0][0].merge_information = psrp::MergeTarget::Output;
        INFO(row.version);
        CHECK(
            client.pool.start_pipeline(tests::pipeline_id, statements).has_value() ==
            row.takes_statements
        );
        CHECK(
            client.pool.start_pipeline(tests::pipeline_id2, information).has_value() ==
            row.takes_information
        );
    }
}

TEST_CASE("host responses travel on the prompt response stream, late ones are dropped")
{
    auto client = opened_with_pipeline();
    psrp::HostResponse response;
    response.call_id = 1;
    response.method = 11;
    response.result = psrp::Value::string("line");
    REQUIRE(client.pool.respond(pipeline_id, response));
    REQUIRE(client.pool.respond({}, response));
    client.pump();
    CHECK(client.done == Done{"RUNSPACEPOOL_HOST_RESPONSE", "PIPELINE_HOST_RESPONSE"});
    CHECK(client.sent.messages().back().stream == psrp::Stream::PromptResponse);
    REQUIRE(client.say(pipeline_id, MessageType::PipelineState, tests::completed_payload));
    client.done.clear();
    REQUIRE(client.pool.respond(pipeline_id, response));
    client.pump();
    CHECK(client.done.empty());
}
