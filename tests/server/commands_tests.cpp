#include <clixml/object.hpp>
#include <tests/server/run_script.hpp>

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace {

struct Row {
    const char* script;
    const char* output;
    const char* errors = "";
};

void check(tests::ScriptSession& session, const Row& row)
{
    const tests::ScriptRun run = session.run(row.script);
    INFO(row.script);
    CHECK(run.text() == row.output);
    CHECK(run.errors() == row.errors);
}

// A folder that is gone afterwards, made the session's location.
class TestFolder {
public:
    explicit TestFolder(tests::ScriptSession& session)
    {
        std::string name = (std::filesystem::temp_directory_path() / "psrp-server-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the test");
        path_ = name;
        session.state.set_location(name);
    }
    ~TestFolder() { std::filesystem::remove_all(path_); }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path_ / name, std::ios::binary) << text;
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("commands on objects give what PowerShell gives")
{
    const Row rows[] = {
        {"1..10 | Select-Object -First 2 -Skip 3", "4;5;"},
        {"1..5 | Select-Object -Last 2", "4;5;"},
        {"1..5 | Select-Object -Last 2 -Skip 1", "3;4;"},
        {"1..5 | Select-Object -Index 0,3", "1;4;"},
        {"1,1,2,1 | Select-Object -Unique", "1;2;"},
        {"1..3 | Select-Object -First 0", ""},
        {"1 | Select-Object -First -1",
         "",
         "ParameterArgumentValidationError,Microsoft.PowerShell.Commands.SelectObjectCommand"},
        {"[pscustomobject]@{ A=1; B=2; C=3 } | Select-Object c, a", "@{C=3; A=1};"},
        {"[pscustomobject]@{ Ab=1; Ac=2; B=3 } | Select-Object A*", "@{Ab=1; Ac=2};"},
        {"[pscustomobject]@{ A=1; B=2 } | Select-Object * -ExcludeProperty A", "@{B=2};"},
        {"[pscustomobject]@{ A=2 } | Select-Object @{n='Twice'; e={ $_.A * 2 }}, A",
         "@{Twice=4; A=2};"},
        {"[pscustomobject]@{ A=1 } | Select-Object Missing", "@{Missing=};"},
        {"[pscustomobject]@{ A=1,2 } | Select-Object -ExpandProperty A", "1;2;"},
        {"[pscustomobject]@{ A=1 } | Select-Object -ExpandProperty X",
         "",
         "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand"},
        {"3,1,2 | Sort-Object", "1;2;3;"},
        {"3,1,2 | Sort-Object -Descending", "3;2;1;"},
        {"'b','A','a','B' | Sort-Object -Unique", "A;b;"},
        {"1,'x',$null,2.5,'X' | Sort-Object", "<null>;1;2.5;x;X;"},
        {"@{n=2},@{n=1} | Sort-Object n | % n", "1;2;"},
        {"'ccc','a','bb' | Sort-Object { $_.Length } -Descending", "ccc;bb;a;"},
        {"$m = 1..4 | Measure-Object -Sum -Average -Maximum -Minimum; $m.Count; $m.Sum; "
         "$m.Average; $m.Maximum; $m.Minimum",
         "4;10;2.5;4;1;"},
        {"@{n=2},@{n=5} | Measure-Object n -Sum | % Sum", "7;"},
        {"(1,2 | Measure-Object).Sum", "<null>;"},
        {"$t = 'one two','three' | Measure-Object -Line -Word -Character; $t.Lines; $t.Words; "
         "$t.Characters",
         "2;3;12;"},
        {"'x' | Measure-Object -Sum | % Count",
         "1;",
         "NonNumericInputObject,Microsoft.PowerShell.Commands.MeasureObjectCommand"},
        {"1..4 | Where-Object { $_ % 2 -eq 0 }", "2;4;"},
        {"@{N=1},@{N=2} | Where-Object N -gt 1 | % N", "2;"},
        {"@{N='ab'},@{N='cd'} | ? N -like 'a*' | % N", "ab;"},
        {"@{N=0},@{N=2} | ? N | % N", "2;"},
        {"'a','bb' | Where-Object Length -eq 2", "bb;"},
        {"1..2 | ForEach-Object -Begin { 'b' } -Process { $_ } -End { 'e' }", "b;1;2;e;"},
        {"'ab','c' | ForEach-Object Length", "2;1;"},
        {"1,2 | Out-String", "1\n2\n;"},
        {"'a' | Out-String -Stream", "a;"},
        {"[pscustomobject]@{ A=1; Long='x' } | Out-String", "\nA    : 1\nLong : x\n\n;"},
        {"@{ a = 1; b = @(1,'x',$null,$true) } | ConvertTo-Json -Compress",
         "{\"a\":1,\"b\":[1,\"x\",null,true]};"},
        {"@() | ConvertTo-Json -Compress; ConvertTo-Json 'q\"' ", "[];\"q\\\"\";"},
        {"Get-Date '2024-01-02T03:04:05' -Format 'yyyy-MM-dd HH:mm:ss'", "2024-01-02 03:04:05;"},
        {"Get-Date -Date 2024-02-29T13:04:05 -Format 'ddd d MMM yy h:mm tt \\x ''q'''",
         "Thu 29 Feb 24 1:04 PM x q;"},
        {"Get-Date 2024-01-02T03:04:05Z -AsUTC -Format o", "2024-01-02T03:04:05.0000000Z;"},
        {"Get-Date 2024-01-31 -Month 2",
         "",
         "ArgumentOutOfRangeException,Microsoft.PowerShell.Commands.GetDateCommand"},
        {"Get-Date nonsense",
         "",
         "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.GetDateCommand"},
        {"(Get-Date).DisplayHint", "DateTime;"},
        {"Get-Command Get-Proc* | % Name; (Get-Command gps).Definition",
         "Get-Process;Get-Process;"},
        {"Get-Command Nope",
         "",
         "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"},
        {"$v1 = 7; Get-Variable v1 -ValueOnly; (Get-Variable v1).Name", "7;v1;"},
        {"Start-Sleep -Milliseconds 1; 'slept'; sleep 0", "slept;"},
        {"Start-Sleep -1",
         "",
         "ParameterArgumentValidationError,Microsoft.PowerShell.Commands.StartSleepCommand"},
        {"__Set-PSDebugMode -Mode 6", ""},
    };
    for (const Row& row : rows) {
        tests::ScriptSession session;
        check(session, row);
    }
}

TEST_CASE("selected objects are typed after what they were selected from")
{
    tests::ScriptSession session;
    const tests::ScriptRun run = session.run(
        "Get-Process -Id $PID | Select-Object Id, ProcessName; 1 | Select-Object Missing"
    );
    REQUIRE(run.streams->output.size() == 2);
    const auto names = run.streams->output[0].object()->type_names();
    REQUIRE(names.size() == 3);
    CHECK(names[0] == "Selected.System.Diagnostics.Process");
    CHECK(names[1] == "System.Management.Automation.PSCustomObject");
    CHECK(run.streams->output[1].object()->type_names()[0] == "Selected.System.Int32");
}

TEST_CASE("Measure-Object gives the object that PowerShell gives")
{
    tests::ScriptSession session;
    const tests::ScriptRun run = session.run("1..10 | Measure-Object -Sum");
    REQUIRE(run.streams->output.size() == 1);
    CHECK(
        tests::clixml_text(run.streams->output[0]) ==
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Microsoft.PowerShell.Commands.GenericMeasureInfo</T>"
        "<T>Microsoft.PowerShell.Commands.MeasureInfo</T><T>System.Object</T></TN>"
        "<ToString>Microsoft.PowerShell.Commands.GenericMeasureInfo</ToString><Props><I32 "
        "N=\"Count\">10</I32>"
        "<Nil N=\"Average\" /><Db N=\"Sum\">55</Db><Nil N=\"Maximum\" /><Nil N=\"Minimum\" /><Nil "
        "N=\"StandardDeviation\" />"
        "<Nil N=\"Property\" /></Props></Obj>"
    );
}

TEST_CASE("the streams go where they belong")
{
    tests::ScriptSession session;
    const tests::ScriptRun run =
        session.run("Write-Warning w; Write-Verbose v; Write-Verbose -Verbose v2; Write-Debug d; "
                    "Write-Debug -Debug d2; "
                    "Write-Information i; Write-Host h; Write-Progress -Activity a; Write-Error e "
                    "-ErrorId myid; 'out'; "
                    "$VerbosePreference = 'Continue'; Write-Verbose v3; $WarningPreference = "
                    "'SilentlyContinue'; Write-Warning w2; "
                    "Write-Warning w3 -WarningAction Continue; Write-Error quiet -ErrorAction "
                    "SilentlyContinue; 'x','y' | Write-Error");
    const std::vector<std::string> messages = {
        "WARNING: w",
        "VERBOSE: v2",
        "DEBUG: d2",
        "INFORMATION: i",
        "INFORMATION: h",
        "PROGRESS: a",
        "VERBOSE: v3",
        "WARNING: w3"};
    CHECK(run.streams->messages == messages);
    CHECK(run.text() == "out;");
    CHECK(
        run.errors() == "myid Microsoft.PowerShell.Commands.WriteErrorException "
                        "Microsoft.PowerShell.Commands.WriteErrorException"
    );
    CHECK(run.streams->host_methods.empty());
    CHECK(
        session.run("Write-Warning w -WarningAction Stop; 1").errors() ==
        "!ActionPreferenceStop,Microsoft.PowerShell.Commands.WriteWarningCommand"
    );
}

TEST_CASE("streams merged into the output by a client arrive there")
{
    tests::ScriptSession session;
    psrp::Command command;
    command.text = "Get-Item";
    command.arguments = {{std::nullopt, psrp::Value::string("/nope")}};
    command.merge_error = psrp::MergeTarget::Output;
    psrp::PowerShellCommands request;
    request.statements = {{command}};
    const tests::ScriptRun run = session.run(request);
    CHECK(run.errors().empty());
    REQUIRE(run.streams->output.size() == 1);
    CHECK(run.streams->output[0].object()->is_type("System.Management.Automation.ErrorRecord"));
}

TEST_CASE("Get-Process tells the truth about this process")
{
    tests::ScriptSession session;
    const tests::ScriptRun run = session.run("Get-Process -Id $PID");
    REQUIRE(run.streams->output.size() == 1);
    const clixml::Object& process = *run.streams->output[0].object();
    CHECK(process.is_type("System.Diagnostics.Process"));
    CHECK(process.get("Id").as<std::int32_t>() == getpid());
    CHECK(process.get("WS").as<std::int64_t>().value_or(0) > 0);
    CHECK(process.get("HandleCount").as<std::int32_t>().value_or(0) > 2);
    CHECK(process.get("ProcessName").text().find("server_tests") != std::string_view::npos);
    CHECK(process.get("StartTime").kind() == clixml::Kind::DateTime);
    const std::vector<std::string> notes = {
        "Name",
        "SI",
        "Handles",
        "VM",
        "WS",
        "PM",
        "NPM",
        "Path",
        "CommandLine",
        "Parent",
        "Company",
        "CPU",
        "FileVersion",
        "ProductVersion",
        "Description",
        "Product",
        "__NounName"};
    std::vector<std::string> names;
    for (const auto& note : process.extended())
        names.emplace_back(note.name_text());
    CHECK(names == notes);

    check(session, {"(Get-Process -Name server_test*).Count -ge 1", "True;"});
    check(
        session,
        {"Get-Process -Id 99999999",
         "",
         "NoProcessFoundForGivenId,Microsoft.PowerShell.Commands.GetProcessCommand"}
    );
    check(
        session,
        {"Get-Process no-such-name",
         "",
         "NoProcessFoundForGivenName,Microsoft.PowerShell.Commands.GetProcessCommand"}
    );
    check(session, {"(Get-Process | Select-Object -First 3).Count", "3;"});
}

TEST_CASE("files and folders are found")
{
    tests::ScriptSession session;
    const TestFolder folder(session);
    folder.write("a.txt", "one\ntwo\r\nthree");
    folder.write("B.log", "");
    folder.write(".hidden", "x");
    std::filesystem::create_directory(folder.path() / "sub");
    folder.write("sub/c.txt", "deep");
    const Row rows[] = {
        {"Get-ChildItem -Name", "a.txt;B.log;sub;"},
        {"ls -Force -Name", ".hidden;a.txt;B.log;sub;"},
        {"ls *.txt | % Name", "a.txt;"},
        {"ls -File -Name; ls -Directory -Name", "a.txt;B.log;sub;"},
        {"ls -Recurse -Filter *.txt | % Name", "a.txt;c.txt;"},
        {"ls -Recurse -Include *.txt -Exclude a* | % Name", "c.txt;"},
        {"(Get-Item a.txt).Length; (Get-Item a.txt).Mode; (Get-Item sub).PSIsContainer; (gi "
         ".).Name -like 'psrp-server-*'",
         "14;-----;True;True;"},
        {"(Get-Item a.txt).BaseName; (Get-Item a.txt).Extension; (Get-Item sub/c.txt).Directory "
         "-like '*/sub'",
         "a;.txt;True;"},
        {"'a.txt','B.log' | Get-Item | % Name", "a.txt;B.log;"},
        {"ls -File | Sort-Object Length -Descending | Select-Object -First 1 | % Name", "a.txt;"},
        {"Get-Content a.txt", "one;two;three;"},
        {"cat a.txt -TotalCount 2; cat a.txt -Tail 1", "one;two;three;"},
        {"(cat a.txt -Raw).Length; gc B.log", "14;"},
        {"ls sub | Get-Content", "deep;"},
        {"Get-Content a.txt | Select-Object -First 1", "one;"},
        {"cd sub; (pwd).Path -like '*/sub'; ls -Name; cd ..; ls sub -Name", "True;c.txt;c.txt;"},
        {"Get-Item /nope; Get-ChildItem /nope; Get-Content /nope; cd /nope",
         "",
         "PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand "
         "PathNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand "
         "PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand "
         "PathNotFound,Microsoft.PowerShell.Commands.SetLocationCommand"},
        {"Get-Content sub",
         "",
         "GetContentReaderUnauthorizedAccessError,Microsoft.PowerShell.Commands.GetContentCommand"},
        {"Get-Item *.none", ""},
    };
    for (const Row& row : rows)
        check(session, row);
}
