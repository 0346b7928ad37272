#include <clixml/utf.hpp>
#include <psrp/wsman/command_shell.hpp>
#include <psrp/wsman/detail/request_book.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace psrp::wsman {

using clixml::failure;
using clixml::Result;
using detail::Answer;
using detail::Draft;
using detail::RequestBook;

namespace {

constexpr std::string_view output_streams = "stdout stderr";

bool is(const Failure& cause, Errc error)
{
    return cause.error.code == make_error_code(error);
}

std::string_view code_of(ProcessSignal signal)
{
    switch (signal) {
    case ProcessSignal::Terminate:
        break;
    case ProcessSignal::CtrlC:
        return ctrl_c_signal;
    case ProcessSignal::CtrlBreak:
        return ctrl_break_signal;
    }
    return terminate_signal;
}

} // namespace

struct CommandShell::Impl {
    enum class State : std::uint8_t { None, Creating, Open, Deleting, Gone };

    struct Process {
        std::string command_id; // the service's, once it has answered
        bool is_started = false;
        bool is_sending = false;
        bool is_done = false; // its last event is out, its end is being told to the service
        bool is_terminating = false;
        bool input_has_ended = false;
        std::deque<ProcessSignal> signals; // asked for before it was started
        std::optional<Guid> receive_operation;
        std::uint64_t receive_sequence = 0;
    };

    Impl(const CommandShellOptions& given, IdSource& ids)
        : options(given),
          book(
              {given.url, given.ui_culture, given.culture, given.operation_timeout, given.limits},
              {},
              ids
          ),
          id_source(&ids), shell_id(upper_text(ids.new_guid()))
    {
        book.set_envelope_bytes_max(std::max(given.envelope_bytes_max, envelope_bytes_min));
    }

    [[nodiscard]] Draft draft(Operation operation, RequestBody body) const
    {
        Draft result;
        result.operation = operation;
        result.resource_uri = command_shell_resource;
        result.shell_id = shell_id;
        result.body = std::move(body);
        return result;
    }

    Result<void> open()
    {
        if (state != State::None)
            return failure(Errc::ActionNotAllowed, clixml::no_offset, "expected a new shell");
        CreateBody body;
        // Ours, so that it can be deleted even where the answer is lost; a service may choose
        // another.
        body.shell_id = shell_id;
        body.working_directory = options.working_directory;
        body.environment = options.environment;
        if (options.idle_timeout) body.idle_timeout = write_duration(*options.idle_timeout);
        body.input_streams = stdin_stream;
        body.output_streams = output_streams;
        Draft request = draft(Operation::Create, std::move(body));
        request.shell_id.clear();
        if (options.no_profile) request.options.push_back({std::string(no_profile_option), "TRUE"});
        if (options.code_page)
            request.options.push_back(
                {std::string(code_page_option), std::to_string(*options.code_page)}
            );
        state = State::Creating;
        book.add(std::move(request));
        return {};
    }

    Result<void> start(const Guid& id, const ProcessOptions& process)
    {
        if (state != State::Open || id.is_zero() || processes.contains(id))
            return failure(Errc::ActionNotAllowed, clixml::no_offset, "expected an open shell");
        Draft request = draft(
            Operation::Command, CommandBody{upper_text(id), process.command_line, process.arguments}
        );
        // As the native client writes them (MS-WSMV 3.1.4.11).
        request.options = {
            {std::string(console_mode_option), process.console_input ? "TRUE" : "FALSE"},
            {std::string(skip_cmd_shell_option), process.skips_shell ? "TRUE" : "FALSE"}};
        request.channel = id;
        if (book.envelope_bytes(request) > book.envelope_bytes_max())
            return failure(Errc::DataTooBig);
        processes[id].command_id = upper_text(id);
        book.add(std::move(request));
        return {};
    }

    Result<void> write_input(const Guid& id, BytesView bytes, bool is_end)
    {
        const auto found = processes.find(id);
        if (found == processes.end() || !found->second.is_started || found->second.is_sending ||
            found->second.is_done || found->second.input_has_ended)
            return failure(
                Errc::ActionNotAllowed, clixml::no_offset, "expected a process that takes input"
            );
        if (bytes.size() > input_bytes_max()) return failure(Errc::DataTooBig);
        Process& process = found->second;
        Draft request = draft(
            Operation::Send,
            SendBody{
                {{std::string(stdin_stream),
                  process.command_id,
                  is_end,
                  Bytes(bytes.begin(), bytes.end())}}}
        );
        request.channel = id;
        process.is_sending = true;
        process.input_has_ended = is_end;
        book.add(std::move(request));
        return {};
    }

    [[nodiscard]] std::size_t input_bytes_max() const
    {
        constexpr std::size_t slack = 256;
        const std::size_t overhead =
            book.envelope_bytes(
                draft(Operation::Send, SendBody{{{std::string(stdin_stream), shell_id, true, {}}}})
            ) +
            slack;
        const std::size_t whole = book.envelope_bytes_max();
        return whole > overhead + 4 ? (whole - overhead) / 4 * 3 : 1;
    }

