// The end of a run in words: what became of each target.
#pragma once

#include <psrp/client/fan_out.hpp>

#include <span>
#include <string>
#include <string_view>

namespace icm {

// "Completed", "TimedOut".
std::string_view state_name(psrp::TargetState state);

// A table: target, state, objects, errors, attempts and seconds; lines with line feeds.
std::string summary_table(std::span<const psrp::TargetReport> targets);
// One line of JSON a target.
std::string summary_json(std::span<const psrp::TargetReport> targets);

// After Ctrl-C: "2 of 5 targets have finished: a, b". Long lists are cut.
std::string finished_line(std::span<const psrp::TargetReport> targets);

} // namespace icm
