// Our client against a service written by hand, which does what real ones do wrong.
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace wsman = psrp::wsman;
using wsman::Errc;
using wsman::Operation;

namespace {

// A client with an exchange, and the requests that have come of it.
class Client {
public:
    explicit Client(wsman::ClientExchangeOptions options = tests::exchange_options())
        : pool(tests::Client::default_options()), exchange(options, ids)
    {
    }

    void pump()
    {
        for (bool any = true; any;) {
            any = false;
            while (auto action = pool.next_action(exchange.send_bytes_max())) {
                any = true;
                REQUIRE(exchange.perform(*action));
            }
            while (auto event = exchange.next_event()) {
                any = true;
                wsman::report(*event, pool);
                events.push_back(*std::move(event));
            }
        }
        while (auto request = exchange.next_request())
            requests.push_back(*std::move(request));
    }

    // The oldest request of the operation that is not answered.
    wsman::OutgoingRequest take(Operation operation)
    {
        pump();
        for (auto at = requests.begin(); at != requests.end(); ++at) {
            if (at->operation != operation) continue;
            auto request = *at;
            requests.erase(at);
            return request;
        }
        FAIL("no request: " << wsman::operation_row(operation).name);
        return {};
    }

    static std::string message_id(const wsman::OutgoingRequest& request)
    {
        const auto read = wsman::read_request(request.body);
        REQUIRE(read);
        return read->header.message_id;
    }

    void answer(const wsman::OutgoingRequest& request, wsman::ResponseBody body)
    {
        wsman::Response response;
        response.operation = request.operation;
        const bool is_fault = std::holds_alternative<wsman::Fault>(body);
        response.header.action =
            is_fault ? std::string(wsman::fault_action)
                     : std::string(wsman::operation_row(request.operation).action) + "Response";
        response.header.relates_to = message_id(request);
        response.body = std::move(body);
        const auto text = wsman::write_response(response);
        exchange.on_response(request.id, {is_fault ? 500 : 200, wsman::soap_content_type, text});
        pump();
    }

    void refuse(const wsman::OutgoingRequest& request, Errc error)
    {
        answer(request, wsman::make_fault(error, "srv"));
    }

    void start()
    {
        REQUIRE(pool.open());
        pump();
    }

    static wsman::ResourceCreated created(std::string id = shell_id)
    {
        wsman::ResourceCreated body;
        body.selectors = {{"ShellId", id}};
        body.shell = wsman::ShellDescription{{{"ShellId", id}, {"Owner", "DOMAIN\\user"}}};
        return body;
    }

    void give(const psrp::Guid& channel, psrp::MessageType type, std::string_view payload)
    {
        const auto bytes = tests::message_bytes(
            psrp::Destination::Client,
            static_cast<std::uint32_t>(type),
            tests::pool_id,
            channel,
            payload
        );
        const auto fragments = tests::fragments_of(bytes, ++last_object_);
        wsman::ReceiveResponse body;
        body.streams = {{"stdout", channel.is_zero() ? "" : command_id, false, fragments}};
        answer(take(Operation::Receive), body);
    }

    void open()
    {
        start();
        answer(take(Operation::Create), created());
        give({}, psrp::MessageType::SessionCapability, tests::capability_of("2.4"));
        give({}, psrp::MessageType::ApplicationPrivateData, tests::private_data_payload("2.4"));
        give({}, psrp::MessageType::RunspacePoolState, tests::opened_payload);
        REQUIRE(pool.state() == psrp::RunspacePoolState::Opened);
    }

