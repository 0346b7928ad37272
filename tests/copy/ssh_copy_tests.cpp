// `psrp copy` over a real sshd of the test's own: trees, links that are cut, and what a copy takes
// up again; the far side is the embedded endpoint, and a real PowerShell where there is one.
#include <psrp/transport/child_process.hpp>
#include <tests/copy/trees.hpp>
#include <tests/icm/processes.hpp>
#include <tests/icm/ssh_server.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <thread>

namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;
using tests::SshServer;

std::unique_ptr<SshServer> start_server()
{
    std::string reason;
    auto server = SshServer::start(reason);
    if (server == nullptr) tests::report_skip(reason);
    return server;
}

// psrp copy with the way into the server and more words.
Strings copy_words(const SshServer& server, const std::string& subsystem, const Strings& more)
{
    Strings words = {
        tests::program_path("psrp"),
        "copy",
        "-Subsystem",
        subsystem,
        "-Port",
        std::to_string(server.port())};
    const Strings access = server.access();
    words.insert(words.end(), access.begin(), access.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

std::string there(const fs::path& path)
{
    return SshServer::user() + "@127.0.0.1:" + path.string();
}

// The ssh that a copy has started.
std::vector<pid_t> links_of(const SshServer& server, const tests::RunningProgram& copy)
{
    std::vector<pid_t> found = tests::processes_with(server.key_file());
    std::erase(found, copy.id());
    return found;
}

// Runs a copy and kills its ssh once `partial` has something in it. Its result; the exit status is
// 0 where the copy was quicker.
tests::ProgramResult
run_and_cut(const SshServer& server, const Strings& words, const fs::path& partial)
{
    tests::RunningProgram copy(words);
    std::error_code none;
    while (fs::file_size(partial, none) + 1 < 1'000'000) {
        // Nothing is left of a link where the copy has ended.
        if (!copy.errors().empty()) return copy.wait();
        if (fs::exists(partial.parent_path() / "b") && links_of(server, copy).empty())
            return copy.wait();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (const pid_t link : links_of(server, copy))
        ::kill(link, SIGKILL);
    return copy.wait();
}

// Bytes equal after a cut and --resume, in one direction.
void check_cut_and_resume(const SshServer& server, const std::string& subsystem, bool is_upload)
{
    CAPTURE(subsystem, is_upload);
    constexpr std::size_t byte_count_max = std::size_t{512} << 20;
    tests::ProgramResult cut;
    // A copy that was quicker than this test is tried again with more.
    for (std::size_t byte_count = std::size_t{32} << 20; byte_count <= byte_count_max;
         byte_count *= 4) {
        const tests::TemporaryFolder folder;
        const fs::path from = folder.path() / "from";
        const fs::path to = folder.path() / "to";
        fs::create_directories(from);
        fs::create_directories(to);
        tests::write_big_file(from / "a", 100);
        tests::write_big_file(from / "b", byte_count);
        const fs::path partial = to / ".b.psrp-part";
        const std::string source = (from / ".").string();
        const Strings ends = {
            is_upload ? source : there(source), is_upload ? there(to) : to.string()};
        cut = run_and_cut(server, copy_words(server, subsystem, ends), partial);
        if (cut.exit_code == 0) continue;
        CAPTURE(cut.errors);
        CHECK(cut.exit_code == 3);
        CHECK(
            cut.errors.find("the session was lost; --resume goes on with the copy") !=
            std::string::npos
        );
        CHECK_FALSE(fs::exists(to / "b"));
        CHECK(fs::file_size(partial) > 0);
        Strings again = copy_words(server, subsystem, ends);
        again.insert(again.begin() + 2, "--resume");
        const auto resumed = tests::run_program(again);
        CHECK(resumed.errors.empty());
        CHECK(resumed.exit_code == 0);
        for (const char* name : {"a", "b"})
            CHECK((tests::file_text(to / name) == tests::file_text(from / name)));
        CHECK_FALSE(fs::exists(partial));
        return;
    }
    FAIL("no copy was slow enough to be cut");
}

} // namespace

TEST_CASE("trees go over ssh and come back, byte for byte")
{
    const auto server = start_server();
    if (server == nullptr) return;
    const tests::TemporaryFolder folder;
    const fs::path tree = tests::make_tree(folder.path());
    const fs::path up = folder.path() / "up";
    const fs::path down = folder.path() / "down";
    for (const Strings& ends : {Strings{tree, there(up)}, Strings{there(up), down}}) {
        const auto result = tests::run_program(copy_words(*server, "powershell", ends));
        CHECK(result.errors.empty());
        CHECK(result.exit_code == 0);
    }
    CHECK(tests::first_difference(tree, up) == "");
    CHECK(tests::first_difference(tree, down) == "");
}

TEST_CASE("a link that is cut in the middle is a lost session, and --resume goes on")
{
    const auto server = start_server();
    if (server == nullptr) return;
    for (const bool is_upload : {true, false})
        check_cut_and_resume(*server, "powershell", is_upload);
}

TEST_CASE("a link to a real PowerShell that is cut in the middle is taken up by --resume")
{
    if (!psrp::find_program("pwsh")) return tests::report_skip("pwsh is not on PATH");
    const auto server = start_server();
    if (server == nullptr) return;
    for (const bool is_upload : {true, false})
        check_cut_and_resume(*server, "pwsh", is_upload);
}
