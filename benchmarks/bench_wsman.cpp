// Requests a second through a client's and a server's exchange joined in memory: SOAP written, read
// and answered, without HTTP. Machines are left out: what is measured is the exchange.
#include <fragmenter/fragment.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/server_exchange.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>

namespace {

namespace wsman = psrp::wsman;
using psrp::Bytes;
using psrp::Guid;

const Guid shell_id = *Guid::read("11223344-5566-7788-99AA-BBCCDDEEFF00");

class CountingIds final : public psrp::IdSource {
public:
    Guid new_guid() override
    {
        Guid id;
        clixml::store_be(++last_, id.bytes.data());
        return id;
    }

private:
    std::uint64_t last_ = 0;
};

// An open shell; what is sent is acknowledged at once.
class Joined {
public:
    explicit Joined(std::uint32_t envelope_bytes_max)
        : client(options(envelope_bytes_max), ids), server({}, ids)
    {
        (void)client.perform(psrp::OpenSession{});
        send({1});
    }

    // How many requests it took.
    std::size_t pump()
    {
        std::size_t count = 0;
        for (bool any = true; any;) {
            any = false;
            while (auto request = client.next_request()) {
                any = true;
                ++count;
                server.receive({request->id, "user", "192.0.2.1", "", request->body}, now);
            }
            while (auto event = server.next_event()) {
                if (const auto* data = std::get_if<wsman::ShellDataReceived>(&*event)) {
                    sent_bytes += data->bytes.size();
                    server.perform(shell_id, psrp::AcknowledgeData{data->channel}, now);
                }
            }
            while (auto answer = server.next_answer()) {
                any = true;
                client.on_response(
                    answer->id, {answer->status, wsman::soap_content_type, answer->body}
                );
            }
            while (auto event = client.next_event()) {
                if (const auto* data = std::get_if<wsman::DataReceived>(&*event))
                    received_bytes += data->bytes.size();
                has_failed = has_failed || std::holds_alternative<wsman::SessionFailed>(*event);
            }
        }
        return count;
    }

    std::size_t send(Bytes bytes)
    {
        (void)client.perform(psrp::Send{{}, psrp::Stream::Default, std::move(bytes)});
        return pump();
    }

    static wsman::ClientExchangeOptions options(std::uint32_t envelope_bytes_max)
    {
        wsman::ClientExchangeOptions result;
        result.url = "http://host:5985/wsman?PSVersion=7.6.5";
        result.shell_id = shell_id;
        result.envelope_bytes_max = envelope_bytes_max;
        return result;
    }

    CountingIds ids;
    wsman::ClientExchange client;
    wsman::ServerExchange server;
    wsman::Time now{std::chrono::hours(1)};
    std::size_t sent_bytes = 0;
    std::size_t received_bytes = 0;
    bool has_failed = false;
};

// Sends of so many bytes, one after the other.
void sends(benchmark::State& state)
{
    Joined joined(wsman::envelope_bytes_default);
    const Bytes bytes(static_cast<std::size_t>(state.range(0)), 'x');
    const auto before = joined.sent_bytes;
    std::size_t requests = joined.send(bytes);
    if (joined.sent_bytes != before + bytes.size() || joined.has_failed) {
        state.SkipWithError("the bytes did not arrive");
        return;
    }
    requests = 0;
    for (auto _ : state)
        requests += joined.send(bytes);
    state.SetItemsProcessed(static_cast<std::int64_t>(requests));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

// Output of so many bytes, each answered by one Receive.
void receives(benchmark::State& state)
{
    Joined joined(wsman::envelope_bytes_default);
    const Bytes bytes(static_cast<std::size_t>(state.range(0)), 'x');
    const auto output = [&] {
        joined.server.perform(shell_id, psrp::Send{{}, psrp::Stream::Default, bytes}, joined.now);
        return joined.pump();
    };
    output();
    if (joined.received_bytes != bytes.size() || joined.has_failed) {
        state.SkipWithError("the bytes did not arrive");
        return;
    }
    std::size_t requests = 0;
    for (auto _ : state)
        requests += output();
    state.SetItemsProcessed(static_cast<std::int64_t>(requests));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

BENCHMARK(sends)->Arg(100)->Arg(32768)->Arg(370000);
BENCHMARK(receives)->Arg(100)->Arg(32768)->Arg(370000);

} // namespace

BENCHMARK_MAIN();
