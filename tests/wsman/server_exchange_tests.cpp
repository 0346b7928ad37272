// Our service against requests written by hand.
#include <psrp/protocol/errors.hpp>
#include <psrp/wsman/server_exchange.hpp>
#include <psrp/wsman/shell_query.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/wsman/asker.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

#include <functional>

namespace wsman = psrp::wsman;
using tests::Asker;
using tests::command_id;
using tests::powershell;
using tests::shell_id;
using wsman::Errc;
using wsman::Operation;

namespace {

// The fragment of a terminal state of the command.
psrp::Bytes completed_fragment()
{
    return tests::fragments_of(tests::message_bytes(
        psrp::Destination::Client,
        static_cast<std::uint32_t>(psrp::MessageType::PipelineState),
        tests::pool_id,
        tests::pipeline_id,
        tests::completed_payload
    ));
}

} // namespace

TEST_CASE("what is wrong with a request is answered with its fault")
{
    struct Row {
        const char* about;
        std::function<void(wsman::Request&)> spoil;
        Errc fault;
        Operation operation = Operation::Create;
    };
    const auto create_of = [](wsman::Request& one) -> wsman::CreateBody& {
        return std::get<wsman::CreateBody>(one.body);
    };
    const Row creates[] = {
        {"another configuration",
         [](auto& one) { one.header.resource_uri += "X"; },
         Errc::InvalidResourceUri},
        {"another resource",
         [](auto& one) { one.header.resource_uri = "http://example.com/x"; },
         Errc::InvalidResourceUri},
        {"the command shell, which is off",
         [](auto& one) { one.header.resource_uri = wsman::command_shell_resource; },
         Errc::RemoteShellsDisallowed},
        {"no version", [](auto& one) { one.header.options.clear(); }, Errc::ProtocolVersionMissing},
        {"a version under another name",
         [](auto& one) { one.header.options[0].name = "ProtocolVersion"; },
         Errc::ProtocolVersionMissing},
        {"a version that is none",
         [](auto& one) { one.header.options[0].value = "abc"; },
         Errc::IncorrectProtocolVersion},
        {"version 3.0",
         [](auto& one) { one.header.options[0].value = "3.0"; },
         Errc::IncorrectProtocolVersion},
        {"version 1.9",
         [](auto& one) { one.header.options[0].value = "1.9"; },
         Errc::IncorrectProtocolVersion},
        {"an unknown option of PowerShell",
         [](auto& one) {
             one.header.options.push_back({"PS_foo", "1", true});
         },
         Errc::UnknownOption},
        {"no input streams",
         [&](auto& one) { create_of(one).input_streams.clear(); },
         Errc::MissingStreams},
        {"no output streams",
         [&](auto& one) { create_of(one).output_streams.clear(); },
         Errc::MissingStreams},
        {"a short idle timeout",
         [&](auto& one) { create_of(one).idle_timeout = "PT30S"; },
         Errc::InvalidTimeout},
        {"an idle timeout that is none",
         [&](auto& one) { create_of(one).idle_timeout = "soon"; },
         Errc::InvalidTimeout},
        {"an unknown mode",
         [&](auto& one) { create_of(one).buffer_mode = "Keep"; },
         Errc::SchemaViolation},
        {"small envelopes",
         [](auto& one) { one.header.envelope_bytes_max = 8191; },
         Errc::EnvelopeLimitTooSmall},
        {"an unknown action", [](auto& one) { one.header.action += "X"; }, Errc::InvalidAction},
        {"no action", [](auto& one) { one.header.action.clear(); }, Errc::InvalidXml},
        {"no message id", [](auto& one) { one.header.message_id.clear(); }, Errc::InvalidXml},
        {"another body",
         [](auto& one) {
             one.body = wsman::SignalBody{"x", "y"};
         },
         Errc::SchemaViolation},
        {"no body", [](auto& one) { one.body = wsman::EmptyBody{}; }, Errc::SchemaViolation},
    };
    for (const auto& row : creates) {
        INFO(row.about);
        Asker asker;
        auto request = Asker::create();
        row.spoil(request);
        CHECK(asker.fault_of(asker.ask(request)) == row.fault);
        CHECK(asker.exchange.shell_count() == 0);
        CHECK(asker.events.empty());
    }
    for (const char* good : {"2", "2.0", "2.9"}) {
        Asker asker;
        auto request = Asker::create();
        request.header.options = {{"protocolversion", good, true}, {"foo", "x", true}};
        INFO(good);
        CHECK(asker.is_waiting(asker.ask(request)));
        CHECK(asker.exchange.shell_count() == 1);
    }
}

