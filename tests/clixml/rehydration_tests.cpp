// Objects that PowerShell rebuilds, and those of the same types that stay bags (fact sheet
// clixml 5.7).
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

namespace {

std::string typed(std::string_view type, std::string_view contents)
{
    return std::string("<Obj><TN><T>")
        .append(type)
        .append("</T><T>System.Object</T></TN>")
        .append(contents)
        .append("</Obj>");
}

std::string shown(std::string_view text)
{
    return std::string("<ToString>").append(text).append("</ToString>");
}

} // namespace

TEST_CASE("objects of well-known types name that type where PowerShell can rebuild it")
{
    const char* address = "System.Net.IPAddress";
    const char* mail = "System.Net.Mail.MailAddress";
    const char* culture = "System.Globalization.CultureInfo";
    const char* flag = "System.Management.Automation.SwitchParameter";
    const char* credential = "System.Management.Automation.PSCredential";
    const char* dictionary = "System.Management.Automation.PSPrimitiveDictionary";
    const char* certificate = "System.Security.Cryptography.X509Certificates.X509Certificate2";
    const char* entry = "System.Management.Automation.DisplayEntry";
    const auto props = [](const std::string& body) { return "<Props>" + body + "</Props>"; };
    const auto table = [](const std::string& value) {
        return "<DCT><En><S N=\"Key\">a</S>" + value + "</En></DCT>";
    };
    struct Row {
        const char* type;
        std::string contents;
        bool rebuilt;
    };
    const Row rows[] = {
        {address, shown("192.0.2.1"), true},
        {address, shown("1"), true},
        {address, shown("0x7f.1"), true},
        {address, shown("256.1.1.1"), false},
        {address, shown("1.2.3.4.5"), false},
        {address, shown("1.2.3."), false},
        {address, shown("::"), true},
        {address, shown("fe80::1%eth0"), true},
        {address, shown("1:2:3:4:5:6:7:8"), true},
        {address, shown("::ffff:1.2.3.4"), true},
        {address, shown("1::2::3"), false},
        {address, shown("1:2:3"), false},
        {address, shown("nope"), false},
        {address, shown(""), false},
        {address, "", false},
        {address, "<S>1.2.3.4</S>", true},
        {address, props("<S N=\"a\">1.2.3.4</S>"), false},
        {mail, shown("a@example.com"), true},
        {mail, shown("A B &lt;a@b&gt;"), true},
        {mail, shown("a"), false},
        {mail, shown("a@"), false},
        {mail, shown("@b"), false},
        {mail, shown("a b@c"), false},
        {mail, "", false},
        {culture, shown("de-DE"), true},
        {culture, shown(""), true},
        {culture, shown("no such culture!"), false},
        {flag, props("<B N=\"IsPresent\">true</B>"), true},
        {flag, "<MS><B N=\"ispresent\">false</B></MS>", true},
        {flag, props("<Nil N=\"IsPresent\"/>"), true},
        {flag, props("<S N=\"IsPresent\">x</S>"), false},
        {flag, shown("True"), false},
        {credential, props("<S N=\"UserName\">u</S><SS N=\"Password\">7800</SS>"), true},
        {credential, props("<Nil N=\"UserName\"/><Nil N=\"Password\"/>"), true},
        {credential, props("<S N=\"UserName\">u</S><Nil N=\"Password\"/>"), false},
        {credential, props("<S N=\"UserName\">u</S><S N=\"Password\">p</S>"), false},
        {credential, props("<S N=\"UserName\">u</S>"), false},
        {dictionary, table("<I32 N=\"Value\">1</I32>"), true},
        {dictionary, table("<Nil N=\"Value\"/>"), true},
        {dictionary, table("<Obj N=\"Value\"><LST/></Obj>"), true},
        {dictionary, table("<Obj N=\"Value\"/>"), false},
        {dictionary, table("<I16 N=\"Value\">1</I16>"), false},
        {dictionary, "<DCT><En><I32 N=\"Key\">1</I32><B N=\"Value\">1</B></En></DCT>", false},
        {dictionary, "<LST/>", false},
        {certificate, props("<BA N=\"RawData\">AQI=</BA>"), true},
        {certificate, props("<S N=\"RawData\">AQI=</S>"), false},
        {entry, props("<S N=\"Value\">a</S><S N=\"ValueType\">Property</S>"), true},
        {entry, props("<S N=\"Value\">a</S>"), false},
        {"System.Exception", shown("x"), false},
        {"System.Management.Automation.PSSenderInfo", shown("x"), false},
    };
    for (const Row& row : rows) {
        INFO(row.type << ": " << row.contents);
        ReadOptions options;
        const tests::ReadText read(tests::in_document(typed(row.type, row.contents)), options);
        REQUIRE(read.good());
        const Object& object = *read.value().object();
        CHECK(rehydrated_type(object) == (row.rebuilt ? row.type : ""));
    }
}

TEST_CASE("the type may stand anywhere among the names, in any case, with its prefix only")
{
    const auto type_of = [](const char* names) {
        const tests::ReadText read(
            std::string("<Obj><TN>") + names + "</TN><ToString>1.2.3.4</ToString></Obj>",
            tests::bare_options()
        );
        return std::string(rehydrated_type(*read.value().object()));
    };
    CHECK(type_of("<T>A</T><T>system.net.IPADDRESS</T>") == "System.Net.IPAddress");
    CHECK(type_of("<T>System.Net.IPAddress2</T>").empty());
    Arena arena;
    Object* live = make_live(arena, {"System.Net.IPAddress"}, "1.2.3.4");
    CHECK(rehydrated_type(*live).empty());
}
