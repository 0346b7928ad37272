#include <clixml/object.hpp>
#include <psrp/format/object_formatter.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using clixml::Arena;
using clixml::Value;

Value bag(Arena& arena, std::initializer_list<std::pair<const char*, Value>> notes)
{
    clixml::Object* object = clixml::make_custom_object(arena);
    for (const auto& [name, value] : notes)
        object->set_note(arena, name, value);
    return Value::object(object);
}

Value file(Arena& arena, const char* folder, const char* name, int size)
{
    clixml::Object* object =
        clixml::make_live(arena, {"System.IO.FileInfo", "System.Object"}, name);
    object->add_adapted(arena, "DirectoryName", Value::string(folder));
    object->add_adapted(arena, "Name", Value::string(name));
    object->add_adapted(arena, "Length", Value::int64(size));
    object->add_adapted(arena, "Attributes", Value::string("Archive, ReadOnly"));
    const clixml::DateTime time{
        clixml::ticks_of_day(2024, 1, 2) + 11'045 * clixml::ticks_per_second};
    object->add_adapted(arena, "LastWriteTime", Value::date_time(time));
    return Value::object(object);
}

// What a formatter prints, kept.
struct Recorder {
    std::string text;
    psrp::ObjectFormatter formatter;

    explicit Recorder(const psrp::FormatOptions& options = {})
        : formatter(options, [this](std::string_view line) {
              text += line;
              text += '\n';
          })
    {
    }
};

} // namespace

TEST_CASE("a table without a known view waits for rows, and later rows keep its widths")
{
    Arena arena;
    Recorder recorder;
    recorder.formatter.write(bag(arena, {{"A", Value::string("x")}, {"N", Value::int32(1)}}));
    CHECK(recorder.formatter.has_waiting_rows());
    CHECK(recorder.text.empty());
    recorder.formatter.write(Value::string("between"));
    recorder.formatter.write(bag(arena, {{"A", Value::string("abc")}, {"N", Value::int32(20)}}));
    recorder.formatter.flush();
    CHECK_FALSE(recorder.formatter.has_waiting_rows());
    const std::string first = "\nA    N\n-    -\nx    1\nbetween\nabc 20\n";
    CHECK(recorder.text == first);
    recorder.formatter.write(bag(arena, {{"A", Value::string("abcde")}, {"N", Value::int32(345)}}));
    recorder.formatter.finish();
    CHECK(
        recorder.text == first + "ab\xE2\x80\xA6 \xE2\x80\xA6"
                                 "5\n\n"
    );
}

TEST_CASE("the rows that a table holds back are limited")
{
    Arena arena;
    psrp::FormatOptions options;
    options.table_rows_max = 3;
    Recorder recorder(options);
    for (int i = 0; i < 2; ++i)
        recorder.formatter.write(bag(arena, {{"A", Value::int32(i)}}));
    CHECK(recorder.text.empty());
    recorder.formatter.write(bag(arena, {{"A", Value::int32(2)}}));
    CHECK(recorder.text == "\nA\n-\n0\n1\n2\n");
}

TEST_CASE("objects with other properties leave the first one's columns empty")
{
    Arena arena;
    const std::string text = psrp::format_objects(
        {bag(arena, {{"A", Value::string("x")}, {"B", Value::string("y")}}),
         bag(arena, {{"B", Value::string("z")}, {"C", Value::string("w")}})},
        {}
    );
    CHECK(text == "\nA B\n- -\nx y\n  z\n\n");
}

TEST_CASE("files stand in tables below their folder")
{
    Arena arena;
    const std::string text = psrp::format_objects(
        {file(arena, "/a", "one", 5), file(arena, "/a", "two", 12345), file(arena, "/b", "x", 0)},
        {}
    );
    CHECK(
        text == "\n    Directory: /a\n\n"
                "Mode                 LastWriteTime         Length Name\n"
                "----                 -------------         ------ ----\n"
                "-ar--          01/02/2024    03:04              5 one\n"
                "-ar--          01/02/2024    03:04          12345 two\n"
                "\n    Directory: /b\n\n"
                "Mode                 LastWriteTime         Length Name\n"
                "----                 -------------         ------ ----\n"
                "-ar--          01/02/2024    03:04              0 x\n\n"
    );
}

