#include <clixml/origin.hpp>
#include <psrp/client/errors.hpp>
#include <psrp/client/fan_out.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/versions.hpp>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

namespace psrp {

namespace {

template <typename... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

} // namespace

// One target's session: connects, runs the scripts one after the other, closes.
class FanOut::TargetRun final : public SessionListener {
public:
    TargetRun(FanOut& owner, Target target)
        : owner_(owner),
          target_(std::move(target)), origin_{
                                          target_.name,
                                          target_.runspace_pool_id.value_or(owner.ids_.new_guid()),
                                          target_.is_remote}
    {
        if (owner_.options_.has_input) reader_ = owner_.input_.add_reader();
    }

    void start();
    void pump()
    {
        if (!session_) return;
        session_->pump();
        leave_running();
    }
    [[nodiscard]] bool has_ended() const { return has_ended_; }
    void interrupt(int count);
    // Ends without having begun.
    void cancel() { finish(); }

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
    void on_host_call(HostCallReceived& call);
    void on_finished(const PipelineFinished& finished);
    void on_connection_line(std::string_view line);
    void report_connection_failure(std::string_view reason);
    void finish();

    FanOut& owner_;
    Target target_;
    Origin origin_;
    std::unique_ptr<Session> session_;
    std::optional<InputQueue::ReaderId> reader_;
    std::size_t script_index_ = 0;
    Guid pipeline_;           // of the running script; zero between scripts
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
    auto transport = target_.connect([this](std::string_view line) { on_connection_line(line); });
    if (!transport) {
        report_connection_failure(transport.error().reason);
        return finish();
    }
    SessionOptions options;
    options.runspace_pool_id = origin_.runspace_id;
    options.host_info = owner_.options_.host_info;
    options.limits = owner_.options_.limits;
    options.zone = owner_.options_.zone;
    options.open_timeout = owner_.options_.open_timeout;
    session_ = std::make_unique<Session>(owner_.loop_, std::move(*transport), options, *this);
    const auto opened = target_.takes_up_session ? session_->connect() : session_->open();
    if (!opened) {
        report_connection_failure(opened.error().text());
        finish();
    }
}

void FanOut::TargetRun::interrupt(int count)
{
    was_interrupted_ = true;
    if (!session_) return finish();
    if (count >= 3) return session_->kill();
    // Before a session is open there is nothing to stop: the connection is given up. ssh, which may
    // have turned the terminal's echo off for a password, has a moment to turn it on again.
    if (!was_opened_) return session_->abandon();
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
    const auto& scripts = owner_.options_.scripts;
    if (script_index_ >= scripts.size() || was_interrupted_ || owner_.responder_.exit_code()) {
        return end_session();
    }
    pipeline_takes_input_ = reader_.has_value() && script_index_ == 0;
    InvocationOptions invocation;
    invocation.arguments = owner_.options_.arguments;
    invocation.has_input = pipeline_takes_input_ ? HasInput::Yes : HasInput::No;
    // A server that does not tell its version is asked for the oldest.
    const auto version = session_->server_protocol_version().value_or(clixml::Version{2, 0});
    invocation.has_batches = supports(version, Feature::SeveralStatements);
    const std::string& script = scripts[script_index_++];
    pipeline_ = owner_.ids_.new_guid();
    Arena arena;
    const auto start = [&]() -> Result<void> {
        PSRP_TRY(const auto request, make_invocation(script, invocation, arena));
        return session_->start_pipeline(pipeline_, request);
    };
    if (const auto started = start(); !started) {
        owner_.outcome_.had_errors = true;
        owner_.sink_.on_pipeline_failure(origin_, started.error().text());
        session_->close();
    }
}

// A session that is left while its script runs is left once the script has all its input.
void FanOut::TargetRun::leave_running()
{
    const bool is_due = owner_.options_.fate == SessionFate::LeftRunning && !is_leaving_ &&
                        !pipeline_takes_input_ && !pipeline_.is_zero() && session_->is_open() &&
                        !session_->is_sending(pipeline_);
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
        owner_.input_.pass(*reader_);
    }
    if (!owner_.input_.is_at_end(*reader_)) return;
    pipeline_takes_input_ = false;
    (void)session.end_input(pipeline_); // fails only for a pipeline that has ended
}

