#include <psrp/transport/child_process.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

TEST_CASE("icm runs scripts in a real PowerShell")
{
    if (!psrp::find_program("pwsh")) return tests::report_skip("pwsh is not on PATH");
    const std::string icm = tests::program_path("icm");
    const auto kept =
        tests::run_program({icm, "--endpoint", "pwsh", "-c", "$x = 6", "-c", "$x * 7"});
    INFO(kept.errors);
    CHECK(kept.exit_code == 0);
    CHECK(kept.output == "42\n");

    const auto failed = tests::run_program({icm, "--endpoint", "pwsh", "Write-Error bad; 1"});
    CHECK(failed.exit_code == 1);
    CHECK(failed.output == "1\n");
    CHECK(failed.errors.find("bad") != std::string::npos);

    // There is no debugger, which it knows: nothing waits for one.
    const auto debugged = tests::run_program(
        {icm, "--endpoint", "pwsh", "Set-PSBreakpoint -Command Get-Date; Wait-Debugger; 'on'"}
    );
    CHECK(debugged.exit_code == 1);
    CHECK(debugged.output == "on\n");
    CHECK(debugged.errors.find("remote debugging is not supported") != std::string::npos);

    const auto bag =
        tests::run_program({icm, "-Endpoint", "pwsh", "[pscustomobject]@{A = 1; B = 'x'}"});
    CHECK(bag.output == "\nA B\n- -\n1 x\n\n");
}
