#include <clixml/writer.hpp>
#include <fragmenter/splitter.hpp>
#include <psrp/holder/shared_transport.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/protocol/message_types.hpp>
#include <psrp/transport/errors.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <string>
#include <vector>

using namespace psrp;

namespace {

using Lines = std::vector<std::string>;

Guid pipeline(char digit)
{
    return *Guid::read(std::string(8, digit) + "-0011-2233-4455-66778899aabb");
}

std::string name_of(const Guid& channel)
{
    return channel.is_zero() ? "zero" : channel.text().substr(0, 1);
}

// A transport that writes down what it is to do and says what it is told.
class Scripted final : public Transport {
public:
    explicit Scripted(std::size_t fragment_bytes) : fragment_bytes_(fragment_bytes) {}

    Result<void> perform(const ClientAction& action) override
    {
        if (const auto* send = std::get_if<Send>(&action)) {
            done.push_back(
                "Send " + name_of(send->channel) + " " + std::to_string(send->bytes.size())
            );
        } else if (const auto* open = std::get_if<OpenCommand>(&action)) {
            done.push_back("Open " + name_of(open->pipeline));
        } else if (const auto* signal = std::get_if<SignalCommand>(&action)) {
            done.push_back("Signal " + name_of(signal->pipeline));
        } else if (const auto* close = std::get_if<CloseCommand>(&action)) {
            done.push_back("Close " + name_of(close->pipeline));
        } else {
            done.emplace_back("other");
        }
        return {};
    }
    Result<std::optional<TransportEvent>> next_event() override
    {
        if (events.empty()) return std::nullopt;
        TransportEvent event = std::move(events.front());
        events.pop_front();
        return event;
    }
    void close() override {}
    void kill() override {}
    [[nodiscard]] bool is_finished() const override { return false; }
    [[nodiscard]] std::string failure_text() const override { return {}; }
    [[nodiscard]] std::size_t pending_output_bytes() const override { return 0; }
    [[nodiscard]] std::size_t send_bytes_max() const override { return fragment_bytes_; }
    void append_poll_entries(std::vector<PollEntry>&) const override {}
    void on_readable(int) override {}
    void on_writable(int) override {}

    Lines done;
    std::deque<TransportEvent> events;

private:
    std::size_t fragment_bytes_;
};

struct Client final : SharedClient {
    void on_server_action(const ServerAction& action) override
    {
        if (const auto* send = std::get_if<Send>(&action)) {
            heard.push_back("Data " + name_of(send->channel));
            bytes = send->bytes;
        } else if (const auto* data = std::get_if<AcknowledgeData>(&action)) {
            heard.push_back("DataAck " + name_of(data->channel));
        } else if (const auto* command = std::get_if<AcknowledgeCommand>(&action)) {
            heard.push_back("CommandAck " + name_of(command->pipeline));
        } else if (const auto* signal = std::get_if<AcknowledgeSignal>(&action)) {
            heard.push_back("SignalAck " + name_of(signal->pipeline));
        } else if (const auto* close = std::get_if<AcknowledgeClose>(&action)) {
            heard.push_back("CloseAck " + name_of(close->channel));
        }
    }
    [[nodiscard]] bool is_congested() const override { return congested; }

    Lines heard;
    Bytes bytes;
    bool congested = false;
};

// A transport that two clients share.
struct Shared {
    explicit Shared(std::size_t fragment_bytes = 32768)
    {
        auto scripted = std::make_unique<Scripted>(fragment_bytes);
        inner = scripted.get();
        transport = std::make_unique<SharedTransport>(std::move(scripted), pipeline('e'));
        transport->join(a);
        transport->join(b);
    }
    // Lets the server say this; gives what is left for the machine.
    std::size_t say(std::vector<TransportEvent> events)
    {
        for (auto& event : events)
            inner->events.push_back(std::move(event));
        return take();
    }
    std::size_t take()
    {
        std::size_t count = 0;
        while (true) {
            const auto event = transport->next_event();
            REQUIRE(event);
            if (!*event) return count;
            ++count;
        }
    }

