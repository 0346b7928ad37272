#include <clixml/base64.hpp>
#include <clixml/utf.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/process_transport.hpp>

#include <algorithm>
#include <utility>

namespace psrp {
namespace {

constexpr Clock::duration exit_check_interval = std::chrono::milliseconds(10);
constexpr Clock::duration exit_check_interval_max = std::chrono::seconds(1);
constexpr std::size_t error_read_bytes = 4096;
// Where the text came from and what to do (the commonest error in setting up SSH).
constexpr std::string_view stray_text_hint =
    "\nThis text is no part of the protocol: something on the other side writes it to standard "
    "output before or beside PowerShell, mostly an echo in a login script (.bashrc, .profile, "
    ".zshenv, /etc/profile.d). Make it silent where there is no terminal, or let it write to "
    "standard error.";
constexpr const char* reported_error_text =
    "The background process reported an error with the following message: ";

} // namespace

ChildTransport::ChildTransport(ChildTransportLimits limits)
    : OutOfProcTransport(limits.stream), limits_(limits)
{
}

Result<void> ChildTransport::start(ChildProgram program)
{
    program.parent_loss = limits_.parent_loss;
    PSRP_TRY(child_, ChildProcess::start(program));
    return attach(child_.take_output(), child_.take_input());
}

void ChildTransport::close()
{
    OutOfProcTransport::close();
    if (!child_.is_running() || terminate_at_ || kill_at_) return;
    const Clock::time_point now = Clock::now();
    check_at_ = now;
    terminate_at_ = now + limits_.terminate_wait;
}

void ChildTransport::kill()
{
    OutOfProcTransport::kill();
    child_.kill_and_reap();
    child_.close_error_output();
    check_at_ = terminate_at_ = kill_at_ = std::nullopt;
    exit_status_ = child_.poll_exit();
}

bool ChildTransport::is_finished() const
{
    return OutOfProcTransport::is_finished() && !child_.is_running();
}

void ChildTransport::append_poll_entries(std::vector<PollEntry>& entries) const
{
    OutOfProcTransport::append_poll_entries(entries);
    if (child_.error_output() >= 0) entries.push_back({child_.error_output(), true, false});
}

void ChildTransport::on_readable(int descriptor)
{
    if (descriptor == child_.error_output()) {
        read_error_output();
    } else {
        had_bytes_ = true;
        OutOfProcTransport::on_readable(descriptor);
    }
}

std::optional<Clock::time_point> ChildTransport::deadline() const
{
    return check_at_;
}

void ChildTransport::on_deadline(Clock::time_point now)
{
    if (check_at_ && *check_at_ <= now) check_exit(now);
}

void ChildTransport::on_input_end()
{
    // The exit code says more than the end of the output, and is a moment away.
    const Clock::time_point now = Clock::now();
    check_at_ = now;
    if (!terminate_at_ && !kill_at_) kill_at_ = now + limits_.exit_wait;
    check_exit(now);
}

void ChildTransport::check_exit(Clock::time_point now)
{
    check_at_ = now + exit_check_interval;
    if (const auto status = child_.poll_exit()) return on_exit(*status);
    if (terminate_at_ && *terminate_at_ <= now) {
        child_.terminate();
        terminate_at_ = std::nullopt;
        kill_at_ = now + limits_.kill_wait;
    } else if (kill_at_ && *kill_at_ <= now) {
        child_.kill_and_reap();
        if (const auto status = child_.poll_exit()) return on_exit(*status);
    } else if (!terminate_at_ && !kill_at_) {
        // Only the end of standard error brought us here, and the child lives: it is about to end,
        // or has closed that stream, no more. Then nothing but looking tells its end where another
        // process holds its output, so the longer it lives, the less often.
        check_at_ =
            now + std::clamp(now - error_ended_at_, exit_check_interval, exit_check_interval_max);
    }
}

void ChildTransport::on_exit(ExitStatus status)
{
    exit_status_ = status;
    // A process that the child left behind may hold its output open: read on until nothing has come
    // for a while.
    if (is_reading() && std::exchange(had_bytes_, false)) return;
    if (is_reading() && !is_starved()) return;
    check_at_ = terminate_at_ = kill_at_ = std::nullopt;
    if (child_.error_output() >= 0) read_error_output();
    take_error_lines(true);
    child_.close_error_output();
    stop_reading();
    stop_writing();
    fail_at_end(end_error(), end_text());
    end_client_input();
}

void ChildTransport::read_error_output()
{
    while (child_.error_output() >= 0) {
        const auto outcome = read_some(child_.error_output(), error_read_bytes, error_text_);
        if (!outcome || *outcome == ReadOutcome::End) {
            take_error_lines(true);
            child_.close_error_output();
            // The usual reason is that the child has ended.
            error_ended_at_ = Clock::now();
            if (!check_at_) check_at_ = error_ended_at_;
            return;
        }
        take_error_lines(false);
        if (*outcome == ReadOutcome::NothingYet) return;
    }
}

void ChildTransport::take_error_lines(bool at_end)
{
    std::size_t at = 0;
    while (at < error_text_.size()) {
        const std::size_t found = error_text_.find('\n', at);
        std::size_t end = std::min(found, error_text_.size());
        const bool is_long = end - at >= limits_.error_line_bytes_max;
        if (is_long) end = at + limits_.error_line_bytes_max;
        if (found == std::string::npos && !is_long && !at_end) break;
        std::string line = error_text_.substr(at, end - at);
        if (line.ends_with('\r')) line.pop_back();
        at = end == found ? end + 1 : end;
        if (line.empty()) continue;
        keep_error_line(line);
        on_error_line(line);
    }
    error_text_.erase(0, at);
}

void ChildTransport::keep_error_line(std::string_view line)
{
    if (limits_.error_lines_max == 0) return;
    if (error_lines_.size() == limits_.error_lines_max) error_lines_.erase(error_lines_.begin());
    error_lines_.emplace_back(line);
}

std::string ChildTransport::error_lines() const
{
    std::string joined;
    for (const std::string& line : error_lines_) {
        if (!joined.empty()) joined += '\n';
        joined += line;
    }
    return joined;
}

std::vector<std::string> pwsh_arguments(const PwshOptions& options)
{
    std::vector<std::string> arguments{options.program};
    const auto add = [&](std::initializer_list<std::string> more) {
        arguments.insert(arguments.end(), more.begin(), more.end());
    };
    if (options.windows_powershell) add({"-Version", "5.1"});
    add({"-s", "-NoLogo", "-NoProfile"});
    if (!options.directory.empty()) add({"-wd", options.directory});
    if (!options.initialization_script.empty()) {
        const std::string units = clixml::utf16le_from_utf8(options.initialization_script);
        std::string encoded;
        clixml::append_base64(clixml::bytes_of(units), encoded);
        add({"-EncodedCommand", encoded});
    }
    return arguments;
}

std::string ChildTransport::exit_text() const
{
    if (!exit_status_) return {};
    if (exit_status_->signal != 0) {
        return " (ended by signal " + std::to_string(exit_status_->signal) + ')';
    }
    return " (exit code " + std::to_string(exit_status_->code) + ')';
}

std::string ChildTransport::stray_text_advice() const
{
    return std::string(stray_text_hint);
}

ProcessTransport::ProcessTransport(ProcessOptions options)
    : ChildTransport(options.limits), options_(std::move(options))
{
}

Result<std::unique_ptr<ProcessTransport>>
ProcessTransport::start(std::vector<std::string> arguments, ChildTransportLimits limits)
{
    ProcessOptions options;
    options.arguments = std::move(arguments);
    options.limits = std::move(limits);
    return start(std::move(options));
}

Result<std::unique_ptr<ProcessTransport>> ProcessTransport::start(ProcessOptions options)
{
    ChildProgram program;
    program.arguments = options.arguments;
    program.error_stream = ErrorStream::Capture;
    program.interrupt_shield = options.interrupt_shield;
    std::unique_ptr<ProcessTransport> transport(new ProcessTransport(std::move(options)));
    PSRP_CHECK(transport->ChildTransport::start(std::move(program)));
    return transport;
}

void ProcessTransport::on_error_line(std::string_view line)
{
    if (options_.error_lines == ErrorLines::PassOn) {
        if (options_.on_error_line) options_.on_error_line(line);
        return;
    }
    // Once its output has ended the exit code is worth waiting for; after the session has been
    // closed nothing matters.
    if (!is_reading() || client().is_session_closed()) return;
    fail(
        {TransportErrc::PeerReportedError, clixml::no_offset, "expected nothing on standard error"},
        reported_error_text + std::string(line)
    );
}

clixml::Error ProcessTransport::end_error() const
{
    if (options_.error_lines == ErrorLines::Break && !error_lines().empty()) {
        return {
            TransportErrc::PeerReportedError,
            clixml::no_offset,
            "expected nothing on standard error"};
    }
    return {
        TransportErrc::ServerProcessExited, clixml::no_offset, "expected CloseAck before the end"};
}

std::string ProcessTransport::end_text() const
{
    const std::string lines = error_lines();
    if (options_.error_lines == ErrorLines::PassOn) {
        std::string text = options_.arguments.front() + " has ended" + exit_text();
        if (!lines.empty()) text += ":\n" + lines;
        return text;
    }
    const std::string text = lines.empty() ? "The background process closed or ended abnormally."
                                           : reported_error_text + lines;
    return text + exit_text();
}

std::string ProcessTransport::stray_text_advice() const
{
    if (options_.error_lines == ErrorLines::Break) return {};
    return ChildTransport::stray_text_advice();
}

} // namespace psrp
