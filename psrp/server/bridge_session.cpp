#include <psrp/server/bridge_session.hpp>
#include <psrp/transport/outofproc_framing.hpp>

#include <algorithm>
#include <utility>

namespace psrp::server {

namespace {

constexpr std::size_t read_bytes = 65536;
constexpr std::chrono::milliseconds exit_check_interval{10};
// As much of a line as tells which element it is and for which channel.
constexpr std::size_t line_start_bytes = 64;
constexpr std::string_view zero_guid = "00000000-0000-0000-0000-000000000000";

} // namespace

BridgeSession::BridgeSession(ClientStream stream, BridgeOptions options)
    : stream_(std::move(stream)), watches_output_(has_separate_ends(stream_)),
      options_(std::move(options)), last_activity_(Clock::now())
{
}

Result<std::unique_ptr<BridgeSession>>
BridgeSession::start(ClientStream stream, const BridgeOptions& options)
{
    std::unique_ptr<BridgeSession> session(new BridgeSession(std::move(stream), options));
    PSRP_CHECK(set_nonblocking(session->stream_.input));
    PSRP_CHECK(set_nonblocking(session->stream_.output));
    ChildProgram program;
    program.arguments = options.command;
    program.error_stream = ErrorStream::Capture;
    program.interrupt_shield = InterruptShield::OwnGroup;
    program.parent_loss = ParentLoss::Terminate;
    PSRP_TRY(session->child_, ChildProcess::start(program));
    return session;
}

bool BridgeSession::is_over() const
{
    return is_reaped_ && (client_is_gone_ || to_client_.waiting.is_empty());
}

void BridgeSession::end()
{
    if (std::exchange(end_was_asked_, true)) return;
    to_child_.has_ended = true;
    write_to_child();
}

bool BridgeSession::has_room(const Relay& relay) const
{
    return !relay.has_ended && relay.waiting.pending_bytes() < options_.limits.waiting_bytes_max;
}

void BridgeSession::append_poll_entries(std::vector<PollEntry>& entries) const
{
    if (!client_is_gone_) {
        const bool listens = has_room(to_child_);
        if (listens) entries.push_back({stream_.input, true, false});
        const bool writes = !to_client_.waiting.is_empty();
        // Without a wish an end that nobody reads is still told.
        if (writes || !listens || watches_output_) {
            entries.push_back({stream_.output, false, writes});
        }
    }
    if (child_.input() >= 0 && !to_child_.waiting.is_empty()) {
        entries.push_back({child_.input(), false, true});
    }
    if (child_.output() >= 0 && has_room(to_client_)) {
        entries.push_back({child_.output(), true, false});
    }
    if (child_.error_output() >= 0) entries.push_back({child_.error_output(), true, false});
}

void BridgeSession::on_readable(int descriptor)
{
    if (descriptor == child_.output()) {
        read_from_child();
    } else if (descriptor == child_.error_output()) {
        read_error_output();
    } else if (descriptor == stream_.input) {
        read_from_client();
    }
}

void BridgeSession::on_writable(int descriptor)
{
    if (descriptor == child_.input()) return write_to_child();
    if (descriptor != stream_.output) return;
    // With nothing to write only its end is of interest.
    if (to_client_.waiting.is_empty() && has_hung_up(descriptor)) return on_client_gone();
    write_to_client();
}

void BridgeSession::read_from_client()
{
    scratch_.clear();
    const auto outcome = read_some(stream_.input, read_bytes, scratch_);
    if (!outcome || *outcome == ReadOutcome::End) {
        end_was_asked_ = to_child_.has_ended = true;
    } else if (*outcome == ReadOutcome::Some) {
        last_activity_ = Clock::now();
        count_commands(scratch_, true);
        log_passed("in", scratch_);
        if (options_.connection.tap)
            options_.connection.tap->on_client_bytes(clixml::bytes_of(scratch_));
        to_child_.waiting.append(scratch_);
    }
    write_to_child();
}

void BridgeSession::write_to_child()
{
    if (child_.input() < 0) return;
    if (!to_child_.waiting.flush_to(child_.input())) {
        // It reads no more; its end says the rest.
        to_child_.waiting.clear();
        to_child_.has_ended = true;
    }
    if (!to_child_.has_ended || !to_child_.waiting.is_empty()) return;
    child_.close_input();
    await_exit();
}

void BridgeSession::read_from_child()
{
    scratch_.clear();
    const auto outcome = read_some(child_.output(), read_bytes, scratch_);
    if (!outcome || *outcome == ReadOutcome::End) {
        child_.close_output();
        return on_child_silent();
    }
    if (*outcome != ReadOutcome::Some) return;
    last_activity_ = Clock::now();
    count_commands(scratch_, false);
    log_passed("out", scratch_);
    if (options_.connection.tap)
        options_.connection.tap->on_server_bytes(clixml::bytes_of(scratch_));
    to_client_.last = scratch_.back();
    if (!client_is_gone_) to_client_.waiting.append(scratch_);
    write_to_client();
}

void BridgeSession::read_error_output()
{
    std::string text;
    const auto outcome = read_some(child_.error_output(), read_bytes, text);
    if (!outcome || *outcome == ReadOutcome::End) return child_.close_error_output();
    const std::size_t room = options_.limits.error_bytes_max - error_text_.size();
    error_text_ += text.substr(0, room);
}

void BridgeSession::write_to_client()
{
    if (client_is_gone_) return;
    if (!to_client_.waiting.flush_to(stream_.output)) return on_client_gone();
}

void BridgeSession::on_client_gone()
{
    client_is_gone_ = end_was_asked_ = true;
    to_client_.waiting.clear();
    to_child_.waiting.clear();
    to_child_.has_ended = true;
    write_to_child();
}

// The child says nothing more: it has ended, or soon will.
void BridgeSession::on_child_silent()
{
    to_client_.has_ended = true;
    to_child_.has_ended = true;
    to_child_.waiting.clear();
    child_.close_input();
    await_exit();
    check_exit(Clock::now());
}

void BridgeSession::await_exit()
{
    const Clock::time_point now = Clock::now();
    if (!check_at_) check_at_ = now;
    if (!terminate_at_ && !kill_at_) terminate_at_ = now + options_.limits.terminate_wait;
}

void BridgeSession::check_exit(Clock::time_point now)
{
    check_at_ = now + exit_check_interval;
    if (terminate_at_ && *terminate_at_ <= now) {
        child_.terminate();
        terminate_at_.reset();
        kill_at_ = now + options_.limits.kill_wait;
    } else if (kill_at_ && *kill_at_ <= now) {
        child_.kill_and_reap();
    }
    const auto status = child_.poll_exit();
    if (!status) return;
    exit_code_ = status->code;
    // What it has left in its pipes is still the client's.
    while (child_.output() >= 0 && has_room(to_client_)) {
        const std::size_t before = to_client_.waiting.pending_bytes();
        read_from_child();
        if (is_reaped_ || to_client_.waiting.pending_bytes() == before) break;
    }
    if (child_.output() >= 0 && !has_room(to_client_) && !client_is_gone_) {
        check_at_.reset(); // more is to come when the client has read; its end brings us back here
        return;
    }
    if (std::exchange(is_reaped_, true)) return;
    if (child_.error_output() >= 0) read_error_output();
    check_at_ = terminate_at_ = kill_at_ = std::nullopt;
    child_.close_output();
    child_.close_error_output();
    if (!end_was_asked_) tell_end();
}

// The child ended by itself. Its last line may have been cut.
void BridgeSession::tell_end()
{
    std::string text =
        "The process behind this server has ended (exit code " + std::to_string(exit_code_) + ").";
    if (!error_text_.empty()) text += ' ' + error_text_;
    while (text.ends_with('\n'))
        text.pop_back();
    std::string line = to_client_.last == '\n' ? "" : "\n";
    append_error_line(text, line);
    to_client_.waiting.append(std::move(line));
    write_to_client();
}

std::optional<Clock::time_point> BridgeSession::deadline() const
{
    if (check_at_) return check_at_;
    const auto& idle = options_.connection.idle_timeout;
    if (!idle || end_was_asked_) return std::nullopt;
    return last_activity_ + *idle;
}

void BridgeSession::on_deadline(Clock::time_point now)
{
    if (check_at_) {
        if (*check_at_ <= now) check_exit(now);
        return;
    }
    if (open_commands_ > 0 || !to_client_.waiting.is_empty()) {
        last_activity_ = now;
        return;
    }
    std::string line = to_client_.last == '\n' ? "" : "\n";
    append_error_line("The session was idle for too long.", line);
    to_client_.waiting.append(std::move(line));
    write_to_client();
    end();
}

// Keeps count of the commands that are open, so that a long one is not taken for idleness.
void BridgeSession::count_commands(std::string_view text, bool from_client)
{
    if (!options_.connection.idle_timeout) return;
    std::string& start = from_client ? client_line_ : child_line_;
    for (const char c : text) {
        if (c != '\n' && c != '\r') {
            if (start.size() < line_start_bytes) start += c;
            continue;
        }
        if (from_client && start.starts_with("<Command ")) ++open_commands_;
        if (!from_client && start.starts_with("<CloseAck ")) {
            const bool is_session = start.find(zero_guid) != std::string::npos;
            open_commands_ = is_session || open_commands_ == 0 ? 0 : open_commands_ - 1;
        }
        start.clear();
    }
}

void BridgeSession::log_passed(std::string_view direction, std::string_view text) const
{
    const Log* log = options_.connection.log;
    if (log == nullptr || !log->takes(LogLevel::Debug)) return;
    const std::string number = std::to_string(options_.connection.session_number);
    const std::string size = std::to_string(text.size());
    std::vector<LogField> fields{{"session", number}, {"direction", direction}, {"bytes", size}};
    if (log->takes_payloads()) fields.push_back({"payload", text});
    log->write(LogLevel::Debug, "passed-on", fields);
}

} // namespace psrp::server
