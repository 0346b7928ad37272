// Sessions over a network that fails: cut at every request for a moment, and for good (fact sheet
// transports B18).
#include <psrp/transport/errors.hpp>
#include <psrp/winrm/request_pool.hpp>
#include <psrp/wsman/shell_query.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/http/echo_server.hpp>
#include <tests/http/relay.hpp>
#include <tests/http/scripted_server.hpp>
#include <tests/winrm/pool_driver.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

using psrp::RunspacePoolState;
using tests::Passage;

namespace {

constexpr std::chrono::milliseconds soon{20};

// Basic over plain HTTP, so that a relay can read what passes.
struct ClearEndpoint {
    explicit ClearEndpoint(const tests::EndpointOptions& options = {})
        : endpoint(server_options(folder), options), relay(endpoint.listener().port())
    {
        endpoint.loop().add(relay);
    }
    ~ClearEndpoint()
    {
        for (const auto timer : timers)
            endpoint.loop().cancel(timer);
        endpoint.loop().remove(relay);
    }
    ClearEndpoint(const ClearEndpoint&) = delete;
    ClearEndpoint& operator=(const ClearEndpoint&) = delete;

    static psrp::HttpServerOptions server_options(const tests::TemporaryFolder& folder)
    {
        auto options = tests::with_users(folder);
        options.basic_in_clear = psrp::Permission::Yes;
        return options;
    }
    [[nodiscard]] static psrp::WinRmOptions client()
    {
        psrp::WinRmOptions options;
        options.requests.channel.scheme = psrp::AuthenticationScheme::Basic;
        options.requests.channel.identity = tests::alice();
        options.requests.channel.allows_basic_in_clear = true;
        options.retry_interval = soon;
        options.exchange.create_retry_delay = soon;
        options.exchange.create_retries_max = 0;
        return options;
    }

    // Everything falls: what passes right now is for its hook to cut.
    void cut_network()
    {
        relay.is_down = true;
        timers.push_back(endpoint.loop().call_after(soon, [this] { relay.cut_all(); }));
    }
    void mend_network_later()
    {
        timers.push_back(endpoint.loop().call_after(5 * soon, [this] { relay.is_down = false; }));
    }

    tests::TemporaryFolder folder;
    std::vector<psrp::EventLoop::TimerId> timers;
    tests::LocalEndpoint endpoint;
    tests::Relay relay;
};

std::string operation_of(const std::string& message)
{
    const std::size_t body = message.find("\r\n\r\n") + 4;
    const auto request = psrp::wsman::read_request(std::string_view(message).substr(body));
    REQUIRE(request);
    return std::string(psrp::wsman::operation_row(request->operation).name);
}

// Every operation of a session; what came of it.
struct Script {
    std::string output;
    std::string error;
    RunspacePoolState state = RunspacePoolState::BeforeOpen;
};

// Opens, runs, feeds, stops, leaves, takes up again and closes. Ends early where the session does.
Script play(tests::PoolDriver& client)
{
    Script script;
    const auto step = [&](auto action) {
        if (!client.is_over()) action();
    };
    client.open();
    step([&] { script.output += client.run("'one'; 'two'"); });
    step([&] {
        const auto fed = client.start("$input | ForEach-Object { \"<$_>\" }", true);
        for (const char* text : {"a", "b", "c"})
            client.write(fed, text);
        REQUIRE(client.pool().end_input(fed));
        client.wait(fed);
        for (const std::string& line : client.output[fed])
            script.output += line;
    });
    step([&] {
        const auto endless = client.start("Start-Sleep -Seconds 3600");
        client.until([&] { return !client.pool().is_sending(endless); });
        if (!client.is_over()) REQUIRE(client.pool().stop(endless));
        client.wait(endless);
    });
    step([&] {
        client.leave();
        if (client.state() != RunspacePoolState::Disconnected) return;
        client.come_back();
    });
    step([&] { script.output += client.run("'three'"); });
    script.state = client.state();
    client.close();
    script.error = client.error();
    return script;
}

const std::string expected_output = "one\ntwo\n<a><b><c>three\n";

} // namespace

TEST_CASE("a network cut for a moment at any request or answer loses and repeats nothing")
{
    // Which message is the victim: -1 counts them.
    for (const bool cuts_answers : {false, true}) {
        int count = 0;
        int noticed = 0;
        for (int victim = -1; victim < count; ++victim) {
            INFO((cuts_answers ? "answer " : "request ") << victim << " of " << count);
            // Where the service is impatient the shell is left alone meanwhile, and taken back.
            tests::EndpointOptions options;
            if (victim % 2 == 0) options.left_alone_after = std::chrono::milliseconds(1);
            ClearEndpoint place(options);
            int number = 0;
            const auto hook = [&](const std::string& message) -> Passage {
                // Nothing is established before the first answer: the next test.
                const bool is_create = !cuts_answers && operation_of(message) == "Create";
                if (is_create) return {Passage::Kind::On, message};
                if (number++ != victim) return {Passage::Kind::On, message};
                place.cut_network();
                place.mend_network_later();
                return {Passage::Kind::Cut, {}};
            };
            (cuts_answers ? place.relay.on_answer : place.relay.on_request) = hook;
            tests::PoolDriver client(place.endpoint, place.relay.url(), ClearEndpoint::client());
            // The answer to Create may be lost as well: it is asked for again.
            Script script = play(client);
            if (victim == -1) count = number;
            if (cuts_answers && victim == 0) continue; // Create's own answer
            CHECK(script.output == expected_output);
            CHECK(script.state == RunspacePoolState::Opened);
            CHECK(place.endpoint.listener().shell_count() == 0);
            noticed += client.lines.empty() ? 0 : 1;
            CHECK(
                std::count_if(
                    place.endpoint.log.begin(),
                    place.endpoint.log.end(),
                    [](const std::string& line) { return line.starts_with("shell "); }
                ) == 1
            );
        }
        CHECK(count > 10);
        CHECK(noticed > count / 2); // some answers nobody waits for any more
    }
}

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

TEST_CASE("where nothing is waited for, a cut in each operation ends in a named error")
{
    for (const std::string victim :
         {"Create", "Command", "Send", "Receive", "Signal", "Disconnect", "Reconnect", "Delete"}) {
        INFO(victim);
        ClearEndpoint place;
        bool is_cut = false;
        place.relay.on_request = [&](const std::string& message) -> Passage {
            if (operation_of(message) != victim) return {Passage::Kind::On, message};
            is_cut = true;
            place.cut_network();
            return {Passage::Kind::Cut, {}};
        };
        auto options = ClearEndpoint::client();
        options.retry_window = std::chrono::milliseconds(0);
        tests::PoolDriver client(place.endpoint, place.relay.url(), options);
        const Script script = play(client);
        INFO(client.reason());
        CHECK(is_cut);
        CHECK(client.reason().find(std::string(tests::realm_password)) == std::string::npos);
        // An open session counts as left, others are Broken with the reason, or closed anyhow.
        if (script.state == RunspacePoolState::Broken) {
            const bool is_named =
                script.error == tests::text_of(psrp::HttpErrc::ConnectionCut) ||
                script.error == tests::text_of(psrp::HttpErrc::ConnectFailed) ||
                script.error == make_error_code(psrp::TransportErrc::StreamEnded).message();
            CHECK(is_named);
            CHECK_FALSE(client.reason().empty());
        } else {
            const bool is_closing = victim == "Delete";
            const auto expected =
                is_closing ? RunspacePoolState::Opened : RunspacePoolState::Disconnected;
            CHECK(script.state == expected);
            if (!is_closing) CHECK(client.lines.size() == 3);
        }
    }
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