    Client a;
    Client b;
    Scripted* inner = nullptr;
    std::unique_ptr<SharedTransport> transport;
};

// A message of this type, without data, in one fragment.
Bytes message_of(MessageType type, std::uint64_t object_id = 1)
{
    const MessageHeader header{
        static_cast<std::uint32_t>(Destination::Client), static_cast<std::uint32_t>(type), {}, {}};
    const auto message = write_message(header, Value(), clixml::message_options());
    REQUIRE(message);
    Bytes bytes;
    fragmenter::append_fragments(*message, object_id, 32768, bytes);
    return bytes;
}

bool is_refused(const Result<void>& result)
{
    return !result && result.error() == TransportErrc::ActionNotAllowed;
}

} // namespace

TEST_CASE("each client hears of its own pipelines and the machine of none")
{
    Shared shared;
    REQUIRE(shared.transport->open(shared.a, pipeline('1')));
    REQUIRE(shared.transport->open(shared.b, pipeline('2')));
    CHECK(
        shared.say(
            {CommandOpened{pipeline('1')},
             CommandOpened{pipeline('2')},
             DataReceived{pipeline('2'), {1, 2}},
             DataReceived{pipeline('3'), {1}}}
        ) == 0
    );
    REQUIRE(shared.transport->send(shared.a, {pipeline('1'), Stream::Default, {1, 2, 3}}));
    CHECK(shared.say({DataAcknowledged{pipeline('1')}}) == 0);
    REQUIRE(shared.transport->signal(shared.b, pipeline('2')));
    REQUIRE(shared.transport->close_pipeline(shared.a, pipeline('1')));
    CHECK(shared.say({SignalAcknowledged{pipeline('2')}, ChannelClosed{pipeline('1')}}) == 0);
    CHECK(shared.a.heard == Lines{"CommandAck 1", "DataAck 1", "CloseAck 1"});
    CHECK(shared.b.heard == Lines{"CommandAck 2", "Data 2", "SignalAck 2"});
    CHECK(shared.inner->done == Lines{"Open 1", "Open 2", "Send 1 3", "Signal 2", "Close 1"});
    CHECK(shared.transport->pipeline_count() == 1);
    // What concerns the session is the machine's.
    CHECK(shared.say({PeerReportedError{"x"}, ConnectionEnded{}, ChannelClosed{}}) == 3);
}

TEST_CASE("what a client must not do is refused and changes nothing")
{
    Shared shared;
    REQUIRE(shared.transport->open(shared.a, pipeline('1')));
    CHECK(is_refused(shared.transport->open(shared.b, pipeline('1'))));
    CHECK(is_refused(shared.transport->open(shared.b, Guid{})));
    // Data behind data that is not acknowledged.
    CHECK(shared.say({CommandOpened{pipeline('1')}}) == 0);
    REQUIRE(shared.transport->send(shared.a, {pipeline('1'), Stream::Default, {1}}));
    CHECK(is_refused(shared.transport->send(shared.a, {pipeline('1'), Stream::Default, {1}})));
    // Half a message for the session.
    Bytes half = message_of(MessageType::PublicKey);
    half.pop_back();
    CHECK(is_refused(shared.transport->send(shared.b, {{}, Stream::Default, half})));
    // Another one's pipeline is as good as none.
    REQUIRE(shared.transport->signal(shared.b, pipeline('1')));
    REQUIRE(shared.transport->close_pipeline(shared.b, pipeline('1')));
    REQUIRE(shared.transport->send(shared.b, {pipeline('1'), Stream::Default, {1}}));
    CHECK(shared.b.heard == Lines{"SignalAck 1", "CloseAck 1", "DataAck 1"});
    CHECK(shared.inner->done == Lines{"Open 1", "Send 1 1"});
}

