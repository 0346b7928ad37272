#include <clixml/base64.hpp>
#include <clixml/overloaded.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_client.hpp>

#include <algorithm>
#include <utility>

namespace psrp {
namespace {

// What a line has beside its base64.
constexpr std::size_t line_overhead_bytes_max = 128;

} // namespace

OutOfProcClient::OutOfProcClient(OutOfProcClientLimits limits)
    : limits_(limits), lines_(limits.lines)
{
    channels_[session_channel];
}

Result<void> OutOfProcClient::perform(const ClientAction& action)
{
    if (output_.size() + line_overhead_bytes_max > limits_.output_bytes_max) {
        return clixml::failure(
            TransportErrc::OutputFull, clixml::no_offset, "write some output first"
        );
    }
    const auto not_allowed = [](const char* detail) {
        return clixml::failure(TransportErrc::ActionNotAllowed, clixml::no_offset, detail);
    };
    return std::visit(
        clixml::Overloaded{
            [&](const OpenSession&) -> Result<void> {
                channels_[session_channel];
                session_closed_ = false;
                return {};
            },
            [&](const OpenCommand& open) -> Result<void> {
                if (find(open.pipeline) != nullptr)
                    return not_allowed("expected a command not yet open");
                channels_[open.pipeline];
                append_element(ElementKind::Command, open.pipeline, output_);
                return {};
            },
            [&](const Send& send) { return on_send(send); },
            [&](const SignalCommand& signal) -> Result<void> {
                if (signal.pipeline.is_zero() || find(signal.pipeline) == nullptr) {
                    return not_allowed("expected an open command");
                }
                append_element(ElementKind::Signal, signal.pipeline, output_);
                return {};
            },
            [&](const CloseCommand& close) -> Result<void> {
                Channel* channel = find(close.pipeline);
                if (close.pipeline.is_zero() || channel == nullptr || channel->is_closing) {
                    return not_allowed("expected an open command");
                }
                channel->is_closing = true;
                append_element(ElementKind::Close, close.pipeline, output_);
                return {};
            },
            [&](const CloseSession&) -> Result<void> {
                append_element(ElementKind::Close, session_channel, output_);
                return {};
            },
            // Nobody would keep a session for us here (fact sheet psrp 12).
            [&](const Disconnect&) -> Result<void> {
                return not_allowed("expected a transport that can disconnect");
            },
            [&](const Reconnect&) -> Result<void> {
                return not_allowed("expected a transport that can reconnect");
            },
            [&](const Connect&) -> Result<void> {
                return not_allowed("expected a transport that can connect");
            },
        },
        action
    );
}

Result<void> OutOfProcClient::on_send(const Send& send)
{
    Channel* channel = find(send.channel);
    if (channel == nullptr || channel->is_closing) {
        return clixml::failure(
            TransportErrc::ActionNotAllowed, clixml::no_offset, "expected an open channel"
        );
    }
    const std::size_t line_bytes = clixml::base64_size(send.bytes.size()) + line_overhead_bytes_max;
    if (!output_.empty() && output_.size() + line_bytes > limits_.output_bytes_max) {
        return clixml::failure(
            TransportErrc::OutputFull, clixml::no_offset, "write some output first"
        );
    }
    ++channel->outstanding;
    append_data(send.channel, send.stream, send.bytes, output_);
    return {};
}

std::string OutOfProcClient::take_output()
{
    return std::exchange(output_, {});
}

void OutOfProcClient::receive(BytesView bytes)
{
    if (!error_) lines_.receive(bytes);
}

// A broken client takes nothing: what has been written to the room stays unseen.
void OutOfProcClient::commit(std::size_t count)
{
    if (!error_) lines_.commit(count);
}

void OutOfProcClient::receive_end()
{
    has_ended_ = true;
}

std::size_t OutOfProcClient::buffered_bytes() const
{
    return lines_.buffered_bytes() + (elements_ ? line_.size() : 0);
}

std::size_t OutOfProcClient::outstanding(const Guid& channel) const
{
    const auto found = channels_.find(channel);
    return found == channels_.end() ? 0 : found->second.outstanding;
}

OutOfProcClient::Channel* OutOfProcClient::find(const Guid& channel)
{
    const auto found = channels_.find(channel);
    return found == channels_.end() ? nullptr : &found->second;
}

tl::unexpected<clixml::Error> OutOfProcClient::broken(clixml::Error error)
{
    error_ = error;
    elements_.reset();
    return tl::unexpected<clixml::Error>(error);
}

void OutOfProcClient::note_line(std::string_view line)
{
    offending_line_ = line.substr(0, limits_.offending_line_bytes_max);
}

Result<std::optional<TransportEvent>> OutOfProcClient::next_event()
{
    if (error_) return tl::unexpected<clixml::Error>(*error_);
    while (true) {
        if (elements_) {
            auto event = next_from_line();
            if (!event) {
                note_line({line_.data(), line_.size()});
                return broken(event.error());
            }
            if (*event) return event;
            if (elements_) continue;
        }
        auto line = lines_.next();
        if (!line) return broken(line.error());
        if (!*line && has_ended_) {
            // A cut line is dropped with the connection; a whole one only lacks its end.
            *line = lines_.rest();
            if (*line && !(*line)->text.ends_with('>')) *line = std::nullopt;
        }
        if (!*line) break;
        if ((*line)->text.empty()) continue;
        if (auto element = read_plain_data((*line)->text)) {
            has_received_line_ = true;
            line_offset_ = (*line)->offset;
            PSRP_TRY(auto event, on_element(*std::move(element))); // Data is always good
            if (event) return event;
            continue;
        }
        if (const auto text = read_error_line((*line)->text)) {
            std::string reported(*text);
            note_line(reported);
            error_ = clixml::Error{
                TransportErrc::PeerReportedError, (*line)->offset, "expected an element"};
            return TransportEvent{PeerReportedError{std::move(reported)}};
        }
        open_line(**line);
    }
    if (!has_ended_ || end_reported_) return std::nullopt;
    if (!session_closed_) {
        return broken(
            {TransportErrc::StreamEnded, clixml::no_offset, "expected CloseAck before the end"}
        );
    }
    end_reported_ = true;
    return TransportEvent{ConnectionEnded{}};
}

void OutOfProcClient::open_line(const Line& line)
{
    has_received_line_ = true;
    line_.assign(line.text.begin(), line.text.end());
    line_offset_ = line.offset;
    elements_.emplace(
        std::string_view(line_.data(), line_.size()), ElementSender::Server, limits_.lines
    );
}

Result<std::optional<TransportEvent>> OutOfProcClient::next_from_line()
{
    auto element = elements_->next();
    if (!element) {
        clixml::Error error = element.error();
        error.offset += line_offset_;
        return tl::unexpected<clixml::Error>(error);
    }
    if (!*element) {
        elements_.reset();
        return std::nullopt;
    }
    return on_element(**std::move(element));
}

Result<std::optional<TransportEvent>> OutOfProcClient::on_element(Element element)
{
    const Guid& guid = element.channel;
    Channel* channel = find(guid);
    const bool is_open = channel != nullptr && !channel->is_closing;
    switch (element.kind) {
    case ElementKind::Data:
        if (!is_open) return std::nullopt;
        return TransportEvent{DataReceived{guid, std::move(element.bytes)}};
    case ElementKind::DataAck:
        // More acknowledgements than Sends are ignored; the reference would send early.
        if (!is_open || channel->outstanding == 0) return std::nullopt;
        --channel->outstanding;
        return TransportEvent{DataAcknowledged{guid}};
    case ElementKind::CommandAck:
        if (guid.is_zero() || channel == nullptr) {
            return clixml::failure(
                TransportErrc::UnknownCommand, line_offset_, "expected an opened command"
            );
        }
        if (!is_open) return std::nullopt;
        return TransportEvent{CommandOpened{guid}};
    case ElementKind::SignalAck:
        if (guid.is_zero()) {
            return clixml::failure(
                TransportErrc::SignalForSession, line_offset_, "expected a command"
            );
        }
        if (!is_open) return std::nullopt;
        return TransportEvent{SignalAcknowledged{guid}};
    case ElementKind::CloseAck:
        return on_close_ack(guid);
    case ElementKind::Command:
    case ElementKind::Close:
    case ElementKind::Signal:
        break; // ElementReader lets none of these through
    }
    return clixml::failure(
        TransportErrc::UnknownElement, line_offset_, "expected a server's element"
    );
}

std::optional<TransportEvent> OutOfProcClient::on_close_ack(const Guid& guid)
{
    if (guid.is_zero()) {
        // Asked for or not, it ends the session without an error; all commands end with it.
        session_closed_ = true;
        channels_.clear();
        return TransportEvent{ChannelClosed{guid}};
    }
    Channel* channel = find(guid);
    if (channel == nullptr || !channel->is_closing) return std::nullopt;
    channels_.erase(guid);
    return TransportEvent{ChannelClosed{guid}};
}

} // namespace psrp
