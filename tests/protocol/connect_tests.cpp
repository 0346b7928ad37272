// Disconnect, reconnect, and connect to the pool of another client (fact sheet psrp 12, 9.1, 9.3).
#include <fragmenter/splitter.hpp>
#include <psrp/protocol/errors.hpp>
#include <tests/protocol/peers.hpp>

#include <catch2/catch.hpp>

namespace {

using psrp::Errc;
using psrp::MessageType;
using psrp::RunspacePoolState;
using psrp::Value;

clixml::Error lost()
{
    return {Errc::TransportFailed, clixml::no_offset, ""};
}

template <typename Action>
std::optional<Action> next(psrp::ClientPool& pool)
{
    while (auto action = pool.next_action()) {
        if (auto* wanted = std::get_if<Action>(&*action)) return std::move(*wanted);
        if (const auto* send = std::get_if<psrp::Send>(&*action)) pool.data_sent(send->channel);
    }
    return std::nullopt;
}

// A client with one running pipeline, disconnected.
struct DisconnectedClient {
    DisconnectedClient()
    {
        client.open();
        REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("x", false)));
        client.pump();
        REQUIRE(client.pool.disconnect());
        REQUIRE(next<psrp::Disconnect>(client.pool));
        client.pool.disconnected();
        client.pump();
        client.events.clear();
    }

    void reconnect()
    {
        REQUIRE(client.pool.reconnect());
        REQUIRE(next<psrp::Reconnect>(client.pool)->channel.is_zero());
        client.pool.reconnected({});
        CHECK(next<psrp::Reconnect>(client.pool)->channel == tests::pipeline_id);
        client.pool.reconnected(tests::pipeline_id);
    }

    tests::Client client;
};

} // namespace

TEST_CASE("a disconnect waits for what is being sent, and nothing is sent after it")
{
    tests::Client client;
    client.open();
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script("x", false)));
    client.pump();
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::int32(1)));
    const auto sending = client.pool.next_action();
    REQUIRE(sending);
    REQUIRE(std::holds_alternative<psrp::Send>(*sending));
    REQUIRE(client.pool.disconnect());
    CHECK(client.pool.state() == RunspacePoolState::Disconnecting);
    CHECK_FALSE(client.pool.next_action());
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::int32(2)));
    client.pool.data_sent(tests::pipeline_id);
    const auto action = client.pool.next_action();
    REQUIRE(action);
    CHECK(std::holds_alternative<psrp::Disconnect>(*action));
    CHECK_FALSE(client.pool.next_action());
    client.pool.disconnected();
    client.pump();
    CHECK(client.pool.state() == RunspacePoolState::Disconnected);
    CHECK(client.events_of<psrp::PoolDisconnected>().size() == 1);
    CHECK_FALSE(client.pool.next_action());
    // The pipeline cannot be talked to; the pool answers for itself.
    CHECK_FALSE(client.pool.write_input(tests::pipeline_id, Value::int32(3)));
    CHECK(client.pool.set_runspaces_max(4));
    CHECK(client.pool.runspaces_max() == 4);
}

TEST_CASE("after a reconnect all goes on where it was")
{
    DisconnectedClient peer;
    auto& client = peer.client;
    peer.reconnect();
    CHECK(client.pool.state() == RunspacePoolState::Opened);
    // The rest of an object whose start the former connection has taken is dropped.
    psrp::Bytes object(500, 0);
    psrp::Bytes fragments;
    fragmenter::append_fragments(object, 9, 221, fragments);
    CHECK(client.pool.receive(tests::pipeline_id, psrp::BytesView(fragments).subspan(221)));
    REQUIRE(client.say(tests::pipeline_id, MessageType::PipelineOutput, "<I32>5</I32>"));
    CHECK(client.events_of<psrp::PoolReconnected>().size() == 1);
    CHECK(client.events_of<psrp::OutputReceived>().size() == 1);
    REQUIRE(client.pool.write_input(tests::pipeline_id, Value::int32(1)));
    client.pump();
    CHECK(client.done.back() == "PIPELINE_INPUT");
    // From the first whole object on the stream is strict again.
    CHECK_FALSE(client.pool.receive(tests::pipeline_id, psrp::BytesView(fragments).subspan(221)));
}

