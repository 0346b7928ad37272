#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_client.hpp>
#include <tests/support/segmentations.hpp>
#include <tests/transport/wire_text.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace psrp;
using tests::pid;
using tests::with_guids;

namespace {

using Events = std::vector<std::string>;

// All events a client has, as text, and the error, if any.
void drain(OutOfProcClient& client, Events& events)
{
    while (true) {
        const auto event = client.next_event();
        if (!event) {
            events.push_back("!" + event.error().code.message());
            return;
        }
        if (!*event) return;
        events.push_back(tests::text_of(**event));
    }
}

Events drained(OutOfProcClient& client)
{
    Events events;
    drain(client, events);
    return events;
}

// A client with a session and the command P open.
OutOfProcClient opened_client(OutOfProcClientLimits limits = {})
{
    OutOfProcClient client(limits);
    REQUIRE(client.perform(OpenSession{}));
    REQUIRE(client.perform(OpenCommand{pid()}));
    client.take_output();
    return client;
}

Events events_of(std::string text)
{
    OutOfProcClient client = opened_client();
    client.receive(clixml::bytes_of(with_guids(std::move(text))));
    return drained(client);
}

std::string failed(TransportErrc code)
{
    return "!" + make_error_code(code).message();
}

Send send(const Guid& channel, std::string_view text = "abc")
{
    return {channel, Stream::Default, Bytes(text.begin(), text.end())};
}

} // namespace

TEST_CASE("a client's actions become lines")
{
    OutOfProcClient client;
    CHECK(client.perform(OpenSession{}));
    CHECK(client.pending_output_bytes() == 0);
    CHECK(client.perform(send(session_channel)));
    CHECK(client.perform(OpenCommand{pid()}));
    CHECK(client.perform(Send{pid(), Stream::PromptResponse, {'a'}}));
    CHECK(client.perform(SignalCommand{pid()}));
    CHECK(client.perform(CloseCommand{pid()}));
    CHECK(client.perform(CloseSession{}));
    CHECK(
        client.take_output() == with_guids("<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\n"
                                           "<Command PSGuid='@P' />\n"
                                           "<Data Stream='PromptResponse' PSGuid='@P'>YQ==</Data>\n"
                                           "<Signal PSGuid='@P' />\n"
                                           "<Close PSGuid='@P' />\n"
                                           "<Close PSGuid='@Z' />\n")
    );
    CHECK(client.pending_output_bytes() == 0);
}

TEST_CASE("actions for commands that are not open are refused and write nothing")
{
    OutOfProcClient client = opened_client();
    const Guid other = *Guid::read("11111111-0011-2233-4455-66778899aabb");
    const ClientAction refused[] = {
        Disconnect{},
        Reconnect{},
        Connect{},
        OpenCommand{pid()},
        OpenCommand{session_channel},
        send(other),
        SignalCommand{other},
        SignalCommand{session_channel},
        CloseCommand{other},
        CloseCommand{session_channel},
    };
    for (const ClientAction& action : refused) {
        const auto outcome = client.perform(action);
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error() == make_error_code(TransportErrc::ActionNotAllowed));
    }
    REQUIRE(client.perform(CloseCommand{pid()}));
    client.take_output();
    CHECK_FALSE(client.perform(CloseCommand{pid()}));
    CHECK_FALSE(client.perform(send(pid())));
    CHECK(client.pending_output_bytes() == 0);
}

TEST_CASE("a server's lines become events, for every segmentation")
{
    const std::string text = with_guids("<DataAck PSGuid='@Z' />\n"
                                        "<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\r\n"
                                        "\n"
                                        "<CommandAck PSGuid='@P' />\r"
                                        "<Data Stream='foo' PSGuid='@P'>YQ==</Data>\n"
                                        "<SignalAck PSGuid='@P' /><CloseAck PSGuid='@P' />\n"
                                        "<CloseAck PSGuid='@Z' />\n");
    const Events expected = {
        "DataAcknowledged zero",
        "DataReceived zero abc",
        "CommandOpened P",
        "DataReceived P a",
        "SignalAcknowledged P",
        "ChannelClosed zero",
    };
    for (const auto& segmentation : tests::segmentations(text.size())) {
        INFO(segmentation.name);
        OutOfProcClient client = opened_client();
        REQUIRE(client.perform(send(session_channel)));
        Events events;
        tests::feed_in_pieces(clixml::bytes_of(text), segmentation, [&](BytesView piece) {
            client.receive(piece);
            drain(client, events);
            return true;
        });
        CHECK(events == expected);
    }
}

TEST_CASE("what concerns unknown or closed channels is ignored")
{
    const std::string unknown = "11111111-0011-2233-4455-66778899aabb";
    for (const std::string name : {"DataAck", "SignalAck", "CloseAck"}) {
        CHECK(events_of("<" + name + " PSGuid='" + unknown + "' />\n").empty());
    }
    CHECK(events_of("<Data Stream='Default' PSGuid='" + unknown + "'>YQ==</Data>\n").empty());
    CHECK(events_of("<CloseAck PSGuid='@P' />\n").empty());

    OutOfProcClient client = opened_client();
    REQUIRE(client.perform(CloseCommand{pid()}));
    client.receive(
        clixml::bytes_of(with_guids("<Data Stream='Default' PSGuid='@P'>YQ==</Data>\n"
                                    "<SignalAck PSGuid='@P' />\n<CommandAck PSGuid='@P' />\n"
                                    "<DataAck PSGuid='@P' />\n<CloseAck PSGuid='@P' />\n"
                                    "<Data Stream='Default' PSGuid='@P'>YQ==</Data>\n"))
    );
    CHECK(drained(client) == Events{"ChannelClosed P"});
}

