// A session whose network is cut at each of its requests and answers, for a second and for longer
// than the client waits (fact sheet transports B18).
#include <psrp/transport/errors.hpp>
#include <tests/http/scripted_server.hpp>
#include <tests/tool/entered.hpp>
#include <tests/winrm/clear_endpoint.hpp>
#include <tests/winrm/cuttable_endpoint.hpp>
#include <tests/winrm/played_session.hpp>
#include <tests/winrm/side_by_side.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <optional>
#include <thread>

using psrp::RunspacePoolState;
using tests::ClearEndpoint;
using tests::Passage;
using tests::PlayedSession;

namespace {

constexpr std::chrono::seconds patience{120};

// Has `cut` called when the message of this number passes, which is lost then.
void cut_at(
    ClearEndpoint& place, bool cuts_answers, int victim, int& count, std::function<void()> cut
)
{
    (cuts_answers ? place.relay.on_answer : place.relay.on_request
    ) = [&count, victim, cut = std::move(cut)](const std::string& message) -> Passage {
        if (count++ != victim) return {Passage::Kind::On, message};
        cut();
        return {Passage::Kind::Cut, {}};
    };
}

// How many messages of one direction there are when nothing is cut.
int message_count(bool of_answers)
{
    ClearEndpoint place;
    int count = 0;
    cut_at(place, of_answers, -1, count, {});
    tests::PoolDriver client(place.endpoint, place.relay.url(), ClearEndpoint::client());
    REQUIRE(tests::play(client).output == tests::played_output);
    return count;
}

// One piece of work: a direction, and the number of its message that is lost.
struct Victim {
    bool is_answer = false;
    int number = 0;
};

std::vector<Victim> all_victims()
{
    std::vector<Victim> victims;
    for (const bool is_answer : {false, true}) {
        const int count = message_count(is_answer);
        CHECK(count > 10);
        for (int number = 0; number < count; ++number)
            victims.push_back({is_answer, number});
    }
    return victims;
}

// What is to be said of each; `work` gives one of `expected`.
std::vector<std::string> results_of(
    const std::vector<Victim>& victims,
    const std::vector<std::string>& expected,
    const std::function<std::string(const Victim&)>& work
)
{
    const auto results = tests::side_by_side(static_cast<int>(victims.size()), [&](int i) {
        return work(victims[static_cast<std::size_t>(i)]);
    });
    for (std::size_t i = 0; i < results.size(); ++i) {
        INFO((victims[i].is_answer ? "answer " : "request ") << victims[i].number);
        CHECK_THAT(expected, Catch::VectorContains(results[i]));
    }
    return results;
}

std::string play_with_cut(const Victim& victim)
{
    // Where the service is impatient the shell is left alone meanwhile, and taken back.
    tests::EndpointOptions options;
    if (victim.number % 2 == 0) options.left_alone_after = std::chrono::milliseconds(1);
    ClearEndpoint place(options);
    int count = 0;
    cut_at(place, victim.is_answer, victim.number, count, [&] {
        place.cut_network();
        place.mend_network_after(std::chrono::seconds(1));
    });
    auto client_options = ClearEndpoint::client();
    client_options.retry_interval = psrp::WinRmOptions().retry_interval;
    tests::PoolDriver client(place.endpoint, place.relay.url(), client_options);
    const PlayedSession played = tests::play(client);
    // Nothing is established before the first answer: such a cut is an error, in another test.
    if (!played.was_opened && victim.number == 0) return "not established";
    if (played.output != tests::played_output) return "other output: " + played.output;
    if (played.state != RunspacePoolState::Opened) return "not open";
    if (place.endpoint.listener().shell_count() != 0) return "a shell is left";
    const auto& log = place.endpoint.log;
    const auto created = std::count_if(log.begin(), log.end(), [](const std::string& line) {
        return line.starts_with("shell ");
    });
    if (created != 1) return std::to_string(created) + " shells";
    return client.lines.empty() ? "not noticed" : "noticed";
}

// Somebody who comes once the first client is gone, and is told to come again until the service has
// noticed that.
std::string
take_up(ClearEndpoint& place, const psrp::WinRmOptions& options, const PlayedSession& played)
{
    std::optional<tests::PoolDriver> other;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    do {
        if (other) std::this_thread::sleep_for(2 * tests::soon);
        if (std::chrono::steady_clock::now() > deadline) return "never taken up";
        other.emplace(place.endpoint, place.relay.url(), options);
        other->connect();
    } while (other->state() != RunspacePoolState::Opened);
    // What still runs is in the way; what has ended has output that was lost.
    std::string output = played.output;
    for (const psrp::Guid& pipeline : played.open_pipelines) {
        REQUIRE(other->pool().connect_pipeline(pipeline));
        if (pipeline == played.endless) REQUIRE(other->pool().stop(pipeline));
        other->wait(pipeline);
        for (const std::string& line : other->output[pipeline])
            output += line + " ";
    }
    const std::string found = other->run("\"$x\"");
    other->close();
    const bool has_run = found == "1\n";
    const bool has_output = output.starts_with("one two ");
    if (has_run != has_output || (!has_run && found != "\n"))
        return "$x is " + found + "after " + output;
    return place.endpoint.listener().shell_count() == 0 ? "taken up" : "a shell is left";
}

std::string lose_and_take_up(const Victim& victim)
{
    tests::EndpointOptions options;
    options.left_alone_after = std::chrono::milliseconds(100);
    ClearEndpoint place(options);
    int count = 0;
    cut_at(place, victim.is_answer, victim.number, count, [&] { place.cut_network(); });
    auto client_options = ClearEndpoint::client();
    client_options.retry_window = std::chrono::milliseconds(1000);
    client_options.exchange.shell_id = place.endpoint.ids().new_guid();
    tests::PoolDriver client(place.endpoint, place.relay.url(), client_options);
    const PlayedSession played = tests::play(client);
    place.relay.on_request = place.relay.on_answer = nullptr;
    place.relay.is_down = false;
    if (!played.was_opened) return "not established";
    // One that was left already cannot be taken up again without a network.
    if (played.state == RunspacePoolState::Broken && !played.was_left)
        return "broken: " + client.reason();
    const bool was_lost = played.state == RunspacePoolState::Disconnected;
    if (was_lost && (client.lines.empty() || !client.lines.back().ends_with("Receive-PSSession.")))
        return "not told";
    // One that was to be closed may be there all the same.
    if (!was_lost && place.endpoint.listener().shell_count() == 0) return "closed";
    return take_up(place, client_options, played);
}

} // namespace