    Result<void> signal(const Guid& id, ProcessSignal signal)
    {
        const auto found = processes.find(id);
        if (found == processes.end() || found->second.is_done)
            return failure(Errc::ActionNotAllowed, clixml::no_offset, "expected a process");
        if (!found->second.is_started)
            found->second.signals.push_back(signal);
        else
            send_signal(id, found->second, signal);
        return {};
    }

    void send_signal(const Guid& id, Process& process, ProcessSignal signal)
    {
        if (process.is_terminating) return;
        process.is_terminating = signal == ProcessSignal::Terminate;
        Draft request =
            draft(Operation::Signal, SignalBody{process.command_id, std::string(code_of(signal))});
        request.channel = id;
        request.tag = static_cast<std::uint64_t>(signal);
        book.add(std::move(request));
    }

    void receive(const Guid& id, Process& process)
    {
        if (process.is_done || state != State::Open) return;
        Draft request =
            draft(Operation::Receive, ReceiveBody{process.command_id, std::string(output_streams)});
        request.options = {{std::string(keep_alive_option), "TRUE"}};
        request.channel = id;
        if (!process.receive_operation) process.receive_operation = id_source->new_guid();
        request.operation_id = process.receive_operation;
        request.sequence_id = ++process.receive_sequence;
        book.add(std::move(request));
    }

    void close()
    {
        switch (state) {
        case State::None:
            state = State::Gone;
            events.emplace_back(CommandShellGone{});
            return;
        case State::Creating:
            wants_delete = true;
            return;
        case State::Open:
            return delete_shell();
        case State::Deleting:
        case State::Gone:
            return;
        }
    }

    void delete_shell()
    {
        state = State::Deleting;
        book.add(draft(Operation::Delete, EmptyBody{}));
    }

    void on_answer(Answer answer)
    {
        const auto& request = answer.draft;
        if (request.operation == Operation::Delete) return on_deleted();
        if (is_silent) return;
        switch (request.operation) {
        case Operation::Create:
            return on_created(answer);
        case Operation::Command:
            return on_started(request, answer);
        case Operation::Receive:
            return on_output(request, answer);
        case Operation::Send:
            return on_input_taken(request, answer);
        case Operation::Signal:
            return on_signalled(request, answer);
        case Operation::Delete:
        case Operation::Get:
        case Operation::Disconnect:
        case Operation::Reconnect:
        case Operation::Connect:
        case Operation::Enumerate:
        case Operation::Pull:
        case Operation::Identify:
            return; // never asked for here
        }
    }

    void on_created(Answer& answer)
    {
        if (auto* cause = std::get_if<Failure>(&answer.result)) return fail(std::move(*cause));
        const auto& created = std::get<ResourceCreated>(std::get<Response>(answer.result).body);
        for (const auto& selector : created.selectors) {
            if (selector.name == "ShellId") shell_id = selector.value;
        }
        state = State::Open;
        if (wants_delete) return delete_shell();
        events.emplace_back(CommandShellReady{});
    }

    void on_started(const Draft& request, Answer& answer)
    {
        const auto found = processes.find(request.channel);
        if (found == processes.end()) return;
        if (auto* cause = std::get_if<Failure>(&answer.result)) {
            if (!cause->fault) return fail(std::move(*cause));
            processes.erase(found);
            events.emplace_back(ProcessFailed{request.channel, std::move(*cause)});
            return;
        }
        Process& process = found->second;
        const auto& started = std::get<CommandResponse>(std::get<Response>(answer.result).body);
        if (!started.command_id.empty()) process.command_id = started.command_id;
        process.is_started = true;
        events.emplace_back(ProcessStarted{request.channel});
        receive(request.channel, process);
        for (const auto signal : std::exchange(process.signals, {}))
            send_signal(request.channel, process, signal);
    }

    void on_output(const Draft& request, Answer& answer)
    {
        const Guid id = request.channel;
        const auto found = processes.find(id);
        if (found == processes.end() || found->second.is_done) return;
        Process& process = found->second;
        if (auto* cause = std::get_if<Failure>(&answer.result)) {
            if (is(*cause, Errc::OperationTimedOut)) return receive(id, process);
            const bool is_end = process.is_terminating && cause->fault;
            if (is_end) return end(id, process, std::nullopt);
            if (!cause->fault) return fail(std::move(*cause));
            processes.erase(found);
            events.emplace_back(ProcessFailed{id, std::move(*cause)});
            return;
        }
        auto& received = std::get<ReceiveResponse>(std::get<Response>(answer.result).body);
        for (auto& stream : received.streams) {
            if (stream.bytes.empty()) continue;
            const bool is_error = stream.name == stderr_stream;
            if (!is_error && stream.name != stdout_stream) continue;
            events.emplace_back(ProcessOutput{id, is_error, std::move(stream.bytes)});
        }
        if (received.state && received.state->state == command_done)
            return end(id, process, received.state->exit_code);
        receive(id, process);
    }

