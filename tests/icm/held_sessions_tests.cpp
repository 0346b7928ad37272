// psrp session new|list|remove|disconnect|connect|receive, icm -Session, and what happens to them:
// examples 3 and 4 of Invoke-Command's reference among it.
#include <clixml/guid.hpp>
#include <tests/icm/lasting_programs.hpp>
#include <tests/icm/processes.hpp>
#include <tests/icm/ssh_server.hpp>
#include <tests/icm/winrm_server.hpp>
#include <tests/support/skip.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using Strings = std::vector<std::string>;
using tests::LastingPrograms;
using tests::program_path;
using tests::RunningProgram;

const Strings here = {"--endpoint", "embedded"};

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

// A server behind a socket that can be killed.
struct SocketServer {
    explicit SocketServer(const LastingPrograms& programs)
        : path((programs.folder().path() / "server").string())
    {
        program = std::make_unique<RunningProgram>(Strings{
            program_path("psrp"), "serve", "--socket", path});
        REQUIRE(program->wait_for_errors("event=listening"));
    }
    std::string path;
    std::unique_ptr<RunningProgram> program;
};

// What a session is for, in whatever way it goes there.
void check_session(const LastingPrograms& programs, const std::string& way, const Strings& target)
{
    INFO(way);
    programs.open(target);
    const std::string name = programs.name();
    // Example 4: what one command leaves the next one finds.
    CHECK(programs.icm({"-Session", name, "$x = 6; 'set'"}).output == "set\n");
    const auto read = programs.icm({"-Session", name, "$x * 7"});
    INFO(read.errors);
    CHECK(read.output == "42\n");
    CHECK(read.exit_code == 0);
    // Example 3, and what comes with it: arguments, $using:, input, errors, several scripts.
    CHECK(
        programs.icm({"-Session", name, "-Args", "1,2", "param($a, $b) $b, $a"}).output == "2\n1\n"
    );
    CHECK(programs.icm({"-Session", name, "--using", "v=5", "$using:v + $x"}).output == "11\n");
    CHECK(programs.icm({"-Session", name, "-InputObject", "1,2", "$input"}).output == "1\n2\n");
    CHECK(programs.icm({"-Session", name, "-c", "$y = 1", "-c", "$y"}).output == "1\n");
    const auto failed = programs.icm({"-Session", name, "Write-Error bad"});
    CHECK(failed.exit_code == 1);
    CHECK(contains(failed.errors, "bad"));
    CHECK(contains(
        programs.icm({"-Session", name, "--output", "jsonl", "[pscustomobject]@{A = 1}"}).output,
        "PSComputerName"
    ));
    // What only one command wanted does not stay.
    CHECK(contains(programs.icm({"-Session", name, "-Verbose", "Write-Verbose v"}).errors, "v"));
    CHECK(programs.icm({"-Session", name, "Write-Verbose v"}).errors.empty());
    CHECK(contains(programs.session({"list"}).output, name));
    CHECK(programs.session({"remove", name}).exit_code == 0);
    CHECK(programs.session({"list"}).output.empty());
    const auto gone = programs.icm({"-Session", name, "1"});
    CHECK(gone.exit_code == 3);
    CHECK(contains(gone.errors, "There is no session " + name));
    tests::wait_until_gone("session new " + name);
}

std::string server_command(const LastingPrograms& programs)
{
    const std::string log = (programs.folder().path() / "far").string();
    return program_path("psrp") + " serve -s --capture " + log;
}

// The holder carries the far side's command line in its own.
std::vector<pid_t> far_sides(const LastingPrograms& programs)
{
    // First the holders: one that ends between the two looks would pass for a far side.
    const std::vector<pid_t> holders = tests::processes_with("session new");
    std::vector<pid_t> found = tests::processes_with(server_command(programs));
    std::erase_if(found, [&](pid_t id) {
        return std::find(holders.begin(), holders.end(), id) != holders.end();
    });
    return found;
}

} // namespace