TEST_CASE("what is wrong with a request to a shell is answered with its fault")
{
    struct Row {
        const char* about;
        wsman::Request request;
        Errc fault;
        const char* owner = "user";
    };
    const auto of =
        [](Operation operation, wsman::RequestBody body, const std::string& shell = shell_id) {
            return Asker::request(operation, std::move(body), shell);
        };
    const std::string other_id = "11223344-5566-7788-99AA-BBCCDDEEFF01";
    auto other_resource = of(Operation::Delete, wsman::EmptyBody{});
    other_resource.header.resource_uri =
        std::string(wsman::powershell_resource_prefix) + "PowerShell.7";
    const Row rows[] = {
        {"no selector", of(Operation::Delete, wsman::EmptyBody{}, ""), Errc::ShellNotFound},
        {"a bad selector", of(Operation::Delete, wsman::EmptyBody{}, "x"), Errc::ShellNotFound},
        {"an unknown shell",
         of(Operation::Delete, wsman::EmptyBody{}, other_id),
         Errc::ShellNotFound},
        {"another's shell",
         of(Operation::Delete, wsman::EmptyBody{}),
         Errc::ShellNotFound,
         "other"},
        {"another's Get", of(Operation::Get, wsman::EmptyBody{}), Errc::ShellNotFound, "other"},
        {"another resource", other_resource, Errc::InvalidResourceUri},
        {"a shell that is there", Asker::create(), Errc::InvalidOperation},
        {"a command that is there", Asker::command(), Errc::InvalidOperation},
        {"no argument",
         of(Operation::Command, wsman::CommandBody{"", "x", {}}),
         Errc::InvalidArguments},
        {"two arguments",
         of(Operation::Command, wsman::CommandBody{"", "x", {"aGk=", "aGk="}}),
         Errc::InvalidArguments},
        {"an argument that is no base64",
         of(Operation::Command, wsman::CommandBody{"", "x", {"!"}}),
         Errc::InvalidArguments},
        {"another input stream",
         of(Operation::Send, wsman::SendBody{{{"stdout", "", false, {}}}}),
         Errc::InvalidInputStream},
        {"input of an unknown command",
         of(Operation::Send, wsman::SendBody{{{"stdin", other_id, false, {}}}}),
         Errc::ShellNotFound},
        {"two output streams",
         of(Operation::Receive, wsman::ReceiveBody{"", "stdout stderr"}),
         Errc::InvalidOutputStream},
        {"another output stream",
         of(Operation::Receive, wsman::ReceiveBody{"", "stderr"}),
         Errc::InvalidOutputStream},
        {"output of an unknown command",
         of(Operation::Receive, wsman::ReceiveBody{other_id, "stdout"}),
         Errc::ShellNotFound},
        {"a signal to an unknown command",
         of(Operation::Signal, wsman::SignalBody{other_id, "x"}),
         Errc::ShellNotFound},
        {"a signal to the shell",
         of(Operation::Signal, wsman::SignalBody{"", "x"}),
         Errc::ShellNotFound},
        {"a connected shell",
         of(Operation::Connect, wsman::ConnectBody{"", psrp::Bytes{1}}),
         Errc::AlreadyConnected},
        {"a connected shell again",
         of(Operation::Reconnect, wsman::ReconnectBody{}),
         Errc::AlreadyConnected},
        {"an unknown enumeration",
         of(Operation::Pull, wsman::PullBody{"x", {}}),
         Errc::SchemaViolation},
        {"an unknown list",
         of(Operation::Enumerate, wsman::EnumerateBody{}),
         Errc::InvalidResourceUri},
    };
    for (const auto& row : rows) {
        INFO(row.about);
        Asker asker;
        asker.open(true);
        asker.events.clear();
        const auto number = asker.ask(row.request, row.owner);
        CHECK(asker.fault_of(number) == row.fault);
        CHECK(asker.events.empty());
        CHECK(asker.answer_to(number).header.relates_to == row.request.header.message_id);
    }
}

