// Runs a program of this project as a user would, its standard streams in files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace tests {

// A folder of its own below the system's temporary one, removed with all in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    // Writes a file there and gives its path.
    std::string write(std::string_view name, std::string_view text) const;

private:
    std::filesystem::path path_;
};

// What a program is given besides its arguments.
struct ProgramInput {
    bool has_input = false; // without: /dev/null
    std::string input;      // in a file that is its standard input
    std::vector<std::pair<std::string, std::string>> environment; // set beside what is inherited
};

// What a program did.
struct ProgramResult {
    int exit_code = -1; // 128 + signal where a signal ended it
    std::string output;
    std::string errors;
};

// A program that runs. Destroying it kills and reaps it.
class RunningProgram {
public:
    // Starts `arguments`, the program's path first.
    explicit RunningProgram(
        const std::vector<std::string>& arguments, const ProgramInput& input = {}
    );
    ~RunningProgram();
    RunningProgram(const RunningProgram&) = delete;
    RunningProgram& operator=(const RunningProgram&) = delete;

    [[nodiscard]] pid_t id() const { return id_; }
    // What it has written on standard output or standard error so far.
    [[nodiscard]] std::string output() const;
    [[nodiscard]] std::string errors() const;
    // Waits until `text` is in its output; false where it ended before.
    bool wait_for_output(std::string_view text);
    // The same for standard error.
    bool wait_for_errors(std::string_view text);
    // Waits for its end.
    ProgramResult wait();

private:
    bool reap(bool waits);
    bool wait_for(std::string (RunningProgram::*written)() const, std::string_view text);

    TemporaryFolder folder_;
    pid_t id_ = -1;
    bool is_running_ = false;
    int exit_code_ = -1;
};

// Runs `arguments` to the end.
ProgramResult
run_program(const std::vector<std::string>& arguments, const ProgramInput& input = {});

// The path of a program of this project.
std::string program_path(std::string_view name);

} // namespace tests