TEST_CASE("a session keeps its variables on this computer, behind a socket and in a program")
{
    const LastingPrograms programs;
    const SocketServer server(programs);
    check_session(programs, "here", here);
    check_session(programs, "socket", {"--socket", server.path});
    check_session(programs, "program", {"--server-command", program_path("psrp") + " serve -s"});
}

TEST_CASE("a session keeps its variables behind sshd")
{
    std::string reason;
    const auto server = tests::SshServer::start(reason);
    if (server == nullptr) return tests::report_skip(reason);
    const LastingPrograms programs;
    Strings target = server->access();
    target.push_back(server->target());
    check_session(programs, "ssh", target);
    tests::wait_until_gone(server->endpoint_mark());
}

TEST_CASE("a session keeps its variables behind the WinRM listener")
{
    const tests::WinRmServer server;
    const LastingPrograms programs;
    Strings target = {"-ComputerName", "127.0.0.1"};
    const Strings access = server.access_by_name();
    target.insert(target.end(), access.begin(), access.end());
    check_session(programs, "winrm", target);
}

TEST_CASE("one command runs in several sessions")
{
    const LastingPrograms programs;
    programs.open(here, "-a");
    programs.open(here, "-b");
    CHECK(programs.icm({"-Session", programs.name("-a"), "$x = 'a'"}).exit_code == 0);
    CHECK(programs.icm({"-Session", programs.name("-b"), "$x = 'b'"}).exit_code == 0);
    const Strings both = {"-Session", programs.name("-a") + "," + programs.name("-b")};
    Strings words = both;
    words.insert(words.end(), {"-ThrottleLimit", "1", "$x"});
    CHECK(programs.icm(words).output == "a\nb\n");
    // One that is not there does not stop the other one.
    words = {"-Session", programs.name("-none"), "-Session", programs.name("-b"), "$x"};
    const auto one = programs.icm(words);
    CHECK(one.output == "b\n");
    CHECK(one.exit_code == 3);
    CHECK(contains(one.errors, programs.name("-none")));
}

TEST_CASE("a name is taken once, and is a name")
{
    const LastingPrograms programs;
    programs.open(here);
    const auto again = programs.session({"new", programs.name(), "--endpoint", "embedded"});
    CHECK(again.exit_code == 1);
    CHECK(contains(again.errors, "there is a session " + programs.name() + " already"));
    CHECK(programs.session({"new", "../x", "--endpoint", "embedded"}).exit_code == 2);
    CHECK(programs.icm({"-Session", "a/b", "1"}).exit_code == 2);
    CHECK(programs.session({"remove", "none"}).exit_code == 1);
    const auto unreachable = programs.session({"new", "x", "--socket", "/nowhere/at/all"});
    CHECK(unreachable.exit_code == 3);
    CHECK(contains(unreachable.errors, "/nowhere/at/all"));
}