TEST_CASE("acknowledgements are counted")
{
    OutOfProcClient client = opened_client();
    REQUIRE(client.perform(send(pid())));
    client.receive(clixml::bytes_of(
        with_guids("<DataAck PSGuid='@P' /><DataAck PSGuid='@P' /><DataAck PSGuid='@Z' />\n")
    ));
    CHECK(drained(client) == Events{"DataAcknowledged P"});
}

TEST_CASE("a second CommandAck and an unasked SignalAck are passed on, an unasked CloseAck ends "
          "the session")
{
    CHECK(events_of("<CommandAck PSGuid='@P' /><CommandAck PSGuid='@P' />\n").size() == 2);
    CHECK(events_of("<SignalAck PSGuid='@P' />\n") == Events{"SignalAcknowledged P"});
    CHECK(
        events_of("<CloseAck PSGuid='@Z' /><Data Stream='Default' PSGuid='@P'>YQ==</Data>\n") ==
        Events{"ChannelClosed zero"}
    );
}

TEST_CASE("which server lines break the connection")
{
    struct Row {
        const char* text;
        TransportErrc code;
    };
    using enum TransportErrc;
    const Row rows[] = {
        {"Welcome!\n", StrayText},
        {"\xEF\xBB\xBF<DataAck PSGuid='@Z' />\n", StrayText},
        {"__HyperVSocketError__:x\n", StrayText},
        {" \n", UnknownNodeType},
        {"<data Stream='Default' PSGuid='@Z'>YQ==</data>\n", UnknownElement},
        {"<Close PSGuid='@P' />\n", UnknownElement},
        {"<Command PSGuid='@P' />\n", UnknownElement},
        {"<Signal PSGuid='@P' />\n", UnknownElement},
        {"<CommandAck PSGuid='@Z' />\n", UnknownCommand},
        {"<CommandAck PSGuid='11111111-0011-2233-4455-66778899aabb' />\n", UnknownCommand},
        {"<SignalAck PSGuid='@Z' />\n", SignalForSession},
        {"<Data Stream='Default' PSGuid='@P'>AA*A</Data>\n", InvalidBase64},
        {"<Data Stream='Default' PSGuid='xyz'>AAAA</Data>\n", InvalidGuid},
        {"<Data Stream='Default' PSGuid='@P' />\n", InsufficientData},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        OutOfProcClient client = opened_client();
        client.receive(
            clixml::bytes_of(with_guids(std::string("<CommandAck PSGuid='@P' />\n") + row.text))
        );
        const Events events = drained(client);
        CHECK(events == Events{"CommandOpened P", failed(row.code)});
        std::string line = with_guids(row.text);
        line.pop_back();
        CHECK(client.offending_line() == line);
        client.receive(clixml::bytes_of(with_guids("<DataAck PSGuid='@Z' />\n")));
        CHECK(drained(client) == Events{failed(row.code)});
    }
}

TEST_CASE("the offset of an error counts from the start of the stream")
{
    OutOfProcClient client = opened_client();
    client.receive(clixml::bytes_of("\n\r\nWelcome!\n"));
    const auto event = client.next_event();
    REQUIRE_FALSE(event);
    CHECK(event.error().offset == 3);
}

TEST_CASE("an error line is an event and then an error")
{
    OutOfProcClient client = opened_client();
    client.receive(clixml::bytes_of("__namedpipeerror__:it b\xC3\xB6rk\n   at stack\n"));
    CHECK_FALSE(client.has_received_line());
    CHECK(
        drained(client) ==
        Events{"PeerReportedError it b\xC3\xB6rk", failed(TransportErrc::PeerReportedError)}
    );
    CHECK_FALSE(client.has_received_line());
}

TEST_CASE("a long offending line is kept up to its limit")
{
    OutOfProcClient client = opened_client({.offending_line_bytes_max = 5});
    client.receive(clixml::bytes_of("Welcome!\n"));
    CHECK(drained(client) == Events{failed(TransportErrc::StrayText)});
    CHECK(client.offending_line() == "Welco");
}

TEST_CASE("the end of input after the session is an event, before it an error")
{
    OutOfProcClient client = opened_client();
    client.receive(clixml::bytes_of(with_guids("<CloseAck PSGuid='@Z' />")));
    CHECK(drained(client).empty());
    client.receive_end();
    CHECK(drained(client) == Events{"ChannelClosed zero", "ConnectionEnded"});
    CHECK(drained(client).empty());

    OutOfProcClient cut = opened_client();
    cut.receive(clixml::bytes_of(with_guids("<Data Stream='Default' PSGuid='@Z'>YWJj")));
    cut.receive_end();
    CHECK(drained(cut) == Events{failed(TransportErrc::StreamEnded)});
}

TEST_CASE("a new session may start on the same stream")
{
    OutOfProcClient client = opened_client();
    client.receive(clixml::bytes_of(with_guids("<CloseAck PSGuid='@Z' />\n")));
    CHECK(drained(client) == Events{"ChannelClosed zero"});
    CHECK_FALSE(client.perform(send(session_channel)));
    REQUIRE(client.perform(OpenSession{}));
    REQUIRE(client.perform(send(session_channel)));
    client.receive(clixml::bytes_of(with_guids("<DataAck PSGuid='@Z' />\n")));
    CHECK(drained(client) == Events{"DataAcknowledged zero"});
}

TEST_CASE("output over the limit is refused")
{
    OutOfProcClient client = opened_client({.output_bytes_max = 400});
    REQUIRE(client.perform(send(pid(), std::string(90, 'x'))));
    const auto refused = client.perform(send(session_channel, std::string(90, 'x')));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == make_error_code(TransportErrc::OutputFull));
    client.take_output();
    CHECK(client.perform(send(session_channel, std::string(90, 'x'))));
}
