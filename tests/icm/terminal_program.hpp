// A program at a terminal of its own, as a person uses it.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tests {

// Destroying it kills and reaps the program.
class TerminalProgram {
public:
    // Starts `arguments`, the program's path first, with `environment` set beside what is
    // inherited. The terminal has 100 columns and 30 rows.
    explicit TerminalProgram(
        const std::vector<std::string>& arguments,
        const std::vector<std::pair<std::string, std::string>>& environment = {}
    );
    ~TerminalProgram();
    TerminalProgram(const TerminalProgram&) = delete;
    TerminalProgram& operator=(const TerminalProgram&) = delete;

    void type(std::string_view keys);
    // Waits until `text` has been written since the last call; false where the program has ended
    // before. The test's limit of time is the only one.
    bool wait_for(std::string_view text);
    // All that was written so far.
    [[nodiscard]] const std::string& written() const { return written_; }
    // Waits for its end and takes the rest; 128 + signal where a signal ended it.
    int wait();

private:
    bool read();

    pid_t id_ = -1;
    int terminal_ = -1;
    std::string written_;
    std::size_t seen_ = 0;
    std::size_t answered_ = 0;
};

} // namespace tests
