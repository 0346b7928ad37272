#include <psrp/transport/child_process.hpp>
#include <psrp/transport/errors.hpp>

#include <catch2/catch.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>

using namespace psrp;

namespace {

ChildProcess started(ChildProgram program)
{
    auto child = ChildProcess::start(program);
    REQUIRE(child);
    return std::move(*child);
}

ChildProcess shell(std::string script)
{
    return started({.arguments = {"sh", "-c", std::move(script)}});
}

// Everything up to the end of the descriptor.
std::string read_all(int descriptor)
{
    std::string text;
    while (true) {
        const auto outcome = read_some(descriptor, 65536, text);
        REQUIRE(outcome);
        if (*outcome == ReadOutcome::End) return text;
        if (*outcome == ReadOutcome::Some) continue;
        pollfd waiting{descriptor, POLLIN, 0};
        ::poll(&waiting, 1, -1);
    }
}

ExitStatus waited(ChildProcess& child)
{
    while (true) {
        if (const auto status = child.poll_exit()) return *status;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

bool exists(pid_t id)
{
    return ::kill(id, 0) == 0 || errno != ESRCH;
}

} // namespace

TEST_CASE("a child echoes its input and ends with it")
{
    ChildProcess child = started({.arguments = {"cat"}});
    REQUIRE(write_some(child.input(), "hello\n"));
    child.close_input();
    CHECK(child.input() == -1);
    CHECK(read_all(child.output()) == "hello\n");
    CHECK(waited(child) == ExitStatus{0, 0});
    CHECK_FALSE(child.is_running());
    CHECK(child.poll_exit() == ExitStatus{0, 0});
}

TEST_CASE("exit codes and signals are told apart")
{
    ChildProcess seven = shell("exit 7");
    CHECK(waited(seven) == ExitStatus{7, 0});
    ChildProcess killed = shell("kill -9 $$");
    CHECK(waited(killed) == ExitStatus{128 + 9, 9});
}

TEST_CASE("standard error is captured, or discarded")
{
    ChildProcess captured = shell("echo out; echo err >&2");
    CHECK(read_all(captured.output()) == "out\n");
    CHECK(read_all(captured.error_output()) == "err\n");
    ChildProcess discarded = started(
        {.arguments = {"sh", "-c", "echo err >&2; echo out"}, .error_stream = ErrorStream::Discard}
    );
    CHECK(discarded.error_output() == -1);
    CHECK(read_all(discarded.output()) == "out\n");
}

TEST_CASE("directory and environment reach the child")
{
    ::setenv("PSRP_TEST_OLD", "old", 1);
    ChildProcess child = started(
        {.arguments =
             {"sh", "-c", "pwd; echo $PSRP_TEST_NEW $PSRP_TEST_OLD; echo $0 \"$1\"", "a b", "c  d"},
         .directory = "/",
         .environment = {{"PSRP_TEST_NEW", "new"}, {"PSRP_TEST_OLD", "replaced"}}}
    );
    CHECK(read_all(child.output()) == "/\nnew replaced\na b c  d\n");
    ::unsetenv("PSRP_TEST_OLD");
}

TEST_CASE("a program that cannot be started is an error, not a child")
{
    const auto missing = ChildProcess::start({.arguments = {"no-such-program-psrp"}});
    REQUIRE_FALSE(missing);
    CHECK(missing.error() == make_error_code(TransportErrc::ProgramNotFound));
    const auto empty = ChildProcess::start({});
    REQUIRE_FALSE(empty);
    CHECK(empty.error() == make_error_code(TransportErrc::ProgramNotFound));
    const auto no_file = ChildProcess::start({.arguments = {"/no/such/file"}});
    REQUIRE_FALSE(no_file);
    CHECK(no_file.error().code.value() == ENOENT);
    const auto no_directory = ChildProcess::start({.arguments = {"cat"}, .directory = "/no/such"});
    REQUIRE_FALSE(no_directory);
    CHECK(no_directory.error().code.value() == ENOENT);
    const auto no_program = ChildProcess::start({.arguments = {"/"}});
    REQUIRE_FALSE(no_program);
    CHECK(no_program.error().code.value() == EACCES);
}

TEST_CASE("programs are looked up on PATH only, never in the current directory")
{
    const auto folder =
        std::filesystem::temp_directory_path() / ("psrp-path-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const auto program = folder / "psrp-test-program";
    std::ofstream(program) << "#!/bin/sh\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    const std::string path_before = std::getenv("PATH");
    const auto directory_before = std::filesystem::current_path();
    std::filesystem::current_path(folder);

    CHECK_FALSE(find_program("psrp-test-program"));
    ::setenv("PATH", (":.:relative:" + path_before + ":").c_str(), 1);
    CHECK_FALSE(find_program("psrp-test-program"));
    ::setenv("PATH", (path_before + ":" + folder.string()).c_str(), 1);
    CHECK(find_program("psrp-test-program") == program.string());
    std::filesystem::permissions(program, std::filesystem::perms::owner_read);
    if (::geteuid() != 0) CHECK_FALSE(find_program("psrp-test-program"));
    CHECK_FALSE(find_program(""));
    CHECK(find_program("./anything") == "./anything");

    ::setenv("PATH", path_before.c_str(), 1);
    std::filesystem::current_path(directory_before);
    std::filesystem::remove_all(folder);
}

TEST_CASE("no child outlives its object, nor does what it started")
{
    pid_t leader = 0;
    pid_t grandchild = 0;
    {
        ChildProcess child = shell("trap '' TERM; sleep 1000 & echo $!; wait");
        leader = child.id();
        std::string text;
        while (text.find('\n') == std::string::npos) {
            REQUIRE(read_some(child.output(), 100, text));
        }
        grandchild = static_cast<pid_t>(std::stol(text));
        CHECK(exists(leader));
        CHECK(exists(grandchild));
        child.terminate();
        CHECK_FALSE(child.poll_exit());
    }
    CHECK_FALSE(exists(leader));
    // Its reaper is whoever adopted it; dead it is at once, gone in a moment.
    while (exists(grandchild)) {
        std::ifstream status("/proc/" + std::to_string(grandchild) + "/stat");
        std::string text;
        std::getline(status, text);
        if (text.find(") Z") != std::string::npos) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

TEST_CASE("a child is shielded from Ctrl-C in either way")
{
    ChildProcess grouped = started({.arguments = {"cat"}});
    CHECK(::getpgid(grouped.id()) == grouped.id());
    ChildProcess ignoring =
        started({.arguments = {"cat"}, .interrupt_shield = InterruptShield::IgnoredSignals});
    CHECK(::getpgid(ignoring.id()) == ::getpgrp());
    ::kill(ignoring.id(), SIGINT);
    REQUIRE(write_some(ignoring.input(), "alive"));
    ignoring.close_input();
    CHECK(read_all(ignoring.output()) == "alive");
}

TEST_CASE("an ignored SIGPIPE is not inherited")
{
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    struct sigaction before {};
    sigaction(SIGPIPE, &ignore, &before);
    ChildProcess child = shell("while :; do echo x; done");
    sigaction(SIGPIPE, &before, nullptr);
    child.close_output();
    CHECK(waited(child).signal == SIGPIPE);
}

TEST_CASE("children do not hold each other's pipes open")
{
    ChildProcess first = started({.arguments = {"cat"}});
    ChildProcess second = started({.arguments = {"cat"}});
    first.close_input();
    CHECK(read_all(first.output()).empty());
    CHECK(waited(first) == ExitStatus{0, 0});
    CHECK_FALSE(second.poll_exit());
}

TEST_CASE("a moved child is still the same child")
{
    ChildProcess child = started({.arguments = {"cat"}});
    const pid_t id = child.id();
    ChildProcess moved = std::move(child);
    CHECK_FALSE(child.is_running());
    CHECK(moved.id() == id);
    child = std::move(moved);
    CHECK(child.id() == id);
    child.kill_and_reap();
    CHECK(child.poll_exit() == ExitStatus{128 + 9, 9});
}
