// Encodings, offsets of errors, well-formedness, and documents as owners.
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

namespace {

std::string to_utf16(std::string_view text, bool big_endian, bool mark)
{
    std::string units = mark ? "\xFF\xFE" : "";
    units += utf16le_from_utf8(text);
    for (std::size_t i = 0; big_endian && i + 1 < units.size(); i += 2)
        std::swap(units[i], units[i + 1]);
    return units;
}

} // namespace

TEST_CASE("edge case 107: UTF-16 is read with and without a mark, in both orders")
{
    const std::string text = tests::in_document("<S>a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80</S>");
    for (const bool big_endian : {false, true}) {
        for (const bool mark : {false, true}) {
            const tests::ReadText read(to_utf16(text, big_endian, mark), {});
            REQUIRE(read.good());
            CHECK(read.value().text() == "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
            CHECK(read.form().byte_order_mark == mark);
        }
    }
}

TEST_CASE("an error's offset is that of the byte in the text as it was given")
{
    const std::string start = "<S>\xC3\xA9\xF0\x9F\x98\x80";
    const std::string text = start + "&x;</S>";
    CHECK(tests::ReadText(text, tests::bare_options()).error().offset == start.size());
    CHECK(
        tests::ReadText("\xEF\xBB\xBF" + text, tests::bare_options()).error().offset ==
        start.size() + 3
    );
    const std::size_t units = 3 + 1 + 2;
    CHECK(
        tests::ReadText(to_utf16(text, false, true), tests::bare_options()).error().offset ==
        units * 2 + 2
    );
    CHECK(
        tests::ReadText(to_utf16(text, true, false), tests::bare_options()).error().offset ==
        units * 2
    );
}

TEST_CASE("a lone surrogate in UTF-16 is refused")
{
    std::string text = to_utf16("<S>a</S>", false, true);
    text[8] = '\x3D';
    text[9] = '\xD8';
    CHECK(tests::ReadText(text, tests::bare_options()).error().code == Errc::InvalidUtf8);
}

TEST_CASE("text that is not well-formed is refused for its reason")
{
    struct Row {
        const char* text;
        Errc code;
    };
    const Row rows[] = {
        {"", Errc::MissingRoot},
        {"<!-- c -->", Errc::MissingRoot},
        {"<", Errc::UnexpectedEnd},
        {"<S>a</S><", Errc::UnexpectedEnd},
        {"<S>a</S><!", Errc::UnexpectedEnd},
        {"<S>a</S><!-", Errc::UnexpectedEnd},
        {"<S>a</S><?", Errc::UnexpectedEnd},
        {"<S>a</S></S>", Errc::TrailingContent},
        {"<S>a</S>b", Errc::MalformedXml},
        {"<S>a</s>", Errc::MismatchedEndTag},
        {"<S>a</S x>", Errc::MalformedXml},
        {"<S>a</SS>", Errc::MismatchedEndTag},
        {"< S>a</S>", Errc::MalformedXml},
        {"<1>a</1>", Errc::MalformedXml},
        {"<S N=a>b</S>", Errc::MalformedXml},
        {"<S N>b</S>", Errc::MalformedXml},
        {"<S N=\"<\">b</S>", Errc::MalformedXml},
        {"<S N=\"a\"M=\"b\">b</S>", Errc::MalformedXml},
        {"<S N=\"a\" N=\"b\">b</S>", Errc::DuplicateAttribute},
        {"<S>a]]>b</S>", Errc::MalformedXml},
        {"<S>a & b</S>", Errc::MalformedXml},
        {"<S>&;</S>", Errc::MalformedXml},
        {"<S>&amp</S>", Errc::MalformedXml},
        {"<S>&#;</S>", Errc::InvalidCharacterReference},
        {"<S>&#x;</S>", Errc::InvalidCharacterReference},
        {"<S>&#x110000;</S>", Errc::InvalidCharacterReference},
        {"<S>&#99999999999;</S>", Errc::InvalidCharacterReference},
        {"<S>&#1a;</S>", Errc::InvalidCharacterReference},
        {"<S>a<!-- -- --></S>", Errc::MalformedXml},
        {"<S><?xml ?></S>", Errc::MalformedXml},
        {"<?XML version=\"1.0\"?><S/>", Errc::MalformedXml},
        {"<?a:b?><S/>", Errc::MalformedXml},
        {"<S xmlns:a=\"u\" xmlns:b=\"u\" a:x=\"1\" b:x=\"2\"/>", Errc::DuplicateAttribute},
        {"<S xml:space=\"wide\"/>", Errc::MalformedXml},
        {"<x:S>a</x:S>", Errc::MalformedXml},
        {"<S x:a=\"b\">a</S>", Errc::MalformedXml},
        {"<S xmlns:x=\"\">a</S>", Errc::MalformedXml},
        {"<:S>a</:S>", Errc::MalformedXml},
        {"<a:b:c/>", Errc::MalformedXml},
        {"<Obj RefId=\"0\"><LST>x/LST></Obj>", Errc::UnexpectedNode},
        {"<Obj RefId=\"0\"><LST><I32>5</I32>x/LST></Obj>", Errc::UnexpectedNode},
        {"<Obj RefId=\"0\">xLST></LST></Obj>", Errc::UnexpectedNode},
        {"<Obj RefId=\"0\"><DCT>x/DCT></Obj>", Errc::UnexpectedNode},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const tests::ReadText read(row.text, tests::bare_options());
        CHECK(tests::outcome_of(read.error()) == tests::outcome_of(row.code));
        CHECK(read.error().offset <= std::string_view(row.text).size());
    }
}

TEST_CASE("a document may have an XML declaration as XML knows it, and no other")
{
    struct Row {
        const char* declaration;
        bool good;
    };
    const Row rows[] = {
        {"<?xml version=\"1.0\"?>", true},
        {"<?xml version='1.0' ?>", true},
        {"<?xml version = \"1.0\" encoding=\"utf-16\" standalone=\"yes\"?>\n", true},
        {"<?xml version=\"1.0\" standalone='no'?>", true},
        {"<?xml\tversion=\"1.0\"?>", true},
        {"<?xml version=\"1.1\"?>", false},
        {"<?xml version=\"1\"?>", false},
        {"<?xml encoding=\"utf-8\"?>", false},
        {"<?xml version=\"1.0\" standalone=\"yes\" encoding=\"utf-8\"?>", false},
        {"<?xml version=\"1.0\" standalone=\"maybe\"?>", false},
        {"<?xml version=\"1.0\" version=\"1.0\"?>", false},
        {"<?xml version=\"1.0\" other=\"x\"?>", false},
        {"<?xml version=\"1.0\"encoding=\"utf-8\"?>", false},
        {"<?xml ?>", false},
        {"<?xml?>", false},
        {"<?xml version=\"1.0\">", false},
        {" <?xml version=\"1.0\"?>", false},
        {"<?xml version=\"1.0\"?><?xml version=\"1.0\"?>", false},
    };
    for (const Row& row : rows) {
        INFO(row.declaration);
        const tests::ReadText read(row.declaration + tests::in_document("<S>a</S>"), {});
        CHECK(read.good() == row.good);
        if (!row.good)
            CHECK((read.error().code.category() == error_category() && read.error().offset < 200));
    }
    const tests::ReadText attributes(
        "<S xmlns:a=\"u\" xmlns:b=\"v\" a:x=\"1\" b:x=\"2\" x=\"3\" xml:space=\" preserve \" "
        "xml:lang=\"\"/>",
        tests::bare_options()
    );
    CHECK(attributes.good());
}

TEST_CASE("a document owns its values and gives one, none or an array of them")
{
    auto none = Document::read(tests::in_document(""), {});
    REQUIRE(none);
    CHECK(none->value().is_nil());
    auto several = Document::read(tests::in_document("<I32>1</I32><Nil />"), {});
    REQUIRE(several);
    const Document moved = std::move(*several);
    REQUIRE(moved.value().is_object());
    CHECK(moved.value().object()->items().size() == 2);
    CHECK(moved.value().object()->is_type("System.Object[]"));
    CHECK(moved.values()[0].value.as<int>() == 1);
}

TEST_CASE("times with an offset are converted to the reader's zone")
{
    class Zone final : public LocalZone {
    public:
        [[nodiscard]] std::int16_t offset_minutes_at(std::int64_t) const override { return 60; }
        [[nodiscard]] std::int16_t offset_minutes_of_local(std::int64_t) const override
        {
            return 60;
        }
    };
    const Zone zone;
    ReadOptions options = tests::bare_options();
    options.zone = &zone;
    CHECK(
        tests::ReadText("<DT>2020-01-02T03:04:05+05:00</DT>", options).again() ==
        "<DT>2020-01-01T23:04:05+01:00</DT>"
    );
    CHECK(
        tests::ReadText("<DT>2020-01-02T03:04:05Z</DT>", options).again() ==
        "<DT>2020-01-02T03:04:05Z</DT>"
    );
}
