#include <clixml/overloaded.hpp>
#include <psrp/wsman/detail/server_exchange_impl.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace psrp::wsman {

using clixml::Result;
using detail::ServerChannel;
using detail::ServerShell;
using detail::WaitingRequest;

namespace {

// What a client is told of a request that could not be read.
Errc fault_of(const clixml::Error& error)
{
    const auto is = [&](Errc code) { return error.code == make_error_code(code); };
    if (is(Errc::EnvelopeTooBig) || is(Errc::StreamDataTooBig)) return Errc::EnvelopeLimit;
    if (is(Errc::NotUnderstood)) return Errc::MustUnderstand;
    if (is(Errc::WrongAction)) return Errc::InvalidAction;
    if (is(Errc::InvalidStreamData)) return Errc::InvalidInputData;
    if (is(Errc::InvalidHeader) && std::string_view(error.detail) == "OperationTimeout")
        return Errc::InvalidTimeout;
    if (is(Errc::MissingElement) || is(Errc::InvalidElement) || is(Errc::UnexpectedBody) ||
        is(Errc::InvalidHeader) || is(Errc::DuplicateHeader))
        return Errc::SchemaViolation;
    return Errc::InvalidXml;
}

std::size_t stream_bytes(const Response& response)
{
    std::size_t bytes = 256;
    if (const auto* received = std::get_if<ReceiveResponse>(&response.body)) {
        for (const auto& stream : received->streams)
            bytes += stream.bytes.size();
    }
    return bytes;
}

} // namespace

void deliver(const ServerExchangeEvent& event, ServerPool& pool, ServerExchange& exchange, Time now)
{
    std::visit(
        clixml::Overloaded{
            // Errors are for the log: the session goes on where the reference goes on.
            [&](const ShellDataReceived& one) {
                (void)pool.receive(one.channel, one.stream, one.bytes);
            },
            [&](const ShellCommandRequested& one) { pool.command_requested(one.pipeline); },
            [&](const ShellSignalRequested& one) { pool.signal_requested(one.pipeline); },
            [&](const ShellCloseRequested& one) { pool.close_requested(one.channel); },
            [&](const ShellDisconnected& one) {
                // A pool that is not open has nothing to hold back.
                if (one.mode == BufferMode::Block) (void)pool.disconnect_requested();
            },
            [&](const ShellReconnected& one) {
                if (one.mode == BufferMode::Block) (void)pool.reconnect_requested();
            },
            [&](const ShellConnectRequested& one) {
                exchange.answer_connect(one.shell, pool.connect_requested(one.request), now);
            },
            [](const auto&) {},
        },
        event
    );
}

// Requests in ------------------------------------------------------------------------------------

void ServerExchange::Impl::receive(const IncomingRequest& incoming, Time now)
{
    now_last = now;
    Waiting waiting;
    waiting.id = incoming.id;
    waiting.owner = incoming.owner;
    auto request = read_request(incoming.body, options.limits.envelopes);
    if (!request) {
        waiting.header = std::move(request.error().header);
        return refuse_request(
            waiting, fault_of(request.error().error), request.error().error.text()
        );
    }
    waiting.operation = request->operation;
    waiting.header = request->header;
    if (incoming.body.size() > options.limits.envelope_bytes_max)
        return refuse_request(waiting, Errc::EnvelopeLimit);
    if (request->operation == Operation::Identify) return on_identify(waiting);
    if (waiting.header.envelope_bytes_max.value_or(envelope_bytes_old) < envelope_bytes_min)
        return refuse_request(waiting, Errc::EnvelopeLimitTooSmall);
    if (answer_again(waiting)) return;
    forget_answers(waiting);
    const auto count = static_cast<std::size_t>(std::count_if(
        waiting_requests.begin(),
        waiting_requests.end(),
        [&](const auto& entry) { return entry.second.owner == waiting.owner; }
    ));
    if (count >= options.limits.requests_per_owner_max)
        return refuse_request(waiting, Errc::TooManyOperations);
    dispatch(std::move(waiting), *std::move(request), incoming, now);
}

