#include <tests/server/run_script.hpp>

#include <catch2/catch.hpp>

namespace {

struct Row {
    const char* script;
    const char* output;
    const char* errors = "";
};

// Outputs as PowerShell 7 gives them, each object's text ended by a semicolon.
// clang-format off
const Row rows[] = {
    {"", ""},
    {"1", "1;"},
    {"1 + 1", "2;"},
    {"1;2\n3", "1;2;3;"},
    {"# nothing\n'a' # b\n<# c\n #> 'd'", "a;d;"},
    {"'a' + `\n 'b'", "ab;"},
    // numbers
    {"2147483647 + 1", "2147483648;"},
    {"(2147483647L + 1)", "2147483648;"},
    {"7 / 2; 8 / 2; 7 % 4; -7 % 4; 2 * 3.5", "3.5;4;3;-3;7;"},
    {"0x1F; 0xFFFFFFFF; 1kb; 2.5e1; 1e3; .5", "31;-1;1024;25;1000;0.5;"},
    {"9223372036854775807 + 1", "9.22337203685478E+18;"},
    {"'3' * 2; 3 * '2'; '10' - 3", "33;6;7;"},
    {"1 + 2 * 3; (1 + 2) * 3; -(2 + 3); - 4", "7;9;-5;-4;"},
    {"1 / 0; 'next'", "next;", "RuntimeException"},
    {"1 + 'x'", "", "InvalidCastFromStringToInteger"},
    {"6 -band 3; 6 -bor 3; 6 -bxor 3; -bnot 0", "2;7;5;-1;"},
    // text
    {"$x = 5; \"a$x b${x}c $($x + 1) `$x `\"q`\" $\"", "a5 b5c 6 $x \"q\" $;"},
    {"'it''s'; \"say \"\"x\"\"\"", "it's;say \"x\";"},
    {"@'\na\n$b\n'@", "a\n$b;"},
    {"$v = 1; @\"\nx $v\ny\n\"@", "x 1\ny;"},
    {"\"tab`tline`n\"", "tab\tline\n;"},
    {"$w = @(1,2); \"[$w]\"", "[1 2];"},
    {"'{0:N2}|{1,5}|{2:X4}|{3:D3}' -f 1234.5, 'ab', 255, 7", "1,234.50|   ab|00FF|007;"},
    {"'{0}{{}}' -f 1", "1{};"},
    {"'{1}' -f 1", "", "FormatError"},
    {"'a,b;c' -split '[,;]'; 'x1y2' -replace '\\d', '#'; 'ab' -replace '(a)(b)', '$2$1'", "a;b;c;x#y#;ba;"},
    {"1,2,3 -join '-'; -join ('a','b')", "1-2-3;ab;"},
    // lists
    {"1,2,3", "1;2;3;"},
    {"@(1,2).Count; @().Count; @(5).Count; (1..4).Length", "2;0;1;4;"},
    {"$a = 1..5; $a[0]; $a[-1]; $a[1,2]; $a[9]", "1;5;2;3;<null>;"},
    {"3..1", "3;2;1;"},
    {"2..2; -1..1; '1'..'2'; (2147483646..2147483647).Count", "2;-1;0;1;1;2;2;"},
    {"1..99999999999", "", "InvalidCastFromStringToInteger"},
    {"$a = @(1); $a += 2; $a += 3,4; $a.Count", "4;"},
    {",(1,2)", "1 2;"},
    {"@(,(1,2)).Count", "1;"},
    {"$x = ,1; $x.Count; $x[0]", "1;1;"},
    {"(1,2) + 3", "1;2;3;"},
    {"(1,2,3)[1]", "2;"},
    {"'abc'[1]; 'abc'.Length", "b;3;"},
    {"$null", "<null>;"},
    {"$null[0]", "", "NullArray"},
    {"$undefined; $undefined.Count", "<null>;0;"},
    // tables and bags
    {"$h = @{ a = 1; 'b c' = 'x' }; $h.a; $h['b c']; $h.Count; $h.nothing", "1;x;2;<null>;"},
    {"[pscustomobject]@{ A = 1; B = 'two' }", "@{A=1; B=two};"},
    {"([pscustomobject]@{ A = 1 }).a", "1;"},
    {"([ordered]@{ z = 1; y = 2 }).Keys", "z;y;"},
    {"@{ a = 1; A = 2 }", "", "DuplicateKeyInHashLiteral"},
    {"(@{n = 1}, @{n = 2}).n", "1;2;"},
    // comparison
    {"1 -eq 1; 'A' -eq 'a'; 'A' -ceq 'a'; 1 -eq '1'; '01' -eq 1", "True;True;False;True;False;"},
    {"2 -gt 1; 'b' -lt 'a'; 1 -le 1; 1 -ne 2", "True;False;True;True;"},
    {"1,2,3,2 -eq 2", "2;2;"},
    {"1..5 -gt 3", "4;5;"},
    {"'hello' -like 'h*o'; 'hello' -like 'H?llo'; 'x' -notlike 'y*'; 'b' -like '[a-c]'", "True;True;True;True;"},
    {"'ab12' -match '(\\w)(\\d+)$'; $Matches[2]", "True;12;"},
    {"1,2 -contains 2; 2 -in 1,2; 3 -notin 1,2; 'a' -contains 'A'", "True;True;True;True;"},
    {"$true -and $false; $true -or (1/0); -not 0; !1; $true -xor $true", "False;True;True;False;False;"},
    {"@() -and $true; @(0) -or $false; 'x' -and 1", "False;False;True;"},
    {"$null -eq $null; 0 -eq $null; '' -eq $null", "True;False;False;"},
    // statements
    {"if (1 -eq 2) { 'a' } elseif ($true) { 'b' } else { 'c' }", "b;"},
    {"if ($false) { 1 } else { 2 } 3", "2;3;"},
    {"foreach ($i in 1..3) { $i * 10 }", "10;20;30;"},
    {"$s = 0; foreach ($i in 1..4) { $s += $i }; $s", "10;"},
    {"$i = 5; $i++; $i; $i--; $i--; $i", "6;4;"},
    {"($q = 7); $q", "7;7;"},
    {"$y = 1, 2 | ForEach-Object { $_ + 1 }; $y.Count; $y[1]", "2;3;"},
    {"return 1; 2", "1;"},
    {"1..3 | % { if ($_ -eq 2) { return }; $_ }", "1;3;"},
    {"'before'; throw 'boom'; 'after'", "before;", "!boom"},
    {"$true = 1", "", "VariableNotWritable"},
    {"$null = 5; 'ok'", "ok;"},
    {"$global:g = 3; $script:g", "3;"},
    {"$p = 1; $p | ForEach-Object { $p = 2; $_ }; $p", "1;2;"},
    // casts
    {"[int]'5' + 1; [string]5 + 1; [bool]0; [double]'2.5'; [int]2.5; [int]3.5", "6;51;False;2.5;2;4;"},
    {"[int]'x'", "", "InvalidCastFromStringToInteger"},
    {"[byte[]](1,2,3)", "1;2;3;"},
    {"[timespan]'1.02:03:04'; ([timespan]'1.02:03:04').TotalHours", "1.02:03:04;26.0511111111111;"},
    {"[version]'1.2' -lt [version]'1.10'", "True;"},
    {"[guid]'01020304-0506-0708-090a-0b0c0d0e0f10'", "01020304-0506-0708-090a-0b0c0d0e0f10;"},
    {"[regex]'a'", "", "psrp.NotSupported"},
    // pipelines
    {"1..5 | Where-Object { $_ -gt 3 }", "4;5;"},
    {"1..3 | ForEach-Object { $_ * 2 } | Measure-Object -Sum | ForEach-Object Sum", "12;"},
    {"1..10 |\n  Select-Object -First 2", "1;2;"},
    {"1..10\n  | Select-Object -Last 2", "9;10;"},
    {"& { 1 }", "", "!psrp.NotSupported"},
    {"No-SuchCommand; 'next'", "next;", "CommandNotFoundException"},
    {"1..3 | % { No-Such }; 'x'", "x;", "CommandNotFoundException CommandNotFoundException CommandNotFoundException"},
    {"$ErrorActionPreference = 'Stop'; No-SuchCommand; 'next'", "", "!CommandNotFoundException"},
    {"$a = $a = 1", "", "!psrp.NotSupported"},
    {"function f { 1 }", "", "!psrp.NotSupported"},
    {"'a'.ToUpper()", "", "!psrp.NotSupported"},
    {"[math]::Pi", "", "!psrp.NotSupported"},
    {"1 > x", "", "!psrp.NotSupported"},
    {"try { 1 } catch { 2 }", "", "!psrp.NotSupported"},
    {"(1", "", "!psrp.SyntaxError"},
    {"1 +", "", "!psrp.SyntaxError"},
    {"}", "", "!psrp.SyntaxError"},
    {"'open", "", "!psrp.SyntaxError"},
    {"1 | 2", "", "!psrp.SyntaxError"},
};
// clang-format on

} // namespace

