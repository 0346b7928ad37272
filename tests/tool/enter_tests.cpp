// `psrp enter` at a terminal, against the embedded endpoint.
#include <psrp/tool/enter_command.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/tool/entered.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <sys/stat.h>
#include <thread>

using tests::Entered;
using tests::TerminalProgram;

TEST_CASE("a session has the remote prompt, keeps its variables and ends with exit's code")
{
    Entered session;
    session.expect("[localhost]: PS /");
    session.enter("$x = 6");
    session.enter("$x * 7");
    session.expect("42\r\n");
    session.enter("Set-Location /tmp");
    session.expect("[localhost]: PS /tmp");
    session.enter("exit 5");
    CHECK(session.program.wait() == 5);
    CHECK(session.program.echoes());
}

TEST_CASE("what is not whole goes on behind >>")
{
    Entered session;
    session.enter("if ($true) {");
    session.expect(">> ");
    session.program.type("'in' + 'side' }\r");
    session.expect("inside\r\n");
    session.enter("@'");
    session.expect(">> ");
    session.program.type("a  b\r");
    session.expect(">> ");
    session.program.type("'@ + 'end'\r");
    session.expect("a  bend\r\n");
    session.enter("'left (");
    session.expect(">> ");
    session.program.type("\x03");
    session.enter("'next'");
    session.expect("next\r\n");
    session.enter("EXIT");
    CHECK(session.program.wait() == 0);
}

