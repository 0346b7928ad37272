// The plain command shell: our client and our service joined, and what independent clients send.
#include <psrp/wsman/command_shell.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/support/skip.hpp>
#include <tests/wsman/joined.hpp>
#include <tests/wsman/recorded_soap.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace wsman = psrp::wsman;
using wsman::Errc;
using wsman::Operation;

namespace {

const psrp::Guid process_id = tests::pipeline_id;

std::string text_of(const psrp::Bytes& bytes)
{
    return std::string(clixml::text_of(bytes));
}

psrp::BytesView bytes_of(std::string_view text)
{
    return clixml::bytes_of(text);
}

wsman::ServerExchangeOptions server_options()
{
    wsman::ServerExchangeOptions options;
    options.allows_command_shell = true;
    return options;
}

wsman::CommandShellOptions client_options()
{
    wsman::CommandShellOptions options;
    options.url = "http://host:5985/wsman";
    return options;
}

// A client's shell and the service; the test plays the processes.
class Joined {
public:
    explicit Joined(
        const wsman::CommandShellOptions& options = client_options(),
        const wsman::ServerExchangeOptions& service = server_options()
    )
        : server(service, ids), shell(options, ids), envelope_bytes_max(options.envelope_bytes_max)
    {
    }

    void pump()
    {
        for (bool any = true; any;) {
            any = false;
            while (auto request = shell.next_request()) {
                any = true;
                CHECK(request->body.size() <= envelope_bytes_max);
                numbers_[++last_] = request->id;
                server.receive({last_, "user", "192.0.2.1", "", request->body}, now);
            }
            while (auto event = server.next_event()) {
                any = true;
                server_events.push_back(*std::move(event));
            }
            while (auto answer = server.next_answer()) {
                any = true;
                CHECK(answer->body.size() <= envelope_bytes_max);
                shell.on_response(
                    numbers_.at(answer->id),
                    {answer->status, wsman::soap_content_type, answer->body}
                );
            }
            while (auto event = shell.next_event()) {
                any = true;
                events.push_back(*std::move(event));
            }
        }
    }

    template <typename Event>
    std::vector<Event> server_events_of() const
    {
        std::vector<Event> found;
        for (const auto& event : server_events) {
            if (const auto* wanted = std::get_if<Event>(&event)) found.push_back(*wanted);
        }
        return found;
    }

    template <typename Event>
    std::vector<Event> events_of() const
    {
        std::vector<Event> found;
        for (const auto& event : events) {
            if (const auto* wanted = std::get_if<Event>(&event)) found.push_back(*wanted);
        }
        return found;
    }

    void open()
    {
        REQUIRE(shell.open());
        pump();
        REQUIRE(events_of<wsman::CommandShellReady>().size() == 1);
        key = server_events_of<wsman::CommandShellOpened>().at(0).shell;
    }

    void start(const wsman::ProcessOptions& options = {"cmd", {}, false, true})
    {
        REQUIRE(shell.start(process_id, options));
        pump();
        server.process_started(key, process_id);
        pump();
        REQUIRE(events_of<wsman::ProcessStarted>().size() == 1);
    }

    tests::CountingIds ids;
    wsman::ServerExchange server;
    wsman::CommandShell shell;
    std::uint32_t envelope_bytes_max;
    wsman::Time now{std::chrono::hours(1)};
    psrp::Guid key;
    std::vector<wsman::ServerExchangeEvent> server_events;
    std::vector<wsman::CommandShellEvent> events;

private:
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, std::uint64_t> numbers_;
};

} // namespace

