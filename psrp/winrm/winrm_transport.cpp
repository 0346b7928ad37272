#include <clixml/overloaded.hpp>
#include <clixml/utf.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/winrm/winrm_transport.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

namespace {

// How long a Delete on the way out may take.
constexpr std::chrono::milliseconds close_wait{10'000};

// How often one says that one is still trying.
constexpr std::chrono::milliseconds attempt_notice_interval{15'000};

bool is_https(std::string_view url)
{
    return url.size() > 8 && clixml::equal_ignoring_case(url.substr(0, 8), "https://");
}

// Empty for what is no URL of WinRM.
std::string host_of(std::string_view url)
{
    const bool is_http = url.size() > 7 && clixml::equal_ignoring_case(url.substr(0, 7), "http://");
    if (!is_http && !is_https(url)) return {};
    std::string_view rest = url.substr(is_http ? 7 : 8);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    if (rest.find_first_of("@ \t\r\n\"<>\\") != std::string_view::npos) return {};
    const std::size_t end = rest.starts_with('[') ? rest.find(']') : rest.find(':');
    if (rest.starts_with('[') && end != std::string_view::npos)
        return std::string(rest.substr(1, end - 1));
    return std::string(rest.substr(0, end));
}

// Whether the network may be there again in a moment.
bool is_passing(const clixml::Error& error)
{
    return error == HttpErrc::ConnectFailed || error == HttpErrc::ConnectTimedOut ||
           error == HttpErrc::ConnectionCut || error == HttpErrc::OperationTimedOut ||
           error == HttpErrc::HostUnknown;
}

} // namespace

WinRmTransport::WinRmTransport(WinRmOptions options) : options_(std::move(options))
{
    if (options_.compresses || options_.exchange.connects_compressed) {
        codec_ = std::make_unique<wsman::XpressCodec>();
        options_.exchange.codec = codec_.get();
    }
    options_.requests.channel.connection.url = options_.exchange.url;
    exchange_ = std::make_unique<wsman::ClientExchange>(options_.exchange, *options_.ids);
    requests_ = std::make_unique<RequestPool>(options_.requests);
}

WinRmTransport::~WinRmTransport() = default;

Result<void> WinRmTransport::perform(const ClientAction& action)
{
    if (is_closing_ || error_) {
        return clixml::failure(TransportErrc::ActionNotAllowed, clixml::no_offset, "closed");
    }
    PSRP_CHECK(exchange_->perform(action));
    if (!is_established_ && options_.redirections_max > 0) opening_.push_back(action);
    if (std::holds_alternative<Disconnect>(action)) {
        stop_awaiting_at_ = Clock::now() + options_.disconnect_wait;
    }
    pump();
    return {};
}

// Hands requests to connections and answers to the exchange until both have nothing more.
void WinRmTransport::pump()
{
    for (bool progressed = true; progressed;) {
        progressed = false;
        while (auto request = exchange_->next_request()) {
            requests_->add(*request);
            progressed = true;
        }
        while (auto outcome = requests_->next_outcome()) {
            on_outcome(std::move(*outcome));
            progressed = true;
        }
    }
}

void WinRmTransport::on_outcome(RequestOutcome outcome)
{
    if (!outcome.result) {
        if (try_again(outcome)) return;
        const HttpFailure& failure = outcome.result.error();
        return exchange_->on_failure(outcome.id, failure.error, failure.text);
    }
    if (std::exchange(lost_at_, std::nullopt)) {
        say("The network connection to " + host_of(options_.exchange.url) + " has been restored.");
    }
    const HttpResponse& response = *outcome.result;
    exchange_->on_response(
        outcome.id, {response.status, response.header("Content-Type"), response.body}
    );
}

// Once a shell is there a lost network is waited for; the service recognises what it has seen.
// Before that, only a connection that does not come about is tried again, so often.
bool WinRmTransport::try_again(const RequestOutcome& outcome)
{
    const clixml::Error& error = outcome.result.error().error;
    if (is_closing_ || !is_passing(error)) return false;
    if (!is_established_) {
        const bool is_worth_it =
            error == HttpErrc::ConnectFailed || error == HttpErrc::ConnectionCut;
        if (!is_worth_it || connect_retries_ >= options_.exchange.create_retries_max) return false;
        ++connect_retries_;
        resend(outcome.id, options_.exchange.create_retry_delay);
        return true;
    }
    const Clock::time_point now = Clock::now();
    const std::string host = host_of(options_.exchange.url);
    if (!lost_at_) {
        lost_at_ = said_at_ = now;
        const auto minutes = std::chrono::ceil<std::chrono::minutes>(options_.retry_window).count();
        say("The network connection to " + host +
            " has been interrupted. Attempting to reconnect "
            "for up to " +
            std::to_string(minutes) + " minutes...");
    } else if (now - *said_at_ >= attempt_notice_interval) {
        said_at_ = now;
        say("Attempting to reconnect to " + host + " ...");
    }
    if (now - *lost_at_ >= options_.retry_window) return leave("failed");
    resend(outcome.id, options_.retry_interval);
    return true;
}

void WinRmTransport::resend(std::uint64_t id, std::chrono::milliseconds delay)
{
    if (!exchange_->resend(id)) return; // nobody wants its answer any more
    while (auto request = exchange_->next_request()) {
        request->delay = std::max(request->delay, delay);
        requests_->add(*request);
    }
}

// The service will notice as well, and keep the session for whoever comes next. `how` the attempt
// to reconnect ended.
bool WinRmTransport::leave(std::string_view how)
{
    const std::string host = host_of(options_.exchange.url);
    wsman::Failure cause;
    cause.error = clixml::Error{HttpErrc::ConnectionCut, clixml::no_offset, ""};
    cause.reason = "Network connectivity to " + host +
                   " has been lost and the reconnection attempt " + std::string(how) +
                   ". Please repair the network connection and reconnect using Connect-PSSession "
                   "or Receive-PSSession.";
    cause.error_id = "PowerShellNetworkFailedStartDisconnect";
    if (!exchange_->give_up(std::move(cause))) return false;
    say("The reconnection attempt to " + host + " " + std::string(how) +
        ". Attempting to disconnect the session...");
    requests_->cut();
    lost_at_.reset();
    return true;
}

// MS-WSMV's way to say: not here, there. Where it is not followed the failure says so.
bool WinRmTransport::redirect(wsman::Failure& failure)
{
    if (!failure.fault || failure.error != wsman::Errc::RedirectRequested || is_established_)
        return false;
    const std::string place = failure.fault->redirect_location;
    if (place.empty()) return false; // its words are all that there is
    if (options_.redirections_max == 0) {
        failure.reason += " It is redirected to " + place + ", which -AllowRedirection follows.";
        return false;
    }
    if (redirections_ >= options_.redirections_max) {
        failure.reason += " It is redirected to " + place + ", after as many redirections as are " +
                          "allowed (" + std::to_string(redirections_) + ").";
        return false;
    }
    const bool is_downgrade = is_https(options_.exchange.url) && !is_https(place);
    if (host_of(place).empty() || is_downgrade) {
        failure.error = clixml::Error{wsman::Errc::RedirectLocationInvalid, clixml::no_offset, ""};
        failure.reason = "The destination \"" + options_.exchange.url +
                         "\" requested the connection to be redirected to \"" + place + "\". ";
        failure.reason += is_downgrade ? "That is not followed from HTTPS to HTTP."
                                       : "However \"" + place + "\" is not a well formatted URI.";
        failure.error_id = "RedirectLocationInvalid,PSSessionStateBroken";
        return false;
    }
    ++redirections_;
    say("Your connection has been redirected to the following URI: \"" + place + "\"");
    options_.exchange.url = place;
    options_.requests.channel.connection.url = place;
    exchange_ = std::make_unique<wsman::ClientExchange>(options_.exchange, *options_.ids);
    requests_ = std::make_unique<RequestPool>(options_.requests);
    for (const ClientAction& action : opening_) {
        if (!exchange_->perform(action)) return false;
    }
    pump();
    return true;
}

Result<std::optional<TransportEvent>> WinRmTransport::next_event()
{
    pump();
    while (auto event = exchange_->next_event()) {
        if (auto* failed = std::get_if<wsman::SessionFailed>(&*event)) {
            if (redirect(failed->failure)) continue;
            fail(failed->failure);
            pump(); // the Delete
            break;
        }
        is_established_ = true;
        opening_.clear();
        pump();
        return event_of(std::move(*event));
    }
    if (error_) return tl::unexpected<clixml::Error>(*error_);
    return std::optional<TransportEvent>();
}

void WinRmTransport::fail(const wsman::Failure& failure)
{
    if (error_) return;
    error_ = failure.error;
    failure_text_ = failure.reason.empty() ? failure.error.text() : failure.reason;
}

std::optional<TransportEvent> WinRmTransport::event_of(wsman::ClientExchangeEvent event)
{
    using Event = std::optional<TransportEvent>;
    return std::visit(
        clixml::Overloaded{
            [](wsman::DataReceived& data) -> Event {
                return DataReceived{data.channel, std::move(data.bytes)};
            },
            [](wsman::DataSent& sent) -> Event { return DataAcknowledged{sent.channel}; },
            [](wsman::CommandOpened& opened) -> Event { return CommandOpened{opened.pipeline}; },
            [](wsman::SignalAcknowledged& signal) -> Event {
                return SignalAcknowledged{signal.pipeline};
            },
            [](wsman::ChannelClosed& closed) -> Event { return ChannelClosed{closed.channel}; },
            [this](wsman::SessionDisconnected& left) -> Event {
                if (left.failure) say(left.failure->reason);
                return SessionLeft{};
            },
            [](wsman::DisconnectRefused& refused) -> Event {
                return SessionNotLeft{refused.failure.error};
            },
            [](wsman::ChannelReconnected& channel) -> Event {
                return ChannelTakenUp{channel.channel};
            },
            [](wsman::ReconnectRefused& refused) -> Event {
                return SessionNotTakenUp{refused.failure.error, std::move(refused.failure.reason)};
            },
            [](wsman::CommandFailed& failed) -> Event {
                return CommandLost{
                    failed.pipeline,
                    failed.failure.error,
                    std::move(failed.failure.reason),
                    std::move(failed.failure.error_id)};
            },
            [](wsman::SessionFailed&) -> Event { return std::nullopt; }, // seen before
        },
        event
    );
}

void WinRmTransport::say(const std::string& line) const
{
    if (options_.on_line) options_.on_line(line);
}

void WinRmTransport::close()
{
    if (std::exchange(is_closing_, true)) return;
    exchange_->abandon();
    give_up_at_ = Clock::now() + close_wait;
    pump();
}

void WinRmTransport::kill()
{
    is_closing_ = true;
    is_killed_ = true;
    requests_->cut();
}

bool WinRmTransport::give_up_network()
{
    return lost_at_ && !is_closing_ && leave("was given up");
}

bool WinRmTransport::is_finished() const
{
    return is_killed_ || (is_closing_ && exchange_->is_finished());
}

std::size_t WinRmTransport::pending_output_bytes() const
{
    // Standing Receives are small and always there; they are no output that waits.
    return 0;
}

std::size_t WinRmTransport::send_bytes_max() const
{
    return exchange_->send_bytes_max();
}

void WinRmTransport::append_poll_entries(std::vector<PollEntry>& entries) const
{
    requests_->append_poll_entries(entries);
}

void WinRmTransport::on_readable(int descriptor)
{
    requests_->on_readable(descriptor);
    pump();
}

void WinRmTransport::on_writable(int descriptor)
{
    requests_->on_writable(descriptor);
    pump();
}

std::optional<Clock::time_point> WinRmTransport::deadline() const
{
    if (is_killed_) return std::nullopt;
    std::optional<Clock::time_point> until = requests_->deadline();
    for (const auto& time : {stop_awaiting_at_, give_up_at_}) {
        if (time) until = until ? std::min(*until, *time) : *time;
    }
    return until;
}

void WinRmTransport::on_deadline(Clock::time_point now)
{
    if (stop_awaiting_at_ && *stop_awaiting_at_ <= now) {
        stop_awaiting_at_.reset();
        if (exchange_->is_awaiting_receives()) exchange_->stop_awaiting_receives();
    }
    if (give_up_at_ && *give_up_at_ <= now) {
        give_up_at_.reset();
        return kill();
    }
    requests_->on_deadline(now);
    pump();
}

} // namespace psrp
