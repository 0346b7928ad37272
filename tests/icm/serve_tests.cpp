#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/child_process.hpp>
#include <psrp/transport/unix_socket.hpp>
#include <tests/icm/processes.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using Strings = std::vector<std::string>;
using tests::RunningProgram;
using tests::TemporaryFolder;

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

// `psrp serve --socket` with more options, listening.
struct Server {
    explicit Server(const Strings& more = {})
    {
        Strings arguments = {tests::program_path("psrp"), "serve", "--socket", path};
        arguments.insert(arguments.end(), more.begin(), more.end());
        program = std::make_unique<RunningProgram>(arguments);
        REQUIRE(program->wait_for_errors("event=listening"));
    }

    [[nodiscard]] tests::ProgramResult run(const std::string& script) const
    {
        return tests::run_program({tests::program_path("icm"), "--socket", path, script});
    }

    TemporaryFolder folder;
    std::string path = (folder.path() / "s").string();
    std::unique_ptr<RunningProgram> program;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool has_sanitizer = true;
#else
constexpr bool has_sanitizer = false;
#endif

// Everything that comes until the end of the stream.
std::string read_to_end(int descriptor)
{
    std::string text;
    pollfd entry{descriptor, POLLIN, 0};
    while (::poll(&entry, 1, -1) > 0) {
        const auto outcome = psrp::read_some(descriptor, 65536, text);
        if (!outcome || *outcome == psrp::ReadOutcome::End) break;
    }
    return text;
}

} // namespace

TEST_CASE("a socket serves several sessions at once, and its file goes with the server")
{
    Server server;
    struct stat status {};
    REQUIRE(::stat(server.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const std::size_t descriptors = tests::descriptor_count(server.program->id());
    std::vector<std::unique_ptr<RunningProgram>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<RunningProgram>(Strings{
            tests::program_path("icm"), "--socket", server.path, "'up'; Start-Sleep 3600"}));
    }
    for (const auto& client : clients)
        CHECK(client->wait_for_output("up"));
    CHECK(server.run("6 * 7").output == "42\n");
    for (const auto& client : clients)
        ::kill(client->id(), SIGINT);
    for (const auto& client : clients)
        CHECK(client->wait().exit_code == 130);
    CHECK(server.program->wait_for_errors("event=session-closed session=1 "));
    CHECK(server.run("6 * 7").output == "42\n");
    CHECK(server.program->wait_for_errors("event=session-closed session=7 "));
    CHECK(tests::descriptor_count(server.program->id()) == descriptors);
    ::kill(server.program->id(), SIGTERM);
    const auto result = server.program->wait();
    CHECK(result.exit_code == 0);
    CHECK(contains(result.errors, "event=stopped"));
    CHECK_FALSE(std::filesystem::exists(server.path));
}

TEST_CASE("a server that is told to end stops what runs and says so to the clients")
{
    Server server;
    RunningProgram client(
        {tests::program_path("icm"), "--socket", server.path, "'up'; Start-Sleep 3600"}
    );
    REQUIRE(client.wait_for_output("up"));
    ::kill(server.program->id(), SIGTERM);
    CHECK(server.program->wait().exit_code == 0);
    CHECK(client.wait().exit_code != 0);
}

TEST_CASE("an endpoint on two pipes ends with the reader of its output, though its input stays open"
)
{
    const std::string psrp = tests::program_path("psrp");
    const std::vector<Strings> rows = {
        {"-s"}, {"--stdio"}, {"--stdio", "--bridge", psrp + " serve -s"}};
    constexpr std::string_view nothing_opened;
    constexpr std::string_view acknowledged =
        "<Close PSGuid='00000000-0000-0000-0000-000000000000' />\n";
    for (const Strings& row : rows) {
        for (const std::string_view first : {nothing_opened, acknowledged}) {
            INFO(row.back() << ' ' << first);
            psrp::ChildProgram program;
            program.arguments = {psrp, "serve"};
            program.arguments.insert(program.arguments.end(), row.begin(), row.end());
            auto child = psrp::ChildProcess::start(program);
            REQUIRE(child);
            if (!first.empty()) {
                REQUIRE(psrp::write_some(child->input(), first) == first.size());
                pollfd entry{child->output(), POLLIN, 0};
                REQUIRE(::poll(&entry, 1, -1) == 1);
            }
            child->close_output();
            siginfo_t ended{};
            // CTest's time limit is the only one.
            REQUIRE(
                ::waitid(P_PID, static_cast<id_t>(child->id()), &ended, WEXITED | WNOWAIT) == 0
            );
            CHECK(ended.si_code == CLD_EXITED);
        }
    }
}

