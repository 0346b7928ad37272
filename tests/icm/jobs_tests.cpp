// icm -AsJob and psrp job: example 8 of Invoke-Command's reference among it.
#include <clixml/object.hpp>
#include <psrp/icm/job_results.hpp>
#include <psrp/icm/job_store.hpp>
#include <tests/icm/lasting_programs.hpp>
#include <tests/icm/processes.hpp>
#include <tests/support/skip.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sys/stat.h>

namespace {

using Strings = std::vector<std::string>;
using tests::LastingPrograms;
using tests::program_path;

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

Strings here(const Strings& more)
{
    Strings words = {"--endpoint", "embedded", "-AsJob"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// The state that `psrp job list` gives.
nlohmann::json listed(const LastingPrograms& programs, const std::string& job)
{
    const auto list = programs.job({"list", job, "--output", "jsonl"});
    return nlohmann::json::parse(list.output, nullptr, false);
}

} // namespace

TEST_CASE("a job is printed at once, as PowerShell prints one, and its results are received once")
{
    const LastingPrograms programs;
    const std::string name = programs.name();
    const auto begun = programs.icm(here({"-JobName", name, "1..3; Write-Error bad; 'end'"}));
    INFO(begun.errors);
    REQUIRE(begun.exit_code == 0);
    CHECK(contains(begun.output, "Id     Name            PSJobTypeName   State         HasMoreData")
    );
    CHECK(contains(begun.output, "RemoteJob       Running"));
    CHECK(programs.job({"wait", name}).exit_code == 0);
    const auto job = listed(programs, name);
    CHECK(job["Id"] == 1);
    CHECK(job["State"] == "Completed");
    CHECK(job["HasMoreData"] == true);
    CHECK(job["Location"] == "localhost");
    CHECK(job["Command"] == "1..3; Write-Error bad; 'end'");
    for (const bool keeps : {true, false}) {
        const auto received =
            keeps ? programs.job({"receive", "1", "--keep"}) : programs.job({"receive", name});
        CHECK(received.output == "1\n2\n3\nend\n");
        CHECK(received.errors == "Write-Error: bad\n");
        CHECK(received.exit_code == 1);
    }
    CHECK(listed(programs, name)["HasMoreData"] == false);
    CHECK(programs.job({"receive", name}).output.empty());
    CHECK(programs.job({"remove", name}).exit_code == 0);
    CHECK(programs.job({"list"}).output.empty());
}

TEST_CASE("results of a job are printed as those of a run")
{
    const LastingPrograms programs;
    const std::string script =
        "[pscustomobject]@{A = 1; B = 'two words'; C = @(1, $null)}; 'line`nbreak'; $null; "
        "Get-Date -Date '2020-01-02'; \"a`nb\"; Write-Warning w; Write-Verbose v; Write-Host h; "
        "Write-Error 'bad thing'; Get-Item /";
    for (const std::string form : {"auto", "json", "jsonl", "csv", "list", "text", "clixml"}) {
        INFO(form);
        const Strings output = {"--output", form};
        Strings words = {"--endpoint", "embedded", "--output", form, script};
        const auto direct = programs.icm(words);
        REQUIRE(programs.icm(here({"-JobName", programs.name(form), script})).exit_code == 0);
        (void)programs.job({"wait", programs.name(form)});
        const auto received = programs.job({"receive", programs.name(form), "--output", form});
        CHECK(received.output == direct.output);
        CHECK(received.errors == direct.errors);
        CHECK(received.exit_code == direct.exit_code);
    }
}

// Example 8: a job over two sessions, looked at and received.
TEST_CASE("a job runs in two sessions")
{
    const LastingPrograms programs;
    for (const std::string suffix : {"-a", "-b"}) {
        programs.open({"--endpoint", "embedded"}, suffix);
        CHECK(
            programs.icm({"-Session", programs.name(suffix), "$x = '" + suffix + "'"}).exit_code ==
            0
        );
    }
    const std::string both = programs.name("-a") + "," + programs.name("-b");
    const auto begun = programs.icm({"-Session", both, "-AsJob", "$x; Start-Sleep 1; \"end $x\""});
    INFO(begun.errors);
    REQUIRE(begun.exit_code == 0);
    CHECK(listed(programs, "1")["Location"] == both);
    CHECK(programs.job({"wait", "1"}).exit_code == 0);
    const auto received = programs.job({"receive", "1"});
    INFO(received.errors);
    for (const std::string line : {"-a\n", "-b\n", "end -a\n", "end -b\n"})
        CHECK(contains(received.output, line));
    CHECK(received.exit_code == 0);
    // The sessions are there still.
    CHECK(programs.icm({"-Session", programs.name("-a"), "$x"}).output == "-a\n");
}

TEST_CASE("results are received while the job runs, and it is stopped")
{
    const LastingPrograms programs;
    const std::string name = programs.name();
    REQUIRE(
        programs.icm(here({"-JobName", name, "'first'; Start-Sleep 3600; 'never'"})).exit_code == 0
    );
    std::string output;
    while (output.empty())
        output = programs.job({"receive", name}).output;
    CHECK(output == "first\n");
    CHECK(listed(programs, name)["State"] == "Running");
    CHECK(programs.job({"wait", name, "--timeout", "0.1"}).exit_code == 3);
    CHECK(programs.job({"stop", name}).exit_code == 0);
    CHECK(listed(programs, name)["State"] == "Stopped");
    CHECK(programs.job({"wait", name}).exit_code == 1);
    CHECK(programs.job({"receive", name}).exit_code == 130);
    tests::wait_until_gone(name);
}

TEST_CASE("a job that runs is removed with its process")
{
    const LastingPrograms programs;
    REQUIRE(programs.icm(here({"-JobName", programs.name(), "Start-Sleep 3600"})).exit_code == 0);
    CHECK(programs.job({"remove", programs.name()}).exit_code == 0);
    CHECK(tests::processes_with(programs.name()).empty());
    CHECK(programs.job({"list"}).output.empty());
    CHECK(programs.job({"remove", "1"}).exit_code == 1);
}

TEST_CASE("a job that fails, and one whose process is killed, say so")
{
    const LastingPrograms programs;
    REQUIRE(programs.icm({"--socket", "/nowhere/at/all", "-AsJob", "1"}).exit_code == 0);
    CHECK(programs.job({"wait", "1"}).exit_code == 1);
    CHECK(listed(programs, "1")["State"] == "Failed");
    const auto lost = programs.job({"receive", "1"});
    CHECK(lost.exit_code == 3);
    CHECK(contains(lost.errors, "/nowhere/at/all"));
    const std::string name = programs.name();
    REQUIRE(programs.icm(here({"-JobName", name, "'kept'; Start-Sleep 3600"})).exit_code == 0);
    while (listed(programs, name)["HasMoreData"] != true) {
    }
    for (const pid_t id : tests::processes_with(name))
        ::kill(id, SIGKILL);
    tests::wait_until_gone(name);
    CHECK(listed(programs, name)["State"] == "Failed");
    const auto received = programs.job({"receive", name});
    CHECK(received.output == "kept\n");
    CHECK(contains(received.errors, "ended before its time"));
    CHECK(received.exit_code == 1);
}

TEST_CASE("results are this user's alone, and bounded")
{
    const LastingPrograms programs;
    const std::string name = programs.name();
    const std::string line(1000, 'x');
    const std::string script = "1..3000 | ForEach-Object { '" + line + "' }";
    REQUIRE(programs.icm(here({"-JobName", name, "--results-max", "1", script})).exit_code == 0);
    CHECK(programs.job({"wait", name}).exit_code == 1);
    CHECK(listed(programs, name)["State"] == "Failed");
    const auto folder = programs.folder().path() / "state" / "psrp" / "jobs";
    CHECK(std::filesystem::file_size(folder / "1" / "results") <= (1 << 20));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        struct stat status {};
        REQUIRE(::stat(entry.path().c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == (entry.is_directory() ? 0700 : 0600));
    }
    const auto received = programs.job({"receive", name});
    CHECK(received.output.size() > (1 << 19));
    CHECK(received.output.size() % (line.size() + 1) == 0);
    CHECK(contains(received.errors, "more than 1 MiB"));
    CHECK(received.exit_code == 1);
}

TEST_CASE("a file system that takes no more is told in the job's state")
{
    const LastingPrograms programs;
    const std::string name = programs.name();
    const std::string script = "1..3000 | ForEach-Object { '" + std::string(1000, 'x') + "' }";
    const auto run = [&](const std::string& command) {
        return tests::run_program({"/bin/sh", "-c", command}, programs.input());
    };
    // A file may not grow beyond a hundred blocks.
    const auto begun =
        run("ulimit -f 100; exec " + program_path("icm") + " --endpoint embedded -AsJob -JobName " +
            name + " \"" + script + "\"");
    INFO(begun.errors);
    REQUIRE(begun.exit_code == 0);
    CHECK(programs.job({"wait", name}).exit_code == 1);
    const auto job = listed(programs, name);
    CHECK(job["State"] == "Failed");
    CHECK(job["StatusMessage"] == "The results cannot be kept: File too large.");
    const auto received = programs.job({"receive", name});
    CHECK(received.output.size() % 1001 == 0);
    CHECK_FALSE(received.output.empty());
    CHECK(contains(received.errors, "File too large"));
    CHECK(received.exit_code == 1);
}

TEST_CASE("a disk that is full is told in the job's state, and by a job that cannot begin")
{
    const LastingPrograms programs;
    const std::string state = (programs.folder().path() / "state").string();
    std::filesystem::create_directories(state);
    const std::string icm = program_path("icm") + " --endpoint embedded -AsJob ";
    const std::string job = program_path("psrp") + " job ";
    const std::string script = "1..3000 | ForEach-Object { '" + std::string(1000, 'x') + "' }";
    // A file system of its own, which goes with the last process that sees it.
    const std::string text = "mount -t tmpfs -o size=300k none " + state + " || exit 77; " + icm +
                             "-JobName " + programs.name() + " \"" + script + "\" >/dev/null; " +
                             job + "wait 1; " + job + "list 1 --output jsonl; " +
                             "cat /dev/zero >" + state + "/psrp/filler 2>/dev/null; " + icm +
                             "1; echo code $?; ls " + state + "/psrp/jobs";
    const auto result = tests::run_program(
        {"/bin/sh", "-c", "exec unshare -rm /bin/sh -c \"$0\" || exit 77", text}, programs.input()
    );
    if (result.exit_code == 77 || contains(result.errors, "unshare")) {
        return tests::report_skip("no file system of our own can be mounted here");
    }
    INFO(result.errors);
    CHECK(contains(result.output, "\"State\":\"Failed\""));
    CHECK(contains(result.output, "No space left on device"));
    CHECK(contains(result.output, "code 1\n1\n"));
    CHECK(contains(result.errors, "No space left on device"));
}

TEST_CASE("secure strings among the results of a job are not on the disk")
{
    const LastingPrograms programs;
    const char* before = std::getenv("XDG_STATE_HOME");
    const std::string kept_before = before != nullptr ? before : "";
    ::setenv("XDG_STATE_HOME", (programs.folder().path() / "state").c_str(), 1);
    {
        const auto job = icm::Job::create({programs.name(), "here", "x", 1});
        REQUIRE(job);
        auto recorder = icm::JobRecorder::create(*job, 1 << 20);
        REQUIRE(recorder);
        const auto memory = std::make_shared<clixml::Arena>();
        clixml::Object* object = clixml::make_custom_object(*memory);
        for (const char* name : {"A", "B"})
            object->set_note(*memory, name, clixml::Value::secure_string("bwBwAGUAbgA="));
        object->set_note(*memory, "C", clixml::Value::string("<SS>visible</SS>\nline"));
        recorder->on_output({}, memory, clixml::Value::object(object));
        recorder->on_output({}, memory, clixml::Value::secure_string("bwBwAGUAbgA="));
        recorder->on_output({}, memory, clixml::Value());
        CHECK(recorder->failure().empty());
        const std::string kept = tests::read_whole_file(job->results_path());
        CHECK(std::count(kept.begin(), kept.end(), '\n') == 3);
        CHECK(contains(kept, "<SS N=\"A\"></SS><SS N=\"B\"></SS>"));
        CHECK_FALSE(contains(kept, "bwBwAGUAbgA="));
    }
    if (before != nullptr)
        ::setenv("XDG_STATE_HOME", kept_before.c_str(), 1);
    else
        ::unsetenv("XDG_STATE_HOME");
    const auto received = programs.job({"receive", programs.name(), "--output", "jsonl"});
    CHECK(contains(received.output, "<SS>visible</SS>\\nline"));
    CHECK(std::count(received.output.begin(), received.output.end(), '\n') == 3);
    CHECK(received.exit_code == 0);
}

TEST_CASE("input of a job is that of its command")
{
    const LastingPrograms programs;
    tests::ProgramInput input = programs.input();
    input.has_input = true;
    input.input = "a\nb\n";
    const auto begun = tests::run_program(
        {program_path("icm"), "--endpoint", "embedded", "-AsJob", "$input"}, input
    );
    INFO(begun.errors);
    REQUIRE(begun.exit_code == 0);
    CHECK(programs.job({"wait", "1"}).exit_code == 0);
    CHECK(programs.job({"receive", "1"}).output == "a\nb\n");
}

TEST_CASE("what jobs do not take is refused")
{
    const LastingPrograms programs;
    CHECK(programs.icm({"-Cn", "a", "-AsJob", "-InDisconnectedSession", "1"}).exit_code == 2);
    CHECK(programs.icm({"--keep", "1"}).exit_code == 2);
    for (const Strings& words :
         {Strings{"wait"},
          Strings{"receive"},
          Strings{"begin", "1"},
          Strings{"stop", "1", "--keep"}}) {
        CHECK(programs.job(words).exit_code == 2);
    }
    CHECK(programs.job({"receive", "9"}).exit_code == 1);
    CHECK(programs.job({"--help"}).output.starts_with("Usage: psrp job list"));
}
