// Every limit of the machines at N and at N + 1.
#include <fragmenter/errors.hpp>
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

using psrp::Errc;
using psrp::MessageType;
using tests::Client;
using tests::pipeline_id;
using tests::Server;

namespace {

// An object of this many bytes on the wire, in one fragment.
std::string text_of_wire_bytes(std::size_t bytes)
{
    const std::size_t around = 21 + 40 + 3 + std::string_view("<S></S>").size();
    return "<S>" + std::string(bytes - around, 'x') + "</S>";
}

psrp::Guid numbered(int number)
{
    psrp::Guid id;
    id.bytes[0] = 1;
    id.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
}

} // namespace

TEST_CASE("an object of object_bytes_max is taken by a client, one byte more fails the pipeline")
{
    for (const std::size_t extra : {0U, 1U}) {
        auto options = Client::default_options();
        options.limits.object_bytes_max = 2000;
        Client client(options);
        client.open();
        REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x")));
        const auto result =
            client.say(pipeline_id, MessageType::PipelineOutput, text_of_wire_bytes(2000 + extra));
        CHECK(result.has_value() == (extra == 0));
        if (!result) CHECK(result.error().code == fragmenter::Errc::ObjectBytesExceeded);
        CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
        CHECK(client.events_of<psrp::PipelineFinished>().size() == extra);
    }
}

TEST_CASE(
    "a command's data of command_bytes_max are taken by a client, one byte more fails the pipeline"
)
{
    for (const std::size_t extra : {0U, 1U}) {
        auto options = Client::default_options();
        options.limits.command_bytes_max = 600;
        Client client(options);
        client.open();
        REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x")));
        REQUIRE(client.say(pipeline_id, MessageType::PipelineOutput, text_of_wire_bytes(300)));
        const auto result =
            client.say(pipeline_id, MessageType::PipelineOutput, text_of_wire_bytes(300 + extra));
        CHECK(result.has_value() == (extra == 0));
        if (!result) CHECK(result.error().code == fragmenter::Errc::ChannelBytesExceeded);
    }
}

TEST_CASE("an object over object_bytes_max stops a server's pipeline, which then fails")
{
    psrp::ServerPoolOptions options;
    options.limits.object_bytes_max = 4000;
    for (const std::size_t extra : {0U, 1U}) {
        Server server(options);
        server.open();
        REQUIRE(server.start(pipeline_id, false));
        const auto result =
            server.say(pipeline_id, MessageType::PipelineInput, text_of_wire_bytes(4000 + extra));
        CHECK(result.has_value() == (extra == 0));
        CHECK(server.events_of<psrp::InputReceived>().size() == 1 - extra);
        CHECK(server.events_of<psrp::StopRequested>().size() == extra);
    }
}

TEST_CASE("input beyond send_bytes_max would block until some has left")
{
    auto options = Client::default_options();
    options.limits.send_bytes_max = 1000;
    Client client(options);
    client.open();
    REQUIRE(client.pool.start_pipeline(pipeline_id, tests::script("x", false)));
    client.pump();
    const std::string text(500, 'x');
    int taken = 0;
    while (client.pool.write_input(pipeline_id, psrp::Value::string(text)))
        ++taken;
    CHECK(taken == 2);
    const auto refused = client.pool.write_input(pipeline_id, psrp::Value::string(text));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::WouldBlock);
    client.pump();
    CHECK(client.sent.messages().size() == 3U + static_cast<std::size_t>(taken));
    CHECK(client.pool.write_input(pipeline_id, psrp::Value::string(text)));
}

TEST_CASE("one command channel over pipelines_max ends a server's session")
{
    psrp::ServerPoolOptions options;
    options.limits.pipelines_max = 3;
    Server server(options);
    server.open();
    for (int i = 0; i < 3; ++i)
        server.pool.command_requested(numbered(i));
    server.pump();
    CHECK(server.done.size() == 3);
    server.pool.command_requested(numbered(3));
    server.pump();
    const auto ended = server.events_of<psrp::SessionEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].error.code == Errc::TooManyPipelines);
}

TEST_CASE("one host call over host_calls_max is refused")
{
    psrp::ServerPoolOptions options;
    options.limits.host_calls_max = 2;
    Server server(options);
    server.open();
    REQUIRE(server.start(pipeline_id));
    psrp::HostCall call;
    call.method = 11;
    call.call_id = 1;
    REQUIRE(server.pool.call_host(pipeline_id, call));
    REQUIRE(server.pool.call_host({}, call));
    call.call_id = 2;
    const auto refused = server.pool.call_host(pipeline_id, call);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::TooManyHostCalls);
    psrp::HostCall line;
    line.method = 15;
    CHECK(server.pool.call_host(pipeline_id, line));
}