TEST_CASE("scripts give what PowerShell gives")
{
    for (const Row& row : rows) {
        tests::ScriptSession session;
        const tests::ScriptRun run = session.run(row.script);
        INFO(row.script);
        CHECK(run.text() == row.output);
        CHECK(run.errors() == row.errors);
    }
}

TEST_CASE("variables live as long as the session")
{
    tests::ScriptSession session;
    CHECK(session.run("$x = 5; $list = 1,2,3").text().empty());
    CHECK(session.run("$x * 2; $list.Count").text() == "10;3;");
    CHECK(session.run("$X = 'new'; $x").text() == "new;");
}

TEST_CASE("param binds arguments by position and name")
{
    using psrp::Value;
    tests::ScriptSession session;
    CHECK(
        session
            .run(
                "param($a, $b) \"$a-$b\"; $args.Count",
                {{std::nullopt, Value::int32(1)},
                 {std::nullopt, Value::string("x y")},
                 {std::nullopt, Value::int32(3)}}
            )
            .text() == "1-x y;1;"
    );
    CHECK(session.run("param($a, $b = 7) $a; $b", {{"-a", Value::int32(1)}}).text() == "1;7;");
    CHECK(
        session
            .run("$args", {{std::nullopt, Value::string("p")}, {std::nullopt, Value::string("q")}})
            .text() == "p;q;"
    );
    CHECK(
        session.run("param($a) $a", {{"other", Value::int32(1)}}).errors() ==
        "!NamedParameterNotFound"
    );
}

