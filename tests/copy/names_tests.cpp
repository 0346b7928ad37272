#include <psrp/copy/names.hpp>

#include <catch2/catch.hpp>

using namespace psrp::copy;

TEST_CASE("paths that leave their source are not safe")
{
    struct Row {
        std::string_view path;
        bool is_safe;
    };
    using namespace std::string_view_literals;
    const Row row = GENERATE(values<Row>({
        {"", true},
        {"a", true},
        {"a/b c/d\ne", true},
        {"..a/b..", true},
        {"...", true},
        {"a\\..\\b", true},
        {"\xff\xfe", true},
        {"/a", false},
        {"/", false},
        {"a/", false},
        {"a//b", false},
        {"..", false},
        {".", false},
        {"a/..", false},
        {"../a", false},
        {"a/../b", false},
        {"a/./b", false},
        {"a\0b"sv, false},
    }));
    CAPTURE(row.path);
    CHECK(is_safe_path(row.path) == row.is_safe);
}

TEST_CASE("a path is safe up to the limit of its length")
{
    const std::string name(path_bytes_max, 'a');
    CHECK(is_safe_path(name));
    CHECK_FALSE(is_safe_path(name + "a"));
}

TEST_CASE("a partial file's name is hidden, constant and never too long")
{
    CHECK(partial_name("notes.txt") == ".notes.txt.psrp-part");
    for (const std::size_t size : {1U, 244U, 245U, 255U}) {
        const std::string name(size, 'n');
        CHECK(partial_name(name).size() <= 255);
        CHECK(partial_name(name) == partial_name(name));
        CHECK(partial_name(name) != partial_name(name.substr(1) + "m"));
    }
}

TEST_CASE("the name of a source is the last one of its path")
{
    struct Row {
        std::string_view path;
        bool has_windows_separators;
        std::string_view name;
    };
    const Row row = GENERATE(values<Row>({
        {"a", false, "a"},
        {"/a/b/", false, "b"},
        {"a\\b", false, "a\\b"},
        {"a\\b\\", true, "b"},
        {"C:\\a b\\c.txt", true, "c.txt"},
        {"C:c.txt", true, "c.txt"},
        {"C:\\", true, ""},
        {"C:", true, ""},
        {".", false, ""},
        {"a/..", false, ""},
        {"~", false, ""},
        {"~/x", false, "x"},
        {"/", false, ""},
        {"", false, ""},
    }));
    CAPTURE(row.path);
    CHECK(base_name(row.path, row.has_windows_separators) == row.name);
}
