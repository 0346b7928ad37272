// Reading what others write and writing it again: identifiers and the spelling of primitives stay.
// What is not kept: comments, white space, CDATA and references, the order of the parts of an Obj,
// parts that come twice, and the spelling of names.
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

namespace {

std::string utf16(std::string_view text, bool mark, bool big_endian)
{
    std::string units = mark ? "\xFF\xFE" : "";
    units += utf16le_from_utf8(text);
    for (std::size_t i = 0; big_endian && i < units.size(); i += 2)
        std::swap(units[i], units[i + 1]);
    return units;
}

std::string copied(std::string_view text)
{
    return tests::ReadText(text, tests::lossless_options()).copy();
}

} // namespace

TEST_CASE("foreign spellings of primitives are written as they were read")
{
    const char* const texts[] = {
        "<I32>+5</I32>",
        "<I32> 5 </I32>",
        "<I32>007</I32>",
        "<I32>-0</I32>",
        "<B>1</B>",
        "<B> true </B>",
        "<Db>1.0</Db>",
        "<Db>1e5</Db>",
        "<Db>Infinity</Db>",
        "<Sg>1.50</Sg>",
        "<D>+1.10</D>",
        "<DT>2020-01-02T03:04:05.120Z</DT>",
        "<DT>2020-01-02T03:04:05+05:30</DT>",
        "<DT>2020-01-02</DT>",
        "<DT>03:04:05</DT>",
        "<TS>PT36H</TS>",
        "<TS>P1Y</TS>",
        "<G>ABCDEF01-0506-0708-090A-0B0C0D0E0F10</G>",
        "<G>{abcdef01-0506-0708-090a-0b0c0d0e0f10}</G>",
        "<BA>AR==</BA>",
        "<BA>AQ ID</BA>",
        "<Version> 1.2</Version>",
        "<S>_x0041_</S>",
        "<S>_x000a_</S>",
        "<S>_x005f_x0041_</S>",
        "<S>a\tb\nc</S>",
        "<S>\xF0\x9F\x98\x80</S>",
        "<S>_x0001F600_</S>",
        "<URI>_x0041_</URI>",
        "<SBK>a\nb</SBK>",
        "<XD>&lt;a/&gt;</XD>",
        "<SS>anything at all</SS>",
    };
    for (const char* text : texts) {
        INFO(text);
        CHECK(copied(text) == text);
        const std::string in_list =
            std::string("<Obj RefId=\"0\"><LST>").append(text).append("<I32>1</I32></LST></Obj>");
        CHECK(copied(in_list) == in_list);
    }
}

TEST_CASE("a foreign spelling does not change the value")
{
    const tests::ReadText read("<I32>+5</I32>", tests::lossless_options());
    REQUIRE(read.good());
    REQUIRE(read.value().lexical() != nullptr);
    CHECK(*read.value().lexical() == "+5");
    CHECK(read.value().as<std::int64_t>() == 5);
    CHECK(to_display_text(read.value()) == "5");
    CHECK(tests::serialized(read.value()) == "<I32>5</I32>");
    CHECK(tests::ReadText("<I32>5</I32>", tests::lossless_options()).value().lexical() == nullptr);
}

TEST_CASE("foreign identifiers are written as they were read")
{
    const char* const texts[] = {
        "<Obj RefId=\"7\"><LST><Obj RefId=\"9\"><LST /></Obj><Ref RefId=\"9\" /><Ref RefId=\"7\" "
        "/></LST></Obj>",
        "<Obj RefId=\"root\"><LST><Ref RefId=\"root\" /></LST></Obj>",
        "<Obj><LST /></Obj>",
        "<Obj RefId=\"0\"><TN RefId=\"x\"><T>A</T></TN><LST><Obj RefId=\"1\"><TNRef RefId=\"x\" "
        "/><LST /></Obj></LST></Obj>",
        "<Obj RefId=\"5\"><TN RefId=\"12\"><T>A</T></TN><LST><Obj><TNRef RefId=\"12\" /><LST "
        "/></Obj></LST></Obj>",
        "<Obj RefId=\"0\"><TN><T>A</T></TN><LST /></Obj>",
        "<Obj RefId=\"0\"><TN RefId=\"0\" /><LST /></Obj>",
        "<Obj RefId=\"0\"><LST><Obj RefId=\"1\"><TN RefId=\"0\"><T>A</T></TN></Obj><Obj "
        "RefId=\"2\"><TN RefId=\"1\"><T>A</T></TN></Obj></LST></Obj>",
        "<Obj RefId=\"00\"><LST><Obj RefId=\"01\"><LST /></Obj><Ref RefId=\"01\" /></LST></Obj>",
        "<Obj RefId=\"0\"><Props /><MS /></Obj>",
        "<Obj RefId=\"0\"><ToString /><Obj RefId=\"1\"><I32>5</I32></Obj></Obj>",
        "<Obj RefId=\"0\"><MS><I32 N=\"a\">1</I32><I32 N=\"A\">2</I32></MS></Obj>",
    };
    for (const char* text : texts) {
        INFO(text);
        CHECK(copied(text) == text);
        const tests::ReadText read(text, tests::lossless_options());
        const OwnedValue copy(read.value());
        WriteOptions options;
        options.writing = Writing::Verbatim;
        options.form = Form::Bare;
        std::string written;
        REQUIRE(write_value(copy.value(), options, written));
        CHECK(written == text);
    }
}

