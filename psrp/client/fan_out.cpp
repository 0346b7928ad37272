#include <clixml/origin.hpp>
#include <clixml/overloaded.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/fan_out.hpp>
#include <psrp/client/host_echo.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/versions.hpp>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

namespace psrp {

// One target's session: connects, runs the scripts one after the other, closes.
class FanOut::TargetRun final : public SessionListener {
public:
    TargetRun(FanOut& owner, Target target, std::size_t index)
        : owner_(owner), index_(index),
          target_(std::move(target)), origin_{
                                          target_.name,
                                          target_.runspace_pool_id.value_or(owner.ids_.new_guid()),
                                          target_.is_remote}
    {
        if (owner_.options_.has_input) reader_ = owner_.input_.add_reader();
    }

    ~TargetRun() override
    {
        if (timer_) owner_.loop_.cancel(*timer_);
    }
    TargetRun(const TargetRun&) = delete;
    TargetRun& operator=(const TargetRun&) = delete;

    void start();
    void pump()
    {
        if (!session_) return;
        session_->pump();
        leave_running();
    }
    [[nodiscard]] bool has_ended() const { return has_ended_; }
    // Whether it has ended and is to be started again, after this delay.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay() const
    {
        return retry_delay_;
    }
    void interrupt(int count);
    // Ends without having begun.
    void cancel() { finish(TargetState::NotStarted); }
    // Ends because there is no more time.
    void time_out(const std::string& reason);

    void on_opened(Session& session) override;
    void on_event(Session& session, ClientEvent& event) override;
    void on_input_wanted(Session& session) override;
    void on_ended(Session& session, const SessionEnd& end) override;

private:
    void start_next_script();
    void end_session();
    void leave_running();
    void on_not_left(const clixml::Error& error);
    void on_output(OutputReceived& output);
    void on_error(const ErrorRecord& record);
    void on_host_call(HostCallReceived& call);
    void on_finished(const PipelineFinished& finished);
    void on_connection_line(std::string_view line);
    void on_lost(std::string_view reason);
    [[nodiscard]] bool can_retry() const;
    void report_connection_failure(std::string_view reason);
    void on_failure();
    void finish(TargetState state);
    [[nodiscard]] TargetState state_at_end() const;
    [[nodiscard]] TargetReport& report() { return owner_.outcome_.targets[index_]; }

