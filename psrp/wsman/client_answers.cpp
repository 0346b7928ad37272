// What a service says to each operation (fact sheet transports B5-B11, B15, B18).
#include <clixml/utf.hpp>
#include <psrp/wsman/detail/client_exchange_impl.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <algorithm>
#include <utility>

namespace psrp::wsman {

using detail::Answer;
using detail::ClientChannel;
using detail::Draft;
using detail::ShellState;

namespace {

bool is(const Failure& cause, Errc error)
{
    return cause.error.code == make_error_code(error);
}

// What ends a Receive whose shell or command is being left.
bool is_ordinary_end(const Failure& cause)
{
    return is(cause, Errc::ShellNotFound) || is(cause, Errc::OperationAborted) ||
           is(cause, Errc::StreamDisconnected) || is(cause, Errc::OperationTimedOut) ||
           is(cause, Errc::PluginShutDown);
}

std::optional<Milliseconds> duration_of(const ShellDescription& shell, std::string_view name)
{
    const auto text = shell.find(name);
    return text ? read_duration(*text) : std::nullopt;
}

const std::string* selected_shell(const ResourceCreated& created)
{
    const auto found =
        std::find_if(created.selectors.begin(), created.selectors.end(), [](const Selector& one) {
            return one.name == "ShellId";
        });
    return found == created.selectors.end() ? nullptr : &found->value;
}

} // namespace

void ClientExchange::Impl::emit(ClientExchangeEvent event)
{
    if (!is_silent) events.push_back(std::move(event));
}

void ClientExchange::Impl::on_answer(Answer answer)
{
    const Draft& draft = answer.draft;
    if (draft.operation == Operation::Delete) return on_delete_answer();
    if (is_silent || state == ShellState::Failed) return;
    switch (draft.operation) {
    case Operation::Create:
        if (auto* response = std::get_if<Response>(&answer.result))
            on_created(draft, std::move(*response));
        else
            on_create_failed(std::move(answer.draft), std::move(std::get<Failure>(answer.result)));
        return;
    case Operation::Command:
        return on_command_answer(draft, answer);
    case Operation::Send:
        return on_send_answer(draft, answer);
    case Operation::Receive:
        return on_receive_answer(draft, answer);
    case Operation::Signal:
        return on_signal_answer(draft, answer);
    case Operation::Disconnect:
        return on_disconnect_answer(answer);
    case Operation::Reconnect:
        return on_reconnect_answer(draft, answer);
    case Operation::Connect:
        return on_connect_answer(draft, answer);
    case Operation::Delete:
    case Operation::Get:
    case Operation::Enumerate:
    case Operation::Pull:
    case Operation::Identify:
        return; // never asked for here
    }
}

void ClientExchange::Impl::on_created(const Draft& draft, Response response)
{
    (void)draft;
    auto& created = std::get<ResourceCreated>(response.body);
    const auto* selected = selected_shell(created);
    if (selected != nullptr && !selected->empty()) shell_id = *selected;
    if (created.shell) {
        const auto& shell = *created.shell;
        if (const auto id = shell.find("ShellId"); id && !id->empty()) shell_id = *id;
        shell_facts.owner = shell.find("Owner").value_or("");
        shell_facts.idle_timeout = duration_of(shell, "IdleTimeOut");
        shell_facts.idle_timeout_max = duration_of(shell, "MaxIdleTimeOut");
        shell_facts.buffer_mode = shell.find("BufferMode").value_or("");
        shell_facts.is_compressed = shell.find("CompressionMode") == xpress_mode;
    }
    state = ShellState::Open;
    session.state = ClientChannel::State::Open;
    session.is_sending = false;
    session.may_receive = true;
    if (shell_facts.is_compressed && options.codec == nullptr)
        return fail(
            detail::failure_of(
                Operation::Create, clixml::Error{Errc::UnexpectedCompression, clixml::no_offset, ""}
            ),
            ShellFate::MayExist
        );
    // Services before 3.0 tell nothing of their shells, and take small envelopes only (B14).
    if (!created.shell)
        book.set_envelope_bytes_max(std::min(options.envelope_bytes_max, envelope_bytes_old));
    is_service_known = true;
    update_send_bytes_max();
    if (wants_delete) return delete_shell();
    emit(DataSent{session_channel});
    receive(session_channel, session);
}

void ClientExchange::Impl::on_create_failed(Draft draft, Failure cause)
{
    const auto* row = cause.fault ? find_fault_row(cause.fault->code) : nullptr;
    const bool is_passing = row != nullptr && row->retry == Retry::Create;
    if (is_passing && !wants_delete && create_retries < options.create_retries_max) {
        ++create_retries;
        draft.delay = options.create_retry_delay;
        draft.operation_id.reset();
        book.add(std::move(draft));
        return;
    }
    if (wants_delete) {
        // A service that answered with a fault has made no shell.
        if (!cause.fault) return delete_shell();
        state = ShellState::Gone;
        return emit(ChannelClosed{session_channel});
    }
    const auto fate = cause.fault ? ShellFate::IsGone : ShellFate::MayExist;
    fail(std::move(cause), fate);
}

void ClientExchange::Impl::on_command_answer(const Draft& draft, Answer& answer)
{
    const Guid id = draft.channel;
    ClientChannel* channel = find(id);
    if (channel == nullptr) return;
    channel->is_sending = false;
    if (auto* cause = std::get_if<Failure>(&answer.result)) {
        if (!cause->fault) return fail(std::move(*cause), ShellFate::MayExist);
        if (is(*cause, Errc::ShellNotFound)) return fail(std::move(*cause), ShellFate::IsGone);
        channel->state = ClientChannel::State::Refused;
        fail_command(id, std::move(*cause));
        return advance_command(id, *channel);
    }
    const auto& response = std::get<CommandResponse>(std::get<Response>(answer.result).body);
    if (!response.command_id.empty()) channel->command_id = response.command_id;
    channel->state = ClientChannel::State::Open;
    emit(DataSent{id});
    if (channel->first_object.is_complete()) {
        channel->may_receive = true;
        receive(id, *channel);
    }
    advance_command(id, *channel);
}

void ClientExchange::Impl::on_send_answer(const Draft& draft, Answer& answer)
{
    const Guid id = draft.channel;
    ClientChannel* channel = find(id);
    if (channel == nullptr) return;
    channel->is_sending = false;
    if (auto* cause = std::get_if<Failure>(&answer.result)) {
        const bool is_late = channel->is_done || channel->wants_close || channel->wants_signal ||
                             state == ShellState::Deleting;
        if (!(cause->fault && is_late && is_ordinary_end(*cause))) {
            const auto fate =
                is(*cause, Errc::ShellNotFound) ? ShellFate::IsGone : ShellFate::MayExist;
            if (id.is_zero() || !cause->fault) return fail(std::move(*cause), fate);
            return fail_command(id, std::move(*cause));
        }
    }
    emit(DataSent{id});
    if (!id.is_zero() && !channel->may_receive && channel->first_object.is_complete()) {
        channel->may_receive = true;
        receive(id, *channel);
    }
}

// Receive (B7) -----------------------------------------------------------------------------------

void ClientExchange::Impl::receive(const Guid& id, ClientChannel& channel)
{
    if (state != ShellState::Open || !channel.may_receive || channel.is_done) return;
    if (channel.receive != 0 || channel.is_terminating) return;
    if (options.leaves_output && !id.is_zero()) return;
    Draft request =
        draft(Operation::Receive, ReceiveBody{channel.command_id, std::string(stdout_stream)});
    request.options = {{std::string(keep_alive_option), "TRUE", false}};
    request.channel = id;
    // The whole loop is one operation.
    if (!channel.receive_operation) channel.receive_operation = id_source->new_guid();
    request.operation_id = channel.receive_operation;
    request.sequence_id = ++channel.receive_sequence;
    channel.receive = book.add(std::move(request));
}

void ClientExchange::Impl::receive_all()
{
    receive(session_channel, session);
    for (auto& [id, channel] : commands)
        receive(id, channel);
}

void ClientExchange::Impl::on_receive_answer(const Draft& draft, Answer& answer)
{
    const Guid id = draft.channel;
    ClientChannel* channel = find(id);
    if (channel == nullptr) return;
    channel->receive = 0;
    if (auto* response = std::get_if<Response>(&answer.result))
        on_received(id, std::move(std::get<ReceiveResponse>(response->body)));
    else
        on_receive_failed(id, std::move(std::get<Failure>(answer.result)));
    if (state == ShellState::Failed) return;
    if ((channel = find(id)) != nullptr) receive(id, *channel);
    finish_disconnect();
}

void ClientExchange::Impl::on_received(const Guid& id, ReceiveResponse response)
{
    ClientChannel* channel = find(id);
    std::map<Guid, Bytes> data;
    std::size_t bytes_left = options.limits.stream_bytes_max;
    for (auto& stream : response.streams) {
        if (stream.name != stdout_stream) continue; // unknown names mean nothing (E 50)
        Guid target = id;
        if (!stream.command_id.empty() &&
            !clixml::equal_ignoring_case(stream.command_id, channel->command_id)) {
            for (const auto& [other, command] : commands) {
                if (clixml::equal_ignoring_case(stream.command_id, command.command_id))
                    target = other;
            }
        }
        Bytes bytes = std::move(stream.bytes);
        if (shell_facts.is_compressed) {
            auto expanded = options.codec->expand(bytes, bytes_left);
            if (!expanded)
                return fail(
                    detail::failure_of(Operation::Receive, expanded.error()), ShellFate::MayExist
                );
            bytes_left -= std::min(bytes_left, expanded->size());
            bytes = *std::move(expanded);
        }
        auto& whole = data[target];
        whole.insert(whole.end(), bytes.begin(), bytes.end());
    }
    const bool had_data = !data.empty();
    for (auto& [target, bytes] : data) {
        if (!bytes.empty()) emit(DataReceived{target, std::move(bytes)});
    }
    if (response.state && response.state->state == command_done && !id.is_zero())
        channel->is_done = true;
    if (channel->is_done || !had_data) finish_signal(id, *channel);
}

void ClientExchange::Impl::on_receive_failed(const Guid& id, Failure cause)
{
    ClientChannel* channel = find(id);
    // Nothing came in time: that is no error, for ever (B7).
    if (is(cause, Errc::OperationTimedOut)) return finish_signal(id, *channel);
    if (state != ShellState::Open && cause.fault && is_ordinary_end(cause)) return;
    if (is(cause, Errc::StreamDisconnected)) return left_by_service(std::move(cause));
    const auto fate = is(cause, Errc::ShellNotFound) ? ShellFate::IsGone : ShellFate::MayExist;
    if (id.is_zero() || !cause.fault) return fail(std::move(cause), fate);
    channel->may_receive = false;
    const bool is_late = channel->wants_close || channel->wants_signal;
    finish_signal(id, *channel);
    if (!is_late || !is_ordinary_end(cause)) fail_command(id, std::move(cause));
}

// The service has disconnected the shell by itself; whatever was under way has ended with it.
void ClientExchange::Impl::left_by_service(Failure cause)
{
    book.clear();
    state = ShellState::Disconnected;
    session.is_sending = false;
    session.receive = 0;
    for (auto& [id, channel] : commands) {
        channel.is_sending = false;
        channel.receive = 0;
        channel.is_signalling = false;
        channel.is_terminating = false;
    }
    // Those that were being closed have nobody who would close them later.
    std::vector<Guid> closing;
    for (const auto& [id, channel] : commands) {
        if (channel.wants_close) closing.push_back(id);
    }
    for (const auto& id : closing)
        drop_command(id);
    emit(SessionDisconnected{std::move(cause)});
}

// Signal (B9) ------------------------------------------------------------------------------------

void ClientExchange::Impl::on_signal_answer(const Draft& draft, Answer& answer)
{
    const Guid id = draft.channel;
    ClientChannel* channel = find(id);
    if (channel == nullptr) return;
    const auto* cause = std::get_if<Failure>(&answer.result);
    if (cause != nullptr && !cause->fault) return fail(*cause, ShellFate::MayExist);
    // Whatever the service says of a command that is to end: it has ended.
    if (draft.tag == terminate_tag) return drop_command(id);
    channel->is_signalling = false;
    channel->owes_acknowledgement = true;
    if (cause != nullptr && !is_ordinary_end(*cause)) {
        channel->owes_acknowledgement = false;
        fail_command(id, *cause);
    }
    if (channel->is_done || channel->receive == 0) finish_signal(id, *channel);
    advance_command(id, *channel);
}

// The state of a stopped pipeline comes by Receive; only when that is quiet the signal's own answer
// counts (psrp 17).
void ClientExchange::Impl::finish_signal(const Guid& id, ClientChannel& channel)
{
    if (!channel.owes_acknowledgement) return;
    channel.owes_acknowledgement = false;
    emit(SignalAcknowledged{id});
}

void ClientExchange::Impl::fail_command(const Guid& pipeline, Failure cause)
{
    emit(CommandFailed{pipeline, std::move(cause)});
}

// Delete, Disconnect, Reconnect, Connect (B10, B11) ----------------------------------------------

void ClientExchange::Impl::on_delete_answer()
{
    is_farewell_due = false;
    if (state != ShellState::Deleting) return;
    // Gone already, or out of reach: nothing more can be done (B10).
    state = ShellState::Gone;
    book.clear();
    commands.clear();
    emit(ChannelClosed{session_channel});
}

void ClientExchange::Impl::on_disconnect_answer(Answer& answer)
{
    if (state != ShellState::Disconnecting) return;
    if (auto* cause = std::get_if<Failure>(&answer.result)) {
        if (!cause->fault) return fail(std::move(*cause), ShellFate::MayExist);
        if (is(*cause, Errc::ShellNotFound)) return fail(std::move(*cause), ShellFate::IsGone);
        state = ShellState::Open;
        emit(DisconnectRefused{std::move(*cause)});
        return receive_all();
    }
    disconnect_was_answered = true;
    finish_disconnect();
}

bool ClientExchange::Impl::is_receiving() const
{
    return session.receive != 0 ||
           std::any_of(commands.begin(), commands.end(), [](const auto& entry) {
               return entry.second.receive != 0;
           });
}

// What the Receives still bring belongs to this client (B11).
void ClientExchange::Impl::finish_disconnect()
{
    if (state != ShellState::Disconnecting || !disconnect_was_answered || is_receiving()) return;
    state = ShellState::Disconnected;
    emit(SessionDisconnected{});
}

void ClientExchange::Impl::stop_awaiting_receives()
{
    if (state != ShellState::Disconnecting || !disconnect_was_answered) return;
    const auto give_up = [&](ClientChannel& channel) {
        // A late answer is one to an unknown request.
        if (channel.receive != 0) (void)book.on_failure(channel.receive, {}, {});
        channel.receive = 0;
    };
    give_up(session);
    for (auto& [id, channel] : commands)
        give_up(channel);
    finish_disconnect();
}

void ClientExchange::Impl::on_reconnect_answer(const Draft& draft, Answer& answer)
{
    const Guid id = draft.channel;
    ClientChannel* channel = find(id);
    if (channel == nullptr) return;
    if (auto* cause = std::get_if<Failure>(&answer.result)) {
        if (!id.is_zero()) {
            channel->state = ClientChannel::State::Refused;
            return fail_command(id, std::move(*cause));
        }
        // The shell stays as it is, unless it is gone.
        state = is(*cause, Errc::ShellNotFound) ? ShellState::Gone : ShellState::Disconnected;
        return emit(ReconnectRefused{std::move(*cause)});
    }
    if (id.is_zero() && state == ShellState::Reconnecting) state = ShellState::Open;
    emit(ChannelReconnected{id});
    receive(id, *channel);
    if (!id.is_zero()) advance_command(id, *channel);
}

void ClientExchange::Impl::on_connect_answer(const Draft& draft, Answer& answer)
{
    const Guid id = draft.channel;
    ClientChannel* channel = find(id);
    if (channel == nullptr) return;
    if (auto* cause = std::get_if<Failure>(&answer.result)) {
        // Not ours to delete.
        if (id.is_zero()) return fail(std::move(*cause), ShellFate::IsGone);
        channel->state = ClientChannel::State::Refused;
        fail_command(id, std::move(*cause));
        return advance_command(id, *channel);
    }
    auto& response = std::get<ConnectResponse>(std::get<Response>(answer.result).body);
    channel->state = ClientChannel::State::Open;
    channel->may_receive = true;
    if (!id.is_zero()) {
        emit(CommandOpened{id});
        receive(id, *channel);
        return advance_command(id, *channel);
    }
    if (state != ShellState::Connecting) return; // it is being deleted already
    state = ShellState::Open;
    is_service_known = true;
    update_send_bytes_max();
    if (response.connect_response_xml)
        emit(DataReceived{id, *std::move(response.connect_response_xml)});
    receive(id, *channel);
}

void ClientExchange::Impl::set_protocol_version(const clixml::Version& version)
{
    const bool is_old = version < clixml::Version{2, 2};
    book.set_envelope_bytes_max(
        is_old ? std::min(options.envelope_bytes_max, envelope_bytes_old)
               : options.envelope_bytes_max
    );
    is_service_known = true;
    update_send_bytes_max();
}

} // namespace psrp::wsman
