#include <psrp/format/display_width.hpp>
#include <psrp/icm/progress_view.hpp>
#include <psrp/icm/run_summary.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace {

using Lines = std::vector<std::string>;
using std::chrono::milliseconds;
using std::chrono::seconds;

psrp::ProgressUpdate
update(std::string_view name, std::int32_t id, std::int32_t percent = -1, std::int32_t parent = -1)
{
    psrp::ProgressUpdate record;
    record.activity = name;
    record.activity_id = id;
    record.percent_complete = percent;
    record.parent_activity_id = parent;
    return record;
}

} // namespace

TEST_CASE("times are short")
{
    const std::vector<std::pair<int, std::string>> rows = {
        {0, "0:00"},
        {59, "0:59"},
        {61, "1:01"},
        {3599, "59:59"},
        {3600, "1:00:00"},
        {90061, "25:01:01"},
        {-5, "0:00"}};
    for (const auto& [time, text] : rows)
        CHECK(icm::duration_text(seconds(time)) == text);
}

TEST_CASE("an activity is one line that fits")
{
    struct Row {
        icm::Activity activity;
        std::size_t level;
        std::size_t width;
        std::string line;
    };
    const icm::Activity half{
        .name = "Copy",
        .status = "file 5",
        .operation = "a.txt",
        .percent = 50,
        .seconds_left = 61};
    const std::vector<Row> rows = {
        {{.name = "Copy"}, 0, 80, "Copy"},
        {{.name = "Copy", .status = "now"}, 1, 80, "  Copy now"},
        {half, 0, 60, "Copy [######      ]  50% file 5 a.txt 1:01 left"},
        {half, 0, 20, "Copy  50% file 5 a.t"},
        {{.name = "Done", .percent = 100}, 0, 60, "Done [############] 100%"},
        {{.name = "Over", .percent = 250}, 0, 60, "Over [############] 100%"},
        {{.name = "None", .percent = 0}, 0, 60, "None [            ]   0%"},
    };
    for (const Row& row : rows)
        CHECK(icm::activity_line(row.activity, row.level, row.width) == row.line);
}

TEST_CASE("no activity is wider than the terminal, whatever it holds")
{
    const std::string wide = "\xE6\xBC\xA2\xE5\xAD\x97";
    for (std::size_t width = 1; width < 130; ++width) {
        for (const std::size_t level : {std::size_t{0}, std::size_t{3}, std::size_t{100}}) {
            for (const std::int32_t percent : {-1, 0, 42, 100}) {
                const icm::Activity activity{
                    .name = wide + std::string(60, 'x'),
                    .status = wide + wide,
                    .percent = percent,
                    .seconds_left = 7};
                INFO(width);
                CHECK(psrp::display_width(icm::activity_line(activity, level, width)) <= width);
            }
        }
        const psrp::FanOutCounts counts{.all = 100000, .done = 5, .failed = 1, .running = 32};
        CHECK(psrp::display_width(icm::counts_line(counts, milliseconds(1000), width)) <= width);
    }
}

TEST_CASE("activities stand below their parents until they are completed")
{
    icm::ProgressView view;
    view.update("a", update("Outer", 1, 10));
    view.update("a", update("Other", 5));
    view.update("a", update("Inner", 2, -1, 1));
    view.update("a", update("Deep", 3, -1, 2));
    view.update("b", update("Outer", 1));
    CHECK(view.lines(30, false) == Lines{"Outer  10%", "  Inner", "    Deep", "Other", "Outer"});
    CHECK(view.lines(30, true).front() == "[a] Outer  10%");
    view.update("a", update("Outer", 1, 20));
    CHECK(view.lines(30, false).front() == "Outer  20%");
    auto done = update("Inner", 2);
    done.completed = true;
    view.update("a", done);
    CHECK(view.lines(30, false) == Lines{"Outer  20%", "Other", "Outer"});
    view.remove("a");
    CHECK(view.lines(30, false) == Lines{"Outer"});
    done.activity_id = 1;
    view.update("b", done);
    CHECK(view.is_empty());
}

TEST_CASE("activities that are their own parents, or each other's, do not hang the view")
{
    icm::ProgressView view;
    view.update("a", update("Own", 1, -1, 1));
    view.update("a", update("Lost", 2, -1, 77));
    CHECK(view.lines(30, false) == Lines{"Own", "Lost"});
    view.update("a", update("X", 3, -1, 4));
    view.update("a", update("Y", 4, -1, 3));
    CHECK(view.lines(30, false).size() <= icm::ProgressView::lines_max + 1);
    auto done = update("X", 3);
    done.completed = true;
    view.update("a", done);
    CHECK(view.lines(30, false) == Lines{"Own", "Lost"});
}

TEST_CASE("many activities are cut and counted, texts are made safe")
{
    icm::ProgressView view;
    for (int i = 0; i < 2000; ++i)
        view.update("a", update("A" + std::to_string(i), i));
    const auto lines = view.lines(40, false);
    CHECK(lines.size() == icm::ProgressView::lines_max + 1);
    CHECK(lines.back() == "and 992 more");
    icm::ProgressView safe;
    safe.update("a", update("\x1b[2Jx\ny\t\x07z ", 1));
    CHECK(safe.lines(40, false) == Lines{"x y  z"});
}

TEST_CASE("targets are counted and the time that is left is what the others took")
{
    const psrp::FanOutCounts counts{.all = 300, .done = 100, .failed = 2, .running = 32};
    CHECK(icm::time_left(counts, seconds(50)) == seconds(100));
    CHECK_FALSE(icm::time_left({.all = 3}, seconds(50)));
    CHECK(
        icm::counts_line(counts, seconds(50), 79) ==
        "100 of 300 done, 32 running, 2 failed, 1:40 left"
    );
    CHECK(
        icm::counts_line({.all = 3, .running = 3}, seconds(1), 79) ==
        "0 of 3 done, 3 running, 0 failed"
    );
}

TEST_CASE("a summary names every target and what became of it")
{
    using psrp::TargetState;
    const std::vector<psrp::TargetReport> targets = {
        {"web", TargetState::Completed, 12, 0, 1, milliseconds(1234)},
        {"a-long-name", TargetState::Broken, 0, 1, 3, milliseconds(50)},
        {"db", TargetState::NotStarted, 0, 0, 0, milliseconds(0)},
    };
    CHECK(
        icm::summary_table(targets) == "Target      State      Objects Errors Attempts Seconds\n"
                                       "------      -----      ------- ------ -------- -------\n"
                                       "web         Completed       12      0        1     1.2\n"
                                       "a-long-name Broken           0      1        3     0.1\n"
                                       "db          NotStarted       0      0        0     0.0\n"
    );
    const std::string json = icm::summary_json(targets);
    CHECK(std::count(json.begin(), json.end(), '\n') == 3);
    CHECK(json.starts_with(
        R"({"target":"web","state":"Completed","objects":12,"errors":0,"attempts":1,"seconds":1.234})"
    ));
    CHECK(icm::finished_line(targets) == "1 of 3 targets have finished: web");
    const std::vector<psrp::TargetReport> many(30, targets[0]);
    CHECK_THAT(icm::finished_line(many), Catch::EndsWith("web and 10 more"));
}