TEST_CASE("a network cut for a second at any request or answer loses and repeats nothing")
{
    const auto victims = all_victims();
    const auto results =
        results_of(victims, {"noticed", "not noticed", "not established"}, play_with_cut);
    // Some answers nobody waits for any more.
    const auto noticed = std::count(results.begin(), results.end(), "noticed");
    CHECK(2 * static_cast<std::size_t>(noticed) > victims.size());
    CHECK(std::count(results.begin(), results.end(), "not established") <= 2);
}

TEST_CASE("a network cut at any request or answer for good leaves a session that can be connected")
{
    const auto victims = all_victims();
    const auto results =
        results_of(victims, {"taken up", "closed", "not established"}, lose_and_take_up);
    const auto taken_up = std::count(results.begin(), results.end(), "taken up");
    CHECK(2 * static_cast<std::size_t>(taken_up) > victims.size());
}

TEST_CASE("where nothing is waited for, a cut in each operation ends in a named error")
{
    for (const std::string victim :
         {"Create", "Command", "Send", "Receive", "Signal", "Disconnect", "Reconnect", "Delete"}) {
        INFO(victim);
        ClearEndpoint place;
        bool is_cut = false;
        place.relay.on_request = [&](const std::string& message) -> Passage {
            if (tests::operation_of(message) != victim) return {Passage::Kind::On, message};
            is_cut = true;
            place.cut_network();
            return {Passage::Kind::Cut, {}};
        };
        auto options = ClearEndpoint::client();
        options.retry_window = std::chrono::milliseconds(0);
        tests::PoolDriver client(place.endpoint, place.relay.url(), options);
        const PlayedSession played = tests::play(client);
        INFO(client.reason());
        CHECK(is_cut);
        CHECK(client.reason().find(std::string(tests::realm_password)) == std::string::npos);
        // An open session counts as left, others are Broken with the reason, or closed anyhow.
        if (played.state == RunspacePoolState::Broken) {
            const bool is_named =
                played.error == tests::text_of(psrp::HttpErrc::ConnectionCut) ||
                played.error == tests::text_of(psrp::HttpErrc::ConnectFailed) ||
                played.error == make_error_code(psrp::TransportErrc::StreamEnded).message();
            CHECK(is_named);
            CHECK_FALSE(client.reason().empty());
        } else {
            const bool is_closing = victim == "Delete";
            const auto expected =
                is_closing ? RunspacePoolState::Opened : RunspacePoolState::Disconnected;
            CHECK(played.state == expected);
            if (!is_closing) CHECK(client.lines.size() == 3);
        }
    }
}

