// One function an operation (fact sheet transports B5-B11, B19).
#include <clixml/base64.hpp>
#include <clixml/utf.hpp>
#include <psrp/wsman/detail/server_exchange_impl.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace psrp::wsman {

using clixml::equal_ignoring_case;

namespace {

// Whether `list`, names with blanks between, holds `name`.
bool lists(std::string_view list, std::string_view name)
{
    while (!list.empty()) {
        const auto end = list.find(' ');
        if (list.substr(0, end) == name) return true;
        if (end == std::string_view::npos) return false;
        list.remove_prefix(end + 1);
    }
    return false;
}

// The session configuration that a resource names; nothing for other resources.
std::optional<std::string_view> configuration_of(std::string_view resource)
{
    const auto prefix = powershell_resource_prefix;
    if (resource.size() <= prefix.size() ||
        !equal_ignoring_case(resource.substr(0, prefix.size()), prefix))
        return std::nullopt;
    return resource.substr(prefix.size());
}

bool is_true(const Option* option)
{
    return option != nullptr &&
           (equal_ignoring_case(option->value, "true") || option->value == "1");
}

std::optional<BufferMode> read_mode(std::string_view text)
{
    if (text == "Block") return BufferMode::Block;
    if (text == "Drop") return BufferMode::Drop;
    return std::nullopt;
}

} // namespace

// Null where there is none for this client; then the request has been answered.
ServerExchange::Impl::Shell* ServerExchange::Impl::find_shell(const Waiting& waiting, Guid& key)
{
    const auto* selected = waiting.header.selector("ShellId");
    const auto id = selected != nullptr ? Guid::read(*selected) : std::nullopt;
    const auto found = id ? shells.find(*id) : shells.end();
    if (found == shells.end() || found->second.owner != waiting.owner) {
        refuse_request(waiting, Errc::ShellNotFound);
        return nullptr;
    }
    const auto& resource = waiting.header.resource_uri;
    if (!equal_ignoring_case(resource, found->second.resource_uri) && resource != shell_resource) {
        refuse_request(waiting, Errc::InvalidResourceUri);
        return nullptr;
    }
    key = found->first;
    return &found->second;
}

// Null for a command that is not there; an empty identifier is the session's channel.
ServerExchange::Impl::Channel*
ServerExchange::Impl::find_channel(Shell& shell, std::string_view command_id, Guid& key) const
{
    key = {};
    if (!command_id.empty()) {
        const auto id = Guid::read(command_id);
        if (!id || id->is_zero()) return nullptr;
        key = *id;
    }
    const auto found = shell.channels.find(key);
    return found == shell.channels.end() ? nullptr : &found->second;
}

// Create (B5, B19) -------------------------------------------------------------------------------

std::optional<Errc> ServerExchange::Impl::check_protocol_version(const RequestHeader& header) const
{
    const auto* version = header.option(protocol_version_option);
    if (version == nullptr) return Errc::ProtocolVersionMissing;
    // "2" counts as 2.0; any minor version goes.
    const std::string text =
        version->value.find('.') == std::string::npos ? version->value + ".0" : version->value;
    const auto read = clixml::Version::read(text);
    if (!read || read->major != 2) return Errc::IncorrectProtocolVersion;
    const bool has_unknown =
        std::any_of(header.options.begin(), header.options.end(), [](const Option& option) {
            return option.must_comply && option.name.starts_with("PS_");
        });
    if (has_unknown) return Errc::UnknownOption;
    return std::nullopt;
}

