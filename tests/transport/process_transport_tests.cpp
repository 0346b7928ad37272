#include <psrp/transport/errors.hpp>
#include <psrp/transport/process_transport.hpp>
#include <tests/transport/loop_support.hpp>

#include <catch2/catch.hpp>

#include <cerrno>
#include <csignal>

using namespace psrp;
using tests::pid;
using tests::with_guids;

namespace {

std::unique_ptr<ProcessTransport> shell(std::string script, ChildTransportLimits limits = {})
{
    auto transport = ProcessTransport::start({"sh", "-c", with_guids(std::move(script))}, limits);
    REQUIRE(transport);
    return std::move(*transport);
}

bool exists(pid_t id)
{
    return ::kill(id, 0) == 0 || errno != ESRCH;
}

std::string failed(TransportErrc code)
{
    return "!" + make_error_code(code).message();
}

// Answers Data and Close lines as a server would, long enough for the tests.
constexpr const char* answering_server = R"(
while read -r line; do
  case "$line" in
    *Data*@Z*) echo "<DataAck PSGuid='@Z' />";;
    *Command*) echo "<CommandAck PSGuid='@P' />";;
    *Close*@Z*) echo "<CloseAck PSGuid='@Z' />";;
  esac
done
)";

} // namespace

TEST_CASE("the command line of a PowerShell server")
{
    using Arguments = std::vector<std::string>;
    CHECK(pwsh_arguments() == Arguments{"pwsh", "-s", "-NoLogo", "-NoProfile"});
    CHECK(
        pwsh_arguments(
            {.program = "/p w",
             .windows_powershell = true,
             .directory = "/d e",
             .initialization_script = "a\xC3\xA4"}
        ) ==
        Arguments{
            "/p w",
            "-Version",
            "5.1",
            "-s",
            "-NoLogo",
            "-NoProfile",
            "-wd",
            "/d e",
            "-EncodedCommand",
            "YQDkAA=="}
    );
}

TEST_CASE("a session with a child runs from the first data to the end")
{
    auto transport = shell(answering_server);
    const pid_t id = transport->child_id();
    REQUIRE(transport->perform(OpenSession{}));
    REQUIRE(transport->perform(Send{session_channel, Stream::Default, {'x'}}));
    REQUIRE(transport->perform(OpenCommand{pid()}));
    const auto closed = [](const std::string& event) { return event == "ChannelClosed zero"; };
    auto events =
        tests::run_until(*transport, [](const auto& event) { return event == "CommandOpened P"; });
    CHECK(events == std::vector<std::string>{"DataAcknowledged zero", "CommandOpened P"});
    REQUIRE(transport->perform(CloseSession{}));
    events = tests::run_until(*transport, closed);
    CHECK(events == std::vector<std::string>{"ChannelClosed zero"});
    transport->close();
    tests::run_until_finished(*transport);
    CHECK(transport->exit_status() == ExitStatus{0, 0});
    CHECK_FALSE(exists(id));
}

TEST_CASE("a child that ends before the session is closed tells its exit code")
{
    auto transport = shell("echo \"<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\"; exit 7");
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{
            "DataReceived zero abc", failed(TransportErrc::ServerProcessExited)}
    );
    CHECK(
        transport->failure_text() ==
        "The background process closed or ended abnormally. (exit code 7)"
    );
    CHECK(transport->is_finished());
}

TEST_CASE("a killed child tells its signal")
{
    auto transport = shell("kill -9 $$");
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{failed(TransportErrc::ServerProcessExited)}
    );
    CHECK(transport->failure_text().ends_with("(ended by signal 9)"));
}

TEST_CASE("a line on standard error breaks the session with its text")
{
    auto lasting = shell("echo oops >&2; cat");
    CHECK(
        tests::run_to_end(*lasting) ==
        std::vector<std::string>{failed(TransportErrc::PeerReportedError)}
    );
    CHECK(
        lasting->failure_text() ==
        "The background process reported an error with the following message: oops"
    );
    const pid_t id = lasting->child_id();
    lasting.reset();
    CHECK_FALSE(exists(id));

    auto ended = shell("echo oops >&2; printf more >&2; exit 3");
    CHECK(
        tests::run_to_end(*ended) ==
        std::vector<std::string>{failed(TransportErrc::PeerReportedError)}
    );
    CHECK(ended->failure_text().find("oops") != std::string::npos);
}

