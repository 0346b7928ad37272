#include <clixml/object.hpp>
#include <psrp/server/errors.hpp>
#include <tests/server/run_script.hpp>

#include <catch2/catch.hpp>

TEST_CASE("arguments bind as PowerShell binds them")
{
    struct Row {
        const char* script;
        const char* output;
        const char* errors;
    };
    const Row rows[] = {
        {"1..5 | Select-Object -f 2", "1;2;", ""},
        {"1..5 | Select-Object -First:2", "1;2;", ""},
        {"1..3 | select -Skip 1 -f 1", "2;", ""},
        {"Get-Date -Foo",
         "",
         "NamedParameterNotFound,Microsoft.PowerShell.Commands.GetDateCommand"},
        {"1 | Select-Object -First x",
         "",
         "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.SelectObjectCommand"},
        {"1 | Select-Object -First",
         "",
         "MissingArgument,Microsoft.PowerShell.Commands.SelectObjectCommand"},
        {"1 | Select-Object -E x",
         "",
         "AmbiguousParameter,Microsoft.PowerShell.Commands.SelectObjectCommand"},
        {"1 | Select-Object -First 1 -First 2",
         "",
         "ParameterAlreadyBound,Microsoft.PowerShell.Commands.SelectObjectCommand"},
        {"Get-Location x",
         "",
         "PositionalParameterNotFound,Microsoft.PowerShell.Commands.GetLocationCommand"},
        {"Write-Progress",
         "",
         "MissingMandatoryParameter,Microsoft.PowerShell.Commands.WriteProgressCommand"},
        {"1 | Get-Location | No-Such", "", "CommandNotFoundException"},
        {"Write-Output 0x10 a 'b c' -NoEnumerate | % { $_.Count }", "3;", ""},
        {"Write-Output a,b", "a;b;", ""},
        {"Write-Output -- x", "", "!psrp.NotSupported"},
        {"Write-Output a/$(1+1)/b", "a/2/b;", ""},
        {"$n = 'v'; Write-Output $n/x", "v/x;", ""},
        {"Write-Output (1+2)", "3;", ""},
        {"Write-Output x -ErrorVariable e",
         "",
         "psrp.NotSupported,Microsoft.PowerShell.Commands.WriteOutputCommand"},
        {"Get-Item /nope -ErrorAction SilentlyContinue; 'x'", "x;", ""},
        {"Get-Item /nope -ea Stop; 'x'",
         "",
         "!PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand"},
        {"Get-Item /nope -ea Wrong",
         "",
         "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.GetItemCommand"},
    };
    for (const Row& row : rows) {
        tests::ScriptSession session;
        const tests::ScriptRun run = session.run(row.script);
        INFO(row.script);
        CHECK(run.text() == row.output);
        CHECK(run.errors() == row.errors);
    }
}

TEST_CASE("an embedder's function is a command like any other")
{
    using psrp::server::CommandContext;
    using psrp::server::ParameterType;
    tests::ScriptSession session;
    auto doubled = psrp::server::make_function_command(
        "Get-Double",
        {{"Number", ParameterType::Int32, 0, false, false, {}}},
        [](CommandContext& context, psrp::Value input) -> psrp::Result<void> {
            const auto number =
                context.has_input()
                    ? input.as<std::int32_t>().value_or(0)
                    : static_cast<std::int32_t>(context.arguments().integer("Number"));
            return context.emit(psrp::Value::int32(number * 2));
        }
    );
    doubled.accepts_input = true;
    doubled.aliases = {"dbl"};
    auto same = doubled;
    REQUIRE(session.commands.add(std::move(doubled)));
    CHECK(
        session.commands.add(std::move(same)).error() ==
        make_error_code(psrp::server::Errc::DuplicateCommand)
    );
    CHECK(session.run("Get-Double 4; 1..3 | dbl | Select-Object -First 2").text() == "8;2;4;");
}