TEST_CASE("a disconnect that fails, or a reconnect that does, ends in a named state")
{
    tests::Client client;
    client.open();
    REQUIRE(client.pool.disconnect());
    REQUIRE(next<psrp::Disconnect>(client.pool));
    client.pool.disconnect_failed(lost());
    client.pump();
    CHECK(client.pool.state() == RunspacePoolState::Opened);
    CHECK(client.events_of<psrp::DisconnectFailed>()[0].error.code == Errc::TransportFailed);
    CHECK(client.pool.start_pipeline(tests::pipeline_id, tests::script("x")));

    DisconnectedClient peer;
    REQUIRE(peer.client.pool.reconnect());
    peer.client.pool.reconnect_failed(lost(), "gone");
    peer.client.pump();
    CHECK(peer.client.pool.state() == RunspacePoolState::Broken);
    CHECK(peer.client.events_of<psrp::PipelineFinished>().size() == 1);
    CHECK(peer.client.events_of<psrp::PoolBroken>()[0].reason == "gone");
}

TEST_CASE("the transport may lose the server for a time, and fail at any point of it")
{
    tests::Client client;
    client.open();
    client.pool.disconnected(); // unasked
    CHECK(client.pool.state() == RunspacePoolState::Disconnected);
    CHECK(client.pool.reconnect());

    enum class Point { Disconnecting, Disconnected, Connecting };
    for (const auto point : {Point::Disconnecting, Point::Disconnected, Point::Connecting}) {
        tests::Client other;
        other.open();
        REQUIRE(other.pool.start_pipeline(tests::pipeline_id, tests::script("x")));
        other.pump();
        REQUIRE(other.pool.disconnect());
        if (point != Point::Disconnecting) {
            (void)next<psrp::Disconnect>(other.pool);
            other.pool.disconnected();
        }
        if (point == Point::Connecting) REQUIRE(other.pool.reconnect());
        other.pool.transport_failed(lost(), "cut");
        other.pump();
        CHECK(other.pool.state() == RunspacePoolState::Broken);
        CHECK(other.events_of<psrp::PipelineFinished>().size() == 1);
        CHECK(other.events_of<psrp::PoolBroken>().size() == 1);
        CHECK_FALSE(other.pool.next_action());
    }
}

TEST_CASE("a disconnected pool can be closed")
{
    DisconnectedClient peer;
    auto& client = peer.client;
    client.pool.close();
    client.pump();
    CHECK(client.events_of<psrp::PipelineFinished>().size() == 1);
    client.pool.channel_closed(tests::pipeline_id);
    client.pump();
    CHECK(client.done.back() == "CloseSession");
    client.pool.channel_closed({});
    client.pump();
    CHECK(client.pool.state() == RunspacePoolState::Closed);
}

TEST_CASE("states in which none of it is possible are named")
{
    tests::Client client;
    CHECK(client.pool.disconnect().error().code == Errc::InvalidState);
    CHECK(client.pool.reconnect().error().code == Errc::InvalidState);
    CHECK(client.pool.connect_pipeline(tests::pipeline_id).error().code == Errc::InvalidState);
    client.open();
    CHECK(client.pool.reconnect().error().code == Errc::InvalidState);
    CHECK(client.pool.connect().error().code == Errc::InvalidState);
    tests::Server server;
    CHECK(server.pool.disconnect_requested().error().code == Errc::InvalidState);
    CHECK(server.pool.reconnect_requested().error().code == Errc::InvalidState);
    CHECK(server.pool.connect_requested({}).error().code == Errc::InvalidState);
}

TEST_CASE("a client connects to the pool of another one, and to its pipeline")
{
    for (const bool is_swapped : {false, true}) {
        // The first client opens and leaves; all of it on one server.
        tests::Server server;
        server.open(3);
        REQUIRE(server.start(tests::pipeline_id, false));
        REQUIRE(server.pool.disconnect_requested());
        REQUIRE(server.pool.write_output(tests::pipeline_id, Value::int32(7)));
        server.done.clear();
        server.pump();
        CHECK(server.done.empty()); // nobody is there

        tests::Client client;
        REQUIRE(client.pool.connect());
        const auto connect = next<psrp::Connect>(client.pool);
        REQUIRE(connect);
        CHECK(connect->channel.is_zero());
        CHECK(client.pool.state() == RunspacePoolState::Connecting);
        auto response = server.pool.connect_requested(connect->request);
        REQUIRE(response);
        server.pump();
        if (is_swapped) { // as PowerShell's server writes them
            const std::string payload = "<Obj RefId=\"0\"><MS><I32 N=\"MinRunspaces\">3</I32><I32 "
                                        "N=\"MaxRunspaces\">1</I32></MS></Obj>";
            REQUIRE(client.say({}, MessageType::SessionCapability, tests::capability_of("2.4")));
            REQUIRE(client.say({}, MessageType::RunspacePoolInitData, payload));
        } else {
            REQUIRE(client.pool.receive({}, *response));
        }
        client.pump();
        CHECK(client.pool.runspaces_min() == 1);
        CHECK(client.pool.runspaces_max() == 3);
        CHECK(client.events_of<psrp::PoolOpened>().empty()); // not before the private data
        // An older message may still be on its way.
        REQUIRE(client.say({}, MessageType::RunspacePoolState, tests::opened_payload));
        CHECK(client.events_of<psrp::PoolOpened>().empty());
        REQUIRE(
            client.say({}, MessageType::ApplicationPrivateData, tests::private_data_payload("2.4"))
        );
        CHECK(client.events_of<psrp::PoolOpened>().size() == 1);
        CHECK(client.pool.state() == RunspacePoolState::Opened);
        // The server has sent its private data, and all that waited.
        CHECK(server.sent.messages().back().type() == MessageType::ApplicationPrivateData);
        CHECK(server.events_of<psrp::InputEnded>().size() == 1);

        REQUIRE(client.pool.connect_pipeline(tests::pipeline_id));
        CHECK(next<psrp::Connect>(client.pool)->channel == tests::pipeline_id);
        client.pool.command_opened(tests::pipeline_id);
        CHECK_FALSE(client.pool.write_input(tests::pipeline_id, Value::int32(1)));
        REQUIRE(client.say(tests::pipeline_id, MessageType::PipelineOutput, "<I32>7</I32>"));
        CHECK(client.events_of<psrp::OutputReceived>().size() == 1);
    }
}

