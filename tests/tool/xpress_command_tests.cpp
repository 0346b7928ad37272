#include <psrp/tool/xpress_command.hpp>
#include <tests/xpress/block_builder.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace {

using Mode = psrp::tool::XpressOptions::Mode;

struct Run {
    int code = 0;
    std::string out;
    std::string err;
};

Run run(Mode mode, std::string_view bytes, std::uint64_t bytes_max = 1U << 20U)
{
    const auto path = std::filesystem::temp_directory_path() /
                      ("psrp-xpress-command-test-" + std::to_string(getpid()));
    std::ofstream(path, std::ios::binary) << bytes;
    std::ostringstream out;
    std::ostringstream err;
    Run result;
    result.code = psrp::tool::run_xpress({mode, path.string(), bytes_max}, out, err);
    result.out = out.str();
    result.err = err.str();
    std::filesystem::remove(path);
    return result;
}

} // namespace

TEST_CASE("psrp xpress expands recorded streams, and what it compressed")
{
    for (const auto& row : tests::recorded_streams()) {
        INFO(row.name);
        const auto plain = clixml::text_of(row.plain);
        CHECK(run(Mode::Decode, clixml::text_of(row.stream)).out == plain);
        CHECK(run(Mode::Decode, run(Mode::Encode, plain).out).out == plain);
    }
}

TEST_CASE("psrp xpress says what is wrong with a stream, and writes nothing")
{
    const Run cut = run(Mode::Decode, "abcde");
    CHECK(cut.code == 1);
    CHECK(cut.out.empty());
    CHECK(cut.err.find("ends inside a chunk") != std::string::npos);
    const Run large = run(Mode::Decode, run(Mode::Encode, std::string(1001, 'x')).out, 1000);
    CHECK(large.code == 1);
    CHECK(large.err.find("larger than allowed") != std::string::npos);
    psrp::tool::XpressOptions absent;
    absent.file = "/nowhere/at/all";
    std::ostringstream out;
    std::ostringstream err;
    CHECK(psrp::tool::run_xpress(absent, out, err) == 1);
}