    void start_pipeline()
    {
        REQUIRE(pool.start_pipeline(tests::pipeline_id, tests::script("x")));
        pump();
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

    static inline const std::string shell_id = "11223344-5566-7788-99AA-BBCCDDEEFF00";
    static inline const std::string command_id = "AABBCCDD-0011-2233-4455-66778899AABB";

    tests::CountingIds ids;
    psrp::ClientPool pool;
    wsman::ClientExchange exchange;
    std::vector<wsman::ClientExchangeEvent> events;
    std::vector<wsman::OutgoingRequest> requests;

private:
    std::uint64_t last_object_ = 0;
};

std::error_code failed_with(const Client& client)
{
    const auto failures = client.events_of<wsman::SessionFailed>();
    return failures.empty() ? std::error_code() : failures[0].failure.error.code;
}

std::size_t count_of(const Client& client, Operation operation)
{
    return static_cast<std::size_t>(std::count_if(
        client.requests.begin(),
        client.requests.end(),
        [&](const auto& request) { return request.operation == operation; }
    ));
}

} // namespace

TEST_CASE("a Receive that times out is repeated for ever, as one operation")
{
    Client client;
    client.open();
    std::string operation_id;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const auto request = client.take(Operation::Receive);
        const auto read = wsman::read_request(request.body);
        REQUIRE(read);
        if (i == 0) operation_id = read->header.operation_id;
        CHECK(read->header.operation_id == operation_id);
        CHECK(read->header.sequence_id == i + 4);
        if (i % 2 == 0)
            client.refuse(request, Errc::OperationTimedOut);
        else
            client.answer(request, wsman::ReceiveResponse{}); // OMI's way
        CHECK(count_of(client, Operation::Receive) == 1);
    }
    CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
    CHECK_FALSE(client.exchange.failure());
}

TEST_CASE("a time-out of anything but a Receive is an error")
{
    Client client;
    client.start();
    client.refuse(client.take(Operation::Create), Errc::OperationTimedOut);
    CHECK(failed_with(client) == Errc::OperationTimedOut);
    CHECK(client.exchange.is_finished());
}

TEST_CASE("answers that are not what was asked for end the session with their rule")
{
    struct Row {
        const char* about;
        int status;
        const char* type;
        std::string body; // %M: the MessageID
        Errc error;
    };
    const std::string head =
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
        "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
        "xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\" "
        "xmlns:rsp=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell\"><s:Header>"
        "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse</a:Action>";
    const std::string related = head + "<a:RelatesTo>%M</a:RelatesTo></s:Header>";
    const std::string soap = "application/soap+xml;charset=UTF-8";
    const Row rows[] = {
        {"nothing", 500, "", "", Errc::HttpStatus},
        {"a page", 500, "text/html", "<html><body>Envelope</body></html>", Errc::HttpStatus},
        {"an XHTML page", 502, "application/xhtml+xml", "<html/>", Errc::HttpStatus},
        {"an XML page", 502, "text/xml", "<html/>", Errc::HttpStatus},
        {"401", 401, "", "", Errc::AccessDenied},
        {"404", 404, "text/html", "no", Errc::UrlNotAvailable},
        {"413", 413, "", "", Errc::EnvelopeLimit},
        {"503", 503, "text/plain", "busy", Errc::ServiceUnavailable},
        {"a page that is well", 200, "text/html", "<html/>", Errc::NotSoap},
        {"other XML", 200, soap.c_str(), "<html/>", Errc::NotAnEnvelope},
        {"SOAP 1.1",
         200,
         soap.c_str(),
         "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body/></s:Envelope>",
         Errc::SoapVersionMismatch},
        {"no RelatesTo",
         200,
         soap.c_str(),
         head + "</s:Header><s:Body><x:ResourceCreated/></s:Body></s:Envelope>",
         Errc::WrongRelatesTo},
        {"another RelatesTo",
         200,
         soap.c_str(),
         head + "<a:RelatesTo>uuid:00000000-0000-0000-0000-000000000001</a:RelatesTo></s:Header>"
                "<s:Body><x:ResourceCreated/></s:Body></s:Envelope>",
         Errc::WrongRelatesTo},
        {"cut", 200, soap.c_str(), related + "<s:Body>", Errc::MalformedXml},
        {"no body", 200, soap.c_str(), related + "</s:Envelope>", Errc::NotAnEnvelope},
        {"an empty body",
         200,
         soap.c_str(),
         related + "<s:Body/></s:Envelope>",
         Errc::MissingElement},
        {"a document type",
         200,
         soap.c_str(),
         "<!DOCTYPE x>" + related + "<s:Body/></s:Envelope>",
         Errc::DtdRefused},
    };
    for (const auto& row : rows) {
        Client client;
        client.start();
        const auto request = client.take(Operation::Create);
        std::string body = row.body;
        if (const auto at = body.find("%M"); at != std::string::npos)
            body.replace(at, 2, Client::message_id(request));
        client.exchange.on_response(request.id, {row.status, row.type, body});
        client.pump();
        INFO(
            row.about << ": "
                      << (client.exchange.failure() ? client.exchange.failure()->reason : "")
        );
        CHECK(failed_with(client) == row.error);
        CHECK(client.pool.state() == psrp::RunspacePoolState::Broken);
    }
}

