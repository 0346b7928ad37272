// A part of a program that goes on behind it.
#pragma once

#include <functional>

namespace icm {

// Whether the part that goes on keeps standard input.
enum class KeepsInput { No, Yes };

// The way out of the foreground, for the part that goes on.
class Foreground {
public:
    explicit Foreground(int report) : report_(report) {}

    // Ends the part in front with exit code 0. From here on there is no terminal, no working folder
    // and nothing to print to. Once.
    void leave(KeepsInput input = KeepsInput::No);

private:
    int report_;
};

// Runs `work` in a process of its own, on the same terminal until it leaves the foreground, and
// waits for that or its end. Gives the exit code for this process: 0, or what `work` returned
// where it never left. In the other process this does not return.
int run_behind(const std::function<int(Foreground&)>& work);

} // namespace icm
