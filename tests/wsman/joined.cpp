#include <tests/protocol/peers.hpp>
#include <tests/wsman/joined.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace tests {

namespace wsman = psrp::wsman;

clixml::Guid CountingIds::new_guid()
{
    clixml::Guid id;
    id.bytes[0] = 0xC0;
    std::uint64_t number = ++last_;
    for (std::size_t i = 15; number != 0; --i, number >>= 8)
        id.bytes[i] = static_cast<std::uint8_t>(number & 0xFF);
    return id;
}

wsman::ClientExchangeOptions exchange_options(std::uint32_t envelope_bytes_max)
{
    wsman::ClientExchangeOptions options;
    options.url = "http://host:5985/wsman?PSVersion=7.6.5";
    options.shell_id = pool_id;
    options.envelope_bytes_max = envelope_bytes_max;
    return options;
}

JoinedClient::JoinedClient(
    JoinedService& service,
    const psrp::ClientPoolOptions& pool_options,
    const wsman::ClientExchangeOptions& options,
    std::string given_owner
)
    : pool(pool_options), exchange(options, service.ids), owner(std::move(given_owner)),
      envelope_bytes_max(options.envelope_bytes_max)
{
}

JoinedService::JoinedService(const wsman::ServerExchangeOptions& options) : exchange(options, ids)
{
}

std::unique_ptr<JoinedClient> JoinedService::connect(
    const psrp::ClientPoolOptions& pool_options,
    wsman::ClientExchangeOptions options,
    const std::string& owner
)
{
    options.shell_id = pool_options.runspace_pool_id;
    auto client = std::make_unique<JoinedClient>(*this, pool_options, options, owner);
    clients_.push_back(client.get());
    return client;
}

void JoinedService::remove(JoinedClient& client)
{
    std::erase(clients_, &client);
    std::erase_if(askers_, [&](const auto& entry) {
        if (entry.second != &client) return false;
        exchange.request_gone(entry.first, now);
        return true;
    });
}

JoinedService::Shell& JoinedService::shell()
{
    REQUIRE(shells.size() == 1);
    return shells.begin()->second;
}

bool JoinedService::move_client(JoinedClient& client)
{
    bool any = false;
    for (;;) {
        std::size_t most = client.exchange.send_bytes_max();
        if (client.cut) most = std::min(most, std::max<std::size_t>(client.cut(), 1));
        const auto action = client.pool.next_action(most);
        if (!action) break;
        any = true;
        if (const auto* send = std::get_if<psrp::Send>(&*action)) client.sent.add(*send);
        const auto performed = client.exchange.perform(*action);
        if (!performed) FAIL(performed.error().text());
    }
    while (auto request = client.exchange.next_request()) {
        any = true;
        client.requests.push_back(request->body);
        client.operations.push_back(request->operation);
        CHECK(request->body.size() <= client.envelope_bytes_max);
        const auto number = ++last_number_;
        client.under_way[number] = request->id;
        if (client.on_request && !client.on_request(*request)) continue;
        askers_[number] = &client;
        exchange.receive({number, client.owner, "192.0.2.1", "", request->body}, now);
    }
    while (auto event = client.exchange.next_event()) {
        any = true;
        if (const auto* data = std::get_if<wsman::DataReceived>(&*event)) {
            auto& whole = client.received[data->channel];
            whole.insert(whole.end(), data->bytes.begin(), data->bytes.end());
        }
        wsman::report(*event, client.pool);
        client.exchange_events.push_back(*std::move(event));
    }
    while (auto event = client.pool.next_event()) {
        any = true;
        client.events.push_back(*std::move(event));
    }
    return any;
}

bool JoinedService::move_service()
{
    bool any = false;
    while (auto event = exchange.next_event()) {
        any = true;
        if (const auto* request = std::get_if<wsman::ShellRequested>(&*event)) {
            auto& shell = shells[request->shell];
            shell = {};
            shell.pool = std::make_unique<psrp::ServerPool>(psrp::ServerPoolOptions{});
            shell.request = *request;
            continue;
        }
        const auto key = std::visit([](const auto& one) { return one.shell; }, *event);
        const auto found = shells.find(key);
        if (found == shells.end())
            other_events.push_back(*std::move(event));
        else
            wsman::deliver(*event, *found->second.pool, exchange, now);
    }
    for (auto& [key, shell] : shells) {
        while (auto event = shell.pool->next_event()) {
            any = true;
            if (accepts && std::holds_alternative<psrp::PoolRequested>(*event))
                REQUIRE(shell.pool->accept_pool({}));
            if (const auto* stop = std::get_if<psrp::StopRequested>(&*event); stops && stop)
                REQUIRE(shell.pool->finish(stop->pipeline, psrp::PipelineState::Stopped));
            shell.events.push_back(*std::move(event));
        }
        while (exchange.wants_output(key)) {
            const auto action = shell.pool->next_action();
            if (!action) break;
            any = true;
            if (const auto* send = std::get_if<psrp::Send>(&*action)) {
                shell.sent.add(*send);
                auto& whole = shell.written[send->channel];
                whole.insert(whole.end(), send->bytes.begin(), send->bytes.end());
            }
            exchange.perform(key, *action, now);
        }
    }
    return any;
}

bool JoinedService::move_answers()
{
    bool any = false;
    while (auto answer = exchange.next_answer()) {
        any = true;
        answers.push_back(answer->body);
        const auto asker = askers_.find(answer->id);
        if (asker == askers_.end()) continue;
        JoinedClient& client = *asker->second;
        askers_.erase(asker);
        CHECK(answer->body.size() <= client.envelope_bytes_max);
        const auto id = client.under_way.at(answer->id);
        client.under_way.erase(answer->id);
        client.exchange.on_response(id, {answer->status, wsman::soap_content_type, answer->body});
    }
    return any;
}

void JoinedService::pump()
{
    for (bool any = true; any;) {
        any = false;
        for (auto* client : clients_)
            any = move_client(*client) || any;
        any = move_service() || any;
        any = move_answers() || any;
    }
}

void JoinedService::pass(std::chrono::milliseconds time)
{
    pump();
    now += time;
    exchange.on_deadline(now);
    pump();
}

} // namespace tests