TEST_CASE("$input is the pipeline's input, once")
{
    using psrp::Value;
    tests::ScriptSession session;
    const std::vector<Value> input = {Value::int32(1), Value::int32(2), Value{}};
    CHECK(session.run("$input | ForEach-Object { $_ * 2 }", {}, input).text() == "2;4;0;");
    CHECK(session.run("@($input).Count; @($input).Count", {}, input).text() == "3;0;");
    CHECK(session.run("'no input'", {}, input).text() == "no input;");
    CHECK(session.run("$input.Count").text() == "0;");
}

TEST_CASE("values nested too deeply are refused, not followed")
{
    tests::ScriptSession session;
    const tests::ScriptRun run =
        session.run("$a = 1; foreach ($i in 1..300) { $a = ,$a }; 'alive'");
    CHECK(run.text() == "alive;");
    REQUIRE_FALSE(run.streams->error_ids.empty());
    CHECK(run.streams->error_ids.front() == "psrp.NestedTooDeeply");
}

TEST_CASE("a value that doubles with every statement ends at the limit")
{
    tests::ScriptSession session;
    session.limits.pipeline_bytes_max = 1U << 20;
    const tests::ScriptRun run =
        session.run("$d = 1; foreach ($i in 1..60) { $d = @($d, $d) }; $d.Count");
    CHECK(run.errors() == "!psrp.OutOfMemory");
}

TEST_CASE("the variables of a session are limited in number and size")
{
    tests::ScriptSession session;
    session.limits.variables_max = 10;
    session.limits.session_bytes_max = 1U << 20;
    psrp::server::SessionState small(session.limits);
    CHECK(small.set("a", psrp::Value::int32(1)));
    CHECK_FALSE(small.set("b", psrp::Value::string(std::string(2U << 20, 'x'))));
    CHECK(small.find("b") == nullptr);
    for (int i = 0; i < 20; ++i)
        (void)small.set("n" + std::to_string(i), psrp::Value::int32(i)); // some are refused
    CHECK(small.names().size() == 10);
    CHECK(small.set("A", psrp::Value::int32(2)));
}

TEST_CASE("results larger than the limits are errors")
{
    tests::ScriptSession session;
    session.limits.items_max = 1000;
    session.limits.text_bytes_max = 1000;
    CHECK(session.run("(1..1000).Count; (1..1001)").errors() == "psrp.ResultTooLarge");
    CHECK(session.run("('x' * 1000).Length; 'x' * 1001").errors() == "psrp.ResultTooLarge");
}

TEST_CASE("a long pipeline needs no more memory than a short one")
{
    tests::ScriptSession session;
    session.limits.pipeline_bytes_max = 2U << 20;
    CHECK(
        session
            .run("1..10000 | ForEach-Object { 'x' * 1000 } | Measure-Object | ForEach-Object Count")
            .text() == "10000;"
    );
}

TEST_CASE("a stop ends a script that never ends by itself")
{
    tests::ScriptSession session;
    tests::ScriptRun run;
    run.streams->stop.request();
    psrp::Command command;
    command.text = "1..10000000 | ForEach-Object { $_ }";
    command.is_script = true;
    psrp::PowerShellCommands request;
    request.statements = {{command}};
    psrp::server::Execution execution(
        session.state, session.commands, *run.streams, session.limits
    );
    run.result = execution.run(request, true);
    CHECK(run.result.state == psrp::PipelineState::Stopped);
    CHECK(run.errors() == "!PipelineStopped");
    CHECK(run.text().empty());
}