TEST_CASE("an object of another kind than the running view is a list in between")
{
    Arena arena;
    const std::string text = psrp::format_objects(
        {file(arena, "/a", "one", 5), bag(arena, {{"P", Value::int32(1)}, {"Long", Value()}})}, {}
    );
    CHECK_THAT(text, Catch::EndsWith("5 one\n\nP    : 1\nLong : \n\n\n"));
}

TEST_CASE("a deserialized enum shows its name")
{
    Arena arena;
    clixml::Object* day = clixml::make_enum(arena, "Deserialized.System.DayOfWeek", "Friday", 5);
    CHECK(psrp::format_objects({Value::object(day)}, {}) == "\nValue\n-----\nFriday\n\n");
}

TEST_CASE("columns that do not fit are cut and then left out")
{
    Arena arena;
    psrp::FormatOptions options;
    options.width = 8;
    const std::string text = psrp::format_objects(
        {bag(arena, {{"First", Value::string("abcde")}, {"Second", Value::string("fghijk")}})},
        options
    );
    CHECK(text == "\nFirst Se\n      co\n      nd\n----- --\nabcde f\xE2\x80\xA6\n\n");
    options.width = 6;
    CHECK(
        psrp::format_objects(
            {bag(arena, {{"First", Value::string("abcde")}, {"Second", Value::string("fghijk")}})},
            options
        ) == "\nFirst\n-----\nabcde\n\n"
    );
}

TEST_CASE("every width from one column on prints without end or trap")
{
    Arena arena;
    for (std::size_t width = 1; width < 60; ++width) {
        psrp::FormatOptions options;
        options.width = width;
        const std::string wide = "\xE4\xBD\xA0\xE5\xA5\xBD wide and long text";
        const auto value = Value::string(wide);
        const auto five =
            bag(arena,
                {{"A", value}, {"B", value}, {"C", value}, {"D", value}, {wide.c_str(), value}});
        CHECK_FALSE(psrp::format_objects({five}, options).empty());
        CHECK_FALSE(
            psrp::format_objects({bag(arena, {{"A", value}, {"B", value}})}, options).empty()
        );
        CHECK_FALSE(psrp::format_objects({file(arena, "/a", "n", 1)}, options).empty());
    }
}

TEST_CASE("sessions of a server stand below its name, whole at every width")
{
    Arena arena;
    const auto session = [&](const char* computer, const char* name, Value age) {
        const Value value =
            bag(arena,
                {{"ComputerName", Value::string(computer)},
                 {"Name", Value::string(name)},
                 {"State", Value::string("Disconnected")},
                 {"Owner", Value::string("PSRP\\alice")},
                 {"Age", age},
                 {"IdleTimeout", Value::time_span({std::int64_t{7200} * 10'000'000})},
                 {"Inactivity", Value()},
                 {"InstanceId", Value::string("AABBCCDD-0011-2233-4455-66778899AABB")}});
        value.object()->set_type_names(arena, {"Psrp.ServerSession", "System.Object"});
        return value;
    };
    const std::vector<Value> sessions = {
        session("web1", "long", Value::time_span({std::int64_t{90'061} * 10'000'000})),
        session("web2", "Runspace1", Value::time_span({0}))};
    CHECK(
        psrp::format_objects(sessions, {}) ==
        "\n   ComputerName: web1\n\n"
        "Name State        Owner             Age IdleTimeout Inactivity InstanceId\n"
        "---- -----        -----             --- ----------- ---------- ----------\n"
        "long Disconnected PSRP\\alice 1.01:01:01    02:00:00            "
        "AABBCCDD-0011-2233-4455-66778899AABB\n"
        "\n   ComputerName: web2\n\n"
        "Name      State        Owner           Age IdleTimeout Inactivity InstanceId\n"
        "----      -----        -----           --- ----------- ---------- ----------\n"
        "Runspace1 Disconnected PSRP\\alice 00:00:00    02:00:00            "
        "AABBCCDD-0011-2233-4455-66778899AABB\n\n"
    );
    psrp::FormatOptions narrow;
    narrow.width = 80;
    const std::string under(63, ' ');
    CHECK_THAT(
        psrp::format_objects({sessions[0]}, narrow),
        Catch::EndsWith(
            "long Disconnected PSRP\\alice 1.01:01:01    02:00:00            AABBCCDD-0011-223\n" +
            under + "3-4455-66778899AA\n" + under + "BB\n\n"
        )
    );
}