    FanOut& owner_;
    std::size_t index_;
    Target target_;
    Origin origin_;
    std::unique_ptr<Session> session_;
    std::optional<InputQueue::ReaderId> reader_;
    std::size_t script_index_ = 0; // setup scripts counted first
    bool has_passed_input_ = false;
    bool has_written_ = false;
    bool has_failed_script_ = false;
    bool has_run_all_ = false;
    std::optional<TargetState> forced_state_; // settled before the connection has gone
    std::optional<std::chrono::milliseconds> retry_delay_;
    std::optional<EventLoop::TimerId> timer_;
    Clock::time_point started_;
    Guid pipeline_; // of the running script; zero between scripts
    HostEcho echo_;
    std::set<Guid> taken_up_; // pipelines of a session that was left, still running
    bool pipeline_takes_input_ = false;
    bool was_opened_ = false;
    bool is_leaving_ = false;
    bool was_left_ = false;
    bool was_interrupted_ = false;
    bool has_ended_ = false;
};

void FanOut::TargetRun::start()
{
    has_ended_ = was_opened_ = false;
    has_failed_script_ = has_run_all_ = false;
    script_index_ = 0;
    pipeline_ = Guid{};
    retry_delay_.reset();
    session_.reset();
    started_ = Clock::now();
    ++report().attempt_count;
    report().state = TargetState::Running;
    if (!target_.runspace_pool_id && report().attempt_count > 1) {
        origin_.runspace_id = owner_.ids_.new_guid();
    }
    if (const auto timeout = owner_.options_.target_timeout) {
        timer_ = owner_.loop_.call_after(*timeout, [this] {
            timer_.reset();
            time_out("The target did not end in time.");
        });
    }
    auto transport = target_.connect([this](std::string_view line) { on_connection_line(line); });
    if (!transport) return on_lost(transport.error().reason);
    SessionOptions options;
    options.runspace_pool_id = origin_.runspace_id;
    options.host_info = owner_.options_.host_info;
    options.application_arguments = owner_.options_.application_arguments;
    options.limits = owner_.options_.limits;
    options.zone = owner_.options_.zone;
    options.open_timeout = owner_.options_.open_timeout;
    session_ = std::make_unique<Session>(owner_.loop_, std::move(*transport), options, *this);
    const auto opened = target_.takes_up_session ? session_->connect() : session_->open();
    if (!opened) on_lost(opened.error().text());
}

// The connection is not there, or no more.
void FanOut::TargetRun::on_lost(std::string_view reason)
{
    if (!can_retry()) {
        report_connection_failure(reason);
        return finish(TargetState::Broken);
    }
    const std::size_t doublings = std::min<std::size_t>(report().attempt_count - 1, 16);
    retry_delay_ =
        std::min(owner_.options_.retry_delay * (std::int64_t{1} << doublings), retry_delay_max);
    owner_.sink_.on_connection_line(origin_, reason);
    owner_.sink_.on_connection_line(
        origin_,
        "Attempt " + std::to_string(report().attempt_count) + " of " +
            std::to_string(owner_.options_.retries_max + 1) + " has failed, the next one follows."
    );
    finish(TargetState::Running);
}

bool FanOut::TargetRun::can_retry() const
{
    const std::size_t attempts = owner_.outcome_.targets[index_].attempt_count;
    return attempts <= owner_.options_.retries_max && !has_written_ && !has_passed_input_ &&
           !was_interrupted_ && !owner_.must_cut_short_ && !target_.takes_up_session;
}

void FanOut::TargetRun::time_out(const std::string& reason)
{
    if (forced_state_ || (has_ended_ && !retry_delay_)) return;
    ++report().error_count;
    owner_.outcome_.had_connection_failures = true;
    retry_delay_.reset();
    owner_.sink_.on_timeout(origin_, reason);
    on_failure();
    const bool was_begun = report().attempt_count != 0;
    if (!was_begun) return finish(TargetState::NotStarted);
    if (!session_ || has_ended_) return finish(TargetState::TimedOut);
    forced_state_ = TargetState::TimedOut;
    session_->kill();
}

void FanOut::TargetRun::interrupt(int count)
{
    was_interrupted_ = true;
    if (!session_ || has_ended_) return finish(TargetState::Stopped);
    if (count >= 3) return session_->kill();
    // Before a session is open there is nothing to stop: the connection is given up. ssh, which may
    // have turned the terminal's echo off for a password, has a moment to turn it on again.
    if (!was_opened_) return session_->abandon();
    // Nobody hears us: what runs goes on without us.
    if (session_->leave_lost()) return;
    if (count == 2 || pipeline_.is_zero()) return session_->close();
    (void)session_->stop(pipeline_); // fails only where the session is ending anyway
}

void FanOut::TargetRun::on_opened(Session&)
{
    was_opened_ = true;
    for (const Guid& pipeline : target_.pipelines) {
        if (session_->connect_pipeline(pipeline)) taken_up_.insert(pipeline);
    }
    if (taken_up_.empty()) start_next_script();
}

// Nothing is left to run: the session is closed, or left to the server.
void FanOut::TargetRun::end_session()
{
    has_run_all_ = !was_interrupted_;
    const bool leaves = owner_.options_.fate != SessionFate::Closed && !was_interrupted_;
    if (!leaves) return session_->close();
    if (const auto left = session_->disconnect(); !left) on_not_left(left.error());
}

void FanOut::TargetRun::on_not_left(const clixml::Error& error)
{
    owner_.outcome_.had_errors = true;
    owner_.sink_.on_pipeline_failure(origin_, "the session cannot be left: " + error.text());
    session_->close();
}

void FanOut::TargetRun::start_next_script()
{
    const auto& setup = owner_.options_.setup_scripts;
    const auto& scripts = owner_.options_.scripts;
    const bool is_last = script_index_ >= setup.size() + scripts.size();
    if (is_last || was_interrupted_ || owner_.responder_.exit_code()) return end_session();
    const bool is_setup = script_index_ < setup.size();
    pipeline_takes_input_ = reader_.has_value() && script_index_ == setup.size();
    InvocationOptions invocation;
    if (!is_setup) {
        invocation.arguments = owner_.options_.arguments;
        invocation.variables = owner_.options_.variables;
        invocation.using_form = target_.using_form;
    }
    invocation.has_input = pipeline_takes_input_ ? HasInput::Yes : HasInput::No;
    // A server that does not tell its version is asked for the oldest.
    const auto version = session_->server_protocol_version().value_or(clixml::Version{2, 0});
    invocation.has_batches = supports(version, Feature::SeveralStatements);
    const std::string& script =
        is_setup ? setup[script_index_] : scripts[script_index_ - setup.size()];
    ++script_index_;
    pipeline_ = owner_.ids_.new_guid();
    Arena arena;
    const auto start = [&]() -> Result<void> {
        PSRP_TRY(auto request, make_invocation(script, invocation, arena));
        if (target_.takes_up_session) {
            // The session's host was that of who opened it (psrp 10.4).
            request.host_info = owner_.options_.host_info;
            request.host_info.use_runspace_host = false;
        }
        return session_->start_pipeline(pipeline_, request);
    };
    if (const auto started = start(); !started) {
        owner_.outcome_.had_errors = true;
        owner_.sink_.on_pipeline_failure(origin_, started.error().text());
        has_failed_script_ = true;
        on_failure();
        session_->close();
    }
}

// A session that is left while its script runs is left once the script has all its input.
void FanOut::TargetRun::leave_running()
{
    const bool is_due = owner_.options_.fate == SessionFate::LeftRunning && !is_leaving_ &&
                        !pipeline_takes_input_ && !pipeline_.is_zero() &&
                        script_index_ > owner_.options_.setup_scripts.size() &&
                        session_->is_open() && !session_->is_sending(pipeline_);
    if (!is_due) return;
    is_leaving_ = true;
    end_session();
    session_->pump();
}

void FanOut::TargetRun::on_input_wanted(Session& session)
{
    if (!pipeline_takes_input_ || pipeline_.is_zero()) return;
    while (owner_.input_.has_item(*reader_)) {
        const auto written = session.write_input(pipeline_, owner_.input_.item(*reader_));
        if (!written && written.error() == make_error_code(Errc::WouldBlock)) return;
        if (!written) {
            owner_.outcome_.had_errors = true;
            owner_.sink_.on_pipeline_failure(origin_, written.error().text());
        }
        has_passed_input_ = true;
        owner_.input_.pass(*reader_);
    }
    if (!owner_.input_.is_at_end(*reader_)) return;
    pipeline_takes_input_ = false;
    (void)session.end_input(pipeline_); // fails only for a pipeline that has ended
}

void FanOut::TargetRun::on_event(Session&, ClientEvent& event)
{
    ResultSink& sink = owner_.sink_;
    // A target that is given up has said its last.
    if (forced_state_) return;
    if (echo_.repeats(event)) return;
    std::visit(
        clixml::Overloaded{
            [&](OutputReceived& output) { on_output(output); },
            [&](ErrorReceived& error) { on_error(error.record); },
            [&](InformationalReceived& record) {
                has_written_ = true;
                sink.on_informational(origin_, record.record);
            },
            [&](InformationReceived& record) {
                has_written_ = true;
                sink.on_information(origin_, record.record);
            },
            [&](ProgressReceived& record) { sink.on_progress(origin_, record.record); },
            [&](HostCallReceived& call) { on_host_call(call); },
            [&](PipelineFinished& finished) { on_finished(finished); },
            [](UserEventReceived&) {}, // nobody subscribes to engine events here
            [](PoolOpened&) {},
            [](PrivateDataReceived&) {},
            [](PoolClosed&) {},
            [](PoolBroken&) {},
            [&](PoolDisconnected&) {
                // The network, or the server's patience, may have ended it before its time.
                if (!has_run_all_ && !is_leaving_) {
                    owner_.outcome_.had_connection_failures = true;
                    sink.on_pipeline_failure(
                        origin_, "the session was disconnected while its script ran"
                    );
                }
                was_left_ = true;
                sink.on_session_left(origin_);
            },
            [&](DisconnectFailed& failed) { on_not_left(failed.error); },
            // Nothing here reconnects or asks the pool.
            [](PoolReconnected&) {},
            [](RunspaceCallAnswered&) {},
        },
        event
    );
}

void FanOut::TargetRun::on_error(const ErrorRecord& record)
{
    has_written_ = true;
    owner_.outcome_.had_errors = true;
    ++report().error_count;
    owner_.sink_.on_error(origin_, record);
    if (owner_.options_.stops_at_errors) owner_.must_cut_short_ = true;
}

void FanOut::TargetRun::on_output(OutputReceived& output)
{
    has_written_ = true;
    ++report().object_count;
    Value value = output.value;
    if (origin_.is_remote) {
        value = clixml::with_origin(
            *output.memory,
            value,
            origin_.computer_name,
            origin_.runspace_id,
            owner_.options_.shows_computer_name
        );
    }
    owner_.sink_.on_output(origin_, output.memory, value);
}

void FanOut::TargetRun::on_host_call(HostCallReceived& call)
{
    has_written_ = true;
    const auto response = owner_.responder_.respond(call.call, *call.memory, origin_.computer_name);
    if (const auto& failed = owner_.responder_.last_failure()) on_error(*failed);
    // A pipeline that has ended meanwhile needs no answer.
    if (response) (void)session_->respond(call.pipeline, *response);
}

void FanOut::TargetRun::on_finished(const PipelineFinished& finished)
{
    const bool was_taken_up = taken_up_.erase(finished.pipeline) != 0;
    if (finished.pipeline != pipeline_ && !was_taken_up) return;
    pipeline_ = Guid{};
    const bool is_setup = !was_taken_up && script_index_ <= owner_.options_.setup_scripts.size();
    if (reader_ && !is_setup) {
        owner_.input_.remove_reader(*reader_);
        reader_.reset();
    }
    const bool was_stopped_here = finished.state == PipelineState::Stopped && was_interrupted_;
    if (finished.state != PipelineState::Completed && !was_stopped_here) {
        owner_.outcome_.had_errors = true;
        has_failed_script_ = true;
        on_failure();
        if (finished.error_record) {
            on_error(*finished.error_record);
        } else if (finished.error.code && session_->is_open()) {
            owner_.sink_.on_pipeline_failure(origin_, finished.error.text());
        } else if (session_->is_open()) {
            // PowerShell passes over this in silence.
            owner_.sink_.on_pipeline_failure(
                origin_,
                finished.state == PipelineState::Failed
                    ? "The remote pipeline has failed, and the server gave no reason."
                    : "The remote pipeline has been stopped by the server."
            );
        }
    }
    if (session_->is_open() && taken_up_.empty()) start_next_script();
}

void FanOut::TargetRun::on_ended(Session&, const SessionEnd& end)
{
    const bool is_lost = end.error.code && !was_left_ && !was_interrupted_ && !forced_state_ &&
                         !owner_.responder_.exit_code();
    if (is_lost) return on_lost(end.reason.empty() ? end.error.text() : end.reason);
    finish(state_at_end());
}

TargetState FanOut::TargetRun::state_at_end() const
{
    if (forced_state_) return *forced_state_;
    if (was_left_) return TargetState::Disconnected;
    if (has_failed_script_) return TargetState::Failed;
    return has_run_all_ || !was_interrupted_ ? TargetState::Completed : TargetState::Stopped;
}

void FanOut::TargetRun::on_connection_line(std::string_view line)
{
    owner_.sink_.on_connection_line(origin_, line);
}

void FanOut::TargetRun::report_connection_failure(std::string_view reason)
{
    owner_.outcome_.had_connection_failures = true;
    ++report().error_count;
    owner_.sink_.on_connection_failure(origin_, reason);
    on_failure();
}

void FanOut::TargetRun::on_failure()
{
    if (owner_.options_.stops_at_failures) owner_.must_cut_short_ = true;
}

// Running: it is to be tried again.
void FanOut::TargetRun::finish(TargetState state)
{
    if (timer_) owner_.loop_.cancel(*timer_);
    timer_.reset();
    if (state != TargetState::Running && reader_) {
        owner_.input_.remove_reader(*reader_);
        reader_.reset();
    }
    report().state = state;
    if (report().attempt_count > 0) {
        report().time =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    }
    has_ended_ = true;
}

FanOut::FanOut(
    EventLoop& loop,
    IdSource& ids,
    std::vector<Target> targets,
    FanOutOptions options,
    InputQueue& input,
    HostConsole& console,
    ResultSink& sink
)
    : loop_(loop), ids_(ids), options_(std::move(options)), input_(input), sink_(sink),
      responder_(console)
{
    for (Target& target : targets) {
        outcome_.targets.push_back({.name = target.name});
        const std::size_t index = waiting_.size();
        waiting_.push_back(std::make_unique<TargetRun>(*this, std::move(target), index));
    }
    counts_.all = waiting_.size();
}

FanOut::~FanOut()
{
    for (const EventLoop::TimerId timer : timers_)
        loop_.cancel(timer);
}

FanOutOutcome
FanOut::run(const std::function<int()>& interrupts, const std::function<void()>& on_turn)
{
    if (const auto timeout = options_.run_timeout) {
        timers_.push_back(loop_.call_after(*timeout, [this] { end_by_run_timeout(); }));
    }
    while (true) {
        obey_interrupts(interrupts());
        obey_failures();
        start_waiting();
        for (auto& target : running_)
            target->pump();
        remove_ended();
        if (running_.empty() && waiting_.empty() && delayed_.empty()) break;
        if (running_.empty() && !waiting_.empty()) continue;
        if (must_cut_short_ && !outcome_.was_cut_short) continue; // do not wait before that
        on_turn();
        if (const auto turned = loop_.run_once(); !turned) {
            outcome_.had_connection_failures = true;
            break;
        }
    }
    outcome_.exit_code = responder_.exit_code();
    return outcome_;
}

void FanOut::start_waiting()
{
    const std::size_t limit = std::max<std::size_t>(options_.throttle_limit, 1);
    const bool is_any = !waiting_.empty() && running_.size() < limit;
    while (!waiting_.empty() && running_.size() < limit) {
        running_.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
        running_.back()->start();
    }
    if (is_any) tell_counts();
}

void FanOut::remove_ended()
{
    bool is_any = false;
    for (auto& target : running_) {
        if (!target->has_ended()) continue;
        is_any = true;
        if (target->retry_delay()) try_later(std::move(target));
        target.reset();
    }
    if (!is_any) return;
    std::erase(running_, nullptr);
    tell_counts();
}

void FanOut::try_later(std::unique_ptr<TargetRun> target)
{
    const TargetRun* const wanted = target.get();
    const auto delay = *target->retry_delay();
    delayed_.push_back(std::move(target));
    timers_.push_back(loop_.call_after(delay, [this, wanted] {
        const auto found = std::find_if(delayed_.begin(), delayed_.end(), [&](const auto& one) {
            return one.get() == wanted;
        });
        if (found == delayed_.end()) return; // given up meanwhile
        waiting_.push_back(std::move(*found));
        delayed_.erase(found);
    }));
}

void FanOut::tell_counts()
{
    counts_.running = running_.size();
    counts_.done = counts_.failed = 0;
    for (const TargetReport& report : outcome_.targets) {
        const bool is_open =
            report.state == TargetState::NotStarted || report.state == TargetState::Running;
        if (is_open) continue;
        ++counts_.done;
        const bool is_good =
            report.state == TargetState::Completed || report.state == TargetState::Disconnected;
        if (!is_good) ++counts_.failed;
    }
    sink_.on_counts(counts_);
}

void FanOut::end_by_run_timeout()
{
    for (auto& target : waiting_)
        target->time_out("The target was not begun in time.");
    for (auto& target : delayed_)
        target->time_out("The target was not reached in time.");
    waiting_.clear();
    delayed_.clear();
    for (auto& target : running_)
        target->time_out("The target did not end in time.");
}

// Once: nothing else is started, and what runs is stopped as by the user.
void FanOut::obey_failures()
{
    if (!must_cut_short_ || outcome_.was_cut_short) return;
    outcome_.was_cut_short = true;
    for (auto& target : waiting_)
        target->cancel();
    waiting_.clear();
    for (auto& target : delayed_)
        target->interrupt(1);
    delayed_.clear();
    for (auto& target : running_)
        target->interrupt(1);
}

void FanOut::obey_interrupts(int count)
{
    if (count <= interrupts_obeyed_) return;
    interrupts_obeyed_ = count;
    outcome_.was_interrupted = true;
    for (auto& target : waiting_)
        target->cancel();
    waiting_.clear();
    for (auto& target : delayed_)
        target->interrupt(count);
    delayed_.clear();
    for (auto& target : running_)
        target->interrupt(count);
}

} // namespace psrp