TEST_CASE("texts that are no requests are answered with a fault as well")
{
    const auto text = wsman::write_request(Asker::create());
    const auto with = [&](std::string_view mark, std::string_view more) {
        auto changed = text;
        changed.insert(changed.find(mark), more);
        return changed;
    };
    struct Row {
        const char* about;
        std::string text;
        Errc fault;
    };
    const Row rows[] = {
        {"nothing", "", Errc::InvalidXml},
        {"no XML", "hello", Errc::InvalidXml},
        {"cut", text.substr(0, text.size() / 2), Errc::InvalidXml},
        {"a document type", "<!DOCTYPE x>" + text, Errc::InvalidXml},
        {"a block that must be understood",
         with("</s:Header>", "<x:y xmlns:x=\"u\" s:mustUnderstand=\"true\"/>"),
         Errc::MustUnderstand},
        {"a block twice",
         with("</s:Header>", "<a:MessageID>uuid:1</a:MessageID>"),
         Errc::SchemaViolation},
        {"a time-out that is none",
         [&] {
             auto changed = text;
             changed.replace(changed.find("PT20.000S"), 9, "PT20.0.0S");
             return changed;
         }(),
         Errc::InvalidTimeout},
        {"too long",
         with("</s:Header>", "<x:y xmlns:x=\"u\">" + std::string(600000, 'x') + "</x:y>"),
         Errc::EnvelopeLimit},
        {"far too long", std::string(5 << 20, 'x'), Errc::EnvelopeLimit},
    };
    for (const auto& row : rows) {
        INFO(row.about);
        Asker asker;
        CHECK(asker.fault_of(asker.ask_text(row.text)) == row.fault);
        CHECK(asker.exchange.shell_count() == 0);
    }
    // What need not be understood is ignored.
    Asker asker;
    CHECK(asker.is_waiting(
        asker.ask_text(with("</s:Header>", "<x:y xmlns:x=\"u\" s:mustUnderstand=\"false\"/>"))
    ));
    // Every prefix of a request gives a fault, and nothing else.
    for (std::size_t i = 0; i < text.size(); i += 7)
        CHECK(asker.fault_of(asker.ask_text(text.substr(0, i))) == Errc::InvalidXml);
}

TEST_CASE("an answer repeats the identifiers of its request")
{
    Asker asker;
    auto request = Asker::create();
    request.header.operation_id = "uuid:00000000-0000-0000-0000-000000000066";
    request.header.sequence_id = 9;
    const auto number = asker.ask(request);
    asker.perform(psrp::AcknowledgeData{});
    const auto response = asker.answer_to(number);
    CHECK(response.header.relates_to == request.header.message_id);
    CHECK(response.header.operation_id == request.header.operation_id);
    CHECK(response.header.sequence_id == 9);
    CHECK(response.header.to == wsman::anonymous_address);
    const auto& created = std::get<wsman::ResourceCreated>(response.body);
    CHECK(created.address == "http://host:5985/wsman");
    REQUIRE(created.shell);
    CHECK(created.shell->find("ShellId") == shell_id);
    CHECK(created.shell->find("Owner") == "user");
    CHECK(created.shell->find("ClientIP") == "192.0.2.1");
    CHECK(created.shell->find("IdleTimeOut") == "PT7200.000S");
    CHECK(created.shell->find("State") == "Connected");
}

