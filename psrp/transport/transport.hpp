// The client's way to a server as a session sees it: actions go in, events come out, a loop polls
// it in between (fact sheet transports A).
#pragma once

#include <clixml/result.hpp>
#include <psrp/protocol/actions.hpp>
#include <psrp/transport/poll_source.hpp>
#include <psrp/transport/wire_tap.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace psrp {

using clixml::Result;

// Bytes of a channel arrived, in order; hand them to the pool.
struct DataReceived {
    Guid channel;
    Bytes bytes;
};

// The oldest Send outstanding on the channel has been taken by the server; another may follow.
struct DataAcknowledged {
    Guid channel;
};

// The command channel exists at the server; its Sends may start.
struct CommandOpened {
    Guid pipeline;
};

// The stop has been carried out, or the server ended the pipeline by an acknowledgement that nobody
// asked for.
struct SignalAcknowledged {
    Guid pipeline;
};

// The channel is closed; the zero Guid means the session.
struct ChannelClosed {
    Guid channel;
};

// The server process reported an error of its own. Nothing good follows on this connection.
struct PeerReportedError {
    std::string text; // as the server wrote it, one line
};

// The connection has ended after its session was closed. An end at any other time is an error.
struct ConnectionEnded {};

// The command's channel could not be opened or was lost, while the session goes on.
struct CommandLost {
    Guid pipeline;
    clixml::Error error;
    std::string reason;   // for people
    std::string error_id; // PowerShell's name for it
};

// Transports that keep sessions (fact sheet transports B11): the server keeps the session without
// us, as asked or by itself.
struct SessionLeft {};

// The server would not let go of the session; it goes on as before.
struct SessionNotLeft {
    clixml::Error error;
};

// The session (the zero Guid) or the command is ours again.
struct ChannelTakenUp {
    Guid channel;
};

// The session is not given to us.
struct SessionNotTakenUp {
    clixml::Error error;
    std::string reason; // for people
};

using TransportEvent = std::variant<
    DataReceived,
    DataAcknowledged,
    CommandOpened,
    SignalAcknowledged,
    ChannelClosed,
    PeerReportedError,
    ConnectionEnded,
    CommandLost,
    SessionLeft,
    SessionNotLeft,
    ChannelTakenUp,
    SessionNotTakenUp>;

// One connection to one server. Not copyable; destroying it ends whatever it started, at once.
class Transport : public PollSource {
public:
    // Takes an action of the client's pool. Nothing is written before flush(), or before the loop
    // says it can be. Errors leave the transport as it was: OutputFull, ActionNotAllowed, or those
    // of an implementation.
    virtual Result<void> perform(const ClientAction& action) = 0;

    // Writes what perform() has taken, as far as that goes without waiting. Saves a turn of the
    // loop; nothing is lost without it.
    virtual void flush() {}

    // Lets `tap` see all that passes from now on; without effect where there is no wire.
    virtual void set_tap(std::shared_ptr<WireTap> tap) { (void)tap; }

    // The next event, or nothing until the loop has run again. Everything that arrived before a
    // failure is handed out first; then the error is returned, the same one each time.
    virtual Result<std::optional<TransportEvent>> next_event() = 0;

    // Lets go of the connection in good manners, after ChannelClosed for the session or when it no
    // longer matters: the peer sees the end of its input and is made to end if it does not. Keep
    // polling until is_finished().
    virtual void close() = 0;

    // Ends the connection at once and releases everything. next_event() has at most an error after
    // this.
    virtual void kill() = 0;

    // Where the transport is trying to get through a network that is gone: gives that up, and
    // SessionLeft follows. False where it does not try, and nothing has changed.
    virtual bool give_up_network() { return false; }

    // True once nothing is left to poll for.
    [[nodiscard]] virtual bool is_finished() const = 0;

    // One or more sentences for the user about the failure that next_event() returned; empty
    // without one. May quote what the peer or its programs wrote, so it is for display only.
    [[nodiscard]] virtual std::string failure_text() const = 0;

    // Bytes taken by perform() and not yet written: a producer waits while this is high.
    [[nodiscard]] virtual std::size_t pending_output_bytes() const = 0;

    // The most bytes a Send should carry: one fragment, as PowerShell's own client has it. A
    // transport whose peers take more of them at once says more.
    [[nodiscard]] virtual std::size_t send_bytes_max() const { return 32768; }

    // The most Sends of a channel that may be outstanding to a server that takes packets in order.
    [[nodiscard]] virtual std::size_t sends_outstanding_max() const { return 1; }
};

} // namespace psrp