void ServerExchange::Impl::dispatch(
    Waiting waiting, Request request, const IncomingRequest& incoming, Time now
)
{
    switch (request.operation) {
    case Operation::Create:
        return on_create(waiting, std::get<CreateBody>(request.body), incoming, now);
    case Operation::Get:
        return on_get(waiting, now);
    case Operation::Enumerate:
        return on_enumerate(waiting, std::get<EnumerateBody>(request.body), now);
    case Operation::Pull:
        return on_pull(waiting, std::get<PullBody>(request.body));
    case Operation::Identify:
        return on_identify(waiting);
    case Operation::Command:
    case Operation::Send:
    case Operation::Receive:
    case Operation::Signal:
    case Operation::Delete:
    case Operation::Disconnect:
    case Operation::Reconnect:
    case Operation::Connect:
        break;
    }
    Shell* shell = find_shell(waiting, waiting.shell);
    if (shell == nullptr) return; // it has been answered
    if (belongs_to_another(waiting, *shell))
        return refuse_request(waiting, Errc::StreamDisconnected);
    // Who asks to connect again and again must not keep the shell from being taken for left alone;
    // that the Connect was granted counts later.
    if (waiting.operation != Operation::Connect) shell->last_activity = now;
    take_back(waiting, *shell);
    std::visit(
        clixml::Overloaded{
            [&](CommandBody& body) { on_command(std::move(waiting), *shell, body); },
            [&](SendBody& body) { on_send(std::move(waiting), *shell, body); },
            [&](ReceiveBody& body) { on_receive(std::move(waiting), *shell, body, now); },
            [&](SignalBody& body) { on_signal(std::move(waiting), *shell, body); },
            [&](DisconnectBody& body) { on_disconnect(waiting, *shell, body); },
            [&](ReconnectBody& body) { on_reconnect(waiting, *shell, body); },
            [&](ConnectBody& body) { on_connect(waiting, *shell, body); },
            [&](EmptyBody&) {
                if (waiting.operation == Operation::Reconnect)
                    on_reconnect(waiting, *shell, {});
                else
                    on_delete(waiting, *shell);
            },
            [&](auto&) { refuse_request(waiting, Errc::InvalidAction); },
        },
        request.body
    );
}

// The same operation and number: carried out already, or just being carried out (B18).
bool ServerExchange::Impl::answer_again(const Waiting& waiting)
{
    const auto operation = read_uuid(waiting.header.operation_id);
    const auto sequence = waiting.header.sequence_id;
    if (!operation || !sequence) return false;
    for (auto& [number, old] : waiting_requests) {
        if (old.owner != waiting.owner || old.operation != waiting.operation ||
            old.header.sequence_id != sequence || read_uuid(old.header.operation_id) != operation)
            continue;
        // Its connection is lost; whoever still holds it learns that.
        write_answer(old.id, old.header, {old.operation, {}, fault(Errc::OperationAborted)});
        old.id = waiting.id;
        old.header = waiting.header;
        return true;
    }
    for (const auto& one : remembered) {
        if (one.owner != waiting.owner || one.operation_id != *operation ||
            one.sequence_id != *sequence || one.response.operation != waiting.operation)
            continue;
        write_answer(waiting.id, waiting.header, one.response);
        return true;
    }
    return false;
}

// Whoever asks for the next has got the last.
void ServerExchange::Impl::forget_answers(const Waiting& waiting)
{
    const auto operation = read_uuid(waiting.header.operation_id);
    const auto sequence = waiting.header.sequence_id;
    if (!operation || sequence.value_or(0) <= 1) return;
    std::erase_if(remembered, [&](const detail::RememberedAnswer& one) {
        const bool is_past = one.owner == waiting.owner && one.operation_id == *operation &&
                             one.sequence_id < *sequence;
        if (is_past) remembered_bytes -= one.bytes;
        return is_past;
    });
}

void ServerExchange::Impl::request_gone(std::uint64_t id, Time now)
{
    now_last = now;
    for (auto& [number, waiting] : waiting_requests) {
        if (waiting.id != id) continue;
        if (const auto shell = shells.find(waiting.shell); shell != shells.end())
            shell->second.last_activity = now;
        // A Receive that nobody waits for must not take output; the others go on, and their answers
        // are remembered.
        if (waiting.operation != Operation::Receive) return;
        if (const auto shell = shells.find(waiting.shell); shell != shells.end()) {
            auto& channels = shell->second.channels;
            if (const auto channel = channels.find(waiting.channel); channel != channels.end())
                channel->second.receive = 0;
        }
        waiting_requests.erase(number);
        return;
    }
}

// Answers out ------------------------------------------------------------------------------------

std::uint64_t ServerExchange::Impl::wait(Waiting waiting)
{
    waiting_requests.emplace(++last_number, std::move(waiting));
    return last_number;
}

Fault ServerExchange::Impl::fault(Errc error, std::string_view message) const
{
    return make_fault(error, options.machine, message);
}

void ServerExchange::Impl::write_answer(
    std::uint64_t id, const RequestHeader& header, Response response
)
{
    const auto* wrong = std::get_if<Fault>(&response.body);
    response.header = {};
    if (wrong != nullptr)
        response.header.action = wrong->subcode_namespace == addressing_namespace
                                     ? addressing_fault_action
                                     : fault_action;
    else if (response.operation != Operation::Identify)
        response.header.action = std::string(operation_row(response.operation).action) + "Response";
    const bool is_fault = wrong != nullptr;
    if (response.operation != Operation::Identify || is_fault) {
        response.header.message_id = write_uuid(id_source->new_guid());
        response.header.operation_id = header.operation_id;
        response.header.sequence_id = header.sequence_id;
        response.header.to = anonymous_address;
        response.header.relates_to = header.message_id;
    }
    answers.push_back({id, is_fault ? 500 : 200, write_response(response)});
}

