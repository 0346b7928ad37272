// Sessions over a network that fails, and what else befalls them (fact sheet transports B18);
// cuts_tests.cpp cuts at every message.
#include <psrp/transport/errors.hpp>
#include <psrp/winrm/request_pool.hpp>
#include <psrp/wsman/shell_query.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/http/relay.hpp>
#include <tests/http/scripted_server.hpp>
#include <tests/winrm/clear_endpoint.hpp>
#include <tests/winrm/pool_driver.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

using psrp::RunspacePoolState;
using tests::ClearEndpoint;
using tests::Passage;

TEST_CASE("a network cut for longer than the window leaves a session that can be connected")
{
    tests::EndpointOptions options;
    options.left_alone_after = std::chrono::milliseconds(100);
    ClearEndpoint place(options);
    auto client_options = ClearEndpoint::client();
    client_options.retry_window = std::chrono::milliseconds(300);
    client_options.exchange.shell_id = place.endpoint.ids().new_guid();
    tests::PoolDriver client(place.endpoint, place.relay.url(), client_options);
    client.open();
    REQUIRE(client.run("$x = 5; 'set'") == "set\n");
    place.relay.is_down = true;
    place.relay.cut_all();
    client.until([&] { return client.state() == RunspacePoolState::Disconnected; });
    CHECK(client.state() == RunspacePoolState::Disconnected);
    const std::vector<std::string> expected{
        "The network connection to localhost has been interrupted. Attempting to reconnect for up "
        "to 1 minutes...",
        "The reconnection attempt to localhost failed. Attempting to disconnect the session...",
        "Network connectivity to localhost has been lost and the reconnection attempt failed. "
        "Please repair the network connection and reconnect using Connect-PSSession or "
        "Receive-PSSession."};
    CHECK(client.lines == expected);
    client.transport().close();
    while (!client.transport().is_finished())
        place.endpoint.turn();
    // The service has noticed, too.
    while (place.endpoint.listener().shell_count() == 1 &&
           std::find(place.endpoint.log.begin(), place.endpoint.log.end(), "disconnected ") ==
               place.endpoint.log.end())
        place.endpoint.turn();
    place.relay.is_down = false;
    // Who comes while the service still waits for the first client is told to come again.
    std::optional<tests::PoolDriver> other;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (true) {
        other.emplace(place.endpoint, place.relay.url(), client_options);
        other->connect();
        const bool is_late = std::chrono::steady_clock::now() > deadline;
        if (other->state() == psrp::RunspacePoolState::Opened || is_late) break;
        std::this_thread::sleep_for(2 * *options.left_alone_after);
    }
    CHECK(other->run("\"$x\"") == "5\n");
    other->close();
    CHECK(place.endpoint.listener().shell_count() == 0);
}

TEST_CASE("a Connect and an Enumerate that are cut end in a named error")
{
    const auto cut = [](tests::Relay& relay) {
        relay.on_request = [&relay](const std::string&) -> Passage {
            relay.is_down = true;
            return {Passage::Kind::Cut, {}};
        };
    };
    ClearEndpoint place;
    auto options = ClearEndpoint::client();
    options.exchange.shell_id = place.endpoint.ids().new_guid();
    tests::PoolDriver first(place.endpoint, place.endpoint.url("http"), options);
    first.open();
    first.leave();
    first.transport().close();
    cut(place.relay);
    tests::PoolDriver second(place.endpoint, place.relay.url(), options);
    second.connect();
    CHECK(second.state() == RunspacePoolState::Broken);
    CHECK(second.error() == tests::text_of(psrp::HttpErrc::ConnectionCut));
    CHECK(second.reason().find(std::string(tests::realm_password)) == std::string::npos);
    second.close();
    // It is not ours to delete.
    CHECK(place.endpoint.listener().shell_count() == 1);

    place.relay.is_down = false;
    cut(place.relay);
    psrp::RequestPoolOptions pool_options = options.requests;
    pool_options.channel.connection.url = place.relay.url();
    psrp::RequestPool pool(pool_options);
    psrp::wsman::ShellQueryOptions query_options;
    query_options.url = place.relay.url();
    psrp::wsman::ShellQuery query(query_options, place.endpoint.ids());
    place.endpoint.loop().add(pool);
    query.list_shells();
    std::optional<psrp::wsman::ShellQueryEvent> event;
    while (!(event = query.next_event())) {
        while (auto request = query.next_request())
            pool.add(*request);
        while (auto outcome = pool.next_outcome()) {
            REQUIRE_FALSE(outcome->result);
            const auto& failure = outcome->result.error();
            query.on_failure(outcome->id, failure.error, failure.text);
        }
        place.endpoint.turn();
    }
    place.endpoint.loop().remove(pool);
    const auto* failed = std::get_if<psrp::wsman::QueryFailed>(&*event);
    REQUIRE(failed != nullptr);
    CHECK(failed->failure.error == psrp::HttpErrc::ConnectionCut);
}

