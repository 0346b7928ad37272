// Values made with the builders: byte for byte what PowerShell wrote for the same object.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <map>

using namespace clixml;

namespace {

Value number(std::int32_t value)
{
    return Value::int32(value);
}

Value text(std::string_view value)
{
    return Value::string(value);
}

// The recording script put a note on its constant 5, which PowerShell then shows wherever that same
// boxed number is used.
Value noted_five(Arena& arena)
{
    Object* five = wrap(arena, number(5));
    five->set_note(arena, "Why", text("because"));
    return Value::object(five);
}

Object* array_of(Arena& arena, std::initializer_list<Value> items)
{
    Object* array = make_array(arena);
    for (const Value& item : items)
        array->add_item(arena, item);
    return array;
}

Object* table_of(Arena& arena, std::string_view key, Value value)
{
    Object* table = make_hashtable(arena);
    table->add_entry(arena, text(key), value);
    return table;
}

Object* bag_of(Arena& arena, std::initializer_list<std::pair<const char*, Value>> notes)
{
    Object* bag = make_custom_object(arena);
    for (const auto& [name, value] : notes)
        bag->set_note(arena, name, value);
    return bag;
}

Object* exception_of(
    Arena& arena,
    std::initializer_list<std::string_view> types,
    std::string_view shown,
    std::string_view message,
    std::int32_t result
)
{
    Object* exception = make_live(arena, types, shown);
    exception->set_adapted(arena, "TargetSite", Value());
    exception->set_adapted(arena, "Message", text(message));
    exception->set_adapted(
        arena,
        "Data",
        Value::object(make_container(
            arena,
            ContainerKind::Dictionary,
            {"System.Collections.ListDictionaryInternal", "System.Object"}
        ))
    );
    for (const char* name : {"InnerException", "HelpLink", "Source"})
        exception->set_adapted(arena, name, Value());
    exception->set_adapted(arena, "HResult", number(result));
    exception->set_adapted(arena, "StackTrace", Value());
    return exception;
}

Object* error_record(Arena& arena)
{
    Object* record =
        make_live(arena, {"System.Management.Automation.ErrorRecord", "System.Object"}, "details");
    record->set_nature(Nature::Record);
    const auto note = [&](const char* name, Value value) { record->set_note(arena, name, value); };
    note(
        "Exception",
        Value::object(exception_of(
            arena, {"System.Exception", "System.Object"}, "System.Exception: m", "m", -2146233088
        ))
    );
    note("TargetObject", Value());
    note("FullyQualifiedErrorId", text("Id"));
    note("InvocationInfo", Value());
    note("ErrorCategory_Category", number(0));
    note("ErrorCategory_Activity", text(""));
    note("ErrorCategory_Reason", text("Exception"));
    note("ErrorCategory_TargetName", text(""));
    note("ErrorCategory_TargetType", text(""));
    note("ErrorCategory_Message", text("NotSpecified: (:) [], Exception"));
    note("ErrorDetails_Message", text("details"));
    note("ErrorDetails_RecommendedAction", text("do"));
    note("SerializeExtendedInfo", Value::boolean(false));
    note("PSMessageDetails", Value());
    return record;
}

Object* key_info(Arena& arena)
{
    Object* key = make_live(
        arena,
        {"System.Management.Automation.Host.KeyInfo", "System.ValueType", "System.Object"},
        "65,a,ShiftPressed,True"
    );
    key->set_adapted(arena, "VirtualKeyCode", number(65));
    key->set_adapted(arena, "Character", Value::character({'a'}));
    key->set_adapted(
        arena,
        "ControlKeyState",
        Value::object(make_enum(
            arena, "System.Management.Automation.Host.ControlKeyStates", "ShiftPressed", 16
        ))
    );
    key->set_adapted(arena, "KeyDown", Value::boolean(true));
    return key;
}

Object* nested_tables(Arena& arena, int levels)
{
    Value inner = number(1);
    for (int i = 0; i < levels; ++i)
        inner = Value::object(table_of(arena, "n", inner));
    return inner.object();
}

Object* nested_bags(Arena& arena, std::initializer_list<const char*> names)
{
    Value inner = number(1);
    for (auto name = std::rbegin(names); name != std::rend(names); ++name)
        inner = Value::object(bag_of(arena, {{*name, inner}}));
    return inner.object();
}

using Maker = std::function<Object*(Arena&)>;

const std::map<std::string, Maker>& makers()
{
    static constexpr std::string_view queue = "System.Collections.Queue";
    static constexpr std::string_view stack = "System.Collections.Stack";
    static const std::map<std::string, Maker> all = {
        {"pscustom-empty", [](Arena& a) { return make_custom_object(a); }},
        {"pscustom",
         [](Arena& a) {
             const DateTime when{ticks_of_day(2020, 1, 1), DateTimeKind::Utc, 0};
             return bag_of(
                 a,
                 {{"Name", text("x")},
                  {"Value", noted_five(a)},
                  {"Nothing", Value()},
                  {"Flag", Value::boolean(false)},
                  {"List", Value::object(array_of(a, {number(1), number(2)}))},
                  {"When", Value::date_time(when)}}
             );
         }},
        {"pscustom-typename",
         [](Arena& a) {
             Object* bag = bag_of(a, {{"A", number(1)}});
             bag->set_type_names(
                 a, {"My.Type", "System.Management.Automation.PSCustomObject", "System.Object"}
             );
             return bag;
         }},
        {"pscustom-nested-depth1",
         [](Arena& a) {
             return nested_bags(a, {"L1", "L2", "L3"});
         }},
        {"pscustom-nested-depth2",
         [](Arena& a) {
             return nested_bags(a, {"L1", "L2", "L3", "L4"});
         }},
        {"pscustom-nested-depth3",
         [](Arena& a) {
             return nested_bags(a, {"L1", "L2", "L3", "L4"});
         }},
        {"pscustom-names",
         [](Arena& a) {
             return bag_of(
                 a,
                 {{"a b", number(1)},
                  {"<&>\"", number(2)},
                  {"_x0041_", number(3)},
                  {"tab\t", number(4)},
                  {" ", noted_five(a)},
                  {"\xC3\xA9", number(6)}}
             );
         }},
        {"psobject-memberset",
         [](Arena& a) {
             Object* bag = bag_of(a, {{"A", number(1)}});
             auto* members = a.make<PropertyBag>();
             members->push(a, Property{a.intern("X"), number(1), nullptr});
             bag->extended_bag().push(a, Property{a.intern("MS"), Value(), members});
             return bag;
         }},
        {"shared-reference",
         [](Arena& a) {
             const Value shared = Value::object(bag_of(a, {{"V", number(1)}}));
             return bag_of(
                 a,
                 {{"P", shared}, {"Q", shared}, {"R", Value::object(array_of(a, {shared, shared}))}}
             );
         }},
        {"cycle-self",
         [](Arena& a) {
             Object* bag = make_custom_object(a);
             bag->set_note(a, "Me", Value::object(bag));
             bag->set_note(a, "N", number(1));
             return bag;
         }},
        {"cycle-array",
         [](Arena& a) {
             Object* list = make_array_list(a);
             list->add_item(a, number(1));
             list->add_item(a, Value::object(list));
             return list;
         }},
        {"shared-string",
         [](Arena& a) {
             return array_of(a, {text("shared"), text("shared")});
         }},
        {"typename-refs",
         [](Arena& a) {
             return array_of(
                 a,
                 {Value::object(bag_of(a, {{"A", number(1)}})),
                  Value::object(bag_of(a, {{"A", number(2)}})),
                  Value::object(table_of(a, "x", number(1))),
                  Value::object(table_of(a, "y", number(2))),
                  Value::object(array_of(a, {number(1)})),
                  Value::object(array_of(a, {number(2)}))}
             );
         }},
        {"int-with-note", [](Arena& a) { return noted_five(a).object(); }},
        {"date-with-displayhint",
         [](Arena& a) {
             const DateTime when{ticks_of_day(2024, 1, 2), DateTimeKind::Utc, 0};
             Object* object = wrap(a, Value::date_time(when));
             object->set_note(
                 a,
                 "DisplayHint",
                 Value::object(
                     make_enum(a, "Microsoft.PowerShell.Commands.DisplayHintType", "Date", 0)
                 )
             );
             return object;
         }},
        {"enum-dayofweek", [](Arena& a) { return make_enum(a, "System.DayOfWeek", "Friday", 5); }},
        {"enum-flags",
         [](Arena& a) { return make_enum(a, "System.IO.FileAttributes", "ReadOnly, Hidden", 3); }},
        {"enum-long",
         [](Arena& a) {
             Object* object = make_enum(a, "LongEnum", "Big", 0);
             object->set_base(Value::int64(5'000'000'000));
             return object;
         }},
        {"enum-byte-with-note",
         [](Arena& a) {
             Object* object = make_enum(a, "System.ConsoleColor", "Red", 12);
             object->set_note(a, "X", number(1));
             return object;
         }},
        {"array-empty", [](Arena& a) { return make_array(a); }},
        {"array-ints",
         [](Arena& a) {
             return array_of(a, {number(1), number(2), number(3)});
         }},
        {"array-one-null", [](Arena& a) { return array_of(a, {Value()}); }},
        {"array-mixed",
         [](Arena& a) {
             return array_of(
                 a,
                 {number(1),
                  text("a"),
                  Value(),
                  Value::boolean(true),
                  Value::double_precision(2.5),
                  Value::object(array_of(a, {number(1), number(2)}))}
             );
         }},
        {"arraylist",
         [](Arena& a) {
             Object* list = make_array_list(a);
             list->add_item(a, number(1));
             list->add_item(a, text("two"));
             return list;
         }},
        {"queue",
         [](Arena& a) {
             Object* object = make_container(a, ContainerKind::Queue, {queue, "System.Object"});
             object->add_item(a, number(1));
             object->add_item(a, text("b"));
             return object;
         }},
        {"stack",
         [](Arena& a) {
             Object* object = make_container(a, ContainerKind::Stack, {stack, "System.Object"});
             object->add_item(a, text("b"));
             object->add_item(a, number(1));
             return object;
         }},
        {"hashtable-empty", [](Arena& a) { return make_hashtable(a); }},
        {"hashtable-one", [](Arena& a) { return table_of(a, "a", number(1)); }},
        {"hashtable-nested",
         [](Arena& a) {
             return table_of(
                 a, "a", Value::object(table_of(a, "b", Value::object(table_of(a, "c", number(1)))))
             );
         }},
        {"ordered",
         [](Arena& a) {
             Object* table = make_container(
                 a,
                 ContainerKind::Dictionary,
                 {"System.Collections.Specialized.OrderedDictionary", "System.Object"}
             );
             table->add_entry(a, text("z"), number(1));
             table->add_entry(a, text("y"), text("two"));
             table->add_entry(a, text("x"), Value());
             return table;
         }},
        {"semver",
         [](Arena& a) {
             Object* object = make_live(
                 a,
                 {"System.Management.Automation.SemanticVersion", "System.Object"},
                 "7.6.5-preview.1+build"
             );
             object->set_adapted(a, "Major", number(7));
             object->set_adapted(a, "Minor", number(6));
             object->set_adapted(a, "Patch", number(5));
             object->set_adapted(a, "PreReleaseLabel", text("preview.1"));
             object->set_adapted(a, "BuildLabel", text("build"));
             return object;
         }},
        {"coordinates",
         [](Arena& a) {
             Object* object = make_live(
                 a,
                 {"System.Management.Automation.Host.Coordinates",
                  "System.ValueType",
                  "System.Object"},
                 "3,4"
             );
             object->set_adapted(a, "X", number(3));
             object->set_adapted(a, "Y", number(4));
             return object;
         }},
        {"keyinfo", key_info},
        {"exception",
         [](Arena& a) {
             return exception_of(
                 a,
                 {"System.InvalidOperationException",
                  "System.SystemException",
                  "System.Exception",
                  "System.Object"},
                 "System.InvalidOperationException: boom",
                 "boom",
                 -2146233079
             );
         }},
        {"errorrecord-details", error_record},
        {"nested-40", [](Arena& a) { return nested_tables(a, 40); }},
        {"nested-60", [](Arena& a) { return nested_tables(a, 60); }},
    };
    return all;
}

} // namespace

TEST_CASE("objects made with the builders serialize to the recorded bytes")
{
    std::size_t rebuilt = 0;
    for (const tests::VectorCase& row : tests::read_vector_file("clixml/objects.jsonl")) {
        const auto maker = makers().find(row.name);
        if (maker == makers().end()) continue;
        INFO(row.where());
        ++rebuilt;
        Arena arena;
        const std::string written =
            tests::exported(maker->second(arena), row.fields.at("depth").get<int>());
        CHECK(written == row.text("clixml"));
        // A copy in another arena is the same object.
        const OwnedValue copy(Value::object(maker->second(arena)));
        CHECK(tests::exported(copy.value(), row.fields.at("depth").get<int>()) == written);
    }
    CHECK(rebuilt == makers().size());
}

namespace {

// A class instance N { c = <value> } that shows itself as "N".
Object* instance(Arena& arena, Value value)
{
    Object* object = make_live(arena, {"N", "System.Object"}, "N");
    object->set_adapted(arena, "c", value);
    return object;
}

const std::string first_names = "<TN RefId=\"0\"><T>N</T><T>System.Object</T></TN>";

std::string nested(int number, const std::string& contents)
{
    const std::string start =
        number == 0 ? "<Obj RefId=\"0\">" + first_names
                    : "<Obj N=\"c\" RefId=\"" + std::to_string(number) + "\"><TNRef RefId=\"0\" />";
    return start + "<ToString>N</ToString><Props>" + contents + "</Props></Obj>";
}

} // namespace

TEST_CASE("edge case 73: properties of class instances are cut at the depth")
{
    Arena arena;
    Object* three = instance(
        arena, Value::object(instance(arena, Value::object(instance(arena, Value::int32(1)))))
    );
    CHECK(tests::serialized(three, 1) == nested(0, "<S N=\"c\">N</S>"));
    CHECK(tests::serialized(three, 2) == nested(0, nested(1, "<S N=\"c\">N</S>")));
    CHECK(tests::serialized(three, 3) == nested(0, nested(1, nested(2, "<I32 N=\"c\">1</I32>"))));
}

TEST_CASE("edge cases 44, 75, 76, 78: what is written at depth 0")
{
    Arena arena;
    const Value monday = Value::object(make_enum(arena, "System.DayOfWeek", "Monday", 1));
    CHECK(tests::serialized(instance(arena, monday)) == nested(0, "<S N=\"c\">Monday</S>"));

    const Value bag = Value::object(bag_of(arena, {{"a", number(1)}, {"b", Value()}}));
    CHECK(
        tests::serialized(instance(arena, bag)) ==
        nested(
            0,
            "<Obj N=\"c\" RefId=\"1\"><S>@{a=1; b=}</S><MS><I32 N=\"a\">1</I32><Nil N=\"b\" "
            "/></MS></Obj>"
        )
    );

    const Value table =
        Value::object(table_of(arena, "k", Value::object(instance(arena, number(1)))));
    CHECK(
        tests::serialized(instance(arena, table)) ==
        nested(
            0,
            "<Obj N=\"c\" RefId=\"1\"><TN "
            "RefId=\"1\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S "
            "N=\"Key\">k</S><S N=\"Value\">N</S></En></DCT></Obj>"
        )
    );

    Object* flag = make_live(
        arena,
        {"System.Management.Automation.SwitchParameter", "System.ValueType", "System.Object"},
        "True"
    );
    flag->set_adapted(arena, "IsPresent", Value::boolean(true));
    CHECK(
        tests::serialized(instance(arena, Value::object(flag)))
            .find("<B N=\"IsPresent\">true</B>") != std::string::npos
    );

    Object* noted = wrap(arena, number(5));
    noted->set_note(arena, "n", number(6));
    CHECK(
        tests::serialized(instance(arena, Value::object(noted))) ==
        nested(0, "<Obj N=\"c\" RefId=\"1\"><I32>5</I32><MS><I32 N=\"n\">6</I32></MS></Obj>")
    );
}

TEST_CASE("edge case 68: notes of a container are written above depth 0 only")
{
    Arena arena;
    Object* table = table_of(arena, "a", number(1));
    table->set_note(arena, "n", number(2));
    const std::string entry = "<DCT><En><S N=\"Key\">a</S><I32 N=\"Value\">1</I32></En></DCT>";
    CHECK(
        tests::serialized(table) ==
        "<Obj RefId=\"0\"><TN "
        "RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN>" +
            entry + "<MS><I32 N=\"n\">2</I32></MS></Obj>"
    );
    CHECK(
        tests::serialized(instance(arena, Value::object(table))) ==
        nested(
            0,
            "<Obj N=\"c\" RefId=\"1\"><TN "
            "RefId=\"1\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN>" +
                entry + "</Obj>"
        )
    );
}

TEST_CASE("edge cases 65-67, 69, 70, 72: parts of an object that are there or not")
{
    Arena arena;
    Object* noted = wrap(arena, text("abc"));
    noted->set_note(arena, "note", number(5));
    CHECK(
        tests::serialized(noted) ==
        "<Obj RefId=\"0\"><S>abc</S><MS><I32 N=\"note\">5</I32></MS></Obj>"
    );
    Object* typed = wrap(arena, text("abc"));
    typed->set_type_names(arena, {"My.Str", "System.String", "System.Object"});
    CHECK(
        tests::serialized(typed) ==
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>My.Str</T><T>System.String</T><T>System.Object</T></"
        "TN><S>abc</S></Obj>"
    );
    Object* literal = wrap(arena, number(16));
    literal->set_text(arena, "0x10");
    CHECK(
        tests::serialized(literal) ==
        "<Obj RefId=\"0\"><ToString>0x10</ToString><I32>16</I32></Obj>"
    );
    Object* failing = make_live(arena, {"A"}, "");
    failing->set_has_adapted(true);
    CHECK(
        tests::serialized(failing) ==
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><ToString /><Props /></Obj>"
    );
    CHECK(tests::serialized(make_bag(arena)) == "<Obj RefId=\"0\" />");
    Object* lists = array_of(
        arena,
        {Value::object(make_container(arena, ContainerKind::List, {"a"})),
         Value::object(make_container(arena, ContainerKind::List, {"A"})),
         Value::object(make_container(arena, ContainerKind::List, {"a"}))}
    );
    CHECK(tests::serialized(lists).ends_with(
        "<LST><Obj RefId=\"1\"><TN RefId=\"1\"><T>a</T></TN><LST /></Obj><Obj RefId=\"2\"><TN "
        "RefId=\"2\"><T>A</T></TN><LST /></Obj><Obj RefId=\"3\"><TNRef RefId=\"1\" /><LST "
        "/></Obj></LST></Obj>"
    ));
}

TEST_CASE("edge cases 79-82: values below level 49 become a text")
{
    for (const int bags : {48, 49}) {
        Arena arena;
        Value inner = number(7);
        for (int i = 0; i < bags; ++i)
            inner = Value::object(bag_of(arena, {{"l", inner}}));
        const std::string written = tests::serialized(inner);
        const bool cut = bags == 49;
        CHECK((written.find("<I32 N=\"l\">7</I32>") != std::string::npos) == !cut);
        CHECK(
            (written.find("<S N=\"l\">Serialized XML is nested too deeply.</S>") !=
             std::string::npos) == cut
        );
        const tests::ReadText again(written, tests::bare_options());
        CHECK(again.good() == !cut);
        if (cut) CHECK(again.error().code == Errc::NestedTooDeeply);
    }
    Arena arena;
    CHECK(tests::serialized(make_array(arena), 0) == tests::outcome_of(Errc::InvalidDepth));
}

TEST_CASE("edge case 127: the values of one document share numbers")
{
    Arena arena;
    const Value first = Value::object(array_of(arena, {number(1)}));
    const Value second = Value::object(array_of(arena, {number(2)}));
    const TopLevelValue values[] = {{first, "Output"}, {second, {}}, {first, "Output"}};
    WriteOptions options;
    std::string written;
    REQUIRE(write_values(values, options, written));
    CHECK(
        written == tests::in_document(
                       "<Obj S=\"Output\" RefId=\"0\"><TN "
                       "RefId=\"0\"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></"
                       "TN><LST><I32>1</I32></LST></Obj><Obj RefId=\"1\"><TNRef RefId=\"0\" "
                       "/><LST><I32>2</I32></LST></Obj><Ref S=\"Output\" RefId=\"0\" />"
                   )
    );
}
