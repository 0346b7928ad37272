// What PowerShell makes of objects, containers and members that it does not write itself: read, and
// serialized again or refused (fact sheet clixml 1.6-1.9, 5).
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

namespace {

struct Row {
    std::string text;
    std::string expected; // serialized again as a message, or outcome_of(...)
};

std::string refused(Errc code)
{
    return tests::outcome_of(code);
}

std::string typed(std::string_view first, std::string_view second, std::string_view contents)
{
    return std::string("<Obj RefId=\"0\"><TN RefId=\"0\"><T>")
        .append(first)
        .append("</T><T>")
        .append(second)
        .append("</T></TN>")
        .append(contents)
        .append("</Obj>");
}

std::string bag(std::string_view contents)
{
    return typed("System.Management.Automation.PSCustomObject", "System.Object", contents);
}

std::string list(std::string_view contents)
{
    return typed("System.Collections.ArrayList", "System.Object", contents);
}

std::string table(std::string_view contents)
{
    return typed("System.Collections.Hashtable", "System.Object", contents);
}

void check_rows(const std::vector<Row>& rows, const ReadOptions& options)
{
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(tests::ReadText(row.text, options).again() == row.expected);
    }
}

// A dictionary of entries whose keys are given as elements with N="Key".
std::string with_keys(std::initializer_list<std::string_view> keys)
{
    std::string text = "<Obj RefId=\"0\"><DCT>";
    for (const std::string_view key : keys)
        text.append("<En>").append(key).append("<B N=\"Value\">true</B></En>");
    return text + "</DCT></Obj>";
}

} // namespace

TEST_CASE("members named like a method stand where PowerShell puts the method")
{
    const std::string a = "<I32 N=\"a\">1</I32>";
    const std::string b = "<I32 N=\"b\">2</I32>";
    const std::string text = "<S N=\"ToString\">t</S>";
    const std::string type = "<S N=\"GetType\">g</S>";
    const std::string shown = "<ToString>x</ToString>";
    const std::string props = "<Props><B N=\"p\">true</B></Props>";
    check_rows(
        {
            {"<Obj><MS>" + a + text + type + b + "</MS></Obj>",
             bag("<MS>" + a + text + type + b + "</MS>")},
            {"<Obj>" + shown + "<MS>" + a + text + b + "</MS></Obj>",
             bag(shown + "<MS>" + text + a + b + "</MS>")},
            {"<Obj>" + props + "<MS>" + a + type + b + text + "</MS></Obj>",
             bag(props + "<MS>" + type + a + b + text + "</MS>")},
            {"<Obj>" + shown + props + "<MS>" + a + type + text + "</MS></Obj>",
             bag(shown + props + "<MS>" + text + type + a + "</MS>")},
            {"<Obj>" + shown + props + "<MS>" + a + text + type + "</MS></Obj>",
             bag(shown + props + "<MS>" + text + type + a + "</MS>")},
            {"<Obj>" + props + shown + "<MS>" + a + text + type + "</MS></Obj>",
             bag(shown + props + "<MS>" + type + text + a + "</MS>")},
            {"<Obj>" + props + shown + "<MS>" + a + type + text + "</MS></Obj>",
             bag(shown + props + "<MS>" + type + text + a + "</MS>")},
            {"<Obj><MS>" + a + "</MS>" + shown + "<MS>" + b + text + "</MS></Obj>",
             bag(shown + "<MS>" + a + text + b + "</MS>")},
            // A method that comes later takes the note away.
            {"<Obj><MS>" + a + text + b + "</MS>" + shown + "</Obj>",
             bag(shown + "<MS>" + a + b + "</MS>")},
            {"<Obj><MS>" + a + text + b + "</MS>" + shown + "<MS>" + text + "</MS></Obj>",
             bag(shown + "<MS>" + a + text + b + "</MS>")},
            {"<Obj><MS>" + text + type + a + "</MS>" + shown + props + "<MS>" + type + text +
                 "</MS></Obj>",
             bag(shown + props + "<MS>" + text + type + a + "</MS>")},
            // Case does not matter, and the note's spelling is kept.
            {"<Obj>" + shown + "<MS>" + a + "<S N=\"TOSTRING\">t</S></MS></Obj>",
             bag(shown + "<MS><S N=\"TOSTRING\">t</S>" + a + "</MS>")},
            // Adapted properties and member sets are apart.
            {"<Obj>" + shown + "<Props>" + a + text + "</Props></Obj>",
             bag(shown + "<Props>" + a + text + "</Props>")},
            {"<Obj>" + shown + "<MS>" + a + "<MS N=\"m\">" + b + text + "</MS></MS></Obj>",
             bag(shown + "<MS>" + a + "<MS N=\"m\">" + b + text + "</MS></MS>")},
        },
        tests::bare_options()
    );
}