TEST_CASE("earlier lines come back, also in the next session, from a file nobody else reads")
{
    Entered session;
    session.enter("'first' + ' line'");
    session.expect("first line");
    session.enter(" 'not' + ' kept'");
    session.expect("not kept");
    session.expect("> ");
    session.program.type("\x1b[A\r"); // arrow up
    session.expect("first' + ' line'");
    session.expect("first line");
    session.enter("exit");
    CHECK(session.program.wait() == 0);
    const auto file = session.folder.path() / "psrp/history";
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
    REQUIRE(::stat(file.parent_path().c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0700U);
    CHECK(tests::read_whole_file(file).find("kept") == std::string::npos);

    TerminalProgram next(Entered::arguments({"--endpoint", "embedded"}), session.environment());
    REQUIRE(next.wait_for("> "));
    next.type("\x1b[A\x1b[A\r"); // exit, and what was before it
    CHECK(next.wait_for("first line\r\n"));
}

TEST_CASE("Tab completes on the far side")
{
    Entered session;
    session.expect("> ");
    session.program.type("Get-Locat\t");
    session.expect("ion");
    session.program.type("\r");
    session.expect("Path");
    session.expect("> ");
    session.program.type("Write-\t\t");
    session.expect("Write-Debug");
    session.expect("Write-Warning");
    session.program.type("Outp\t ('done' + '!')\r");
    session.expect("done!\r\n");
    // In the second line of a script the first one counts.
    session.enter("$a = @(");
    session.expect(">> ");
    session.program.type("'\xC3\xA4', (Get-Locat\t))\r");
    session.expect("ion");
    session.enter("$a[0] + '!'");
    session.expect("\xC3\xA4!\r\n");
}

TEST_CASE("Ctrl-C stops what runs, and gives a line up")
{
    Entered session;
    // What is typed before the script runs is a key for the editor.
    session.enter("'beg' + 'un'; Start-Sleep 1000");
    session.expect("begun\r\n");
    session.program.type("\x03");
    session.expect("^C");
    session.expect("> ");
    session.program.type("'never' + ' run'\x03");
    session.expect("^C");
    session.enter("'after' + 'wards'");
    session.expect("afterwards\r\n");
    CHECK(session.program.seen().find("never run\r\n") == std::string::npos);
    session.enter("exit");
    CHECK(session.program.wait() == 0);
}

TEST_CASE("errors, warnings and questions are on the terminal")
{
    Entered session;
    session.enter("Write-Error 'bad'; 'good'");
    session.expect("bad");
    session.expect("good");
    session.enter("Write-Warning 'careful'");
    session.expect("WARNING: careful");
    session.enter("$name = Read-Host who");
    session.expect("who: ");
    session.program.type("me\r");
    session.enter("\"<$name>\"");
    session.expect("<me>\r\n");
    session.enter("$secret = Read-Host -AsSecureString password");
    session.expect("password: ");
    session.program.type("hidden\r");
    session.enter("$secret.GetType().Name");
    session.expect("SecureString\r\n");
    CHECK(session.program.seen().find("hidden") == std::string::npos);
    session.enter("Write-Host 'on' -NoNewline; Write-Host 'ce'");
    session.expect("once\r\n");
    session.enter("Get-Nonsense");
    session.expect("Get-Nonsense");
    session.enter("Exit-PSSession");
    CHECK(session.program.wait() == 0);
}

TEST_CASE("a window of another size is the server's from the next line on")
{
    const std::string wide =
        "[pscustomobject]@{ One = 'x' * 40; Two = 'y' * 40; Three = 'z' * 40 }";
    Entered session({"--endpoint", "embedded"}, 180);
    session.enter(wide);
    session.expect(std::string(40, 'z'));
    session.expect("> ");
    session.program.resize(60);
    session.program.type("1 + 1\r"); // the terminal wraps what is longer
    session.expect("2\r\n");
    session.program.type("\x1b[A\x1b[A\r");
    session.expect("Three");
    session.program.type("'the' + ' end'\r");
    session.expect("the end\r\n");
    CHECK(session.program.seen().find(std::string(40, 'z') + "\r\n") == std::string::npos);
}

TEST_CASE("a server that is gone is named, and the terminal is as before")
{
    const tests::TemporaryFolder folder;
    const std::string server = folder.write(
        "server",
        "#!/bin/sh\necho $$ > '" + (folder.path() / "id").string() + "'\nexec '" +
            tests::program_path("psrp") + "' serve --stdio\n"
    );
    std::filesystem::permissions(server, std::filesystem::perms(0755));
    for (const bool at_prompt : {true, false}) {
        Entered session({"--server-command", server});
        session.expect("> ");
        if (!at_prompt) {
            session.program.type("Start-Sleep 1000\r");
            session.expect("\n");
        }
        ::kill(std::stoi(tests::read_whole_file(folder.path() / "id")), SIGKILL);
        session.expect("[" + server + "]");
        CHECK(session.program.wait() == 3);
        CHECK(session.program.echoes());
    }
}

TEST_CASE("SIGTERM at the prompt leaves the terminal as it was")
{
    Entered session;
    session.expect("> ");
    // The prompt is there before the terminal is changed.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (session.program.echoes() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    session.program.type("x");
    session.expect("x");
    CHECK_FALSE(session.program.echoes());
    ::kill(session.program.id(), SIGTERM);
    CHECK(session.program.wait() == 128 + SIGTERM);
    CHECK(session.program.echoes());
}

TEST_CASE("without a terminal the lines of standard input are run, and objects printed")
{
    tests::ProgramInput input;
    input.has_input = true;
    input.input = "$x = 6\nif ($x) {\n  $x * 7\n}\nWrite-Error 'bad'\n@{a = 1}\nexit 9\n'never'\n";
    const auto result = tests::run_program(Entered::arguments({"--endpoint", "embedded"}), input);
    CHECK(result.exit_code == 9);
    CHECK(result.output.starts_with("42\n"));
    CHECK(result.output.find("never") == std::string::npos);
    CHECK(result.errors.find("bad") != std::string::npos);
    input.input = "Write-Error 'bad'\n";
    CHECK(tests::run_program(Entered::arguments({"--endpoint", "embedded"}), input).exit_code == 1);
}

TEST_CASE("wrong command lines of enter are refused with a reason")
{
    struct Row {
        std::vector<std::string> arguments;
        std::string_view reason;
    };
    const Row rows[] = {
        {{"a", "b"}, "one target is taken"},
        {{"a", "-ArgumentList", "1"}, "-ArgumentList says nothing here"},
        {{"a", "-RemoteDebug"}, "debugger"},
        {{"--nonsense"}, "unknown option --nonsense"},
    };
    for (const Row& row : rows) {
        const auto options = psrp::tool::read_enter_options(row.arguments);
        REQUIRE_FALSE(options);
        CHECK(options.error().is_error);
        CHECK(options.error().text.find(row.reason) != std::string::npos);
        CHECK(options.error().text.starts_with("psrp enter: "));
    }
    const auto named = psrp::tool::read_enter_options({"me@web1:2222"});
    REQUIRE(named);
    CHECK(std::get<psrp::SshTarget>(named->targets.at(0)).host == "web1");
}
