// Shells whose client is silent (fact sheet transports B18, B19).
#include <psrp/wsman/server_exchange.hpp>
#include <tests/wsman/asker.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace wsman = psrp::wsman;
using tests::Asker;
using wsman::Errc;
using wsman::Operation;

namespace {

template <typename Event>
std::size_t count_of(const Asker& asker)
{
    return static_cast<std::size_t>(std::count_if(
        asker.events.begin(),
        asker.events.end(),
        [](const auto& event) { return std::holds_alternative<Event>(event); }
    ));
}

wsman::Request connect_request()
{
    auto connect = Asker::request(Operation::Connect, wsman::ConnectBody{"", psrp::Bytes{1}});
    connect.header.options = {{"protocolversion", "2.3", true}};
    connect.header.session_id = "uuid:00000000-0000-0000-0000-000000000056";
    return connect;
}

void let_pass(Asker& asker, std::chrono::milliseconds time)
{
    asker.now += time;
    asker.exchange.on_deadline(asker.now);
    asker.collect();
}

} // namespace

TEST_CASE("a shell is idle from its last answer on, however long its Receive stood")
{
    wsman::ServerExchangeOptions options;
    options.idle_timeout = std::chrono::seconds(60);
    options.left_alone_after = std::chrono::hours(10);
    Asker asker(options);
    asker.open();
    auto receive = Asker::request(Operation::Receive, wsman::ReceiveBody{"", "stdout"});
    receive.header.operation_timeout = std::chrono::seconds(180);
    const auto standing = asker.ask(receive);
    asker.now += std::chrono::seconds(100);
    asker.perform(psrp::Send{{}, psrp::Stream::Default, {'a'}});
    CHECK(asker.fault_of(standing) == std::error_code());
    CHECK(asker.exchange.deadline() == asker.now + std::chrono::seconds(60));
    let_pass(asker, std::chrono::milliseconds(59'999));
    CHECK(asker.exchange.shell_count() == 1);
    let_pass(asker, std::chrono::milliseconds(1));
    CHECK(asker.exchange.shell_count() == 0);
}

TEST_CASE("a silent client's shell may be connected, and its own next request takes it back")
{
    for (const auto* mode : {"Block", "Drop"}) {
        INFO(mode);
        wsman::ServerExchangeOptions options;
        options.limits.output_bytes_max = 10;
        Asker asker(options);
        auto create = Asker::create();
        std::get<wsman::CreateBody>(create.body).buffer_mode = mode;
        const auto created = asker.ask(create);
        asker.perform(psrp::AcknowledgeData{});
        CHECK(asker.fault_of(created) == std::error_code());
        // Not while a Receive stands, and not before its time.
        const auto standing = asker.receive();
        CHECK(asker.fault_of(asker.ask(connect_request())) == Errc::AlreadyConnected);
        asker.exchange.request_gone(standing, asker.now);
        let_pass(asker, std::chrono::milliseconds(239'999));
        CHECK(count_of<wsman::ShellDisconnected>(asker) == 0);
        let_pass(asker, std::chrono::milliseconds(1));
        CHECK(count_of<wsman::ShellDisconnected>(asker) == 1);
        // Nothing is dropped meanwhile, whatever the mode.
        for (std::uint8_t i = 0; i < 5; ++i)
            asker.perform(psrp::Send{{}, psrp::Stream::Default, psrp::Bytes(4, i)});
        CHECK_FALSE(asker.exchange.wants_output(tests::pool_id));
        // The client that was silent.
        const auto back = std::get<wsman::ReceiveResponse>(asker.answer_to(asker.receive()).body);
        CHECK(back.streams.size() == 5);
        CHECK(count_of<wsman::ShellReconnected>(asker) == 1);
        // Silent again; now somebody else comes first.
        let_pass(asker, std::chrono::minutes(4));
        CHECK(count_of<wsman::ShellDisconnected>(asker) == 2);
        const auto other = asker.ask(connect_request());
        asker.exchange.answer_connect(tests::pool_id, psrp::Bytes{5}, asker.now);
        CHECK(asker.fault_of(other) == std::error_code());
        let_pass(asker, std::chrono::minutes(4));
        // The shell is another session's: ours does not take it back.
        CHECK(asker.fault_of(asker.receive()) == Errc::StreamDisconnected);
    }
}

TEST_CASE("a silent client that comes too late starts and feeds nothing in another's shell")
{
    const std::string another = "11223344-0011-2233-4455-66778899AABB";
    const wsman::StreamChunk input{"stdin", tests::command_id, false, {'x'}};
    const std::string stop(wsman::stop_signal);
    const std::vector<wsman::Request> late = {
        Asker::command(another),
        Asker::request(Operation::Send, wsman::SendBody{{input}}),
        Asker::request(Operation::Receive, wsman::ReceiveBody{tests::command_id, "stdout"}),
        Asker::request(Operation::Signal, wsman::SignalBody{tests::command_id, stop}),
        Asker::request(Operation::Disconnect, wsman::DisconnectBody{}),
    };
    for (const auto& request : late) {
        INFO(wsman::operation_row(request.operation).name);
        Asker asker;
        asker.open(true);
        let_pass(asker, std::chrono::minutes(4));
        const auto connected = asker.ask(connect_request());
        const auto events = asker.events.size();
        // The Connect is being looked at, and then granted.
        CHECK(asker.fault_of(asker.ask(request)) == Errc::StreamDisconnected);
        asker.exchange.answer_connect(tests::pool_id, psrp::Bytes{5}, asker.now);
        CHECK(asker.fault_of(connected) == std::error_code());
        CHECK(asker.fault_of(asker.ask(request)) == Errc::StreamDisconnected);
        CHECK(asker.events.size() == events);
        // Who says of no session that it is its own may be the new client.
        auto unnamed = request;
        unnamed.header.session_id.clear();
        asker.ask(unnamed);
        CHECK((asker.events.size() > events || request.operation == Operation::Receive));
    }
}

TEST_CASE("refused Connects do not keep a silent client's shell from being left alone")
{
    Asker asker;
    asker.open();
    for (int seconds = 0; seconds < 240; seconds += 10) {
        CHECK(asker.fault_of(asker.ask(connect_request())) == Errc::AlreadyConnected);
        let_pass(asker, std::chrono::seconds(10));
    }
    CHECK(count_of<wsman::ShellDisconnected>(asker) == 1);
    const auto connected = asker.ask(connect_request());
    asker.exchange.answer_connect(tests::pool_id, psrp::Bytes{5}, asker.now);
    CHECK(asker.fault_of(connected) == std::error_code());
    // From here on its new client has its time.
    let_pass(asker, std::chrono::milliseconds(239'999));
    CHECK(count_of<wsman::ShellDisconnected>(asker) == 1);
}

TEST_CASE("an answer is remembered until the next number of its operation")
{
    wsman::ServerExchangeOptions options;
    options.limits.answer_bytes_max = 2000;
    Asker asker(options);
    asker.open();
    auto receive = Asker::request(Operation::Receive, wsman::ReceiveBody{"", "stdout"});
    receive.header.operation_id = "uuid:00000000-0000-0000-0000-000000000067";
    // Many answers: were they all kept, the limit would push the last one out.
    for (std::uint64_t number = 1; number <= 20; ++number) {
        receive.header.sequence_id = number;
        asker.perform(psrp::Send{{}, psrp::Stream::Default, psrp::Bytes(1000, 'a')});
        const auto first = asker.ask(receive);
        const auto again = asker.ask(receive);
        CHECK(
            std::get<wsman::ReceiveResponse>(asker.answer_to(first).body).streams ==
            std::get<wsman::ReceiveResponse>(asker.answer_to(again).body).streams
        );
    }
}

TEST_CASE("what a silent client may not have got goes to who comes in its place")
{
    // Whether the first client asked again, which says that it has got what there was; whether it
    // said that it leaves.
    for (const bool has_asked_again : {false, true}) {
        for (const bool has_left : {false, true}) {
            INFO(has_asked_again << has_left);
            Asker asker;
            asker.open(true);
            for (const std::uint8_t text : {std::uint8_t{'a'}, std::uint8_t{'b'}})
                asker.perform(psrp::Send{tests::pipeline_id, psrp::Stream::Default, {text}});
            const auto first = std::get<wsman::ReceiveResponse>(
                asker.answer_to(asker.receive(tests::command_id)).body
            );
            CHECK(first.streams.size() == 2);
            if (has_asked_again)
                asker.exchange.request_gone(asker.receive(tests::command_id), asker.now);
            if (has_left) {
                const auto left =
                    asker.ask(Asker::request(Operation::Disconnect, wsman::DisconnectBody{}));
                CHECK(asker.fault_of(left) == std::error_code());
            }
            asker.perform(psrp::Send{tests::pipeline_id, psrp::Stream::Default, {'c'}});
            if (!has_left) let_pass(asker, std::chrono::minutes(4));
            const auto connected = asker.ask(connect_request());
            asker.exchange.answer_connect(tests::pool_id, psrp::Bytes{5}, asker.now);
            CHECK(asker.fault_of(connected) == std::error_code());
            auto receive =
                Asker::request(Operation::Receive, wsman::ReceiveBody{tests::command_id, "stdout"});
            receive.header.session_id = connect_request().header.session_id;
            const auto second =
                std::get<wsman::ReceiveResponse>(asker.answer_to(asker.ask(receive)).body);
            std::string text;
            for (const auto& stream : second.streams)
                text += std::string(stream.bytes.begin(), stream.bytes.end());
            CHECK(text == (has_asked_again || has_left ? "c" : "abc"));
        }
    }
}
