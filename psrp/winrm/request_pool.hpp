// Makes the requests of an exchange over as many connections as it takes: each is authenticated by
// itself and used again (fact sheet transports B2, B17, B18).
#pragma once

#include <psrp/http/client_channel.hpp>
#include <psrp/transport/poll_source.hpp>
#include <psrp/wsman/client_exchange.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace psrp {

struct RequestPoolOptions {
    ChannelOptions channel; // its URL is where requests go
    // How much longer than the service's own limit one waits for an answer.
    std::chrono::milliseconds answer_slack{15'000};
    // Connections at once; requests beyond wait for one.
    std::size_t connections_max = 64;
};

// What became of a request.
struct RequestOutcome {
    std::uint64_t id = 0;
    HttpResult<HttpResponse> result;
};

// One thread. Ask next_outcome() after each turn of the loop.
class RequestPool final : public PollSource {
public:
    explicit RequestPool(RequestPoolOptions options);

    // Takes a request; its delay is kept.
    void add(const wsman::OutgoingRequest& request);
    // The next request that has come to its end.
    std::optional<RequestOutcome> next_outcome();
    // Cuts all connections and forgets all requests.
    void cut();

    // Requests waiting or under way.
    [[nodiscard]] std::size_t request_count() const;
    // Bytes of requests that have not been answered.
    [[nodiscard]] std::size_t pending_bytes() const;

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    struct Waiting {
        std::uint64_t id;
        std::string body;
        std::chrono::milliseconds timeout;
        Clock::time_point not_before;
    };
    struct Slot {
        std::unique_ptr<HttpChannel> channel;
        std::uint64_t id = 0; // 0: idle
        std::size_t bytes = 0;
    };

    void start_due(Clock::time_point now);
    void collect();
    Slot* free_slot();
    [[nodiscard]] HttpChannel* channel_of(int descriptor) const;

    RequestPoolOptions options_;
    std::deque<Waiting> waiting_;
    std::vector<Slot> slots_;
    std::deque<RequestOutcome> outcomes_;
};

} // namespace psrp