TEST_CASE("a connection that does not come about is tried again, so often and no more")
{
    struct Row {
        std::uint32_t retries_max;
        std::size_t refused; // connections
        RunspacePoolState expected;
    };
    for (const Row& row : {
             Row{5, 5, RunspacePoolState::Opened},
             Row{5, 6, RunspacePoolState::Broken},
             Row{0, 1, RunspacePoolState::Broken},
             Row{0, 0, RunspacePoolState::Opened},
         }) {
        INFO(row.retries_max << " " << row.refused);
        ClearEndpoint place;
        place.relay.is_down = row.refused > 0;
        place.relay.on_connection = [&] {
            place.relay.is_down = place.relay.connections <= row.refused;
        };
        auto options = ClearEndpoint::client();
        options.exchange.create_retries_max = row.retries_max;
        tests::PoolDriver client(place.endpoint, place.relay.url(), options);
        client.open();
        CHECK(client.state() == row.expected);
        place.relay.on_connection = nullptr;
        place.relay.is_down = false;
        client.close();
    }
}

TEST_CASE("a client that is killed leaves a shell that others can take up, until it is idle")
{
    tests::EndpointOptions options;
    options.left_alone_after = std::chrono::milliseconds(50);
    options.idle_timeout = std::chrono::milliseconds(1500);
    ClearEndpoint place(options);
    {
        tests::PoolDriver client(place.endpoint, place.relay.url(), ClearEndpoint::client());
        client.open();
        CHECK(client.run("'here'") == "here\n");
        client.transport().kill();
    }
    CHECK(place.endpoint.listener().shell_count() == 1);
    while (place.endpoint.listener().shell_count() == 1)
        place.endpoint.turn();
    const auto& log = place.endpoint.log;
    CHECK(std::find(log.begin(), log.end(), "disconnected ") != log.end());
}

TEST_CASE("a Connect ends the input that nobody can add to any more")
{
    ClearEndpoint place;
    auto options = ClearEndpoint::client();
    options.exchange.shell_id = place.endpoint.ids().new_guid();
    tests::PoolDriver first(place.endpoint, place.relay.url(), options);
    first.open();
    const auto fed = first.start("$input | ForEach-Object { \"<$_>\" }; 'end'", true);
    first.write(fed, "a");
    first.until([&] { return !first.pool().is_sending(fed); });
    first.leave();
    first.transport().close();
    tests::PoolDriver second(place.endpoint, place.relay.url(), options);
    second.connect();
    REQUIRE(second.pool().connect_pipeline(fed));
    second.wait(fed);
    CHECK(second.finished[fed] == psrp::PipelineState::Completed);
    CHECK(second.output[fed].back() == "end");
    second.close();
}

TEST_CASE("messages may travel in UTF-16, within the same envelopes")
{
    tests::EndpointOptions limits;
    limits.envelope_bytes_max = 16'384;
    ClearEndpoint place(limits);
    std::size_t largest = 0;
    place.relay.on_request = [&](const std::string& message) -> Passage {
        CHECK(
            tests::http_header(message, "Content-Type").find("charset=UTF-16") != std::string::npos
        );
        const std::string body = message.substr(message.find("\r\n\r\n") + 4);
        CHECK(body.starts_with(std::string("\xFF\xFE<\0", 4)));
        largest = std::max(largest, body.size());
        return {Passage::Kind::On, message};
    };
    auto options = ClearEndpoint::client();
    options.requests.channel.text = psrp::MessageText::Utf16;
    options.exchange.uses_utf16 = true;
    options.exchange.envelope_bytes_max = 16'384;
    tests::PoolDriver client(place.endpoint, place.relay.url(), options);
    client.open();
    const std::string text = "gr\xC3\xBC\xC3\x9F dich \xF0\x9F\x8C\x8D";
    CHECK(client.run("'" + text + "'") == text + "\n");
    const auto fed = client.start("$input | ForEach-Object { $_.Length }", true);
    client.write(fed, std::string(100'000, 'q'));
    REQUIRE(client.pool().end_input(fed));
    client.wait(fed);
    CHECK(client.finished[fed] == psrp::PipelineState::Completed);
    CHECK(largest > 12'000);
    CHECK(largest <= 16'384);
    client.close();
}

TEST_CASE("a user with as many shells as are allowed is told what to do")
{
    tests::EndpointOptions options;
    options.shells_per_owner_max = 1;
    ClearEndpoint place(options);
    tests::PoolDriver first(place.endpoint, place.relay.url(), ClearEndpoint::client());
    first.open();
    CHECK(first.state() == RunspacePoolState::Opened);
    tests::PoolDriver second(place.endpoint, place.relay.url(), ClearEndpoint::client());
    second.open();
    CHECK(second.state() == RunspacePoolState::Broken);
    CHECK(second.error() == make_error_code(psrp::wsman::Errc::TooManyShells).message());
    CHECK(second.reason().find("MaxShellsPerUser") != std::string::npos);
    second.close();
    first.close();
}