TEST_CASE("one client more than the limit is told so")
{
    Server server({"--sessions-max", "1"});
    RunningProgram first(
        {tests::program_path("icm"), "--socket", server.path, "'up'; Start-Sleep 3600"}
    );
    REQUIRE(first.wait_for_output("up"));
    const auto second = server.run("1");
    CHECK(second.exit_code == 3);
    CHECK(contains(second.errors, "as many sessions as it takes"));
    ::kill(first.id(), SIGINT);
    first.wait();
    REQUIRE(server.program->wait_for_errors("event=session-closed"));
    CHECK(server.run("6 * 7").output == "42\n");
}

TEST_CASE("a client that says nothing is sent away, a long pipeline is left alone")
{
    for (const Strings& more :
         {Strings{"--idle-timeout", "1"},
          Strings{"--idle-timeout", "1", "--bridge", tests::program_path("psrp") + " serve -s"}}) {
        Server server(more);
        auto silent = psrp::connect_unix_socket(server.path);
        REQUIRE(silent);
        const auto busy = server.run("Start-Sleep 2; 'done'");
        CHECK(busy.output == "done\n");
        CHECK(contains(
            read_to_end(silent->number()), "__NamedPipeError__:The session was idle for too long."
        ));
    }
}

TEST_CASE("another user is refused, whatever the file's mode says")
{
    if (::geteuid() != 0) return tests::report_skip("only the superuser can be somebody else");
    const Server server;
    std::filesystem::permissions(server.folder.path(), std::filesystem::perms(0755));
    std::filesystem::permissions(server.path, std::filesystem::perms(0666));
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t other = ::fork();
    if (other == 0) {
        constexpr uid_t nobody = 65534;
        if (::setuid(nobody) != 0) ::_exit(1);
        auto socket = psrp::connect_unix_socket(server.path);
        const std::string text = socket ? read_to_end(socket->number()) : socket.error().text();
        [[maybe_unused]] const ssize_t written = ::write(ends[1], text.data(), text.size());
        ::_exit(0);
    }
    ::close(ends[1]);
    CHECK(read_to_end(ends[0]) == "__NamedPipeError__:This server is another user's.\n");
    ::close(ends[0]);
    ::waitpid(other, nullptr, 0);
    CHECK(server.run("6 * 7").output == "42\n");
}

TEST_CASE("a bridge gives each client a child of its own, gone with the client")
{
    const TemporaryFolder folder;
    const std::string child = (folder.path() / "child").string();
    std::filesystem::create_symlink(tests::program_path("psrp"), child);
    Server server({"--bridge", child + " serve -s"});
    const std::string mark = child + " serve -s";
    // The server's own command line holds the mark as well.
    CHECK(tests::processes_with(mark).size() == 1);
    const auto kept = tests::run_program(
        {tests::program_path("icm"), "--socket", server.path, "-c", "$x = 6", "-c", "$x * 7"}
    );
    INFO(kept.errors);
    CHECK(kept.exit_code == 0);
    CHECK(kept.output == "42\n");
    RunningProgram first(
        {tests::program_path("icm"), "--socket", server.path, "'up'; Start-Sleep 3600"}
    );
    RunningProgram second(
        {tests::program_path("icm"), "--socket", server.path, "'up'; Start-Sleep 3600"}
    );
    CHECK(first.wait_for_output("up"));
    CHECK(second.wait_for_output("up"));
    ::kill(first.id(), SIGKILL);
    ::kill(second.id(), SIGINT);
    first.wait();
    CHECK(second.wait().exit_code == 130);
    REQUIRE(server.program->wait_for_errors("session-closed session=2"));
    REQUIRE(server.program->wait_for_errors("session-closed session=3"));
    CHECK(tests::processes_with(mark).size() == 1);
    ::kill(server.program->id(), SIGTERM);
    CHECK(server.program->wait().exit_code == 0);
}

TEST_CASE("a bridge passes everything on, whatever its size")
{
    Server server({"--bridge", tests::program_path("psrp") + " serve -s"});
    tests::ProgramInput lines;
    lines.has_input = true;
    for (int i = 0; i < 500; ++i)
        lines.input += std::to_string(i) + std::string(1000, 'x') + "\n";
    const auto echoed =
        tests::run_program({tests::program_path("icm"), "--socket", server.path, "$input"}, lines);
    CHECK(echoed.exit_code == 0);
    const bool is_the_same = echoed.output == lines.input; // too long to print where it is not
    CHECK(is_the_same);
    CHECK(server.run("'z' * 500000").output.size() == 500001);
}