void ServerExchange::Impl::answer(const Waiting& waiting, ResponseBody body)
{
    Response response{waiting.operation, {}, std::move(body)};
    const auto operation = read_uuid(waiting.header.operation_id);
    const bool is_fault = std::holds_alternative<Fault>(response.body);
    if (operation && waiting.header.sequence_id && !is_fault) {
        const auto bytes = stream_bytes(response);
        remembered.push_back(
            {waiting.owner, *operation, *waiting.header.sequence_id, response, bytes}
        );
        remembered_bytes += bytes;
        while (!remembered.empty() && (remembered.size() > options.limits.answers_max ||
                                       remembered_bytes > options.limits.answer_bytes_max)) {
            remembered_bytes -= remembered.front().bytes;
            remembered.pop_front();
        }
    }
    write_answer(waiting.id, waiting.header, std::move(response));
}

void ServerExchange::Impl::answer_waiting(std::uint64_t& number, ResponseBody body)
{
    const auto found = waiting_requests.find(std::exchange(number, 0));
    if (found == waiting_requests.end()) return;
    const Waiting waiting = std::move(found->second);
    waiting_requests.erase(found);
    // A shell is idle from here on, not from when it was asked.
    if (const auto shell = shells.find(waiting.shell); shell != shells.end())
        shell->second.last_activity = std::max(shell->second.last_activity, now_last);
    answer(waiting, std::move(body));
}

void ServerExchange::Impl::refuse_request(
    const Waiting& waiting, Errc error, std::string_view message
)
{
    answer(waiting, fault(error, message));
}

// Time -------------------------------------------------------------------------------------------

std::optional<Time> ServerExchange::Impl::deadline() const
{
    std::optional<Time> next;
    const auto consider = [&](Time time) {
        if (!next || time < *next) next = time;
    };
    std::set<Guid> busy;
    for (const auto& [number, waiting] : waiting_requests) {
        if (waiting.deadline) consider(*waiting.deadline);
        busy.insert(waiting.shell);
    }
    for (const auto& [key, shell] : shells) {
        if (busy.contains(key)) continue;
        consider(shell.last_activity + shell.idle_timeout);
        if (shell.state == Shell::State::Connected && !shell.is_command_shell)
            consider(shell.last_activity + options.left_alone_after);
    }
    return next;
}

bool ServerExchange::Impl::is_busy(const Guid& shell) const
{
    return std::any_of(waiting_requests.begin(), waiting_requests.end(), [&](const auto& entry) {
        return entry.second.shell == shell;
    });
}

void ServerExchange::Impl::on_deadline(Time now)
{
    now_last = now;
    std::vector<std::uint64_t> late;
    for (const auto& [number, waiting] : waiting_requests) {
        if (waiting.deadline && *waiting.deadline <= now) late.push_back(number);
    }
    for (const auto number : late) {
        const Waiting& waiting = waiting_requests.at(number);
        std::uint64_t* place = nullptr;
        if (const auto shell = shells.find(waiting.shell); shell != shells.end()) {
            shell->second.last_activity = now;
            auto& channels = shell->second.channels;
            if (const auto channel = channels.find(waiting.channel); channel != channels.end())
                place = &channel->second.receive;
        }
        std::uint64_t copy = number;
        answer_waiting(place != nullptr ? *place : copy, fault(Errc::OperationTimedOut));
    }
    leave_silent(now);
    close_idle(now);
}

// A client with a network never lets its shell be without a Receive. One that is silent has none,
// or is gone; either way others may connect (B18).
void ServerExchange::Impl::leave_silent(Time now)
{
    for (auto& [key, shell] : shells) {
        const bool is_silent = shell.state == Shell::State::Connected && !shell.is_command_shell &&
                               shell.last_activity + options.left_alone_after <= now &&
                               !is_busy(key);
        if (!is_silent) continue;
        shell.state = Shell::State::Disconnected;
        shell.is_left_alone = true;
        events.emplace_back(ShellDisconnected{key, shell.mode});
    }
}

// Whoever comes next gets what was taken in part from its start.
void ServerExchange::Impl::hand_over(Shell& shell)
{
    shell.state = Shell::State::Connected;
    shell.is_left_alone = false;
    for (auto& [id, channel] : shell.channels)
        channel.taken = 0;
}

