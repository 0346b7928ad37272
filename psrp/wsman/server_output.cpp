// What machines and processes say, and the Receives that take it (fact sheet transports B7, B14,
// B19).
#include <clixml/base64.hpp>
#include <clixml/overloaded.hpp>
#include <fragmenter/fragment.hpp>
#include <psrp/protocol/any_message.hpp>
#include <psrp/protocol/message.hpp>
#include <psrp/protocol/message_types.hpp>
#include <psrp/wsman/detail/server_exchange_impl.hpp>
#include <psrp/wsman/xpress_codec.hpp>

#include <algorithm>
#include <utility>

namespace psrp::wsman {

namespace {

// What an envelope with a state and without streams may need, and one stream beside its base64.
constexpr std::size_t envelope_overhead = 1600;
constexpr std::size_t stream_overhead = 128;

// A client that is only silent may be back in a moment: nothing of its output is thrown away.
bool drops_output(const detail::ServerShell& shell)
{
    return shell.state == detail::ServerShell::State::Disconnected && !shell.is_left_alone &&
           shell.mode == BufferMode::Drop;
}

// Whether a host call, where it is whole, waits for an answer: then its command is Pending.
bool expects_answer(const Message& message)
{
    Arena arena;
    const auto decoded = decode_any(message, arena, {});
    const auto* call = decoded ? std::get_if<PipelineHostCall>(&*decoded) : nullptr;
    return call != nullptr && call->call.expects_response();
}

} // namespace

void ServerExchange::Impl::perform(const Guid& key, const ServerAction& action, Time now)
{
    now_last = now;
    const auto found = shells.find(key);
    if (found == shells.end()) return;
    Shell& shell = found->second;
    std::visit(
        clixml::Overloaded{
            [&](const psrp::Send& one) {
                // A pipeline without a channel of its own speaks on the session's.
                auto target = shell.channels.find(one.channel);
                if (target == shell.channels.end()) target = shell.channels.find(session_channel);
                if (!one.channel.is_zero()) watch_messages(target->second, one.bytes);
                add_output(shell, target->second, stdout_stream, one.bytes);
            },
            [&](const psrp::AcknowledgeData& one) { acknowledge_data(key, shell, one.channel); },
            [](const psrp::AcknowledgeCommand&) {}, // the data behind it is what is answered
            [&](const psrp::AcknowledgeSignal& one) {
                const auto channel = shell.channels.find(one.pipeline);
                if (channel != shell.channels.end() && channel->second.signal != 0)
                    answer_waiting(channel->second.signal, DoneResponse{});
            },
            [&](const psrp::AcknowledgeClose& one) { acknowledge_close(key, shell, one.channel); },
        },
        action
    );
}

// The last message of a command is its state; then it is Done (B19). A packet has one fragment or
// several.
void ServerExchange::Impl::watch_messages(Channel& channel, BytesView packet) const
{
    while (!packet.empty()) {
        const auto read = fragmenter::read_fragment(packet);
        const auto* whole = read ? std::get_if<fragmenter::Fragment>(&*read) : nullptr;
        if (whole == nullptr) return;
        packet = packet.subspan(fragmenter::fragment_header_bytes + whole->blob.size());
        if (whole->header.is_start) {
            const auto message = read_message(whole->blob);
            const auto type = message ? message->header.type : 0;
            channel.is_final_message =
                type == static_cast<std::uint32_t>(MessageType::PipelineState);
            if (type == static_cast<std::uint32_t>(MessageType::PipelineHostCall) &&
                expects_answer(*message))
                channel.waits_for_host = true;
        }
        if (whole->header.is_end && channel.is_final_message) channel.is_finished = true;
    }
}

void ServerExchange::Impl::add_output(
    Shell& shell, Channel& channel, std::string_view stream, BytesView bytes
)
{
    channel.output.push_back({std::string(stream), Bytes(bytes.begin(), bytes.end())});
    shell.output_bytes += bytes.size();
    flush(shell, channel);
    if (!drops_output(shell)) return;
    // The oldest goes; of the channel that has most of it.
    while (shell.output_bytes > options.limits.output_bytes_max) {
        const auto fullest = std::max_element(
            shell.channels.begin(),
            shell.channels.end(),
            [](const auto& a, const auto& b) {
                return a.second.output.size() < b.second.output.size();
            }
        );
        auto& queue = fullest->second.output;
        if (queue.size() <= 1) return;
        shell.output_bytes -= queue.front().bytes.size();
        queue.pop_front();
    }
}

bool ServerExchange::Impl::wants_output(const Guid& key) const
{
    const auto found = shells.find(key);
    if (found == shells.end()) return true; // it goes nowhere
    const Shell& shell = found->second;
    if (drops_output(shell)) return true;
    return shell.output_bytes < options.limits.output_bytes_max;
}

void ServerExchange::Impl::acknowledge_data(const Guid& key, Shell& shell, const Guid& id)
{
    if (id.is_zero() && shell.create != 0) {
        const auto found = waiting_requests.find(std::exchange(shell.create, 0));
        if (found == waiting_requests.end()) return;
        const Waiting waiting = std::move(found->second);
        waiting_requests.erase(found);
        return answer_created(shell, key, waiting);
    }
    const auto target = shell.channels.find(id);
    if (target == shell.channels.end()) return;
    Channel& channel = target->second;
    if (channel.command != 0)
        return answer_waiting(channel.command, CommandResponse{channel.command_id});
    if (channel.sends.empty()) return;
    const auto waiting = waiting_requests.find(channel.sends.front());
    if (waiting != waiting_requests.end() && --waiting->second.acknowledgements > 0) return;
    answer_waiting(channel.sends.front(), DoneResponse{});
    channel.sends.pop_front();
}

void ServerExchange::Impl::acknowledge_close(const Guid& key, Shell& shell, const Guid& id)
{
    if (id.is_zero()) {
        std::uint64_t close = std::exchange(shell.close, 0);
        erase_shell(key);
        if (close != 0) answer_waiting(close, EmptyResponse{});
        return;
    }
    const auto target = shell.channels.find(id);
    if (target == shell.channels.end()) return;
    Channel& channel = target->second;
    std::uint64_t close = std::exchange(channel.close, 0);
    // Nobody will ask for what is left; a Receive that stands learns of the end.
    channel.is_finished = true;
    flush(shell, channel);
    for (const auto& chunk : channel.output)
        shell.output_bytes -= chunk.bytes.size();
    end_channel(channel, Errc::ShellNotFound);
    shell.channels.erase(id);
    if (close != 0) answer_waiting(close, DoneResponse{});
}

// Answers the Receive that stands, if there is something to say.
void ServerExchange::Impl::flush(Shell& shell, Channel& channel)
{
    if (channel.receive == 0 || channel.is_done) return;
    if (channel.output.empty() && !channel.is_finished) return;
    const auto waiting = waiting_requests.find(channel.receive);
    if (waiting == waiting_requests.end()) return;
    answer_waiting(channel.receive, take_output(shell, channel, waiting->second));
}

// As much as fits into the envelope that the request allows: whole chunks, and a piece of one only
// where it would fit into no envelope whole (B14, E 68, E 69).
ReceiveResponse ServerExchange::Impl::take_output(Shell& shell, Channel& channel, const Waiting& to)
{
    const std::size_t allowed = std::min(
        to.header.envelope_bytes_max.value_or(envelope_bytes_old), options.limits.envelope_bytes_max
    );
    const std::size_t texts = to.header.message_id.size() + to.header.operation_id.size();
    std::size_t room = std::max(allowed, std::size_t{envelope_bytes_min});
    room -= std::min(room / 2, envelope_overhead + texts);
    // Compressed streams are at most a little larger, whatever they hold.
    if (shell.is_compressed) room = compressible_bytes_max(room);
    const std::size_t whole_room = room;
    ReceiveResponse response;
    while (!channel.output.empty()) {
        auto& chunk = channel.output.front();
        const std::size_t left = chunk.bytes.size() - channel.taken;
        std::size_t count = left;
        if (clixml::base64_size(left) + stream_overhead > room) {
            const bool fits_alone = clixml::base64_size(left) + stream_overhead <= whole_room;
            if (fits_alone || room < stream_overhead + 256) break;
            count = (room - stream_overhead) / 4 * 3;
        }
        const auto from = chunk.bytes.begin() + static_cast<std::ptrdiff_t>(channel.taken);
        response.streams.push_back(
            {chunk.stream,
             channel.command_id,
             false,
             Bytes(from, from + static_cast<std::ptrdiff_t>(count))}
        );
        room -= clixml::base64_size(count) + stream_overhead;
        channel.taken += count;
        if (channel.taken < chunk.bytes.size()) break;
        shell.output_bytes -= chunk.bytes.size();
        channel.taken = 0;
        channel.unconfirmed.push_back(std::move(chunk));
        channel.output.pop_front();
    }
    if (shell.is_compressed) {
        for (auto& stream : response.streams)
            stream.bytes = codec.compress(stream.bytes);
    }
    if (channel.command_id.empty()) return response;
    if (channel.output.empty() && channel.is_finished) {
        channel.is_done = true;
        if (shell.is_command_shell) {
            for (const auto stream : {stdout_stream, stderr_stream})
                response.streams.push_back({std::string(stream), channel.command_id, true, {}});
        }
        response.state =
            CommandState{channel.command_id, std::string(command_done), channel.exit_code};
    } else if (channel.waits_for_host) {
        response.state = CommandState{channel.command_id, std::string(command_pending), {}};
    } else if (shell.is_command_shell) {
        response.state = CommandState{channel.command_id, std::string(command_running), {}};
    }
    return response;
}

// Nobody knows whether the silent client has got its last answers: who comes in its place gets the
// output of commands that was in them, too.
void ServerExchange::Impl::take_back_output(Shell& shell)
{
    for (auto& [id, channel] : shell.channels) {
        while (!id.is_zero() && !channel.unconfirmed.empty()) {
            shell.output_bytes += channel.unconfirmed.back().bytes.size();
            channel.output.push_front(std::move(channel.unconfirmed.back()));
            channel.unconfirmed.pop_back();
            channel.is_done = false;
        }
    }
}

void ServerExchange::Impl::answer_connect(
    const Guid& key, const clixml::Result<Bytes>& response, Time now
)
{
    const auto found = shells.find(key);
    if (found == shells.end() || found->second.connect == 0) return;
    Shell& shell = found->second;
    if (!response)
        return answer_waiting(shell.connect, fault(Errc::ConnectFailed, response.error().text()));
    const auto waiting = waiting_requests.find(shell.connect);
    if (waiting != waiting_requests.end())
        shell.session_id = read_uuid(waiting->second.header.session_id);
    if (shell.is_left_alone) take_back_output(shell);
    hand_over(shell);
    shell.last_activity = now;
    answer_waiting(
        shell.connect, ConnectResponse{shell.input_streams, shell.output_streams, *response}
    );
}

// The owner's side -------------------------------------------------------------------------------

void ServerExchange::shell_ended(const Guid& key, Time now)
{
    impl_->now_last = now;
    const auto found = impl_->shells.find(key);
    if (found == impl_->shells.end()) return;
    auto& shell = found->second;
    shell.has_ended = true;
    for (auto& [id, channel] : shell.channels) {
        impl_->flush(shell, channel);
        if (channel.receive != 0 && channel.output.empty())
            impl_->answer_waiting(channel.receive, impl_->fault(Errc::PluginShutDown));
    }
    if (shell.create != 0) impl_->answer_waiting(shell.create, impl_->fault(Errc::PluginShutDown));
}

void ServerExchange::refuse(const Guid& key, const Fault& fault)
{
    const auto found = impl_->shells.find(key);
    if (found == impl_->shells.end()) return;
    if (found->second.create != 0) impl_->answer_waiting(found->second.create, fault);
    impl_->erase_shell(key);
}

namespace {

detail::ServerChannel* find_command(detail::ServerShell* shell, const Guid& command)
{
    if (shell == nullptr || command.is_zero()) return nullptr;
    const auto found = shell->channels.find(command);
    return found == shell->channels.end() ? nullptr : &found->second;
}

detail::ServerShell* find_shell(std::map<Guid, detail::ServerShell>& shells, const Guid& key)
{
    const auto found = shells.find(key);
    return found == shells.end() ? nullptr : &found->second;
}

} // namespace

void ServerExchange::process_started(const Guid& key, const Guid& command)
{
    auto* channel = find_command(find_shell(impl_->shells, key), command);
    if (channel != nullptr && channel->command != 0)
        impl_->answer_waiting(channel->command, CommandResponse{channel->command_id});
}

void ServerExchange::refuse_command(const Guid& key, const Guid& command, const Fault& fault)
{
    auto* shell = find_shell(impl_->shells, key);
    auto* channel = find_command(shell, command);
    if (channel == nullptr) return;
    if (channel->command != 0) impl_->answer_waiting(channel->command, fault);
    impl_->end_channel(*channel, Errc::ShellNotFound);
    shell->channels.erase(command);
}

void ServerExchange::process_input_taken(const Guid& key, const Guid& command)
{
    auto* shell = find_shell(impl_->shells, key);
    auto* channel = find_command(shell, command);
    if (channel != nullptr && channel->command == 0) impl_->acknowledge_data(key, *shell, command);
}

void ServerExchange::process_output(
    const Guid& key, const Guid& command, std::string_view stream, BytesView bytes, Time now
)
{
    impl_->now_last = now;
    auto* shell = find_shell(impl_->shells, key);
    auto* channel = find_command(shell, command);
    if (channel == nullptr || channel->is_finished || bytes.empty()) return;
    impl_->add_output(*shell, *channel, stream, bytes);
}

void ServerExchange::process_ended(
    const Guid& key, const Guid& command, std::uint32_t exit_code, Time now
)
{
    impl_->now_last = now;
    auto* shell = find_shell(impl_->shells, key);
    auto* channel = find_command(shell, command);
    if (channel == nullptr) return;
    channel->is_finished = true;
    channel->exit_code = exit_code;
    // Input for it has nobody who would take it.
    for (auto& number : channel->sends)
        impl_->answer_waiting(number, DoneResponse{});
    channel->sends.clear();
    impl_->flush(*shell, *channel);
}

} // namespace psrp::wsman
