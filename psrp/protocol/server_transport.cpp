#include <fragmenter/errors.hpp>
#include <psrp/protocol/detail/server_pool_impl.hpp>

#include <utility>

namespace psrp {

using clixml::Error;
using detail::ServerChannel;
using detail::ServerPipeline;
using detail::ServerSession;
using detail::ServerStream;

namespace {

// After the others the stream cannot be read any further.
bool can_go_on_after(const Error& error)
{
    return error.code == fragmenter::Errc::ObjectIdsNotMatching ||
           error.code == fragmenter::Errc::FragmentIdsNotInSequence;
}

// A limit of ours, which PowerShell does not have out of process.
bool is_over_limit(const Error& error)
{
    return error.code == fragmenter::Errc::ObjectBytesExceeded ||
           error.code == fragmenter::Errc::ChannelBytesExceeded;
}

} // namespace

// Moves the acknowledgements whose events have all been taken to the actions.
void ServerPool::Impl::release_acknowledgements()
{
    while (!events.empty()) {
        const auto* acknowledgement = std::get_if<AcknowledgeData>(&events.front());
        if (acknowledgement == nullptr) return;
        actions.emplace_back(*acknowledgement);
        events.pop_front();
    }
}

std::optional<ServerAction> ServerPool::Impl::next_action()
{
    release_acknowledgements();
    // Whoever comes back gets it all.
    if (session.pool.state() == RunspacePoolState::Disconnected) return std::nullopt;
    if (actions.empty()) return std::nullopt;
    auto& front = actions.front();
    if (auto* large = std::get_if<detail::LargeMessage>(&front)) {
        // A message of more than one fragment has another one after each but the last.
        const auto slice = *large->splitter.next();
        Send packet{large->channel, Stream::Default, {}};
        packet.bytes.reserve(slice.header.size() + slice.blob.size());
        packet.bytes.assign(slice.header.begin(), slice.header.end());
        packet.bytes.insert(packet.bytes.end(), slice.blob.begin(), slice.blob.end());
        if (large->splitter.is_done()) actions.pop_front();
        pending_bytes -= packet.bytes.size();
        return packet;
    }
    ServerAction action = std::get<ServerAction>(std::move(front));
    actions.pop_front();
    if (const auto* sent = std::get_if<Send>(&action)) pending_bytes -= sent->bytes.size();
    return action;
}

std::optional<ServerEvent> ServerPool::Impl::next_event()
{
    release_acknowledgements();
    if (events.empty()) return std::nullopt;
    ServerEvent event = std::get<ServerEvent>(std::move(events.front()));
    events.pop_front();
    return event;
}

Result<void> ServerPool::Impl::receive(const Guid& channel, Stream stream, Bytes&& bytes)
{
    const auto process = [&]() -> Result<void> {
        const auto state = session.machine.state();
        if (state == SessionState::ClosingConnection || state == SessionState::Closed) return {};
        ServerChannel* target = &session.channel;
        if (!channel.is_zero()) {
            const auto found = session.commands.find(channel);
            if (found == session.commands.end()) return {};
            target = &found->second;
        }
        auto& target_stream = stream == Stream::Default ? target->normal : target->prompt_response;
        // A pipeline has been told of its channel's end; the session hears of every loss.
        if (target_stream.failure.code && !channel.is_zero()) return {};
        if (target_stream.failure.code) return tl::unexpected<Error>(target_stream.failure);
        if (auto received = target_stream.reassembler.receive(std::move(bytes)); !received) {
            fail_stream(channel, target_stream, received.error());
            return received;
        }
        return receive_objects(channel, target_stream);
    };
    auto result = process();
    // Good or bad, it has been dealt with; what it has led to may still have to be taken.
    acknowledge_data(channel);
    return result;
}

// Goes on behind what is wrong, as PowerShell does, and returns the first error.
Result<void> ServerPool::Impl::receive_objects(const Guid& channel, ServerStream& stream)
{
    Result<void> result;
    const auto keep = [&](const Error& error) {
        if (result) result = tl::unexpected<Error>(error);
    };
    for (;;) {
        const auto object = stream.reassembler.next();
        if (!object) {
            keep(object.error());
            if (can_go_on_after(object.error())) continue;
            fail_stream(channel, stream, object.error());
            return result;
        }
        if (!*object) return result;
        source = &stream.reassembler;
        const auto handled = on_message(channel, (*object)->bytes);
        source = nullptr;
        if (!handled) keep(handled.error());
        // Whatever closes the session makes the rest of the data void, and may take the channel
        // away.
        if (session.machine.state() != SessionState::NegotiationPending &&
            session.machine.state() != SessionState::Established)
            return result;
    }
}

// PowerShell goes on with the other channels when one cannot be read any further; a pipeline that
// would then wait for ever fails here (psrp-bad fragment-object-id-zero, fragment-length-huge).
void ServerPool::Impl::fail_stream(const Guid& channel, ServerStream& stream, const Error& error)
{
    stream.failure = error;
    if (channel.is_zero()) {
        if (is_over_limit(error)) begin_close(error);
        return;
    }
    const auto found = session.pipelines.find(channel);
    if (found == session.pipelines.end()) return;
    found->second.channel_error = error;
    stop_pipeline(channel, found->second);
}

void ServerPool::Impl::command_requested(const Guid& id)
{
    const auto state = session.machine.state();
    const bool is_over = state == SessionState::ClosingConnection || state == SessionState::Closed;
    if (!is_over && !id.is_zero() && !session.commands.contains(id)) {
        if (session.commands.size() >= options.limits.pipelines_max) {
            begin_close({Errc::TooManyPipelines, clixml::no_offset, ""});
            return;
        }
        session.commands.try_emplace(id, options.limits, options.limits.command_bytes_max);
    }
    actions.emplace_back(AcknowledgeCommand{id});
}

void ServerPool::Impl::signal_requested(const Guid& id)
{
    const auto found = session.pipelines.find(id);
    if (found == session.pipelines.end()) {
        forget_held(id); // its request, maybe
        actions.emplace_back(AcknowledgeSignal{id});
        return;
    }
    ++found->second.signals_to_acknowledge;
    stop_pipeline(id, found->second);
    if (is_terminal(found->second.machine.state())) acknowledge_end(id, found->second);
}

void ServerPool::Impl::close_requested(const Guid& channel)
{
    if (!channel.is_zero()) {
        forget_held(channel);
        const auto found = session.pipelines.find(channel);
        if (found == session.pipelines.end()) {
            session.commands.erase(channel);
            actions.emplace_back(AcknowledgeClose{channel});
            return;
        }
        ++found->second.closes_to_acknowledge;
        stop_pipeline(channel, found->second);
        if (is_terminal(found->second.machine.state())) acknowledge_end(channel, found->second);
        return;
    }
    if (session.machine.state() == SessionState::Closed) {
        actions.emplace_back(AcknowledgeClose{session_channel});
        session = ServerSession(options);
        return;
    }
    ++session.closes_to_acknowledge;
    begin_close({});
}

} // namespace psrp
