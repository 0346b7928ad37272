#include <psrp/transport/host_pipe.hpp>
#include <tests/icm/processes.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

namespace {

using Strings = std::vector<std::string>;
using tests::ProgramResult;
using tests::TemporaryFolder;

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

ProgramResult icm(Strings arguments, const Strings& environment = {})
{
    arguments.insert(arguments.begin(), tests::program_path("icm"));
    tests::ProgramInput input;
    for (std::size_t i = 0; i + 1 < environment.size(); i += 2)
        input.environment.emplace_back(environment[i], environment[i + 1]);
    return tests::run_program(arguments, input);
}

std::string write_program(const TemporaryFolder& folder, const char* name, const std::string& text)
{
    const std::string path = folder.write(name, "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
}

// An engine that notes its arguments, warns, and runs the endpoint in place of pwsh.
void write_engine(const TemporaryFolder& folder, const char* name)
{
    write_program(
        folder,
        name,
        "echo \"$*\" >'" + folder.path().string() + "/arguments'\n" +
            "echo 'the engine warns' >&2\nexec " + tests::program_path("psrp") + " serve -s"
    );
}

// `psrp serve --socket`, listening.
struct SocketServer {
    explicit SocketServer(const std::string& path)
        : program({tests::program_path("psrp"), "serve", "--socket", path})
    {
        REQUIRE(program.wait_for_errors("event=listening"));
    }
    tests::RunningProgram program;
};

} // namespace

TEST_CASE("a container is reached through the engine on PATH")
{
    for (const char* engine : {"docker", "podman"}) {
        INFO(engine);
        const TemporaryFolder folder;
        write_engine(folder, engine);
        const auto result = icm({"-ContainerId", "web", "6 * 7"}, {"PATH", folder.path().string()});
        INFO(result.errors);
        CHECK(result.exit_code == 0);
        CHECK(result.output == "42\n");
        CHECK(contains(result.errors, "the engine warns"));
        CHECK(
            tests::read_whole_file(folder.path() / "arguments") ==
            "exec -i web pwsh -s -NoLogo -NoProfile\n"
        );
    }
}

TEST_CASE("objects of containers say which one they are from")
{
    const TemporaryFolder folder;
    write_engine(folder, "nerdctl");
    const auto result =
        icm({"-ContainerId", "web,db", "-ContainerEngine", "nerdctl", "[pscustomobject]@{A = 1}"},
            {"PATH", folder.path().string()});
    CHECK(result.exit_code == 0);
    CHECK(contains(result.output, "web"));
    CHECK(contains(result.output, "db"));
}

TEST_CASE("containers that cannot be reached are named, with the engine's words")
{
    const auto none = icm({"-ContainerId", "web", "1"}, {"PATH", "/nonexistent"});
    CHECK(none.exit_code == 3);
    CHECK(contains(none.errors, "[web] neither docker nor podman is on PATH"));

    const TemporaryFolder folder;
    write_program(folder, "docker", "echo 'Error: No such container: web' >&2; exit 125");
    const auto unknown = icm({"-ContainerId", "web", "1"}, {"PATH", folder.path().string()});
    CHECK(unknown.exit_code == 3);
    CHECK(contains(unknown.errors, "No such container: web"));
    CHECK(contains(unknown.errors, "exit code 125"));
}

TEST_CASE("any program can be the server")
{
    const auto result =
        icm({"--server-command", tests::program_path("psrp") + " serve -s", "6 * 7"});
    INFO(result.errors);
    CHECK(result.exit_code == 0);
    CHECK(result.output == "42\n");

    const auto missing = icm({"--server-command", "no-such-program-psrp -s", "1"});
    CHECK(missing.exit_code == 3);
    CHECK(contains(missing.errors, "no-such-program-psrp: the program was not found"));
}

TEST_CASE("text of a wrapper on standard output is quoted with advice")
{
    const TemporaryFolder folder;
    const std::string server = write_program(
        folder, "server", "echo 'Hello there'; exec " + tests::program_path("psrp") + " serve -s"
    );
    const auto result = icm({"--server-command", server, "1"});
    CHECK(result.exit_code == 3);
    CHECK(contains(result.errors, "Hello there"));
    CHECK(contains(result.errors, ".bashrc"));
}

TEST_CASE("a connection cut in the middle of an object says so")
{
    const TemporaryFolder folder;
    const std::string server = write_program(
        folder,
        "server",
        tests::program_path("psrp") + " serve -s 2>/dev/null | stdbuf -o0 head -c 150000"
    );
    const auto result = icm({"--server-command", server, "'z' * 1000000"});
    INFO(result.errors);
    CHECK(result.exit_code == 3);
    CHECK(result.output.empty());
    CHECK(contains(result.errors, "the connection was cut in the middle of an object"));
}

TEST_CASE("a server behind a socket is reached by its path")
{
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "s").string();
    const SocketServer server(path);
    const auto result = icm({"--socket", path, "-c", "$x = 6", "-c", "$x * 7"});
    INFO(result.errors);
    CHECK(result.exit_code == 0);
    CHECK(result.output == "42\n");

    const auto missing = icm({"--socket", path + "x", "1"});
    CHECK(missing.exit_code == 3);
    CHECK(contains(missing.errors, path + "x"));
}

TEST_CASE("a PowerShell process is reached by id, by name and by its pipe's own name")
{
    const TemporaryFolder folder;
    const std::string mine = (folder.path() / "CoreFxPipe_mine").string();
    SocketServer server(mine);
    const pid_t id = server.program.id();
    // A second name for the same socket, as the process would have made it.
    const std::string start = psrp::host_pipe_start(psrp::process_start(id).value_or(0));
    const std::string path =
        psrp::host_pipe_path(folder.path().string() + "/", start, id, "psrp-test");
    std::filesystem::create_hard_link(mine, path);
    const Strings environment = {"TMPDIR", folder.path().string()};
    for (const Strings& place :
         {Strings{"-ProcessId", std::to_string(id)},
          Strings{"-ProcessName", "PSRP-Test"},
          Strings{"-CustomPipeName", "mine"}}) {
        Strings arguments = place;
        arguments.emplace_back("6 * 7");
        const auto result = icm(arguments, environment);
        INFO(place[0] << " " << result.errors);
        CHECK(result.exit_code == 0);
        CHECK(result.output == "42\n");
    }

    ::kill(id, SIGKILL);
    server.program.wait();
    const auto stale = icm({"-ProcessId", std::to_string(id), "1"}, environment);
    CHECK(stale.exit_code == 3);
    CHECK(contains(stale.errors, "left its socket"));
    const auto left_over =
        icm({"-CustomPipeName", "mine", "-ConnectingTimeout", "100", "1"}, environment);
    CHECK(left_over.exit_code == 3);
    const auto unknown = icm({"-ProcessName", "no-such-process", "1"}, environment);
    CHECK(unknown.exit_code == 3);
    CHECK(contains(unknown.errors, "no-such-process"));
}

TEST_CASE("all kinds of targets run side by side")
{
    const TemporaryFolder folder;
    write_engine(folder, "docker");
    const std::string path = (folder.path() / "s").string();
    const SocketServer server(path);
    const auto result =
        icm({"-ContainerId",
             "web",
             "--socket",
             path,
             "--server-command",
             tests::program_path("psrp") + " serve -s",
             "'here'"},
            {"PATH", folder.path().string()});
    CHECK(result.exit_code == 0);
    CHECK(result.output == "here\nhere\nhere\n");
}