TEST_CASE("the same object is no key twice, nor is the empty string")
{
    const std::string obj = "<Obj N=\"Key\" RefId=\"5\"><I32>1</I32></Obj>";
    const std::string ref = "<Ref N=\"Key\" RefId=\"5\" />";
    const auto entry = [](const std::string& key) {
        return "<En>" + key + "<B N=\"Value\">true</B></En>";
    };
    const std::string empty = "<S N=\"Key\"></S>";
    const std::string a = "<S N=\"Key\">a</S>";
    const std::string upper = "<S N=\"Key\">A</S>";
    const std::string one = "<I32 N=\"Key\">1</I32>";
    const std::string long_one = "<I64 N=\"Key\">1</I64>";
    const std::string address =
        "<Obj N=\"Key\" RefId=\"5\"><TN RefId=\"0\"><T>Deserialized.System.Net.IPAddress</T></TN>"
        "<ToString>1.2.3.4</ToString></Obj>";
    check_rows(
        {
            {with_keys({obj, ref}), refused(Errc::InvalidPrimitive)},
            {with_keys({empty, empty}), refused(Errc::InvalidPrimitive)},
            {with_keys({empty, a, "<S N=\"Key\"/>"}), refused(Errc::InvalidPrimitive)},
            {with_keys({a, a, upper, upper}),
             table("<DCT>" + entry(a) + entry(a) + entry(upper) + entry(upper) + "</DCT>")},
            {with_keys({one, one, long_one}),
             table("<DCT>" + entry(one) + entry(one) + entry(long_one) + "</DCT>")},
            {with_keys({obj, obj}), table("<DCT>" + entry(one) + entry(one) + "</DCT>")},
            {with_keys({empty, a}), table("<DCT>" + entry(empty) + entry(a) + "</DCT>")},
        },
        tests::bare_options()
    );
    // Every reference to an object that PowerShell rebuilds is another object.
    CHECK(tests::ReadText(with_keys({address, ref}), tests::bare_options()).good());
}

TEST_CASE("elements of other namespaces are unknown in a document")
{
    const auto document = [](std::string_view version, std::string_view body) {
        return std::string("<Objs Version=\"")
            .append(version)
            .append("\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\" xmlns:x=\"u\">")
            .append(body)
            .append("</Objs>");
    };
    check_rows(
        {
            {document("1.1", "<Obj><x:LST><I32>1</I32></x:LST></Obj>"),
             refused(Errc::UnknownElement)},
            {document("1.1", "<Obj><x:MS/></Obj>"), refused(Errc::UnknownElement)},
            {document("1.1", "<Obj><x:Obj/></Obj>"), refused(Errc::UnknownElement)},
            {document("1.2", "<Obj><x:LST><I32>1</I32></x:LST><x:TN/><x:Obj/></Obj>"), bag("")},
            {document("1.2", "<Obj><Nil/><Ref RefId=\"7\"/></Obj>"), bag("")},
            {document("1.2", "<Obj><x:I32>5</x:I32></Obj>"), "<I32>5</I32>"},
            {document("1.1", "<Obj><LST><x:I32>5</x:I32></LST></Obj>"),
             list("<LST><I32>5</I32></LST>")},
            {document("1.1", "<Obj><LST><x:Nil/></LST></Obj>"), refused(Errc::UnknownElement)},
            {document("1.1", "<x:Obj/>"), refused(Errc::UnknownElement)},
        },
        {}
    );
    check_rows(
        {
            {"<x:Obj xmlns:x=\"u\"/>", refused(Errc::WrongNamespace)},
            {"<Obj xmlns:x=\"u\"><x:LST/></Obj>", refused(Errc::WrongNamespace)},
            {"<Obj xmlns:x=\"u\"><LST><x:Nil/></LST></Obj>", list("<LST><Nil /></LST>")},
            {"<Obj xmlns:x=\"u\"><LST><x:I32>5</x:I32></LST></Obj>",
             list("<LST><I32>5</I32></LST>")},
        },
        tests::bare_options()
    );
}

TEST_CASE("white space between elements may be written as references")
{
    check_rows(
        {
            {"<Obj>&#32;<LST>&#x9;<I32>1</I32>&#10;</LST>&#13;</Obj>",
             list("<LST><I32>1</I32></LST>")},
            {"<Obj>&#160;<LST/></Obj>", refused(Errc::UnexpectedNode)},
            {"<Obj>&lt;<LST/></Obj>", refused(Errc::UnexpectedNode)},
            {"<Obj>&nbsp;<LST/></Obj>", refused(Errc::UndeclaredEntity)},
            {"<Obj><LST/></Obj>&#32;", refused(Errc::MalformedXml)},
        },
        tests::bare_options()
    );
}