TEST_CASE("a RelatesTo in another form of the same identifier is taken")
{
    for (const char* form : {"lower", "urn"}) {
        Client client;
        client.start();
        const auto request = client.take(Operation::Create);
        wsman::Response response;
        response.operation = Operation::Create;
        response.header.action =
            std::string(wsman::operation_row(Operation::Create).action) + "Response";
        const auto id = *wsman::read_uuid(Client::message_id(request));
        response.header.relates_to =
            form == std::string("urn") ? "urn:uuid:" + id.text() : id.text();
        response.body = Client::created();
        const auto text = wsman::write_response(response);
        client.exchange.on_response(request.id, {200, "application/soap+xml", text});
        client.pump();
        INFO(form);
        CHECK_FALSE(client.exchange.failure());
        CHECK(client.exchange.has_shell());
    }
}

TEST_CASE("a fault is a fault whatever the status")
{
    Client client;
    client.start();
    const auto request = client.take(Operation::Create);
    wsman::Response response;
    response.header.action = wsman::fault_action;
    response.header.relates_to = Client::message_id(request);
    response.body = wsman::make_fault(Errc::AccessDenied, "srv");
    const auto text = wsman::write_response(response);
    client.exchange.on_response(request.id, {200, wsman::soap_content_type, text});
    client.pump();
    CHECK(failed_with(client) == Errc::AccessDenied);
    CHECK(client.exchange.failure()->error_id == "AccessDenied,PSSessionStateBroken");
    CHECK(client.exchange.is_finished());
}

TEST_CASE("a Create that meets a passing fault is tried again, so often and no more")
{
    auto options = tests::exchange_options();
    options.create_retries_max = 2;
    Client client(options);
    client.start();
    for (int i = 0; i < 2; ++i) {
        const auto request = client.take(Operation::Create);
        CHECK(
            request.delay == (i == 0 ? std::chrono::milliseconds(0) : options.create_retry_delay)
        );
        client.refuse(request, Errc::ServiceUnavailable);
        CHECK_FALSE(client.exchange.failure());
    }
    client.refuse(client.take(Operation::Create), Errc::ServiceUnavailable);
    CHECK(failed_with(client) == Errc::ServiceUnavailable);
    Client refused(options);
    refused.start();
    refused.refuse(refused.take(Operation::Create), Errc::TooManyShells);
    CHECK(failed_with(refused) == Errc::TooManyShells);
    CHECK(refused.requests.empty());
}

TEST_CASE("a service of before 3.0 chooses its identifiers and gets small envelopes")
{
    Client client;
    client.start();
    wsman::ResourceCreated created;
    created.selectors = {{"ShellId", "C8CD7685-F0A0-4B79-8F82-B8B37462667A"}};
    client.answer(client.take(Operation::Create), created);
    const auto receive = wsman::read_request(client.take(Operation::Receive).body);
    REQUIRE(receive);
    CHECK(*receive->header.selector("ShellId") == "C8CD7685-F0A0-4B79-8F82-B8B37462667A");
    CHECK(receive->header.envelope_bytes_max == wsman::envelope_bytes_old);
    CHECK(client.exchange.send_bytes_max() < wsman::envelope_bytes_old * 3 / 4);
    CHECK(client.exchange.shell_id() == "C8CD7685-F0A0-4B79-8F82-B8B37462667A");
}

TEST_CASE("a command gets the identifier that the service gives it")
{
    Client client;
    client.open();
    client.start_pipeline();
    const std::string given = "24864ED3-8FB4-4934-AD7D-B29723D4681F";
    client.answer(client.take(Operation::Command), wsman::CommandResponse{given});
    client.pump();
    (void)client.take(Operation::Receive); // the session's
    const auto receive = wsman::read_request(client.take(Operation::Receive).body);
    REQUIRE(receive);
    CHECK(std::get<wsman::ReceiveBody>(receive->body).command_id == given);
}

