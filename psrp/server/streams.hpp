// What a pipeline of the embedded endpoint reads and writes, and how it learns that it is to stop.
// The session implements it over the protocol, tests over vectors.
#pragma once

#include <clixml/result.hpp>
#include <psrp/protocol/events.hpp>
#include <psrp/protocol/host_call.hpp>
#include <psrp/protocol/records.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace psrp::server {

using clixml::Arena;
using clixml::Result;
using clixml::Value;

// A flag that another thread raises once and that a pipeline can sleep on. Thread-safe.
class StopSignal {
public:
    void request();
    // For the next pipeline.
    void reset();
    [[nodiscard]] bool requested() const { return requested_.load(std::memory_order_acquire); }
    // Waits for `duration` at most; whether a stop has been requested.
    bool wait_for(std::chrono::nanoseconds duration);

private:
    std::atomic<bool> requested_{false};
    std::mutex mutex_;
    std::condition_variable raised_;
};

// One object of a pipeline's input with what keeps it alive.
struct InputItem {
    Memory memory;
    Value value;
};

// What the client's host answered, with what keeps it alive.
struct HostReply {
    Memory memory;
    HostResponse response;
};

// The streams of one pipeline. All calls come from the pipeline's thread and may block; values are
// borrowed for the call. Errors: Errc::Stopped, Errc::StreamsClosed.
class PipelineStreams {
public:
    virtual ~PipelineStreams() = default;

    virtual Result<void> write_output(Value value) = 0;
    virtual Result<void> write_error(const ErrorRecord& record) = 0;
    virtual Result<void> write_informational(const InformationalRecord& record) = 0;
    virtual Result<void> write_progress(const ProgressUpdate& record) = 0;
    virtual Result<void> write_information(const InformationRecord& record) = 0;
    // Calls a method of the client's host that gives no answer. Only where has_host().
    virtual Result<void> call_host(const HostCall& call) = 0;
    // Calls one that does, and waits for the answer; the call id is given here. Only where
    // has_host().
    virtual Result<HostReply> ask_host(HostCall call) = 0;
    [[nodiscard]] virtual bool has_host() const = 0;
    // The next input object; nothing at the end of the input.
    virtual Result<std::optional<InputItem>> next_input() = 0;
    // Raised by any thread to stop the pipeline.
    virtual StopSignal& stop_signal() = 0;
};

// Where values go one by one. A value is borrowed for the call; who keeps it clones it.
class ValueSink {
public:
    virtual ~ValueSink() = default;
    virtual Result<void> take(Value value) = 0;
};

} // namespace psrp::server