TEST_CASE("a process is started, fed, heard and ended")
{
    auto options = client_options();
    options.working_directory = "C:\\x y";
    options.environment = {{"A", "1 < 2"}, {"B", ""}};
    options.code_page = 65001;
    options.no_profile = true;
    Joined joined(options);
    joined.open();
    const auto opened = joined.server_events_of<wsman::CommandShellOpened>()[0];
    CHECK(opened.working_directory == options.working_directory);
    CHECK(opened.environment == options.environment);
    CHECK(opened.code_page == 65001U);
    CHECK(opened.no_profile);
    CHECK(opened.owner == "user");
    joined.start({"echo", {"a b", "\"c\""}, true, false});
    const auto asked = joined.server_events_of<wsman::ProcessRequested>()[0];
    CHECK(asked.command_line == "echo");
    CHECK(asked.arguments == std::vector<std::string>{"a b", "\"c\""});
    CHECK(asked.skips_shell);
    CHECK_FALSE(asked.console_input);
    REQUIRE(joined.shell.write_input(process_id, bytes_of("in"), false));
    CHECK_FALSE(joined.shell.write_input(process_id, bytes_of("in"), false));
    joined.pump();
    CHECK(joined.events_of<wsman::ProcessInputTaken>().empty());
    joined.server.process_input_taken(joined.key, process_id);
    joined.pump();
    CHECK(joined.events_of<wsman::ProcessInputTaken>().size() == 1);
    REQUIRE(joined.shell.write_input(process_id, {}, true));
    joined.pump();
    joined.server.process_input_taken(joined.key, process_id);
    joined.pump();
    CHECK_FALSE(joined.shell.write_input(process_id, {}, true));
    const auto inputs = joined.server_events_of<wsman::ProcessInputReceived>();
    REQUIRE(inputs.size() == 2);
    CHECK(text_of(inputs[0].bytes) == "in");
    CHECK_FALSE(inputs[0].is_end);
    CHECK(inputs[1].is_end);
    auto& server = joined.server;
    server.process_output(joined.key, process_id, "stdout", bytes_of("out"), joined.now);
    server.process_output(joined.key, process_id, "stderr", bytes_of("err"), joined.now);
    joined.pump();
    server.process_ended(joined.key, process_id, 3, joined.now);
    joined.pump();
    const auto outputs = joined.events_of<wsman::ProcessOutput>();
    REQUIRE(outputs.size() == 2);
    CHECK(text_of(outputs[0].bytes) == "out");
    CHECK_FALSE(outputs[0].is_error);
    CHECK(text_of(outputs[1].bytes) == "err");
    CHECK(outputs[1].is_error);
    const auto ends = joined.events_of<wsman::ProcessEnded>();
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].exit_code == 3U);
    joined.shell.close();
    joined.pump();
    CHECK(joined.events_of<wsman::CommandShellGone>().size() == 1);
    CHECK(joined.shell.is_finished());
    CHECK(joined.server.shell_count() == 0);
    CHECK(joined.server_events_of<wsman::CommandShellClosed>().size() == 1);
}

TEST_CASE("output and input of any size cross the limits of envelopes")
{
    for (const std::uint32_t size : {8192U, 153600U, 512000U}) {
        auto options = client_options();
        options.envelope_bytes_max = size;
        Joined joined(options);
        joined.open();
        joined.start();
        const std::string whole(1 << 20, 'z');
        std::string_view rest = whole;
        while (!rest.empty()) {
            const auto piece = rest.substr(0, joined.shell.input_bytes_max());
            rest.remove_prefix(piece.size());
            REQUIRE(joined.shell.write_input(process_id, bytes_of(piece), rest.empty()));
            joined.pump();
            joined.server.process_input_taken(joined.key, process_id);
            joined.pump();
        }
        std::size_t taken = 0;
        for (const auto& input : joined.server_events_of<wsman::ProcessInputReceived>())
            taken += input.bytes.size();
        CHECK(taken == whole.size());
        joined.server.process_output(joined.key, process_id, "stdout", bytes_of(whole), joined.now);
        joined.server.process_ended(joined.key, process_id, 0, joined.now);
        joined.pump();
        std::size_t heard = 0;
        for (const auto& output : joined.events_of<wsman::ProcessOutput>())
            heard += output.bytes.size();
        INFO(size);
        CHECK(heard == whole.size());
        CHECK(joined.events_of<wsman::ProcessEnded>().size() == 1);
    }
}

TEST_CASE("a silent process is waited for, however often its Receive times out")
{
    Joined joined;
    joined.open();
    joined.start();
    for (int i = 0; i < 50; ++i) {
        joined.now += std::chrono::minutes(1);
        joined.server.on_deadline(joined.now);
        joined.pump();
    }
    CHECK(joined.events_of<wsman::ProcessFailed>().empty());
    joined.server.process_ended(joined.key, process_id, 0, joined.now);
    joined.pump();
    CHECK(joined.events_of<wsman::ProcessEnded>().size() == 1);
}

TEST_CASE("signals reach the process, and terminate ends it")
{
    Joined joined;
    joined.open();
    REQUIRE(joined.shell.start(process_id, {"cmd", {}, false, true}));
    // Asked for before the service has answered.
    REQUIRE(joined.shell.signal(process_id, wsman::ProcessSignal::CtrlC));
    joined.pump();
    CHECK(joined.server_events_of<wsman::ProcessSignalled>().empty());
    joined.server.process_started(joined.key, process_id);
    joined.pump();
    REQUIRE(joined.shell.signal(process_id, wsman::ProcessSignal::CtrlBreak));
    joined.pump();
    REQUIRE(joined.shell.signal(process_id, wsman::ProcessSignal::Terminate));
    joined.pump();
    const auto signals = joined.server_events_of<wsman::ProcessSignalled>();
    REQUIRE(signals.size() == 3);
    CHECK(signals[0].signal == wsman::ProcessSignal::CtrlC);
    CHECK(signals[1].signal == wsman::ProcessSignal::CtrlBreak);
    CHECK(signals[2].signal == wsman::ProcessSignal::Terminate);
    const auto ends = joined.events_of<wsman::ProcessEnded>();
    REQUIRE(ends.size() == 1);
    CHECK_FALSE(ends[0].exit_code);
}