TEST_CASE("a Receive waits for output until its time is over")
{
    Asker asker;
    asker.open();
    const auto first = asker.receive();
    CHECK(asker.is_waiting(first));
    CHECK(asker.exchange.deadline() == asker.now + std::chrono::seconds(20));
    asker.now += std::chrono::milliseconds(19999);
    asker.exchange.on_deadline(asker.now);
    CHECK(asker.is_waiting(first));
    asker.now += std::chrono::milliseconds(1);
    asker.exchange.on_deadline(asker.now);
    CHECK(asker.fault_of(first) == Errc::OperationTimedOut);
    const auto second = asker.receive();
    asker.perform(psrp::Send{{}, psrp::Stream::Default, {'a'}});
    const auto received = std::get<wsman::ReceiveResponse>(asker.answer_to(second).body);
    REQUIRE(received.streams.size() == 1);
    CHECK(received.streams[0] == wsman::StreamChunk{"stdout", "", false, {'a'}});
    // What comes while nobody asks is kept.
    asker.perform(psrp::Send{{}, psrp::Stream::Default, {'b'}});
    asker.perform(psrp::Send{{}, psrp::Stream::Default, {'c'}});
    CHECK(
        std::get<wsman::ReceiveResponse>(asker.answer_to(asker.receive()).body).streams.size() == 2
    );
}

TEST_CASE("a second Receive completes the first, one that is gone takes no output")
{
    Asker asker;
    asker.open();
    const auto first = asker.receive();
    const auto second = asker.receive();
    CHECK(std::get<wsman::ReceiveResponse>(asker.answer_to(first).body).streams.empty());
    CHECK(asker.is_waiting(second));
    asker.exchange.request_gone(second, asker.now);
    asker.perform(psrp::Send{{}, psrp::Stream::Default, {'a'}});
    CHECK(asker.is_waiting(second));
    CHECK(
        std::get<wsman::ReceiveResponse>(asker.answer_to(asker.receive()).body).streams.size() == 1
    );
}

TEST_CASE("a command is Done with its state, and then gone")
{
    Asker asker;
    asker.open(true);
    const auto waiting = asker.receive(command_id);
    // Behind another message in its packet.
    auto packet = tests::fragments_of(tests::message_bytes(
        psrp::Destination::Client,
        static_cast<std::uint32_t>(psrp::MessageType::PipelineOutput),
        tests::pool_id,
        tests::pipeline_id,
        "<S>out</S>"
    ));
    const auto last = completed_fragment();
    packet.insert(packet.end(), last.begin(), last.end());
    asker.perform(psrp::Send{tests::pipeline_id, psrp::Stream::Default, packet});
    const auto received = std::get<wsman::ReceiveResponse>(asker.answer_to(waiting).body);
    REQUIRE(received.state);
    CHECK(received.state->state == wsman::command_done);
    CHECK(received.state->exit_code == 0);
    REQUIRE(received.streams.size() == 1);
    CHECK(received.streams[0].command_id == command_id);
    CHECK(asker.fault_of(asker.receive(command_id)) == Errc::ShellNotFound);
    const auto close = asker.ask(Asker::request(
        Operation::Signal, wsman::SignalBody{command_id, std::string(wsman::terminate_signal)}
    ));
    CHECK(asker.is_waiting(close));
    asker.perform(psrp::AcknowledgeClose{tests::pipeline_id});
    CHECK(asker.fault_of(close) == std::error_code());
    CHECK(asker.fault_of(asker.receive(command_id)) == Errc::ShellNotFound);
}

TEST_CASE("a command whose host is asked for something is Pending until it has answered")
{
    Asker asker;
    asker.open(true);
    const auto state_after = [&](const psrp::Bytes& fragments) {
        asker.perform(psrp::Send{tests::pipeline_id, psrp::Stream::Default, fragments});
        const auto body =
            std::get<wsman::ReceiveResponse>(asker.answer_to(asker.receive(command_id)).body);
        return body.state ? body.state->state : std::string();
    };
    const auto host_call = [](int method, std::string_view parameters) {
        const std::string payload =
            "<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64><Obj N=\"mi\" RefId=\"1\"><I32>" +
            std::to_string(method) + "</I32></Obj><Obj N=\"mp\" RefId=\"2\"><LST>" +
            std::string(parameters) + "</LST></Obj></MS></Obj>";
        return tests::fragments_of(tests::message_bytes(
            psrp::Destination::Client,
            static_cast<std::uint32_t>(psrp::MessageType::PipelineHostCall),
            tests::pool_id,
            tests::pipeline_id,
            payload
        ));
    };
    CHECK(state_after(host_call(16, "<S>a line</S>")).empty());      // WriteLine
    CHECK(state_after(host_call(11, "")) == wsman::command_pending); // ReadLine
    CHECK(state_after({1}) == wsman::command_pending);
    const auto send =
        asker.ask(Asker::request(Operation::Send, wsman::SendBody{{{"pr", command_id, false, {1}}}})
        );
    asker.perform(psrp::AcknowledgeData{tests::pipeline_id});
    CHECK(asker.fault_of(send) == std::error_code());
    CHECK(state_after({1}).empty());
}