// Whether what comes is of a client that was silent for so long that another connects to its shell,
// or has done so.
bool ServerExchange::Impl::belongs_to_another(const Waiting& waiting, const Shell& shell) const
{
    switch (waiting.operation) {
    case Operation::Command:
    case Operation::Send:
    case Operation::Receive:
    case Operation::Signal:
    case Operation::Disconnect:
        break;
    default:
        return false;
    }
    const auto connect = waiting_requests.find(shell.connect);
    const auto owner = connect != waiting_requests.end()
                           ? read_uuid(connect->second.header.session_id)
                           : shell.session_id;
    const auto session_id = read_uuid(waiting.header.session_id);
    return !shell.is_command_shell && session_id && owner && session_id != owner;
}

// The client that was silent is there again, and has never known.
void ServerExchange::Impl::take_back(const Waiting& waiting, Shell& shell)
{
    const bool is_its_own = shell.is_left_alone && waiting.operation != Operation::Connect &&
                            waiting.operation != Operation::Reconnect &&
                            read_uuid(waiting.header.session_id) == shell.session_id;
    if (!is_its_own) return;
    shell.is_left_alone = false;
    shell.state = Shell::State::Connected;
    events.emplace_back(ShellReconnected{waiting.shell, shell.mode});
}

void ServerExchange::Impl::close_idle(Time now)
{
    std::vector<Guid> idle;
    for (const auto& [key, shell] : shells) {
        if (shell.last_activity + shell.idle_timeout <= now && !is_busy(key)) idle.push_back(key);
    }
    for (const auto& key : idle) {
        if (shells.at(key).is_command_shell)
            events.emplace_back(CommandShellClosed{key});
        else
            events.emplace_back(ShellCloseRequested{key, session_channel});
        erase_shell(key);
    }
}

void ServerExchange::Impl::end_channel(Channel& channel, Errc error)
{
    for (auto* number : {&channel.receive, &channel.command, &channel.signal, &channel.close}) {
        if (*number != 0) answer_waiting(*number, fault(error));
    }
    for (auto& number : channel.sends)
        answer_waiting(number, fault(error));
    channel.sends.clear();
}

void ServerExchange::Impl::erase_shell(const Guid& key)
{
    const auto found = shells.find(key);
    if (found == shells.end()) return;
    Shell& shell = found->second;
    for (auto& [id, channel] : shell.channels)
        end_channel(channel, Errc::ShellNotFound);
    for (auto* number : {&shell.create, &shell.connect, &shell.close}) {
        if (*number != 0) answer_waiting(*number, fault(Errc::ShellNotFound));
    }
    shells.erase(found);
}

void ServerExchange::Impl::shut_down()
{
    while (!shells.empty()) {
        const Guid key = shells.begin()->first;
        Shell& shell = shells.begin()->second;
        if (shell.is_command_shell)
            events.emplace_back(CommandShellClosed{key});
        else
            events.emplace_back(ShellCloseRequested{key, session_channel});
        for (auto& [id, channel] : shell.channels)
            end_channel(channel, Errc::PluginShutDown);
        erase_shell(key);
    }
}

// The public face --------------------------------------------------------------------------------

ServerExchange::ServerExchange(const ServerExchangeOptions& options, IdSource& ids)
    : impl_(std::make_unique<Impl>(options, ids))
{
}
ServerExchange::~ServerExchange() = default;
ServerExchange::ServerExchange(ServerExchange&&) noexcept = default;
ServerExchange& ServerExchange::operator=(ServerExchange&&) noexcept = default;

void ServerExchange::receive(const IncomingRequest& request, Time now)
{
    impl_->receive(request, now);
}

void ServerExchange::request_gone(std::uint64_t id, Time now)
{
    impl_->request_gone(id, now);
}

std::optional<OutgoingAnswer> ServerExchange::next_answer()
{
    if (impl_->answers.empty()) return std::nullopt;
    OutgoingAnswer answer = std::move(impl_->answers.front());
    impl_->answers.pop_front();
    return answer;
}

std::optional<ServerExchangeEvent> ServerExchange::next_event()
{
    if (impl_->events.empty()) return std::nullopt;
    ServerExchangeEvent event = std::move(impl_->events.front());
    impl_->events.pop_front();
    return event;
}

void ServerExchange::perform(const Guid& shell, const ServerAction& action, Time now)
{
    impl_->perform(shell, action, now);
}

bool ServerExchange::wants_output(const Guid& shell) const
{
    return impl_->wants_output(shell);
}

void ServerExchange::answer_connect(const Guid& shell, const Result<Bytes>& response, Time now)
{
    impl_->answer_connect(shell, response, now);
}

std::optional<Time> ServerExchange::deadline() const
{
    return impl_->deadline();
}

void ServerExchange::on_deadline(Time now)
{
    impl_->on_deadline(now);
}

void ServerExchange::shut_down()
{
    impl_->shut_down();
}

std::size_t ServerExchange::shell_count() const
{
    return impl_->shells.size();
}

} // namespace psrp::wsman
