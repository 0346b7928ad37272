#include <psrp/transport/errors.hpp>
#include <psrp/transport/loopback_transport.hpp>
#include <tests/transport/wire_text.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace psrp;
using tests::pid;

namespace {

std::vector<std::string> drained(Transport& transport)
{
    std::vector<std::string> events;
    while (true) {
        const auto event = transport.next_event();
        if (!event) {
            events.push_back("!" + event.error().code.message());
            return events;
        }
        if (!*event) return events;
        events.push_back(tests::text_of(**event));
    }
}

} // namespace

TEST_CASE("a client and a server adapter talk in one process")
{
    OutOfProcServer server;
    LoopbackTransport* link = nullptr;
    LoopbackTransport transport([&](BytesView bytes) {
        server.receive(bytes);
        while (true) {
            const auto event = server.next_event();
            REQUIRE(event);
            if (!*event) break;
            if (const auto* data = std::get_if<ClientDataReceived>(&**event)) {
                REQUIRE(server.perform(AcknowledgeData{data->channel}));
                REQUIRE(server.perform(Send{data->channel, Stream::Default, data->bytes}));
            } else if (const auto* command = std::get_if<CommandRequested>(&**event)) {
                REQUIRE(server.perform(AcknowledgeCommand{command->pipeline}));
            } else if (const auto* signal = std::get_if<SignalRequested>(&**event)) {
                REQUIRE(server.perform(AcknowledgeSignal{signal->pipeline}));
            } else if (const auto* close = std::get_if<CloseRequested>(&**event)) {
                REQUIRE(server.perform(AcknowledgeClose{close->channel}));
            }
        }
        const std::string answer = server.take_output();
        link->deliver(clixml::bytes_of(answer));
    });
    link = &transport;
    const ClientAction actions[] = {
        OpenSession{},
        Send{session_channel, Stream::Default, {'h', 'i'}},
        OpenCommand{pid()},
        Send{pid(), Stream::Default, {'x'}},
        SignalCommand{pid()},
        CloseCommand{pid()},
        CloseSession{},
    };
    std::vector<std::string> events;
    for (const ClientAction& action : actions) {
        REQUIRE(transport.perform(action));
        for (std::string& event : drained(transport))
            events.push_back(std::move(event));
    }
    transport.deliver_end();
    for (std::string& event : drained(transport))
        events.push_back(std::move(event));
    CHECK(
        events ==
        std::vector<std::string>{
            "DataAcknowledged zero",
            "DataReceived zero hi",
            "CommandOpened P",
            "DataAcknowledged P",
            "DataReceived P x",
            "SignalAcknowledged P",
            "ChannelClosed P",
            "ChannelClosed zero",
            "ConnectionEnded"}
    );
    CHECK(transport.failure_text().empty());
    std::vector<PollEntry> entries;
    transport.append_poll_entries(entries);
    CHECK(entries.empty());
}

TEST_CASE("a closed loopback takes no more actions")
{
    LoopbackTransport transport([](BytesView) {});
    CHECK_FALSE(transport.is_finished());
    transport.close();
    CHECK(transport.is_finished());
    const auto refused = transport.perform(OpenSession{});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == make_error_code(TransportErrc::ActionNotAllowed));
    CHECK(drained(transport).size() == 1);
}

TEST_CASE("a loopback's failure text quotes the offending line")
{
    LoopbackTransport transport([](BytesView) {});
    transport.deliver(clixml::bytes_of("Welcome!\n"));
    CHECK(drained(transport).size() == 1);
    CHECK(transport.failure_text().find("Welcome!") != std::string::npos);
}
