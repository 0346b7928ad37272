#include <psrp/transport/errors.hpp>
#include <psrp/transport/ssh_transport.hpp>
#include <tests/transport/loop_support.hpp>

#include <catch2/catch.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace psrp;
using tests::with_guids;

namespace {

// A shell script named ssh, first on PATH while this lives.
class FakeSsh {
public:
    explicit FakeSsh(const std::string& script)
        : folder_(
              std::filesystem::temp_directory_path() / ("psrp-ssh-" + std::to_string(::getpid()))
          ),
          path_before_(std::getenv("PATH"))
    {
        std::filesystem::create_directories(folder_);
        const auto program = folder_ / "ssh";
        std::ofstream(program) << "#!/bin/sh\n" << with_guids(script) << "\n";
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
        ::setenv("PATH", (folder_.string() + ":" + path_before_).c_str(), 1);
    }
    FakeSsh(const FakeSsh&) = delete;
    FakeSsh& operator=(const FakeSsh&) = delete;
    ~FakeSsh()
    {
        ::setenv("PATH", path_before_.c_str(), 1);
        std::filesystem::remove_all(folder_);
    }

    [[nodiscard]] std::string folder() const { return folder_.string(); }

private:
    std::filesystem::path folder_;
    std::string path_before_;
};

// Whether the process runs; one that only waits to be reaped does not.
bool is_alive(pid_t id)
{
    std::ifstream file("/proc/" + std::to_string(id) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    return name_end != std::string::npos && text.substr(name_end + 2, 1) != "Z";
}

std::unique_ptr<SshTransport> started(SshOptions options)
{
    auto transport = SshTransport::start(std::move(options));
    REQUIRE(transport);
    return std::move(*transport);
}

std::string failed(TransportErrc code)
{
    return "!" + make_error_code(code).message();
}

} // namespace

TEST_CASE("ssh gets the arguments and its lines on standard error are passed on")
{
    const FakeSsh ssh(
        "echo banner >&2; echo >&2; echo \"args: $*\" >&2; echo \"<CloseAck PSGuid='@Z' />\""
    );
    std::vector<std::string> lines;
    auto transport = started(
        {.target = {.host = "[::1]", .user = "D\\u", .port = 99},
         .on_error_line = [&](std::string_view line) { lines.emplace_back(line); }}
    );
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{"ChannelClosed zero", "ConnectionEnded"}
    );
    CHECK(lines == std::vector<std::string>{"banner", "args: -l u@D -p 99 -s ::1 powershell"});
    CHECK(transport->failure_text().empty());
}

TEST_CASE("ssh that ends early is an abrupt end with its last words")
{
    const FakeSsh ssh("echo 'ssh: connect to host h port 22: Connection refused' >&2; exit 255");
    auto transport = started({.target = {.host = "h"}});
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{failed(TransportErrc::SshHostUnreachable)}
    );
    CHECK(
        transport->failure_text() ==
        "h: ssh could not reach the host: ssh: connect to host h port 22: Connection refused\n"
        "Check the host's name, its port (-Port) and that sshd runs there."
    );
    CHECK(transport->exit_status() == ExitStatus{255, 0});
}

TEST_CASE("ssh that ends for a reason nobody knows is an abrupt end with its last words")
{
    const FakeSsh ssh("echo 'one' >&2; echo 'two' >&2; exit 3");
    auto transport = started({.target = {.host = "h"}});
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{failed(TransportErrc::SshTerminated)}
    );
    CHECK(
        transport->failure_text() == "The SSH client session has ended with error message: The SSH "
                                     "transport process has abruptly "
                                     "terminated causing this remote session to break.\n"
                                     "one\ntwo"
    );
}

TEST_CASE("what a login script prints is quoted with what to do about it")
{
    const FakeSsh ssh("echo 'Welcome to h!'; exec cat");
    auto transport = started({.target = {.host = "h"}});
    CHECK(
        tests::run_to_end(*transport) == std::vector<std::string>{failed(TransportErrc::StrayText)}
    );
    const std::string text = transport->failure_text();
    CHECK(text.find("Error reported: Welcome to h!\n") != std::string::npos);
    CHECK(text.find(".bashrc") != std::string::npos);
}

