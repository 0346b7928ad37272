#include <clixml/base64.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_server.hpp>

#include <utility>

namespace psrp {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t line_overhead_bytes_max = 128;

} // namespace

OutOfProcServer::OutOfProcServer(OutOfProcServerLimits limits)
    : limits_(limits), lines_(limits.lines)
{
}

Result<void> OutOfProcServer::perform(const ServerAction& action)
{
    const Send* send = std::get_if<Send>(&action);
    const std::size_t payload = send != nullptr ? clixml::base64_size(send->bytes.size()) : 0;
    if (!output_.empty() &&
        output_.size() + payload + line_overhead_bytes_max > limits_.output_bytes_max) {
        return clixml::failure(
            TransportErrc::OutputFull, clixml::no_offset, "write some output first"
        );
    }
    if (send != nullptr) {
        append_data(send->channel, send->stream, send->bytes, output_);
    } else if (const auto* data = std::get_if<AcknowledgeData>(&action)) {
        append_element(ElementKind::DataAck, data->channel, output_);
    } else if (const auto* command = std::get_if<AcknowledgeCommand>(&action)) {
        append_element(ElementKind::CommandAck, command->pipeline, output_);
    } else if (const auto* signal = std::get_if<AcknowledgeSignal>(&action)) {
        append_element(ElementKind::SignalAck, signal->pipeline, output_);
    } else if (const auto* close = std::get_if<AcknowledgeClose>(&action)) {
        if (close->channel.is_zero()) {
            commands_.clear();
        } else {
            commands_.erase(close->channel);
        }
        append_element(ElementKind::CloseAck, close->channel, output_);
    }
    return {};
}

void OutOfProcServer::report_error(std::string_view text)
{
    append_error_line(text, output_);
}

std::string OutOfProcServer::take_output()
{
    return std::exchange(output_, {});
}

void OutOfProcServer::receive(BytesView bytes)
{
    if (!has_ended_) lines_.receive(bytes);
}

void OutOfProcServer::commit(std::size_t count)
{
    if (!has_ended_) lines_.commit(count);
}

void OutOfProcServer::receive_end()
{
    has_ended_ = true;
}

std::size_t OutOfProcServer::buffered_bytes() const
{
    return lines_.buffered_bytes() + (elements_ ? line_.size() : 0);
}

tl::unexpected<clixml::Error> OutOfProcServer::broken(clixml::Error error)
{
    error_ = error;
    elements_.reset();
    return tl::unexpected<clixml::Error>(error);
}

void OutOfProcServer::skip_faulty_line()
{
    if (error_ && error_->code != TransportErrc::LineTooLong) error_.reset();
}

Result<std::optional<ServerTransportEvent>> OutOfProcServer::next_event()
{
    if (error_) return tl::unexpected<clixml::Error>(*error_);
    while (!end_reported_) {
        if (elements_) {
            auto event = next_from_line();
            if (!event) {
                offending_line_ = std::string_view(line_.data(), line_.size())
                                      .substr(0, limits_.offending_line_bytes_max);
                return broken(event.error());
            }
            if (*event) return event;
            if (elements_) continue;
        }
        auto line = lines_.next();
        if (!line) return broken(line.error());
        if (!*line && !has_ended_) return std::nullopt;
        if (!*line) {
            // A line that was cut off goes with the client, as PowerShell takes it; a whole one
            // only lacks its end.
            *line = lines_.rest();
            if (*line && !(*line)->text.ends_with('>')) *line = std::nullopt;
        }
        // The reference takes an empty line for the end of its input.
        if (!*line || (*line)->text.empty()) {
            has_ended_ = end_reported_ = true;
            return ServerTransportEvent{EndOfInput{}};
        }
        std::string_view text = (*line)->text;
        line_offset_ = (*line)->offset;
        if (line_offset_ == 0 && text.starts_with(byte_order_mark)) {
            text.remove_prefix(byte_order_mark.size());
            line_offset_ = byte_order_mark.size();
        }
        if (auto element = read_plain_data(text)) return on_element(*std::move(element));
        line_.assign(text.begin(), text.end());
        elements_.emplace(
            std::string_view(line_.data(), line_.size()), ElementSender::Client, limits_.lines
        );
    }
    return std::nullopt;
}

Result<std::optional<ServerTransportEvent>> OutOfProcServer::next_from_line()
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

Result<std::optional<ServerTransportEvent>> OutOfProcServer::on_element(Element element)
{
    const Guid& guid = element.channel;
    switch (element.kind) {
    case ElementKind::Data:
        return ServerTransportEvent{
            ClientDataReceived{guid, element.stream, std::move(element.bytes)}};
    case ElementKind::Command:
        PSRP_CHECK(admit_command(guid));
        return ServerTransportEvent{CommandRequested{guid}};
    case ElementKind::Signal:
        if (guid.is_zero()) {
            return clixml::failure(
                TransportErrc::SignalForSession, line_offset_, "expected a command"
            );
        }
        return ServerTransportEvent{SignalRequested{guid}};
    case ElementKind::Close:
        return ServerTransportEvent{CloseRequested{guid}};
    case ElementKind::DataAck:
    case ElementKind::CommandAck:
    case ElementKind::CloseAck:
    case ElementKind::SignalAck:
        break; // ElementReader lets none of these through
    }
    return clixml::failure(
        TransportErrc::UnknownElement, line_offset_, "expected a client's element"
    );
}

Result<void> OutOfProcServer::admit_command(const Guid& pipeline)
{
    // The session's channel is there already; as PowerShell does, this is acknowledged and means
    // nothing more (psrp-bad framing-command-zero).
    if (pipeline.is_zero()) return {};
    if (commands_.contains(pipeline)) {
        return clixml::failure(
            TransportErrc::CommandExists, line_offset_, "expected a new identifier"
        );
    }
    if (commands_.size() >= limits_.commands_max) {
        return clixml::failure(
            TransportErrc::TooManyCommands, line_offset_, "close a command first"
        );
    }
    commands_.insert(pipeline);
    return {};
}

} // namespace psrp
