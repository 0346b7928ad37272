#include <tests/icm/lasting_programs.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/icm/terminal_program.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

// A pseudo-terminal. The inner end is held open, so that it outlives the program on it.
struct PseudoTerminal {
    PseudoTerminal()
    {
        master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(master >= 0);
        REQUIRE(::grantpt(master) == 0);
        REQUIRE(::unlockpt(master) == 0);
        name = ::ptsname(master);
        terminal = ::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(terminal >= 0);
    }
    ~PseudoTerminal() { close(); }
    PseudoTerminal(const PseudoTerminal&) = delete;
    PseudoTerminal& operator=(const PseudoTerminal&) = delete;

    // Starts the program as the leader of a session on this terminal, with this environment.
    [[nodiscard]] pid_t
    start(std::vector<std::string> arguments, std::vector<std::string> environment) const
    {
        const auto pointers = [](std::vector<std::string>& texts) {
            std::vector<char*> all;
            for (std::string& text : texts)
                all.push_back(text.data());
            all.push_back(nullptr);
            return all;
        };
        const auto argument_pointers = pointers(arguments);
        const auto environment_pointers = pointers(environment);
        const pid_t id = ::fork();
        REQUIRE(id >= 0);
        if (id != 0) return id;
        ::setsid();
        const int own = ::open(name.c_str(), O_RDWR);
        ::ioctl(own, TIOCSCTTY, 0);
        for (const int stream : {0, 1, 2})
            ::dup2(own, stream);
        ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
        ::_exit(127);
    }
    void close()
    {
        for (int* end : {&terminal, &master}) {
            if (*end >= 0) ::close(*end);
            *end = -1;
        }
    }

    std::string name;
    int master = -1;
    int terminal = -1;
};

bool echoes(int terminal)
{
    termios state{};
    REQUIRE(::tcgetattr(terminal, &state) == 0);
    return (state.c_lflag & ECHO) != 0;
}

} // namespace

TEST_CASE("the terminal is as before, however an ssh that asks for a password is ended")
{
    const tests::TemporaryFolder folder;
    const std::string ssh =
        folder.write("ssh", "#!/bin/sh\n/bin/stty -echo </dev/tty\nexec /bin/sleep 1000\n");
    std::filesystem::permissions(ssh, std::filesystem::perms(0755));
    const std::string icm = tests::program_path("icm");
    const std::string path = "PATH=" + folder.path().string();
    for (const bool by_key : {true, false}) {
        const PseudoTerminal pseudo;
        const int terminal = pseudo.terminal;
        const int master = pseudo.master;
        REQUIRE(echoes(terminal));
        const pid_t id = pseudo.start({icm, "-n", "-HostName", "h", "1"}, {path});
        // The test's own limit of time decides where that never happens.
        while (echoes(terminal))
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        int status = 0;
        while (::waitpid(id, &status, WNOHANG) == 0) {
            if (by_key)
                REQUIRE(::write(master, "\x03", 1) == 1);
            else
                ::kill(id, SIGTERM);
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        CHECK(echoes(terminal));
    }
}

TEST_CASE("a held session has had its password in the foreground, and outlives the terminal")
{
    const tests::LastingPrograms programs;
    // As with ssh only the relay is on this terminal, and the server is elsewhere.
    const std::string ssh = programs.folder().write(
        "ssh",
        "#!/bin/sh\n/bin/stty -echo </dev/tty\nread password </dev/tty\n"
        "/bin/stty echo </dev/tty\n[ \"$password\" = 'open sesame' ] || exit 1\n"
        "/bin/cat | /usr/bin/setsid " +
            tests::program_path("psrp") + " serve --stdio | /bin/cat\n"
    );
    std::filesystem::permissions(ssh, std::filesystem::perms(0755));
    std::vector<std::string> environment = {"PATH=" + programs.folder().path().string()};
    for (const auto& [name, value] : programs.input().environment)
        environment.push_back(name + "=" + value);
    PseudoTerminal pseudo;
    const pid_t id = pseudo.start(
        {tests::program_path("psrp"), "session", "new", programs.name(), "host"}, environment
    );
    while (echoes(pseudo.terminal))
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    constexpr std::string_view typed = "open sesame\n";
    REQUIRE(::write(pseudo.master, typed.data(), typed.size()) == 12);
    int status = 0;
    REQUIRE(::waitpid(id, &status, 0) == id);
    REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    pseudo.close();
    const auto found = programs.icm({"-Session", programs.name(), "6 * 7"});
    INFO(found.errors);
    CHECK(found.output == "42\n");
    // The host is that of each client: one without a terminal has none.
    CHECK(programs.icm({"-Session", programs.name(), "Write-Host h"}).errors == "h\n");
    CHECK(programs.icm({"-Session", programs.name(), "Read-Host n"}).exit_code == 1);
    const PseudoTerminal other;
    const pid_t asking = other.start(
        {tests::program_path("icm"), "-Session", programs.name(), "$name = Read-Host name"},
        environment
    );
    constexpr std::string_view name = "me\n";
    REQUIRE(::write(other.master, name.data(), name.size()) == 3);
    REQUIRE(::waitpid(asking, &status, 0) == asking);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    CHECK(programs.icm({"-Session", programs.name(), "$name"}).output == "me\n");
    CHECK(programs.session({"remove", programs.name()}).exit_code == 0);
}

TEST_CASE("what a script writes for people is there once, with a terminal and without")
{
    const std::string script = "Write-Host h; Write-Warning w; Write-Verbose v -Verbose; "
                               "Write-Information i -InformationAction Continue; 'x' | Out-Host; "
                               "$Host.UI.WriteWarningLine('u'); Write-Host -NoNewline n; 1";
    const std::string before = "h\nWARNING: w\nVERBOSE: v\ni\nx\nWARNING: u\nn";
    const std::string icm = tests::program_path("icm");
    tests::TerminalProgram terminal({icm, "--endpoint", "embedded", script}, {{"NO_COLOR", "1"}});
    CHECK(terminal.wait() == 0);
    std::string said = terminal.written();
    std::erase(said, '\r');
    CHECK(said == before + "1\n");

    const auto run = tests::run_program({icm, "--endpoint", "embedded", script});
    CHECK(run.errors == before + "\n");
    CHECK(run.output == "1\n");
    const auto asking =
        tests::run_program({icm, "--endpoint", "embedded", "'x' | Out-Host; Read-Host q"});
    CHECK(asking.errors.starts_with("x\nRead-Host: "));
    CHECK(asking.exit_code == 1);
}