TEST_CASE("ssh is taken away with a parent that is killed")
{
    const FakeSsh ssh("echo \"<DataAck PSGuid='@Z' />\"; trap '' PIPE; sleep 1000");
    // In a process of its own, which dies without any chance to tidy up.
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
        SshOptions options{.target = {.host = "h"}};
        options.limits.parent_loss = ParentLoss::Terminate;
        auto transport = SshTransport::start(std::move(options));
        const pid_t child = transport ? (*transport)->child_id() : 0;
        [[maybe_unused]] const ssize_t written = ::write(ends[1], &child, sizeof child);
        ::kill(::getpid(), SIGKILL);
    }
    ::close(ends[1]);
    pid_t child = 0;
    REQUIRE(::read(ends[0], &child, sizeof child) == static_cast<ssize_t>(sizeof child));
    ::close(ends[0]);
    ::waitpid(parent, nullptr, 0);
    REQUIRE(child > 1);
    // Its new parent reaps it; the test's own limit of time decides where it does not end.
    while (is_alive(child))
        ::usleep(1000);
}

TEST_CASE("what ssh delivered before its end is handed out first")
{
    const FakeSsh ssh("echo \"<Data Stream='Default' PSGuid='@Z'>YWJj</Data>\"; exit 0");
    auto transport = started({.target = {.host = "h"}});
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{"DataReceived zero abc", failed(TransportErrc::SshTerminated)}
    );
}

TEST_CASE("ssh that ends while something it started holds its output is noticed")
{
    // The second closes standard error well before it ends, as each does for a moment.
    const std::string last_words = GENERATE("", "exec 2>&-; sleep 0.05; ");
    const FakeSsh ssh("sleep 1000 2>/dev/null & echo $! >\"$0.pid\"; " + last_words + "exit 1");
    auto transport = started({.target = {.host = "h"}});
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{failed(TransportErrc::SshTerminated)}
    );
    std::ifstream file(ssh.folder() + "/ssh.pid");
    pid_t sleeper = 0;
    file >> sleeper;
    REQUIRE(sleeper > 1);
    ::kill(sleeper, SIGKILL);
}

TEST_CASE("only the last lines of ssh are kept")
{
    const FakeSsh ssh("for i in 1 2 3 4 5; do echo line$i >&2; done; exit 1");
    SshOptions options{.target = {.host = "h"}};
    options.limits.error_lines_max = 2;
    auto transport = started(std::move(options));
    CHECK(tests::run_to_end(*transport).size() == 1);
    CHECK(transport->failure_text().ends_with("break.\nline4\nline5"));
}

TEST_CASE("ssh that says nothing in time is given up")
{
    const FakeSsh ssh("exec cat");
    auto transport =
        started({.target = {.host = "h"}, .connecting_timeout = std::chrono::milliseconds(30)});
    const pid_t id = transport->child_id();
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{failed(TransportErrc::SshConnectTimedOut)}
    );
    CHECK(transport->failure_text() == "SSH connection attempt failed after time out: 0 seconds.");
    transport->kill();
    CHECK((::kill(id, 0) != 0 && errno == ESRCH));
}

TEST_CASE("a first line in time ends the connecting timeout")
{
    const FakeSsh ssh(
        "echo \"<DataAck PSGuid='@Z' />\"; sleep 0.1; echo \"<CloseAck PSGuid='@Z' />\""
    );
    auto transport =
        started({.target = {.host = "h"}, .connecting_timeout = std::chrono::milliseconds(60000)});
    CHECK(
        tests::run_to_end(*transport) ==
        std::vector<std::string>{"ChannelClosed zero", "ConnectionEnded"}
    );
}

TEST_CASE("what is wrong locally starts no ssh")
{
    const FakeSsh ssh("exit 0");
    const auto no_key = SshTransport::start({.target = {.host = "h", .key_file = "/no/such/key"}});
    REQUIRE_FALSE(no_key);
    CHECK(no_key.error() == make_error_code(TransportErrc::KeyFileNotFound));
    const auto no_port = SshTransport::start({.target = {.host = "h", .port = 0}});
    REQUIRE_FALSE(no_port);
    CHECK(no_port.error() == make_error_code(TransportErrc::InvalidPort));
}
