#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_server.hpp>
#include <tests/support/segmentations.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/transport/wire_text.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace psrp;
using tests::pid;
using tests::with_guids;

namespace {

using Events = std::vector<std::string>;

void drain(OutOfProcServer& server, Events& events)
{
    while (true) {
        const auto event = server.next_event();
        if (!event) {
            events.push_back("!" + event.error().code.message());
            return;
        }
        if (!*event) return;
        events.push_back(tests::text_of(**event));
    }
}

Events drained(OutOfProcServer& server)
{
    Events events;
    drain(server, events);
    return events;
}

Events events_of(std::string text)
{
    OutOfProcServer server;
    server.receive(clixml::bytes_of(with_guids(std::move(text))));
    return drained(server);
}

std::string failed(TransportErrc code)
{
    return "!" + make_error_code(code).message();
}

} // namespace

TEST_CASE("a server's actions become lines")
{
    OutOfProcServer server;
    CHECK(server.perform(AcknowledgeData{session_channel}));
    CHECK(server.perform(AcknowledgeCommand{pid()}));
    CHECK(server.perform(Send{pid(), Stream::Default, {'a'}}));
    CHECK(server.perform(AcknowledgeSignal{pid()}));
    CHECK(server.perform(AcknowledgeClose{pid()}));
    server.report_error("bad\nthing");
    CHECK(
        server.take_output() ==
        with_guids("<DataAck PSGuid='@Z' />\n<CommandAck PSGuid='@P' />\n"
                   "<Data Stream='Default' PSGuid='@P'>YQ==</Data>\n<SignalAck PSGuid='@P' />\n"
                   "<CloseAck PSGuid='@P' />\n__NamedPipeError__:bad thing\n")
    );
}

TEST_CASE("a client's lines become events in order, for every segmentation")
{
    const std::string text = with_guids(
        "\xEF\xBB\xBF<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\r\n"
        "<Command PSGuid='@P' />\n<Data Stream='PromptResponse' PSGuid='@P'>YQ==</Data>\r"
        "<Signal PSGuid='@P' /><Close PSGuid='@P' />\n"
        "<Close PSGuid='@Z' />"
    );
    const Events expected = {
        "Data zero abc",
        "Command P",
        "Data prompt P a",
        "Signal P",
        "Close P",
        "Close zero",
        "EndOfInput"};
    for (const auto& segmentation : tests::segmentations(text.size())) {
        INFO(segmentation.name);
        OutOfProcServer server;
        Events events;
        tests::feed_in_pieces(clixml::bytes_of(text), segmentation, [&](BytesView piece) {
            server.receive(piece);
            drain(server, events);
            return true;
        });
        server.receive_end();
        drain(server, events);
        CHECK(events == expected);
    }
}

TEST_CASE("signals, closes and data for unknown commands are the machine's business")
{
    CHECK(events_of("<Signal PSGuid='@P' />\n") == Events{"Signal P"});
    CHECK(events_of("<Close PSGuid='@P' />\n<Close PSGuid='@P' />\n").size() == 2);
    CHECK(events_of("<Data Stream='Default' PSGuid='@P'>YQ==</Data>\n") == Events{"Data P a"});
    CHECK(events_of("<Close PSGuid='@Z' />\n<Close PSGuid='@Z' />\n").size() == 2);
}

TEST_CASE("an empty line means that the client is gone")
{
    CHECK(events_of("\n<Close PSGuid='@Z' />\n") == Events{"EndOfInput"});
    OutOfProcServer server;
    server.receive_end();
    CHECK(drained(server) == Events{"EndOfInput"});
    CHECK(drained(server).empty());
}

TEST_CASE("which client lines are faulty")
{
    using enum TransportErrc;
    struct Row {
        const char* text;
        TransportErrc code;
    };
    const Row rows[] = {
        {"Welcome!\n", StrayText},
        {"<Signal PSGuid='@Z' />\n", SignalForSession},
        {"<CloseAck PSGuid='@Z' />\n", UnknownElement},
        {"\xEF\xBB\xBF<Close PSGuid='@P' />\n", StrayText},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        OutOfProcServer server;
        server.receive(
            clixml::bytes_of(with_guids(std::string("<Close PSGuid='@P' />\n") + row.text))
        );
        CHECK(drained(server) == Events{"Close P", failed(row.code)});
        CHECK_FALSE(server.offending_line().empty());
        CHECK(drained(server) == Events{failed(row.code)});
        server.skip_faulty_line();
        server.receive(clixml::bytes_of(with_guids("<Close PSGuid='@P' />\n")));
        CHECK(drained(server) == Events{"Close P"});
    }
}

