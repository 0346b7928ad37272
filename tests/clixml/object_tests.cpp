// Objects: look-up of members, type names, notes about the origin, copies, text for people.
#include <clixml/object.hpp>
#include <clixml/origin.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

namespace {

const Guid runspace = *Guid::read("01020304-0506-0708-090a-0b0c0d0e0f10");

std::string notes_of(const Value& value)
{
    std::string names;
    for (const Property& note : value.object()->extended())
        names.append(names.empty() ? "" : ",").append(note.name_text());
    return names;
}

} // namespace

TEST_CASE("members are found ignoring case, in their order, notes before adapted properties")
{
    Arena arena;
    Object* object = make_live(arena, {"A"}, "a");
    object->set_adapted(arena, "Name", Value::int32(1));
    object->set_adapted(arena, "Other", Value::int32(2));
    object->set_note(arena, "NAME", Value::int32(3));
    CHECK(object->get("name").as<int>() == 3);
    CHECK(object->get("oTHER").as<int>() == 2);
    CHECK(object->find("absent") == nullptr);
    CHECK(object->get("absent").is_nil());
    CHECK(find_property(object->adapted(), "nAME")->value.as<int>() == 1);
    object->set_adapted(arena, "NAME", Value::int32(4));
    CHECK(object->adapted().size() == 2);
    CHECK(object->adapted()[0].name_text() == "NAME");
    object->set_note(arena, "\xC3\xA9", Value::int32(5));
    CHECK(object->get("\xC3\x89").as<int>() == 5);
}

TEST_CASE("a bag with very many names is read in order and searched by name")
{
    std::string text = "<Obj><MS>";
    for (int i = 0; i < 2000; ++i)
        text += "<I32 N=\"n" + std::to_string(i) + "\">" + std::to_string(i) + "</I32>";
    text += "<I32 N=\"N77\">-1</I32></MS></Obj>";
    const tests::ReadText read(text, tests::bare_options());
    REQUIRE(read.good());
    const Object& object = *read.value().object();
    REQUIRE(object.extended().size() == 2000);
    CHECK(object.extended()[77].name_text() == "N77");
    CHECK(object.get("n77").as<int>() == -1);
    CHECK(object.get("N1999").as<int>() == 1999);
}

TEST_CASE("edge case 108: an object that was read has GetType and ToString, and no other method")
{
    struct Row {
        const char* text;
        std::vector<std::string_view> methods;
    };
    const Row rows[] = {
        {"<Obj/>", {"GetType", "ToString"}},
        {"<Obj><Props/></Obj>", {"GetType"}},
        {"<Obj><ToString/><Props/></Obj>", {"GetType", "ToString"}},
        {"<Obj><Props/><MS><S N=\"gettype\">x</S></MS></Obj>", {}},
        {"<Obj><Props/><ToString>a</ToString><MS><S N=\"GetType\">x</S></MS></Obj>", {"ToString"}},
        {"<Obj><ToString>a</ToString><MS><S N=\"ToString\">x</S></MS></Obj>", {"GetType"}},
        {"<Obj><LST/></Obj>", {"GetType", "ToString"}},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const tests::ReadText read(row.text, tests::bare_options());
        REQUIRE(read.good());
        const auto methods = read.value().object()->methods();
        CHECK(std::vector(methods.begin(), methods.end()) == row.methods);
    }
}

TEST_CASE("type names are found with and without their prefix")
{
    const tests::ReadText read(
        "<Obj><TN><T>System.Net.IPAddress</T><T>System.Object</T></TN><ToString>1.2.3.4</"
        "ToString></Obj>",
        tests::bare_options()
    );
    const Object& object = *read.value().object();
    CHECK(object.is_type("system.net.ipaddress"));
    CHECK(object.is_type("Deserialized.System.Net.IPAddress"));
    CHECK_FALSE(object.is_type("System.Net"));
    CHECK(object.type_names()[0] == "Deserialized.System.Net.IPAddress");
    CHECK(rehydrated_type(object) == "System.Net.IPAddress");
    Arena arena;
    CHECK(make_bag(arena)->type_names().empty());
    CHECK(wrap(arena, Value::int32(1))->type_names()[0] == "System.Int32");
    CHECK(rehydrated_type(*make_custom_object(arena)).empty());
}

