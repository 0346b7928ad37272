// What the machines tell their owner, one struct an event. Events own what they carry: `memory`
// keeps every view and value in the struct alive, and may be kept by whoever keeps the event's
// parts. Small events share one: allocate in it only where the machine is driven.
#pragma once

#include <psrp/protocol/actions.hpp>
#include <psrp/protocol/host_call.hpp>
#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/protocol/messages/pool_control.hpp>
#include <psrp/protocol/records.hpp>

#include <memory>
#include <optional>
#include <variant>

namespace psrp {

using Memory = std::shared_ptr<Arena>;

// Client events
// -------------------------------------------------------------------------------------------------

// The pool is open; pipelines may be started.
struct PoolOpened {};

// The server's APPLICATION_PRIVATE_DATA: the only place that tells its true version.
struct PrivateDataReceived {
    Memory memory;
    Value application_private_data;
};

// The pool is disconnected: the server keeps it and its pipelines for reconnect(), or for another
// client's connect().
struct PoolDisconnected {};

// The transport would not disconnect; the pool is Opened as before.
struct DisconnectFailed {
    clixml::Error error;
};

// The pool is Opened again; its pipelines follow by themselves.
struct PoolReconnected {};

// What the server said to one of the pool's requests.
struct RunspaceCallAnswered {
    std::int64_t call_id = 0;
    RunspaceCall call = RunspaceCall::SetMax;
    bool is_done = false;             // set and reset: whether it was done
    std::int64_t available_count = 0; // GetAvailable
};

// The pool is closed, by us or by the server's wish. Nothing follows.
struct PoolClosed {};

// The pool is broken: peer, transport or server failure. `error_record` is the server's own where
// it sent one.
struct PoolBroken {
    clixml::Error error;
    std::string reason; // for people; may hold words of the peer
    Memory memory;
    std::optional<ErrorRecord> error_record;
};

// One object of the pipeline's output; null is a null object. Read as PowerShell deserializes.
struct OutputReceived {
    Guid pipeline;
    Memory memory;
    Value value;
};

struct ErrorReceived {
    Guid pipeline;
    Memory memory;
    ErrorRecord record;
};

struct InformationalReceived {
    Guid pipeline;
    Memory memory;
    InformationalRecord record;
};

struct ProgressReceived {
    Guid pipeline;
    Memory memory;
    ProgressUpdate record;
};

struct InformationReceived {
    Guid pipeline;
    Memory memory;
    InformationRecord record;
};

// The server calls a method of our host. Where call.expects_response() the owner must answer with
// respond().
struct HostCallReceived {
    Guid pipeline; // zero: the pool's host
    Memory memory;
    HostCall call;
};

// An event of the server's: forwarded engine events, the debugger's stops (psrp 6.15, 13). May be
// ignored.
struct UserEventReceived {
    Memory memory;
    UserEvent user_event;
};

// The pipeline has ended: Completed, Failed or Stopped. The last event of this pipeline.
struct PipelineFinished {
    Guid pipeline;
    PipelineState state = PipelineState::Completed;
    Memory memory;
    std::optional<ErrorRecord> error_record;
    clixml::Error error; // set where the failure is ours or the transport's, not the script's
};

using ClientEvent = std::variant<
    PoolOpened,
    PoolDisconnected,
    DisconnectFailed,
    PoolReconnected,
    RunspaceCallAnswered,
    PrivateDataReceived,
    PoolClosed,
    PoolBroken,
    OutputReceived,
    ErrorReceived,
    InformationalReceived,
    ProgressReceived,
    InformationReceived,
    HostCallReceived,
    UserEventReceived,
    PipelineFinished>;

// Server events
// -------------------------------------------------------------------------------------------------

// A client has negotiated and asks for a pool. The owner answers with accept_pool() or
// refuse_pool().
struct PoolRequested {
    Memory memory;
    Guid runspace_pool_id;
    InitRunspacePool request;
};

// A pipeline is to be run. Input follows as events unless request.no_input. The owner ends it with
// finish().
struct PipelineRequested {
    Guid pipeline;
    Memory memory;
    CreatePipeline request;
};

// A pipeline that lists commands (psrp 6.8). The owner answers with output objects, the count
// first, and finish().
struct CommandMetadataRequested {
    Guid pipeline;
    Memory memory;
    GetCommandMetadata request;
};

// The client was told that the runspace is as new: the owner forgets variables and history before
// it runs anything else. Only with one runspace and while nothing runs (psrp 6.5).
struct RunspaceResetRequested {};

struct InputReceived {
    Guid pipeline;
    Memory memory;
    Value value; // null is a null object
};

struct InputEnded {
    Guid pipeline;
};

// The client wants the pipeline stopped, or is gone. The owner stops it and calls finish(pipeline,
// Stopped, ...).
struct StopRequested {
    Guid pipeline;
};

struct HostResponseReceived {
    Guid pipeline; // zero: the pool's host
    Memory memory;
    HostResponse response;
};

// The session is over: closed by the client, lost, or ended by an error (which is set then). Comes
// once every running pipeline has been finished; on input_ended() also for a session that never
// began.
struct SessionEnded {
    clixml::Error error;
};

using ServerEvent = std::variant<
    PoolRequested,
    PipelineRequested,
    CommandMetadataRequested,
    RunspaceResetRequested,
    InputReceived,
    InputEnded,
    StopRequested,
    HostResponseReceived,
    SessionEnded>;

} // namespace psrp
