#include <psrp/transport/command_words.hpp>

#include <catch2/catch.hpp>

using Strings = std::vector<std::string>;

TEST_CASE("a command line is split into words as a shell does")
{
    struct Row {
        std::string text;
        Strings words; // none: refused
    };
    const std::vector<Row> rows = {
        {"pwsh -s", {"pwsh", "-s"}},
        {" a\t b\n", {"a", "b"}},
        {"a 'b c' \"d e\"", {"a", "b c", "d e"}},
        {"a ''", {"a", ""}},
        {"a\\ b", {"a b"}},
        {"'a\\b'", {"a\\b"}},
        {"\"a\\\"b\\\\c\\d\"", {"a\"b\\c\\d"}},
        {"a'b'\"c\"d", {"abcd"}},
        {"$HOME *", {"$HOME", "*"}},
        {"", {}},
        {"'a", {}},
        {"\"a", {}},
        {"a\\", {}},
        {"'' a", {}},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(psrp::split_words(row.text).value_or(Strings{}) == row.words);
    }
}