TEST_CASE("an object around an object shows what it has not itself")
{
    const tests::ReadText read(
        "<Obj><Obj><ToString>in</ToString><Props><I32 N=\"p\">1</I32></Props><MS><I32 "
        "N=\"n\">2</I32></MS></Obj></Obj>",
        tests::bare_options()
    );
    REQUIRE(read.good());
    const Object& outer = *read.value().object();
    CHECK(outer.stored_text() == "in");
    CHECK(outer.is_deserialized());
    CHECK(outer.get("P").as<int>() == 1);
    CHECK(
        read.again() == bag("<ToString>in</ToString><Obj RefId=\"1\"><TNRef RefId=\"0\" "
                            "/><ToString>in</ToString><Props><I32 N=\"p\">1</I32></Props><MS><I32 "
                            "N=\"n\">2</I32></MS></Obj><MS><I32 N=\"n\">2</I32></MS>")
    );
    const tests::ReadText own(
        "<Obj><Obj><ToString>in</ToString><Props><I32 N=\"p\">1</I32></Props></Obj>"
        "<ToString>out</ToString><Props><I32 N=\"q\">2</I32></Props></Obj>",
        tests::bare_options()
    );
    REQUIRE(own.good());
    CHECK(own.value().object()->stored_text() == "out");
    CHECK(own.value().object()->find("p") == nullptr);
}

TEST_CASE("a primitive that was read with Props stays an object")
{
    check_rows(
        {
            {"<Obj><I32>5</I32><Props/></Obj>", "<Obj RefId=\"0\"><I32>5</I32></Obj>"},
            {"<Obj><Props><B N=\"a\">true</B></Props><S>x</S></Obj>",
             "<Obj RefId=\"0\"><S>x</S></Obj>"},
            {"<Obj><I32>5</I32><MS/></Obj>", "<I32>5</I32>"},
            {"<Obj><I32>5</I32><ToString>5</ToString></Obj>",
             "<Obj RefId=\"0\"><ToString>5</ToString><I32>5</I32></Obj>"},
        },
        tests::bare_options()
    );
}

TEST_CASE("progress records are read as PowerShell reads them")
{
    struct Parts {
        const char* id = "1";
        const char* operation = "<Nil/>";
        const char* type = "Processing";
    };
    const auto record = [](const Parts& parts) {
        return std::string("<PR><AV>a</AV><AI>")
            .append(parts.id)
            .append("</AI>")
            .append(parts.operation)
            .append("<PI>-1</PI><PC>-1</PC><T>")
            .append(parts.type)
            .append("</T><SR>-1</SR><SD>s</SD></PR>");
    };
    const auto written = [](const char* operation, const char* type) {
        return std::string("<PR><AV>a</AV><AI>1</AI>")
            .append(operation)
            .append("<PI>-1</PI><PC>-1</PC><T>")
            .append(type)
            .append("</T><SR>-1</SR><SD>s</SD></PR>");
    };
    const std::string plain = written("<Nil />", "Processing");
    check_rows(
        {
            {record({}), plain},
            {record({.id = " +1 "}), plain},
            {record({.id = "_x0031_"}), plain},
            {record({.id = "1.0"}), refused(Errc::InvalidPrimitive)},
            {record({.id = "-1"}), refused(Errc::InvalidPrimitive)},
            {record({.operation = "<S></S>"}), plain},
            {record({.operation = "<S>x</S>"}), written("<S>x</S>", "Processing")},
            {record({.operation = "<B>1</B>"}), written("<S>True</S>", "Processing")},
            {record({.operation = "<BA>AQI=</BA>"}), written("<S>System.Byte[]</S>", "Processing")},
            {record({.operation = "<XD/>"}),
             written("<S>System.Xml.XmlDocument</S>", "Processing")},
            {record({.operation = "<Db>0.30000000000000004</Db>"}),
             written("<S>0.30000000000000004</S>", "Processing")},
            {record({.operation = "<Db>1200000000000000</Db>"}),
             written("<S>1.2E+15</S>", "Processing")},
            {record({.operation = "<Sg>10000000</Sg>"}), written("<S>1E+07</S>", "Processing")},
            {record({.type = " completed "}), written("<Nil />", "Completed")},
            {record({.type = "1"}), written("<Nil />", "Completed")},
            {record({.type = "+1"}), written("<Nil />", "Completed")},
            {record({.type = "-0"}), plain},
            {record({.type = "Processing, COMPLETED"}), written("<Nil />", "Completed")},
            {record({.type = "2"}), refused(Errc::InvalidPrimitive)},
            {record({.type = "-1"}), refused(Errc::InvalidPrimitive)},
            {record({.type = ""}), refused(Errc::InvalidPrimitive)},
            {record({.type = "Completed,"}), refused(Errc::InvalidPrimitive)},
        },
        tests::bare_options()
    );
}
