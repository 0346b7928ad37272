// The server's half of the out-of-process framing: actions -> text, text -> events (fact sheet
// transports A3, A5, A6). Sans-IO; put it on any byte stream.
#pragma once

#include <psrp/transport/outofproc_framing.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace psrp {

// Bytes of a client's channel arrived on one of its streams. Answer with AcknowledgeData once they
// are consumed, also where the channel is unknown.
struct ClientDataReceived {
    Guid channel;
    Stream stream = Stream::Default;
    Bytes bytes;
};

// The client wants a command channel. Answer with AcknowledgeCommand.
struct CommandRequested {
    Guid pipeline;
};

// The client wants the pipeline stopped; it need not exist (any more). Answer with
// AcknowledgeSignal.
struct SignalRequested {
    Guid pipeline;
};

// The client closes the channel; it need not exist (any more). Answer with AcknowledgeClose.
struct CloseRequested {
    Guid channel; // the zero Guid = the session
};

// The client is gone: its output ended, or it sent an empty line. Nothing follows.
struct EndOfInput {};

using ServerTransportEvent =
    std::variant<ClientDataReceived, CommandRequested, SignalRequested, CloseRequested, EndOfInput>;

// What an OutOfProcServer holds at most.
struct OutOfProcServerLimits {
    LineLimits lines = {};
    // Bytes of text that may wait to be written. The owner of the output stream keeps producers
    // below it by looking at pending_output_bytes().
    std::size_t output_bytes_max = std::size_t{256} << 20;
    // Command channels that one client may have open.
    std::size_t commands_max = 1024;
    // Bytes of an offending line that are kept for a log.
    std::size_t offending_line_bytes_max = 1024;
};

// Feed it with receive(), ask next_event() until it has nothing, write what take_output() gives.
// Lines are taken strictly in order. A byte order mark before the first line is skipped.
//
// A faulty line is an error that comes back on every call: a server on standard input ends then, as
// the reference does. One on a socket may call skip_faulty_line() and go on with the next line.
class OutOfProcServer {
public:
    explicit OutOfProcServer(OutOfProcServerLimits limits = {});
    OutOfProcServer(OutOfProcServer&&) noexcept = default;
    OutOfProcServer& operator=(OutOfProcServer&&) noexcept = default;

    // Appends the action's line to the output. Error, which changes nothing: OutputFull.
    Result<void> perform(const ServerAction& action);
    // Appends an error line, as servers in SSH and pipe mode report their failures.
    void report_error(std::string_view text);

    // The text to write, UTF-8; the adapter forgets it. pending_output_bytes() is its size.
    std::string take_output();
    [[nodiscard]] std::size_t pending_output_bytes() const { return output_.size(); }

    // Adds bytes from the client.
    void receive(BytesView bytes);
    // The same without a copy: where up to `count` bytes may be written, and how many there are.
    std::uint8_t* room(std::size_t count) { return lines_.room(count); }
    void commit(std::size_t count);
    // The client's output has ended. A last line without its end still counts if it is whole.
    void receive_end();

    // The next event, or nothing when more bytes are needed. Errors: those of ElementReader and
    // LineReader, SignalForSession, CommandExists, TooManyCommands. Offsets count from the start of
    // the stream.
    Result<std::optional<ServerTransportEvent>> next_event();

    // Forgets the error and the rest of the line that caused it. LineTooLong cannot be skipped.
    void skip_faulty_line();

    // The start of the line that was faulty, for a log; empty where none was.
    [[nodiscard]] const std::string& offending_line() const { return offending_line_; }
    // Received bytes not yet turned into events: a reader of the stream waits while this is high.
    [[nodiscard]] std::size_t buffered_bytes() const;

private:
    Result<std::optional<ServerTransportEvent>> next_from_line();
    Result<std::optional<ServerTransportEvent>> on_element(Element element);
    Result<void> admit_command(const Guid& pipeline);
    tl::unexpected<clixml::Error> broken(clixml::Error error);

    OutOfProcServerLimits limits_;
    LineReader lines_;
    std::set<Guid> commands_;
    std::string output_;
    std::vector<char>
        line_; // the line being read; ElementReader borrows from it, also after a move
    std::uint64_t line_offset_ = 0;
    std::optional<ElementReader> elements_;
    std::string offending_line_;
    std::optional<clixml::Error> error_;
    bool has_ended_ = false;
    bool end_reported_ = false;
};

} // namespace psrp
