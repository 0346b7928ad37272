// The client's half of the out-of-process framing: actions -> text, text -> events (fact sheet
// transports A3, A4, A6). Sans-IO; the transports put it on a byte stream.
#pragma once

#include <psrp/transport/outofproc_framing.hpp>
#include <psrp/transport/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace psrp {

// What an OutOfProcClient holds at most.
struct OutOfProcClientLimits {
    LineLimits lines = {};
    // Bytes of text that perform() may leave unwritten. With few Sends a channel outstanding this
    // is never met.
    std::size_t output_bytes_max = std::size_t{64} << 20;
    // Bytes of an offending line that are kept for the user.
    std::size_t offending_line_bytes_max = 1024;
};

// Feed it with receive(), ask next_event() until it has nothing, write what take_output() gives.
// Acknowledgements and data of channels it does not know are ignored, as the reference does. After
// an error it is broken and only repeats the error.
class OutOfProcClient {
public:
    explicit OutOfProcClient(OutOfProcClientLimits limits = {});
    OutOfProcClient(OutOfProcClient&&) noexcept = default;
    OutOfProcClient& operator=(OutOfProcClient&&) noexcept = default;

    // Appends the action's line to the output. OpenSession has none: the first Data opens the
    // session. Errors, which change nothing: OutputFull; ActionNotAllowed for an unknown or already
    // opened command.
    Result<void> perform(const ClientAction& action);

    // The text to write, UTF-8; the adapter forgets it. pending_output_bytes() is its size.
    std::string take_output();
    [[nodiscard]] std::size_t pending_output_bytes() const { return output_.size(); }

    // Adds bytes from the server.
    void receive(BytesView bytes);
    // The same without a copy: where up to `count` bytes may be written, and how many there are.
    std::uint8_t* room(std::size_t count) { return lines_.room(count); }
    void commit(std::size_t count);
    // The server's output has ended. A last line without its end still counts if it is whole.
    void receive_end();

    // The next event, or nothing when more bytes are needed. An end of input after the session was
    // closed is ConnectionEnded, an earlier one the error StreamEnded. Offsets of errors count from
    // the start of the stream.
    Result<std::optional<TransportEvent>> next_event();

    // The start of the line that broke the connection, for people; empty where none did.
    [[nodiscard]] const std::string& offending_line() const { return offending_line_; }
    // Received bytes not yet turned into events: a reader of the stream waits while this is high.
    [[nodiscard]] std::size_t buffered_bytes() const;
    // Sends of a channel that wait for their acknowledgement; none of one it does not know.
    [[nodiscard]] std::size_t outstanding(const Guid& channel) const;
    // True once the session has been closed, by whichever side.
    [[nodiscard]] bool is_session_closed() const { return session_closed_; }
    // True once a whole line that is no error line has come: the server is there.
    [[nodiscard]] bool has_received_line() const { return has_received_line_; }

private:
    struct Channel {
        std::size_t outstanding = 0; // Sends without their DataAck
        bool is_closing = false;
    };

    Result<void> on_send(const Send& send);
    Result<std::optional<TransportEvent>> next_from_line();
    Result<std::optional<TransportEvent>> on_element(Element element);
    std::optional<TransportEvent> on_close_ack(const Guid& channel);
    tl::unexpected<clixml::Error> broken(clixml::Error error);
    void open_line(const Line& line);
    void note_line(std::string_view line);
    [[nodiscard]] Channel* find(const Guid& channel);

    OutOfProcClientLimits limits_;
    LineReader lines_;
    std::map<Guid, Channel> channels_; // the session's is the zero Guid
    std::string output_;
    std::vector<char>
        line_; // the line being read; ElementReader borrows from it, also after a move
    std::uint64_t line_offset_ = 0;
    std::optional<ElementReader> elements_;
    std::string offending_line_;
    std::optional<clixml::Error> error_;
    bool has_received_line_ = false;
    bool has_ended_ = false;
    bool session_closed_ = false;
    bool end_reported_ = false;
};

} // namespace psrp