TEST_CASE("requests to connect are checked as PowerShell checks them")
{
    const auto request = [](std::string_view version,
                            std::optional<std::int32_t> min,
                            std::optional<std::int32_t> max) {
        auto options = tests::Client::default_options();
        options.protocol_version = *clixml::Version::read(version);
        psrp::ClientPool pool(options);
        REQUIRE(pool.connect({min, max}));
        return next<psrp::Connect>(pool)->request;
    };
    const auto good = request("2.4", {}, {});
    const auto first = fragmenter::fragment_header_bytes;
    psrp::Bytes longer = good;
    longer.push_back(0);
    psrp::Bytes split = good; // the first message does not end
    split[16] = 1;
    const auto half = tests::fragments_of(tests::message_bytes(
        psrp::Destination::Server,
        static_cast<std::uint32_t>(MessageType::SessionCapability),
        tests::pool_id,
        {},
        tests::capability_payload
    ));
    const auto connect_of = [](const psrp::Guid& pool) {
        return tests::fragments_of(tests::message_bytes(
            psrp::Destination::Server,
            static_cast<std::uint32_t>(MessageType::ConnectRunspacePool),
            pool,
            {},
            "<S></S>"
        ));
    };
    const auto joined = [](psrp::Bytes left, const psrp::Bytes& right) {
        left.insert(left.end(), right.begin(), right.end());
        return left;
    };
    struct Row {
        const char* name;
        psrp::Bytes request;
        Errc code; // none: good
    };
    const std::vector<Row> rows = {
        {"good", good, Errc{}},
        {"by hand", joined(half, connect_of(tests::pool_id)), Errc{}},
        {"2.2", request("2.2", {}, {}), Errc{}},
        {"the pool's own numbers", request("2.4", 1, 1), Errc{}},
        {"other numbers", request("2.4", 1, 2), Errc::ConnectMismatch},
        {"nothing", {}, Errc::ConnectRequestInvalid},
        {"one message", half, Errc::ConnectRequestInvalid},
        {"three", joined(good, half), Errc::ConnectRequestInvalid},
        {"swapped", joined(connect_of(tests::pool_id), half), Errc::ConnectRequestInvalid},
        {"another pool", joined(half, connect_of(tests::pipeline_id)), Errc::ConnectRequestInvalid},
        {"a byte behind it", longer, Errc::ConnectRequestInvalid},
        {"a byte short", psrp::Bytes(good.begin(), good.end() - 1), Errc::ConnectRequestInvalid},
        {"a split message", split, Errc::ConnectRequestInvalid},
        {"half a header",
         psrp::Bytes(good.begin(), good.begin() + static_cast<long>(first / 2)),
         Errc::ConnectRequestInvalid},
        {"2.1",
         joined(
             tests::fragments_of(tests::message_bytes(
                 psrp::Destination::Server,
                 static_cast<std::uint32_t>(MessageType::SessionCapability),
                 tests::pool_id,
                 {},
                 tests::capability_of("2.1")
             )),
             connect_of(tests::pool_id)
         ),
         Errc::ConnectVersionRefused},
    };
    for (const auto& row : rows) {
        INFO(row.name);
        tests::Server server;
        server.open();
        REQUIRE(server.pool.disconnect_requested());
        const auto response = server.pool.connect_requested(row.request);
        CHECK(response.has_value() == (row.code == Errc{}));
        if (response) continue;
        CHECK(response.error().code == row.code);
        CHECK(server.pool.state() == RunspacePoolState::Disconnected); // nothing has changed
    }
}
