// Many sessions, much data and sudden ends over a real sshd. PSRP_FULL_LOAD=1 in the environment
// raises the numbers from a few seconds' worth to 200 sessions, 50 at a time and 64 MiB.
#include <tests/icm/processes.hpp>
#include <tests/icm/ssh_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace {

using Strings = std::vector<std::string>;
using tests::SshServer;

bool has_full_load()
{
    return std::getenv("PSRP_FULL_LOAD") != nullptr;
}

std::unique_ptr<SshServer> start_server()
{
    std::string reason;
    auto server = SshServer::start(reason);
    if (server == nullptr) tests::report_skip(reason);
    return server;
}

Strings icm_arguments(const SshServer& server, int sessions, const Strings& more)
{
    Strings arguments = {tests::program_path("icm")};
    for (int i = 0; i < sessions; ++i)
        arguments.insert(arguments.end(), {"-HostName", server.target()});
    const Strings access = server.access();
    arguments.insert(arguments.end(), access.begin(), access.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

// What has to be so after every load: no process is left, the listening sshd holds what it held.
struct Leftovers {
    explicit Leftovers(const SshServer& with)
        : server(with), descriptors(tests::descriptor_count(with.id()))
    {
    }
    void check() const
    {
        CHECK(tests::processes_with("-p " + std::to_string(server.port())).empty());
        // The endpoint is sshd's child and ends when it sees the end of its input.
        tests::wait_until_gone(server.endpoint_mark() + " serve");
        // At the start it may still have held some for the probe that found it listening.
        while (tests::descriptor_count(server.id()) > descriptors)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const SshServer& server;
    std::size_t descriptors;
};

std::string repeated(const std::string& line, int times)
{
    std::string text;
    for (int i = 0; i < times; ++i)
        text += line;
    return text;
}

} // namespace

TEST_CASE("sessions one after another in one process lose nothing and leak nothing")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const int sessions = has_full_load() ? 200 : 4;
    const Leftovers leftovers(*server);
    // With so few descriptors each one that leaks is missed soon.
    Strings arguments = {"/bin/sh", "-c", "ulimit -n 24; exec \"$@\"", "sh"};
    const Strings icm =
        icm_arguments(*server, sessions, {"-ThrottleLimit", "1", "-NoInput", "'here'"});
    arguments.insert(arguments.end(), icm.begin(), icm.end());
    const auto result = tests::run_program(arguments);
    INFO(result.errors);
    CHECK(result.exit_code == 0);
    CHECK(result.output == repeated("here\n", sessions));
    leftovers.check();
}

TEST_CASE("many sessions at once lose nothing and leave nothing behind")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const int sessions = has_full_load() ? 50 : 5;
    const Leftovers leftovers(*server);
    const auto result = tests::run_program(icm_arguments(
        *server,
        sessions,
        {"-ThrottleLimit",
         std::to_string(sessions),
         "1..1000 | Measure-Object | ForEach-Object Count"}
    ));
    INFO(result.errors);
    CHECK(result.exit_code == 0);
    CHECK(result.output == repeated("1000\n", sessions));
    leftovers.check();
}

TEST_CASE("much data goes both ways over ssh and arrives whole")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const std::size_t bytes = std::size_t{has_full_load() ? 64U : 2U} << 20;
    const Leftovers leftovers(*server);
    const auto sent =
        tests::run_program(icm_arguments(*server, 1, {"'z' * " + std::to_string(bytes)}));
    INFO(sent.errors);
    CHECK(sent.exit_code == 0);
    CHECK(sent.output.size() == bytes + 1);
    CHECK(std::size_t(std::count(sent.output.begin(), sent.output.end(), 'z')) == bytes);

    tests::ProgramInput lines;
    lines.has_input = true;
    for (int i = 0; lines.input.size() < bytes; ++i)
        lines.input +=
            std::to_string(i) + std::string(8000, static_cast<char>('a' + i % 26)) + "\n";
    const auto echoed = tests::run_program(icm_arguments(*server, 1, {"$input"}), lines);
    INFO(echoed.errors);
    CHECK(echoed.exit_code == 0);
    const bool is_the_same = echoed.output == lines.input; // too long to print where it is not
    CHECK(is_the_same);
    leftovers.check();
}

TEST_CASE("a link that is cut and an endpoint that is killed are told and leave nothing behind")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const Leftovers leftovers(*server);
    const std::string ssh_mark = "-p " + std::to_string(server->port());
    const int times = has_full_load() ? 10 : 1;
    for (int i = 0; i < times; ++i) {
        for (const std::string& victim : {ssh_mark, server->endpoint_mark() + " serve"}) {
            tests::RunningProgram icm(icm_arguments(*server, 1, {"'started'; 1..100000000"}));
            REQUIRE(icm.wait_for_output("started"));
            const auto victims = tests::processes_with(victim);
            REQUIRE_FALSE(victims.empty());
            for (const pid_t id : victims)
                ::kill(id, SIGKILL);
            const auto result = icm.wait();
            CHECK(result.exit_code == 3);
            CHECK(result.errors.find("abruptly terminated") != std::string::npos);
            CHECK(result.output.ends_with("\n")); // nothing but whole objects
        }
    }
    leftovers.check();
}
