// A program whose three standard streams are pipes to the test.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tests {

class PipedProcess {
public:
    // Starts `arguments`, the program's path first, with `environment` set beside what is
    // inherited.
    explicit PipedProcess(
        const std::vector<std::string>& arguments,
        const std::vector<std::pair<std::string, std::string>>& environment = {}
    );
    ~PipedProcess();
    PipedProcess(const PipedProcess&) = delete;
    PipedProcess& operator=(const PipedProcess&) = delete;

    // Writes to its standard input; what it does not take any more is lost.
    void write(std::string_view text);
    void close_input();
    // Waits up to `wait` for more of its output or errors and takes it. False where nothing came,
    // also because both have ended.
    bool read(std::chrono::milliseconds wait);
    // What it has written and has not been taken.
    std::string take_output() { return std::exchange(output_, {}); }
    [[nodiscard]] const std::string& errors() const { return errors_; }
    // Both of its streams have ended.
    [[nodiscard]] bool has_ended() const { return out_ < 0 && err_ < 0; }
    // Waits for its end; 128 + signal where a signal ended it.
    int wait();

private:
    pid_t id_ = -1;
    int in_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::string output_;
    std::string errors_;
};

} // namespace tests