    // The service keeps a process's entry until it is told that nobody needs it any more.
    void end(const Guid& id, Process& process, std::optional<std::uint32_t> exit_code)
    {
        process.is_done = true;
        events.emplace_back(ProcessEnded{id, exit_code});
        if (state == State::Open) send_signal(id, process, ProcessSignal::Terminate);
    }

    void on_input_taken(const Draft& request, Answer& answer)
    {
        const auto found = processes.find(request.channel);
        if (found == processes.end()) return;
        found->second.is_sending = false;
        if (found->second.is_done) return;
        if (auto* cause = std::get_if<Failure>(&answer.result)) {
            if (!cause->fault) return fail(std::move(*cause));
            // Its end, which Receive brings, says more than its closed input.
            if (is(*cause, Errc::ShellNotFound)) return;
        }
        events.emplace_back(ProcessInputTaken{request.channel});
    }

    void on_signalled(const Draft& request, Answer& answer)
    {
        const auto found = processes.find(request.channel);
        if (found == processes.end()) return;
        if (auto* cause = std::get_if<Failure>(&answer.result); cause && !cause->fault)
            return fail(std::move(*cause));
        if (request.tag != static_cast<std::uint64_t>(ProcessSignal::Terminate)) return;
        const bool was_done = found->second.is_done;
        processes.erase(found);
        if (!was_done) events.emplace_back(ProcessEnded{request.channel, std::nullopt});
    }

    void on_deleted()
    {
        state = State::Gone;
        book.clear();
        end_processes();
        if (!is_silent && !has_failed) events.emplace_back(CommandShellGone{});
    }

    void end_processes()
    {
        for (const auto& [id, process] : processes) {
            if (!process.is_done && !is_silent) events.emplace_back(ProcessEnded{id, std::nullopt});
        }
        processes.clear();
    }

    void fail(Failure cause)
    {
        if (state == State::Deleting || state == State::Gone) return;
        // A fault to Create says that there is none.
        const bool may_exist = state == State::Open || !cause.fault;
        const bool has_shell = may_exist && !is(cause, Errc::ShellNotFound);
        book.clear();
        end_processes();
        has_failed = true;
        state = State::Gone;
        if (has_shell) delete_shell();
        events.emplace_back(CommandShellFailed{std::move(cause)});
    }

    void abandon()
    {
        const bool has_shell = state == State::Open || state == State::Creating;
        if (state != State::Deleting) book.clear();
        is_silent = true;
        events.clear();
        processes.clear();
        if (has_shell) delete_shell();
        if (state != State::Deleting) state = State::Gone;
    }

    CommandShellOptions options;
    RequestBook book;
    IdSource* id_source;
    std::string shell_id;
    State state = State::None;
    bool wants_delete = false;
    bool is_silent = false;
    bool has_failed = false;
    std::map<Guid, Process> processes;
    std::deque<CommandShellEvent> events;
};

CommandShell::CommandShell(const CommandShellOptions& options, IdSource& ids)
    : impl_(std::make_unique<Impl>(options, ids))
{
}
CommandShell::~CommandShell() = default;
CommandShell::CommandShell(CommandShell&&) noexcept = default;
CommandShell& CommandShell::operator=(CommandShell&&) noexcept = default;

Result<void> CommandShell::open()
{
    return impl_->open();
}

Result<void> CommandShell::start(const Guid& process, const ProcessOptions& options)
{
    return impl_->start(process, options);
}

Result<void> CommandShell::write_input(const Guid& process, BytesView bytes, bool is_end)
{
    return impl_->write_input(process, bytes, is_end);
}

std::size_t CommandShell::input_bytes_max() const
{
    return impl_->input_bytes_max();
}

Result<void> CommandShell::signal(const Guid& process, ProcessSignal signal)
{
    return impl_->signal(process, signal);
}

void CommandShell::close()
{
    impl_->close();
}

std::optional<OutgoingRequest> CommandShell::next_request()
{
    return impl_->book.next();
}

void CommandShell::on_response(std::uint64_t id, const HttpAnswer& answer)
{
    if (auto taken = impl_->book.on_response(id, answer)) impl_->on_answer(*std::move(taken));
}

void CommandShell::on_failure(std::uint64_t id, const clixml::Error& error, std::string reason)
{
    if (auto taken = impl_->book.on_failure(id, error, std::move(reason)))
        impl_->on_answer(*std::move(taken));
}

std::optional<CommandShellEvent> CommandShell::next_event()
{
    if (impl_->events.empty()) return std::nullopt;
    CommandShellEvent event = std::move(impl_->events.front());
    impl_->events.pop_front();
    return event;
}

void CommandShell::abandon()
{
    impl_->abandon();
}

bool CommandShell::is_finished() const
{
    const auto state = impl_->state;
    return impl_->book.is_empty() && (state == Impl::State::Gone || state == Impl::State::None);
}

const std::string& CommandShell::shell_id() const
{
    return impl_->shell_id;
}

} // namespace psrp::wsman