std::optional<Errc>
ServerExchange::Impl::check_create(const Waiting& waiting, const CreateBody& body) const
{
    const auto& header = waiting.header;
    if (equal_ignoring_case(header.resource_uri, command_shell_resource)) {
        if (!options.allows_command_shell) return Errc::RemoteShellsDisallowed;
        if (body.environment.size() > options.limits.environment_variables_max)
            return Errc::QuotaExceeded;
    } else {
        const auto configuration = configuration_of(header.resource_uri);
        const bool is_known =
            configuration &&
            std::any_of(
                options.configurations.begin(),
                options.configurations.end(),
                [&](const auto& known) { return equal_ignoring_case(known, *configuration); }
            );
        if (!is_known) return Errc::InvalidResourceUri;
        if (const auto wrong = check_protocol_version(header)) return wrong;
        if (body.input_streams.empty() || body.output_streams.empty()) return Errc::MissingStreams;
    }
    if (!body.buffer_mode.empty() && !read_mode(body.buffer_mode)) return Errc::SchemaViolation;
    const auto owned = std::count_if(shells.begin(), shells.end(), [&](const auto& entry) {
        return entry.second.owner == waiting.owner;
    });
    if (shells.size() >= options.limits.shells_max ||
        static_cast<std::size_t>(owned) >= options.limits.shells_per_owner_max)
        return Errc::TooManyShells;
    return std::nullopt;
}

// False where it is no duration or below the least.
bool ServerExchange::Impl::set_idle_timeout(Shell& shell, std::string_view text) const
{
    if (text.empty()) return true;
    const auto wanted = read_duration(text);
    if (!wanted || *wanted < options.idle_timeout_min) return false;
    shell.idle_timeout = std::min<Milliseconds>(*wanted, options.idle_timeout_max);
    return true;
}

void ServerExchange::Impl::on_create(
    const Waiting& given, CreateBody& body, const IncomingRequest& incoming, Time now
)
{
    Waiting waiting = given;
    if (const auto wrong = check_create(waiting, body)) return refuse_request(waiting, *wrong);
    auto id = Guid::read(body.shell_id);
    if (!id || id->is_zero()) id = id_source->new_guid();
    if (shells.contains(*id)) return refuse_request(waiting, Errc::InvalidOperation);
    Shell shell;
    shell.idle_timeout = options.idle_timeout;
    if (!set_idle_timeout(shell, body.idle_timeout))
        return refuse_request(waiting, Errc::InvalidTimeout, "The idle timeout is too short.");
    shell.owner = waiting.owner;
    shell.client_address = incoming.client_address;
    shell.resource_uri = waiting.header.resource_uri;
    shell.name = body.name;
    shell.ui_culture = waiting.header.locale;
    shell.culture = waiting.header.data_locale;
    shell.input_streams = body.input_streams.empty() ? "stdin" : body.input_streams;
    shell.output_streams = body.output_streams.empty() ? "stdout stderr" : body.output_streams;
    shell.mode = read_mode(body.buffer_mode).value_or(BufferMode::Block);
    shell.session_id = read_uuid(waiting.header.session_id);
    // Command shells speak in small pieces and have no word for it in their answers.
    shell.is_compressed = options.allows_compression &&
                          waiting.header.compression_type == xpress_name &&
                          !equal_ignoring_case(shell.resource_uri, command_shell_resource);
    shell.created = now;
    shell.last_activity = now;
    shell.channels[session_channel];
    waiting.shell = *id;
    // What answers keep of the request: the address that ResourceCreated repeats.
    if (!incoming.url.empty()) waiting.header.to = incoming.url;
    Shell& kept = shells.emplace(*id, std::move(shell)).first->second;
    if (equal_ignoring_case(kept.resource_uri, command_shell_resource))
        return open_command_shell(waiting, *id, kept, body, incoming);
    events.emplace_back(ShellRequested{
        *id,
        kept.owner,
        kept.client_address,
        std::string(*configuration_of(kept.resource_uri)),
        kept.name,
        kept.culture,
        kept.ui_culture,
        is_true(waiting.header.option(no_profile_option))});
    if (!body.creation_xml) return answer_created(kept, *id, waiting);
    kept.create = wait(std::move(waiting));
    events.emplace_back(ShellDataReceived{
        *id, session_channel, Stream::Default, *std::move(body.creation_xml)});
}

