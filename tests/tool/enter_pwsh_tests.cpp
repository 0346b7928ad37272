// `psrp enter` at a terminal, against a real PowerShell where there is one.
#include <psrp/transport/child_process.hpp>
#include <tests/support/skip.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/tool/entered.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

using tests::Entered;

TEST_CASE("a real PowerShell is entered: prompt, completion, choices, credentials, Ctrl-C")
{
    if (!psrp::find_program("pwsh")) return tests::report_skip("pwsh is not on PATH");
    Entered session({"--endpoint", "pwsh"});
    session.expect("[localhost]: PS /");
    session.enter("function twice($n) {");
    session.expect(">> ");
    session.program.type("$n * 2 }\r");
    session.enter("twice 21");
    session.expect("42\r\n");
    session.expect("> ");
    session.program.type("Get-ChildIt\t");
    session.expect("em");
    session.program.type(" / | Select-Object -First 1 | Measure-Object | % Count\r");
    session.expect("1\r\n");
    session.enter("$Host.UI.PromptForChoice('Title', 'Sure?', @('&Yes', '&No'), 0) + 10");
    session.expect("Sure?");
    session.expect(": ");
    session.program.type("n\r");
    session.expect("11\r\n");
    session.enter(
        "$c = Get-Credential -UserName me -Message 'Who'; $c.GetNetworkCredential().Password.Length"
    );
    session.expect("assword");
    session.program.type("secret\r");
    session.expect("6\r\n");
    session.enter("Start-Sleep 1000");
    session.program.type("\x03");
    session.expect("^C");
    session.enter("$Host.UI.RawUI.BufferSize.Width");
    session.expect("100\r\n");
    session.enter("Write-Error bad; 'go' + 'od'");
    session.expect("bad");
    session.expect("good\r\n");
    session.enter("Exit-PSSession");
    CHECK(session.program.wait() == 0);
}

TEST_CASE(
    "a real PowerShell is entered: history, Read-Host, another window, exit's code, a cut link"
)
{
    const auto pwsh = psrp::find_program("pwsh");
    if (!pwsh) return tests::report_skip("pwsh is not on PATH");
    {
        Entered session({"--endpoint", "pwsh"});
        session.enter("'first' + ' line'");
        session.expect("first line\r\n");
        session.expect("> ");
        session.program.type("\x1b[A\r"); // arrow up
        session.expect("first line\r\n");
        session.enter("$name = Read-Host who");
        session.expect("who: ");
        session.program.type("me\r");
        session.enter("\"<$name>\"");
        session.expect("<me>\r\n");
        session.enter("$secret = Read-Host -AsSecureString password");
        session.expect("password: ");
        session.program.type("hidden\r");
        session.enter("$secret.Length");
        session.expect("6\r\n");
        CHECK(session.program.written().find("hidden") == std::string::npos);
        session.expect("> ");
        session.program.resize(60);
        session.program.type("$Host.UI.RawUI.BufferSize.Width\r");
        session.expect("60\r\n");
        // There is no debugger, which it knows; what waits for one all the same is stopped.
        session.enter("Set-PSBreakpoint -Command Get-Date; 'go' + 'es on'");
        session.expect("remote debugging is not supported");
        session.expect("goes on\r\n");
        session.enter("'beg' + 'un'; Wait-Debugger");
        session.expect("begun\r\n");
        session.program.type("\x03");
        session.expect("^C");
        session.enter("exit 5");
        CHECK(session.program.wait() == 5);
        CHECK(session.program.echoes());
    }
    const tests::TemporaryFolder folder;
    const std::string id_file = (folder.path() / "id").string();
    const std::string server = folder.write(
        "server", "#!/bin/sh\necho $$ > '" + id_file + "'\nexec '" + *pwsh + "' -NoLogo -s\n"
    );
    std::filesystem::permissions(server, std::filesystem::perms(0755));
    for (const bool at_prompt : {true, false}) {
        Entered session({"--server-command", server});
        session.expect("> ");
        if (!at_prompt) {
            session.program.type("'beg' + 'un'; Start-Sleep 1000\r");
            session.expect("begun\r\n");
        }
        ::kill(std::stoi(tests::read_whole_file(id_file)), SIGKILL);
        session.expect("[" + server + "]");
        CHECK(session.program.wait() == 3);
        CHECK(session.program.echoes());
    }
}