TEST_CASE("a process that cannot be started fails alone")
{
    Joined joined;
    joined.open();
    REQUIRE(joined.shell.start(process_id, {"nonsense", {}, false, true}));
    joined.pump();
    joined.server.refuse_command(
        joined.key, process_id, wsman::make_fault(Errc::AccessDenied, "srv")
    );
    joined.pump();
    const auto failures = joined.events_of<wsman::ProcessFailed>();
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].failure.error.code == Errc::AccessDenied);
    REQUIRE(joined.shell.start(process_id, {"sense", {}, false, true}));
}

TEST_CASE("a command shell that is off, or that is left behind, is named and deleted")
{
    Joined off(client_options(), {});
    REQUIRE(off.shell.open());
    off.pump();
    const auto failures = off.events_of<wsman::CommandShellFailed>();
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].failure.error.code == Errc::RemoteShellsDisallowed);
    CHECK(off.shell.is_finished());
    Joined left;
    left.open();
    left.start();
    left.shell.abandon();
    left.pump();
    CHECK(left.server.shell_count() == 0);
    CHECK(left.shell.is_finished());
    Joined idle;
    idle.open();
    idle.now += std::chrono::hours(2);
    idle.server.on_deadline(idle.now);
    idle.pump();
    CHECK(idle.server.shell_count() == 0);
    CHECK(idle.server_events_of<wsman::CommandShellClosed>().size() == 1);
}

// What another client sent to a Windows service, with the identifiers of ours in place of its own:
// ours answers in the same form.
TEST_CASE("recorded command shell sessions of another client are served in the recorded form")
{
    const auto conversations = tests::recorded_soap();
    if (conversations.empty()) return tests::report_skip(tests::no_recorded_soap);
    std::size_t played = 0;
    for (const auto& conversation : conversations) {
        if (!conversation.name.starts_with("winrs_")) continue;
        tests::CountingIds ids;
        wsman::ServerExchange server(server_options(), ids);
        wsman::Time now{std::chrono::hours(1)};
        std::map<std::string, std::string> ours; // identifiers, by the recorded ones
        psrp::Guid shell;
        psrp::Guid command;
        std::uint64_t number = 0;
        for (const auto& exchange : conversation.exchanges) {
            std::string text = exchange.request;
            for (const auto& [recorded, own] : ours) {
                for (auto at = text.find(recorded); at != std::string::npos;
                     at = text.find(recorded, at))
                    text.replace(at, recorded.size(), own);
            }
            const auto recorded = wsman::read_response(exchange.response);
            REQUIRE(recorded);
            if (const auto* heard = std::get_if<wsman::ReceiveResponse>(&recorded->body)) {
                for (const auto& stream : heard->streams)
                    server.process_output(shell, command, stream.name, stream.bytes, now);
                if (heard->state && heard->state->exit_code)
                    server.process_ended(shell, command, *heard->state->exit_code, now);
            }
            server.receive({++number, "user", "192.0.2.1", "", text}, now);
            while (auto event = server.next_event()) {
                if (const auto* opened = std::get_if<wsman::CommandShellOpened>(&*event))
                    shell = opened->shell;
                if (const auto* asked = std::get_if<wsman::ProcessRequested>(&*event)) {
                    command = asked->command;
                    server.process_started(shell, command);
                }
            }
            if (std::holds_alternative<wsman::Fault>(recorded->body)) {
                now += std::chrono::seconds(30);
                server.on_deadline(now);
            }
            const auto answer = server.next_answer();
            INFO(conversation.name << " " << number);
            REQUIRE(answer);
            const auto response = wsman::read_response(answer->body);
            REQUIRE(response);
            CHECK(response->body.index() == recorded->body.index());
            CHECK(response->header.action == recorded->header.action);
            if (const auto* created = std::get_if<wsman::ResourceCreated>(&recorded->body))
                ours[created->selectors.at(0).value] = wsman::upper_text(shell);
            if (const auto* started = std::get_if<wsman::CommandResponse>(&recorded->body))
                ours[started->command_id] = wsman::upper_text(command);
            if (const auto* heard = std::get_if<wsman::ReceiveResponse>(&recorded->body)) {
                const auto& own = std::get<wsman::ReceiveResponse>(response->body);
                REQUIRE(own.state);
                CHECK(own.state->state == heard->state->state);
                CHECK(own.state->exit_code == heard->state->exit_code);
            }
            ++played;
        }
        CHECK(server.shell_count() == 0);
    }
    CHECK(played >= 13);
}