void ServerExchange::Impl::answer_created(Shell& shell, const Guid& key, const Waiting& waiting)
{
    shell.state = Shell::State::Connected;
    ResourceCreated created;
    created.address = waiting.header.to;
    created.resource_uri = shell.resource_uri;
    created.selectors = {{"ShellId", upper_text(key)}};
    created.shell = describe(key, shell, shell.last_activity);
    answer(waiting, std::move(created));
}

void ServerExchange::Impl::open_command_shell(
    const Waiting& waiting,
    const Guid& key,
    Shell& shell,
    CreateBody& body,
    const IncomingRequest& incoming
)
{
    shell.is_command_shell = true;
    CommandShellOpened opened;
    opened.shell = key;
    opened.owner = shell.owner;
    opened.client_address = incoming.client_address;
    opened.working_directory = std::move(body.working_directory);
    opened.environment = std::move(body.environment);
    if (const auto* page = waiting.header.option(code_page_option)) {
        std::uint32_t number = 0;
        const auto& text = page->value;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size()) opened.code_page = number;
    }
    opened.no_profile = is_true(waiting.header.option(no_profile_option));
    events.emplace_back(std::move(opened));
    answer_created(shell, key, waiting);
}

// Command, Send, Receive, Signal, Delete (B6-B10)
// --------------------------------------------------

void ServerExchange::Impl::on_command(Waiting waiting, Shell& shell, CommandBody& body)
{
    if (shell.state == Shell::State::Disconnected)
        return refuse_request(waiting, Errc::StreamDisconnected);
    if (shell.channels.size() > options.limits.commands_per_shell_max)
        return refuse_request(waiting, Errc::TooManyCommands);
    auto id = Guid::read(body.command_id);
    if (!id || id->is_zero()) id = id_source->new_guid();
    if (shell.channels.contains(*id)) return refuse_request(waiting, Errc::InvalidOperation);
    waiting.channel = *id;
    const Guid key = waiting.shell;
    Channel channel;
    channel.command_id = upper_text(*id);
    channel.command_line = body.command;
    if (shell.is_command_shell) {
        if (body.arguments.size() > options.limits.arguments_max)
            return refuse_request(waiting, Errc::QuotaExceeded);
        const auto* console = waiting.header.option(console_mode_option);
        ProcessRequested event{
            key,
            *id,
            std::move(body.command),
            std::move(body.arguments),
            is_true(waiting.header.option(skip_cmd_shell_option)),
            console == nullptr || is_true(console)};
        channel.command = wait(std::move(waiting));
        shell.channels.emplace(*id, std::move(channel));
        events.emplace_back(std::move(event));
        return;
    }
    if (body.arguments.size() != 1) return refuse_request(waiting, Errc::InvalidArguments);
    auto bytes = clixml::read_base64(body.arguments[0]);
    if (!bytes) return refuse_request(waiting, Errc::InvalidArguments);
    channel.command = wait(std::move(waiting));
    shell.channels.emplace(*id, std::move(channel));
    events.emplace_back(ShellCommandRequested{key, *id, std::move(body.command)});
    events.emplace_back(ShellDataReceived{key, *id, Stream::Default, *std::move(bytes)});
}

void ServerExchange::Impl::on_send(Waiting waiting, Shell& shell, SendBody& body)
{
    if (shell.state == Shell::State::Disconnected)
        return refuse_request(waiting, Errc::StreamDisconnected);
    // All of it is looked at before anything of it is done.
    std::vector<Guid> targets;
    for (const auto& stream : body.streams) {
        const bool is_known = stream.name == stdin_stream ||
                              (stream.name == prompt_stream && !shell.is_command_shell);
        if (!is_known) return refuse_request(waiting, Errc::InvalidInputStream);
        Guid target;
        if (find_channel(shell, stream.command_id, target) == nullptr ||
            (shell.is_command_shell && target.is_zero()))
            return refuse_request(waiting, Errc::ShellNotFound);
        if (!targets.empty() && targets.front() != target)
            return refuse_request(waiting, Errc::SchemaViolation);
        targets.push_back(target);
    }
    if (shell.is_compressed && !expand(body))
        return refuse_request(waiting, Errc::InvalidInputData);
    const Guid target = targets.front();
    const Guid key = waiting.shell;
    Channel& channel = shell.channels.at(target);
    const bool is_answer =
        std::any_of(body.streams.begin(), body.streams.end(), [](const StreamChunk& stream) {
            return stream.name == prompt_stream;
        });
    if (is_answer) channel.waits_for_host = false;
    waiting.channel = target;
    waiting.acknowledgements = body.streams.size();
    channel.sends.push_back(wait(std::move(waiting)));
    for (auto& stream : body.streams) {
        if (shell.is_command_shell)
            events.emplace_back(ProcessInputReceived{
                key, target, std::move(stream.bytes), stream.is_end});
        else
            events.emplace_back(ShellDataReceived{
                key,
                target,
                stream.name == prompt_stream ? Stream::PromptResponse : Stream::Default,
                std::move(stream.bytes)});
    }
}

