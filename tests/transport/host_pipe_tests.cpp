#include <psrp/transport/errors.hpp>
#include <psrp/transport/host_pipe.hpp>
#include <tests/icm/program_run.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <unistd.h>

using namespace psrp;

namespace {

// A folder of sockets (plain files do: only the names count) and one of processes.
struct Machine {
    tests::TemporaryFolder pipes;
    HostPipePlaces places{pipes.path().string() + "/"};

    void add(std::string_view start, pid_t id, std::string_view name) const
    {
        const std::string path = host_pipe_path(places.pipe_folder, start, id, name);
        (void)pipes.write(path.substr(places.pipe_folder.size()), "");
    }
};

std::string start_of(pid_t id)
{
    return host_pipe_start(process_start(id).value_or(0));
}

} // namespace

TEST_CASE("the start in the name is eight digits of the FILETIME behind its first")
{
    struct Row {
        std::uint64_t file_time;
        std::string start;
    };
    const Row rows[] = {
        {0x1DB2F4A5B6C7D8E, "DB2F4A5B"},
        {133'800'000'000'000'000, "DB5A641E"},
        {0x100000000000000, "00000000"},
        {0x12345678, "2345678"},
        {0x1, "0000001"},
    };
    for (const Row& row : rows)
        CHECK(host_pipe_start(row.file_time) == row.start);
}

TEST_CASE("a path is PowerShell's and never longer than 104 characters")
{
    CHECK(
        host_pipe_path("/tmp/", "DB59F4F6", 1234, "pwsh") ==
        "/tmp/CoreFxPipe_PSHost.DB59F4F6.1234.None.pwsh"
    );
    const std::string cut = host_pipe_path("/tmp/", "DB59F4F6", 1, std::string(200, 'x'));
    CHECK(cut.size() == 104);
    CHECK(cut.ends_with("xxx"));
}

TEST_CASE("names of files are read or passed over")
{
    struct Row {
        std::string name;
        pid_t id; // 0: no pipe of a process
        std::string process;
    };
    const Row rows[] = {
        {"CoreFxPipe_PSHost.DB59F4F6.1234.None.pwsh", 1234, "pwsh"},
        {"CoreFxPipe_PSHost.DB59F4F6.1234.None.my.app", 1234, "my.app"},
        {"CoreFxPipe_PSHost.DB59F4F6.1234.Non", 1234, ""},
        {"CoreFxPipe_PSHost.DB59F4F6.1234.None.", 1234, ""},
        {"CoreFxPipe_PSHost.DB59F4F6.0.None.pwsh", 0, ""},
        {"CoreFxPipe_PSHost.DB59F4F6.-1.None.pwsh", 0, ""},
        {"CoreFxPipe_PSHost.DB59F4F6.12x.None.pwsh", 0, ""},
        {"CoreFxPipe_PSHost.nothex.12.None.pwsh", 0, ""},
        {"CoreFxPipe_PSHost.DB59F4F6", 0, ""},
        {"CoreFxPipe_PSHost.", 0, ""},
        {"CoreFxPipe_mine", 0, ""},
        {"PSHost.DB59F4F6.1.None.pwsh", 0, ""},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const auto pipe = read_host_pipe_name(row.name);
        CHECK((pipe ? pipe->process_id : 0) == row.id);
        if (pipe) CHECK(pipe->process_name == row.process);
    }
}

TEST_CASE("custom pipes lie beside the others")
{
    CHECK(custom_pipe_path("/tmp/", "mine") == "/tmp/CoreFxPipe_mine");
    CHECK_FALSE(custom_pipe_path("/tmp/", ""));
    CHECK_FALSE(custom_pipe_path("/tmp/", "a/b"));
    CHECK(custom_pipe_path("/tmp/", std::string(91, 'x'))->size() == 107);
    CHECK_FALSE(custom_pipe_path("/tmp/", std::string(92, 'x')));
}

TEST_CASE("the folder is TMPDIR, or /tmp")
{
    const char* variable = std::getenv("TMPDIR");
    const std::string before = variable != nullptr ? variable : "";
    ::setenv("TMPDIR", "/some/where", 1);
    CHECK(default_host_pipe_places().pipe_folder == "/some/where/");
    ::setenv("TMPDIR", "", 1);
    CHECK(default_host_pipe_places().pipe_folder == "/tmp/");
    ::unsetenv("TMPDIR");
    CHECK(default_host_pipe_places().pipe_folder == "/tmp/");
    if (variable != nullptr) ::setenv("TMPDIR", before.c_str(), 1);
}

TEST_CASE("the start of a process is a moment ago and the same each time")
{
    const auto start = process_start(::getpid());
    REQUIRE(start);
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto now =
        116'444'736'000'000'000ULL +
        static_cast<std::uint64_t>(std::chrono::nanoseconds(since_epoch).count()) / 100;
    CHECK(*start <= now);
    CHECK(now - *start < 24ULL * 3600 * 10'000'000);
    CHECK_FALSE(process_start(0));

    // Names with blanks and parentheses do not shift the fields.
    const tests::TemporaryFolder processes;
    std::filesystem::create_directory(processes.path() / "7");
    const auto with_name = [&](const std::string& name) {
        (void)processes.write(
            "7/stat", "7 (" + name + ") S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0\n"
        );
        return process_start(7, processes.path().string());
    };
    const auto plain = with_name("pwsh");
    REQUIRE(plain);
    const auto odd = with_name("a) S (b 1 2");
    REQUIRE(odd);
    // The clock may have been read before or behind the other time.
    CHECK(*odd - *plain + 10'000'000 < 20'000'000);
}

TEST_CASE("a process is found by its id, left-overs of others with the same id are passed over")
{
    const Machine machine;
    const std::string start = start_of(::getpid());
    machine.add("00000001", ::getpid(), "pwsh");
    machine.add(start, ::getpid(), "pwsh");
    machine.add("FFFFFFFF", ::getpid(), "pwsh");
    const auto found = find_host_pipe(::getpid(), machine.places);
    REQUIRE(found);
    CHECK(found->start == start);
    CHECK(found->path == host_pipe_path(machine.places.pipe_folder, start, ::getpid(), "pwsh"));
}

TEST_CASE("a process that is not there, or has no socket, is said to be so")
{
    const Machine machine;
    const pid_t gone = 0x7fffffff;
    const auto nothing = find_host_pipe(gone, machine.places);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().error == TransportErrc::HostPipeNotFound);

    machine.add("DB59F4F6", gone, "pwsh");
    const auto stale = find_host_pipe(gone, machine.places);
    REQUIRE_FALSE(stale);
    CHECK(stale.error().error == TransportErrc::HostPipeStale);
    const auto stale_name = find_host_pipe("PWSH", machine.places);
    REQUIRE_FALSE(stale_name);
    CHECK(stale_name.error().error == TransportErrc::HostPipeStale);

    const auto deaf = find_host_pipe(::getpid(), machine.places);
    REQUIRE_FALSE(deaf);
    CHECK(deaf.error().error == TransportErrc::HostPipeNotFound);
    CHECK(deaf.error().text.find("POWERSHELL_DIAGNOSTICS_OPTOUT") != std::string::npos);
    CHECK_FALSE(find_host_pipe("nosuch", machine.places));
}

TEST_CASE("a process is found by its name where only one runs")
{
    const Machine machine;
    machine.add(start_of(::getpid()), ::getpid(), "my.app");
    machine.add("DB59F4F6", 0x7fffffff, "my.app"); // has ended
    const auto found = find_host_pipe("My.App", machine.places);
    REQUIRE(found);
    CHECK(found->process_id == ::getpid());

    machine.add(start_of(::getppid()), ::getppid(), "my.app");
    const auto several = find_host_pipe("my.app", machine.places);
    REQUIRE_FALSE(several);
    CHECK(several.error().error == TransportErrc::HostPipeAmbiguous);
    CHECK(several.error().text.find(std::to_string(::getppid())) != std::string::npos);
}

TEST_CASE("a name that was cut is known by its beginning")
{
    const Machine machine;
    const std::string name(200, 'x');
    machine.add(start_of(::getpid()), ::getpid(), name);
    const auto found = find_host_pipe(name, machine.places);
    REQUIRE(found);
    CHECK(found->path.size() == 104);
    CHECK_FALSE(find_host_pipe("y" + name, machine.places));
}
