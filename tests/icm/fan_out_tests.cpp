#include <tests/icm/processes.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/icm/socket_farm.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <poll.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs on several targets, each one the endpoint behind a small shell program, or a socket.
namespace {

using Strings = std::vector<std::string>;
using tests::ProgramResult;
using tests::TemporaryFolder;

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part)
{
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

// Programs to be targets, in a folder of their own.
class Farm {
public:
    // A program that runs `text`, in which $PSRP is the endpoint; gives its path.
    [[nodiscard]] std::string program(const std::string& name, const std::string& text) const
    {
        const std::string path = folder_.write(
            name,
            "#!/bin/sh\nPSRP='" + tests::program_path("psrp") + "'\nFARM='" +
                folder_.path().string() + "'\n" + text + "\n"
        );
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }
    [[nodiscard]] std::string good(const std::string& name = "good") const
    {
        return program(name, "exec \"$PSRP\" serve -s 2>/dev/null");
    }
    [[nodiscard]] std::string broken(const std::string& name = "broken") const
    {
        return program(name, "echo 'cannot start' >&2; exit 7");
    }
    [[nodiscard]] std::string file(const std::string& name) const
    {
        std::error_code ignored;
        const auto path = folder_.path() / name;
        return std::filesystem::exists(path, ignored) ? tests::read_whole_file(path)
                                                      : std::string();
    }
    [[nodiscard]] std::filesystem::path path() const { return folder_.path(); }

private:
    TemporaryFolder folder_;
};

Strings command(const Strings& programs, const Strings& more)
{
    Strings arguments = {tests::program_path("icm")};
    for (const std::string& program : programs)
        arguments.insert(arguments.end(), {"--server-command", program});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

ProgramResult icm(const Strings& programs, const Strings& more)
{
    return tests::run_program(command(programs, more));
}

// The states in a summary as JSON, by target in their order.
Strings states(const std::string& errors)
{
    Strings found;
    std::istringstream lines(errors);
    for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (json.is_object() && json.contains("state")) found.push_back(json["state"]);
    }
    return found;
}

Strings summary(const Strings& more)
{
    Strings arguments = {"--summary", "--error-view", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

} // namespace

TEST_CASE("no more targets than the throttle limit are at work, and that many are")
{
    const Farm farm;
    // Each one notes how many of its kind are there, itself among them, and lets the others come.
    const std::string program = farm.program(
        "counted",
        "mkdir -p \"$FARM/now\"; : >\"$FARM/now/$$\"\n"
        "\"$PSRP\" serve -s 2>/dev/null\n"
        "rm \"$FARM/now/$$\""
    );
    const std::string script =
        "(Get-ChildItem '" + farm.path().string() + "/now').Count; Start-Sleep -Milliseconds 50";
    for (const auto& [limit, most] : {std::pair(3, 3), std::pair(0, 12)}) {
        const auto result =
            icm(Strings(12, program), {"-ThrottleLimit", std::to_string(limit), script});
        INFO(result.errors);
        CHECK(result.exit_code == 0);
        std::istringstream lines(result.output);
        int seen = 0;
        int count = 0;
        for (int number = 0; lines >> number; ++count)
            seen = std::max(seen, number);
        CHECK(count == 12);
        CHECK(seen <= most);
        CHECK(seen >= (limit == 3 ? 2 : 4));
    }
}

TEST_CASE("one target's failure is named and stops no other, and throw is an error record")
{
    const Farm farm;
    const auto result = icm({farm.good(), farm.broken(), farm.good("second")}, {"6 * 7"});
    CHECK(result.exit_code == 3);
    CHECK(result.output == "42\n42\n");
    CHECK(contains(result.errors, "OpenError: [" + farm.path().string() + "/broken] "));
    CHECK(contains(result.errors, "cannot start"));

    const auto thrown = icm({farm.good()}, {"'before'; throw 'oops'; 'never'"});
    CHECK(thrown.exit_code == 1);
    CHECK(thrown.output == "before\n");
    CHECK(thrown.errors == "OperationStopped: oops\n");
    const auto among = icm({farm.good(), farm.good("second")}, {"throw 'oops'"});
    CHECK(contains(among.errors, "[" + farm.path().string() + "/second] OperationStopped: oops"));
    // Lines of JSON stay lines of JSON.
    const auto json =
        icm({farm.good(), farm.broken()}, {"--error-view", "json", "Write-Error bad"});
    std::istringstream lines(json.errors);
    std::size_t records = 0;
    for (std::string line; std::getline(lines, line);) {
        const auto record = nlohmann::json::parse(line, nullptr, false);
        if (record.is_object() && contains(record.value("computerName", ""), farm.path().string()))
            ++records;
    }
    CHECK(records == 2);
}

TEST_CASE("a summary tells of every target, as a table and as JSON")
{
    const Farm farm;
    const Strings targets = {farm.good(), farm.broken()};
    const auto table = icm(targets, {"--summary", "1; 2; Write-Error bad"});
    CHECK(contains(table.errors, "Target"));
    CHECK(contains(table.errors, "good   Completed       2      1        1"));
    CHECK(contains(table.errors, "broken Broken          0      1        1"));
    CHECK(states(icm(targets, summary({"throw 1"})).errors) == Strings{"Failed", "Broken"});
}

TEST_CASE("targets and runs that take too long are given up, the others are not")
{
    const Farm farm;
    const std::string hung = farm.program("hung", "sleep 600 <&0 & wait $!");
    const auto one = icm({hung, farm.good()}, summary({"--target-timeout", "4", "'here'"}));
    CHECK(one.exit_code == 3);
    CHECK(one.output == "here\n");
    CHECK(contains(one.errors, "did not end in time"));
    CHECK(states(one.errors) == Strings{"TimedOut", "Completed"});

    const auto sleeping =
        icm({farm.good()}, summary({"--target-timeout", "4", "'first'; Start-Sleep 600"}));
    CHECK(sleeping.output == "first\n");
    CHECK(states(sleeping.errors) == Strings{"TimedOut"});

    const auto all =
        icm({farm.good(), farm.good("second")},
            summary({"--timeout", "1", "-ThrottleLimit", "1", "Start-Sleep 600"}));
    CHECK(all.exit_code == 3);
    CHECK(states(all.errors) == Strings{"TimedOut", "NotStarted"});
    CHECK(contains(all.errors, "was not begun in time"));
}

TEST_CASE("a target that fails at first is tried again as often as is said")
{
    const Farm farm;
    const std::string third = farm.program(
        "third",
        "echo x >>\"$FARM/tries\"; [ $(wc -l <\"$FARM/tries\") -lt 3 ] && exit 1\nexec \"$PSRP\" "
        "serve -s 2>/dev/null"
    );
    const auto good = icm({third}, summary({"--retry", "3", "--retry-delay", "0.01", "'here'"}));
    CHECK(good.exit_code == 0);
    CHECK(good.output == "here\n");
    CHECK(contains(good.errors, "Attempt 2 of 4 has failed"));
    CHECK(contains(good.errors, "\"attempts\":3"));

    // One that is cut while the session opens, its endpoint behind a pipe nobody reads any more.
    const std::string cut = farm.program(
        "cut",
        "echo x >>\"$FARM/cuts\"\nif [ $(wc -l <\"$FARM/cuts\") -lt 4 ]; then\n"
        "\"$PSRP\" serve -s 2>/dev/null | head -c 300; exit 1\nfi\n"
        "exec \"$PSRP\" serve -s 2>/dev/null"
    );
    const auto mended = icm({cut}, summary({"--retry", "5", "--retry-delay", "0.01", "'here'"}));
    CHECK(mended.exit_code == 0);
    CHECK(mended.output == "here\n");
    CHECK(contains(mended.errors, "\"attempts\":4"));
    CHECK(farm.file("cuts") == "x\nx\nx\nx\n");
    tests::wait_until_gone(farm.path().string());

    const auto bad =
        icm({farm.broken()}, summary({"--retry", "2", "--retry-delay", "0.01", "'here'"}));
    CHECK(bad.exit_code == 3);
    CHECK(contains(bad.errors, "\"attempts\":3"));
    CHECK(count_of(bad.errors, "PSSessionStateBroken") == 1);
}

TEST_CASE("with --fail-fast the first failure ends the run")
{
    const Farm farm;
    const auto broken =
        icm({farm.broken(), farm.good(), farm.good("third")},
            summary({"--fail-fast", "-ThrottleLimit", "1", "'here'"}));
    CHECK(broken.exit_code == 3);
    CHECK(broken.output.empty());
    CHECK(states(broken.errors) == Strings{"Broken", "NotStarted", "NotStarted"});

    const Strings two = {farm.good(), farm.good("second")};
    const std::string script = "Write-Error bad; 'after'";
    const auto errors = icm(two, summary({"--fail-fast", "-ThrottleLimit", "1", script}));
    CHECK(states(errors.errors) == Strings{"Completed", "Completed"});
    const auto stop =
        icm(two,
            summary({"-ErrorAction", "Stop", "-ThrottleLimit", "1", script + "; Start-Sleep 600"}));
    CHECK(stop.exit_code == 1);
    CHECK(states(stop.errors) == Strings{"Stopped", "NotStarted"});
}

TEST_CASE("Ctrl-C stops all targets and tells which had finished")
{
    const Farm farm;
    const std::string slow =
        farm.program("slow", "export PSRP_WAITS=1; exec \"$PSRP\" serve -s 2>/dev/null");
    tests::RunningProgram program(command(
        {farm.good(), slow, farm.good("third")},
        {"-ThrottleLimit", "1", "'started'; if ($env:PSRP_WAITS) { 'waits'; Start-Sleep 600 }"}
    ));
    REQUIRE(program.wait_for_output("waits"));
    ::kill(program.id(), SIGINT);
    const auto result = program.wait();
    CHECK(result.exit_code == 130);
    CHECK(result.output == "started\nstarted\nwaits\n");
    CHECK(
        contains(result.errors, "1 of 3 targets have finished: " + farm.path().string() + "/good\n")
    );
    tests::wait_until_gone(farm.path().string());
}

TEST_CASE("switches show and hide what scripts write beside their output")
{
    const Farm farm;
    const std::string script =
        "Write-Warning w; Write-Verbose v; Write-Debug d; Write-Information i; Write-Error e";
    struct Row {
        Strings switches;
        std::string errors;
    };
    const std::vector<Row> rows = {
        {{}, "WARNING: w\ni\nWrite-Error: e\n"},
        {{"-Verbose"}, "WARNING: w\nVERBOSE: v\ni\nWrite-Error: e\n"},
        {{"-Debug"}, "WARNING: w\nDEBUG: d\ni\nWrite-Error: e\n"},
        {{"-WarningAction", "SilentlyContinue"}, "i\nWrite-Error: e\n"},
        {{"-InformationAction", "Ignore"}, "WARNING: w\nWrite-Error: e\n"},
        {{"-EA", "SilentlyContinue", "-WA", "Ignore"}, "i\n"},
    };
    for (const Row& row : rows) {
        Strings more = row.switches;
        more.push_back(script);
        const auto result = icm({farm.good()}, more);
        CHECK(result.exit_code == 1);
        CHECK(result.errors == row.errors);
    }
    CHECK(icm({farm.good()}, {"-Verbose:$false", "Write-Verbose v -Verbose"}).errors.empty());
}

TEST_CASE("five hundred endpoints answer, and those that fail, hang or are cut are named")
{
    using Kind = tests::EndpointKind;
    constexpr std::size_t limit = 32;
    // Larger than what passes of it where the connection is cut.
    const std::string script = "'x' * (1..8000).Count";
    const auto run = [&](const tests::SocketFarm& farm, const Strings& more) {
        Strings arguments = {tests::program_path("icm")};
        for (const Strings& words :
             {farm.targets(), summary({"-ThrottleLimit", std::to_string(limit)}), more, {script}})
            arguments.insert(arguments.end(), words.begin(), words.end());
        return tests::run_program(arguments);
    };
    // How long one may take here and now decides when one hangs.
    const auto started = std::chrono::steady_clock::now();
    CHECK(run(tests::SocketFarm(std::vector<Kind>(2 * limit)), {}).exit_code == 0);
    const std::chrono::duration<double> usual = std::chrono::steady_clock::now() - started;
    const std::string timeout = std::to_string(3 + 10 * usual.count());

    struct Row {
        Kind kind;
        std::string state;
        std::string reason;
    };
    const std::vector<Row> bad = {
        {Kind::Absent, "Broken", "No such file"},
        {Kind::Cuts, "Broken", "has closed the connection"},
        {Kind::Hangs, "TimedOut", "did not end in time"},
        {Kind::Refuses, "Broken", "This endpoint refuses."},
        {Kind::Cuts, "Broken", "has closed the connection"},
    };
    const Row good{Kind::Good, "Completed", ""};
    const auto row_of = [&](std::size_t i) -> const Row& {
        return i % 10 == 7 ? bad[i / 10 % bad.size()] : good;
    };
    constexpr std::size_t count = 500;
    std::vector<Kind> kinds;
    for (std::size_t i = 0; i < count; ++i)
        kinds.push_back(row_of(i).kind);
    const tests::SocketFarm farm(kinds);
    const auto result = run(farm, {"--target-timeout", timeout});
    CHECK(result.exit_code == 3);
    const Strings found = states(result.errors);
    REQUIRE(found.size() == count);
    std::map<std::string, std::string> errors;
    std::istringstream lines(result.errors);
    for (std::string line; std::getline(lines, line);) {
        const auto record = nlohmann::json::parse(line, nullptr, false);
        if (record.is_object() && record.contains("message"))
            errors[record.value("computerName", "")] += record.value("message", "");
    }
    CHECK(errors.size() == count / 10);
    for (std::size_t i = 0; i < count; ++i) {
        INFO(i << ' ' << errors[farm.path(i)]);
        CHECK(found[i] == row_of(i).state);
        CHECK(contains(errors[farm.path(i)], row_of(i).reason));
    }
    CHECK(count_of(result.output, std::string(8000, 'x') + "\n") == 450);
    CHECK(farm.client_count() == count - count / 50);
    CHECK(farm.clients_seen_max() == limit);
}

TEST_CASE("progress is drawn on a terminal, and nowhere else")
{
    const Farm farm;
    const std::string script =
        "Write-Progress -Activity Copy -Status now -PercentComplete 40; 'shown'; Start-Sleep "
        "-Milliseconds 100; "
        "Write-Progress -Activity Copy -Completed; Start-Sleep -Milliseconds 50";
    CHECK(icm({farm.good()}, {script}).errors.empty());
    for (const bool is_wanted : {true, false}) {
        const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(terminal >= 0);
        REQUIRE(::grantpt(terminal) == 0);
        REQUIRE(::unlockpt(terminal) == 0);
        const winsize size{24, 60, 0, 0};
        REQUIRE(::ioctl(terminal, TIOCSWINSZ, &size) == 0);
        const std::string other = ::ptsname(terminal);
        Strings arguments = {"/bin/sh", "-c", "exec 2>'" + other + "'; exec \"$@\"", "sh"};
        const Strings run =
            command({farm.good(), farm.good("second")}, {"-ThrottleLimit", "1", script});
        arguments.insert(arguments.end(), run.begin(), run.end());
        if (!is_wanted) arguments.insert(arguments.end() - 1, "--no-progress");
        const int keeper = ::open(other.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
        const auto result = tests::run_program(arguments);
        CHECK(result.output == "shown\nshown\n");
        std::string drawn;
        pollfd entry{terminal, POLLIN, 0};
        char piece[4096];
        while (::poll(&entry, 1, 100) > 0) {
            const auto bytes = ::read(terminal, piece, sizeof piece);
            if (bytes <= 0) break;
            drawn.append(piece, static_cast<std::size_t>(bytes));
        }
        INFO(drawn);
        CHECK(contains(drawn, "Copy [") == is_wanted);
        CHECK(contains(drawn, "40% now") == is_wanted);
        CHECK(contains(drawn, "1 of 2 done, 1 running, 0 failed") == is_wanted);
        // What was drawn last is taken away.
        if (is_wanted) CHECK(drawn.ends_with("\r\x1b[K"));
        if (!is_wanted) CHECK(drawn.empty());
        ::close(keeper);
        ::close(terminal);
    }
}
