// A program at a terminal of its own, with somebody who reads and types.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tests {

class TerminalProgram {
public:
    using Environment = std::vector<std::pair<std::string, std::string>>;

    // Starts `arguments`, the program's path first, with `environment` set beside what is
    // inherited, on a terminal of `columns`.
    explicit TerminalProgram(
        const std::vector<std::string>& arguments,
        const Environment& environment = {},
        unsigned short columns = 100
    );
    ~TerminalProgram();
    TerminalProgram(const TerminalProgram&) = delete;
    TerminalProgram& operator=(const TerminalProgram&) = delete;

    // Reads until `text` is there, and forgets what is in front of it and itself. False, with what
    // is on the screen in seen(), where the program ends before or the time for a test is over.
    bool wait_for(std::string_view text);
    void type(std::string_view text);
    void resize(unsigned short columns);
    // All that was written so far.
    [[nodiscard]] const std::string& written() const { return written_; }
    // What has been read and not been waited for, and what was in front of the last text.
    [[nodiscard]] const std::string& seen() const { return seen_; }
    // Whether what is typed is shown: so it is where nobody has changed the terminal.
    [[nodiscard]] bool echoes() const;
    [[nodiscard]] pid_t id() const { return id_; }
    // Waits for the end; 128 + signal where a signal ended it.
    int wait();

private:
    bool read_more();

    int terminal_ = -1;  // our end
    int other_end_ = -1; // held open, so that the terminal outlives the program
    pid_t id_ = -1;
    std::string written_;
    std::size_t answered_ = 0; // of written_: up to where questions of the terminal are answered
    std::string unread_;
    std::string seen_;
    bool has_ended_ = false;
    int exit_code_ = -1;
};

} // namespace tests
