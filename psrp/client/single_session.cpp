#include <clixml/object.hpp>
#include <psrp/client/single_session.hpp>

#include <utility>

namespace psrp {

SingleSession::SingleSession(
    EventLoop& loop, IdSource& ids, std::function<int()> interrupts, std::function<void()> on_turn
)
    : loop_(loop), ids_(ids), interrupts_(std::move(interrupts)), on_turn_(std::move(on_turn))
{
}

SingleSession::~SingleSession() = default;

tl::expected<void, std::string> SingleSession::open(
    const Target& target,
    SessionOptions options,
    const std::function<void(std::string_view)>& on_connection_line
)
{
    auto transport = target.connect(on_connection_line);
    if (!transport) return tl::unexpected(transport.error().reason);
    options.runspace_pool_id = target.runspace_pool_id.value_or(ids_.new_guid());
    session_ = std::make_unique<Session>(
        loop_, std::move(*transport), options, static_cast<SessionListener&>(*this)
    );
    interrupts_obeyed_ = interrupts_();
    const auto begun = target.takes_up_session ? session_->connect() : session_->open();
    if (!begun) return tl::unexpected(begun.error().text());
    interrupts_of_run_ = 0;
    while (!has_opened_ && !has_ended_) {
        if (!turn()) return tl::unexpected(failure_text());
    }
    if (has_opened_) return {};
    return tl::unexpected(interrupts_of_run_ > 0 ? std::string() : failure_text());
}

PipelineOutcome SingleSession::run(const CreatePipeline& request, PipelineListener& listener)
{
    PipelineOutcome outcome;
    if (!is_open()) return outcome;
    interrupts_of_run_ = 0;
    if (interrupts_obeyed_ < interrupts_()) {
        // PowerShell ends the session for a stop that comes right behind its pipeline.
        interrupts_obeyed_ = interrupts_();
        outcome.was_interrupted = true;
        return outcome;
    }
    pipeline_ = ids_.new_guid();
    listener_ = &listener;
    finished_.reset();
    if (const auto started = session_->start_pipeline(pipeline_, request); !started) {
        outcome.error = started.error();
        listener_ = nullptr;
        return outcome;
    }
    while (!finished_ && !has_ended_) {
        if (!turn()) break;
    }
    // A session that is lost ends its pipelines first; why it is lost is known at its end.
    while (!session_->is_open() && !has_ended_) {
        if (!turn()) break;
    }
    const bool is_lost = has_ended_ && end_.error.code;
    if (is_lost && finished_ && finished_->state != PipelineState::Completed) finished_.reset();
    listener_ = nullptr;
    pipeline_ = Guid{};
    outcome.finished = std::exchange(finished_, std::nullopt);
    outcome.was_interrupted = interrupts_of_run_ > 0;
    return outcome;
}

void SingleSession::forget_interrupts()
{
    interrupts_obeyed_ = interrupts_();
}

void SingleSession::close()
{
    if (!session_ || has_ended_) return;
    session_->close();
    while (!has_ended_) {
        if (!turn()) break;
    }
}

void SingleSession::pump()
{
    if (session_ && !has_ended_) session_->pump();
}

// One round of the loop; false where there can be no more.
bool SingleSession::turn()
{
    obey_interrupts();
    has_news_ = false;
    session_->pump();
    if (has_news_) return true; // whoever waits looks before there is another wait
    on_turn_();
    return loop_.run_once().has_value();
}

void SingleSession::obey_interrupts()
{
    while (interrupts_obeyed_ < interrupts_()) {
        ++interrupts_obeyed_;
        ++interrupts_of_run_;
        if (interrupts_of_run_ >= 3) return session_->kill();
        // Before a session is open there is nothing to stop: the connection is given up.
        if (!has_opened_) return session_->abandon();
        if (session_->leave_lost()) continue;
        if (interrupts_of_run_ == 2 || pipeline_.is_zero()) {
            session_->close();
        } else {
            (void)session_->stop(pipeline_); // fails only where the session is ending anyway
        }
    }
}

void SingleSession::on_opened(Session&)
{
    has_opened_ = has_news_ = true;
}

void SingleSession::on_event(Session& session, ClientEvent& event)
{
    if (auto* private_data = std::get_if<PrivateDataReceived>(&event)) {
        private_memory_ = private_data->memory;
        private_data_ = private_data->application_private_data;
        return;
    }
    if (std::holds_alternative<PoolDisconnected>(event)) was_left_ = true;
    if (auto* finished = std::get_if<PipelineFinished>(&event)) {
        if (finished->pipeline != pipeline_) return;
        finished_ = std::move(*finished);
        has_news_ = true;
        return;
    }
    if (listener_ != nullptr) listener_->on_event(session, event);
}

void SingleSession::on_input_wanted(Session& session)
{
    if (listener_ != nullptr && !finished_) listener_->on_input_wanted(session, pipeline_);
}

void SingleSession::on_ended(Session&, const SessionEnd& end)
{
    end_ = end;
    has_ended_ = has_news_ = true;
}

std::string SingleSession::failure_text() const
{
    if (!end_.error.code) return {};
    return end_.reason.empty() ? end_.error.text() : end_.reason;
}

Value SingleSession::server_property(std::string_view name) const
{
    const clixml::Object* data = private_data_.object();
    if (data == nullptr) return {};
    const auto table = data->entry("PSVersionTable");
    const clixml::Object* versions = table ? table->object() : nullptr;
    return versions == nullptr ? Value() : versions->entry(name).value_or(Value());
}

std::optional<clixml::Version> SingleSession::server_protocol_version() const
{
    return session_ ? session_->server_protocol_version() : std::nullopt;
}

} // namespace psrp
