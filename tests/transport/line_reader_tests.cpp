#include <psrp/transport/errors.hpp>
#include <psrp/transport/line_reader.hpp>
#include <tests/support/segmentations.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace psrp;

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(
    std::string_view text, const tests::Segmentation& segmentation, LineLimits limits = {}
)
{
    LineReader reader(limits);
    Lines lines;
    tests::feed_in_pieces(clixml::bytes_of(text), segmentation, [&](BytesView piece) {
        reader.receive(piece);
        while (true) {
            const auto line = reader.next();
            if (!line) {
                lines.push_back("!" + std::to_string(line.error().offset));
                return false;
            }
            if (!*line) return true;
            lines.push_back(std::to_string((*line)->offset) + ":" + std::string((*line)->text));
        }
    });
    if (const auto rest = reader.rest()) lines.push_back("rest:" + std::string(rest->text));
    return lines;
}

} // namespace

TEST_CASE("bytes that are read into the reader's own room give the same lines")
{
    const std::string_view text = "one\r\ntwo\n\nthree";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        LineReader reader;
        Lines lines;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            const std::string_view part = text.substr(at, piece);
            std::copy(part.begin(), part.end(), reader.room(100));
            reader.commit(part.size());
            while (const auto line = *reader.next())
                lines.emplace_back(line->text);
        }
        CHECK(lines == Lines{"one", "two", ""});
        CHECK(reader.rest()->text == "three");
    }
}

TEST_CASE("LF, CRLF and CR end a line, for every segmentation")
{
    struct Row {
        std::string_view text;
        Lines expected;
    };
    const Row rows[] = {
        {"", {}},
        {"a", {"rest:a"}},
        {"a\nb\n", {"0:a", "2:b"}},
        {"a\r\nb\r\n", {"0:a", "3:b"}},
        {"a\rb\r", {"0:a", "2:b"}},
        {"a\n\nb", {"0:a", "2:", "rest:b"}},
        {"a\r\r\n\n", {"0:a", "2:", "4:"}},
        {"a\n\rb\n", {"0:a", "2:", "3:b"}},
        {"\r\n\r\n", {"0:", "2:"}},
        {"\xC3\xA4\nlonger line than that\r\nx",
         {"0:\xC3\xA4", "3:longer line than that", "rest:x"}},
    };
    for (const Row& row : rows) {
        for (const auto& segmentation : tests::segmentations(row.text.size())) {
            INFO(row.text << " / " << segmentation.name);
            CHECK(lines_of(row.text, segmentation) == row.expected);
        }
    }
}

TEST_CASE("a line of N bytes passes a limit of N and N + 1 does not, with or without its end")
{
    for (const std::string_view end : {"\n", "\r\n", "\r", ""}) {
        const std::string good = "x\n" + std::string(10, 'a') + std::string(end);
        const std::string bad = "x\n" + std::string(11, 'a') + std::string(end);
        for (const auto& segmentation : tests::segmentations(good.size())) {
            CHECK(
                lines_of(good, segmentation, {.line_bytes_max = 10}).back().ends_with("aaaaaaaaaa")
            );
        }
        for (const auto& segmentation : tests::segmentations(bad.size())) {
            const Lines lines = lines_of(bad, segmentation, {.line_bytes_max = 10});
            INFO(segmentation.name);
            REQUIRE(lines.size() >= 2);
            CHECK(lines[1] == "!2");
        }
    }
}

TEST_CASE("a CR at the end of what has arrived ends its line at once")
{
    LineReader reader;
    reader.receive(clixml::bytes_of("a\r"));
    auto line = reader.next();
    REQUIRE(line);
    REQUIRE(*line);
    CHECK((*line)->text == "a");
    reader.receive(clixml::bytes_of("\nb\n"));
    line = reader.next();
    REQUIRE(line);
    REQUIRE(*line);
    CHECK((*line)->text == "b");
    CHECK((*line)->offset == 3);
    CHECK(reader.buffered_bytes() == 0);
}

TEST_CASE("a long line that comes byte by byte and many lines in one piece take linear time")
{
    LineReader reader;
    const std::string byte = "x";
    for (int i = 0; i < 1000000; ++i) {
        reader.receive(clixml::bytes_of(byte));
        const auto line = reader.next();
        REQUIRE((line && !*line));
    }
    std::string many = "\n";
    for (int i = 0; i < 1000000; ++i)
        many += "y\n";
    reader.receive(clixml::bytes_of(many));
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (true) {
        const auto line = reader.next();
        REQUIRE(line);
        if (!*line) break;
        ++count;
        bytes += (*line)->text.size();
    }
    CHECK(count == 1000001);
    CHECK(bytes == 2000000);
}