TEST_CASE("signals are told apart by the one spelling that stops")
{
    for (const auto* code : {"powershell/signal/ctrl_c", "Powershell/signal/crtl_c", "", "x"}) {
        Asker asker;
        asker.open(true);
        asker.events.clear();
        asker.ask(Asker::request(Operation::Signal, wsman::SignalBody{command_id, code}));
        INFO(code);
        REQUIRE(asker.events.size() == 1);
        CHECK(std::holds_alternative<wsman::ShellCloseRequested>(asker.events[0]));
    }
    Asker asker;
    asker.open(true);
    asker.events.clear();
    const auto number = asker.ask(Asker::request(
        Operation::Signal, wsman::SignalBody{command_id, std::string(wsman::stop_signal)}
    ));
    REQUIRE(asker.events.size() == 1);
    CHECK(std::holds_alternative<wsman::ShellSignalRequested>(asker.events[0]));
    CHECK(asker.is_waiting(number));
    asker.perform(psrp::AcknowledgeSignal{tests::pipeline_id});
    CHECK(asker.fault_of(number) == std::error_code());
}

TEST_CASE("a request that comes twice is carried out once")
{
    Asker asker;
    asker.open();
    auto send = Asker::request(Operation::Send, wsman::SendBody{{{"stdin", "", false, {1}}}});
    send.header.operation_id = "uuid:00000000-0000-0000-0000-000000000066";
    send.header.sequence_id = 1;
    asker.events.clear();
    const auto first = asker.ask(send);
    send.header.message_id = "uuid:00000000-0000-0000-0000-000000000078";
    // While it is being carried out, and after it.
    const auto second = asker.ask(send);
    CHECK(asker.fault_of(first) == Errc::OperationAborted);
    asker.perform(psrp::AcknowledgeData{});
    CHECK(asker.fault_of(second) == std::error_code());
    const auto third = asker.ask(send);
    CHECK(asker.fault_of(third) == std::error_code());
    CHECK(asker.answer_to(third).header.relates_to == send.header.message_id);
    CHECK(asker.events.size() == 1);
    send.header.sequence_id = 2;
    CHECK(asker.is_waiting(asker.ask(send)));
    CHECK(asker.events.size() == 2);
    // Another user's request of the same numbers is another one.
    CHECK(asker.fault_of(asker.ask(send, "other")) == Errc::ShellNotFound);
    // Output that was lost with its connection comes again.
    auto receive = Asker::request(Operation::Receive, wsman::ReceiveBody{"", "stdout"});
    receive.header.operation_id = "uuid:00000000-0000-0000-0000-000000000067";
    receive.header.sequence_id = 1;
    asker.perform(psrp::Send{{}, psrp::Stream::Default, {'a'}});
    const auto lost = std::get<wsman::ReceiveResponse>(asker.answer_to(asker.ask(receive)).body);
    const auto again = std::get<wsman::ReceiveResponse>(asker.answer_to(asker.ask(receive)).body);
    CHECK(lost.streams == again.streams);
    CHECK(again.streams.size() == 1);
}

