// `psrp copy` as a user runs it: against the embedded endpoint, and a real PowerShell where there
// is one.
#include <psrp/transport/process_transport.hpp>
#include <tests/copy/trees.hpp>
#include <tests/icm/lasting_programs.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sys/wait.h>
#include <thread>

namespace fs = std::filesystem;
using tests::run_program;

namespace {

struct FarSide {
    const char* name;
    std::vector<std::string> parameters;
};

std::vector<FarSide> far_sides()
{
    std::vector<FarSide> sides = {
        {"endpoint", {"--endpoint", "embedded"}},
        {"endpoint, a process",
         {"--server-command", "'" + tests::program_path("psrp") + "' serve --stdio"}}};
    if (psrp::find_program("pwsh")) sides.push_back({"pwsh", {"--endpoint", "pwsh"}});
    return sides;
}

bool is_running(pid_t id)
{
    siginfo_t ended{};
    return ::waitid(P_PID, static_cast<id_t>(id), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0;
}

tests::ProgramResult copy(const FarSide& side, std::vector<std::string> words)
{
    words.insert(words.begin(), side.parameters.begin(), side.parameters.end());
    words.insert(words.begin(), {tests::program_path("psrp"), "copy"});
    return run_program(words);
}

// Files and folders below it, itself among them.
std::ptrdiff_t entries_below(const fs::path& root)
{
    const std::string text = tests::tree_text(root);
    return std::count(text.begin(), text.end(), '\n');
}

} // namespace

TEST_CASE("trees are copied both ways, byte for byte, with names, modes and times")
{
    for (const FarSide& side : far_sides()) {
        CAPTURE(side.name);
        const tests::TemporaryFolder folder;
        const fs::path tree = tests::make_tree(folder.path());
        const fs::path there = folder.path() / "there";
        const auto up = copy(side, {tree, ":" + there.string()});
        CHECK(up.errors.empty());
        CHECK(up.exit_code == 0);
        CHECK(tests::first_difference(tree, there) == "");
        const fs::path back = folder.path() / "back";
        const auto down = copy(side, {":" + there.string(), back});
        CHECK(down.errors.empty());
        CHECK(down.exit_code == 0);
        CHECK(tests::first_difference(tree, back) == "");
    }
}

TEST_CASE("links are left out, or followed but never round in circles")
{
    for (const FarSide& side : far_sides()) {
        for (const bool is_upload : {true, false}) {
            CAPTURE(side.name, is_upload);
            const tests::TemporaryFolder folder;
            const fs::path from = folder.path() / "from";
            fs::create_directories(from / "a/b");
            std::ofstream(from / "a/b/file") << "x";
            fs::create_symlink("a/b", from / "folder");
            fs::create_symlink("a/b/file", from / "link");
            fs::create_symlink("nowhere", from / "dangling");
            fs::create_symlink("../..", from / "a/b/up");
            fs::create_symlink("up", from / "a/b/up again");
            const auto ends = [&](const char* to) {
                return std::vector<std::string>{
                    (is_upload ? "" : ":") + from.string(),
                    (is_upload ? ":" : "") + (folder.path() / to).string()};
            };
            const auto plain = copy(side, ends("plain"));
            CHECK(plain.exit_code == 0);
            CHECK(entries_below(folder.path() / "plain") == 4);
            auto words = ends("followed");
            words.insert(words.begin(), "--follow-links");
            const auto followed = copy(side, words);
            CAPTURE(followed.errors);
            CHECK(followed.exit_code == 1);
            for (const char* report :
                 {"from/dangling: cannot be read: ",
                  "from/a/b/up: is a link to a folder that it is in",
                  "from/a/b/up again: is a link to a folder that it is in",
                  "from/folder/up: is a link to a folder that it is in"})
                CHECK(followed.errors.find(report) != std::string::npos);
            CHECK(tests::file_text(folder.path() / "followed/link") == "x");
            CHECK(tests::file_text(folder.path() / "followed/folder/file") == "x");
            CHECK(entries_below(folder.path() / "followed") == 7);
        }
    }
}

TEST_CASE("several sources go into a folder, a file gets a new name")
{
    for (const FarSide& side : far_sides()) {
        CAPTURE(side.name);
        const tests::TemporaryFolder folder;
        const std::string a = folder.write("a", "1");
        const std::string b = folder.write("b", "22");
        const std::string there = folder.path() / "there";
        CHECK(copy(side, {a, b, ":" + there}).exit_code == 0);
        CHECK(tests::file_text(there + "/a") == "1");
        CHECK(tests::file_text(there + "/b") == "22");
        CHECK(copy(side, {a, ":" + there + "/b"}).exit_code == 0);
        CHECK(tests::file_text(there + "/b") == "1");
        CHECK(copy(side, {":" + there + "/a", folder.path() / "c"}).exit_code == 0);
        CHECK(tests::file_text(folder.path() / "c") == "1");
    }
}

TEST_CASE("what is not there is named, and the rest is copied")
{
    for (const FarSide& side : far_sides()) {
        CAPTURE(side.name);
        const tests::TemporaryFolder folder;
        const std::string a = folder.write("a", "1");
        const std::string there = folder.path() / "there/";
        const auto up = copy(side, {folder.path() / "none", a, ":" + there});
        CHECK(up.exit_code == 1);
        CHECK(
            up.errors.find("none: cannot be read: No such file or directory") != std::string::npos
        );
        CHECK(tests::file_text(there + "a") == "1");
        const auto down =
            copy(side, {":" + there + "none", ":" + there + "a", folder.path() / "d/"});
        CHECK(down.exit_code == 1);
        CHECK(down.errors.find("there/none: cannot be read: ") != std::string::npos);
        CHECK(tests::file_text(folder.path() / "d/a") == "1");
    }
}

TEST_CASE("a folder in a file's place and a file in a folder's are named")
{
    for (const FarSide& side : far_sides()) {
        CAPTURE(side.name);
        const tests::TemporaryFolder folder;
        fs::create_directories(folder.path() / "from/a");
        std::ofstream(folder.path() / "from/a/x") << "x";
        std::ofstream(folder.path() / "from/b") << "b";
        std::ofstream(folder.path() / "from/c") << "c";
        for (const char* where : {"to", "back"}) {
            fs::create_directories(folder.path() / where / "b");
            std::ofstream(folder.path() / where / "a") << "in the way";
        }
        const std::string from = folder.path() / "from/.";
        const auto up = copy(side, {from, ":" + (folder.path() / "to").string()});
        const auto down = copy(side, {":" + from, folder.path() / "back"});
        for (const auto& result : {up, down}) {
            CAPTURE(result.errors);
            CHECK(result.exit_code == 1);
            CHECK(result.errors.find("from/./a: ") != std::string::npos);
            CHECK(result.errors.find("from/./b: cannot be written: ") != std::string::npos);
            CHECK(std::count(result.errors.begin(), result.errors.end(), '\n') == 2);
        }
        for (const char* where : {"to", "back"}) {
            CHECK(tests::file_text(folder.path() / where / "c") == "c");
            CHECK(tests::file_text(folder.path() / where / "a") == "in the way");
            CHECK(std::distance(fs::directory_iterator(folder.path() / where), {}) == 3);
        }
    }
}

TEST_CASE("a copy that is cut in the middle goes on with --resume")
{
    for (const FarSide& side : far_sides()) {
        for (const bool is_upload : {true, false}) {
            CAPTURE(side.name, is_upload);
            const tests::TemporaryFolder folder;
            const fs::path from = folder.path() / "from";
            fs::create_directories(from);
            tests::write_big_file(from / "a", 100);
            tests::write_big_file(from / "b", 64U << 20);
            const fs::path to = folder.path() / "to";
            const fs::path partial = to / ".b.psrp-part";
            std::vector<std::string> words = {tests::program_path("psrp"), "copy"};
            words.insert(words.end(), side.parameters.begin(), side.parameters.end());
            words.push_back((is_upload ? "" : ":") + from.string());
            words.push_back((is_upload ? ":" : "") + to.string());
            {
                tests::RunningProgram cut(words);
                // The test's own limit of time decides where that never happens.
                std::error_code none;
                while (!fs::exists(to / "b") && fs::file_size(partial, none) + 1 < 2'000'000 &&
                       is_running(cut.id()))
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }                                                        // killed
            if (fs::exists(to / "b")) fs::rename(to / "b", partial); // it was too quick
            words[words.size() - 2] += "/.";
            words.insert(words.begin() + 2, "--resume");
            const auto result = run_program(words);
            CHECK(result.errors.empty());
            CHECK(result.exit_code == 0);
            CHECK((tests::file_text(to / "b") == tests::file_text(from / "b")));
            CHECK((tests::file_text(to / "a") == tests::file_text(from / "a")));
            CHECK_FALSE(fs::exists(partial));
        }
    }
}

TEST_CASE("a copy goes through a session that is open already, and leaves it open")
{
    const tests::LastingPrograms programs;
    programs.open({"--endpoint", "embedded"});
    const tests::TemporaryFolder folder;
    const fs::path tree = tests::make_tree(folder.path());
    const fs::path there = folder.path() / "there";
    const fs::path back = folder.path() / "back";
    const std::vector<std::vector<std::string>> ends = {
        {tree, ":" + there.string()}, {":" + there.string(), back}};
    for (std::vector<std::string> words : ends) {
        words.insert(
            words.begin(), {tests::program_path("psrp"), "copy", "-Session", programs.name()}
        );
        const auto result = run_program(words, programs.input());
        CHECK(result.errors.empty());
        CHECK(result.exit_code == 0);
    }
    CHECK(tests::first_difference(tree, there) == "");
    CHECK(tests::first_difference(tree, back) == "");
    CHECK(programs.icm({"-Session", programs.name(), "6 * 7"}).output == "42\n");
}

TEST_CASE("a full disk at either end is named, ends the copy and leaves no part of the file")
{
    const tests::TemporaryFolder folder;
    const fs::path mount = folder.path() / "small";
    fs::create_directories(mount);
    if (std::system(("mount -t tmpfs -o size=1m none '" + mount.string() + "' 2>/dev/null").c_str()
        ) != 0)
        return tests::report_skip("no right to mount a file system");
    const fs::path big = folder.path() / "big";
    tests::write_big_file(big, 3'000'000);
    for (const FarSide& side : far_sides()) {
        for (const bool is_upload : {true, false}) {
            CAPTURE(side.name, is_upload);
            const auto result = copy(
                side,
                {(is_upload ? "" : ":") + big.string(), (is_upload ? ":" : "") + mount.string()}
            );
            CHECK(result.exit_code == 1);
            CHECK(
                result.errors.find("big: cannot be written: No space left on device") !=
                std::string::npos
            );
            CHECK(result.errors.find("the disk of the destination is full") != std::string::npos);
            CHECK(fs::is_empty(mount));
        }
    }
    CHECK(std::system(("umount '" + mount.string() + "'").c_str()) == 0);
}

TEST_CASE("a destination that cannot be used is named, and nothing is changed")
{
    struct Row {
        const char* about;
        std::vector<std::string> sources;
        const char* destination;
        const char* report;
    };
    const Row rows[] = {
        {"a file's name with a slash", {"a"}, "b/", "the destination cannot be used: File exists"},
        {"several into a file",
         {"a", "folder"},
         "b",
         "the destination cannot be used: File exists"},
        {"a folder onto a file",
         {"folder"},
         "b",
         "has something in its way that is no folder: Not a directory"},
        {"into a folder that is not there",
         {"a"},
         "none/a",
         "the destination cannot be used: No such file or directory"},
    };
    const FarSide side = far_sides().front();
    for (const Row& row : rows) {
        for (const bool is_upload : {true, false}) {
            CAPTURE(row.about, is_upload);
            const tests::TemporaryFolder folder;
            (void)folder.write("a", "1");
            (void)folder.write("b", "22");
            fs::create_directories(folder.path() / "folder");
            const std::string before = tests::tree_text(folder.path());
            std::vector<std::string> words;
            for (const std::string& source : row.sources)
                words.push_back((is_upload ? "" : ":") + (folder.path() / source).string());
            words.push_back((is_upload ? ":" : "") + (folder.path() / row.destination).string());
            const auto result = copy(side, words);
            CAPTURE(result.errors);
            CHECK(result.exit_code == 1);
            CHECK(result.errors.find(row.report) != std::string::npos);
            CHECK(tests::tree_text(folder.path()) == before);
        }
    }
}

TEST_CASE("names that start with a dash, end in a slash or have a colon arrive")
{
    struct Row {
        const char* source;
        const char* arrives_as;
    };
    const Row rows[] = {{"-dash", "-dash"}, {"folder/", "folder/x"}, {"a:b", "a:b"}};
    const FarSide side = far_sides().front();
    for (const Row& row : rows) {
        for (const bool is_upload : {true, false}) {
            CAPTURE(row.source, is_upload);
            const tests::TemporaryFolder folder;
            for (const char* name : {"-dash", "a:b"})
                (void)folder.write(name, name);
            fs::create_directories(folder.path() / "folder");
            (void)folder.write("folder/x", "folder/x");
            const fs::path to = folder.path() / "to";
            const auto result = copy(
                side,
                {(is_upload ? "" : ":") + (folder.path() / "").string() + row.source,
                 (is_upload ? ":" : "") + to.string() + "/"}
            );
            CHECK(result.errors.empty());
            CHECK(result.exit_code == 0);
            CHECK(tests::file_text(to / row.arrives_as) == row.arrives_as);
        }
    }
}

TEST_CASE("a target that cannot be reached is named, with the exit status for it")
{
    const FarSide side{"nothing", {"--socket", "/nonexistent/socket"}};
    const tests::TemporaryFolder folder;
    const auto result = copy(side, {folder.write("a", "1"), ":b"});
    CHECK(result.exit_code == 3);
    CHECK(result.errors.find("/nonexistent/socket") != std::string::npos);
}

TEST_CASE("an endpoint that ends in the middle is a lost session, and what came stays")
{
    const tests::TemporaryFolder folder;
    const fs::path to = folder.path() / "to";
    const fs::path partial = folder.path() / ".to.psrp-part";
    const std::string server = folder.write(
        "server",
        "#!/bin/sh\n(while ! [ -s '" + partial.string() +
            "' ]; do sleep 0.001; done; kill -9 $$) &\nexec '" + tests::program_path("psrp") +
            "' serve --stdio\n"
    );
    fs::permissions(server, fs::perms(0755));
    tests::write_big_file(folder.path() / "big", 128U << 20);
    const auto result =
        copy({"cut", {"--server-command", server}}, {folder.path() / "big", ":" + to.string()});
    CAPTURE(result.errors);
    CHECK(result.exit_code == 3);
    CHECK(
        result.errors.find("the session was lost; --resume goes on with the copy") !=
        std::string::npos
    );
    CHECK_FALSE(fs::exists(to));
    CHECK(fs::file_size(partial) > 0);
}

TEST_CASE("a real PowerShell copies by the script")
{
    if (!psrp::find_program("pwsh")) return tests::report_skip("pwsh is not on PATH");
    SUCCEED("the cases above have taken it as one of the far sides");
}