TEST_CASE("Ctrl-C while a lost network is waited for leaves the session, and says so")
{
    tests::EndpointOptions options;
    options.left_alone_after = std::chrono::milliseconds(100);
    tests::CuttableEndpoint endpoint(options);
    const tests::TemporaryFolder folder; // the script waits for a file in it
    const std::string place = folder.path().string();
    const auto with = [&](std::vector<std::string> words, const std::vector<std::string>& more) {
        const auto access = endpoint.access();
        words.insert(words.end(), access.begin(), access.end());
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    const std::string icm = tests::program_path("icm");
    const std::string psrp = tests::program_path("psrp");
    tests::RunningProgram program(with(
        {icm, "-NoInput", "--output", "jsonl"},
        {"'begun'; 1..100000 | ForEach-Object { Start-Sleep -Milliseconds 20; if ((Get-ChildItem "
         "'" +
         place + "').Count) { 'end' } } | Select-Object -First 1"}
    ));
    const bool has_begun = program.wait_for_output("begun");
    INFO(program.errors());
    REQUIRE(has_begun);
    endpoint.wait_for_reader(); // or "begun" may have been lost, for all the endpoint knows
    endpoint.cut();
    REQUIRE(program.wait_for_errors("has been interrupted"));
    ::kill(program.id(), SIGINT);
    const auto left = program.wait();
    INFO(left.output << left.errors);
    CHECK(left.exit_code == 130);
    CHECK_THAT(left.errors, Catch::Contains("The reconnection attempt to localhost was given up."));
    CHECK_THAT(left.errors, Catch::Contains("reconnect using Connect-PSSession"));
    CHECK_THAT(left.errors, Catch::Contains("was disconnected while its script ran"));
    CHECK_THAT(left.output, Catch::Contains("\"State\":\"Disconnected\""));
    const std::string name = "\"InstanceId\":\"";
    const std::size_t at = left.output.find(name);
    REQUIRE(at != std::string::npos);
    const std::string id = left.output.substr(at + name.size(), 36);
    // What ran goes on without us, and its output is there for who comes.
    endpoint.mend();
    folder.write("mark", "");
    tests::ProgramResult received;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    do {
        received = tests::run_program(with({psrp, "session", "receive", id}, {}));
    } while (received.exit_code != 0 && std::chrono::steady_clock::now() < deadline);
    INFO(received.errors);
    CHECK(received.exit_code == 0);
    CHECK(received.output == "end\n");
}

TEST_CASE("Ctrl-C in psrp enter while a lost network is waited for leaves the session as well")
{
    tests::EndpointOptions options;
    options.left_alone_after = std::chrono::milliseconds(100);
    tests::CuttableEndpoint endpoint(options);
    tests::Entered session(endpoint.access());
    session.enter("'beg' + 'un'; Start-Sleep 1000");
    session.expect("begun\r\n");
    endpoint.cut();
    session.expect("has been interrupted");
    session.program.type("\x03");
    session.expect("The reconnection attempt to localhost was given up.");
    session.expect("State             : Disconnected");
    session.expect("InstanceId");
    CHECK(session.program.wait() == 130);
    CHECK(session.program.echoes());
}