TEST_CASE("the largest Send fits into every size of envelope")
{
    for (const std::uint32_t size : {8192U, 16384U, 32768U, 153600U, 512000U}) {
        Client client(tests::exchange_options(size));
        client.open();
        client.exchange.set_protocol_version({2, 4});
        const auto most = client.exchange.send_bytes_max();
        INFO(size << " " << most);
        CHECK(most > (size - 5000) / 4 * 3);
        auto& exchange = client.exchange;
        const psrp::Guid id = tests::pipeline_id;
        REQUIRE(exchange.perform(psrp::OpenCommand{id}));
        CHECK(
            exchange.perform(psrp::Send{id, psrp::Stream::Default, psrp::Bytes(most + 1)})
                .error()
                .code == Errc::DataTooBig
        );
        REQUIRE(exchange.perform(psrp::Send{id, psrp::Stream::Default, psrp::Bytes(most)}));
        CHECK(client.take(Operation::Command).body.size() <= size);
        REQUIRE(exchange.perform(psrp::Send{{}, psrp::Stream::Default, psrp::Bytes(most)}));
        const auto send = client.take(Operation::Send);
        CHECK(send.body.size() <= size);
        CHECK(send.body.size() + 2500 > size);
    }
}

TEST_CASE("the output of a command is asked for once all of its request is sent")
{
    Client client(tests::exchange_options(8192));
    client.open();
    (void)client.take(Operation::Receive);
    const std::string script(9000, 'x');
    REQUIRE(client.pool.start_pipeline(tests::pipeline_id, tests::script(script)));
    client.answer(client.take(Operation::Command), wsman::CommandResponse{Client::command_id});
    std::size_t sends = 0;
    while (count_of(client, Operation::Send) > 0) {
        CHECK(count_of(client, Operation::Receive) == 0);
        client.answer(client.take(Operation::Send), wsman::DoneResponse{});
        ++sends;
    }
    CHECK(sends >= 1);
    CHECK(count_of(client, Operation::Receive) == 1);
}

TEST_CASE("a signal waits for the answer to Command, an unsent command needs none")
{
    Client client;
    client.open();
    client.start_pipeline();
    const auto command = client.take(Operation::Command);
    REQUIRE(client.pool.stop(tests::pipeline_id));
    client.pump();
    CHECK(count_of(client, Operation::Signal) == 0);
    client.answer(command, wsman::CommandResponse{Client::command_id});
    const auto signal = client.take(Operation::Signal);
    // The state comes by Receive; the signal's own answer says nothing before that is quiet.
    client.answer(signal, wsman::DoneResponse{});
    CHECK(client.events_of<wsman::SignalAcknowledged>().empty());
    (void)client.take(Operation::Receive); // the session's
    client.refuse(client.take(Operation::Receive), Errc::OperationTimedOut);
    CHECK(client.events_of<wsman::SignalAcknowledged>().size() == 1);
    // Then it is closed, and gone whatever the service says.
    client.refuse(client.take(Operation::Signal), Errc::ShellNotFound);
    CHECK(client.events_of<wsman::ChannelClosed>().size() == 1);

    auto& exchange = client.exchange;
    REQUIRE(exchange.perform(psrp::OpenCommand{tests::pipeline_id2}));
    REQUIRE(exchange.perform(psrp::SignalCommand{tests::pipeline_id2}));
    REQUIRE(exchange.perform(psrp::CloseCommand{tests::pipeline_id2}));
    CHECK_FALSE(exchange.next_request());
    client.pump();
    CHECK(client.events_of<wsman::SignalAcknowledged>().size() == 2);
    CHECK(client.events_of<wsman::ChannelClosed>().size() == 2);
}

TEST_CASE("a command that the service refuses fails alone")
{
    Client client;
    client.open();
    client.start_pipeline();
    client.refuse(client.take(Operation::Command), Errc::TooManyCommands);
    CHECK(client.events_of<wsman::CommandFailed>().size() == 1);
    CHECK(client.events_of<wsman::ChannelClosed>().size() == 1);
    CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
    bool has_finished = false;
    while (auto event = client.pool.next_event()) {
        const auto* finished = std::get_if<psrp::PipelineFinished>(&*event);
        if (finished == nullptr) continue;
        has_finished = true;
        CHECK(finished->state == psrp::PipelineState::Failed);
        CHECK(finished->error.code == Errc::TooManyCommands);
        REQUIRE(finished->error_record);
        CHECK(
            finished->error_record->fully_qualified_error_id == "2150859241,PSSessionStateBroken"
        );
    }
    CHECK(has_finished);
    // The session still takes commands.
    client.start_pipeline();
    CHECK(client.take(Operation::Command).channel == tests::pipeline_id);
}