void FanOut::TargetRun::on_event(Session&, ClientEvent& event)
{
    ResultSink& sink = owner_.sink_;
    std::visit(
        Overloaded{
            [&](OutputReceived& output) { on_output(output); },
            [&](ErrorReceived& error) {
                owner_.outcome_.had_errors = true;
                sink.on_error(origin_, error.record);
            },
            [&](InformationalReceived& record) { sink.on_informational(origin_, record.record); },
            [&](InformationReceived& record) {
                // Write-Host writes to a host that is there as well; once is enough.
                const auto& tags = record.record.tags;
                const bool is_for_host =
                    std::find(tags.begin(), tags.end(), "PSHOST") != tags.end();
                if (is_for_host && !owner_.options_.host_info.is_host_null) return;
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

void FanOut::TargetRun::on_output(OutputReceived& output)
{
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
    const auto response = owner_.responder_.respond(call.call, *call.memory, origin_.computer_name);
    if (const auto& failed = owner_.responder_.last_failure()) {
        owner_.outcome_.had_errors = true;
        owner_.sink_.on_error(origin_, *failed);
    }
    // A pipeline that has ended meanwhile needs no answer.
    if (response) (void)session_->respond(call.pipeline, *response);
}

void FanOut::TargetRun::on_finished(const PipelineFinished& finished)
{
    const bool was_taken_up = taken_up_.erase(finished.pipeline) != 0;
    if (finished.pipeline != pipeline_ && !was_taken_up) return;
    pipeline_ = Guid{};
    if (reader_) owner_.input_.remove_reader(*reader_);
    reader_.reset();
    const bool was_stopped_here = finished.state == PipelineState::Stopped && was_interrupted_;
    if (finished.state != PipelineState::Completed && !was_stopped_here) {
        owner_.outcome_.had_errors = true;
        if (finished.error_record) {
            owner_.sink_.on_error(origin_, *finished.error_record);
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
    if (end.error.code && !was_left_ && !was_interrupted_ && !owner_.responder_.exit_code()) {
        report_connection_failure(end.reason.empty() ? end.error.text() : end.reason);
    }
    finish();
}

void FanOut::TargetRun::on_connection_line(std::string_view line)
{
    owner_.sink_.on_connection_line(origin_, line);
}

void FanOut::TargetRun::report_connection_failure(std::string_view reason)
{
    owner_.outcome_.had_connection_failures = true;
    owner_.sink_.on_connection_failure(origin_, reason);
}

void FanOut::TargetRun::finish()
{
    if (reader_) owner_.input_.remove_reader(*reader_);
    reader_.reset();
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
        waiting_.push_back(std::make_unique<TargetRun>(*this, std::move(target)));
    }
}

FanOut::~FanOut() = default;

FanOutOutcome
FanOut::run(const std::function<int()>& interrupts, const std::function<void()>& on_turn)
{
    while (true) {
        obey_interrupts(interrupts());
        start_waiting();
        for (auto& target : running_)
            target->pump();
        remove_ended();
        if (running_.empty() && waiting_.empty()) break;
        if (running_.empty()) continue;
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
    while (!waiting_.empty() && running_.size() < limit) {
        running_.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
        running_.back()->start();
    }
}

void FanOut::remove_ended()
{
    std::erase_if(running_, [](const auto& target) { return target->has_ended(); });
}

void FanOut::obey_interrupts(int count)
{
    if (count <= interrupts_obeyed_) return;
    interrupts_obeyed_ = count;
    outcome_.was_interrupted = true;
    for (auto& target : waiting_)
        target->cancel();
    waiting_.clear();
    for (auto& target : running_)
        target->interrupt(count);
}

} // namespace psrp
