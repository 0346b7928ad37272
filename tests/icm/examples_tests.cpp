#include <tests/icm/processes.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/icm/ssh_server.hpp>
#include <tests/icm/winrm_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

// The examples of Invoke-Command's reference (fact sheet invoke-command) as icm has them, on our
// own endpoint in each place it can be: here, behind sshd, behind the WinRM listener. Those of
// sessions and jobs (3, 4, 8, 18) are in held_sessions_tests.cpp and jobs_tests.cpp.
namespace {

using Strings = std::vector<std::string>;
using tests::ProgramResult;
using tests::TemporaryFolder;
using tests::WinRmServer;

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

// A way to a computer, which is named once or, for several, twice.
struct Way {
    std::string name;
    std::string parameter;
    std::string target;
    Strings access;

    [[nodiscard]] ProgramResult
    run(const std::string& targets, const Strings& more, const tests::ProgramInput& input = {}
    ) const
    {
        Strings arguments = {tests::program_path("icm"), parameter, targets};
        arguments.insert(arguments.end(), access.begin(), access.end());
        arguments.insert(arguments.end(), more.begin(), more.end());
        return tests::run_program(arguments, input);
    }
};

// What the examples need of one way, each row an example's number, arguments and output.
void run_examples(const Way& way)
{
    const TemporaryFolder folder;
    const std::string script = folder.write("script.ps1", "param($a, $b)\n\"file $a $b\"\n");
    const std::string list =
        folder.write("machines", "# two\n" + way.target + "\n\n" + way.target + "\n");
    struct Row {
        int number;
        std::string targets;
        Strings arguments;
        std::string output;
    };
    const std::string one = way.target;
    const std::string two = one + "," + one;
    const std::vector<Row> rows = {
        {1, one, {"-FilePath", script}, "file  \n"},
        {2, one, {"6 * 7"}, "42\n"},
        {5, two, {"-ScriptBlock", "\"run\""}, "run\nrun\n"},
        {9,
         one,
         {"--using", "log=System Log", "--using", "n=2", "\"$using:log\" * $using:n"},
         "System LogSystem Log\n"},
        {11, one, {"-ArgumentList", "5,a b", "param($n, $name) \"$name $n\""}, "a b 5\n"},
        {12, one, {"-ArgumentList", "*.txt,*.pdf", "$args"}, "*.txt\n*.pdf\n"},
        {13, "@" + list, {"-FilePath", script, "-ArgumentList", "1,2"}, "file 1 2\nfile 1 2\n"},
    };
    for (const Row& row : rows) {
        INFO(way.name + ", example " + std::to_string(row.number));
        const auto result = way.run(row.targets, row.arguments);
        INFO(result.errors);
        CHECK(result.exit_code == 0);
        CHECK(result.output == row.output);
    }
    INFO(way.name);
    // 7: what comes from a list of computers, saved.
    const auto saved =
        way.run("@" + list, {"--output", "json", "$PSVersionTable | Select-Object PSVersion"});
    const auto objects = nlohmann::json::parse(saved.output, nullptr, false);
    REQUIRE(objects.is_array());
    CHECK(objects.size() == 2);
    CHECK(objects[0].contains("PSComputerName"));
    // 10: with and without the computer's name.
    const std::string object = "[pscustomobject]@{Name = 'x'}";
    CHECK(contains(way.run(one, {object}).output, "PSComputerName"));
    CHECK_FALSE(contains(way.run(one, {"-HideComputerName", object}).output, "PSComputerName"));
    // Input goes to every target.
    tests::ProgramInput input;
    input.has_input = true;
    input.input = "A,B\n1,x\n2,y\n";
    const auto rows_of = way.run(two, {"--input", "csv", "$input | ForEach-Object B"}, input);
    CHECK(rows_of.output.size() == std::string("x\ny\nx\ny\n").size());
    CHECK(contains(rows_of.output, "x\ny\n"));
}

} // namespace

TEST_CASE("the examples run on this computer")
{
    run_examples({"here", "-ComputerName", "localhost", {"--endpoint", "embedded"}});
}

TEST_CASE("the examples run behind sshd")
{
    std::string reason;
    const auto server = tests::SshServer::start(reason);
    if (server == nullptr) return tests::report_skip(reason);
    run_examples({"ssh", "-HostName", server->target(), server->access()});
    // 19, 20: user@host with a key are the way itself. 21: several tables of connections.
    const std::string table =
        R"({"HostName": "127.0.0.1", "Port": )" + std::to_string(server->port()) +
        R"(, "UserName": ")" + tests::SshServer::user() + R"(", "KeyFilePath": ")" +
        server->key_file() +
        R"(", "Options": {"UserKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "no", "LogLevel": "ERROR"}})";
    const auto tables = tests::run_program(
        {tests::program_path("icm"), "-SSHConnection", "[" + table + "," + table + "]", "'table'"}
    );
    INFO(tables.errors);
    CHECK(tables.output == "table\ntable\n");
    // 22: options of ssh say where the host is.
    Strings options = {
        tests::program_path("icm"),
        "-HostName",
        "nickname",
        "-Options",
        R"({"HostName": "127.0.0.1", "Port": )" + std::to_string(server->port()) +
            R"(, "User": ")" + tests::SshServer::user() + R"("})"};
    const Strings access = server->access();
    options.insert(options.end(), access.begin(), access.end());
    options.insert(options.end(), {"--output", "jsonl", "[pscustomobject]@{A = 1}"});
    const auto named = tests::run_program(options);
    INFO(named.errors);
    CHECK(contains(named.output, "\"PSComputerName\":\"nickname\""));
}

TEST_CASE("the examples run behind the WinRM listener")
{
    const WinRmServer server;
    Strings access = server.access();
    access.insert(access.end(), {"-Port", std::to_string(server.port())});
    run_examples({"winrm", "-ComputerName", "127.0.0.1", access});
    // 14: by address.
    const Way by_uri{
        "uri",
        "-ConnectionUri",
        "http://127.0.0.1:" + std::to_string(server.port()) + "/wsman",
        server.access()};
    const auto uri = by_uri.run(by_uri.target, {"6 * 7"});
    INFO(uri.errors);
    CHECK(uri.output == "42\n");
    // 17: CredSSP gives a password away, a ticket would do.
    const auto second_hop = tests::run_program(
        {tests::program_path("icm"), "-Cn", "a", "-Authentication", "Credssp", "1"}
    );
    CHECK(second_hop.exit_code == 2);
    CHECK(contains(second_hop.errors, "--delegate"));
}

TEST_CASE("this computer is one among several")
{
    // 6: several computers, localhost and the like among them.
    const auto result = tests::run_program(
        {tests::program_path("icm"),
         "-ComputerName",
         "localhost,.,LOCALHOST",
         "--endpoint",
         "embedded",
         "--output",
         "jsonl",
         "[pscustomobject]@{A = 1}"}
    );
    CHECK(result.exit_code == 0);
    CHECK(contains(result.output, "\"PSComputerName\":\"localhost\""));
    CHECK(contains(result.output, "\"PSComputerName\":\"LOCALHOST\""));
}
