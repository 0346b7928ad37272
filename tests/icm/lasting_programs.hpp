// Programs whose sessions and jobs outlive them: each test has folders of its own, and what is left
// at its end is ended.
#pragma once

#include <tests/icm/program_run.hpp>

#include <string>
#include <sys/types.h>
#include <vector>

namespace tests {

class LastingPrograms {
public:
    LastingPrograms();
    // Ends every process that carries this test's name.
    ~LastingPrograms();
    LastingPrograms(const LastingPrograms&) = delete;
    LastingPrograms& operator=(const LastingPrograms&) = delete;

    // A name for sessions that no other test has, for processes_with().
    [[nodiscard]] std::string name(const std::string& suffix = "") const { return mark_ + suffix; }
    [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }
    // With XDG_RUNTIME_DIR and XDG_STATE_HOME in the test's folder.
    [[nodiscard]] ProgramInput input() const;
    [[nodiscard]] ProgramResult icm(const std::vector<std::string>& arguments) const;
    [[nodiscard]] ProgramResult session(const std::vector<std::string>& arguments) const;
    [[nodiscard]] ProgramResult job(const std::vector<std::string>& arguments) const;
    // Opens a session called name(suffix). Fails the test where that does not work.
    void open(const std::vector<std::string>& target, const std::string& suffix = "") const;
    // The process that holds it.
    [[nodiscard]] pid_t holder(const std::string& suffix = "") const;

private:
    TemporaryFolder folder_;
    std::string mark_;
};

} // namespace tests
