#include <psrp/client/errors.hpp>
#include <psrp/client/invocation.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

TEST_CASE("input is piped into single command pipelines that do not mention it")
{
    struct Row {
        std::string script;
        bool is_rewritten;
        std::string text;
    };
    const std::vector<Row> rows = {
        {"Sort-Object", true, "$input | Sort-Object"},
        {" Sort-Object | Select-Object -First 1 ", true, ""},
        {"Where-Object { $_ -gt 1; $true }", true, ""},
        {"Sort-Object;", true, ""},
        {"param($n) Select-Object -First $n", true, "param($n) $input | Select-Object -First $n"},
        {"Write-Output 'a;b'", true, ""},
        {"$input | Sort-Object", false, ""},
        {"Sort-Object -InputObject $INPUT", false, ""},
        {"$x = 1", false, ""},
        {"1 + 1", false, ""},
        {"'text'", false, ""},
        {"foreach ($i in 1) { $i }", false, ""},
        {"if ($true) { 1 }", false, ""},
        {"Get-Date; Get-Date", false, ""},
        {"Get-Date\nGet-Date", false, ""},
        {"Get-Date && Get-Date", false, ""},
        {"& { 1 }", false, ""},
        {"", false, ""},
    };
    for (const Row& row : rows) {
        INFO(row.script);
        const std::string text = psrp::script_with_input(row.script);
        CHECK((text != row.script) == row.is_rewritten);
        if (!row.text.empty()) CHECK(text == row.text);
    }
}

TEST_CASE("a request is what Invoke-Command sends")
{
    const std::vector<psrp::Value> arguments = {psrp::Value::int32(1), psrp::Value()};
    const auto request = psrp::invocation_request("1 + 1", arguments, psrp::HasInput::No);
    REQUIRE(request.power_shell.statements.size() == 1);
    REQUIRE(request.power_shell.statements[0].size() == 1);
    const psrp::Command& command = request.power_shell.statements[0][0];
    CHECK(command.text == "1 + 1");
    CHECK(command.is_script);
    CHECK_FALSE(command.use_local_scope.has_value());
    REQUIRE(command.arguments.size() == 2);
    CHECK_FALSE(command.arguments[0].name.has_value());
    CHECK(request.no_input);
    CHECK(request.add_to_history);
    CHECK(request.power_shell.redirect_shell_error_output_pipe);
    CHECK(request.host_info.use_runspace_host);
    CHECK_FALSE(psrp::invocation_request("1", {}, psrp::HasInput::Yes).no_input);
}

TEST_CASE("a folder or an absent file is no script")
{
    for (const char* path : {"/", "/nonexistent/script.ps1"}) {
        const auto text = psrp::read_script_file(path);
        REQUIRE_FALSE(text.has_value());
        CHECK(text.error() == make_error_code(psrp::ClientErrc::ScriptFileUnreadable));
    }
}
