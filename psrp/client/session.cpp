#include <clixml/overloaded.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/session.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/system_keys.hpp>

#include <utility>
#include <variant>

namespace psrp {

namespace {

ClientPoolOptions pool_options(const SessionOptions& options)
{
    ClientPoolOptions pool;
    pool.runspace_pool_id = options.runspace_pool_id;
    pool.host_info = options.host_info;
    pool.application_arguments = options.application_arguments;
    pool.limits = options.limits;
    pool.zone = options.zone;
    pool.keys = options.keys != nullptr ? options.keys : &system_keys();
    return pool;
}

clixml::Error error_of(std::error_code code)
{
    return {code, clixml::no_offset, ""};
}

} // namespace

Session::Session(
    EventLoop& loop,
    std::unique_ptr<Transport> transport,
    const SessionOptions& options,
    SessionListener& listener
)
    : loop_(loop), transport_(std::move(transport)), options_(options), listener_(listener),
      pool_(pool_options(options))
{
    loop_.add(*transport_);
}

Session::~Session()
{
    disarm_timer();
    if (key_timer_) loop_.cancel(*key_timer_);
    loop_.remove(*transport_);
}

Result<void> Session::open()
{
    PSRP_CHECK(pool_.open());
    phase_ = Phase::Opening;
    arm_timer(options_.open_timeout, error_of(ClientErrc::OpenTimedOut));
    perform_actions();
    return {};
}

Result<void> Session::connect()
{
    PSRP_CHECK(pool_.connect());
    phase_ = Phase::Opening;
    arm_timer(options_.open_timeout, error_of(ClientErrc::OpenTimedOut));
    perform_actions();
    return {};
}

Result<void> Session::connect_pipeline(const Guid& pipeline)
{
    if (!is_open()) return clixml::failure(ClientErrc::NotOpen);
    return pool_.connect_pipeline(pipeline);
}

Result<void> Session::disconnect()
{
    if (!is_open()) return clixml::failure(ClientErrc::NotOpen);
    return pool_.disconnect();
}

bool Session::is_open() const
{
    return phase_ == Phase::Open && pool_.state() == RunspacePoolState::Opened;
}

Result<void> Session::start_pipeline(const Guid& pipeline, const CreatePipeline& request)
{
    if (!is_open()) return clixml::failure(ClientErrc::NotOpen);
    return pool_.start_pipeline(pipeline, request);
}

Result<void> Session::write_input(const Guid& pipeline, Value value)
{
    if (!is_open()) return clixml::failure(ClientErrc::NotOpen);
    return pool_.write_input(pipeline, value);
}

Result<void> Session::end_input(const Guid& pipeline)
{
    if (!is_open()) return clixml::failure(ClientErrc::NotOpen);
    return pool_.end_input(pipeline);
}

Result<void> Session::respond(const Guid& pipeline, const HostResponse& response)
{
    if (!is_open()) return clixml::failure(ClientErrc::NotOpen);
    return pool_.respond(pipeline, response);
}

Result<void> Session::stop(const Guid& pipeline)
{
    if (!is_open()) return clixml::failure(ClientErrc::NotOpen);
    arm_timer(options_.stop_timeout, error_of(ClientErrc::StopTimedOut));
    return pool_.stop(pipeline);
}

bool Session::leave_lost()
{
    return is_open() && transport_->give_up_network();
}

void Session::close()
{
    close_was_asked_ = true;
    if (phase_ == Phase::New) return end_connection({}, {});
    if (phase_ != Phase::Opening && phase_ != Phase::Open) return;
    phase_ = Phase::Closing;
    arm_timer(options_.close_timeout, error_of(ClientErrc::CloseTimedOut));
    pool_.close();
}

Result<std::int64_t> Session::reset_runspace_state()
{
    return pool_.reset_runspace_state();
}

void Session::abandon()
{
    if (phase_ == Phase::Ending || phase_ == Phase::Ended) return;
    close_was_asked_ = true;
    end_connection({}, {});
}

void Session::kill()
{
    if (phase_ == Phase::Ended) return;
    close_was_asked_ = true;
    if (phase_ != Phase::Ending) end_connection({}, {});
    transport_->kill();
    loop_.wake();
}

bool Session::pump()
{
    bool did_something = false;
    while (phase_ != Phase::Ended) {
        bool progressed = take_transport_events();
        progressed = take_pool_events() || progressed;
        // What waits goes first: it travels while more input is made.
        progressed = perform_actions() || progressed;
        if (phase_ == Phase::Open) offer_input();
        progressed = perform_actions() || progressed;
        if (!progressed) break;
        did_something = true;
    }
    watch_key();
    check_end();
    return did_something;
}

bool Session::take_transport_events()
{
    if (phase_ == Phase::Ending || phase_ == Phase::Ended) return false;
    bool any = false;
    while (phase_ != Phase::Ending) {
        auto event = transport_->next_event();
        if (!event) {
            on_transport_failure(event.error());
            return true;
        }
        if (!*event) break;
        on_transport_event(**event);
        any = true;
    }
    return any;
}

void Session::on_transport_failure(clixml::Error error)
{
    std::string reason = transport_->failure_text();
    if (pool_.has_partial_object()) {
        error = error_of(ClientErrc::CutInObject);
        reason = error.text() + ".\n" + reason;
    }
    if (is_peer_fault(error.code))
        pool_.peer_failed(error, reason);
    else
        pool_.transport_failed(error, reason);
    // Where the pool was over already nobody hears of it any more.
    if (!take_pool_events()) end_connection(error, reason);
}

void Session::on_transport_event(TransportEvent& event)
{
    std::visit(
        clixml::Overloaded{
            // A failed receive() queues the event that tells the owner.
            [this](DataReceived& data) {
                (void)pool_.receive(data.channel, std::move(data.bytes));
            },
            [this](DataAcknowledged& data) { pool_.data_sent(data.channel); },
            [this](CommandOpened& command) { pool_.command_opened(command.pipeline); },
            [this](SignalAcknowledged& signal) { pool_.signal_acknowledged(signal.pipeline); },
            [this](ChannelClosed& channel) { pool_.channel_closed(channel.channel); },
            [this](PeerReportedError& error) {
                pool_.peer_failed(error_of(TransportErrc::PeerReportedError), error.text);
            },
            [this](ConnectionEnded&) {
                if (phase_ == Phase::Open || phase_ == Phase::Opening) {
                    pool_.transport_failed(error_of(TransportErrc::StreamEnded), {});
                }
            },
            [this](CommandLost& lost) {
                pool_.command_failed(lost.pipeline, lost.error, lost.reason, lost.error_id);
            },
            [this](SessionLeft&) {
                // What is not open yet cannot be taken up again.
                if (phase_ == Phase::Opening)
                    pool_.transport_failed(
                        error_of(TransportErrc::StreamEnded),
                        "The network was lost before the session was open."
                    );
                else
                    pool_.disconnected();
            },
            [this](SessionNotLeft& refused) { pool_.disconnect_failed(refused.error); },
            [this](ChannelTakenUp& channel) { pool_.reconnected(channel.channel); },
            [this](SessionNotTakenUp& refused) {
                pool_.reconnect_failed(refused.error, refused.reason);
            },
        },
        event
    );
}

bool Session::take_pool_events()
{
    bool any = false;
    while (auto event = pool_.next_event()) {
        on_pool_event(*event);
        any = true;
    }
    return any;
}

void Session::on_pool_event(ClientEvent& event)
{
    if (std::holds_alternative<PoolOpened>(event)) {
        if (phase_ != Phase::Opening) return;
        phase_ = Phase::Open;
        was_opened_ = true;
        disarm_timer();
        return listener_.on_opened(*this);
    }
    if (const auto* broken = std::get_if<PoolBroken>(&event)) {
        return end_connection(broken->error, broken->reason);
    }
    if (std::holds_alternative<PoolDisconnected>(event)) {
        // Nothing here waits for a session that somebody else takes up.
        listener_.on_event(*this, event);
        return end_connection({}, {});
    }
    if (std::holds_alternative<PoolClosed>(event)) {
        return end_connection(
            close_was_asked_ ? clixml::Error{} : error_of(ClientErrc::ClosedByServer), {}
        );
    }
    // A stop that was waited for has come to its end.
    if (std::holds_alternative<PipelineFinished>(event) && phase_ == Phase::Open) disarm_timer();
    listener_.on_event(*this, event);
}

void Session::offer_input()
{
    if (transport_->pending_output_bytes() < options_.pending_output_bytes_max) {
        listener_.on_input_wanted(*this);
    }
}

bool Session::perform_actions()
{
    bool any = false;
    while (transport_->pending_output_bytes() < options_.pending_output_bytes_max) {
        auto action =
            pool_.next_action(transport_->send_bytes_max(), transport_->sends_outstanding_max());
        if (!action) break;
        any = true;
        if (const auto performed = transport_->perform(*action); !performed) {
            if (phase_ == Phase::Ending || phase_ == Phase::Ended) break;
            fail(performed.error(), performed.error().text());
            break;
        }
    }
    if (any) transport_->flush();
    return any;
}

void Session::fail(clixml::Error error, std::string reason)
{
    pool_.transport_failed(error, std::move(reason));
    take_pool_events();
}

// The machines have come to an end; the connection follows.
void Session::end_connection(clixml::Error error, std::string reason)
{
    if (phase_ == Phase::Ending || phase_ == Phase::Ended) return;
    perform_actions(); // the Close of a pool that broke while its transport lives
    phase_ = Phase::Ending;
    disarm_timer();
    end_ = {error, std::move(reason), was_opened_};
    transport_->close();
}

void Session::check_end()
{
    if (phase_ != Phase::Ending || !transport_->is_finished()) return;
    phase_ = Phase::Ended;
    has_ended_ = true;
    disarm_timer();
    loop_.remove(*transport_);
    listener_.on_ended(*this, end_);
}

void Session::arm_timer(std::optional<std::chrono::milliseconds> delay, clixml::Error error)
{
    disarm_timer();
    if (!delay) return;
    timer_ = loop_.call_after(*delay, [this, error] {
        timer_.reset();
        const std::string reason = error.text();
        // A pool that closes takes the loss for its end; here it is none.
        if (phase_ == Phase::Closing) end_connection(error, reason);
        fail(error, reason);
        end_connection(error, reason); // where the pool was over already
        transport_->kill();
    });
}

// The machine has no clock: what it waits for is timed here.
void Session::watch_key()
{
    const bool is_waiting = pool_.is_waiting_for_key() && options_.key_timeout.has_value();
    if (is_waiting == key_timer_.has_value()) return;
    if (!is_waiting) {
        loop_.cancel(*key_timer_);
        key_timer_.reset();
        return;
    }
    key_timer_ = loop_.call_after(*options_.key_timeout, [this] {
        key_timer_.reset();
        pool_.key_exchange_timed_out();
    });
}

void Session::disarm_timer()
{
    if (timer_) loop_.cancel(*timer_);
    timer_.reset();
}

} // namespace psrp
