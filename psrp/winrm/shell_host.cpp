#include <clixml/overloaded.hpp>
#include <psrp/winrm/shell_host.hpp>

#include <utility>

namespace psrp {

// A transport that does not take an action any more tells so by its next event.
void ShellHost::act(const ClientAction& action)
{
    (void)transport_->perform(action);
}

void ShellHost::open()
{
    channels_[session_channel] = {};
    act(OpenSession{});
}

void ShellHost::on_data(wsman::ShellDataReceived data)
{
    if (data.channel.is_zero()) connect_answer_.on_client_bytes(data.bytes);
    Channel& channel = channels_[data.channel];
    if (!data.channel.is_zero() && data.stream == Stream::Default)
        channel.input.on_client_bytes(data.bytes);
    channel.queue.push_back({data.channel, data.stream, std::move(data.bytes)});
    send_next(channel);
}

void ShellHost::send_next(Channel& channel)
{
    if (!channel.is_open || channel.is_waiting || channel.queue.empty()) return;
    Send next = std::move(channel.queue.front());
    channel.queue.pop_front();
    channel.is_waiting = true;
    act(std::move(next));
}

void ShellHost::on_command(const Guid& pipeline)
{
    Channel& channel = channels_[pipeline];
    channel = {};
    channel.is_open = false;
    act(OpenCommand{pipeline});
}

void ShellHost::on_signal(const Guid& pipeline)
{
    const auto found = channels_.find(pipeline);
    if (found != channels_.end()) found->second.queue.clear();
    act(SignalCommand{pipeline});
}

void ShellHost::on_close(const Guid& channel)
{
    if (!channel.is_zero()) {
        channels_[channel].is_closing = true;
        return act(CloseCommand{channel});
    }
    if (std::exchange(is_closed_, true)) return;
    if (has_ended_) return transport_->close();
    for (auto& [pipeline, state] : channels_) {
        if (!pipeline.is_zero() && !std::exchange(state.is_closing, true)) {
            act(CloseCommand{pipeline});
        }
    }
    close_channels();
}

// The session is closed once its commands are: PowerShell waits for them (A5).
void ShellHost::close_channels()
{
    if (!is_closed_ || has_closed_session_ || channels_.size() > 1) return;
    has_closed_session_ = true;
    act(CloseSession{});
}

void ShellHost::on_connect(BytesView request, wsman::ServerExchange& exchange, wsman::Time now)
{
    const auto response = connect_answer_.answer(request);
    exchange.answer_connect(shell_, response, now);
    if (!response) return;
    end_inputs();
    Bytes following = connect_answer_.take_following();
    if (following.empty()) return;
    exchange.perform(shell_, Send{session_channel, Stream::Default, std::move(following)}, now);
}

// Nobody can add to the input of the pipelines any more.
void ShellHost::end_inputs()
{
    for (auto& [pipeline, channel] : channels_) {
        if (pipeline.is_zero() || channel.is_closing) continue;
        auto end = channel.input.take_end();
        if (!end) continue;
        channel.queue.push_back({pipeline, Stream::Default, std::move(*end)});
        send_next(channel);
    }
}

void ShellHost::pump(wsman::ServerExchange& exchange, wsman::Time now)
{
    while (!has_ended_ && (is_closed_ || exchange.wants_output(shell_))) {
        auto event = transport_->next_event();
        if (!event) {
            has_ended_ = true;
            transport_->close();
            if (!is_closed_) exchange.shell_ended(shell_, now);
            return;
        }
        if (!*event) return;
        on_event(std::move(**event), exchange, now);
    }
}

void ShellHost::on_event(TransportEvent event, wsman::ServerExchange& exchange, wsman::Time now)
{
    // A shell that is gone for the exchange takes nothing any more.
    const auto perform = [&](const ServerAction& action) {
        if (!is_closed_) exchange.perform(shell_, action, now);
    };
    const auto end = [&] {
        has_ended_ = true;
        transport_->close();
        if (!is_closed_) exchange.shell_ended(shell_, now);
    };
    std::visit(
        clixml::Overloaded{
            [&](DataReceived& data) {
                if (data.channel.is_zero()) connect_answer_.on_server_bytes(data.bytes);
                perform(Send{data.channel, Stream::Default, std::move(data.bytes)});
            },
            [&](DataAcknowledged& data) {
                const auto found = channels_.find(data.channel);
                if (found != channels_.end()) found->second.is_waiting = false;
                perform(AcknowledgeData{data.channel});
                if (found != channels_.end()) send_next(found->second);
            },
            [&](CommandOpened& command) {
                const auto found = channels_.find(command.pipeline);
                if (found != channels_.end()) found->second.is_open = true;
                perform(AcknowledgeCommand{command.pipeline});
                if (found != channels_.end()) send_next(found->second);
            },
            [&](SignalAcknowledged& signal) { perform(AcknowledgeSignal{signal.pipeline}); },
            [&](ChannelClosed& channel) {
                channels_.erase(channel.channel);
                if (!channel.channel.is_zero()) {
                    perform(AcknowledgeClose{channel.channel});
                    return close_channels();
                }
                end();
            },
            [&](PeerReportedError&) { end(); },
            [&](ConnectionEnded&) { end(); },
            // This framing has none of these.
            [](CommandLost&) {},
            [](SessionLeft&) {},
            [](SessionNotLeft&) {},
            [](ChannelTakenUp&) {},
            [](SessionNotTakenUp&) {},
        },
        event
    );
}

void ShellHost::kill()
{
    has_ended_ = true;
    transport_->kill();
}

} // namespace psrp
