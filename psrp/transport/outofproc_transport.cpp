#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_transport.hpp>

#include <utility>

namespace psrp {
namespace {

// As much as a pipe holds on Linux.
constexpr std::size_t read_bytes = std::size_t{128} << 10;

// The sentence for a fault in what the server wrote.
std::string fault_text(const clixml::Error& error, const std::string& line)
{
    if (error.code == TransportErrc::PeerReportedError) {
        return "The background process reported an error with the following message: " + line;
    }
    std::string text =
        "There is an error processing data from the background process. Error reported: ";
    if (error.code == TransportErrc::StrayText) return text + line;
    return text + error.text();
}

} // namespace

OutOfProcTransport::OutOfProcTransport(OutOfProcTransportLimits limits)
    : limits_(std::move(limits)), client_(limits_.client)
{
}

OutOfProcTransport::OutOfProcTransport(
    Descriptor reader, Descriptor writer, OutOfProcTransportLimits limits
)
    : OutOfProcTransport(std::move(limits))
{
    const Result<void> attached = attach(std::move(reader), std::move(writer));
    if (!attached) fail(attached.error(), attached.error().text());
}

Result<void> OutOfProcTransport::attach(Descriptor reader, Descriptor writer)
{
    PSRP_CHECK(set_nonblocking(reader.number()));
    PSRP_CHECK(set_nonblocking(writer.number()));
    reader_ = std::move(reader);
    writer_ = std::move(writer);
    return {};
}

Result<void> OutOfProcTransport::perform(const ClientAction& action)
{
    // What broke the connection may be what came, while there is still a way out.
    const bool is_possible = failure_ ? is_peer_fault(failure_->error.code) && writer_.is_open()
                                      : !waiting_failure_ && (reader_.is_open() || is_connecting());
    if (!is_possible) {
        return clixml::failure(
            TransportErrc::ActionNotAllowed, clixml::no_offset, "the connection has ended"
        );
    }
    if (output_.pending_bytes() > limits_.client.output_bytes_max) {
        return clixml::failure(
            TransportErrc::OutputFull, clixml::no_offset, "write some output first"
        );
    }
    PSRP_CHECK(client_.perform(action));
    if (const auto* send = std::get_if<Send>(&action))
        pace_.on_sent(
            send->channel, send->bytes.size(), client_.outstanding(send->channel), Clock::now()
        );
    // Without a reader on the other side there is nobody to write for; the end of its output will
    // say why.
    std::string text = client_.take_output();
    on_output_text(text);
    if (!writer_.is_open() && !is_connecting()) return {};
    if (tap_) tap_->on_client_bytes(clixml::bytes_of(text));
    output_.append(std::move(text));
    return {};
}

Result<std::optional<TransportEvent>> OutOfProcTransport::next_event()
{
    if (failure_) return tl::unexpected<clixml::Error>(failure_->error);
    auto event = client_.next_event();
    if (!event) return failed(event.error());
    is_starved_ = !event->has_value();
    if (is_starved_ && waiting_failure_) {
        failure_ = std::exchange(waiting_failure_, std::nullopt);
        return tl::unexpected<clixml::Error>(failure_->error);
    }
    if (!is_starved_) {
        if (const auto* acknowledged = std::get_if<DataAcknowledged>(&**event))
            pace_.on_acknowledged(acknowledged->channel, Clock::now());
    }
    return event;
}

tl::unexpected<clixml::Error> OutOfProcTransport::failed(const clixml::Error& error)
{
    if (waiting_failure_) {
        failure_ = std::exchange(waiting_failure_, std::nullopt);
    } else if (error.code == TransportErrc::StreamEnded && end_failure_) {
        failure_ = end_failure_;
    } else {
        failure_ = Failure{error, fault_text(error, client_.offending_line())};
        if (error.code == TransportErrc::StrayText) failure_->text += stray_text_advice();
    }
    stop_reading();
    if (!is_peer_fault(failure_->error.code)) stop_writing();
    return tl::unexpected<clixml::Error>(failure_->error);
}

void OutOfProcTransport::fail(clixml::Error error, std::string text)
{
    if (failure_ || waiting_failure_) return;
    waiting_failure_ = Failure{error, std::move(text)};
    stop_reading();
    stop_writing();
}

void OutOfProcTransport::fail_at_end(clixml::Error error, std::string text)
{
    end_failure_ = Failure{error, std::move(text)};
}

void OutOfProcTransport::close()
{
    // The last words, if they can be written without waiting.
    if (writer_.is_open()) (void)output_.flush_to(writer_.number());
    OutOfProcTransport::kill();
}

void OutOfProcTransport::kill()
{
    stop_reading();
    stop_writing();
    client_.receive_end();
}

bool OutOfProcTransport::is_finished() const
{
    return !reader_.is_open() && !writer_.is_open();
}

std::string OutOfProcTransport::failure_text() const
{
    return failure_ ? failure_->text : std::string();
}

void OutOfProcTransport::stop_writing()
{
    writer_.reset();
    output_.clear();
}

void OutOfProcTransport::append_poll_entries(std::vector<PollEntry>& entries) const
{
    // A line longer than the read-ahead must still become complete, so hunger beats the limit.
    const bool has_appetite =
        is_starved_ || client_.buffered_bytes() < limits_.read_ahead_bytes_max;
    if (reader_.is_open() && has_appetite) entries.push_back({reader_.number(), true, false});
    if (writer_.is_open() && !output_.is_empty())
        entries.push_back({writer_.number(), false, true});
}

void OutOfProcTransport::on_readable(int descriptor)
{
    if (!reader_.is_open() || descriptor != reader_.number()) return;
    std::uint8_t* const room = client_.room(read_bytes);
    std::size_t count = 0;
    const auto outcome = read_some(descriptor, {room, read_bytes}, count);
    if (!outcome || *outcome == ReadOutcome::End) {
        // A connection that was reset has ended as well; what matters is that nothing more comes.
        stop_reading();
        on_input_end();
    } else if (*outcome == ReadOutcome::Some) {
        is_starved_ = false;
        if (tap_) tap_->on_server_bytes({room, count});
        client_.commit(count);
    }
}

void OutOfProcTransport::on_writable(int descriptor)
{
    if (writer_.is_open() && descriptor == writer_.number()) flush();
}

void OutOfProcTransport::flush()
{
    if (!writer_.is_open() || output_.is_empty()) return;
    if (!output_.flush_to(writer_.number())) stop_writing();
}

} // namespace psrp
