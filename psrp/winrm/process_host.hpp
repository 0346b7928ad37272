// One process of the plain command shell, run by sh (fact sheet transports B1; MS-WSMV 2.2.4).
// POSIX.
#pragma once

#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/child_process.hpp>
#include <psrp/transport/poll_source.hpp>
#include <psrp/wsman/server_exchange.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace psrp {

// What a client's command shell gives its processes.
struct ProcessPlace {
    std::string directory; // empty: where the listener is
    std::vector<wsman::EnvironmentVariable> environment;
};

// Add it to a loop and pump() it after each turn.
class ProcessHost final : public PollSource {
public:
    // Starts it. Errors: those of ChildProcess::start().
    static Result<std::unique_ptr<ProcessHost>>
    start(const wsman::ProcessRequested& request, const ProcessPlace& place);

    void on_input(const wsman::ProcessInputReceived& input);
    void on_signal(wsman::ProcessSignal signal);

    // Moves output to the exchange, as long as that takes it, and tells the end.
    void pump(wsman::ServerExchange& exchange, wsman::Time now);
    // True once the end has been told, or nobody wants to hear of it.
    [[nodiscard]] bool is_finished() const { return is_finished_; }

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override { return check_at_; }
    void on_deadline(Clock::time_point now) override;

private:
    ProcessHost(const Guid& shell, const Guid& command) : shell_(shell), command_(command) {}

    Guid shell_;
    Guid command_;
    ChildProcess child_;
    OutputBuffer input_;
    bool input_ends_ = false;
    bool takes_input_ = false; // the last piece is not yet acknowledged
    std::string output_;
    std::string errors_;
    std::optional<ExitStatus> status_;
    bool is_finished_ = false;
    std::optional<Clock::time_point> check_at_;
};

} // namespace psrp
