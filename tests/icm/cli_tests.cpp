#include <tests/icm/program_run.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <string>
#include <vector>

namespace {

using tests::ProgramInput;
using tests::ProgramResult;

// icm on the embedded endpoint.
ProgramResult icm(std::vector<std::string> arguments, const ProgramInput& input = {})
{
    arguments.insert(arguments.begin(), {tests::program_path("icm"), "--endpoint", "embedded"});
    return tests::run_program(arguments, input);
}

ProgramInput input_lines(std::string text)
{
    ProgramInput input;
    input.has_input = true;
    input.input = std::move(text);
    return input;
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("scripts print as PowerShell prints")
{
    struct Row {
        std::vector<std::string> arguments;
        std::string output;
    };
    const std::vector<Row> rows = {
        {{"6 * 7"}, "42\n"},
        {{"'a'; ''; 'b'"}, "a\n\nb\n"},
        {{"-c", "$x = 6", "-c", "$x * 7"}, "42\n"},
        {{"-ArgumentList", "1,2", "param($a, $b) $a + $b"}, "3\n"},
        {{"-ArgumentList", "1,2", "$args"}, "1\n2\n"},
        {{"-ArgumentList:'a,b'", "param($a) $a"}, "a,b\n"},
        {{"-InputObject", "3,1,2", "Sort-Object"}, "1\n2\n3\n"},
        {{"-InputObject", "3,1,2", "$input | Sort-Object"}, "1\n2\n3\n"},
        {{"[pscustomobject]@{A = 1; B = 'x'}"}, "\nA B\n- -\n1 x\n\n"},
    };
    for (const Row& row : rows) {
        INFO(row.arguments.back());
        const auto result = icm(row.arguments);
        INFO(result.errors);
        CHECK(result.exit_code == 0);
        CHECK(result.output == row.output);
        CHECK(result.errors.empty());
    }
}

TEST_CASE("an object of more than the 10 MiB of WSMan goes both ways")
{
    constexpr std::size_t bytes = std::size_t{11} << 20;
    CHECK(icm({"'z' * " + std::to_string(bytes)}).output.size() == bytes + 1);
    const std::string line = std::string(bytes, 'y') + "\n";
    const bool is_the_same = icm({"$input"}, input_lines(line)).output == line;
    CHECK(is_the_same);
}

TEST_CASE("local objects carry no computer name")
{
    const auto result = icm({"Get-Process | Select-Object -First 3"});
    CHECK(result.exit_code == 0);
    CHECK(contains(result.output, "ProcessName"));
    CHECK_FALSE(contains(result.output, "PSComputerName"));
}

TEST_CASE("lines of standard input are the script's input")
{
    CHECK(icm({"Sort-Object"}, input_lines("b\na\r\nc")).output == "a\nb\nc\n");
    CHECK(icm({"$input"}, input_lines("")).output.empty());
    CHECK(icm({"-NoInput", "1"}, input_lines("b\n")).output == "1\n");
    std::string many;
    for (int i = 0; i < 20000; ++i)
        many += "line " + std::to_string(i) + "\n";
    CHECK(icm({"$input"}, input_lines(many)).output == many);
}

TEST_CASE("streams other than output go to standard error")
{
    const auto result = icm({"Write-Warning careful; Write-Host shown; Write-Error bad; 'out'"});
    CHECK(result.exit_code == 1);
    CHECK(result.output == "out\n");
    CHECK(result.errors == "WARNING: careful\nshown\nWrite-Error: bad\n");
}

TEST_CASE("an unknown command is PowerShell's error and status 1")
{
    const auto result = icm({"No-SuchCommand"});
    CHECK(result.exit_code == 1);
    CHECK(result.output.empty());
    CHECK(contains(
        result.errors, "ObjectNotFound: The term 'No-SuchCommand' is not recognized as a name of"
    ));
}

TEST_CASE("each form of output prints the same objects in its way")
{
    struct Row {
        std::vector<std::string> arguments;
        std::string output;
    };
    const std::string script = "1; 'x'; [pscustomobject]@{A = 1; B = $null}";
    const std::vector<Row> rows = {
        {{"--output", "jsonl", script}, "1\n\"x\"\n{\"A\":1,\"B\":null}\n"},
        {{"--output", "json", script},
         "[\n  1,\n  \"x\",\n  {\n    \"A\": 1,\n    \"B\": null\n  }\n]\n"},
        {{"--output", "json", "[pscustomobject]@{A = 1}"}, "{\n  \"A\": 1\n}\n"},
        {{"--output", "json", "$null"}, "null\n"},
        {{"--output", "csv", "[pscustomobject]@{A = 1; B = 'x\"y'}; [pscustomobject]@{A = 2}"},
         "\"A\",\"B\"\n\"1\",\"x\"\"y\"\n\"2\",\n"},
        {{"--output", "text", script}, "1\nx\n@{A=1; B=}\n"},
        {{"--output", "none", script}, ""},
        {{"--output", "list", "[pscustomobject]@{A = 1; B = 'x'}"}, "\nA : 1\nB : x\n\n"},
        {{"--output", "table", "[pscustomobject]@{A = 1; B = 2; C = 3; D = 4; E = 5}"},
         "\nA B C D E\n- - - - -\n1 2 3 4 5\n\n"},
        {{"--output", "jsonl", "--depth", "1", "[pscustomobject]@{A = [pscustomobject]@{B = 1}}"},
         "{\"A\":{\"B\":1}}\n"},
    };
    for (const Row& row : rows) {
        const auto result = icm(row.arguments);
        CHECK(result.exit_code == 0);
        CHECK(result.output == row.output);
    }
}

TEST_CASE("errors are shown in the view that is asked for")
{
    const auto text = [](const char* view) {
        return icm({"--error-view", view, "Write-Error bad"}).errors;
    };
    CHECK(text("concise") == "Write-Error: bad\n");
    CHECK(contains(text("normal"), "bad\n+ CategoryInfo          : NotSpecified: (:) [Write-Error]")
    );
    CHECK(text("category").starts_with("NotSpecified: (:) [Write-Error]"));
    CHECK(nlohmann::json::parse(text("json")).at("message") == "bad");
}

TEST_CASE("clixml prints one document")
{
    const auto result = icm({"--output", "clixml", "1; 'x'"});
    CHECK(
        result.output == "<Objs Version=\"1.1.0.1\" "
                         "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n"
                         "  <I32>1</I32>\n  <S>x</S>\n</Objs>\n"
    );
}

TEST_CASE("a script file runs with its arguments")
{
    const tests::TemporaryFolder folder;
    const std::string path = folder.write("script.ps1", "\xEF\xBB\xBFparam($a)\n\"got $a\"\n");
    CHECK(icm({"-FilePath", path, "-ArgumentList", "7"}).output == "got 7\n");
    CHECK(icm({"-FilePath", (folder.path() / "absent.ps1").string()}).exit_code == 2);
}

TEST_CASE("wrong command lines end with status 2 and say why")
{
    const std::vector<std::vector<std::string>> rows = {
        {},
        {"1", "2"},
        {"-NoSuchThing", "1"},
        {"--output", "yaml", "1"},
        {"-Port", "0", "1"},
        {"-c", "1", "2"},
        {"-c"},
    };
    for (const auto& row : rows) {
        const auto result = icm(row);
        CHECK(result.exit_code == 2);
        CHECK(contains(result.errors, "icm: "));
        CHECK(result.output.empty());
    }
}

TEST_CASE("help and version are answers, not errors")
{
    const auto help = icm({"--help"});
    CHECK(help.exit_code == 0);
    CHECK(contains(help.output, "Examples"));
    CHECK(icm({"--version"}).output.starts_with("icm "));
}

TEST_CASE("Ctrl-C ends a sleeping script and prints what came before")
{
    tests::RunningProgram program(
        {tests::program_path("icm"), "--endpoint", "embedded", "'started'; Start-Sleep 3600"}
    );
    REQUIRE(program.wait_for_output("started"));
    ::kill(program.id(), SIGINT);
    const auto result = program.wait();
    CHECK(result.exit_code == 130);
    CHECK(result.output == "started\n");
}

TEST_CASE("an endpoint that is not there is said and status 3")
{
    ProgramInput input;
    input.environment = {{"PATH", "/nonexistent"}};
    const auto missing =
        tests::run_program({tests::program_path("icm"), "--endpoint", "pwsh", "1"}, input);
    CHECK(missing.exit_code == 3);
    CHECK(contains(missing.errors, "pwsh"));

    const auto chosen = tests::run_program({tests::program_path("icm"), "6 * 7"}, input);
    CHECK(chosen.exit_code == 0);
    CHECK(chosen.output == "42\n");
    CHECK(contains(chosen.errors, "pwsh is not on PATH"));
}

#ifdef __linux__
TEST_CASE("what few runs need is loaded when it is needed, not when a program starts")
{
    tests::ProgramInput traced;
    traced.environment = {{"LD_TRACE_LOADED_OBJECTS", "1"}}; // as ldd does
    for (const char* program : {"icm", "psrp"}) {
        const std::string loaded =
            tests::run_program({tests::program_path(program)}, traced).output;
        INFO(loaded);
        CHECK(loaded.find("libc.so") != std::string::npos);
        for (const char* late :
             {"crypto", "ssl", "gssapi", "krb5", "curl", "microhttpd", "gnutls", "pam"})
            CHECK(loaded.find(std::string("lib") + late) == std::string::npos);
    }
}
#endif
