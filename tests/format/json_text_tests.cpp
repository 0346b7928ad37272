#include <clixml/object.hpp>
#include <clixml/origin.hpp>
#include <clixml/reader.hpp>
#include <psrp/format/csv_text.hpp>
#include <psrp/format/json_text.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

TEST_CASE("primitives become JSON")
{
    using clixml::Value;
    clixml::Arena arena;
    const std::string bytes("\x00\x01\xFF", 3);
    const auto date = clixml::read_date_time("2024-01-02T03:04:05.5Z", nullptr);
    REQUIRE(date.has_value());
    struct Row {
        Value value;
        std::string text;
    };
    const std::vector<Row> rows = {
        {Value(), "null"},
        {Value::boolean(true), "true"},
        {Value::int32(-5), "-5"},
        {Value::uint64(UINT64_MAX), "18446744073709551615"},
        {Value::double_precision(0.1), "0.1"},
        {Value::single(0.1F), "0.1"},
        {Value::double_precision(INFINITY), "\"Infinity\""},
        {Value::decimal(arena, *clixml::Decimal::read("1.5")), "1.5"},
        {Value::decimal(arena, *clixml::Decimal::read("79228162514264337593543950335")),
         "79228162514264337593543950335.0"},
        {Value::double_precision(1.0), "1.0"},
        {Value::double_precision(1e16), "10000000000000000.0"},
        {Value::double_precision(1e20), "1E+20"},
        {Value::double_precision(1e-5), "1E-05"},
        {Value::single(16777216.0F), "16777216.0"},
        {Value::character({65}), "\"A\""},
        {Value::string("a\"\n\xC3\xA9"), "\"a\\\"\\n\xC3\xA9\""},
        {Value::string("\xED\xA0\x80"), "\"\xEF\xBF\xBD\""},
        {Value::bytes(clixml::bytes_of(bytes)), "[0,1,255]"},
        {Value::date_time(*date), "\"2024-01-02T03:04:05.5Z\""},
        {Value::string("\x1b[0m\xC2\x85"), "\"\\u001b[0m\\u0085\""},
        {Value::secure_string("AAAA"), "null"},
    };
    for (const Row& row : rows)
        CHECK(psrp::json_text(row.value) == row.text);
}

TEST_CASE("objects become maps, collections arrays, and cycles end")
{
    using clixml::Value;
    clixml::Arena arena;
    clixml::Object* object = clixml::make_live(arena, {"Contoso.Thing"}, "thing");
    object->add_note(arena, "Note", Value::int32(2));
    object->add_adapted(arena, "Own", Value::int32(1));
    object->add_note(arena, "Self", Value::object(object));
    CHECK(
        psrp::json_text(Value::object(object), {.depth = 1}) ==
        R"({"Note":2,"Self":{"Note":2,"Self":"thing","Own":1},"Own":1})"
    );
    const std::string deep = psrp::json_text(Value::object(object), {.depth = 100});
    CHECK_THAT(deep, Catch::Contains(R"("Self":"thing")") && Catch::EndsWith(R"("Own":1})"));

    clixml::Object* list = clixml::make_array(arena);
    list->add_item(arena, Value::string("x"));
    list->add_item(arena, Value());
    CHECK(psrp::json_text(Value::object(list)) == R"(["x",null])");

    clixml::Object* table = clixml::make_hashtable(arena);
    table->add_entry(arena, Value::int32(1), Value::string("one"));
    CHECK(psrp::json_text(Value::object(table)) == R"({"1":"one"})");

    clixml::Object* day = clixml::make_enum(arena, "System.DayOfWeek", "Friday", 5);
    CHECK(psrp::json_text(Value::object(day)) == R"({"value":5,"Value":"Friday"})");
    CHECK(psrp::json_text(Value::object(clixml::make_custom_object(arena))) == "{}");
}

TEST_CASE("a number tells its origin, a text never does")
{
    using clixml::Value;
    clixml::Arena arena;
    const auto shown = clixml::with_origin(arena, Value::int32(5), "web", clixml::Guid{}, true);
    CHECK_THAT(psrp::json_text(shown), Catch::StartsWith(R"({"value":5,"PSComputerName":"web")"));
    const auto hidden = clixml::with_origin(arena, Value::int32(5), "web", clixml::Guid{}, false);
    CHECK_THAT(psrp::json_text(hidden), Catch::EndsWith(R"("PSShowComputerName":false})"));
    const auto text = clixml::with_origin(arena, Value::string("x"), "web", clixml::Guid{}, true);
    CHECK(psrp::json_text(text) == "\"x\"");
}

namespace {

void check_conversions(const char* file)
{
    const auto runspace_id = clixml::Guid::read("5bb09e2d-a12f-4a40-b10b-01866a36ffd7");
    REQUIRE(runspace_id.has_value());
    for (const auto& line : tests::read_vector_file(file)) {
        if (!line.has("wire")) continue;
        INFO(line.where());
        std::string compact;
        std::string shallow;
        std::string pretty;
        psrp::CsvWriter csv;
        std::string rows;
        for (const auto& text : line.fields.at("wire")) {
            auto document = clixml::Document::read(text.get<std::string>(), {});
            REQUIRE(document.has_value());
            const clixml::Value value = clixml::with_origin(
                document->arena(), document->value(), "srv", *runspace_id, true
            );
            compact += psrp::json_text(value) + "\n";
            shallow += psrp::json_text(value, {.depth = 1}) + "\n";
            pretty += psrp::json_text(value, {.depth = 5, .is_compact = false}) + "\n";
            for (const std::string& row : csv.write(value))
                rows += row + "\n";
        }
        if (line.has("json")) {
            CHECK(compact == line.text("json"));
            CHECK(shallow == line.text("jsonDepth1"));
            CHECK(pretty == line.text("jsonIndented"));
        }
        if (line.has("csv")) CHECK(rows == line.text("csv"));
    }
}

} // namespace

TEST_CASE("JSON and CSV of recorded objects are what PowerShell wrote")
{
    check_conversions("format/conversions.jsonl");
    check_conversions("format/cases.jsonl");
}
