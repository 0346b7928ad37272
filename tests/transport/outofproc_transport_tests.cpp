#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_transport.hpp>
#include <tests/transport/loop_support.hpp>

#include <catch2/catch.hpp>

#include <thread>

using namespace psrp;
using tests::pid;
using tests::with_guids;

namespace {

// A transport and the peer's ends of its two pipes.
struct Link {
    explicit Link(OutOfProcTransportLimits limits = {})
    {
        auto to_peer = make_pipe();
        auto from_peer = make_pipe();
        REQUIRE(to_peer);
        REQUIRE(from_peer);
        peer_reader = std::move(to_peer->reader);
        peer_writer = std::move(from_peer->writer);
        transport = std::make_unique<OutOfProcTransport>(
            std::move(from_peer->reader), std::move(to_peer->writer), limits
        );
    }

    void write(std::string_view text) const
    {
        const auto written = write_some(peer_writer.number(), text);
        REQUIRE(written);
        REQUIRE(*written == text.size());
    }

    Descriptor peer_reader;
    Descriptor peer_writer;
    std::unique_ptr<OutOfProcTransport> transport;
};

} // namespace

TEST_CASE("actions are written and lines read through descriptors")
{
    Link link;
    REQUIRE(link.transport->perform(OpenSession{}));
    REQUIRE(link.transport->perform(OpenCommand{pid()}));
    CHECK(link.transport->pending_output_bytes() > 0);
    link.write(with_guids("<CommandAck PSGuid='@P' />\n<CloseAck PSGuid='@Z' />\n"));
    const auto events = tests::run_until(*link.transport, [&](const std::string&) {
        return link.transport->pending_output_bytes() == 0;
    });
    CHECK(events.front() == "CommandOpened P");
    std::string text;
    REQUIRE(read_some(link.peer_reader.number(), 1000, text));
    CHECK(text == with_guids("<Command PSGuid='@P' />\n"));
    link.peer_writer.reset();
    CHECK(tests::run_to_end(*link.transport).back() == "ConnectionEnded");
    CHECK(link.transport->failure_text().empty());
}

TEST_CASE("behind a full line that was acknowledged soon the next one may be longer")
{
    Link link;
    REQUIRE(link.transport->perform(OpenSession{}));
    const std::size_t first = link.transport->send_bytes_max();
    CHECK(first == SendPace::bytes_min);
    // On a busy machine soon may take some tries; the time for a test decides.
    while (link.transport->send_bytes_max() == first) {
        REQUIRE(link.transport->perform(Send{session_channel, Stream::Default, Bytes(first)}));
        link.transport->flush();
        link.write(with_guids("<DataAck PSGuid='@Z' />\n"));
        const auto events = tests::run_until(*link.transport, [](const std::string& event) {
            return event.starts_with("DataAcknowledged");
        });
        CHECK(events.size() == 1);
        std::string line;
        while (line.empty() || line.back() != '\n')
            REQUIRE(read_some(link.peer_reader.number(), 100'000, line));
    }
    CHECK(link.transport->send_bytes_max() == 2 * first);
}

TEST_CASE("a peer that ends too early is an error after everything it said")
{
    Link link;
    REQUIRE(link.transport->perform(OpenSession{}));
    link.write(with_guids(
        "<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\n<Data Stream='Default' PSGuid='@Z'>YW"
    ));
    link.peer_writer.reset();
    CHECK(
        tests::run_to_end(*link.transport) ==
        std::vector<std::string>{
            "DataReceived zero abc", "!" + make_error_code(TransportErrc::StreamEnded).message()}
    );
    CHECK(link.transport->is_finished());
    const auto refused = link.transport->perform(CloseSession{});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == make_error_code(TransportErrc::ActionNotAllowed));
}

TEST_CASE("stray text is quoted in the failure text")
{
    Link link;
    link.write("Welcome!\n");
    CHECK(tests::run_to_end(*link.transport).size() == 1);
    CHECK(
        link.transport->failure_text() ==
        "There is an error processing data from the background process. Error reported: Welcome!"
    );
}

TEST_CASE("a peer's error line is an event, then the failure")
{
    Link link;
    link.write("__NamedPipeError__:broken\n");
    const auto events = tests::run_until(*link.transport, [](const std::string&) { return false; });
    CHECK(events.front() == "PeerReportedError broken");
    CHECK(link.transport->failure_text().ends_with("message: broken"));
}

TEST_CASE("a peer that stops reading is heard to the end")
{
    Link link;
    REQUIRE(link.transport->perform(OpenSession{}));
    link.peer_reader.reset();
    REQUIRE(link.transport->perform(Send{session_channel, Stream::Default, Bytes(100, 'x')}));
    link.write(with_guids("<CloseAck PSGuid='@Z' />\n"));
    CHECK(tests::run_until(*link.transport, [](const auto&) {
              return true;
          }).front() == "ChannelClosed zero");
    REQUIRE(link.transport->perform(OpenSession{}));
    link.peer_writer.reset();
    const auto events = tests::run_to_end(*link.transport);
    CHECK(events.size() == 1);
}

TEST_CASE("a descriptor is not read while enough waits, and a long line still becomes complete")
{
    Link link({.read_ahead_bytes_max = 100});
    REQUIRE(link.transport->perform(OpenSession{}));
    const std::string ack = with_guids("<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\n");
    for (int i = 0; i < 5; ++i)
        link.write(ack);
    std::vector<PollEntry> entries;
    link.transport->append_poll_entries(entries);
    REQUIRE(entries.size() == 1);
    link.transport->on_readable(entries[0].descriptor);
    entries.clear();
    link.transport->append_poll_entries(entries);
    CHECK(entries.empty());
    int received = 0;
    while (true) {
        const auto event = link.transport->next_event();
        REQUIRE(event);
        if (!*event) break;
        ++received;
    }
    CHECK(received == 5);

    std::string long_line;
    append_data(session_channel, Stream::Default, Bytes(200000, 'x'), long_line);
    std::thread peer([&] {
        std::string_view rest = long_line;
        while (!rest.empty()) {
            const auto written = write_some(link.peer_writer.number(), rest);
            if (!written) break;
            rest.remove_prefix(*written);
        }
    });
    const auto events = tests::run_until(*link.transport, [](const auto&) { return true; });
    peer.join();
    CHECK(events.front().size() == std::string("DataReceived zero ").size() + 200000);
}

TEST_CASE("a killed transport has nothing left to poll")
{
    Link link;
    REQUIRE(link.transport->perform(OpenCommand{pid()}));
    link.transport->kill();
    CHECK(link.transport->is_finished());
    std::vector<PollEntry> entries;
    link.transport->append_poll_entries(entries);
    CHECK(entries.empty());
    std::string text;
    CHECK(read_some(link.peer_reader.number(), 10, text) == ReadOutcome::End);
}

TEST_CASE("a transport on no descriptor fails at its first event")
{
    OutOfProcTransport transport{Descriptor(), Descriptor()};
    CHECK_FALSE(transport.next_event());
    CHECK_FALSE(transport.failure_text().empty());
}
