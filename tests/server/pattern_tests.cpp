#include <psrp/server/script/pattern.hpp>

#include <catch2/catch.hpp>

#include <string>

using psrp::server::matches_wildcard;
using psrp::server::Regex;

TEST_CASE("wildcards match as PowerShell's do")
{
    struct Row {
        const char* pattern;
        const char* text;
        bool matches;
    };
    const Row rows[] = {
        {"*", "", true},
        {"a*", "ABC", true},
        {"*c", "abc", true},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[xyz]", "y", true},
        {"`*", "*", true},
        {"`*", "a", false},
        {"*a*b*", "xxaxxbxx", true},
        {"*a*b*", "ba", false},
        {"", "", true},
        {"", "a", false},
        {"[", "[", true},
    };
    for (const Row& row : rows) {
        INFO(row.pattern << " on " << row.text);
        CHECK(matches_wildcard(row.pattern, row.text) == row.matches);
    }
    CHECK_FALSE(matches_wildcard("a", "A", true));
}

TEST_CASE("regular expressions find the match that .NET finds")
{
    struct Row {
        const char* pattern;
        const char* text;
        const char* groups; // joined by |; "-" is no match
    };
    const Row rows[] = {
        {"b+", "abbbc", "bbb"},
        {"a|ab", "ab", "a"},
        {"(a+)(b*)", "xaab", "aab|aa|b"},
        {"^a", "ba", "-"},
        {"c$", "abc", "c"},
        {"a.c", "a\nc", "-"},
        {"\\d{2,3}", "1 12 1234", "12"},
        {"\\d{2}", "123", "12"},
        {"a*?b", "aab", "aab"},
        {"<.+?>", "<a><b>", "<a>"},
        {"(x)?y", "y", "y|"},
        {"[^a-c]+", "abcde", "de"},
        {"\\bfoo\\b", "a foo b", "foo"},
        {"(?:ab)+", "ababx", "abab"},
        {"A", "a", "a"},
        {"[A-Z]+", "abc", "abc"},
        {"\\.", "a.b", "."},
        {"(a|b){2,}c", "abac", "abac|a"},
        {"x{0}y", "xy", "y"},
        {"\\w+\\s\\w+", "one two", "one two"},
        {"(?=a)", "a", "-"},
    };
    for (const Row& row : rows) {
        INFO(row.pattern << " on " << row.text);
        const auto regex = Regex::compile(row.pattern, false);
        const auto match = regex ? regex->find(row.text, 0, nullptr) : std::nullopt;
        std::string groups = match ? "" : "-";
        for (std::size_t i = 0; match && i < match->group_count; ++i) {
            if (i > 0) groups += '|';
            groups += match->group(row.text, i).value_or("");
        }
        CHECK(groups == row.groups);
    }
}

TEST_CASE("patterns that explode elsewhere end in linear time")
{
    const auto regex = Regex::compile("(a*)*(a*)*b", false);
    REQUIRE(regex);
    CHECK_FALSE(regex->find(std::string(2000, 'a'), 0, nullptr));
    CHECK_FALSE(Regex::compile("((((a{1000}){1000}){1000}){1000})", false));
    CHECK_FALSE(Regex::compile(std::string(1000, '('), false));
    for (const char* bad : {"(", ")", "[", "a{2", "*", "\\", "(?<n>a)", "\\1", "[b-a]", "a{3,2}"}) {
        INFO(bad);
        CHECK_FALSE(Regex::compile(bad, false));
    }
}