TEST_CASE("a shell that is gone breaks the pool, and nothing is deleted")
{
    Client client;
    client.open();
    client.refuse(client.take(Operation::Receive), Errc::ShellNotFound);
    CHECK(failed_with(client) == Errc::ShellNotFound);
    CHECK(
        client.exchange.failure()->error_id ==
        "CannotConnectTargetSessionDoesNotExist,PSSessionStateBroken"
    );
    CHECK(client.requests.empty());
    CHECK(client.exchange.is_finished());
}

TEST_CASE("every way out of a session with a shell deletes it")
{
    struct Row {
        const char* about;
        void (*leave)(Client&);
    };
    const Row rows[] = {
        {"closed", [](Client& client) { client.pool.close(); }},
        {"cut",
         [](Client& client) {
             client.exchange.on_failure(client.take(Operation::Receive).id, {}, "cut");
         }},
        {"nonsense",
         [](Client& client) {
             const auto request = client.take(Operation::Receive);
             client.exchange.on_response(request.id, {200, wsman::soap_content_type, "<x/>"});
         }},
        {"a fault",
         [](Client& client) {
             client.refuse(client.take(Operation::Receive), Errc::PluginFailed);
         }},
        {"abandoned", [](Client& client) { client.exchange.abandon(); }},
        {"bad output",
         [](Client& client) {
             wsman::ReceiveResponse body;
             body.streams = {{"stdout", "", false, psrp::Bytes(100, 0xFF)}};
             client.answer(client.take(Operation::Receive), body);
         }},
    };
    for (const auto& row : rows) {
        INFO(row.about);
        Client client;
        client.open();
        row.leave(client);
        const auto request = client.take(Operation::Delete);
        CHECK_FALSE(client.exchange.is_finished());
        // Whatever comes of it, that was all.
        client.refuse(request, Errc::ShellNotFound);
        CHECK(client.exchange.is_finished());
        CHECK_FALSE(client.exchange.has_shell());
        CHECK(count_of(client, Operation::Delete) == 0);
    }
}

TEST_CASE("a Create whose answer is lost leaves a Delete")
{
    Client lost;
    lost.start();
    lost.exchange.on_failure(lost.take(Operation::Create).id, {}, "cut");
    lost.pump();
    CHECK(failed_with(lost) == Errc::RequestFailed);
    CHECK(lost.exchange.failure()->reason == "cut");
    const auto request = wsman::read_request(lost.take(Operation::Delete).body);
    REQUIRE(request);
    CHECK(*request->header.selector("ShellId") == Client::shell_id);

    Client closed;
    closed.start();
    const auto create = closed.take(Operation::Create);
    closed.pool.close();
    closed.pump();
    CHECK(closed.requests.empty());
    closed.answer(create, Client::created());
    closed.answer(closed.take(Operation::Delete), wsman::EmptyResponse{});
    CHECK(closed.pool.state() == psrp::RunspacePoolState::Closed);
}

TEST_CASE("a request that is sent again keeps its operation and number")
{
    Client client;
    client.open();
    const auto first = client.take(Operation::Receive);
    const auto id = client.exchange.resend(first.id);
    REQUIRE(id);
    const auto second = client.take(Operation::Receive);
    CHECK(second.id == *id);
    const auto a = wsman::read_request(first.body);
    const auto b = wsman::read_request(second.body);
    REQUIRE(a);
    REQUIRE(b);
    CHECK(a->header.operation_id == b->header.operation_id);
    CHECK(a->header.sequence_id == b->header.sequence_id);
    CHECK(a->header.message_id != b->header.message_id);
    // The first one's answer is nobody's.
    client.answer(first, wsman::ReceiveResponse{});
    CHECK(client.requests.empty());
    CHECK_FALSE(client.exchange.resend(first.id));
}

