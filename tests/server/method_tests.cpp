// The few methods that scripts of the embedded endpoint may call.
#include <tests/server/run_script.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

psrp::HostResponse answer(psrp::Value result)
{
    psrp::HostResponse response;
    response.result = result;
    return response;
}

// A script whose client has a host that answers with these, in order.
tests::ScriptRun run_with_host(std::string_view script, std::vector<psrp::HostResponse> answers)
{
    tests::ScriptSession session;
    session.prepare = [&](tests::RecordingStreams& streams) {
        streams.has_client_host = true;
        streams.answers = std::move(answers);
    };
    return session.run(script);
}

} // namespace

TEST_CASE("methods of values give what PowerShell gives, or the error it gives")
{
    struct Row {
        const char* script;
        const char* text;
        const char* errors;
    };
    tests::ScriptSession session;
    for (const Row& row : {
             Row{"(5).ToString() + 'x'", "5x;", ""},
             Row{"([version]'2.4').ToString()", "2.4;", ""},
             Row{"'a'.GetType().Name", "String;", ""},
             Row{"(1).GetType().Name", "Int32;", ""},
             Row{"$null.ToString(); 'on'", "on;", "InvokeMethodOnNull"},
             Row{"[System.Net.NetworkCredential]::new('u', 'pw').Password", "pw;", ""},
             Row{"[Net.NetworkCredential]::new('u', 'pw').UserName.Length", "1;", ""},
             Row{"'a'.Substring(1)", "", "!psrp.NotSupported"},
             Row{"'a'.ToString('x')", "", "!psrp.NotSupported"},
             Row{"[System.IO.File]::new('u', 'pw')", "", "!psrp.NotSupported"},
             Row{"$Host.UI.RawUI.Clear()", "", "!psrp.NotSupported"},
         }) {
        INFO(row.script);
        const auto run = session.run(row.script);
        CHECK(run.text() == row.text);
        CHECK(run.errors() == row.errors);
    }
}

TEST_CASE("a script asks the client's host for a line and takes what comes")
{
    psrp::Arena arena;
    psrp::HostResponse refused;
    psrp::ErrorDescription description;
    description.message = "nobody there";
    refused.exception = psrp::make_error_record(arena, description);
    struct Row {
        const char* about;
        psrp::HostResponse response;
        const char* text;
        const char* errors;
    };
    for (const Row& row : {
             Row{"a line", answer(psrp::Value::string("typed")), "read typed;on;", ""},
             Row{"nothing", psrp::HostResponse{}, "read ;on;", ""},
             Row{"a number", answer(psrp::Value::int32(5)), "on;", "InvalidCastException"},
             Row{"an error", refused, "on;", "RemoteException"},
         }) {
        INFO(row.about);
        const auto run = run_with_host("'read ' + $Host.UI.ReadLine(); 'on'", {row.response});
        CHECK(run.text() == row.text);
        CHECK(run.errors() == row.errors);
        CHECK(run.streams->host_methods == std::vector<std::int32_t>{11});
    }
}

TEST_CASE("without a host reading fails and writing says nothing")
{
    tests::ScriptSession session;
    const auto run = session.run("$Host.UI.WriteLine('x'); $Host.UI.ReadLine(); 'on'");
    CHECK(run.text() == "on;");
    CHECK(run.errors() == "HostException");
    const auto told = run_with_host(
        "$Host.UI.Write('a'); $Host.UI.WriteLine(); $Host.UI.WriteLine('b'); "
        "$Host.UI.WriteErrorLine('c'); $Host.UI.WriteWarningLine('d')",
        {}
    );
    CHECK(told.streams->host_methods == std::vector<std::int32_t>{13, 15, 16, 18, 22});
    CHECK(told.text() == "");
}
