// The out-of-process framing on a pair of descriptors: socket, pipe, or the standard streams of a
// child. POSIX.
#pragma once

#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/outofproc_client.hpp>
#include <psrp/transport/send_pace.hpp>
#include <psrp/transport/wire_tap.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace psrp {

// What an OutOfProcTransport holds at most.
struct OutOfProcTransportLimits {
    OutOfProcClientLimits client = {};
    // Received bytes that may wait for next_event(); above it the descriptor is not read, and the
    // peer has to wait.
    std::size_t read_ahead_bytes_max = std::size_t{1} << 20;
    // Of one channel: while the server works on one more are on their way, and being made.
    std::size_t sends_outstanding_max = 4;
};

// A Transport that reads one descriptor and writes another. The end of what is read, and an error
// in reading it, end the connection; a peer that no longer reads does not: what it still has to say
// is heard. After a fault of the peer's nothing more is read, but actions are still taken until
// close(): PowerShell says Close then, too (psrp-bad/client.jsonl, framing-*).
class OutOfProcTransport : public Transport {
public:
    // Takes both descriptors over and makes them non-blocking. For a socket give it and a dup of
    // it.
    OutOfProcTransport(Descriptor reader, Descriptor writer, OutOfProcTransportLimits limits = {});

    void set_tap(std::shared_ptr<WireTap> tap) override { tap_ = std::move(tap); }

    Result<void> perform(const ClientAction& action) override;
    void flush() override;
    Result<std::optional<TransportEvent>> next_event() override;
    // What perform() took is written first as far as it goes without waiting.
    void close() override;
    void kill() override;
    [[nodiscard]] bool is_finished() const override;
    [[nodiscard]] std::string failure_text() const override;
    [[nodiscard]] std::size_t pending_output_bytes() const override
    {
        return output_.pending_bytes();
    }
    // Any number of fragments: PowerShell takes them, too (A2).
    [[nodiscard]] std::size_t send_bytes_max() const override { return pace_.bytes(); }
    [[nodiscard]] std::size_t sends_outstanding_max() const override
    {
        return limits_.sends_outstanding_max;
    }

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;

protected:
    // For transports that get their descriptors later, by attach().
    explicit OutOfProcTransport(OutOfProcTransportLimits limits);

    Result<void> attach(Descriptor reader, Descriptor writer);
    // True while the descriptors are still to come: actions are taken and wait.
    [[nodiscard]] virtual bool is_connecting() const { return false; }
    // Text that an action has become, on its way to the output.
    virtual void on_output_text(std::string_view text) { (void)text; }
    // Adds text behind what waits to be written.
    void queue_output(std::string text) { output_.append(std::move(text)); }
    // What to do about text of the peer that is no element; behind the text that quotes it.
    [[nodiscard]] virtual std::string stray_text_advice() const { return {}; }
    // What is read has ended. Here: tells the client; others may have to find out why first.
    virtual void on_input_end() { client_.receive_end(); }
    // Makes `error` the end of the connection, once the events that arrived before it are handed
    // out. The first error counts.
    void fail(clixml::Error error, std::string text);
    // The same for the case that the peer's output ended too early.
    void fail_at_end(clixml::Error error, std::string text);

    [[nodiscard]] const OutOfProcClient& client() const { return client_; }
    void end_client_input() { client_.receive_end(); }
    [[nodiscard]] bool has_failed() const { return failure_.has_value(); }
    [[nodiscard]] bool is_reading() const { return reader_.is_open(); }
    // True while next_event() has nothing left to hand out.
    [[nodiscard]] bool is_starved() const { return is_starved_; }
    void stop_reading() { reader_.reset(); }
    void stop_writing();

private:
    struct Failure {
        clixml::Error error;
        std::string text;
    };

    tl::unexpected<clixml::Error> failed(const clixml::Error& error);

    OutOfProcTransportLimits limits_;
    OutOfProcClient client_;
    std::shared_ptr<WireTap> tap_;
    Descriptor reader_;
    Descriptor writer_;
    OutputBuffer output_;
    SendPace pace_;
    bool is_starved_ = true;
    std::optional<Failure> waiting_failure_; // behind the events still to be handed out
    std::optional<Failure> end_failure_;     // takes the place of StreamEnded
    std::optional<Failure> failure_;         // handed out
};

} // namespace psrp
