#include <clixml/base64.hpp>
#include <clixml/overloaded.hpp>
#include <clixml/utf.hpp>
#include <psrp/wsman/client_exchange.hpp>
#include <psrp/wsman/detail/client_exchange_impl.hpp>
#include <psrp/wsman/soap.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <algorithm>
#include <utility>

namespace psrp::wsman {

using clixml::Result;
using detail::ClientChannel;
using detail::Draft;
using detail::ShellState;

namespace {

constexpr Milliseconds idle_timeout_min{60000};

tl::unexpected<clixml::Error> not_allowed(const char* expected)
{
    return clixml::failure(Errc::ActionNotAllowed, clixml::no_offset, expected);
}

std::string_view name_of(BufferMode mode)
{
    return mode == BufferMode::Block ? "Block" : "Drop";
}

} // namespace

void report(const ClientExchangeEvent& event, ClientPool& pool)
{
    std::visit(
        clixml::Overloaded{
            // A failed receive() queues the event that tells the owner.
            [&](const DataReceived& one) { (void)pool.receive(one.channel, one.bytes); },
            [&](const DataSent& one) { pool.data_sent(one.channel); },
            [&](const CommandOpened& one) { pool.command_opened(one.pipeline); },
            [&](const SignalAcknowledged& one) { pool.signal_acknowledged(one.pipeline); },
            [&](const ChannelClosed& one) { pool.channel_closed(one.channel); },
            [&](const SessionDisconnected&) { pool.disconnected(); },
            [&](const DisconnectRefused& one) { pool.disconnect_failed(one.failure.error); },
            [&](const ChannelReconnected& one) { pool.reconnected(one.channel); },
            [&](const ReconnectRefused& one) {
                pool.reconnect_failed(one.failure.error, one.failure.reason);
            },
            [&](const CommandFailed& one) {
                pool.command_failed(
                    one.pipeline, one.failure.error, one.failure.reason, one.failure.error_id
                );
            },
            [&](const SessionFailed& one) {
                pool.transport_failed(one.failure.error, one.failure.reason);
            },
        },
        event
    );
}

ClientExchange::Impl::Impl(const ClientExchangeOptions& given, IdSource& ids)
    : options(given),
      book(
          {given.url, given.ui_culture, given.culture, given.operation_timeout, given.limits},
          given.session_id,
          ids
      ),
      id_source(&ids), resource(detail::resource_of(given.configuration)),
      shell_id(upper_text(given.shell_id))
{
    options.envelope_bytes_max = std::max(options.envelope_bytes_max, envelope_bytes_min);
    book.set_envelope_bytes_max(options.envelope_bytes_max);
    update_send_bytes_max();
}

// Every envelope that carries bytes fits after base64 (B14). What is not known yet - the service's
// identifiers, larger numbers - has its room in the slack.
void ClientExchange::Impl::update_send_bytes_max()
{
    constexpr std::size_t slack = 256;
    Draft send = draft(Operation::Send, SendBody{{{"stdin", shell_id, false, {}}}});
    Draft command = draft(Operation::Command, CommandBody{shell_id, "", {""}});
    Draft connect = draft(Operation::Connect, ConnectBody{"", Bytes{}});
    connect.options = connect_options();
    const std::size_t overhead = std::max(
        {book.envelope_bytes(create_draft({})),
         book.envelope_bytes(send),
         book.envelope_bytes(connect),
         book.envelope_bytes(command) + detail::command_text_bytes_max}
    );
    // Until the service has shown that it knows large envelopes, they are kept small.
    std::size_t whole = is_service_known ? book.envelope_bytes_max()
                                         : std::min(book.envelope_bytes_max(), envelope_bytes_old);
    if (options.uses_utf16) whole /= 2;
    send_bytes_max = 1;
    if (whole > overhead + slack + 4) send_bytes_max = (whole - overhead - slack) / 4 * 3;
    if (options.codec != nullptr)
        send_bytes_max = std::max<std::size_t>(compressible_bytes_max(send_bytes_max), 1);
}

Draft ClientExchange::Impl::draft(Operation operation, RequestBody body) const
{
    Draft result;
    result.operation = operation;
    result.resource_uri = resource;
    result.shell_id = shell_id;
    result.body = std::move(body);
    return result;
}

std::vector<Option> ClientExchange::Impl::connect_options() const
{
    std::vector<Option> result{
        {std::string(protocol_version_option), options.protocol_version.text(), true}};
    if (options.no_machine_profile) result.push_back({std::string(no_profile_option), "1", true});
    return result;
}

Draft ClientExchange::Impl::create_draft(Bytes first_bytes) const
{
    CreateBody body;
    body.name = options.shell_name;
    body.shell_id = upper_text(options.shell_id);
    if (options.idle_timeout) body.idle_timeout = write_duration(*options.idle_timeout);
    if (options.buffer_mode) body.buffer_mode = name_of(*options.buffer_mode);
    body.input_streams = "stdin pr";
    body.output_streams = "stdout";
    body.creation_xml = std::move(first_bytes);
    Draft result = draft(Operation::Create, std::move(body));
    result.shell_id.clear();
    result.options = connect_options();
    if (options.codec != nullptr) result.compression_type = xpress_name;
    return result;
}

ClientChannel* ClientExchange::Impl::find(const Guid& channel)
{
    if (channel.is_zero()) return &session;
    const auto found = commands.find(channel);
    return found == commands.end() ? nullptr : &found->second;
}

// Actions ----------------------------------------------------------------------------------------

Result<void> ClientExchange::Impl::perform(const ClientAction& action)
{
    return std::visit(
        clixml::Overloaded{
            [&](const psrp::OpenSession&) { return open_session(); },
            [&](const psrp::OpenCommand& one) { return open_command(one.pipeline); },
            [&](const psrp::Send& one) { return send(one); },
            [&](const psrp::SignalCommand& one) { return signal(one.pipeline); },
            [&](const psrp::CloseCommand& one) { return close_command(one.pipeline); },
            [&](const psrp::CloseSession&) { return close_session(); },
            [&](const psrp::Disconnect&) { return disconnect(); },
            [&](const psrp::Reconnect& one) { return reconnect(one.channel); },
            [&](const psrp::Connect& one) { return connect(one); },
        },
        action
    );
}

Result<void> ClientExchange::Impl::check_idle_timeout() const
{
    if (options.idle_timeout && *options.idle_timeout < idle_timeout_min)
        return clixml::failure(
            Errc::InvalidIdleTimeout, clixml::no_offset, "expected a minute at least"
        );
    return {};
}

Result<void> ClientExchange::Impl::open_session()
{
    if (state != ShellState::None) return not_allowed("expected a session not yet open");
    PSRP_CHECK(check_idle_timeout());
    // The first bytes go with the Create.
    state = ShellState::Opening;
    return {};
}

Result<void> ClientExchange::Impl::open_command(const Guid& pipeline)
{
    if (state != ShellState::Open) return not_allowed("expected an open session");
    if (pipeline.is_zero() || commands.contains(pipeline))
        return not_allowed("expected a command not yet open");
    commands[pipeline].command_id = upper_text(pipeline);
    events.emplace_back(CommandOpened{pipeline});
    return {};
}

Result<void> ClientExchange::Impl::send(const psrp::Send& action)
{
    if (action.bytes.size() > send_bytes_max) return clixml::failure(Errc::DataTooBig);
    ClientChannel* channel = find(action.channel);
    if (channel == nullptr || channel->is_sending || channel->wants_close)
        return not_allowed("expected an open channel that is not sending");
    if (action.channel.is_zero() && state == ShellState::Opening) {
        channel->is_sending = true;
        state = ShellState::Creating;
        book.add(create_draft(action.bytes));
        return {};
    }
    if (state != ShellState::Open) return not_allowed("expected an open session");
    if (action.stream == Stream::Default) channel->first_object.add(action.bytes);
    if (channel->state == ClientChannel::State::New && !action.channel.is_zero()) {
        std::string argument;
        clixml::append_base64(action.bytes, argument);
        Draft command = draft(
            Operation::Command,
            CommandBody{
                channel->command_id, detail::command_text(action.bytes), {std::move(argument)}}
        );
        command.channel = action.channel;
        channel->state = ClientChannel::State::Starting;
        channel->is_sending = true;
        book.add(std::move(command));
        return {};
    }
    if (channel->state != ClientChannel::State::Open)
        return not_allowed("expected an open channel");
    const auto name = action.stream == Stream::Default ? stdin_stream : prompt_stream;
    Bytes bytes = shell_facts.is_compressed ? options.codec->compress(action.bytes) : action.bytes;
    Draft request = draft(
        Operation::Send,
        SendBody{{{std::string(name), channel->command_id, false, std::move(bytes)}}}
    );
    request.channel = action.channel;
    channel->is_sending = true;
    book.add(std::move(request));
    return {};
}

Result<void> ClientExchange::Impl::signal(const Guid& pipeline)
{
    ClientChannel* channel = find(pipeline);
    if (pipeline.is_zero() || channel == nullptr) return not_allowed("expected an open command");
    channel->wants_signal = true;
    advance_command(pipeline, *channel);
    return {};
}

Result<void> ClientExchange::Impl::close_command(const Guid& pipeline)
{
    ClientChannel* channel = find(pipeline);
    if (pipeline.is_zero() || (channel != nullptr && channel->wants_close))
        return not_allowed("expected an open command");
    if (channel == nullptr) {
        // Its shell has gone and took it along.
        events.emplace_back(ChannelClosed{pipeline});
        return {};
    }
    channel->wants_close = true;
    advance_command(pipeline, *channel);
    return {};
}

// What was asked for and has become possible: the signal, then the end. `channel` may be gone
// afterwards.
void ClientExchange::Impl::advance_command(const Guid& pipeline, ClientChannel& channel)
{
    using State = ClientChannel::State;
    if (channel.state == State::Starting) return;
    const bool is_at_service = channel.state == State::Open && state == ShellState::Open;
    if (channel.wants_signal && !channel.was_signalled) {
        channel.was_signalled = true;
        if (!is_at_service) {
            events.emplace_back(SignalAcknowledged{pipeline});
        } else {
            Draft request =
                draft(Operation::Signal, SignalBody{channel.command_id, std::string(stop_signal)});
            request.channel = pipeline;
            channel.is_signalling = true;
            book.add(std::move(request));
        }
    }
    if (!channel.wants_close || channel.is_signalling || channel.is_terminating) return;
    // A shell that nobody is connected to takes its commands along when it is deleted.
    if (!is_at_service) {
        drop_command(pipeline);
        return;
    }
    channel.is_terminating = true;
    Draft request =
        draft(Operation::Signal, SignalBody{channel.command_id, std::string(terminate_signal)});
    request.channel = pipeline;
    request.tag = terminate_tag;
    book.add(std::move(request));
}

void ClientExchange::Impl::drop_command(const Guid& pipeline)
{
    // Answers to what is under way still come, and mean nothing.
    const Guid id = pipeline; // may lie in what is erased
    book.forget(id);
    commands.erase(id);
    events.emplace_back(ChannelClosed{id});
    finish_disconnect();
}

Result<void> ClientExchange::Impl::close_session()
{
    switch (state) {
    case ShellState::None:
    case ShellState::Opening:
    case ShellState::Gone:
    case ShellState::Failed:
        state = state == ShellState::Failed ? ShellState::Failed : ShellState::Gone;
        events.emplace_back(ChannelClosed{session_channel});
        return {};
    case ShellState::Creating:
        wants_delete = true;
        return {};
    case ShellState::Deleting:
        return not_allowed("expected a session that is not being closed");
    case ShellState::Connecting:
    case ShellState::Open:
    case ShellState::Disconnecting:
    case ShellState::Disconnected:
    case ShellState::Reconnecting:
        delete_shell();
        return {};
    }
    return {};
}

void ClientExchange::Impl::delete_shell()
{
    state = ShellState::Deleting;
    book.add(draft(Operation::Delete, EmptyBody{}));
}

Result<void> ClientExchange::Impl::disconnect()
{
    if (state != ShellState::Open) return not_allowed("expected an open session");
    PSRP_CHECK(check_idle_timeout());
    DisconnectBody body;
    if (options.idle_timeout) body.idle_timeout = write_duration(*options.idle_timeout);
    if (options.buffer_mode) body.buffer_mode = name_of(*options.buffer_mode);
    state = ShellState::Disconnecting;
    disconnect_was_answered = false;
    book.add(draft(Operation::Disconnect, std::move(body)));
    return {};
}

Result<void> ClientExchange::Impl::reconnect(const Guid& channel)
{
    ReconnectBody body;
    if (channel.is_zero()) {
        if (state != ShellState::Disconnected) return not_allowed("expected a left session");
        if (options.buffer_mode) body.buffer_mode = name_of(*options.buffer_mode);
        state = ShellState::Reconnecting;
    } else {
        const ClientChannel* command = find(channel);
        if (command == nullptr || state != ShellState::Open)
            return not_allowed("expected a command of an open session");
        body.command_id = command->command_id;
    }
    Draft request = draft(Operation::Reconnect, std::move(body));
    request.channel = channel;
    book.add(std::move(request));
    return {};
}

Result<void> ClientExchange::Impl::connect(const psrp::Connect& action)
{
    ConnectBody body;
    if (action.channel.is_zero()) {
        if (state != ShellState::None) return not_allowed("expected a session not yet open");
        if (action.request.size() > send_bytes_max) return clixml::failure(Errc::DataTooBig);
        body.connect_xml = action.request;
        shell_facts.is_compressed = options.connects_compressed && options.codec != nullptr;
        state = ShellState::Connecting;
    } else {
        if (state != ShellState::Open || commands.contains(action.channel))
            return not_allowed("expected an open session");
        auto& command = commands[action.channel];
        command.command_id = upper_text(action.channel);
        command.state = ClientChannel::State::Starting;
        body.command_id = command.command_id;
    }
    Draft request = draft(Operation::Connect, std::move(body));
    request.channel = action.channel;
    if (action.channel.is_zero()) request.options = connect_options();
    book.add(std::move(request));
    return {};
}

// Ends -------------------------------------------------------------------------------------------

void ClientExchange::Impl::fail(Failure cause, ShellFate fate)
{
    // What is being deleted has no failures any more; the Delete's own answer ends it.
    if (state == ShellState::Failed || state == ShellState::Deleting) return;
    book.clear();
    commands.clear();
    const bool may_exist = fate == ShellFate::MayExist && has_shell();
    state = ShellState::Failed;
    if (may_exist) {
        is_farewell_due = true;
        book.add(draft(Operation::Delete, EmptyBody{}));
    }
    failure_cause = cause;
    events.emplace_back(SessionFailed{std::move(cause)});
}

void ClientExchange::Impl::abandon()
{
    const bool may_exist = has_shell();
    const bool is_deleting = state == ShellState::Deleting || is_farewell_due;
    if (!is_deleting) book.clear();
    events.clear();
    commands.clear();
    is_silent = true;
    if (is_deleting) return;
    if (may_exist && state != ShellState::Disconnected) {
        is_farewell_due = true;
        book.add(draft(Operation::Delete, EmptyBody{}));
    }
    state = ShellState::Failed;
}

bool ClientExchange::Impl::has_shell() const
{
    switch (state) {
    case ShellState::Creating: // once it was sent, the service may have made it
    case ShellState::Open:
    case ShellState::Disconnecting:
    case ShellState::Disconnected:
    case ShellState::Reconnecting:
    case ShellState::Deleting:
        return true;
    case ShellState::None:
    case ShellState::Opening:
    case ShellState::Connecting: // another client's, until the service has agreed
    case ShellState::Gone:
    case ShellState::Failed:
        return is_farewell_due;
    }
    return false;
}

std::optional<ClientExchangeEvent> ClientExchange::Impl::next_event()
{
    if (events.empty()) return std::nullopt;
    ClientExchangeEvent event = std::move(events.front());
    events.pop_front();
    return event;
}

// The public face --------------------------------------------------------------------------------

ClientExchange::ClientExchange(const ClientExchangeOptions& options, IdSource& ids)
    : impl_(std::make_unique<Impl>(options, ids))
{
}
ClientExchange::~ClientExchange() = default;
ClientExchange::ClientExchange(ClientExchange&&) noexcept = default;
ClientExchange& ClientExchange::operator=(ClientExchange&&) noexcept = default;

Result<void> ClientExchange::perform(const ClientAction& action)
{
    return impl_->perform(action);
}

std::size_t ClientExchange::send_bytes_max() const
{
    return impl_->send_bytes_max;
}

void ClientExchange::set_protocol_version(const clixml::Version& version)
{
    impl_->set_protocol_version(version);
}

std::optional<OutgoingRequest> ClientExchange::next_request()
{
    return impl_->book.next();
}

void ClientExchange::on_response(std::uint64_t id, const HttpAnswer& answer)
{
    if (auto taken = impl_->book.on_response(id, answer)) impl_->on_answer(*std::move(taken));
}

void ClientExchange::on_failure(std::uint64_t id, const clixml::Error& error, std::string reason)
{
    if (auto taken = impl_->book.on_failure(id, error, std::move(reason)))
        impl_->on_answer(*std::move(taken));
}

std::optional<std::uint64_t> ClientExchange::resend(std::uint64_t id)
{
    return impl_->book.resend(id);
}

std::optional<ClientExchangeEvent> ClientExchange::next_event()
{
    return impl_->next_event();
}

bool ClientExchange::give_up(Failure cause)
{
    if (impl_->state != ShellState::Open && impl_->state != ShellState::Disconnecting) return false;
    impl_->left_by_service(std::move(cause));
    return true;
}

void ClientExchange::abandon()
{
    impl_->abandon();
}

bool ClientExchange::is_awaiting_receives() const
{
    return impl_->state == ShellState::Disconnecting && impl_->disconnect_was_answered;
}

void ClientExchange::stop_awaiting_receives()
{
    impl_->stop_awaiting_receives();
}

bool ClientExchange::is_finished() const
{
    const auto state = impl_->state;
    const bool is_over = state == ShellState::Gone || state == ShellState::Failed ||
                         state == ShellState::Disconnected || state == ShellState::None;
    return is_over && impl_->book.is_empty();
}

bool ClientExchange::has_shell() const
{
    return impl_->has_shell();
}

const std::string& ClientExchange::shell_id() const
{
    return impl_->shell_id;
}

const Guid& ClientExchange::session_id() const
{
    return impl_->book.session_id();
}

const ShellFacts& ClientExchange::shell_facts() const
{
    return impl_->shell_facts;
}

const std::optional<Failure>& ClientExchange::failure() const
{
    return impl_->failure_cause;
}

} // namespace psrp::wsman
