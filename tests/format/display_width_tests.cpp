#include <psrp/format/display_width.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

TEST_CASE("widths count what a terminal shows")
{
    struct Row {
        std::string text;
        std::size_t width;
    };
    const std::vector<Row> rows = {
        {"", 0},
        {"abc", 3},
        {"caf\xC3\xA9", 4},
        {"\xE4\xBD\xA0\xE5\xA5\xBD", 4}, // two ideographs
        {"e\xCC\x81", 1},                // combining accent
        {"\x1b[31mred\x1b[0m", 3},
        {"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", 4},
        {"\xED\xA0\x80", 1}, // a lone surrogate
        {"\x1b[", 1},        // no whole sequence: the bracket shows
    };
    for (const Row& row : rows)
        CHECK(psrp::display_width(row.text) == row.width);
}

TEST_CASE("heads and tails never cut a wide character")
{
    const std::string text = "a\xE4\xBD\xA0"
                             "b";
    CHECK(psrp::head_bytes(text, 0) == 0);
    CHECK(psrp::head_bytes(text, 1) == 1);
    CHECK(psrp::head_bytes(text, 2) == 1);
    CHECK(psrp::head_bytes(text, 3) == 4);
    CHECK(psrp::head_bytes(text, 9) == 5);
    CHECK(psrp::tail_offset(text, 9) == 0);
    CHECK(psrp::tail_offset(text, 3) == 1);
    CHECK(psrp::tail_offset(text, 2) == 4);
    CHECK(psrp::tail_offset(text, 0) == 5);
}

TEST_CASE("lone surrogates print as the replacement character")
{
    CHECK(
        psrp::printable_utf8("a\xED\xA0\x80"
                             "b\xED\x9F\xBF") == "a\xEF\xBF\xBD"
                                                 "b\xED\x9F\xBF"
    );
}
