// Clients and a service joined without HTTP: what one exchange writes the other reads, in memory,
// and their machines hear of it.
#pragma once

#include <psrp/protocol/client_pool.hpp>
#include <psrp/protocol/server_pool.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/server_exchange.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/protocol/conversation.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tests {

// 1, 2, 3, ... as identifiers.
class CountingIds final : public psrp::IdSource {
public:
    clixml::Guid new_guid() override;

private:
    std::uint64_t last_ = 0;
};

class JoinedService;

// A client's machine and exchange, and what they did.
class JoinedClient {
public:
    JoinedClient(
        JoinedService& service,
        const psrp::ClientPoolOptions& pool_options,
        const psrp::wsman::ClientExchangeOptions& options,
        std::string owner
    );

    template <typename Event>
    std::vector<Event> events_of() const
    {
        std::vector<Event> found;
        for (const auto& event : events) {
            if (const auto* wanted = std::get_if<Event>(&event)) found.push_back(*wanted);
        }
        return found;
    }

    psrp::ClientPool pool;
    psrp::wsman::ClientExchange exchange;
    std::string owner;
    std::uint32_t envelope_bytes_max;
    std::vector<psrp::ClientEvent> events;
    std::vector<psrp::wsman::ClientExchangeEvent> exchange_events;
    std::vector<std::string> requests;              // bodies, in order
    std::vector<psrp::wsman::Operation> operations; // of the same
    SentMessages sent;
    std::map<psrp::Guid, psrp::Bytes> received; // by channel
    // How much the next Send may carry at most; as much as fits where there is none.
    std::function<std::size_t()> cut;
    // Called with each request before the service sees it; false: it does not get there.
    std::function<bool(const psrp::wsman::OutgoingRequest&)> on_request;
    // Requests whose answers have not come, by the listener's number.
    std::map<std::uint64_t, std::uint64_t> under_way;
};

// A service with a machine for each shell.
class JoinedService {
public:
    explicit JoinedService(const psrp::wsman::ServerExchangeOptions& options = {});

    std::unique_ptr<JoinedClient> connect(
        const psrp::ClientPoolOptions& pool_options,
        psrp::wsman::ClientExchangeOptions options,
        const std::string& owner = "user"
    );
    void remove(JoinedClient& client);

    // Until nothing moves any more.
    void pump();
    // Lets time pass, then pumps.
    void pass(std::chrono::milliseconds time);

    struct Shell {
        std::unique_ptr<psrp::ServerPool> pool;
        std::vector<psrp::ServerEvent> events;
        SentMessages sent;
        std::map<psrp::Guid, psrp::Bytes> written; // by channel
        psrp::wsman::ShellRequested request;
    };

    CountingIds ids;
    psrp::wsman::ServerExchange exchange;
    psrp::wsman::Time now{std::chrono::hours(1)};
    std::map<psrp::Guid, Shell> shells;
    std::vector<psrp::wsman::ServerExchangeEvent> other_events; // of command shells
    std::vector<std::string> answers;
    // Pools that ask to be opened are accepted at once.
    bool accepts = true;
    // Pipelines that are to stop do so at once.
    bool stops = true;

    // The only shell there is or was.
    Shell& shell();

private:
    bool move_client(JoinedClient& client);
    bool move_service();
    bool move_answers();

    std::vector<JoinedClient*> clients_;
    std::map<std::uint64_t, JoinedClient*> askers_;
    std::uint64_t last_number_ = 0;
};

// Options of a client whose envelopes are at most so large.
psrp::wsman::ClientExchangeOptions
exchange_options(std::uint32_t envelope_bytes_max = psrp::wsman::envelope_bytes_default);

} // namespace tests