TEST_CASE("the folder and the socket of a session are this user's alone")
{
    const LastingPrograms programs;
    programs.open(here);
    const auto folder = programs.folder().path() / "run" / "psrp";
    struct stat status {};
    REQUIRE(::stat(folder.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    const auto socket = folder / (programs.name() + ".session");
    REQUIRE(::stat(socket.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    // Without XDG_RUNTIME_DIR they lie in the state folder.
    tests::ProgramInput input = programs.input();
    input.environment.front().second = "";
    const auto opened = tests::run_program(
        {program_path("psrp"), "session", "new", programs.name("-s"), "--endpoint", "embedded"},
        input
    );
    INFO(opened.errors);
    CHECK(opened.exit_code == 0);
    const auto state = programs.folder().path() / "state" / "psrp" / "run";
    CHECK(std::filesystem::exists(state / (programs.name("-s") + ".session")));
}

TEST_CASE("another user gets nothing from a holder")
{
    if (::geteuid() != 0) return tests::report_skip("only root can be another user");
    const LastingPrograms programs;
    programs.open(here);
    const auto folder = programs.folder().path() / "run" / "psrp";
    const std::string path = (folder / (programs.name() + ".session")).string();
    // As if somebody had opened the folders to everybody.
    using std::filesystem::perms;
    for (auto at = folder; at != programs.folder().path().parent_path(); at = at.parent_path())
        std::filesystem::permissions(at, perms(0711));
    std::filesystem::permissions(path, perms::all);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        constexpr uid_t nobody = 65534;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        const bool is_connected =
            ::setuid(nobody) == 0 &&
            ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
        if (!is_connected) ::_exit(2);
        std::string answer(4096, '\0');
        const ssize_t count = ::recv(socket, answer.data(), answer.size(), 0);
        answer.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        ::_exit(answer.find("another user") != std::string::npos ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    INFO(status);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("a client that is killed takes its pipeline with it and not the session")
{
    const tests::WinRmServer server;
    Strings winrm = {"-ComputerName", "127.0.0.1"};
    const Strings access = server.access_by_name();
    winrm.insert(winrm.end(), access.begin(), access.end());
    for (const Strings& target : {here, winrm}) {
        const LastingPrograms programs;
        programs.open(target);
        CHECK(programs.icm({"-Session", programs.name(), "$x = 1"}).exit_code == 0);
        RunningProgram client(
            {program_path("icm"), "-Session", programs.name(), "'ready'; Start-Sleep 3600"},
            programs.input()
        );
        REQUIRE(client.wait_for_output("ready"));
        CHECK(contains(programs.session({"list"}).output, "Busy"));
        ::kill(client.id(), SIGKILL);
        CHECK(client.wait().exit_code == 128 + SIGKILL);
        // Its pipeline would have the runspace for an hour.
        CHECK(programs.icm({"-Session", programs.name(), "$x"}).output == "1\n");
    }
}

TEST_CASE("Ctrl-C stops the pipeline and the session goes on")
{
    const LastingPrograms programs;
    programs.open(here);
    RunningProgram client(
        {program_path("icm"), "-Session", programs.name(), "$x = 2; 'ready'; Start-Sleep 3600"},
        programs.input()
    );
    REQUIRE(client.wait_for_output("ready"));
    ::kill(client.id(), SIGINT);
    CHECK(client.wait().exit_code == 130);
    CHECK(programs.icm({"-Session", programs.name(), "$x"}).output == "2\n");
}

TEST_CASE("two clients at once get what is theirs")
{
    const LastingPrograms programs;
    programs.open(here);
    std::string first;
    for (int i = 1; i <= 2000; ++i)
        first += std::to_string(i) + "\n";
    std::vector<std::unique_ptr<RunningProgram>> clients;
    for (const char* script : {"1..2000", "'a'; 'b'", "1..2000", "Write-Error bad", "$z = 1; $z"}) {
        clients.push_back(std::make_unique<RunningProgram>(
            Strings{program_path("icm"), "-Session", programs.name(), script}, programs.input()
        ));
    }
    CHECK(clients[0]->wait().output == first);
    CHECK(clients[1]->wait().output == "a\nb\n");
    CHECK(clients[2]->wait().output == first);
    CHECK(contains(clients[3]->wait().errors, "bad"));
    CHECK(clients[4]->wait().output == "1\n");
}

TEST_CASE("when the far side is killed the next command says so, and the session can be removed")
{
    const LastingPrograms programs;
    SocketServer server(programs);
    programs.open({"--socket", server.path});
    RunningProgram client(
        {program_path("icm"), "-Session", programs.name(), "'ready'; Start-Sleep 3600"},
        programs.input()
    );
    REQUIRE(client.wait_for_output("ready"));
    server.program.reset();
    const auto cut = client.wait();
    CHECK(cut.exit_code == 3);
    INFO(cut.errors);
    CHECK(contains(cut.errors, "The session " + programs.name() + " is broken"));
    const auto next = programs.icm({"-Session", programs.name(), "1"});
    CHECK(next.exit_code == 3);
    CHECK(contains(next.errors, "The session " + programs.name() + " is broken"));
    CHECK(contains(programs.session({"list"}).output, "Broken"));
    CHECK(programs.session({"remove", programs.name()}).exit_code == 0);
    CHECK(programs.session({"list"}).output.empty());
    tests::wait_until_gone("session new " + programs.name());
}

TEST_CASE("when the holder is killed its sessions are gone, with all their processes")
{
    const LastingPrograms programs;
    programs.open({"--server-command", server_command(programs)});
    REQUIRE(far_sides(programs).size() == 1);
    ::kill(programs.holder(), SIGKILL);
    while (!far_sides(programs).empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto next = programs.icm({"-Session", programs.name(), "1"});
    CHECK(next.exit_code == 3);
    CHECK(contains(next.errors, "The session " + programs.name() + " is gone"));
    CHECK(contains(programs.session({"list"}).output, "Broken"));
    CHECK(programs.session({"remove", programs.name()}).exit_code == 0);
    CHECK(programs.session({"list"}).output.empty());
    // The name is free.
    programs.open(here);
}

TEST_CASE("a session that is removed stops what runs in it")
{
    const LastingPrograms programs;
    programs.open({"--server-command", server_command(programs)});
    RunningProgram client(
        {program_path("icm"), "-Session", programs.name(), "'ready'; Start-Sleep 3600"},
        programs.input()
    );
    REQUIRE(client.wait_for_output("ready"));
    CHECK(programs.session({"remove", programs.name()}).exit_code == 0);
    const auto ended = client.wait();
    CHECK(ended.exit_code == 3);
    CHECK(contains(ended.errors, "has been removed"));
    tests::wait_until_gone("session new " + programs.name());
    CHECK(far_sides(programs).empty());
}

TEST_CASE("a session that nobody uses is closed in time")
{
    const LastingPrograms programs;
    programs.open({"--idle-timeout", "1", "--server-command", server_command(programs)});
    tests::wait_until_gone("session new " + programs.name());
    CHECK(far_sides(programs).empty());
    CHECK(contains(programs.icm({"-Session", programs.name(), "1"}).errors, "There is no session"));
    CHECK(programs.icm({"--idle-timeout", "1", "1"}).exit_code == 2);
}

TEST_CASE("a session over WinRM is left to the server and taken up again")
{
    const tests::WinRmServer server;
    const LastingPrograms programs;
    Strings target = {"-ComputerName", "127.0.0.1"};
    const Strings access = server.access_by_name();
    target.insert(target.end(), access.begin(), access.end());
    programs.open(target);
    const std::string name = programs.name();
    CHECK(programs.icm({"-Session", name, "$x = 5"}).exit_code == 0);
    const auto left = programs.session({"disconnect", name});
    INFO(left.errors);
    REQUIRE(left.exit_code == 0);
    // Nothing of it is left here but what finds it again, and no password in that.
    tests::wait_until_gone("session new " + name);
    const auto record = programs.folder().path() / "state" / "psrp" / "sessions" / (name + ".json");
    CHECK_FALSE(contains(tests::read_whole_file(record), tests::WinRmServer::password()));
    CHECK(contains(programs.session({"list"}).output, "Disconnected"));
    CHECK(programs.session({"new", name, "--endpoint", "embedded"}).exit_code == 1);
    const auto taken_up = programs.session({"connect", name});
    INFO(taken_up.errors);
    REQUIRE(taken_up.exit_code == 0);
    CHECK_FALSE(std::filesystem::exists(record));
    const auto found = programs.icm({"-Session", name, "$x"});
    INFO(found.errors);
    CHECK(found.output == "5\n");
    // Left again, and removed where it is.
    CHECK(programs.session({"disconnect", name}).exit_code == 0);
    const auto removed = programs.session({"remove", name});
    INFO(removed.errors);
    CHECK(removed.exit_code == 0);
    CHECK(programs.session({"list"}).output.empty());
    // Other sessions cannot be left.
    programs.open(here, "-here");
    CHECK(contains(programs.session({"disconnect", programs.name("-here")}).errors, "WinRM"));
}

TEST_CASE("what runs in a session over WinRM goes on without us, and its output is received")
{
    const tests::WinRmServer server;
    const LastingPrograms programs;
    Strings target = {"-ComputerName", "127.0.0.1"};
    const Strings access = server.access_by_name();
    target.insert(target.end(), access.begin(), access.end());
    programs.open(target);
    RunningProgram client(
        {program_path("icm"), "-Session", programs.name(), "'ready'; Start-Sleep 2; 'slept'"},
        programs.input()
    );
    REQUIRE(client.wait_for_output("ready"));
    REQUIRE(programs.session({"disconnect", programs.name()}).exit_code == 0);
    CHECK(client.wait().exit_code == 3);
    const auto received = programs.session({"receive", programs.name()});
    INFO(received.errors);
    CHECK(contains(received.output, "slept\n"));
    CHECK(programs.session({"list"}).output.empty());
}

TEST_CASE("what a WinRM listener has is listed with owner, age and idle time")
{
    const tests::WinRmServer server;
    const LastingPrograms programs;
    const auto with = [&](Strings words, const Strings& more) {
        words.insert(words.end(), {"-ComputerName", "127.0.0.1"});
        const Strings access = server.access_by_name(); // twelve hours of idle time
        words.insert(words.end(), access.begin(), access.end());
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    programs.open(with({}, {}));
    REQUIRE(programs.icm(with({}, {"-Disconnected", "-SessionName", "long", "1"})).exit_code == 0);

    const auto listed = programs.session(with({"list"}, {"--output", "json"}));
    INFO(listed.errors);
    const auto sessions = nlohmann::json::parse(listed.output, nullptr, false);
    REQUIRE(sessions.is_array());
    REQUIRE(sessions.size() == 2);
    for (const auto& session : sessions) {
        const bool is_left = session["State"] == "Disconnected";
        CHECK((is_left || session["State"] == "Connected"));
        CHECK((session["Name"] == "long") == is_left);
        CHECK(session["ComputerName"] == "127.0.0.1");
        CHECK(session["ConfigurationName"] == "Microsoft.PowerShell");
        CHECK(clixml::Guid::read(session["InstanceId"].get<std::string>()));
        CHECK(session["Owner"] == "alice");
        CHECK(session["ClientIP"] == "127.0.0.1");
        CHECK(session["IdleTimeout"]["TotalHours"] == 12.0);
        CHECK(session["OutputBufferingMode"] == "Drop");
        CHECK(session["IsCompressed"].is_boolean());
        const double age = session["Age"]["TotalSeconds"];
        const double inactivity = session["Inactivity"]["TotalSeconds"];
        CHECK(age >= inactivity);
        CHECK(inactivity >= 0);
    }
    CHECK(sessions[0]["State"] != sessions[1]["State"]);

    const auto table = programs.session(with({"list"}, {}));
    INFO(table.output);
    CHECK(contains(table.output, "   ComputerName: 127.0.0.1\n"));
    CHECK(contains(table.output, " State        Owner "));
    CHECK(contains(table.output, " Age IdleTimeout Inactivity InstanceId\n"));
    CHECK(contains(table.output, "long"));
    CHECK(contains(table.output, " Disconnected alice 00:00:"));
    CHECK(contains(table.output, "   12:00:00   00:00:"));
    for (const auto& session : sessions)
        CHECK(contains(table.output, session["InstanceId"].get<std::string>() + "\n"));
}

TEST_CASE("a session stays where it is when the disk is too full to find it again")
{
    const tests::WinRmServer server;
    const LastingPrograms programs;
    const std::string state = (programs.folder().path() / "state").string();
    std::filesystem::create_directories(state);
    const std::string session = program_path("psrp") + " session ";
    std::string target = "-ComputerName 127.0.0.1";
    for (const std::string& word : server.access_by_name())
        target += " '" + word + "'";
    // A file system of its own, which goes with the last process that sees it.
    const std::string text =
        "mount -t tmpfs -o size=64k none " + state + " || exit 77; " + "mkdir -p -m 700 " + state +
        "/psrp/sessions; " + session + "new " + programs.name() + " " + target + " >/dev/null; " +
        "cat /dev/zero >" + state + "/filler 2>/dev/null; " + session + "disconnect " +
        programs.name() + "; echo code $?; " + program_path("icm") + " -Session " +
        programs.name() + " \"'still there'\"; " + session + "list --output jsonl; rm " + state +
        "/filler; " + session + "disconnect " + programs.name() + "; echo code $?; " + session +
        "remove " + programs.name();
    const auto result = tests::run_program(
        {"/bin/sh", "-c", "exec unshare -rm /bin/sh -c \"$0\" || exit 77", text}, programs.input()
    );
    if (result.exit_code == 77 || contains(result.errors, "unshare")) {
        return tests::report_skip("no file system of our own can be mounted here");
    }
    INFO(result.errors);
    CHECK(contains(result.output, "code 1\nstill there\n"));
    CHECK(contains(result.output, "\"State\":\"Opened\""));
    CHECK(contains(result.output, "code 0\n"));
    CHECK(contains(result.errors, "was not left"));
    CHECK(contains(result.errors, "No space left on device"));
}

TEST_CASE("Ctrl-C ends the opening of a session")
{
    const LastingPrograms programs;
    const std::string far = "/bin/sleep 3600";
    RunningProgram opening(
        {program_path("psrp"), "session", "new", programs.name(), "--server-command", far},
        programs.input()
    );
    // Both processes and the far side, as the terminal would have it.
    const std::string mark = "session new " + programs.name();
    while (tests::processes_with(mark).size() < 2)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    for (bool is_over = false; !is_over;) {
        for (const pid_t id : tests::processes_with(mark))
            ::kill(id, SIGINT);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        is_over = tests::processes_with(mark).empty();
    }
    CHECK(opening.wait().exit_code == 130);
    CHECK(programs.session({"list"}).output.empty());
}

// Example 18: many computers, sessions that are left to them, Drop and twelve hours.
TEST_CASE("scripts are left to the WinRM listener and their output fetched")
{
    const tests::WinRmServer server;
    const LastingPrograms programs;
    std::string names;
    for (int i = 0; i < 10; ++i)
        names += "127.0.0.1\n";
    const std::string list = programs.folder().write("machines", names);
    Strings words = {"-ComputerName", "@" + list};
    const Strings access = server.access_by_name();
    words.insert(words.end(), access.begin(), access.end());
    words.insert(words.end(), {"-Disconnected", "-SessionName", "long", "--output", "jsonl"});
    words.push_back("'slept'; 6 * 7");
    const auto left = programs.icm(words);
    INFO(left.errors);
    REQUIRE(left.exit_code == 0);
    CHECK(std::count(left.output.begin(), left.output.end(), '\n') == 10);
    CHECK(contains(left.output, "\"State\":\"Disconnected\""));
    Strings fetch = {"receive", "long", "-ComputerName", "127.0.0.1"};
    fetch.insert(fetch.end(), access.begin(), access.end());
    const auto fetched = programs.session(fetch);
    INFO(fetched.errors);
    CHECK(fetched.exit_code == 0);
    CHECK(std::count(fetched.output.begin(), fetched.output.end(), '\n') == 20);
    CHECK(contains(fetched.output, "slept\n"));
    CHECK(contains(fetched.output, "42\n"));
}
