// The state of the terminal, as it was when icm was started.
#pragma once

namespace icm {

// Notes how the controlling terminal is set, and sets it so again when it goes, and when SIGTERM or
// SIGHUP ends the program: an ssh that is killed while it asks for a password leaves it silent. One
// at a time. Without a terminal nothing is done.
class TerminalKeeper {
public:
    TerminalKeeper();
    ~TerminalKeeper();
    TerminalKeeper(const TerminalKeeper&) = delete;
    TerminalKeeper& operator=(const TerminalKeeper&) = delete;
};

} // namespace icm