TEST_CASE("the end of a bridge's child is told to the client with its words")
{
    const TemporaryFolder folder;
    const std::string child = folder.write("child", "#!/bin/sh\necho boom >&2\nexit 3\n");
    std::filesystem::permissions(child, std::filesystem::perms::owner_all);
    const Server server({"--bridge", child});
    const auto result = server.run("1");
    CHECK(result.exit_code == 3);
    CHECK(contains(result.errors, "(exit code 3). boom"));

    const Server missing({"--bridge", "no-such-program-psrp"});
    CHECK(missing.run("1").exit_code == 3);
    CHECK(missing.program->wait_for_errors("event=session-failed"));
}

TEST_CASE("a bridge works on standard input and output")
{
    const std::string psrp = tests::program_path("psrp");
    const auto result = tests::run_program(
        {tests::program_path("icm"),
         "--server-command",
         psrp + " serve --stdio --bridge '" + psrp + " serve -s'",
         "6 * 7"}
    );
    INFO(result.errors);
    CHECK(result.exit_code == 0);
    CHECK(result.output == "42\n");
}

TEST_CASE("sockets that were opened by whoever started the server are served")
{
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "s").string();
    auto listener = psrp::listen_on_unix_socket(path);
    REQUIRE(listener);
    const pid_t server = ::fork();
    if (server == 0) {
        constexpr int handed_over = 3;
        ::dup2(listener->number(), handed_over);
        ::fcntl(handed_over, F_SETFD, 0);
        ::setenv("LISTEN_FDS", "1", 1);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        const std::string program = tests::program_path("psrp");
        ::execl(program.c_str(), "psrp", "serve", "--systemd", "--log-level", "error", nullptr);
        ::_exit(127);
    }
    listener->reset();
    const auto result = tests::run_program({tests::program_path("icm"), "--socket", path, "6 * 7"});
    CHECK(result.output == "42\n");
    ::kill(server, SIGTERM);
    int status = 0;
    ::waitpid(server, &status, 0);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    CHECK(std::filesystem::exists(path)); // not ours to take away

    const auto none = tests::run_program({tests::program_path("psrp"), "serve", "--systemd"});
    CHECK(none.exit_code == 2);
}

TEST_CASE("the log holds what happens, and payloads only when they were asked for")
{
    const Strings levels[] = {
        {}, {"--log-level", "debug"}, {"--log-level", "debug", "--log-payloads"}};
    for (const Strings& more : levels) {
        const Server server(more);
        CHECK(server.run("'a' + 'secretword'").output == "asecretword\n");
        REQUIRE(server.program->wait_for_errors("event=session-closed session=1"));
        const std::string log = server.program->errors();
        CHECK(contains(log, "event=session-opened session=1 user="));
        CHECK(contains(log, "element=Command") == !more.empty());
        CHECK(contains(log, "secretword") == (more.size() == 3));
    }
}

TEST_CASE("both programs record what psrp decode reads, with secrets masked unless asked for")
{
    const TemporaryFolder folder;
    const std::string client = (folder.path() / "client.log.gz").string();
    const std::string server = (folder.path() / "server.log").string();
    const auto decoded = [](const std::string& file) {
        return tests::run_program({tests::program_path("psrp"), "decode", "--pretty", file});
    };
    for (const bool open : {false, true}) {
        std::vector<std::string> arguments = {
            tests::program_path("icm"),
            "--server-command",
            tests::program_path("psrp") + " serve --stdio --capture " + server +
                (open ? " --capture-secrets" : ""),
            "--capture",
            client,
            "6 * 7"};
        if (open) arguments.insert(arguments.begin() + 1, "--capture-secrets");
        const auto result = tests::run_program(arguments);
        CHECK(result.output == "42\n");
        for (const std::string& file : {client, server}) {
            const auto shown = decoded(file);
            CHECK(shown.exit_code == 0);
            CHECK(contains(shown.output, "CREATE_PIPELINE"));
            CHECK(contains(shown.output, "S -> C  PIPELINE_OUTPUT"));
        }
    }
    const auto nowhere = tests::run_program(
        {tests::program_path("icm"), "--endpoint", "embedded", "--capture", "/nonexistent/x", "1"}
    );
    CHECK(nowhere.exit_code == 3);
    CHECK(contains(nowhere.errors, "/nonexistent/x"));
}

