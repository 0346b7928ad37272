#include <tests/icm/ssh_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {

using Strings = std::vector<std::string>;
using tests::ProgramResult;
using tests::SshServer;

// icm with the way into the server and more arguments.
Strings icm_arguments(const SshServer& server, const Strings& more)
{
    Strings arguments = {tests::program_path("icm"), "-HostName", server.target()};
    const Strings access = server.access();
    arguments.insert(arguments.end(), access.begin(), access.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part)
{
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

// One server for all cases of a file would outlive a failed one; each case starts its own.
std::unique_ptr<SshServer> start_server()
{
    std::string reason;
    auto server = SshServer::start(reason);
    if (server == nullptr) tests::report_skip(reason);
    return server;
}

} // namespace

TEST_CASE("icm prints live processes of a host behind sshd, with the host's name")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const auto result =
        tests::run_program(icm_arguments(*server, {"Get-Process | Select-Object -First 3"}));
    INFO(result.errors);
    CHECK(result.exit_code == 0);
    CHECK(contains(result.output, "ProcessName"));
    CHECK(contains(result.output, "PSComputerName"));
    CHECK(count_of(result.output, " 127.0.0.1\n") == 3);

    const auto hidden = tests::run_program(
        icm_arguments(*server, {"-HideComputerName", "Get-Process | Select-Object -First 1"})
    );
    CHECK(hidden.exit_code == 0);
    CHECK_FALSE(contains(hidden.output, "PSComputerName"));
}

TEST_CASE("a session over ssh keeps its variables, takes input and arguments")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const auto kept = tests::run_program(icm_arguments(*server, {"-c", "$x = 6", "-c", "$x * 7"}));
    CHECK(kept.exit_code == 0);
    CHECK(kept.output == "42\n");

    tests::ProgramInput lines;
    lines.has_input = true;
    lines.input = "pear\nfig\n";
    const auto sorted = tests::run_program(icm_arguments(*server, {"Sort-Object"}), lines);
    CHECK(sorted.output == "fig\npear\n");

    const auto argument = tests::run_program(
        icm_arguments(*server, {"-ArgumentList", "5,'a b'", "param($n, $s) \"$s $n\""})
    );
    CHECK(argument.output == "a b 5\n");
}

TEST_CASE("a host that cannot be reached does not stop the others")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const auto result = tests::run_program(icm_arguments(
        *server, {"-HostName", "nobody@127.0.0.1:" + std::to_string(tests::free_port()), "6 * 7"}
    ));
    CHECK(result.exit_code == 3);
    CHECK(result.output == "42\n");
    CHECK(contains(result.errors, "[127.0.0.1] "));
    CHECK(contains(result.errors, "Connection refused"));
}

TEST_CASE("one host named twice runs the script twice")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const auto result =
        tests::run_program(icm_arguments(*server, {"-HostName", server->target(), "'here'"}));
    CHECK(result.exit_code == 0);
    CHECK(result.output == "here\nhere\n");
}

TEST_CASE("an unknown subsystem and a wrong key end with status 3 and the words of ssh")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const auto subsystem =
        tests::run_program(icm_arguments(*server, {"-Subsystem", "nothing", "1"}));
    CHECK(subsystem.exit_code == 3);
    CHECK(contains(subsystem.errors, "subsystem request failed"));

    Strings arguments = {tests::program_path("icm"), "-HostName", server->target()};
    const Strings access = server->access_with_wrong_key();
    arguments.insert(arguments.end(), access.begin(), access.end());
    arguments.emplace_back("1");
    const auto refused = tests::run_program(arguments);
    CHECK(refused.exit_code == 3);
    CHECK(contains(refused.errors, "Permission denied"));
}

TEST_CASE("Ctrl-C ends a remote pipeline and leaves neither ssh nor an endpoint behind")
{
    const auto server = start_server();
    if (server == nullptr) return;
    tests::RunningProgram icm(icm_arguments(*server, {"'started'; Start-Sleep 3600"}));
    REQUIRE(icm.wait_for_output("started"));
    CHECK_FALSE(SshServer::processes_with(server->endpoint_mark() + " serve").empty());
    ::kill(icm.id(), SIGINT);
    CHECK(icm.wait().exit_code == 130);
    const std::string ssh_mark = "-p " + std::to_string(server->port());
    CHECK(SshServer::processes_with(ssh_mark).empty());
    // The endpoint is a child of sshd and ends when it sees its input end; the test's own limit
    // of time decides where it does not.
    while (!SshServer::processes_with(server->endpoint_mark() + " serve").empty()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

TEST_CASE("a server that never answers ends with status 3 after the connecting timeout")
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener, generic, size) == 0);
    REQUIRE(::listen(listener, 4) == 0);
    REQUIRE(::getsockname(listener, generic, &size) == 0);
    if (::access("/usr/bin/ssh", X_OK) != 0) {
        ::close(listener);
        return tests::report_skip("openssh-client is not installed");
    }
    const auto result = tests::run_program(
        {tests::program_path("icm"),
         "-HostName",
         "127.0.0.1:" + std::to_string(ntohs(address.sin_port)),
         "-ConnectingTimeout",
         "300",
         "1"}
    );
    ::close(listener);
    CHECK(result.exit_code == 3);
    CHECK(contains(result.errors, "[127.0.0.1] "));
    CHECK(result.output.empty());
}

TEST_CASE("without ssh on PATH the status is 3 and the message names it")
{
    tests::ProgramInput input;
    input.environment = {{"PATH", "/nonexistent"}};
    const auto result =
        tests::run_program({tests::program_path("icm"), "-HostName", "127.0.0.1", "1"}, input);
    CHECK(result.exit_code == 3);
    CHECK(contains(result.errors, "ssh"));
}
