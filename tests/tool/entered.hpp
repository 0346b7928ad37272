// `psrp enter` at a terminal, with somebody who types.
#pragma once

#include <tests/icm/program_run.hpp>
#include <tests/icm/terminal_program.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tests {

// A session whose state is in a folder of its own.
struct Entered {
    explicit Entered(
        const std::vector<std::string>& parameters = {"--endpoint", "embedded"},
        unsigned short columns = 100,
        const TerminalProgram::Environment& more = {}
    )
        : program(arguments(parameters), environment(more), columns)
    {
    }
    // What differs from the test's own: `more`, and what keeps the test to itself.
    [[nodiscard]] TerminalProgram::Environment
    environment(const TerminalProgram::Environment& more = {}) const
    {
        // libedit loses the names of the functions that it is given.
        const std::string leaks = folder.write("leaks", "leak:wcsdup\n");
        TerminalProgram::Environment all = {
            {"TERM", "xterm"},
            {"NO_COLOR", "1"},
            {"XDG_STATE_HOME", folder.path().string()},
            {"LSAN_OPTIONS", "print_suppressions=0:suppressions=" + leaks}};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    static std::vector<std::string> arguments(const std::vector<std::string>& parameters)
    {
        std::vector<std::string> all = {program_path("psrp"), "enter"};
        all.insert(all.end(), parameters.begin(), parameters.end());
        return all;
    }
    void expect(std::string_view text)
    {
        const bool is_there = program.wait_for(text);
        INFO("expected: " << text << "\nseen: " << program.seen());
        REQUIRE(is_there);
    }
    // Types a line once there is a prompt, and waits until it has been taken.
    void enter(const std::string& line)
    {
        expect("> ");
        program.type(line + "\r");
        expect("\n");
    }

    TemporaryFolder folder;
    TerminalProgram program;
};

} // namespace tests