TEST_CASE("wrong command lines of serve are named")
{
    const std::vector<Strings> rows = {
        {},
        {"--stdio", "-s"},
        {"--stdio", "--socket", "/tmp/x"},
        {"--stdio", "--log-level", "loud"},
        {"--stdio", "--bridge", "'open"},
        {"--socket", std::string(200, 'x')},
    };
    for (const Strings& row : rows) {
        Strings arguments = {tests::program_path("psrp"), "serve"};
        arguments.insert(arguments.end(), row.begin(), row.end());
        const auto result = tests::run_program(arguments);
        CHECK(result.exit_code != 0);
        CHECK_FALSE(result.errors.empty());
    }
    const Server server;
    const auto second =
        tests::run_program({tests::program_path("psrp"), "serve", "--socket", server.path});
    CHECK(second.exit_code == 1);
    CHECK(contains(second.errors, "a server listens on the socket already"));
}

TEST_CASE("a client whose output nobody reads makes neither side grow")
{
    if (has_sanitizer) return tests::report_skip("a sanitizer's memory hides the program's");
    constexpr int count = 100'000; // some 17 MB on the wire
    constexpr std::size_t growth_bytes_max = std::size_t{8} << 20;
    for (const Strings& more :
         {Strings{}, Strings{"--bridge", tests::program_path("psrp") + " serve -s"}}) {
        const Server server(more);
        CHECK(server.run("1").output == "1\n");
        const std::size_t server_bytes = tests::peak_memory_bytes(server.program->id());
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const std::string script = "1.." + std::to_string(count);
        const std::string icm = tests::program_path("icm");
        const pid_t client = ::fork();
        if (client == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::execl(
                icm.c_str(), "icm", "-n", "--socket", server.path.c_str(), script.c_str(), nullptr
            );
            ::_exit(127);
        }
        ::close(ends[1]);
        ::usleep(500'000); // time for whoever would go on without being read
        const std::string text = read_to_end(ends[0]);
        ::close(ends[0]);
        CHECK(std::count(text.begin(), text.end(), '\n') == count);
        CHECK(text.ends_with("\n" + std::to_string(count) + "\n"));
        int status = 0;
        rusage usage{};
        REQUIRE(::wait4(client, &status, 0, &usage) == client);
        CHECK(status == 0);
        // Server and client are much the same program at rest.
        CHECK(
            static_cast<std::size_t>(usage.ru_maxrss) * 1024 < server_bytes + 2 * growth_bytes_max
        );
        CHECK(tests::peak_memory_bytes(server.program->id()) < server_bytes + growth_bytes_max);
    }
}

TEST_CASE("the memory of a run does not grow with the number of its targets")
{
    if (has_sanitizer) return tests::report_skip("a sanitizer's memory hides the program's");
    constexpr std::size_t peak_bytes_max = std::size_t{64} << 20;
    const Server server({"--sessions-max", "100"});
    Strings arguments = {tests::program_path("icm")};
    for (int i = 0; i < 800; ++i)
        arguments.insert(arguments.end(), {"--socket", server.path});
    arguments.insert(arguments.end(), {"--output", "none", "1"});
    std::vector<char*> words;
    for (std::string& argument : arguments)
        words.push_back(argument.data());
    words.push_back(nullptr);
    const pid_t client = ::fork();
    if (client == 0) {
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    int status = 0;
    rusage usage{};
    REQUIRE(::wait4(client, &status, 0, &usage) == client);
    CHECK(status == 0);
    CHECK(static_cast<std::size_t>(usage.ru_maxrss) * 1024 < peak_bytes_max);
}

TEST_CASE("input that a script does not read makes neither side grow")
{
    if (has_sanitizer) return tests::report_skip("a sanitizer's memory hides the program's");
    constexpr std::size_t growth_bytes_max = std::size_t{24} << 20;
    const Server server;
    CHECK(server.run("1").output == "1\n");
    const std::size_t server_bytes = tests::peak_memory_bytes(server.program->id());
    tests::ProgramInput input;
    input.has_input = true;
    const std::string line(1000, 'x');
    constexpr int count = 60'000; // 60 MB
    for (int i = 0; i < count; ++i)
        input.input += line + "\n";
    RunningProgram client(
        {tests::program_path("icm"),
         "--socket",
         server.path,
         "'up'; Start-Sleep 1; $input | Measure-Object | ForEach-Object Count"},
        input
    );
    REQUIRE(client.wait_for_output("up"));
    ::usleep(800'000); // time for whoever would go on without being read
    CHECK(tests::peak_memory_bytes(client.id()) < server_bytes + growth_bytes_max);
    const auto result = client.wait();
    INFO(result.errors);
    CHECK(result.output == "up\n" + std::to_string(count) + "\n");
    CHECK(tests::peak_memory_bytes(server.program->id()) < server_bytes + growth_bytes_max);
}
