#include <psrp/winrm/process_host.hpp>
#include <psrp/wsman/names.hpp>

#include <utility>

namespace psrp {

namespace {

constexpr std::size_t piece_bytes_max = 65536;
constexpr std::chrono::milliseconds check_interval{10};

// One word for sh, whatever is in it.
std::string quoted(std::string_view text)
{
    std::string word = "'";
    for (const char c : text) {
        if (c == '\'')
            word += "'\\''";
        else
            word += c;
    }
    return word + "'";
}

ChildProgram program_of(const wsman::ProcessRequested& request, const ProcessPlace& place)
{
    ChildProgram program;
    if (request.skips_shell) {
        program.arguments = {request.command_line};
        program.arguments.insert(
            program.arguments.end(), request.arguments.begin(), request.arguments.end()
        );
    } else {
        // As cmd.exe does: the command line is the shell's to read, arguments are words of it.
        std::string line = request.command_line;
        for (const std::string& argument : request.arguments)
            line += " " + quoted(argument);
        program.arguments = {"/bin/sh", "-c", line};
    }
    program.directory = place.directory;
    for (const auto& variable : place.environment)
        program.environment.emplace_back(variable.name, variable.value);
    return program;
}

} // namespace

Result<std::unique_ptr<ProcessHost>>
ProcessHost::start(const wsman::ProcessRequested& request, const ProcessPlace& place)
{
    std::unique_ptr<ProcessHost> host(new ProcessHost(request.shell, request.command));
    PSRP_TRY(host->child_, ChildProcess::start(program_of(request, place)));
    return host;
}

void ProcessHost::on_input(const wsman::ProcessInputReceived& input)
{
    input_.append(std::string(clixml::text_of(input.bytes)));
    input_ends_ = input_ends_ || input.is_end;
    takes_input_ = true;
    on_writable(child_.input());
}

void ProcessHost::on_signal(wsman::ProcessSignal signal)
{
    if (signal == wsman::ProcessSignal::Terminate) {
        is_finished_ = true;
        return child_.kill();
    }
    child_.terminate();
}

void ProcessHost::pump(wsman::ServerExchange& exchange, wsman::Time now)
{
    if (is_finished_) return;
    if (takes_input_ && input_.is_empty()) {
        takes_input_ = false;
        exchange.process_input_taken(shell_, command_);
    }
    for (auto* text : {&output_, &errors_}) {
        if (text->empty() || !exchange.wants_output(shell_)) continue;
        const auto stream = text == &output_ ? wsman::stdout_stream : wsman::stderr_stream;
        exchange.process_output(shell_, command_, stream, clixml::bytes_of(*text), now);
        text->clear();
    }
    if (!status_ || !output_.empty() || !errors_.empty()) return;
    is_finished_ = true;
    exchange.process_ended(shell_, command_, static_cast<std::uint32_t>(status_->code), now);
}

void ProcessHost::append_poll_entries(std::vector<PollEntry>& entries) const
{
    if (child_.output() >= 0 && output_.size() < piece_bytes_max) {
        entries.push_back({child_.output(), true, false});
    }
    if (child_.error_output() >= 0 && errors_.size() < piece_bytes_max) {
        entries.push_back({child_.error_output(), true, false});
    }
    if (child_.input() >= 0 && !input_.is_empty()) {
        entries.push_back({child_.input(), false, true});
    }
}

void ProcessHost::on_readable(int descriptor)
{
    std::string& text = descriptor == child_.output() ? output_ : errors_;
    const auto read = read_some(descriptor, piece_bytes_max, text);
    if (read && *read != ReadOutcome::End) return;
    if (descriptor == child_.output())
        child_.close_output();
    else
        child_.close_error_output();
    if (child_.output() < 0 && child_.error_output() < 0) check_at_ = Clock::now();
}

void ProcessHost::on_writable(int descriptor)
{
    if (descriptor < 0) return input_.clear();
    if (!input_.flush_to(descriptor)) {
        // It reads no more; what it was to read is nobody's.
        input_.clear();
        return child_.close_input();
    }
    if (input_.is_empty() && input_ends_) child_.close_input();
}

void ProcessHost::on_deadline(Clock::time_point now)
{
    check_at_.reset();
    status_ = child_.poll_exit();
    if (!status_) check_at_ = now + check_interval;
}

} // namespace psrp
