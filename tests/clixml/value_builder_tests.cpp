// Primitives and objects of classes made from C++: byte for byte what PowerShell wrote for them.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

using namespace clixml;

namespace {

using Maker = std::function<Value(Arena&)>;

Maker plain(Value value)
{
    return [value](Arena&) { return value; };
}

Maker text(std::string_view borrowed)
{
    return plain(Value::string(borrowed));
}

Maker decimal(const char* digits)
{
    return [digits](Arena& arena) { return Value::decimal(arena, *Decimal::read(digits)); };
}

Maker moment(int year, int month, int day, std::int64_t ticks, DateTimeKind kind)
{
    return plain(Value::date_time({ticks_of_day(year, month, day) + ticks, kind, 0}));
}

Maker guid(const char* digits)
{
    return [digits](Arena& arena) { return Value::guid(arena, *Guid::read(digits)); };
}

constexpr std::int64_t second = ticks_per_second;

// The part of a .NET type name that says where an argument of it comes from.
std::string of_core(const char* type)
{
    return std::string("[") + type +
           ", System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, "
           "PublicKeyToken=7cec85d7bea7798e]";
}

Value hash_set(Arena& arena)
{
    const std::string of_int = "`1[" + of_core("System.Int32") + "]";
    Object* set = make_container(
        arena,
        ContainerKind::Enumerable,
        {"System.Collections.Generic.HashSet" + of_int, "System.Object"}
    );
    set->add_item(arena, Value::int32(7));
    set->set_adapted(arena, "Count", Value::int32(1));
    set->set_adapted(arena, "Capacity", Value::int32(3));
    Object* comparer = make_live(
        arena,
        {"System.Collections.Generic.GenericEqualityComparer" + of_int,
         "System.Collections.Generic.EqualityComparer" + of_int,
         "System.Object"},
        "System.Collections.Generic.GenericEqualityComparer`1[System.Int32]"
    );
    set->set_adapted(arena, "Comparer", Value::object(comparer));
    set->set_adapted(arena, "IsReadOnly", Value::boolean(false));
    return Value::object(set);
}

Value key_value_pair(Arena& arena)
{
    Object* pair = make_live(
        arena,
        {"System.Collections.Generic.KeyValuePair`2[" + of_core("System.String") + "," +
             of_core("System.Int32") + "]",
         "System.ValueType",
         "System.Object"},
        "[k, 3]"
    );
    pair->set_adapted(arena, "Key", Value::string("k"));
    pair->set_adapted(arena, "Value", Value::int32(3));
    return Value::object(pair);
}

Value class_instance(Arena& arena)
{
    Object* point = make_live(arena, {"<440f6120>.Pt", "System.Object"}, "Pt(4)");
    point->set_adapted(arena, "X", Value::int32(4));
    point->set_adapted(arena, "Name", Value::string("n"));
    point->set_adapted(arena, "Secret", Value::int32(9));
    return Value::object(point);
}

Value informational(Arena& arena, const char* type, const char* message)
{
    Object* record = make_live(
        arena, {type, "System.Management.Automation.InformationalRecord", "System.Object"}, message
    );
    record->set_nature(Nature::Record);
    record->set_note(arena, "InformationalRecord_Message", Value::string(message));
    record->set_note(arena, "InformationalRecord_SerializeInvocationInfo", Value::boolean(false));
    return Value::object(record);
}

Value selected(Arena& arena)
{
    Object* bag = make_custom_object(arena);
    bag->set_type_names(
        arena,
        {"Selected.System.Management.Automation.PSCustomObject",
         "System.Management.Automation.PSCustomObject",
         "System.Object"}
    );
    bag->set_note(arena, "A", Value::int32(1));
    return Value::object(bag);
}

Value deserialized_builder(Arena& arena)
{
    Object* object = make_live(
        arena, {"Deserialized.System.Text.StringBuilder", "Deserialized.System.Object"}, "abc"
    );
    object->set_deserialized(true);
    object->set_adapted(arena, "Capacity", Value::int32(16));
    object->set_adapted(arena, "MaxCapacity", Value::int32(INT32_MAX));
    object->set_adapted(arena, "Length", Value::int32(3));
    return Value::object(object);
}

Value progress(Arena& arena)
{
    ProgressRecord record;
    record.activity = "Act <1>";
    record.activity_id = 3;
    record.current_operation = Value::string("op");
    record.parent_activity_id = 1;
    record.percent_complete = 42;
    record.seconds_remaining = 10;
    record.status_description = "Status";
    return Value::progress(arena, record);
}

std::string controls()
{
    std::string out;
    for (char c = 0; c < 32; ++c)
        out += c;
    return out;
}

const std::map<std::string, Maker>& makers()
{
    static const std::string all_controls = controls();
    static const std::uint8_t five_bytes[] = {0, 1, 2, 254, 255};
    const double infinity = std::numeric_limits<double>::infinity();
    static const std::map<std::string, Maker> all = {
        {"null", plain(Value())},
        {"string-empty", text("")},
        {"string-plain", text("hello")},
        {"string-xml-specials", text("<a href=\"x\">&amp;'</a>")},
        {"string-whitespace", text("  a\tb\r\nc\n d  ")},
        {"string-controls", text(all_controls)},
        {"string-underscores", text("_ __ _x_ x_x x__")},
        {"string-emoji",
         text("a\xF0\x9F\x98\x80"
              "b")},
        {"string-lone-high",
         text("a\xED\xA0\xBD"
              "b")},
        {"string-swapped-surrogates", text("\xED\xB8\x80\xED\xA0\xBD")},
        {"char-a", plain(Value::character({'A'}))},
        {"char-ffff", plain(Value::character({0xFFFF}))},
        {"bool-true", plain(Value::boolean(true))},
        {"bool-false", plain(Value::boolean(false))},
        {"byte-255", plain(Value::byte(255))},
        {"sbyte-min", plain(Value::sbyte(INT8_MIN))},
        {"int16-min", plain(Value::int16(INT16_MIN))},
        {"uint16-max", plain(Value::uint16(UINT16_MAX))},
        {"int32-min", plain(Value::int32(INT32_MIN))},
        {"uint32-max", plain(Value::uint32(UINT32_MAX))},
        {"int64-min", plain(Value::int64(INT64_MIN))},
        {"uint64-max", plain(Value::uint64(UINT64_MAX))},
        {"single-pi", plain(Value::single(3.14159274F))},
        {"single-max", plain(Value::single(std::numeric_limits<float>::max()))},
        {"single-nan", plain(Value::single(std::nanf("")))},
        {"double-third", plain(Value::double_precision(1.0 / 3))},
        {"double-1e16", plain(Value::double_precision(1e16))},
        {"double-min-subnormal", plain(Value::double_precision(5e-324))},
        {"double-neginf", plain(Value::double_precision(-infinity))},
        {"decimal-1.10", decimal("1.10")},
        {"decimal-min", decimal("-79228162514264337593543950335")},
        {"decimal-smallest", decimal("0.0000000000000000000000000001")},
        {"datetime-utc", moment(2024, 2, 29, ticks_per_day - second / 1000, DateTimeKind::Utc)},
        {"datetime-unspecified",
         moment(2024, 1, 2, (3 * 3600 + 4 * 60 + 5) * second, DateTimeKind::Unspecified)},
        {"datetime-min", plain(Value::date_time({0, DateTimeKind::Unspecified, 0}))},
        {"datetime-max",
         plain(Value::date_time({date_time_ticks_max, DateTimeKind::Unspecified, 0}))},
        {"timespan-0", plain(Value::time_span({0}))},
        {"timespan-mixed",
         plain(Value::time_span(
             {ticks_per_day + (2 * 3600 + 3 * 60 + 4) * second + 5 * second / 1000}
         ))},
        {"timespan-min", plain(Value::time_span({INT64_MIN}))},
        {"guid", guid("01020304-0506-0708-090a-0b0c0d0e0f10")},
        {"uri-abs", plain(Value::uri("http://example.com/a b?q=1#f"))},
        {"version-2",
         [](Arena& arena) {
             return Value::version(arena, {1, 2, -1, -1});
         }},
        {"version-4",
         [](Arena& arena) {
             return Value::version(arena, {1, 2, 3, 4});
         }},
        {"bytes-empty", plain(Value::bytes({}))},
        {"bytes-5", plain(Value::bytes(five_bytes))},
        {"xml",
         plain(Value::xml_document(
             "<?xml version=\"1.0\"?><r a=\"1\"><b>t &amp; u</b><!-- c --><c /></r>"
         ))},
        {"scriptblock",
         plain(Value::script_block("param($x) \"a$x\" | ForEach-Object { $_ + 1 }"))},
        {"progressrecord", progress},
        {"hashset", hash_set},
        {"keyvaluepair", key_value_pair},
        {"class-instance", class_instance},
        {"warningrecord",
         [](Arena& arena) {
             return informational(arena, "System.Management.Automation.WarningRecord", "careful");
         }},
        {"verboserecord",
         [](Arena& arena) {
             return informational(arena, "System.Management.Automation.VerboseRecord", "wordy");
         }},
        {"select-object", selected},
        {"deserialized-bag", deserialized_builder},
    };
    return all;
}

} // namespace

TEST_CASE("values made from C++ serialize to the recorded bytes")
{
    std::size_t made = 0;
    for (const tests::VectorCase& row : tests::read_vector_file("clixml/objects.jsonl")) {
        const auto maker = makers().find(row.name);
        if (maker == makers().end()) continue;
        INFO(row.where());
        ++made;
        Arena arena;
        const Value value = maker->second(arena);
        const int depth = row.fields.at("depth").get<int>();
        CHECK(tests::exported(value, depth) == row.text("clixml"));
        const OwnedValue copy(value);
        CHECK(tests::exported(copy.value(), depth) == row.text("clixml"));
    }
    CHECK(made == makers().size());
}