// What streams carry in a compressed shell; false: it is no such thing, or too much.
bool ServerExchange::Impl::expand(SendBody& body)
{
    std::size_t bytes_left = options.limits.envelopes.stream_bytes_max;
    for (auto& stream : body.streams) {
        auto plain = codec.expand(stream.bytes, bytes_left);
        if (!plain) return false;
        bytes_left -= plain->size();
        stream.bytes = *std::move(plain);
    }
    return true;
}

void ServerExchange::Impl::on_receive(
    Waiting waiting, Shell& shell, const ReceiveBody& body, Time now
)
{
    if (shell.state == Shell::State::Disconnected)
        return refuse_request(waiting, Errc::StreamDisconnected);
    const bool are_streams_good = shell.is_command_shell ? lists(body.streams, stdout_stream) ||
                                                               lists(body.streams, stderr_stream)
                                                         : body.streams == stdout_stream;
    if (!are_streams_good) return refuse_request(waiting, Errc::InvalidOutputStream);
    Channel* channel = find_channel(shell, body.command_id, waiting.channel);
    if (channel == nullptr || channel->is_done) return refuse_request(waiting, Errc::ShellNotFound);
    if (shell.has_ended && channel->output.empty())
        return refuse_request(waiting, Errc::PluginShutDown);
    // A second one completes the first (B17).
    if (channel->receive != 0) answer_waiting(channel->receive, ReceiveResponse{});
    waiting.deadline = now + waiting.header.operation_timeout.value_or(options.operation_timeout);
    waiting.streams = body.streams;
    channel->unconfirmed.clear(); // who asks again has got what there was
    channel->receive = wait(std::move(waiting));
    flush(shell, *channel);
}

void ServerExchange::Impl::on_signal(Waiting waiting, Shell& shell, const SignalBody& body)
{
    const Guid key = waiting.shell;
    Channel* channel = find_channel(shell, body.command_id, waiting.channel);
    if (channel == nullptr || waiting.channel.is_zero())
        return refuse_request(waiting, Errc::ShellNotFound);
    const Guid id = waiting.channel;
    if (shell.is_command_shell) {
        const bool is_gentle = body.code == ctrl_c_signal || body.code == ctrl_break_signal;
        const auto signal = body.code == ctrl_c_signal       ? ProcessSignal::CtrlC
                            : body.code == ctrl_break_signal ? ProcessSignal::CtrlBreak
                                                             : ProcessSignal::Terminate;
        events.emplace_back(ProcessSignalled{key, id, signal});
        if (!is_gentle || channel->is_done) {
            end_channel(*channel, Errc::OperationAborted);
            shell.channels.erase(id);
        }
        return answer(waiting, DoneResponse{});
    }
    // Ordinal, whatever else it is closes the command (B9).
    if (body.code == stop_signal) {
        if (channel->signal != 0) return refuse_request(waiting, Errc::InvalidOperation);
        channel->signal = wait(std::move(waiting));
        events.emplace_back(ShellSignalRequested{key, id});
        return;
    }
    if (channel->close != 0) return refuse_request(waiting, Errc::InvalidOperation);
    channel->close = wait(std::move(waiting));
    events.emplace_back(ShellCloseRequested{key, id});
}

