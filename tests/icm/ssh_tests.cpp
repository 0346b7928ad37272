#include <psrp/transport/child_process.hpp>
#include <psrp/transport/ssh_arguments.hpp>
#include <tests/icm/processes.hpp>
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
    CHECK(contains(subsystem.errors, "the host has no such SSH subsystem"));
    CHECK(contains(subsystem.errors, "sshd_config"));

    Strings arguments = {tests::program_path("icm"), "-HostName", server->target()};
    const Strings access = server->access_with_wrong_key();
    arguments.insert(arguments.end(), access.begin(), access.end());
    arguments.emplace_back("1");
    const auto refused = tests::run_program(arguments);
    CHECK(refused.exit_code == 3);
    CHECK(contains(refused.errors, "Permission denied"));
    CHECK(contains(refused.errors, "the host refused the login"));
}

TEST_CASE("a host key that is not known, and one that has changed, are named with ssh's words")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const tests::TemporaryFolder folder;
    const std::string host = "[127.0.0.1]:" + std::to_string(server->port());
    const std::string other_key =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    for (const std::string& known : {std::string(), host + " " + other_key + "\n"}) {
        const auto result = tests::run_program(
            {tests::program_path("icm"),
             "-HostName",
             server->target(),
             "-KeyFilePath",
             server->key_file(),
             "-Options",
             "UserKnownHostsFile=" + folder.write("known", known),
             "-Options",
             "GlobalKnownHostsFile=/dev/null",
             "-Options",
             "StrictHostKeyChecking=yes",
             "-Options",
             "BatchMode=yes",
             "1"}
        );
        INFO(result.errors);
        CHECK(result.exit_code == 3);
        CHECK(contains(result.errors, "ssh does not trust the host's key"));
        CHECK(contains(result.errors, "Host key verification failed."));
        CHECK(contains(result.errors, "known_hosts"));
    }
}

TEST_CASE("an option that ssh does not take and a host that is not there are told apart")
{
    if (!psrp::find_program("ssh")) return tests::report_skip("openssh-client is not installed");
    const std::string icm = tests::program_path("icm");
    const auto option =
        tests::run_program({icm, "-HostName", "127.0.0.1", "-Options", "NoSuchThing=1", "1"});
    CHECK(option.exit_code == 3);
    CHECK(contains(option.errors, "ssh does not take one of its options"));
    CHECK(contains(option.errors, "nosuchthing"));

    const std::string port = std::to_string(tests::free_port());
    const auto refused = tests::run_program({icm, "-HostName", "127.0.0.1:" + port, "1"});
    CHECK(refused.exit_code == 3);
    CHECK(contains(refused.errors, "ssh could not reach the host"));
    CHECK(contains(refused.errors, "Connection refused"));
    // ssh's own line comes once by itself and once in the error.
    CHECK(count_of(refused.errors, "Connection refused") == 2);

    const auto key =
        tests::run_program({icm, "-HostName", "127.0.0.1", "-KeyFilePath", "/no/such/key", "1"});
    CHECK(key.exit_code == 3);
    CHECK(contains(key.errors, "/no/such/key: the specified key file was not found"));
}

TEST_CASE("what a login script prints before the server is quoted with advice")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const auto result = tests::run_program(icm_arguments(*server, {"-Subsystem", "noisy", "1"}));
    INFO(result.errors);
    CHECK(result.exit_code == 3);
    CHECK(contains(result.errors, "Welcome to this host!"));
    CHECK(contains(result.errors, ".bashrc"));
}

TEST_CASE("explicit parameters win over -Options, as ssh itself sees it")
{
    const auto ssh = psrp::find_program("ssh");
    if (!ssh) return tests::report_skip("openssh-client is not installed");
    psrp::SshTarget target;
    target.host = "[::1]";
    target.user = "DOMAIN\\someone";
    target.port = 2201;
    target.options = {{"Port", "2202"}, {"User", "other"}, {"ConnectTimeout", "7"}};
    auto arguments = psrp::ssh_arguments(target);
    REQUIRE(arguments);
    arguments->front() = *ssh;
    arguments->insert(arguments->begin() + 1, {"-F", "/dev/null", "-G"});
    const auto seen = tests::run_program(*arguments);
    INFO(seen.errors);
    REQUIRE(seen.exit_code == 0);
    CHECK(contains(seen.output, "\nport 2201\n"));
    CHECK(contains("\n" + seen.output, "\nuser someone@DOMAIN\n"));
    CHECK(contains(seen.output, "\nhostname ::1\n"));
    CHECK(contains(seen.output, "\nconnecttimeout 7\n"));
}

TEST_CASE("Ctrl-C ends a remote pipeline and leaves neither ssh nor an endpoint behind")
{
    const auto server = start_server();
    if (server == nullptr) return;
    tests::RunningProgram icm(icm_arguments(*server, {"'started'; Start-Sleep 3600"}));
    REQUIRE(icm.wait_for_output("started"));
    CHECK_FALSE(tests::processes_with(server->endpoint_mark() + " serve").empty());
    ::kill(icm.id(), SIGINT);
    CHECK(icm.wait().exit_code == 130);
    const std::string ssh_mark = "-p " + std::to_string(server->port());
    CHECK(tests::processes_with(ssh_mark).empty());
    // The endpoint is a child of sshd and ends when it sees its input end; the test's own limit
    // of time decides where it does not.
    while (!tests::processes_with(server->endpoint_mark() + " serve").empty()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

TEST_CASE("a second Ctrl-C does not wait for a pipeline that does not stop, a third for nothing")
{
    const auto server = start_server();
    if (server == nullptr) return;
    // SIGSTOP keeps the endpoint from answering anything.
    for (const int signals : {2, 3}) {
        tests::RunningProgram icm(icm_arguments(*server, {"'started'; Start-Sleep 3600"}));
        REQUIRE(icm.wait_for_output("started"));
        const auto endpoints = tests::processes_with(server->endpoint_mark() + " serve");
        REQUIRE_FALSE(endpoints.empty());
        for (const pid_t id : endpoints)
            ::kill(id, SIGSTOP);
        if (signals == 3) {
            for (int i = 0; i < signals; ++i) {
                ::kill(icm.id(), SIGINT);
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            }
            CHECK(icm.wait().exit_code == 130);
        } else {
            ::kill(icm.id(), SIGINT); // waits for Stopped, which cannot come
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            ::kill(icm.id(), SIGINT); // waits for the session to close
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            CHECK_FALSE(tests::processes_with("-p " + std::to_string(server->port())).empty());
            for (const pid_t id : endpoints)
                ::kill(id, SIGCONT);
            CHECK(icm.wait().exit_code == 130);
        }
        for (const pid_t id : endpoints)
            ::kill(id, SIGCONT);
        tests::wait_until_gone("-p " + std::to_string(server->port()));
        tests::wait_until_gone(server->endpoint_mark() + " serve");
    }
}

TEST_CASE("icm that is killed leaves neither ssh nor an endpoint behind")
{
    const auto server = start_server();
    if (server == nullptr) return;
    for (const int number : {SIGTERM, SIGHUP, SIGKILL}) {
        tests::RunningProgram icm(icm_arguments(*server, {"'started'; Start-Sleep 3600"}));
        REQUIRE(icm.wait_for_output("started"));
        ::kill(icm.id(), number);
        CHECK(icm.wait().exit_code == (number == SIGKILL ? 128 + SIGKILL : 130));
        tests::wait_until_gone("-p " + std::to_string(server->port()));
        tests::wait_until_gone(server->endpoint_mark() + " serve");
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
    CHECK(contains(result.errors, "ssh is not on PATH"));
}
