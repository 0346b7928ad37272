// FanOut: runs scripts on one or several targets, a limited number at once, and hands what comes
// back to a sink (fact sheet psrp 14.7, 15).
#pragma once

#include <psrp/client/host_responder.hpp>
#include <psrp/client/input_queue.hpp>
#include <psrp/client/session.hpp>
#include <psrp/protocol/events.hpp>
#include <psrp/protocol/identifiers.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/event_loop.hpp>
#include <psrp/transport/transport.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// Where something came from.
struct Origin {
    std::string computer_name;
    Guid runspace_id;
    bool is_remote = false;
};

// Gets what the targets write, as it arrives. Views and values live as long as the call, values of
// output as long as `memory` is kept.
class ResultSink {
public:
    virtual ~ResultSink() = default;
    // Output of a remote target carries its origin notes already.
    virtual void on_output(const Origin& origin, const Memory& memory, Value value) = 0;
    virtual void on_error(const Origin& origin, const ErrorRecord& record) = 0;
    virtual void on_informational(const Origin& origin, const InformationalRecord& record) = 0;
    virtual void on_information(const Origin& origin, const InformationRecord& record) = 0;
    virtual void on_progress(const Origin& origin, const ProgressUpdate& record) = 0;
    // A line that the way to the target wrote (ssh's banner or warning).
    virtual void on_connection_line(const Origin& origin, std::string_view line) = 0;
    // The target could not be reached, or was lost.
    virtual void on_connection_failure(const Origin& origin, std::string_view reason) = 0;
    // The session goes on at the server without us.
    virtual void on_session_left(const Origin& origin) { (void)origin; }
    // The server or this side broke a rule and the pipeline ended by it.
    virtual void on_pipeline_failure(const Origin& origin, std::string_view reason) = 0;
};

// A failure to connect, in words for people.
struct ConnectFailure {
    clixml::Error error;
    std::string reason;
};
using Connected = tl::expected<std::unique_ptr<Transport>, ConnectFailure>;

// One target and the way to it.
struct Target {
    std::string name;
    bool is_remote = false;
    // The runspace pool's identifier, where the way to it has to know; none: a fresh one.
    std::optional<Guid> runspace_pool_id = {};
    // Takes up the session of this identifier, which another client has left, instead of opening
    // one, and then these of its pipelines.
    bool takes_up_session = false;
    std::vector<Guid> pipelines = {};
    // Starts the connection. The function given takes lines that are not the server's.
    std::function<Connected(std::function<void(std::string_view)>)> connect;
};

// What becomes of a session.
enum class SessionFate {
    Closed,      // when its scripts have ended
    LeftRunning, // left to the server as soon as its script runs there
    LeftIdle,    // left to the server when its scripts have ended
};

// What is run on every target, in one session each.
struct FanOutOptions {
    std::vector<std::string> scripts;
    std::vector<Value> arguments; // of every script
    bool has_input = false;       // the first script takes the input queue's items
    bool shows_computer_name = true;
    std::size_t throttle_limit = 32; // targets at once, at least 1 (psrp 15.3)
    std::optional<std::chrono::milliseconds> open_timeout;
    Limits limits = Limits::client();
    HostInfo host_info = {};
    const clixml::LocalZone* zone = nullptr; // borrowed
    SessionFate fate = SessionFate::Closed;
};

// What came of it, all targets together.
struct FanOutOutcome {
    bool had_errors = false;
    bool had_connection_failures = false;
    bool was_interrupted = false;
    std::optional<int> exit_code; // what a script asked for with `exit`
};

// Runs once. Everything borrowed must outlive it.
class FanOut {
public:
    FanOut(
        EventLoop& loop,
        IdSource& ids,
        std::vector<Target> targets,
        FanOutOptions options,
        InputQueue& input,
        HostConsole& console,
        ResultSink& sink
    );
    ~FanOut();

    // Runs everything to its end. `interrupts` gives how often the user asked to stop so far: once
    // stops the pipelines, twice closes the sessions, three times ends the connections. `on_turn`
    // is called before each wait for something to happen.
    FanOutOutcome run(const std::function<int()>& interrupts, const std::function<void()>& on_turn);

private:
    class TargetRun;

    void start_waiting();
    void remove_ended();
    void obey_interrupts(int count);

    EventLoop& loop_;
    IdSource& ids_;
    FanOutOptions options_;
    InputQueue& input_;
    ResultSink& sink_;
    HostResponder responder_;
    std::deque<std::unique_ptr<TargetRun>> waiting_;
    std::vector<std::unique_ptr<TargetRun>> running_;
    int interrupts_obeyed_ = 0;
    FanOutOutcome outcome_;
};

} // namespace psrp