TEST_CASE("quotas hold at their number and not one above")
{
    wsman::ServerExchangeOptions options;
    options.limits.shells_per_owner_max = 2;
    options.limits.shells_max = 3;
    options.limits.commands_per_shell_max = 1;
    options.limits.requests_per_owner_max = 4;
    Asker asker(options);
    const auto create = [&](const char* owner) {
        auto request = Asker::create();
        std::get<wsman::CreateBody>(request.body).shell_id.clear();
        std::get<wsman::CreateBody>(request.body).creation_xml.reset();
        return asker.fault_of(asker.ask(request, owner));
    };
    CHECK(create("a") == std::error_code());
    CHECK(create("a") == std::error_code());
    CHECK(create("a") == Errc::TooManyShells);
    CHECK(create("b") == std::error_code());
    CHECK(create("b") == Errc::TooManyShells);
    options.limits.shells_max = 1000;
    Asker other(options);
    other.open(true);
    CHECK(other.fault_of(other.ask(Asker::command(""))) == Errc::TooManyCommands);
    for (int i = 0; i < 4; ++i)
        CHECK(other.is_waiting(
            other.ask(Asker::request(Operation::Send, wsman::SendBody{{{"stdin", "", false, {1}}}}))
        ));
    CHECK(other.fault_of(other.receive()) == Errc::TooManyOperations);
}

TEST_CASE("answers stay within the envelope that the request allows, whatever the output")
{
    for (const std::uint32_t size : {8192U, 10000U, 153600U, 512000U, 4000000U}) {
        Asker asker;
        asker.open();
        psrp::Bytes sent;
        for (const std::size_t bytes : {1U, 32768U, 100U, 32768U, 32768U, 7U, 100000U}) {
            psrp::Bytes chunk(bytes);
            for (std::size_t i = 0; i < bytes; ++i)
                chunk[i] = static_cast<std::uint8_t>(i * 7 + sent.size());
            sent.insert(sent.end(), chunk.begin(), chunk.end());
            asker.perform(psrp::Send{{}, psrp::Stream::Default, chunk});
        }
        psrp::Bytes received;
        std::size_t answers = 0;
        while (received.size() < sent.size()) {
            auto request = Asker::request(Operation::Receive, wsman::ReceiveBody{"", "stdout"});
            request.header.envelope_bytes_max = size;
            const auto number = asker.ask(request);
            const auto body = std::get<wsman::ReceiveResponse>(asker.answer_to(number).body);
            CHECK(asker.answers[number].body.size() <= std::min(size, 512000U));
            REQUIRE_FALSE(body.streams.empty());
            for (const auto& stream : body.streams)
                received.insert(received.end(), stream.bytes.begin(), stream.bytes.end());
            ++answers;
        }
        INFO(size);
        CHECK(received == sent);
        CHECK(answers <= sent.size() * 3 / size + 8);
    }
}

TEST_CASE("an idle shell is closed, one with a waiting Receive is not idle")
{
    wsman::ServerExchangeOptions options;
    options.left_alone_after = std::chrono::hours(10); // has a test of its own
    Asker asker(options);
    asker.open();
    const auto waiting = asker.receive();
    asker.now += std::chrono::hours(3);
    asker.exchange.on_deadline(asker.now);
    CHECK(asker.fault_of(waiting) == Errc::OperationTimedOut);
    CHECK(asker.exchange.shell_count() == 1);
    CHECK(asker.exchange.deadline() == asker.now + std::chrono::hours(2));
    asker.events.clear();
    asker.now += std::chrono::hours(2);
    asker.exchange.on_deadline(asker.now);
    CHECK(asker.exchange.shell_count() == 0);
    asker.collect();
    REQUIRE(asker.events.size() == 1);
    const auto* closed = std::get_if<wsman::ShellCloseRequested>(&asker.events[0]);
    REQUIRE(closed != nullptr);
    CHECK(closed->channel.is_zero());
    CHECK(asker.fault_of(asker.receive()) == Errc::ShellNotFound);
    CHECK_FALSE(asker.exchange.deadline());
}