TEST_CASE("data that comes before its channel is there waits for it")
{
    Shared shared;
    for (const char digit : {'1', '2', '3'}) {
        REQUIRE(shared.transport->open(shared.a, pipeline(digit)));
        REQUIRE(shared.transport->send(shared.a, {pipeline(digit), Stream::Default, {1, 2}}));
        CHECK(is_refused(shared.transport->send(shared.a, {pipeline(digit), Stream::Default, {3}}))
        );
    }
    REQUIRE(shared.transport->close_pipeline(shared.a, pipeline('2')));
    CHECK(shared.inner->done == Lines{"Open 1", "Open 2", "Open 3", "Close 2"});
    shared.inner->done.clear();
    CHECK(shared.say({CommandOpened{pipeline('1')}, CommandOpened{pipeline('2')}}) == 0);
    CHECK(shared.inner->done == Lines{"Send 1 2"});
    CHECK(shared.say({DataAcknowledged{pipeline('1')}}) == 0);
    CHECK(shared.a.heard == Lines{"CommandAck 1", "CommandAck 2", "DataAck 1"});
    // Nothing is sent for one who has left.
    shared.transport->leave(shared.a);
    shared.inner->done.clear();
    CHECK(shared.say({CommandOpened{pipeline('3')}}) == 0);
    CHECK(shared.inner->done == Lines{"Signal 3"});
}

TEST_CASE("pipelines of a client that leaves are stopped, then closed, whatever they are at")
{
    Shared shared;
    for (const char digit : {'1', '2', '3', '4'})
        REQUIRE(shared.transport->open(shared.a, pipeline(digit)));
    REQUIRE(shared.transport->open(shared.b, pipeline('5')));
    // 1 runs, 2 is still to be opened, 3 has been stopped, 4 is being closed.
    shared.say(
        {CommandOpened{pipeline('1')}, CommandOpened{pipeline('3')}, CommandOpened{pipeline('4')}}
    );
    REQUIRE(shared.transport->signal(shared.a, pipeline('3')));
    shared.say({SignalAcknowledged{pipeline('3')}});
    REQUIRE(shared.transport->close_pipeline(shared.a, pipeline('4')));
    shared.inner->done.clear();
    shared.a.heard.clear();
    shared.transport->leave(shared.a);
    CHECK(shared.inner->done == Lines{"Signal 1", "Close 3"});
    shared.say({CommandOpened{pipeline('2')}, SignalAcknowledged{pipeline('1')}});
    shared.say({SignalAcknowledged{pipeline('2')}, DataReceived{pipeline('1'), {1}}});
    CHECK(shared.inner->done == Lines{"Signal 1", "Close 3", "Signal 2", "Close 1", "Close 2"});
    for (const char digit : {'1', '2', '3', '4'})
        shared.say({ChannelClosed{pipeline(digit)}});
    CHECK(shared.transport->pipeline_count() == 1);
    CHECK(shared.a.heard.empty());
    shared.transport->end_pipelines();
    shared.say({CommandOpened{pipeline('5')}, SignalAcknowledged{pipeline('5')}});
    shared.say({ChannelClosed{pipeline('5')}});
    CHECK(shared.transport->pipeline_count() == 0);
}

TEST_CASE("data goes in pieces that the transport takes and is acknowledged once")
{
    Shared shared(10);
    REQUIRE(shared.transport->open(shared.a, pipeline('1')));
    shared.say({CommandOpened{pipeline('1')}});
    REQUIRE(shared.transport->send(shared.a, {pipeline('1'), Stream::Default, Bytes(25, 7)}));
    for (int i = 0; i < 2; ++i) {
        shared.say({DataAcknowledged{pipeline('1')}});
        CHECK(shared.a.heard == Lines{"CommandAck 1"});
    }
    shared.say({DataAcknowledged{pipeline('1')}});
    CHECK(shared.a.heard == Lines{"CommandAck 1", "DataAck 1"});
    CHECK(shared.inner->done == Lines{"Open 1", "Send 1 10", "Send 1 10", "Send 1 5"});
}

