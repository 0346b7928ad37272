#include <tests/icm/program_run.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <thread>
#include <unistd.h>

namespace {

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
        const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(master >= 0);
        REQUIRE(::grantpt(master) == 0);
        REQUIRE(::unlockpt(master) == 0);
        const std::string name = ::ptsname(master);
        // Held open, so that the terminal outlives the program.
        const int terminal = ::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(terminal >= 0);
        REQUIRE(echoes(terminal));
        const pid_t id = ::fork();
        if (id == 0) {
            ::setsid();
            const int own = ::open(name.c_str(), O_RDWR);
            ::ioctl(own, TIOCSCTTY, 0);
            for (const int stream : {0, 1, 2})
                ::dup2(own, stream);
            const char* arguments[] = {"icm", "-n", "-HostName", "h", "1", nullptr};
            const char* environment[] = {path.c_str(), nullptr};
            ::execve(
                icm.c_str(),
                const_cast<char* const*>(arguments),
                const_cast<char* const*>(environment)
            );
            ::_exit(127);
        }
        REQUIRE(id > 0);
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
        ::close(terminal);
        ::close(master);
    }
}