TEST_CASE("a service that disconnects the shell by itself leaves a pool that can come back")
{
    Client client;
    client.open();
    client.start_pipeline();
    client.answer(client.take(Operation::Command), wsman::CommandResponse{Client::command_id});
    client.refuse(client.take(Operation::Receive), Errc::StreamDisconnected);
    CHECK(client.pool.state() == psrp::RunspacePoolState::Disconnected);
    const auto events = client.events_of<wsman::SessionDisconnected>();
    REQUIRE(events.size() == 1);
    REQUIRE(events[0].failure);
    CHECK(events[0].failure->error.code == Errc::StreamDisconnected);
    client.requests.clear();
    REQUIRE(client.pool.reconnect());
    client.answer(client.take(Operation::Reconnect), wsman::EmptyResponse{});
    CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
    client.answer(client.take(Operation::Reconnect), wsman::EmptyResponse{});
    CHECK(count_of(client, Operation::Receive) == 2);
}

TEST_CASE("what Receives bring after a Disconnect still belongs to the client")
{
    Client client;
    client.open();
    const auto receive = client.take(Operation::Receive);
    REQUIRE(client.pool.disconnect());
    client.answer(client.take(Operation::Disconnect), wsman::EmptyResponse{});
    CHECK(client.exchange.is_awaiting_receives());
    CHECK(client.pool.state() == psrp::RunspacePoolState::Disconnecting);
    wsman::ReceiveResponse body;
    body.streams = {{"stdout", "", false, {1, 2, 3}}};
    const auto before = client.events_of<wsman::DataReceived>().size();
    client.answer(receive, body);
    CHECK(client.events_of<wsman::DataReceived>().size() == before + 1);
    CHECK(client.pool.state() == psrp::RunspacePoolState::Disconnected);
    CHECK(client.exchange.is_finished());
    CHECK(client.exchange.has_shell());
    // Left on purpose: nobody deletes it.
    client.exchange.abandon();
    CHECK_FALSE(client.exchange.next_request());
}

TEST_CASE("a refused Disconnect leaves the pool open, with its Receives")
{
    Client client;
    client.open();
    REQUIRE(client.pool.disconnect());
    const auto disconnect = client.take(Operation::Disconnect);
    client.refuse(client.take(Operation::Receive), Errc::OperationTimedOut);
    CHECK(count_of(client, Operation::Receive) == 0);
    client.refuse(disconnect, Errc::OperationNotSupported);
    CHECK(client.pool.state() == psrp::RunspacePoolState::Opened);
    CHECK(count_of(client, Operation::Receive) == 1);
}

TEST_CASE("a shell that is compressed without having been asked to is refused")
{
    Client client;
    client.start();
    auto created = Client::created();
    created.shell->properties.push_back({"CompressionMode", "XpressCompression"});
    client.answer(client.take(Operation::Create), created);
    CHECK(failed_with(client) == Errc::UnexpectedCompression);
    CHECK(count_of(client, Operation::Delete) == 1);
}

TEST_CASE("misuse of a client's exchange is named and changes nothing")
{
    auto options = tests::exchange_options();
    options.idle_timeout = std::chrono::seconds(59);
    tests::CountingIds ids;
    wsman::ClientExchange exchange(options, ids);
    const auto code_of = [&](const psrp::ClientAction& action) {
        const auto result = exchange.perform(action);
        return result ? std::error_code() : result.error().code;
    };
    CHECK(code_of(psrp::OpenSession{}) == Errc::InvalidIdleTimeout);
    CHECK(code_of(psrp::OpenCommand{tests::pipeline_id}) == Errc::ActionNotAllowed);
    CHECK(code_of(psrp::Send{{}, psrp::Stream::Default, {1}}) == Errc::ActionNotAllowed);
    CHECK(code_of(psrp::Disconnect{}) == Errc::ActionNotAllowed);
    CHECK(code_of(psrp::Reconnect{}) == Errc::ActionNotAllowed);
    CHECK(code_of(psrp::SignalCommand{tests::pipeline_id}) == Errc::ActionNotAllowed);
    CHECK(code_of(psrp::SignalCommand{}) == Errc::ActionNotAllowed);
    CHECK(code_of(psrp::CloseCommand{}) == Errc::ActionNotAllowed);
    CHECK(code_of(psrp::Connect{tests::pipeline_id, {}}) == Errc::ActionNotAllowed);
    CHECK_FALSE(exchange.next_request());
    CHECK(exchange.is_finished());
}
