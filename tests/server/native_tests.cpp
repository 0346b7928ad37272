#include <tests/server/run_script.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <thread>

namespace {

class NativeSession : public tests::ScriptSession {
public:
    NativeSession() { psrp::server::allow_native_programs(commands); }
};

struct Row {
    const char* script;
    const char* output;
    const char* errors = "";
};

} // namespace

TEST_CASE("programs are no commands unless they are allowed")
{
    tests::ScriptSession session;
    CHECK(
        session.run("printf hello").errors().find("CommandNotFoundException") != std::string::npos
    );
    CHECK(session.run("/bin/echo hello").errors().find("CommandNotFound") != std::string::npos);
}

TEST_CASE("programs run as PowerShell runs them")
{
    const Row rows[] = {
        {"printf '%s.' a 'b c' \"d\"", "a.b c.d.;"},
        {"/bin/echo hello", "hello;"},
        {"printf 'one\\ntwo\\r\\nthree'", "one;two;three;"},
        {"printf 'one\\n\\ntwo\\n'", "one;;two;"},
        {"printf ''", ""},
        // Words are what was typed; lists are a word an item.
        {"printf '%s.' -n -Name:value --long=x -5 0x10 1.50",
         "-n.-Name:value.--long=x.-5.0x10.1.50.;"},
        {"printf '%s.' a,b,3", "a.b.3.;"},
        {"$list = 'x y', 'z'; printf '%s.' $list", "x y.z.;"},
        {"$x = 7; printf '%s' $x", "7;"},
        {"printf '%s.' ''", ".;"},
        {"printf '\\377x'", "\xEF\xBF\xBDx;"},
        // Input is lines, output is objects.
        {"'b', 'a' | /usr/bin/sort", "a;b;"},
        {"1..3 | tr 1 x", "x;2;3;"},
        {"printf 'b\\na\\n' | Sort-Object", "a;b;"},
        {"printf 'b\\na\\n' | /usr/bin/sort | Select-Object -First 1", "a;"},
        {"1..100000 | wc -l", "100000;"},
        {"1..100000 | head -n 1", "1;"},
        {"1..100000 | true", ""},
        // The exit code.
        {"true; $LASTEXITCODE", "0;"},
        {"sh -c 'exit 7'; $LASTEXITCODE", "7;"},
        {"sh -c 'kill -9 $$'; $LASTEXITCODE", "137;"},
        // Standard error.
        {"sh -c 'echo out; echo one >&2; echo two >&2'",
         "out;",
         "NativeCommandError NativeCommandErrorMessage"},
        {"no-such-program-anywhere", "", "CommandNotFoundException"},
        {"/no/such/program", "", "NativeCommandFailed"},
    };
    NativeSession session;
    for (const Row& row : rows) {
        const tests::ScriptRun run = session.run(row.script);
        INFO(row.script);
        CHECK(run.text() == row.output);
        CHECK(run.errors() == row.errors);
    }
}

TEST_CASE("a program has the session's location")
{
    NativeSession session;
    session.state.set_location("/usr/bin");
    CHECK(session.run("pwd").text() == "/usr/bin;");
    CHECK(session.run("./printf here").text() == "here;");
}

TEST_CASE("commands of the endpoint come before programs")
{
    NativeSession session;
    const auto run = session.run("echo hello; $LASTEXITCODE");
    CHECK(run.text() == "hello;<null>;");
}

TEST_CASE("a line without an end comes in pieces, and nothing is lost of much output")
{
    NativeSession session;
    const auto lines = session.run("$n = 0; sh -c 'head -c 3000000 /dev/zero | tr \"\\0\" a' | "
                                   "ForEach-Object { $n = $n + $_.Length }; $n");
    CHECK(lines.text() == "3000000;");
    CHECK(
        session.run("seq 200000 | Measure-Object | Select-Object -ExpandProperty Count").text() ==
        "200000;"
    );
}

TEST_CASE("a program ends with the pipeline that is stopped")
{
    NativeSession session;
    std::thread stopper;
    session.prepare = [&](tests::RecordingStreams& streams) {
        stopper = std::thread([&streams] {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            streams.stop.request();
        });
    };
    const auto begin = std::chrono::steady_clock::now();
    const auto run = session.run("sh -c 'sleep 30; echo late'");
    stopper.join();
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
    CHECK(run.text().empty());
}
