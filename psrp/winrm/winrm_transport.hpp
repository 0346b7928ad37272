// A Transport over WinRM: the exchange of psrp/wsman on the connections of psrp/http (fact sheet
// transports B, C).
#pragma once

#include <psrp/protocol/identifiers.hpp>
#include <psrp/transport/transport.hpp>
#include <psrp/winrm/request_pool.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

struct WinRmOptions {
    // The address is exchange.url; that of requests.channel is set to it.
    wsman::ClientExchangeOptions exchange;
    RequestPoolOptions requests;
    IdSource* ids = nullptr; // borrowed, not null
    // Streams are compressed where the server does it, too; sets exchange.codec.
    bool compresses = false;
    // How often one goes where a server says that one should go; 0: never (B16). Never from https
    // to http.
    int redirections_max = 0;
    // How long a session that is open tries to get through a network that is gone; then it counts
    // as left, and can be connected (B18).
    std::chrono::milliseconds retry_window{240'000};
    std::chrono::milliseconds retry_interval{1000};
    // How long Receives are waited for after a Disconnect.
    std::chrono::milliseconds disconnect_wait{5000};
    // Gets lines for people: of lost networks, of redirections. Borrowed for the call.
    std::function<void(std::string_view)> on_line = {};
};

// Requests are made as the exchange wants them; after close() a shell that is there is deleted,
// unless it was disconnected, and one that cannot be reached any more is left to its server's
// patience.
class WinRmTransport final : public Transport {
public:
    explicit WinRmTransport(WinRmOptions options);
    ~WinRmTransport() override;

    Result<void> perform(const ClientAction& action) override;
    Result<std::optional<TransportEvent>> next_event() override;
    void close() override;
    void kill() override;
    bool give_up_network() override;
    [[nodiscard]] bool is_finished() const override;
    [[nodiscard]] std::string failure_text() const override { return failure_text_; }
    [[nodiscard]] std::size_t pending_output_bytes() const override;
    [[nodiscard]] std::size_t send_bytes_max() const override;

    // The exchange, for what a Transport has no words for.
    [[nodiscard]] const wsman::ClientExchange& exchange() const { return *exchange_; }

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    void pump();
    void on_outcome(RequestOutcome outcome);
    bool try_again(const RequestOutcome& outcome);
    void resend(std::uint64_t id, std::chrono::milliseconds delay);
    bool leave(std::string_view how);
    bool redirect(wsman::Failure& failure);
    std::optional<TransportEvent> event_of(wsman::ClientExchangeEvent event);
    void fail(const wsman::Failure& failure);
    void say(const std::string& line) const;

    WinRmOptions options_;
    std::unique_ptr<wsman::XpressCodec> codec_;
    std::unique_ptr<wsman::ClientExchange> exchange_;
    std::unique_ptr<RequestPool> requests_;
    std::optional<clixml::Error> error_;
    std::string failure_text_;
    bool is_closing_ = false;
    bool is_killed_ = false;
    bool is_established_ = false;       // something was answered well
    std::vector<ClientAction> opening_; // until then: what to do again at another address
    int redirections_ = 0;
    std::uint32_t connect_retries_ = 0;
    std::optional<Clock::time_point> lost_at_; // the network
    std::optional<Clock::time_point> said_at_; // that it is gone, most lately
    std::optional<Clock::time_point> stop_awaiting_at_;
    std::optional<Clock::time_point> give_up_at_; // of closing
};

} // namespace psrp
