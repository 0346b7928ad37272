// Session: a ClientPool and its Transport, driven by an event loop. Everything happens in callbacks
// of one thread; nothing here waits. Fact sheet psrp 8.1, 17; transports A3.
#pragma once

#include <clixml/date_time.hpp>
#include <psrp/protocol/client_pool.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/event_loop.hpp>
#include <psrp/transport/transport.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace psrp {

// How a session is opened and how long it waits. No value means for ever.
struct SessionOptions {
    Guid runspace_pool_id; // fresh, not zero
    HostInfo host_info = {};
    Value application_arguments = {}; // PSPrimitiveDictionary or null; copied
    Limits limits = Limits::client();
    const clixml::LocalZone* zone = nullptr; // borrowed; null is UTC
    std::optional<std::chrono::milliseconds> open_timeout;
    // PowerShell's own: after a stop, and after a close, 60 s each (psrp 18).
    std::optional<std::chrono::milliseconds> stop_timeout{60'000};
    std::optional<std::chrono::milliseconds> close_timeout{60'000};
    // For the session key of a server up to 2.3 (psrp 8.1, 18).
    std::optional<std::chrono::milliseconds> key_timeout{180'000};
    // Where our keys come from; null is system_keys(). Borrowed.
    KeySource* keys = nullptr;
    // Bytes that may wait in the transport before input has to wait.
    std::size_t pending_output_bytes_max = std::size_t{1} << 20;
};

// How a session ended.
struct SessionEnd {
    clixml::Error error; // no code: closed as asked
    std::string reason;  // for people; may hold words of the peer
    bool was_opened = false;
};

class Session;

// Who wants to know what happens in a session. Calls come from within Session::pump() only, and may
// call any member of the session but its destructor.
class SessionListener {
public:
    virtual ~SessionListener() = default;
    // Pipelines may be started.
    virtual void on_opened(Session& session) = 0;
    // Output, records, host calls and ends of pipelines; PoolOpened, PoolClosed and PoolBroken do
    // not come here.
    virtual void on_event(Session& session, ClientEvent& event) = 0;
    // More input can be taken after write_input() said WouldBlock, or for the first time.
    virtual void on_input_wanted(Session& session) = 0;
    // The last call: the connection is gone and nothing is left to poll.
    virtual void on_ended(Session& session, const SessionEnd& end) = 0;
};

// One session. Not copyable. Destroying it ends the connection at once; the child of a transport
// that has one is gone then.
class Session {
public:
    // `loop` and `listener` are borrowed and must outlive the session.
    Session(
        EventLoop& loop,
        std::unique_ptr<Transport> transport,
        const SessionOptions& options,
        SessionListener& listener
    );
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Starts opening; on_opened() or on_ended() follows. Once.
    Result<void> open();
    // Instead of open(): takes up the session of this runspace pool that another client has left.
    // on_opened() or on_ended() follows. Once.
    Result<void> connect();
    // Takes up one of its pipelines: its output follows.
    Result<void> connect_pipeline(const Guid& pipeline);
    // As ClientPool's.
    [[nodiscard]] bool is_sending(const Guid& pipeline) const { return pool_.is_sending(pipeline); }
    // Leaves the session to the server; PoolDisconnected comes to on_event(), then on_ended(), or
    // DisconnectFailed and the session goes on.
    Result<void> disconnect();
    // As ClientPool's functions of these names.
    Result<void> start_pipeline(const Guid& pipeline, const CreatePipeline& request);
    Result<void> write_input(const Guid& pipeline, Value value);
    Result<void> end_input(const Guid& pipeline);
    Result<void> respond(const Guid& pipeline, const HostResponse& response);
    // As ClientPool's; its RunspaceCallAnswered comes to on_event().
    Result<std::int64_t> reset_runspace_state();
    // Asks the server to stop the pipeline; its PipelineFinished follows, or, after stop_timeout,
    // the end of the session.
    Result<void> stop(const Guid& pipeline);
    // Where the session's network is gone and waited for: leaves the session to the server, as
    // disconnect() does, without waiting any longer. False where it is not.
    bool leave_lost();
    // Closes in good manners; on_ended() follows. Harmless when it is closing or has ended.
    void close();
    // Lets go of the connection without asking the server, but leaves its programs the time to end
    // in good manners; on_ended() follows.
    void abandon();
    // Ends the connection at once; on_ended() follows from the next pump().
    void kill();

    // Moves what has arrived to the listener and what waits to the transport. To be called after
    // every EventLoop::run_once(). Gives true if there was anything to do.
    bool pump();

    [[nodiscard]] bool is_open() const;
    [[nodiscard]] bool has_ended() const { return has_ended_; }
    [[nodiscard]] const Guid& runspace_pool_id() const { return pool_.runspace_pool_id(); }
    // What the server said of itself; empty before it did, and where it says nothing.
    [[nodiscard]] std::optional<clixml::Version> server_protocol_version() const
    {
        return pool_.server_protocol_version();
    }

private:
    enum class Phase { New, Opening, Open, Closing, Ending, Ended };

    bool take_transport_events();
    void on_transport_failure(clixml::Error error);
    void on_transport_event(TransportEvent& event);
    bool take_pool_events();
    void on_pool_event(ClientEvent& event);
    bool perform_actions();
    void offer_input();
    void end_connection(clixml::Error error, std::string reason);
    void fail(clixml::Error error, std::string reason);
    void arm_timer(std::optional<std::chrono::milliseconds> delay, clixml::Error error);
    void disarm_timer();
    void watch_key();
    void check_end();

    EventLoop& loop_;
    std::unique_ptr<Transport> transport_;
    SessionOptions options_;
    SessionListener& listener_;
    ClientPool pool_;
    Phase phase_ = Phase::New;
    bool was_opened_ = false;
    bool has_ended_ = false;
    bool close_was_asked_ = false;
    SessionEnd end_;
    std::optional<EventLoop::TimerId> timer_;
    std::optional<EventLoop::TimerId> key_timer_; // while a session key is waited for
};

} // namespace psrp