TEST_CASE("type names behind nested objects keep the identifier of their own object")
{
    CHECK(
        copied("<Obj RefId=\"0\"><MS><Obj N=\"a\" RefId=\"1\"><MS/></Obj></MS><TN "
               "RefId=\"x\"><T>A</T></TN></Obj>") ==
        "<Obj RefId=\"0\"><TN RefId=\"x\"><T>A</T></TN><MS><Obj N=\"a\" RefId=\"1\"><MS "
        "/></Obj></MS></Obj>"
    );
}

TEST_CASE("what is not kept has the form that PowerShell writes")
{
    struct Row {
        const char* text;
        const char* copy;
    };
    const Row rows[] = {
        {"<S/>", "<S></S>"},
        {"<BA></BA>", "<BA />"},
        {"<Nil></Nil>", "<Nil />"},
        {"<Nil/>", "<Nil />"},
        {"<S>a<!-- c -->b</S>", "<S>ab</S>"},
        {"<S><![CDATA[<]]></S>", "<S>&lt;</S>"},
        {"<S>&#65;&#x42;</S>", "<S>AB</S>"},
        {"<Obj  RefId='0' ><LST></LST ></Obj>", "<Obj RefId=\"0\"><LST /></Obj>"},
        {"<Obj RefId=\"0\"><MS><I32 N=\"_x0041_\">1</I32></MS><ToString>t</ToString></Obj>",
         "<Obj RefId=\"0\"><ToString>t</ToString><MS><I32 N=\"A\">1</I32></MS></Obj>"},
        {"<Obj RefId=\"0\"><ToString>a</ToString><ToString>b</ToString></Obj>",
         "<Obj RefId=\"0\"><ToString>b</ToString></Obj>"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(copied(row.text) == row.copy);
        CHECK(copied(row.copy) == row.copy);
    }
}

TEST_CASE("documents keep their form: mark, declaration, version, indentation, line ends, streams")
{
    const std::string body = "\n  <Obj RefId=\"0\">\n    <LST>\n      <I32>1</I32>\n    "
                             "</LST>\n  </Obj>\n";
    std::string crlf_body;
    for (const char c : body)
        crlf_body += c == '\n' ? std::string("\r\n") : std::string(1, c);
    const std::string xmlns = "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"";
    const std::string texts[] = {
        tests::in_document(body),
        tests::in_document(crlf_body),
        "\xEF\xBB\xBF" + tests::in_document("<S>a</S>"),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>" + tests::in_document("<S>a</S>"),
        tests::in_document("<S S=\"Output\">a</S><Nil S=\"Error\" /><Obj S=\"debug\" "
                           "RefId=\"0\"><LST /></Obj>"),
        "<Objs Version=\"1.1.0.1\" " + xmlns + " />",
        "<Objs " + xmlns + "><S>a</S></Objs>",
        "<Objs Version=\"1.0\" " + xmlns + "><S>a</S></Objs>",
        // As Export-Clixml -Encoding unicode and bigendianunicode write it, and -args passes it.
        utf16(tests::in_document("<S>a\xE2\x82\xAC</S>"), true, false),
        utf16(tests::in_document(body), true, true),
        utf16(
            "<?xml version=\"1.0\" encoding=\"utf-16\"?>" + tests::in_document("<S>a</S>"),
            false,
            false
        ),
    };
    for (const std::string& text : texts) {
        INFO(text);
        const tests::ReadText read(text, tests::lossless_options(Form::Document));
        CHECK(read.copy() == text);
    }
}
