// icm against a real PowerShell on each transport, and a real PowerShell's client against our
// endpoint. What the scripts give is what was recorded (vectors/psrp/scenarios.json).
#include <psrp/protocol/any_message.hpp>
#include <psrp/transport/child_process.hpp>
#include <tests/icm/ssh_server.hpp>
#include <tests/icm/terminal_program.hpp>
#include <tests/protocol/conversation.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <regex>

namespace {

using Strings = std::vector<std::string>;
using tests::ProgramResult;
using tests::SshServer;

constexpr const char* no_pwsh = "pwsh is not on PATH";

// A script block of scenarios.json, with what else its Invoke-Command was given as icm takes it.
struct Scenario {
    const char* name;
    Strings scripts;
    Strings more = {};
};

// Those that need nothing but a session: all of them run in one.
const Scenario plain_scenarios[] = {
    {"hello", {"1 + 1"}},
    {"objects",
     {"[pscustomobject]@{ A = 1; B = 'two' }; [version]'1.2'; "
      "[System.IO.DirectoryInfo]::new('/nonexistent'); 'text'; $null; @(1,2); , @(1,2)"}},
    {"streams",
     {"Write-Warning w; Write-Verbose -Verbose v; Write-Debug -Debug d; Write-Information i -Tags "
      "t; Write-Host h -ForegroundColor Red; Write-Progress -Activity a -Status s "
      "-PercentComplete 50; Write-Error e -ErrorId myid -Category InvalidData; 'out'"}},
    {"terminating-error", {"'before'; throw 'boom'; 'after'"}},
    {"command-not-found", {"No-SuchCommand"}},
    {"parse-error", {"[int]\"x\""}},
    {"session-state", {"$x = 5", "$x * 2"}},
    {"large-output", {"'z' * 200000"}},
    {"many-objects", {"1..300 | ForEach-Object { [pscustomobject]@{ N = $_; Sq = $_ * $_ } }"}},
    {"no-new-scope", {"$y = 1; $y"}},
    {"native-stderr", {"bash -c 'echo out; echo err 1>&2'; $LASTEXITCODE"}},
    {"date-types",
     {"[datetime]::new(2024,1,2,3,4,5,[DateTimeKind]::Utc); [timespan]'1.02:03:04'; "
      "[guid]'01020304-0506-0708-090a-0b0c0d0e0f10'; [uri]'http://a/b'; [decimal]1.5; "
      "[byte[]](1,2,3); [char]'c'; 2.5; $true"}},
    {"securestring-output", {"ConvertTo-SecureString 'out' -AsPlainText -Force"}},
    {"two-pipelines", {"'a'", "'b'; Write-Error 'x'"}},
    {"error-nested", {"try { Get-Item /nope -ErrorAction Stop } catch { throw }"}},
    {"deserialized-types",
     {"Get-Process -Id $PID | Select-Object Id, ProcessName; [ipaddress]'192.0.2.1'; "
      "[cultureinfo]'en-US'; [System.DayOfWeek]::Monday; [regex]'a'"}},
};

const Scenario scenarios_with_more[] = {
    {"arguments",
     {"param($a, $b) \"$a-$b\"; $args.Count"},
     {"-ArgumentList", "1,'x y'", "-ArgumentList", "json:[1,2]"}},
    {"input", {"$input | ForEach-Object { $_ * 2 }"}, {"-InputObject", "1,2,3,4,5"}},
    {"using", {"$using:v + 1; $using:w.k"}, {"--using", "v=42", "--using", R"(w=json:{"k": "v"})"}},
};

// What is in files: too long for a command line, or nobody's business.
const Scenario scenarios_with_files[] = {
    {"large-input", {"param($b) $b.Length"}, {"textfile:", std::string(150'000, 'q')}},
    {"securestring",
     {"param($c) $c.UserName; $c.GetNetworkCredential().Password"},
     {"credential:", "u\np@ss\n"}},
};

// What needs a host with a screen, which icm has at a terminal.
const Scenario terminal_scenarios[] = {
    {"host-info",
     {"$Host.Name; $Host.UI.RawUI.BufferSize.Width -is [int]; "
      "$PSSenderInfo.ApplicationArguments.Keys"}},
    {"host-call-prompt",
     {"$Host.UI.WriteLine('from host'); $Host.UI.WriteErrorLine('host err'); "
      "$Host.UI.RawUI.WindowTitle = 't'"},
     {"from host\r\n", "host err\r\n"}},
};

// Ids of processes differ, and where an object came from is noted on those of remote computers.
std::string comparable(const std::string& text)
{
    const std::regex origin("; PSComputerName=[^}]*");
    return std::regex_replace(
        std::regex_replace(text, origin, ""), std::regex("\\bId=[0-9]+"), "Id=N"
    );
}

// The recorded output objects as `--output text` prints them.
std::string recorded_text(std::string_view name)
{
    std::string text;
    for (const auto& message : tests::read_conversation(name)) {
        if (message.type() != psrp::MessageType::PipelineOutput) continue;
        psrp::Arena arena;
        clixml::ReadOptions options;
        options.reading = clixml::Reading::Deserialized;
        options.form = clixml::Form::Bare;
        psrp::Value value;
        if (!message.payload.empty()) {
            const auto read = clixml::read_message_value(message.payload, arena, options);
            if (read) value = *read;
        }
        // A list is written as its items, nothing as nothing.
        const clixml::Object* object = value.object();
        if (value.is_nil()) continue;
        if (object != nullptr && object->container() == clixml::ContainerKind::List) {
            for (const psrp::Value item : object->items())
                text += clixml::to_display_text(item) + "\n";
            continue;
        }
        text += clixml::to_display_text(value) + "\n";
    }
    return comparable(text);
}

Strings joined(Strings first, const Strings& second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

const std::string heading_start = "=== ";
constexpr std::size_t shown_bytes_max = 500;

// What was printed, from each heading to the next.
Strings sections_of(const std::string& text)
{
    Strings sections;
    std::size_t at = text.find(heading_start);
    while (at < text.size()) {
        const std::size_t end = std::min(text.find("\n" + heading_start, at), text.size());
        sections.push_back(text.substr(at, end + 1 - at));
        at = end + 1;
    }
    return sections;
}

// `target` is the way to one PowerShell as icm takes it.
void run_scenarios(const Strings& target)
{
    const Strings icm = joined({tests::program_path("icm"), "-n", "--output", "text"}, target);
    Strings all = icm;
    Strings expected;
    for (const Scenario& scenario : plain_scenarios) {
        all = joined(all, {"-c", "'" + heading_start + scenario.name + "'"});
        for (const auto& script : scenario.scripts)
            all = joined(all, {"-c", script});
        expected.push_back(heading_start + scenario.name + "\n" + recorded_text(scenario.name));
    }
    const auto result = tests::run_program(all);
    INFO(result.errors);
    const Strings got = sections_of(comparable(result.output));
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        // Not a page of the letter z where something fails.
        CHECK(got[i].substr(0, shown_bytes_max) == expected[i].substr(0, shown_bytes_max));
        CHECK((got[i] == expected[i]));
    }
    for (const char* said : {"WARNING: w", "boom", "No-SuchCommand", "/nope"})
        CHECK(result.errors.find(said) != std::string::npos);

    for (const Scenario& scenario : scenarios_with_more) {
        INFO(scenario.name);
        const auto one = tests::run_program(joined(joined(icm, scenario.more), scenario.scripts));
        INFO(one.errors);
        CHECK(one.exit_code == 0);
        CHECK(one.output == recorded_text(scenario.name));
    }
    const tests::TemporaryFolder folder;
    for (const Scenario& scenario : scenarios_with_files) {
        INFO(scenario.name);
        const std::string path = folder.write(scenario.name, scenario.more[1]);
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        const auto one = tests::run_program(
            joined(joined(icm, {"-ArgumentList", scenario.more[0] + path}), scenario.scripts)
        );
        INFO(one.errors);
        CHECK(one.exit_code == 0);
        CHECK(one.output == recorded_text(scenario.name));
    }
    for (const Scenario& scenario : terminal_scenarios) {
        INFO(scenario.name);
        tests::TerminalProgram one(joined(icm, scenario.scripts));
        CHECK(one.wait() == 0);
        INFO(one.written());
        for (const std::string& said : scenario.more)
            CHECK(one.written().find(said) != std::string::npos);
        if (!scenario.more.empty()) continue;
        std::string text = one.written();
        std::erase(text, '\r');
        CHECK(text == recorded_text(scenario.name));
    }

    tests::RunningProgram stopped(joined(icm, {"1; Start-Sleep 300; 2"}));
    CHECK(stopped.wait_for_output("1\n"));
    ::kill(stopped.id(), SIGINT);
    const auto end = stopped.wait();
    CHECK(end.exit_code == 130);
    CHECK(end.output == "1\n");
}

// $to, as the parameters of PowerShell's remoting commands.
std::string way_to(const SshServer& server)
{
    return "$to = @{ HostName = '127.0.0.1'; Port = " + std::to_string(server.port()) +
           "; KeyFilePath = '" + server.key_file() + "'; UserName = '" + SshServer::user() +
           "'; Options = @{ StrictHostKeyChecking = 'no'; UserKnownHostsFile = '/dev/null'; "
           "LogLevel = 'ERROR' } }\n";
}

} // namespace

TEST_CASE("icm runs the recorded scenarios in pwsh -s")
{
    if (!psrp::find_program("pwsh")) return tests::report_skip(no_pwsh);
    run_scenarios({"--endpoint", "pwsh"});
}

TEST_CASE("icm runs the recorded scenarios in pwsh -sshs behind sshd")
{
    if (!psrp::find_program("pwsh")) return tests::report_skip(no_pwsh);
    std::string reason;
    const auto server = SshServer::start(reason);
    if (server == nullptr) return tests::report_skip(reason);
    run_scenarios(joined(
        {"-HideComputerName", "-HostName", server->target(), "-Subsystem", "pwsh"}, server->access()
    ));
}

TEST_CASE("icm runs the recorded scenarios in a running pwsh")
{
    const auto pwsh = psrp::find_program("pwsh");
    if (!pwsh) return tests::report_skip(no_pwsh);
    tests::RunningProgram host(
        {*pwsh, "-NoLogo", "-NoProfile", "-NonInteractive", "-c", "'ready'; Start-Sleep 3600"}
    );
    REQUIRE(host.wait_for_output("ready\n"));
    run_scenarios({"-ProcessId", std::to_string(host.id())});
}

TEST_CASE("PowerShell's own client works with psrp serve behind sshd")
{
    const auto pwsh = psrp::find_program("pwsh");
    if (!pwsh) return tests::report_skip(no_pwsh);
    std::string reason;
    const auto server = SshServer::start(reason);
    if (server == nullptr) return tests::report_skip(reason);
    const std::string script =
        "$ErrorActionPreference = 'Continue'\n" + way_to(*server) +
        "'invoke: ' + (Invoke-Command @to -ScriptBlock { 1 + 1 })\n"
        "$s = New-PSSession @to\n"
        "'state: ' + $s.State\n"
        "Invoke-Command $s { $x = 5 }\n"
        "'kept: ' + (Invoke-Command $s { $x * 2 })\n"
        "'many: ' + (Invoke-Command $s { 1..20000 } | Measure-Object -Sum).Sum\n"
        "'big: ' + (Invoke-Command $s { 'z' * 1000000 }).Length\n"
        "'args: ' + (Invoke-Command $s { param($a, $b) \"$a-$b\" } -ArgumentList 1, 'x y')\n"
        "'input: ' + ((1..5 | Invoke-Command $s { $input | ForEach-Object { $_ * 2 } }) -join "
        "',')\n"
        "Invoke-Command $s { Write-Error bad } -ErrorVariable e -ErrorAction SilentlyContinue\n"
        "'error: ' + $e[0].Exception.Message\n"
        "$m = Import-PSSession $s -Prefix Far -CommandName Get-Date -AllowClobber "
        "-WarningAction SilentlyContinue\n"
        "'import: ' + $m.ExportedFunctions.Count + ' ' + (Get-FarDate).GetType().Name\n"
        "'commands: ' + [bool](Invoke-Command $s { Get-Command Get-Date })\n"
        "'complete: ' + (Invoke-Command $s { TabExpansion2 'Get-Dat' 7 }).CompletionMatches[0]"
        ".CompletionText\n"
        "try { $null = Disconnect-PSSession $s -ErrorAction Stop; 'disconnected' } "
        "catch { 'refused: ' + $s.State }\n"
        "'after: ' + (Invoke-Command $s { 'alive' })\n"
        "Remove-PSSession $s\n"
        "'removed: ' + $s.State\n";
    const auto result =
        tests::run_program({*pwsh, "-NoLogo", "-NoProfile", "-NonInteractive", "-c", script});
    INFO(result.errors);
    CHECK(
        result.output == "invoke: 2\n"
                         "state: Opened\n"
                         "kept: 10\n"
                         "many: 200010000\n"
                         "big: 1000000\n"
                         "args: 1-x y\n"
                         "input: 2,4,6,8,10\n"
                         "error: bad\n"
                         "import: 1 DateTime\n"
                         "commands: True\n"
                         "complete: Get-Date\n"
                         "refused: Opened\n"
                         "after: alive\n"
                         "removed: Closed\n"
    );
}

TEST_CASE("PowerShell's Enter-PSSession works with psrp serve behind sshd")
{
    const auto pwsh = psrp::find_program("pwsh");
    if (!pwsh) return tests::report_skip(no_pwsh);
    std::string reason;
    const auto server = SshServer::start(reason);
    if (server == nullptr) return tests::report_skip(reason);
    tests::TerminalProgram host(
        {*pwsh, "-NoLogo", "-NoProfile", "-NoExit", "-Command", way_to(*server)},
        {{"TERM", "xterm"}, {"NO_COLOR", "1"}}
    );
    REQUIRE(host.wait_for("PS "));
    host.type("Enter-PSSession @to\r");
    const std::string prompt =
        "127.0.0.1]: PS "; // with the user before it where that is another one
    INFO(host.written());
    REQUIRE(host.wait_for(prompt));
    host.type("'answer ' + 6 * 7\r");
    REQUIRE(host.wait_for("\nanswer 42\r\n"));
    REQUIRE(host.wait_for(prompt));
    // With PowerShell at the other end a Tab changes nothing here either.
    host.type("(Get-Date\t).GetType().Name\r");
    REQUIRE(host.wait_for("\nDateTime\r\n"));
    REQUIRE(host.wait_for(prompt));
    host.type("No-SuchCommand\r");
    REQUIRE(host.wait_for("'No-SuchCommand' is not recognized"));
    REQUIRE(host.wait_for(prompt));
    host.type("exit\r");
    // Not at the start of a line where it asks the terminal for its place first.
    REQUIRE(host.wait_for("PS " + std::filesystem::current_path().string() + "> "));
    host.type("'here ' + 5 * 5\r");
    REQUIRE(host.wait_for("\nhere 25\r\n"));
    host.type("exit\r");
    CHECK(host.wait() == 0);
}
