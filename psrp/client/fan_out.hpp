// FanOut: runs scripts on one or several targets, a limited number at once, and hands what comes
// back to a sink (fact sheets psrp 14.7, 15; invoke-command, "Behaviour that people rely on").
#pragma once

#include <psrp/client/host_responder.hpp>
#include <psrp/client/input_queue.hpp>
#include <psrp/client/session.hpp>
#include <psrp/client/using_variables.hpp>
#include <psrp/protocol/events.hpp>
#include <psrp/protocol/identifiers.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/event_loop.hpp>
#include <psrp/transport/transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
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

// How far the targets are.
struct FanOutCounts {
    std::size_t all = 0;
    std::size_t done = 0;   // ended, the failed ones among them
    std::size_t failed = 0; // ended otherwise than Completed or Disconnected
    std::size_t running = 0;
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
    // The target had no more time.
    virtual void on_timeout(const Origin& origin, std::string_view reason)
    {
        on_connection_failure(origin, reason);
    }
    // A target has begun or ended.
    virtual void on_counts(const FanOutCounts& counts) { (void)counts; }
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
    // How $using: values travel to it.
    UsingForm using_form = UsingForm::ByKey;
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
    Value application_arguments = {};        // PSPrimitiveDictionary or null, for $PSSenderInfo
    const clixml::LocalZone* zone = nullptr; // borrowed
    SessionFate fate = SessionFate::Closed;
    // Run before the scripts, in their session; they take no input and no arguments.
    std::vector<std::string> setup_scripts = {};
    VariableSource variables = nullptr; // of $using:
    // Time for one attempt at a target, from its start on, and for everything together.
    std::optional<std::chrono::milliseconds> target_timeout = {};
    std::optional<std::chrono::milliseconds> run_timeout = {};
    // A target is tried again, so many times, where it was lost or not reached before it wrote
    // anything or took any input; the first time after this delay, then twice as long each time.
    std::size_t retries_max = 0;
    std::chrono::milliseconds retry_delay{1000};
    // A target that ends by a failure, or an error that any target writes, ends the run: nothing
    // else is started, what runs is stopped.
    bool stops_at_failures = false;
    bool stops_at_errors = false;
};

// The longest wait before a target is tried again.
inline constexpr std::chrono::milliseconds retry_delay_max{60'000};

// How a target ended.
enum class TargetState : std::uint8_t {
    NotStarted,
    Running,
    Completed,    // its scripts ended, with or without errors
    Failed,       // a script ended by an error
    Broken,       // not reached, or lost
    TimedOut,     // given up
    Stopped,      // by the user, or because of another target
    Disconnected, // left to the server
};

// What became of one target.
struct TargetReport {
    std::string name;
    TargetState state = TargetState::NotStarted;
    std::uint64_t object_count = 0;
    std::uint64_t error_count = 0;
    std::size_t attempt_count = 0;
    std::chrono::milliseconds time{0}; // of the last attempt
};

// What came of it, all targets together.
struct FanOutOutcome {
    bool had_errors = false;
    bool had_connection_failures = false;
    bool was_interrupted = false;
    bool was_cut_short = false;        // by stops_at_failures or stops_at_errors
    std::optional<int> exit_code;      // what a script asked for with `exit`
    std::vector<TargetReport> targets; // in their order
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
    void obey_failures();
    void end_by_run_timeout();
    void tell_counts();
    void try_later(std::unique_ptr<TargetRun> target);

    EventLoop& loop_;
    IdSource& ids_;
    FanOutOptions options_;
    InputQueue& input_;
    ResultSink& sink_;
    HostResponder responder_;
    std::deque<std::unique_ptr<TargetRun>> waiting_;
    std::vector<std::unique_ptr<TargetRun>> running_;
    std::vector<std::unique_ptr<TargetRun>> delayed_; // to be tried again
    std::vector<EventLoop::TimerId> timers_;
    int interrupts_obeyed_ = 0;
    bool must_cut_short_ = false;
    FanOutCounts counts_;
    FanOutOutcome outcome_;
};

} // namespace psrp
