// Short names for what the transport tests write and see.
#pragma once

#include <psrp/transport/outofproc_server.hpp>
#include <psrp/transport/transport.hpp>

#include <string>
#include <string_view>

namespace tests {

inline constexpr std::string_view pid_text = "aabbccdd-0011-2233-4455-66778899aabb";
inline constexpr std::string_view zero_text = "00000000-0000-0000-0000-000000000000";

// The pipeline of the tests.
inline psrp::Guid pid()
{
    return *psrp::Guid::read(pid_text);
}

// `text` with the pipeline's and the zero Guid in place of '@P' and '@Z'.
inline std::string with_guids(std::string text)
{
    for (std::size_t at = 0; (at = text.find('@', at)) != std::string::npos;) {
        text.replace(at, 2, text[at + 1] == 'P' ? pid_text : zero_text);
    }
    return text;
}

inline std::string name_of(const psrp::Guid& channel)
{
    if (channel.is_zero()) return "zero";
    return channel == pid() ? "P" : channel.text();
}

// An event as one line of text.
inline std::string text_of(const psrp::TransportEvent& event)
{
    if (const auto* data = std::get_if<psrp::DataReceived>(&event)) {
        return "DataReceived " + name_of(data->channel) + " " +
               std::string(clixml::text_of(data->bytes));
    }
    if (const auto* ack = std::get_if<psrp::DataAcknowledged>(&event)) {
        return "DataAcknowledged " + name_of(ack->channel);
    }
    if (const auto* opened = std::get_if<psrp::CommandOpened>(&event)) {
        return "CommandOpened " + name_of(opened->pipeline);
    }
    if (const auto* signal = std::get_if<psrp::SignalAcknowledged>(&event)) {
        return "SignalAcknowledged " + name_of(signal->pipeline);
    }
    if (const auto* closed = std::get_if<psrp::ChannelClosed>(&event)) {
        return "ChannelClosed " + name_of(closed->channel);
    }
    if (const auto* error = std::get_if<psrp::PeerReportedError>(&event)) {
        return "PeerReportedError " + error->text;
    }
    if (const auto* lost = std::get_if<psrp::CommandLost>(&event)) {
        return "CommandLost " + name_of(lost->pipeline);
    }
    if (std::holds_alternative<psrp::SessionLeft>(event)) return "SessionLeft";
    if (std::holds_alternative<psrp::SessionNotLeft>(event)) return "SessionNotLeft";
    if (const auto* channel = std::get_if<psrp::ChannelTakenUp>(&event)) {
        return "ChannelTakenUp " + name_of(channel->channel);
    }
    if (std::holds_alternative<psrp::SessionNotTakenUp>(event)) return "SessionNotTakenUp";
    return "ConnectionEnded";
}

// The same for a server's events.
inline std::string text_of(const psrp::ServerTransportEvent& event)
{
    if (const auto* data = std::get_if<psrp::ClientDataReceived>(&event)) {
        return std::string("Data ") + (data->stream == psrp::Stream::Default ? "" : "prompt ") +
               name_of(data->channel) + " " + std::string(clixml::text_of(data->bytes));
    }
    if (const auto* command = std::get_if<psrp::CommandRequested>(&event)) {
        return "Command " + name_of(command->pipeline);
    }
    if (const auto* signal = std::get_if<psrp::SignalRequested>(&event)) {
        return "Signal " + name_of(signal->pipeline);
    }
    if (const auto* close = std::get_if<psrp::CloseRequested>(&event)) {
        return "Close " + name_of(close->channel);
    }
    return "EndOfInput";
}

} // namespace tests