TEST_CASE("output that nobody takes holds its machine back, or is dropped, as the mode says")
{
    wsman::ServerExchangeOptions options;
    options.limits.output_bytes_max = 10;
    for (const auto* mode : {"Block", "Drop"}) {
        Asker asker(options);
        asker.open();
        asker.ask(Asker::request(Operation::Disconnect, wsman::DisconnectBody{"", mode}));
        for (std::uint8_t i = 0; i < 5; ++i)
            asker.perform(psrp::Send{{}, psrp::Stream::Default, psrp::Bytes(4, i)});
        INFO(mode);
        const bool is_drop = mode == std::string("Drop");
        CHECK(asker.exchange.wants_output(tests::pool_id) == is_drop);
        CHECK(asker.fault_of(asker.receive()) == Errc::StreamDisconnected);
        CHECK(
            asker.fault_of(asker.ask(Asker::request(Operation::Reconnect, wsman::EmptyBody{}))) ==
            std::error_code()
        );
        const auto received =
            std::get<wsman::ReceiveResponse>(asker.answer_to(asker.receive()).body);
        REQUIRE_FALSE(received.streams.empty());
        CHECK(received.streams.front().bytes[0] == (is_drop ? 3 : 0));
        CHECK(received.streams.size() == (is_drop ? 2U : 5U));
    }
}

TEST_CASE("only the session that left a shell reconnects it")
{
    Asker asker;
    asker.open();
    asker.ask(Asker::request(Operation::Disconnect, wsman::DisconnectBody{}));
    auto other = Asker::request(Operation::Reconnect, wsman::ReconnectBody{});
    other.header.session_id = "uuid:00000000-0000-0000-0000-000000000056";
    CHECK(asker.fault_of(asker.ask(other)) == Errc::MismatchedSessions);
    auto connect = Asker::request(Operation::Connect, wsman::ConnectBody{"", psrp::Bytes{1}});
    CHECK(asker.fault_of(asker.ask(connect)) == Errc::ProtocolVersionMissing);
    connect.header.options = {{"protocolversion", "2.3", true}};
    auto empty = connect;
    empty.body = wsman::ConnectBody{};
    CHECK(asker.fault_of(asker.ask(empty)) == Errc::ConnectWithoutData);
    const auto refused = asker.ask(connect);
    CHECK(asker.is_waiting(refused));
    asker.exchange.answer_connect(
        tests::pool_id, clixml::failure(psrp::Errc::ConnectMismatch), asker.now
    );
    CHECK(asker.fault_of(refused) == Errc::ConnectFailed);
    connect.header.session_id = other.header.session_id;
    const auto good = asker.ask(connect);
    asker.exchange.answer_connect(tests::pool_id, psrp::Bytes{5}, asker.now);
    const auto response = std::get<wsman::ConnectResponse>(asker.answer_to(good).body);
    CHECK(response.connect_response_xml == psrp::Bytes{5});
    CHECK(response.input_streams == "stdin pr");
    // Now it is the other session's.
    auto leave = Asker::request(Operation::Disconnect, wsman::DisconnectBody{});
    CHECK(asker.fault_of(asker.ask(leave)) == Errc::StreamDisconnected);
    leave.header.session_id = other.header.session_id;
    CHECK(asker.fault_of(asker.ask(leave)) == std::error_code());
    CHECK(
        asker.fault_of(asker.ask(Asker::request(Operation::Reconnect, wsman::ReconnectBody{}))) ==
        Errc::MismatchedSessions
    );
    CHECK(asker.fault_of(asker.ask(other)) == std::error_code());
}

TEST_CASE("a shell that its owner refuses or ends is answered so")
{
    Asker refused;
    const auto number = refused.ask(Asker::create());
    refused.exchange.refuse(tests::pool_id, wsman::make_fault(Errc::AccessDenied, "srv"));
    CHECK(refused.fault_of(number) == Errc::AccessDenied);
    CHECK(refused.exchange.shell_count() == 0);
    Asker ended;
    ended.open(true);
    const auto waiting = ended.receive();
    ended.perform(psrp::Send{tests::pipeline_id, psrp::Stream::Default, {'a'}});
    ended.exchange.shell_ended(tests::pool_id, ended.now);
    CHECK(ended.fault_of(waiting) == Errc::PluginShutDown);
    // What has been said is still delivered.
    CHECK(ended.fault_of(ended.receive(command_id)) == std::error_code());
    CHECK(ended.fault_of(ended.receive()) == Errc::PluginShutDown);
    Asker shut;
    shut.open();
    const auto last = shut.receive();
    shut.exchange.shut_down();
    CHECK(shut.fault_of(last) == Errc::PluginShutDown);
    CHECK(shut.exchange.shell_count() == 0);
}

