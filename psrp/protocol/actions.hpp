// What the machines ask of a transport. The machines do no I/O: a transport performs these actions
// and reports what came of them (fact sheets psrp 1 and transports A2, B5-B11).
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/guid.hpp>

#include <cstdint>
#include <variant>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Guid;

// The two outgoing priorities of a client's channel; servers send on Default only (psrp 1).
enum class Stream : std::uint8_t { Default, PromptResponse };

// A channel is named by the pipeline's identifier; the zero Guid is the session's own channel
// (transports A1).
inline constexpr Guid session_channel{};

// Client: start the session. Data for the session channel follows as Send actions.
struct OpenSession {};

// Client: create the command channel `pipeline`. The transport reports command_opened() when the
// server has it; no Send for the channel is handed out before that, unless the server has said that
// it takes packets in order (in_order_entry).
struct OpenCommand {
    Guid pipeline;
};

// Client and server: send these bytes on the channel, in order. On the client at most one Send a
// channel is outstanding: the transport reports data_sent() before the next one is handed out.
struct Send {
    Guid channel;
    Stream stream = Stream::Default;
    Bytes bytes;
};

// Client: stop the pipeline. May be handed out before the channel has been opened.
struct SignalCommand {
    Guid pipeline;
};

// Client: close the command channel.
struct CloseCommand {
    Guid pipeline;
};

// Client: close the session.
struct CloseSession {};

// Client: let the session go on without a connection; the server keeps it. The transport reports
// disconnected() or disconnect_failed(). Transports that cannot refuse the action (psrp 12).
struct Disconnect {};

// Client: take up the session (the zero Guid) or a command again. The transport reports
// reconnected() or, for the session, reconnect_failed().
struct Reconnect {
    Guid channel;
};

// Client: attach to a session (the zero Guid) that another client has left, with these bytes as the
// request (connectXml), or to one of its commands, without any. What the server answers to the
// former goes to receive(); a command is reported as command_opened().
struct Connect {
    Guid channel;
    Bytes request;
};

using ClientAction = std::variant<
    OpenSession,
    OpenCommand,
    Send,
    SignalCommand,
    CloseCommand,
    CloseSession,
    Disconnect,
    Reconnect,
    Connect>;

// Server: the Data received last on `channel` has been consumed.
struct AcknowledgeData {
    Guid channel;
};

// Server: the command channel exists.
struct AcknowledgeCommand {
    Guid pipeline;
};

// Server: the stop that was asked for has been carried out.
struct AcknowledgeSignal {
    Guid pipeline;
};

// Server: the channel (the session's for the zero Guid) is closed.
struct AcknowledgeClose {
    Guid channel;
};

using ServerAction =
    std::variant<Send, AcknowledgeData, AcknowledgeCommand, AcknowledgeSignal, AcknowledgeClose>;

} // namespace psrp
