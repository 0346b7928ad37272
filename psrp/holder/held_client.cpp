#include <clixml/overloaded.hpp>
#include <psrp/holder/held_client.hpp>
#include <psrp/transport/errors.hpp>

#include <utility>

namespace psrp {

namespace {

constexpr std::size_t read_bytes = std::size_t{128} << 10;
// What may wait for a client before the server's side has to wait.
constexpr std::size_t waiting_bytes_max = std::size_t{1} << 20;

} // namespace

HeldClient::HeldClient(server::ClientStream stream, HeldSessionOwner& owner)
    : stream_(std::move(stream)), owner_(owner)
{
}

Result<std::unique_ptr<HeldClient>>
HeldClient::create(server::ClientStream stream, HeldSessionOwner& owner)
{
    PSRP_CHECK(set_nonblocking(stream.input));
    return std::unique_ptr<HeldClient>(new HeldClient(std::move(stream), owner));
}

HeldClient::~HeldClient()
{
    leave();
}

void HeldClient::leave()
{
    if (joined_ != nullptr) std::exchange(joined_, nullptr)->leave(*this);
}

void HeldClient::set_gone()
{
    leave();
    output_.clear();
    phase_ = Phase::Gone;
}

void HeldClient::end()
{
    leave();
    if (phase_ != Phase::Gone) phase_ = Phase::Ending;
    flush();
}

bool HeldClient::is_over() const
{
    return phase_ == Phase::Gone || (phase_ == Phase::Ending && output_.is_empty());
}

bool HeldClient::is_congested() const
{
    return output_.pending_bytes() > waiting_bytes_max;
}

void HeldClient::on_session_ended(std::string_view reason)
{
    if (phase_ == Phase::Using) server_.report_error(reason);
    if (phase_ != Phase::Waiting) end();
}

void HeldClient::on_disconnected(std::string_view outcome)
{
    if (phase_ != Phase::Waiting) return;
    output_.append(std::string(outcome) + '\n');
    end();
}

void HeldClient::refuse(std::string_view reason)
{
    server_.report_error(reason);
    end();
}

void HeldClient::append_poll_entries(std::vector<PollEntry>& entries) const
{
    if (phase_ == Phase::Gone) return;
    const bool listens = phase_ != Phase::Ending && !is_congested();
    // Without a wish its end is still told.
    entries.push_back({stream_.input, listens, !output_.is_empty()});
}

void HeldClient::on_readable(int descriptor)
{
    if (descriptor != stream_.input || phase_ == Phase::Gone) return;
    std::string text;
    const auto outcome = read_some(descriptor, read_bytes, text);
    if (!outcome || *outcome == ReadOutcome::End) return set_gone();
    if (phase_ == Phase::Ending || phase_ == Phase::Waiting) return; // it has nothing to say
    take_text(text);
    flush();
}

void HeldClient::on_writable(int descriptor)
{
    if (descriptor == stream_.input) flush();
    if (phase_ == Phase::Ending && server::has_hung_up(descriptor)) set_gone();
}

void HeldClient::flush()
{
    if (phase_ == Phase::Gone) return;
    output_.append(server_.take_output());
    if (!output_.is_empty() && !output_.flush_to(stream_.input)) set_gone();
}

void HeldClient::take_text(std::string_view text)
{
    if (phase_ == Phase::Asking) {
        const std::size_t end = text.find('\n');
        line_ += text.substr(0, end);
        if (line_.size() > holder_line_bytes_max) return set_gone();
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
        take_request(line_);
    }
    if (phase_ != Phase::Using) return;
    server_.receive(clixml::bytes_of(text));
    take_events();
}

void HeldClient::take_request(std::string_view line)
{
    const auto request = read_holder_request(line);
    if (!request) return set_gone(); // somebody else's words
    output_.append(write_held_description(owner_.description()));
    switch (*request) {
    case HolderRequest::Look:
        return end();
    case HolderRequest::Close:
    case HolderRequest::Disconnect:
        phase_ = Phase::Waiting;
        return owner_.on_end_wanted(*request);
    case HolderRequest::Use:
        break;
    }
    SharedTransport* const shared = owner_.shared_transport();
    if (shared == nullptr) return end();
    phase_ = Phase::Using;
    joined_ = shared;
    shared->join(*this);
}

void HeldClient::take_events()
{
    while (phase_ == Phase::Using) {
        auto event = server_.next_event();
        if (!event) return refuse(event.error().text());
        if (!*event) break;
        if (const auto taken = on_event(**event); !taken) return refuse(taken.error().text());
    }
    if (SharedTransport* shared = owner_.shared_transport()) shared->flush();
}

Result<void> HeldClient::on_event(ServerTransportEvent& event)
{
    SharedTransport* const shared = owner_.shared_transport();
    if (shared == nullptr) return {}; // its end is on the way to the client
    return std::visit(
        clixml::Overloaded{
            [&](ClientDataReceived& data) { return on_data(data); },
            [&](CommandRequested& command) { return shared->open(*this, command.pipeline); },
            [&](SignalRequested& signal) { return shared->signal(*this, signal.pipeline); },
            [&](CloseRequested& close) -> Result<void> {
                if (!close.channel.is_zero()) return shared->close_pipeline(*this, close.channel);
                // Not the session's end, but that of the client's part in it.
                leave();
                PSRP_CHECK(server_.perform(AcknowledgeClose{close.channel}));
                end();
                return {};
            },
            [&](EndOfInput&) -> Result<void> {
                end();
                return {};
            },
        },
        event
    );
}

// The first that a client says to the session is its Connect.
Result<void> HeldClient::on_data(ClientDataReceived& data)
{
    SharedTransport* const shared = owner_.shared_transport();
    if (!data.channel.is_zero() || is_connected_) return shared->send(*this, std::move(data));
    PSRP_TRY(Bytes answer, shared->connect(data.bytes));
    is_connected_ = true;
    const Bytes following = shared->take_following();
    answer.insert(answer.end(), following.begin(), following.end());
    PSRP_CHECK(server_.perform(AcknowledgeData{session_channel}));
    return server_.perform(Send{session_channel, Stream::Default, std::move(answer)});
}

void HeldClient::on_server_action(const ServerAction& action)
{
    // A full output is a client that does not read; it has been waited for long enough.
    if (!server_.perform(action)) return set_gone();
    flush();
}

} // namespace psrp