void ServerExchange::Impl::on_delete(const Waiting& waiting, Shell& shell)
{
    const Guid key = waiting.shell;
    if (shell.is_command_shell) {
        events.emplace_back(CommandShellClosed{key});
        erase_shell(key);
        return answer(waiting, EmptyResponse{});
    }
    if (shell.close != 0) return refuse_request(waiting, Errc::ShellNotFound);
    shell.close = wait(waiting);
    events.emplace_back(ShellCloseRequested{key, session_channel});
}

// Disconnect, Reconnect, Connect (B11)
// -------------------------------------------------------------

void ServerExchange::Impl::on_disconnect(
    const Waiting& waiting, Shell& shell, const DisconnectBody& body
)
{
    if (shell.is_command_shell) return refuse_request(waiting, Errc::OperationNotSupported);
    if (shell.state != Shell::State::Connected || shell.close != 0 || shell.has_ended)
        return refuse_request(waiting, Errc::InvalidOperation);
    const auto mode = read_mode(body.buffer_mode);
    if (!body.buffer_mode.empty() && !mode) return refuse_request(waiting, Errc::SchemaViolation);
    if (!set_idle_timeout(shell, body.idle_timeout))
        return refuse_request(waiting, Errc::InvalidTimeout, "The idle timeout is too short.");
    shell.mode = mode.value_or(shell.mode);
    shell.state = Shell::State::Disconnected;
    for (auto& [id, channel] : shell.channels) {
        if (channel.receive != 0) answer_waiting(channel.receive, fault(Errc::StreamDisconnected));
        channel.taken = 0; // the oldest may be dropped, and that as a whole
    }
    events.emplace_back(ShellDisconnected{waiting.shell, shell.mode});
    answer(waiting, EmptyResponse{});
}

void ServerExchange::Impl::on_reconnect(
    const Waiting& waiting, Shell& shell, const ReconnectBody& body
)
{
    if (shell.is_command_shell) return refuse_request(waiting, Errc::OperationNotSupported);
    const auto session_id = read_uuid(waiting.header.session_id);
    if (!session_id || session_id != shell.session_id)
        return refuse_request(waiting, Errc::MismatchedSessions);
    if (!body.command_id.empty()) {
        Guid id;
        if (find_channel(shell, body.command_id, id) == nullptr)
            return refuse_request(waiting, Errc::ShellNotFound);
        if (shell.state != Shell::State::Connected)
            return refuse_request(waiting, Errc::StreamDisconnected);
        return answer(waiting, EmptyResponse{});
    }
    if (shell.state != Shell::State::Disconnected)
        return refuse_request(waiting, Errc::AlreadyConnected);
    hand_over(shell);
    events.emplace_back(ShellReconnected{waiting.shell, shell.mode});
    answer(waiting, EmptyResponse{});
}

void ServerExchange::Impl::on_connect(const Waiting& waiting, Shell& shell, ConnectBody& body)
{
    if (shell.is_command_shell) return refuse_request(waiting, Errc::OperationNotSupported);
    if (!body.command_id.empty()) {
        Guid id;
        const Channel* channel = find_channel(shell, body.command_id, id);
        if (channel == nullptr || channel->is_done)
            return refuse_request(waiting, Errc::ShellNotFound);
        if (shell.state != Shell::State::Connected)
            return refuse_request(waiting, Errc::StreamDisconnected);
        return answer(waiting, ConnectResponse{});
    }
    if (shell.state != Shell::State::Disconnected || shell.connect != 0)
        return refuse_request(waiting, Errc::AlreadyConnected);
    if (const auto wrong = check_protocol_version(waiting.header))
        return refuse_request(waiting, *wrong);
    if (!body.connect_xml || body.connect_xml->empty())
        return refuse_request(waiting, Errc::ConnectWithoutData);
    const Guid key = waiting.shell;
    shell.connect = wait(waiting);
    events.emplace_back(ShellConnectRequested{key, *std::move(body.connect_xml)});
}

} // namespace psrp::wsman