TEST_CASE("Identify and the configuration are answered without a shell")
{
    Asker asker;
    wsman::Request identify;
    identify.operation = Operation::Identify;
    identify.body = wsman::IdentifyBody{};
    const auto response = asker.answer_to(asker.ask(identify));
    CHECK(
        std::get<wsman::IdentifyResponse>(response.body).protocol_version == wsman::wsman_namespace
    );
    auto config = Asker::request(Operation::Get, wsman::EmptyBody{}, "");
    config.header.resource_uri = wsman::config_resource;
    CHECK(
        std::get<wsman::ConfigResponse>(asker.answer_to(asker.ask(config)).body).envelope_kib_max ==
        500
    );
}

TEST_CASE("lists hold what is the user's own, page by page")
{
    tests::CountingIds query_ids;
    Asker asker;
    asker.open(true);
    constexpr std::size_t more = 25;
    for (std::size_t i = 0; i < more; ++i) {
        auto request = Asker::create();
        auto& body = std::get<wsman::CreateBody>(request.body);
        body.shell_id.clear();
        body.name = "shell " + std::to_string(i);
        body.creation_xml.reset();
        asker.ask(request);
    }
    auto foreign = Asker::create();
    std::get<wsman::CreateBody>(foreign.body).shell_id.clear();
    std::get<wsman::CreateBody>(foreign.body).creation_xml.reset();
    asker.ask(foreign, "other");
    wsman::ShellQueryOptions options;
    options.url = "http://host/wsman";
    options.envelope_bytes_max = 8192;
    wsman::ShellQuery query(options, query_ids);
    query.list_shells();
    query.list_commands(shell_id);
    query.list_commands("11223344-5566-7788-99AA-BBCCDDEEFF01");
    query.find_shell(shell_id);
    query.find_shell("11223344-5566-7788-99AA-BBCCDDEEFF01");
    query.identify();
    std::size_t pulls = 0;
    while (auto request = query.next_request()) {
        if (request->operation == Operation::Pull) ++pulls;
        const auto number = asker.ask_text(request->body);
        asker.collect();
        const auto& answer = asker.answers.at(number);
        CHECK(answer.body.size() <= 8192);
        query.on_response(request->id, {answer.status, wsman::soap_content_type, answer.body});
    }
    CHECK(query.is_finished());
    CHECK(pulls >= 2);
    std::map<std::string, int> seen;
    while (auto event = query.next_event()) {
        if (const auto* shells = std::get_if<wsman::ShellsListed>(&*event)) {
            CHECK(shells->shells.size() == more + 1);
            for (const auto& shell : shells->shells) {
                CHECK(shell.is_powershell());
                CHECK(shell.configuration() == "Microsoft.PowerShell");
                CHECK(shell.owner == "user");
                CHECK_FALSE(shell.is_disconnected());
            }
            ++seen["shells"];
        } else if (const auto* commands = std::get_if<wsman::CommandsListed>(&*event)) {
            REQUIRE(commands->commands.size() == 1);
            CHECK(commands->commands[0].command_id == command_id);
            CHECK(commands->commands[0].command_line == "x");
            ++seen["commands"];
        } else if (const auto* found = std::get_if<wsman::ShellFound>(&*event)) {
            ++seen[found->shell ? "found" : "gone"];
        } else if (std::holds_alternative<wsman::ServiceIdentified>(*event)) {
            ++seen["service"];
        } else if (const auto* failed = std::get_if<wsman::QueryFailed>(&*event)) {
            CHECK(failed->failure.error.code == Errc::ShellNotFound);
            ++seen["failed"];
        }
    }
    CHECK(
        seen ==
        std::map<std::string, int>{
            {"commands", 1},
            {"failed", 1},
            {"found", 1},
            {"gone", 1},
            {"service", 1},
            {"shells", 1}}
    );
}
