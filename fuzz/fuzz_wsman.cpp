// SOAP of a peer never breaks anything: what is read, as request or response, is written and read
// again as the same; a service gives each request one answer, at the latest when it is shut down; a
// client that has got it as the answer to any of its requests can always let go of its shell.
#include <fuzz/fuzz_input.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/server_exchange.hpp>
#include <psrp/wsman/soap.hpp>

#include <set>

namespace {

namespace wsman = psrp::wsman;

const psrp::Guid shell_id = *psrp::Guid::read("11223344-5566-7788-99AA-BBCCDDEEFF00");
const psrp::Guid command_id = *psrp::Guid::read("AABBCCDD-0011-2233-4455-66778899AABB");

// Counts, so that seeds can know the identifiers that they must repeat.
class Ids final : public psrp::IdSource {
public:
    psrp::Guid new_guid() override
    {
        psrp::Guid id;
        id.bytes[0] = 0xC0;
        id.bytes[15] = ++last_;
        return id;
    }

private:
    std::uint8_t last_ = 0;
};

wsman::EnvelopeLimits limits()
{
    wsman::EnvelopeLimits result;
    result.envelope_bytes_max = 1 << 16;
    result.stream_bytes_max = 1 << 16;
    return result;
}

void read_both_ways(std::string_view text)
{
    if (const auto request = wsman::read_request(text, limits())) {
        const auto once = wsman::write_request(*request);
        wsman::EnvelopeLimits wide;
        const auto again = wsman::read_request(once, wide);
        fuzz::require(again.has_value(), "a request that was written is read");
        fuzz::require(wsman::write_request(*again) == once, "and is the same");
    }
    if (const auto response = wsman::read_response(text, limits())) {
        if (std::holds_alternative<wsman::ConfigResponse>(response->body)) return; // raw
        const auto once = wsman::write_response(*response);
        const auto again = wsman::read_response(once, {});
        fuzz::require(again.has_value(), "a response that was written is read");
        fuzz::require(wsman::write_response(*again) == once, "and is the same");
    }
}

void ask(std::string_view text, std::uint8_t decision)
{
    Ids ids;
    wsman::ServerExchangeOptions options;
    options.limits.envelopes = limits();
    options.allows_command_shell = true;
    wsman::ServerExchange exchange(options, ids);
    const wsman::Time now{std::chrono::hours(1)};
    std::set<std::uint64_t> open;
    const auto drain = [&] {
        while (auto event = exchange.next_event()) {
            if (const auto* command = std::get_if<wsman::ProcessRequested>(&*event))
                exchange.process_started(command->shell, command->command);
        }
        while (auto answer = exchange.next_answer()) {
            fuzz::require(open.erase(answer->id) == 1, "each request has one answer");
            fuzz::require(
                wsman::read_response(answer->body, {}).has_value(), "an answer is a response"
            );
        }
    };
    std::uint64_t last = 0;
    const auto receive = [&](std::string_view body) {
        open.insert(++last);
        exchange.receive({last, "user", "", "", body}, now);
        drain();
    };
    wsman::Request create;
    create.operation = wsman::Operation::Create;
    create.header.action = wsman::operation_row(create.operation).action;
    create.header.message_id = "uuid:1";
    create.header.resource_uri = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell";
    create.header.options = {{"protocolversion", "2.3", true}};
    wsman::CreateBody body;
    body.shell_id = wsman::upper_text(shell_id);
    body.input_streams = "stdin pr";
    body.output_streams = "stdout";
    create.body = body;
    if (decision % 4 != 0) receive(wsman::write_request(create));
    receive(text);
    receive(text);
    exchange.perform(shell_id, psrp::AcknowledgeData{command_id}, now);
    exchange.perform(shell_id, psrp::Send{{}, psrp::Stream::Default, {1, 2, 3}}, now);
    exchange.perform(shell_id, psrp::Send{command_id, psrp::Stream::Default, {1, 2, 3}}, now);
    exchange.perform(shell_id, psrp::AcknowledgeData{}, now);
    if (decision % 8 < 4) exchange.answer_connect(shell_id, psrp::Bytes{1}, now);
    receive(text);
    exchange.on_deadline(now + std::chrono::hours(1));
    drain();
    if (decision % 16 < 8) exchange.perform(shell_id, psrp::AcknowledgeClose{}, now);
    drain();
    exchange.shut_down();
    drain();
    fuzz::require(open.empty(), "each request has an answer");
    fuzz::require(exchange.shell_count() == 0, "no shell is left");
}

// Answers the client's requests; those before number `from` well, the others with `text`.
void answer(std::string_view text, std::size_t from, int status)
{
    Ids ids;
    wsman::ClientExchangeOptions options;
    options.url = "http://host/wsman";
    options.shell_id = shell_id;
    options.limits = limits();
    options.create_retries_max = 1;
    wsman::ClientExchange exchange(options, ids);
    std::size_t number = 0;
    const auto pump = [&] {
        for (int turn = 0; turn < 8; ++turn) {
            const auto request = exchange.next_request();
            if (!request) return;
            if (number++ >= from || request->operation == wsman::Operation::Receive) {
                exchange.on_response(request->id, {status, wsman::soap_content_type, text});
            } else {
                const auto read = wsman::read_request(request->body);
                fuzz::require(read.has_value(), "our own request is read");
                wsman::Response response;
                response.operation = request->operation;
                response.header.action =
                    std::string(wsman::operation_row(request->operation).action) + "Response";
                response.header.relates_to = read->header.message_id;
                if (request->operation == wsman::Operation::Create)
                    response.body = wsman::ResourceCreated{
                        "", "", {{"ShellId", wsman::upper_text(shell_id)}}, std::nullopt};
                else if (request->operation == wsman::Operation::Command)
                    response.body = wsman::CommandResponse{wsman::upper_text(command_id)};
                else
                    response.body = wsman::DoneResponse{};
                const auto good = wsman::write_response(response);
                exchange.on_response(request->id, {200, wsman::soap_content_type, good});
            }
            while (exchange.next_event()) {
            }
        }
    };
    // What is not possible any more is refused.
    (void)exchange.perform(psrp::OpenSession{});
    (void)exchange.perform(psrp::Send{{}, psrp::Stream::Default, {1}});
    pump();
    (void)exchange.perform(psrp::OpenCommand{command_id});
    (void)exchange.perform(psrp::Send{command_id, psrp::Stream::Default, {1}});
    pump();
    (void)exchange.perform(psrp::SignalCommand{command_id});
    pump();
    (void)exchange.perform(psrp::CloseCommand{command_id});
    pump();
    (void)exchange.perform(psrp::Disconnect{});
    pump();
    exchange.stop_awaiting_receives();
    (void)exchange.perform(psrp::Reconnect{});
    pump();
    exchange.abandon();
    fuzz::require(!exchange.next_event(), "nothing is said any more");
    while (const auto request = exchange.next_request()) {
        fuzz::require(request->operation == wsman::Operation::Delete, "only a Delete is left");
        exchange.on_failure(request->id, {}, {});
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes)
{
    fuzz::Input input(bytes, size_bytes);
    const auto decision = input.take_decision();
    const auto text = input.rest_text();
    read_both_ways(text);
    ask(text, decision);
    answer(text, decision % 5, decision % 2 == 0 ? 200 : 500);
    return 0;
}
