// `psrp copy` at a terminal: what it shows meanwhile, and Ctrl-C in the middle.
#include <tests/copy/trees.hpp>
#include <tests/icm/program_run.hpp>
#include <tests/icm/terminal_program.hpp>

#include <catch2/catch.hpp>

namespace fs = std::filesystem;

namespace {

constexpr std::size_t byte_count_max = std::size_t{512} << 20;

// Types Ctrl-C once the copy shows which file it is at. Its exit status.
int interrupt(const std::vector<std::string>& words)
{
    tests::TerminalProgram copy(words);
    if (copy.wait_for(" MiB) big")) copy.type("\x03");
    return copy.wait();
}

} // namespace

TEST_CASE("a copy shows its file, and Ctrl-C leaves a part that --resume goes on with")
{
    for (const bool is_upload : {true, false}) {
        CAPTURE(is_upload);
        int exit_code = 0;
        // A copy that was quicker than this test is tried again with more.
        for (std::size_t byte_count = std::size_t{32} << 20;
             byte_count <= byte_count_max && exit_code == 0;
             byte_count *= 4) {
            const tests::TemporaryFolder folder;
            const fs::path from = folder.path() / "big";
            const fs::path to = folder.path() / "to/big";
            fs::create_directories(to.parent_path());
            tests::write_big_file(from, byte_count);
            std::vector<std::string> words = {
                tests::program_path("psrp"),
                "copy",
                "--endpoint",
                "embedded",
                (is_upload ? "" : ":") + from.string(),
                (is_upload ? ":" : "") + to.string()};
            exit_code = interrupt(words);
            if (exit_code == 0) continue;
            CHECK_FALSE(fs::exists(to));
            CHECK(fs::file_size(folder.path() / "to/.big.psrp-part") < byte_count);
            words.insert(words.begin() + 2, "--resume");
            const auto resumed = tests::run_program(words);
            CAPTURE(resumed.errors);
            CHECK(resumed.errors.empty());
            CHECK(resumed.exit_code == 0);
            CHECK((tests::file_text(to) == tests::file_text(from)));
        }
        CHECK(exit_code == 130);
    }
}
