// What `psrp copy` says of files and folders that it may not read or write. The superuser may
// everything, so that the programs run as somebody else where the tests run as root.
#include <psrp/transport/child_process.hpp>
#include <tests/copy/trees.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/support/skip.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <functional>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

constexpr uid_t nobody = 65534;

// In front of a program: it runs as somebody who owns nothing here. Nothing where that is us.
Strings as_nobody()
{
    if (::geteuid() != 0) return {};
    const auto setpriv = psrp::find_program("setpriv");
    if (!setpriv) return {};
    const std::string id = std::to_string(nobody);
    return {*setpriv, "--reuid", id, "--regid", id, "--clear-groups"};
}

tests::ProgramResult run_as_nobody(const Strings& words)
{
    Strings all = as_nobody();
    all.insert(all.end(), words.begin(), words.end());
    return tests::run_program(all);
}

bool can_be_nobody()
{
    if (::geteuid() != 0) return true;
    return !as_nobody().empty() &&
           run_as_nobody({tests::program_path("psrp"), "--version"}).exit_code == 0;
}

// Whether the client copies to its endpoint or from it: the same files, seen from the other side.
tests::ProgramResult copy(bool is_upload, const fs::path& from, const fs::path& to)
{
    return run_as_nobody(
        {tests::program_path("psrp"),
         "copy",
         "--server-command",
         "'" + tests::program_path("psrp") + "' serve --stdio",
         (is_upload ? "" : ":") + from.string(),
         (is_upload ? ":" : "") + to.string()}
    );
}

struct Row {
    const char* about;
    std::function<void(const fs::path& from, const fs::path& to)> close;
    const char* report;                 // behind the path of the source
    std::vector<std::string> not_there; // below the destination, of folder/inside, file and open
};

const std::vector<Row>& rows()
{
    static const std::vector<Row> all = {
        {"a file that cannot be read",
         [](const fs::path& from, const fs::path&) {
             fs::permissions(from / "file", fs::perms(0));
         },
         "/file: cannot be read: Permission denied",
         {"file"}},
        {"a folder that cannot be read",
         [](const fs::path& from, const fs::path&) {
             fs::permissions(from / "folder", fs::perms(0));
         },
         "/folder: cannot be read: Permission denied",
         {"folder/inside"}},
        {"a folder that cannot be entered",
         [](const fs::path& from, const fs::path&) {
             fs::permissions(from / "folder", fs::perms(0444));
         },
         "/folder: cannot be read: Permission denied",
         {"folder/inside"}},
        {"a folder that cannot be written",
         [](const fs::path&, const fs::path& to) {
             fs::create_directories(to / "folder");
             fs::permissions(to / "folder", fs::perms(0555));
         },
         "/folder/inside: cannot be written: Permission denied",
         {"folder/inside"}},
        {"a destination that cannot be written",
         [](const fs::path&, const fs::path& to) { fs::permissions(to, fs::perms(0555)); },
         "/file: cannot be written: Permission denied",
         {"folder/inside", "file", "open"}},
    };
    return all;
}

} // namespace

TEST_CASE("what may not be read or written is named, and the rest arrives")
{
    if (!can_be_nobody()) return tests::report_skip("root cannot run programs as somebody else");
    const auto& [about, close, report, not_there] = GENERATE(from_range(rows()));
    for (const bool is_upload : {true, false}) {
        CAPTURE(about, is_upload);
        const tests::TemporaryFolder folder;
        const fs::path from = folder.path() / "from";
        const fs::path to = folder.path() / "to";
        fs::create_directories(from / "folder");
        fs::create_directories(to);
        for (const char* name : {"folder/inside", "file", "open"})
            std::ofstream(from / name) << name;
        fs::permissions(folder.path(), fs::perms(0755));
        if (::geteuid() == 0) REQUIRE(::chown(to.c_str(), nobody, nobody) == 0);
        close(from, to);
        const auto result = copy(is_upload, from / ".", to);
        for (const fs::path& path : {from / "folder", to / "folder", to}) {
            std::error_code none; // so that the folder can be removed
            fs::permissions(path, fs::perms(0755), none);
        }
        CAPTURE(result.errors);
        CHECK(result.exit_code == 1);
        CHECK(result.errors.find((from / ".").string() + report) != std::string::npos);
        for (const char* name : {"folder/inside", "file", "open"}) {
            CAPTURE(name);
            const bool is_left_out =
                std::find(not_there.begin(), not_there.end(), name) != not_there.end();
            CHECK(tests::file_text(to / name) == (is_left_out ? "" : name));
            CHECK(fs::exists(to / name) != is_left_out);
        }
        CHECK(tests::tree_text(to).find("psrp-part") == std::string::npos);
    }
}
