#include <psrp/holder/holder.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

Holder::Holder(EventLoop& loop, HolderOptions options) : loop_(loop), options_(std::move(options))
{
    options_.session.runspace_pool_id = options_.target.runspace_pool_id.value_or(Guid{});
    options_.session.close_timeout = options_.farewell;
    if (options_.console != nullptr) {
        responder_ = std::make_unique<HostResponder>(*options_.console);
    }
}

Holder::~Holder()
{
    for (const auto& timer : {farewell_timer_, idle_timer_}) {
        if (timer) loop_.cancel(*timer);
    }
}

tl::expected<void, std::string> Holder::open(const std::function<int()>& interrupts)
{
    auto transport = options_.target.connect(options_.on_line);
    if (!transport) return tl::unexpected(transport.error().reason);
    auto shared =
        std::make_unique<SharedTransport>(std::move(*transport), options_.session.runspace_pool_id);
    shared_ = shared.get();
    session_ = std::make_unique<Session>(loop_, std::move(shared), options_.session, *this);
    const auto begun = options_.target.takes_up_session ? session_->connect() : session_->open();
    if (!begun) return tl::unexpected(begun.error().text());
    bool was_interrupted = false;
    while (true) {
        session_->pump();
        if (session_->is_open()) return {};
        if (session_->has_ended()) break;
        if (interrupts() > 0 && !std::exchange(was_interrupted, true)) session_->abandon();
        if (interrupts() > 1) session_->kill();
        if (const auto turned = loop_.run_once(); !turned) {
            return tl::unexpected(turned.error().text());
        }
    }
    return tl::unexpected(was_interrupted ? std::string("interrupted") : broken_reason_);
}

void Holder::listen(Descriptor socket)
{
    server::ListenerOptions options;
    options.sessions_max = options_.clients_max;
    options.connect = [this](server::ClientStream stream, std::uint64_t) {
        return admit(std::move(stream));
    };
    listener_ = std::make_unique<server::Listener>(loop_, std::move(socket), std::move(options));
}

Result<std::unique_ptr<server::Connection>> Holder::admit(server::ClientStream stream)
{
    PSRP_TRY(auto client, HeldClient::create(std::move(stream), *this));
    clients_.push_back(client.get());
    return std::unique_ptr<server::Connection>(std::move(client));
}

void Holder::forget_console()
{
    responder_.reset();
    options_.console = nullptr;
    options_.on_line = nullptr;
}

void Holder::serve(const std::function<int()>& interrupts)
{
    watch_idleness();
    while (true) {
        if (interrupts() > 0 || is_idle_too_long_) on_end_wanted(HolderRequest::Close);
        if (interrupts() > 1) session_->kill();
        pump();
        if (is_ending_ && session_->has_ended()) return;
        if (!loop_.run_once()) return;
    }
}

void Holder::pump()
{
    session_->pump();
    std::erase_if(clients_, [](const HeldClient* client) { return client->is_over(); });
    listener_->sweep();
    if (is_ending_) {
        advance_end();
        session_->pump();
    }
    watch_idleness();
}

HeldDescription Holder::description() const
{
    HeldDescription description;
    description.name = options_.name;
    description.computer_name = options_.target.name;
    description.runspace_pool_id = options_.session.runspace_pool_id;
    description.transport = options_.transport;
    description.configuration = options_.configuration;
    description.broken_reason = broken_reason_;
    if (description.is_open() && shared_ != nullptr) {
        description.pipeline_count = shared_->pipeline_count();
    }
    return description;
}

SharedTransport* Holder::shared_transport()
{
    return session_ != nullptr && !session_->has_ended() && broken_reason_.empty() ? shared_
                                                                                   : nullptr;
}

void Holder::on_end_wanted(HolderRequest request)
{
    if (request != HolderRequest::Disconnect) return begin_end();
    if (is_ending_ || is_leaving_ || !session_->is_open()) {
        return tell_disconnected("the session is not open");
    }
    if (!options_.on_leaving) {
        return tell_disconnected("only sessions over WinRM can be left to their server");
    }
    if (const auto kept = options_.on_leaving(); !kept) return tell_disconnected(kept.error());
    is_leaving_ = true;
    if (const auto begun = session_->disconnect(); !begun) on_not_left(begun.error());
}

void Holder::on_not_left(const clixml::Error& error)
{
    is_leaving_ = false;
    if (options_.on_not_left) options_.on_not_left();
    tell_disconnected(error.text());
}

void Holder::begin_end()
{
    if (std::exchange(is_ending_, true)) return;
    if (on_end_) on_end_();
    if (session_->has_ended()) return;
    for (HeldClient* client : clients_)
        client->on_session_ended("It has been removed.");
    shared_->end_pipelines();
    farewell_timer_ = loop_.call_after(options_.farewell, [this] {
        farewell_timer_.reset();
        is_closing_ = true;
        session_->close();
    });
}

// Pipelines first: a server closes a session once it has no pipelines (fact sheet transports A5).
void Holder::advance_end()
{
    if (is_closing_ || session_->has_ended() || shared_->pipeline_count() > 0) return;
    is_closing_ = true;
    session_->close();
}

void Holder::on_event(Session& session, ClientEvent& event)
{
    if (auto* call = std::get_if<HostCallReceived>(&event)) {
        // Once there are clients they answer.
        if (responder_ == nullptr || shared_->client_count() > 0) return;
        const auto response = responder_->respond(call->call, *call->memory, options_.target.name);
        if (response) (void)session.respond(call->pipeline, *response); // it ends, if that fails
        return;
    }
    if (const auto* failed = std::get_if<DisconnectFailed>(&event)) {
        on_not_left(failed->error);
    } else if (std::holds_alternative<PoolDisconnected>(event)) {
        // Left as asked; or the server could not be reached for long, and keeps it.
        if (is_leaving_) is_ending_ = true;
        broken_reason_ = is_leaving_ ? "The session has been disconnected."
                                     : "The server could not be reached any more; it keeps the "
                                       "session.";
        if (is_leaving_ && on_end_) on_end_();
        tell_disconnected("left");
    }
}

void Holder::tell_disconnected(std::string_view outcome)
{
    for (HeldClient* client : clients_)
        client->on_disconnected(outcome);
}

void Holder::on_ended(Session&, const SessionEnd& end)
{
    if (broken_reason_.empty()) {
        broken_reason_ = !end.reason.empty() ? end.reason
                         : end.error.code    ? end.error.text()
                                             : std::string("The session has been closed.");
    }
    for (HeldClient* client : clients_)
        client->on_session_ended(broken_reason_);
    clients_.clear();
}

// The time runs while nobody is there.
void Holder::watch_idleness()
{
    const bool is_idle = !is_ending_ && shared_->client_count() == 0;
    if (!is_idle && idle_timer_) {
        loop_.cancel(*idle_timer_);
        idle_timer_.reset();
    }
    if (is_idle && !idle_timer_ && !is_idle_too_long_) {
        idle_timer_ = loop_.call_after(options_.idle_timeout, [this] {
            idle_timer_.reset();
            is_idle_too_long_ = true;
        });
    }
}

} // namespace psrp
