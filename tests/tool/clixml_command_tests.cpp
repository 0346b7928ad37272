#include <psrp/tool/clixml_command.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace {

using Mode = psrp::tool::ClixmlOptions::Mode;

struct Run {
    int code = 0;
    std::string out;
    std::string err;
};

Run run(Mode mode, const std::string& text, bool bare = false, int depth = 2)
{
    const auto path = std::filesystem::temp_directory_path() /
                      ("psrp-clixml-command-test-" + std::to_string(getpid()));
    std::ofstream(path, std::ios::binary) << text;
    std::ostringstream out;
    std::ostringstream err;
    psrp::tool::ClixmlOptions options{mode, depth, bare, path.string()};
    Run result;
    result.code = psrp::tool::run_clixml(options, out, err);
    result.out = out.str();
    result.err = err.str();
    std::filesystem::remove(path);
    return result;
}

constexpr const char* start =
    "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";

} // namespace

TEST_CASE("copy, dump and again agree with every recorded object")
{
    for (const auto& row : tests::read_vector_file("clixml/objects.jsonl")) {
        INFO(row.where());
        const std::string text = row.text("clixml");
        if (!row.has("error")) CHECK(run(Mode::Copy, text).out == text + "\n");
        if (row.has("bag")) {
            CHECK(nlohmann::json::parse(run(Mode::Dump, text).out) == row.fields["bag"]);
        }
        if (row.has("again")) {
            CHECK(
                run(Mode::Again, text, false, row.fields["depth"]).out == row.text("again") + "\n"
            );
        }
    }
}

TEST_CASE("what stands around the values is copied too")
{
    const std::string compact = std::string(start) + "<S>a</S></Objs>";
    // clang-format off
    const std::string texts[] = {
        compact,
        "\xEF\xBB\xBF" + compact,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>" + compact,
        std::string(start) + "\r\n  <S>a</S>\r\n</Objs>",
        "<Obj RefId=\"0\"><MS><I32 N=\"a\">1</I32></MS></Obj>",
        "<I32>+5</I32>",
        "#< CLIXML\n" + compact,
        "#< CLIXML\r\n" + compact + "\r\ntext\r\n" + compact + compact,
    };
    // clang-format on
    for (const std::string& text : texts) {
        INFO(text);
        const Run copied = run(Mode::Copy, text);
        CHECK(copied.code == 0);
        CHECK(copied.out == text + "\n");
    }
}

TEST_CASE("a refused text gives 1, and the place as byte, line and column")
{
    const Run refused = run(Mode::Dump, std::string(start) + "\n  <I32>x</I32></Objs>");
    CHECK(refused.code == 1);
    CHECK(refused.out.empty());
    CHECK(refused.err.find("at byte 88") != std::string::npos);
    CHECK(refused.err.find("line 2:8") != std::string::npos);
}

TEST_CASE("a bare element is dumped only where it is asked for")
{
    CHECK(run(Mode::Dump, "<S>a</S>").code == 1);
    CHECK(run(Mode::Dump, "<S>a</S>", true).out == "{\"k\":\"prim\",\"t\":\"S\",\"v\":\"a\"}\n");
}

TEST_CASE("the output of a shell is dumped with its streams")
{
    const std::string text = std::string("#< CLIXML\n") + start +
                             "<S S=\"Output\">a</S><S S=\"warning\">w</S><Nil/></Objs>text\n";
    CHECK(
        run(Mode::Dump, text).out ==
        "{\"stream\":\"Output\",\"value\":{\"k\":\"prim\",\"t\":\"S\",\"v\":\"a\"}}\n"
        "{\"stream\":\"warning\",\"value\":{\"k\":\"prim\",\"t\":\"S\",\"v\":\"w\"}}\n"
        "{\"stream\":\"Output\",\"value\":{\"k\":\"nil\"}}\n"
        "{\"stream\":\"Output\",\"value\":{\"k\":\"prim\",\"t\":\"S\",\"v\":\"text\"}}\n"
    );
    const Run refused = run(Mode::Dump, text + start + "<X/>");
    CHECK(refused.code == 1);
    CHECK(refused.out.empty());
    CHECK(refused.err.find("line 3:") != std::string::npos);
    CHECK(run(Mode::Copy, "#< CLIXML\n<Objs").code == 1);
    CHECK(run(Mode::Again, text).code == 1);
}

TEST_CASE("the output of standard error belongs to the error stream")
{
    const auto path = std::filesystem::temp_directory_path() /
                      ("psrp-clixml-command-stderr-" + std::to_string(getpid()));
    std::ofstream(path, std::ios::binary) << "#< CLIXML\n" << start << "<S>a</S></Objs>";
    std::ostringstream out;
    std::ostringstream err;
    psrp::tool::ClixmlOptions options;
    options.file = path.string();
    options.error_output = true;
    CHECK(psrp::tool::run_clixml(options, out, err) == 0);
    CHECK(out.str().starts_with("{\"stream\":\"Error\","));
    std::filesystem::remove(path);
}