TEST_CASE("standard error after the session was closed is no failure")
{
    auto transport = shell("echo \"<CloseAck PSGuid='@Z' />\"; sleep 0.05; echo bye >&2");
    const auto events = tests::run_to_end(*transport);
    CHECK(events == std::vector<std::string>{"ChannelClosed zero", "ConnectionEnded"});
    CHECK(transport->failure_text().empty());
}

TEST_CASE("a child that closes its output and stays is ended")
{
    auto transport = shell("exec >&-; sleep 1000", {.exit_wait = std::chrono::milliseconds(20)});
    const pid_t id = transport->child_id();
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{failed(TransportErrc::ServerProcessExited)}
    );
    CHECK_FALSE(exists(id));
}

TEST_CASE("a child that ignores the end of its input and SIGTERM is killed after close")
{
    ChildTransportLimits limits;
    limits.terminate_wait = std::chrono::milliseconds(10);
    limits.kill_wait = std::chrono::milliseconds(10);
    auto transport = shell(
        "trap '' TERM; echo \"<CommandAck PSGuid='@P' />\"; while :; do sleep 0.01; done", limits
    );
    REQUIRE(transport->perform(OpenCommand{pid()}));
    CHECK(tests::run_until(*transport, [](const auto&) {
              return true;
          }).front() == "CommandOpened P");
    const pid_t id = transport->child_id();
    transport->close();
    CHECK_FALSE(transport->is_finished());
    tests::run_until_finished(*transport);
    CHECK(transport->exit_status()->signal == 9);
    CHECK_FALSE(exists(id));
}

TEST_CASE("kill leaves nothing behind")
{
    auto transport = shell("cat");
    const pid_t id = transport->child_id();
    transport->kill();
    CHECK(transport->is_finished());
    CHECK_FALSE(exists(id));
    CHECK_FALSE(transport->perform(OpenSession{}));
    CHECK_FALSE(transport->next_event());
}

TEST_CASE("big output waits for a slow reader and arrives whole")
{
    // 2000 lines of 32 KiB payload are more than pipe and read-ahead hold.
    std::string line;
    append_data(session_channel, Stream::Default, Bytes(32768, 'x'), line);
    line.pop_back();
    auto transport = shell(
        "line=\"" + line +
            "\"; i=0; while [ $i -lt 2000 ]; do echo \"$line\"; i=$((i+1)); done; "
            "echo \"<CloseAck PSGuid='@Z' />\"",
        {.stream = {.read_ahead_bytes_max = 100000}}
    );
    REQUIRE(transport->perform(OpenSession{}));
    std::size_t bytes = 0;
    const auto events = tests::run_until(*transport, [&](const std::string& event) {
        if (event.starts_with("DataReceived")) bytes += event.size() - 18;
        return event == "ConnectionEnded";
    });
    CHECK(bytes == std::size_t{2000} * 32768);
    CHECK(events.size() == 2002);
}

TEST_CASE("big input waits for a slow child and arrives whole")
{
    auto transport = shell("sleep 0.05; head -c 50000000 | wc -c; exec cat >/dev/null");
    for (int i = 0; i < 1200; ++i) {
        REQUIRE(transport->perform(Send{session_channel, Stream::Default, Bytes(32768, 'x')}));
    }
    CHECK(transport->pending_output_bytes() > 50000000);
    const auto events = tests::run_until(*transport, [](const auto&) { return false; });
    CHECK(events == std::vector<std::string>{failed(TransportErrc::StrayText)});
    CHECK(transport->failure_text().ends_with("50000000"));
}

TEST_CASE("a program that does not exist is no transport")
{
    const auto transport = ProcessTransport::start({"no-such-program-psrp"});
    REQUIRE_FALSE(transport);
    CHECK(transport.error() == make_error_code(TransportErrc::ProgramNotFound));
}
