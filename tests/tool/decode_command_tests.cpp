#include <psrp/tool/decode_command.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

// A file with this content that is gone with the object.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& content)
        : path_(
              std::filesystem::temp_directory_path() /
              ("psrp-decode-" + std::to_string(std::rand()))
          )
    {
        std::ofstream(path_, std::ios::binary) << content;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }

    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("every recorded conversation decodes to its messages")
{
    for (const std::string& log : tests::list_vector_files("psrp", ".log")) {
        INFO(log);
        std::ostringstream out;
        std::ostringstream err;
        REQUIRE(psrp::tool::run_decode({tests::vector_path(log).string()}, out, err) == 0);
        CHECK(err.str().empty());

        const auto expected =
            tests::read_vector_file(log.substr(0, log.size() - 4) + ".messages.jsonl");
        std::istringstream lines(out.str());
        std::string line;
        std::size_t count = 0;
        for (; std::getline(lines, line); ++count) {
            REQUIRE(count < expected.size());
            const auto message = nlohmann::json::parse(line);
            for (const auto& [key, value] : expected[count].fields.items()) {
                INFO(expected[count].where() << " " << key);
                CHECK(message.at(key) == value);
            }
        }
        CHECK(count == expected.size());
    }
}

TEST_CASE("a line that is no element ends the decoding, with its number, after what stood before it"
)
{
    const std::string good = tests::read_whole_file(tests::vector_path("psrp/hello.log"));
    const std::size_t second_line = good.find('\n', good.find('\n') + 1) + 1;
    const TemporaryFile file(
        good.substr(0, second_line) + "C <Data Stream='Default'>AAAA</Data>\n"
    );
    std::ostringstream out;
    std::ostringstream err;
    CHECK(psrp::tool::run_decode({file.path()}, out, err) == 1);
    CHECK(err.str().find("line 3") != std::string::npos);
    CHECK(out.str().find("0x00010002") != std::string::npos);
}

TEST_CASE("a file that is not there is reported")
{
    std::ostringstream out;
    std::ostringstream err;
    CHECK(psrp::tool::run_decode({"/nonexistent/conversation.log"}, out, err) == 1);
    CHECK(err.str().find("cannot read") != std::string::npos);
}
