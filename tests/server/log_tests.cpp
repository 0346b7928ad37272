#include <psrp/server/log.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <unistd.h>

using namespace psrp::server;

namespace {

// What a log writes while `work` runs.
template <typename Work>
std::string written(LogLevel level, Work work)
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    work(Log(ends[1], level, LogPayloads::No));
    ::close(ends[1]);
    std::string text;
    char c = 0;
    while (::read(ends[0], &c, 1) == 1)
        text += c;
    ::close(ends[0]);
    return text;
}

} // namespace

TEST_CASE("an entry is one line of pairs, whatever its values hold")
{
    struct Row {
        std::string value;
        std::string shown;
    };
    const Row rows[] = {
        {"plain-1.5/x:y", "plain-1.5/x:y"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"x\"", "\"say \\\"x\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nend\t\x7f", "\"line\\x0aend\\x09\\x7f\""},
        {"\xc3\xa4", "\"\\xc3\\xa4\""},
    };
    for (const Row& row : rows) {
        CHECK(
            log_line(LogLevel::Warning, "it-happened", {{"name", row.value}}) ==
            "level=warning event=it-happened name=" + row.shown + "\n"
        );
    }
}

TEST_CASE("a log takes what its level says")
{
    struct Row {
        LogLevel level;
        int lines;
    };
    const Row rows[] = {
        {LogLevel::None, 0},
        {LogLevel::Error, 1},
        {LogLevel::Warning, 2},
        {LogLevel::Information, 3},
        {LogLevel::Debug, 4},
    };
    for (const Row& row : rows) {
        const std::string text = written(row.level, [](const Log& log) {
            for (const auto level :
                 {LogLevel::None,
                  LogLevel::Error,
                  LogLevel::Warning,
                  LogLevel::Information,
                  LogLevel::Debug}) {
                log.write(level, "e", {});
            }
        });
        CHECK(std::count(text.begin(), text.end(), '\n') == row.lines);
        if (row.lines > 0) CHECK(text.starts_with("time=2"));
    }
}

TEST_CASE("levels have names")
{
    for (const char* name : {"none", "error", "warning", "info", "debug"}) {
        const auto level = read_log_level(name);
        REQUIRE(level);
        CHECK(log_line(*level, "e", {}).starts_with(std::string("level=") + name + " "));
    }
    CHECK_FALSE(read_log_level("loud"));
    CHECK_FALSE(read_log_level("INFO"));
}
