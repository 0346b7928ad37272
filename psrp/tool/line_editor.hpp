// LineEditor: lines typed at a terminal, with editing, history and completion (libedit).
#pragma once

#include <psrp/transport/event_loop.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::tool {

// What stands at the cursor and could stand there instead. Offsets are in bytes of the text that
// was asked about.
struct LineCompletion {
    std::size_t start = 0;
    std::size_t length = 0;
    std::vector<std::string> texts;
};

class LineEditor {
public:
    enum class Outcome {
        Line,        // a line, without its end
        Interrupted, // Ctrl-C: the line is given up
        End,         // Ctrl-D, the end of the input, or the session is over
    };
    struct Behaviour {
        // Where lines are kept from one session to the next; empty: nowhere.
        std::string history_path;
        // What can stand at `cursor` in the line.
        std::function<LineCompletion(std::string_view line, std::size_t cursor)> complete;
        // Called whenever something has happened while a key is waited for; false ends the line.
        std::function<bool()> on_turn;
        // How often Ctrl-C was pressed so far.
        std::function<int()> interrupts;
    };

    // `loop` is borrowed. One object at a time in a process. Standard input is a terminal.
    LineEditor(EventLoop& loop, Behaviour behaviour);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    // The terminal is as before when this returns.
    Outcome read(const std::string& prompt, std::string& line);
    // Remembers a text, which may have several lines, and writes the file of them.
    void remember(const std::string& text);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// The file of lines typed so far: $XDG_STATE_HOME/psrp/history, its folder made and private. Empty
// where there can be none.
std::string history_file_path();

} // namespace psrp::tool
