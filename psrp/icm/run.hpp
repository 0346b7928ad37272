// What icm does with a command line that has been understood.
#pragma once

#include <psrp/client/fan_out.hpp>
#include <psrp/icm/options.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace icm {

// Exit codes (see --help).
inline constexpr int exit_success = 0;
inline constexpr int exit_errors = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_connection = 3;
inline constexpr int exit_interrupted = 130;

// What is run: scripts, where, and as whom.
struct RunPlan {
    const Options& options;
    std::vector<std::string> scripts; // the texts, those of files among them
    std::shared_ptr<psrp::Identity> identity;
};

// Where what comes back goes, and where the user's wishes come from. All borrowed.
struct RunEnds {
    psrp::EventLoop& loop;
    psrp::ResultSink& sink;
    psrp::HostConsole& console;
    std::function<int()> interrupts; // as FanOut::run() has them
    std::function<void()> on_turn;
};

// Runs it to its end. Nothing where standard input is not what it should be, which has been said on
// standard error.
std::optional<psrp::FanOutOutcome> run_targets(const RunPlan& plan, const RunEnds& ends);

// Whether the scripts' input comes from there.
bool reads_standard_input(const Options& options);

int exit_code_of(const psrp::FanOutOutcome& outcome, bool output_is_whole);

// Runs the scripts on the targets and prints what comes back. Gives the exit code.
int run(const Options& options);

} // namespace icm