TEST_CASE("a cut line at the end of input is dropped, a whole one counts")
{
    OutOfProcServer server;
    server.receive(clixml::bytes_of(with_guids("<Data Stream='Default' PSGuid='@Z'>AAAA")));
    server.receive_end();
    CHECK(drained(server) == Events{"EndOfInput"});
    OutOfProcServer other;
    other.receive(clixml::bytes_of(with_guids("<Close PSGuid='@P' />")));
    other.receive_end();
    CHECK(drained(other) == Events{"Close P", "EndOfInput"});
}

TEST_CASE("a command for the session's channel is the machine's business")
{
    CHECK(events_of("<Command PSGuid='@Z' />\n<Command PSGuid='@Z' />\n").size() == 2);
}

TEST_CASE("a command may be opened again only after its close was acknowledged")
{
    OutOfProcServer server;
    const std::string command = with_guids("<Command PSGuid='@P' />\n");
    server.receive(clixml::bytes_of(command));
    CHECK(drained(server) == Events{"Command P"});
    REQUIRE(server.perform(AcknowledgeClose{pid()}));
    server.receive(clixml::bytes_of(command));
    CHECK(drained(server) == Events{"Command P"});
    REQUIRE(server.perform(AcknowledgeClose{session_channel}));
    server.receive(clixml::bytes_of(command + command));
    CHECK(drained(server) == Events{"Command P", failed(TransportErrc::CommandExists)});
}

TEST_CASE("a client opens N commands and no more")
{
    OutOfProcServer server({.commands_max = 3});
    for (std::uint8_t i = 1; i <= 4; ++i) {
        Guid guid;
        guid.bytes[15] = i;
        std::string line;
        append_element(ElementKind::Command, guid, line);
        server.receive(clixml::bytes_of(line));
        const Events events = drained(server);
        CHECK((events.front() == failed(TransportErrc::TooManyCommands)) == (i == 4));
    }
}

TEST_CASE("a line without end is refused at its limit and cannot be skipped")
{
    OutOfProcServer server({.lines = {.line_bytes_max = 100}});
    server.receive(Bytes(100, 'x'));
    CHECK(drained(server).empty());
    server.receive(Bytes(1, 'x'));
    CHECK(drained(server) == Events{failed(TransportErrc::LineTooLong)});
    server.skip_faulty_line();
    CHECK(drained(server) == Events{failed(TransportErrc::LineTooLong)});
}

TEST_CASE("output over the limit is refused unless it is the first")
{
    OutOfProcServer server({.output_bytes_max = 1000});
    const Send big{pid(), Stream::Default, Bytes(2000, 'x')};
    REQUIRE(server.perform(big));
    const auto refused = server.perform(AcknowledgeData{pid()});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == make_error_code(TransportErrc::OutputFull));
    server.take_output();
    CHECK(server.perform(AcknowledgeData{pid()}));
}

TEST_CASE("lines that made a real server end are faulty here, and those it took are not")
{
    std::size_t faulty = 0;
    std::size_t good = 0;
    for (const auto& row : tests::read_vector_file("psrp-bad/server.jsonl")) {
        INFO(row.where());
        OutOfProcServer server;
        Events events;
        for (const auto& step : row.fields.at("send")) {
            if (step.is_string()) {
                const std::string line = step.get<std::string>() + "\n";
                server.receive(clixml::bytes_of(line));
            } else if (step.contains("raw")) {
                server.receive(clixml::bytes_of(step.at("raw").get_ref<const std::string&>()));
            } else if (step.contains("eof")) {
                server.receive_end();
            }
            // What the machine would do about a close.
            const std::size_t before = events.size();
            drain(server, events);
            for (std::size_t i = before; i < events.size(); ++i) {
                if (events[i] == "Close zero")
                    (void)server.perform(AcknowledgeClose{session_channel});
            }
        }
        const bool has_failed = !events.empty() && events.back().starts_with("!");
        if (row.name.starts_with("framing-") && row.text("outcome") == "process-exit") {
            CHECK((has_failed || events.back() == "EndOfInput"));
            ++faulty;
        } else if (row.text("outcome") != "process-exit") {
            CHECK_FALSE(has_failed);
            ++good;
        }
    }
    CHECK(faulty >= 8);
    CHECK(good >= 40);
}