TEST_CASE("a key is for who asked first, everything else for all")
{
    Shared shared;
    const auto ask = [&](Client& client) {
        return shared.transport->send(
            client, {{}, Stream::Default, message_of(MessageType::PublicKey)}
        );
    };
    const auto key = [&] {
        return DataReceived{{}, message_of(MessageType::EncryptedSessionKey, 9)};
    };
    REQUIRE(ask(shared.b));
    REQUIRE(ask(shared.a));
    CHECK(is_refused(ask(shared.a)));
    // One at a time is on its way.
    CHECK(shared.inner->done.size() == 1);
    CHECK(shared.say({DataAcknowledged{}}) == 0);
    CHECK(shared.inner->done.size() == 2);
    CHECK(shared.say({DataAcknowledged{}}) == 0);
    CHECK(shared.say({key()}) == 1); // the machine looks at all that comes to the session
    CHECK(shared.b.heard == Lines{"DataAck zero", "Data zero"});
    CHECK(shared.a.heard == Lines{"DataAck zero"});
    CHECK(shared.say({key()}) == 1);
    CHECK(shared.a.heard == Lines{"DataAck zero", "Data zero"});
    // One that nobody asked for is nobody's.
    CHECK(shared.say({key()}) == 1);
    CHECK(shared.a.heard.size() + shared.b.heard.size() == 4);
    shared.say({DataReceived{{}, message_of(MessageType::RunspacePoolState)}});
    CHECK(shared.a.heard.size() == 3);
    CHECK(shared.b.heard.size() == 3);
    shared.say({DataReceived{{}, message_of(MessageType::RunspacePoolHostCall)}});
    CHECK(shared.a.heard.size() == 4);
    CHECK(shared.b.heard.size() == 3);
    // Who has left gets none, and its turn is kept.
    REQUIRE(ask(shared.a));
    REQUIRE(ask(shared.b));
    shared.say({DataAcknowledged{}, DataAcknowledged{}});
    shared.transport->leave(shared.a);
    shared.say({key()});
    CHECK(shared.b.heard.size() == 4);
    shared.say({key()});
    CHECK(shared.b.heard.size() == 5);
}

TEST_CASE("what the machine sends is acknowledged to it and not to clients")
{
    Shared shared;
    REQUIRE(shared.transport->perform(Send{{}, Stream::Default, {1, 2}}));
    CHECK(shared.say({DataAcknowledged{}}) == 1);
    CHECK(shared.a.heard.empty());
    CHECK(shared.b.heard.empty());
}

TEST_CASE("nothing is taken from the server while a client takes nothing")
{
    Shared shared;
    REQUIRE(shared.transport->open(shared.a, pipeline('1')));
    REQUIRE(shared.transport->open(shared.b, pipeline('2')));
    shared.a.congested = true;
    shared.say({CommandOpened{pipeline('1')}, CommandOpened{pipeline('2')}});
    CHECK(shared.b.heard.empty());
    shared.a.congested = false;
    shared.take();
    CHECK(shared.b.heard == Lines{"CommandAck 2"});
    // One that leaves holds nobody up.
    shared.a.congested = true;
    shared.transport->leave(shared.a);
    shared.say({DataReceived{pipeline('2'), {1}}});
    CHECK(shared.b.heard == Lines{"CommandAck 2", "Data 2"});
}

TEST_CASE("a pipeline that the transport has lost fails with its reason")
{
    Shared shared;
    REQUIRE(shared.transport->open(shared.a, pipeline('1')));
    CommandLost lost{pipeline('1'), {}, "it is full", "Full"};
    CHECK(shared.say({lost}) == 0);
    CHECK(shared.a.heard == Lines{"CommandAck 1", "Data 1"});
    const std::string text(shared.a.bytes.begin(), shared.a.bytes.end());
    CHECK(text.find("it is full") != std::string::npos);
    CHECK(shared.transport->pipeline_count() == 0);
    REQUIRE(shared.transport->close_pipeline(shared.a, pipeline('1')));
    CHECK(shared.a.heard.back() == "CloseAck 1");
}