TEST_CASE("edge case 121: the origin's notes come last, in their order, over those of the sender")
{
    Arena arena;
    const Value five = with_origin(arena, Value::int32(5), "host", runspace, true);
    CHECK(
        tests::serialized(five) ==
        "<Obj RefId=\"0\"><I32>5</I32><MS><S N=\"PSComputerName\">host</S><G "
        "N=\"RunspaceId\">01020304-0506-0708-090a-0b0c0d0e0f10</G><B "
        "N=\"PSShowComputerName\">true</B></MS></Obj>"
    );
    CHECK(with_origin(arena, Value(), "host", runspace, true).is_nil());

    Object* forged = make_custom_object(arena);
    forged->set_note(arena, "pscomputername", Value::string("liar"));
    forged->set_note(arena, "Own", Value::int32(1));
    forged->set_note(arena, "PSShowComputerName", Value::boolean(false));
    const Value noted = with_origin(arena, Value::object(forged), "host", runspace, true);
    CHECK(notes_of(noted) == "Own,PSShowComputerName,PSComputerName,RunspaceId");
    CHECK(noted.object()->get("PSComputerName").as<std::string_view>() == "host");
    CHECK(noted.object()->get("PSShowComputerName").as<bool>() == false);
    CHECK(is_origin_note("runspaceID"));
    CHECK_FALSE(is_origin_note("Own"));
}

TEST_CASE("a copy keeps what is shared and what is cyclic, and outlives the original")
{
    OwnedValue copy;
    {
        Arena arena;
        Object* ring = make_array_list(arena);
        Object* shared = make_custom_object(arena);
        shared->set_note(arena, "n", Value::string(arena, "text"));
        ring->add_item(arena, Value::object(ring));
        ring->add_item(arena, Value::object(shared));
        ring->add_item(arena, Value::object(shared));
        copy = OwnedValue(Value::object(ring));
    }
    const Object& ring = *copy.value().object();
    CHECK(ring.items()[0].object() == &ring);
    CHECK(ring.items()[1].object() == ring.items()[2].object());
    CHECK(ring.items()[1].object()->get("N").text() == "text");
}

TEST_CASE("text for people is what PowerShell shows")
{
    Arena arena;
    struct Row {
        Value value;
        const char* shown;
    };
    Object* bag = make_custom_object(arena);
    bag->set_note(arena, "a", Value::int32(1));
    bag->set_note(arena, "b", Value());
    bag->set_note(arena, "c", Value::object(make_array(arena)));
    bag->set_note(arena, "d", Value::boolean(true));
    Object* list = make_array(arena);
    list->add_item(arena, Value::int32(1));
    list->add_item(arena, Value());
    list->add_item(arena, Value::string("x"));
    const Row rows[] = {
        {Value(), ""},
        {Value::boolean(false), "False"},
        {Value::double_precision(0.1 + 0.2), "0.3"},
        {Value::double_precision(1e100), "1E+100"},
        {Value::single(3.14159274F), "3.141593"},
        {Value::character({'A'}), "A"},
        {Value::date_time({ticks_of_day(2020, 1, 2), DateTimeKind::Utc, 0}), "01/02/2020 00:00:00"},
        {Value::time_span({ticks_per_day}), "1.00:00:00"},
        {Value::object(bag), "@{a=1; b=; c=System.Object[]; d=True}"},
        {Value::object(list), "1  x"},
        {Value::object(make_hashtable(arena)), "System.Collections.Hashtable"},
        {Value::object(make_enum(arena, "E", "Red", 2)), "Red"},
        {Value::object(make_custom_object(arena)), ""},
    };
    for (const Row& row : rows)
        CHECK(to_display_text(row.value) == row.shown);
    CHECK(to_display_text(Value::object(list), 1).size() <= 3);
}

TEST_CASE("a name that is a literal is the name that would be made of its text")
{
    static constexpr LiteralName literals[] = {
        "",
        "N",
        "Cmd",
        "Args",
        "NoInpu",
        "History",
        "IsNested",
        "_isHostNull",
        "a_",
        "MergePreviousResults",
        "InformationalRecord_SerializeInvocationInfo",
        "a'b c/d\\e{f}[g]`h@"};
    for (const LiteralName& literal : literals) {
        Arena arena;
        const Name* name = arena.add_name(literal);
        const Name* made = arena.intern(literal.text());
        CAPTURE(literal.text());
        CHECK(name->text() == literal.c_str());
        CHECK(name->folded_hash == made->folded_hash);
        CHECK(name->is_plain == made->is_plain);
        Object* bag = make_bag(arena);
        bag->extended_bag().push(arena, Property{name, Value::int32(1)});
        CHECK(bag->find(literal.text()) != nullptr);
        CHECK(
            find_property(bag->extended(), literal.text(), literal.folded_hash()) ==
            bag->find(literal.text())
        );
    }
}
