// `psrp test`: the way to a computer's shell over WinRM, step by step, and what to do about the
// step that fails.
#pragma once

#include <psrp/icm/options.hpp>
#include <psrp/icm/remedies.hpp>

#include <string>
#include <vector>

namespace icm {

struct StepResult {
    TestStep step = TestStep::Name;
    enum class State { Passed, Failed, NotNeeded } state = State::Passed;
    std::string text;   // what was found, or what went wrong
    std::string remedy; // for Failed
};

// Does what is asked and prints it. Gives the exit code: 0 where every step of every target passed,
// else 3; 1 where the shell is there and computes wrong.
int run_test(const TestCommand& command);

} // namespace icm
