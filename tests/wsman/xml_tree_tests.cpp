#include <clixml/utf.hpp>
#include <psrp/wsman/detail/xml_tree.hpp>
#include <psrp/wsman/detail/xml_writer.hpp>
#include <psrp/wsman/errors.hpp>
#include <psrp/wsman/soap.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

namespace wsman = psrp::wsman;
using wsman::Errc;
using wsman::detail::XmlTree;

namespace {

// Limits of a few, to be met with short texts.
wsman::EnvelopeLimits small()
{
    wsman::EnvelopeLimits limits;
    limits.envelope_bytes_max = 120;
    limits.depth_max = 3;
    limits.attributes_max = 2;
    limits.nodes_max = 6;
    return limits;
}

std::string error_of(std::string_view text, const wsman::EnvelopeLimits& limits = {})
{
    const auto tree = XmlTree::read(text, limits);
    if (tree) return {};
    return tree.error().code.message() + " at " + std::to_string(tree.error().offset);
}

std::error_code code_of(std::string_view text, const wsman::EnvelopeLimits& limits = {})
{
    const auto tree = XmlTree::read(text, limits);
    return tree ? std::error_code() : tree.error().code;
}

} // namespace

TEST_CASE("XML that nobody needs here is refused, with the rule it breaks")
{
    struct Row {
        const char* text;
        Errc error;
    };
    const Row rows[] = {
        {"", Errc::MalformedXml},
        {"   ", Errc::MalformedXml},
        {"text", Errc::MalformedXml},
        {"<a/>text", Errc::MalformedXml},
        {"text<a/>", Errc::MalformedXml},
        {"<a/><b/>", Errc::MalformedXml},
        {"<a>", Errc::MalformedXml},
        {"</a>", Errc::MalformedXml},
        {"<a></b>", Errc::MalformedXml},
        {"<a", Errc::MalformedXml},
        {"<a b", Errc::MalformedXml},
        {"<a b=\"", Errc::MalformedXml},
        {"<a b=\"<\"/>", Errc::MalformedXml},
        {"<a b=\"1\" b=\"2\"/>", Errc::MalformedXml},
        {"<a><!-- ", Errc::MalformedXml},
        {"<a><![CDATA[ ", Errc::MalformedXml},
        {"<![CDATA[x]]><a/>", Errc::MalformedXml},
        {"<?xml version=\"1.0\"", Errc::MalformedXml},
        {"<!DOCTYPE a><a/>", Errc::DtdRefused},
        {"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", Errc::DtdRefused},
        {"<a><!ELEMENT b></a>", Errc::DtdRefused},
        {"<a>&x;</a>", Errc::UnknownEntity},
        {"<a>& b</a>", Errc::UnknownEntity},
        {"<a b=\"&nbsp;\"/>", Errc::UnknownEntity},
        {"<p:a/>", Errc::UnknownPrefix},
        {"<a p:b=\"1\"/>", Errc::UnknownPrefix},
        {"<a><b xmlns:p=\"u\"/><p:c/></a>", Errc::UnknownPrefix},
        {"<a>\xC3\x28</a>", Errc::UnsupportedEncoding},
        {"<a>\xFF</a>", Errc::UnsupportedEncoding},
    };
    for (const auto& row : rows) {
        INFO(row.text << ": " << error_of(row.text));
        CHECK(code_of(row.text) == row.error);
    }
    CHECK(code_of(std::string_view("<a>\0</a>", 8)) == Errc::MalformedXml);
}

TEST_CASE("every limit of XML holds at its value and not one above")
{
    const auto limits = small();
    CHECK(code_of("<a><b><c/></b></a>", limits) == std::error_code());
    CHECK(code_of("<a><b><c><d/></c></b></a>", limits) == std::error_code());
    CHECK(code_of("<a><b><c><d></d></c></b></a>", limits) == Errc::NestingTooDeep);
    CHECK(code_of("<a x='1' y='2'/>", limits) == std::error_code());
    CHECK(code_of("<a x='1' y='2' z='3'/>", limits) == Errc::TooManyElements);
    CHECK(code_of("<a><b/><b/><b/><b/><b/></a>", limits) == std::error_code());
    CHECK(code_of("<a><b/><b/><b/><b/><b/><b/></a>", limits) == Errc::TooManyElements);
    const std::string whole = "<a>" + std::string(113, 'x') + "</a>";
    CHECK(code_of(whole, limits) == std::error_code());
    CHECK(code_of(" " + whole, limits) == Errc::EnvelopeTooBig);
}

TEST_CASE("XML is read by namespace, in any form that means the same")
{
    const char* rows[] = {
        "<e xmlns='u'><f g='1'>a&lt;b</f></e>",
        "<p:e xmlns:p='u'><p:f g='1'>a&#60;b</p:f></p:e>",
        "<?xml version='1.0'?>\n<e xmlns=\"u\">\n <f g=\"1\"><![CDATA[a<b]]></f>\n</e>\n",
        "\xEF\xBB\xBF<q:e xmlns:q='x' xmlns:p='u'><e xmlns='u'/></q:e>",
        "<e xmlns='u'><!-- <x> --><f xmlns='u' g='1'>a<!-- b -->&lt;<![CDATA[b]]></f></e>",
    };
    std::size_t same = 0;
    for (const auto* text : rows) {
        INFO(text << ": " << error_of(text));
        const tests::ExactBuffer buffer(clixml::bytes_of(text));
        const auto tree = XmlTree::read(clixml::text_of(buffer.bytes()), {});
        REQUIRE(tree);
        const auto root = tree->root();
        if (!root.is("u", "e")) continue;
        const auto child = root.child("u", "f");
        REQUIRE(child);
        CHECK(child.text() == "a<b");
        CHECK(child.attribute("g") == "1");
        CHECK_FALSE(child.next());
        ++same;
    }
    CHECK(same == 4);
}

TEST_CASE("UTF-16 with a byte order mark and padding of NULs are taken")
{
    const std::string text = "<a>\xC3\xA4</a>";
    std::string little = "\xFF\xFE" + clixml::utf16le_from_utf8(text);
    const auto tree = XmlTree::read(little, {});
    REQUIRE(tree);
    CHECK(tree->root().text() == "\xC3\xA4");
    // Without the mark as well.
    const auto unmarked = XmlTree::read(clixml::utf16le_from_utf8(text), {});
    REQUIRE(unmarked);
    CHECK(unmarked->root().text() == "\xC3\xA4");
    CHECK(XmlTree::read(std::string("\0<\0a\0/\0>", 8), {}));
    CHECK(XmlTree::read(std::string("<a/>") + std::string(15, '\0'), {}));
}

TEST_CASE("what is written as XML is read back")
{
    const std::string_view rows[] = {
        "", " ", "a", "<&>\"'", "a\r\nb\tc\n", "\xF0\x9F\x98\x80", "]]>", "&amp;", "--"};
    for (const auto text : rows) {
        wsman::detail::XmlWriter xml;
        xml.open("a", {{"b", text}, {"", "left out"}});
        xml.text(text);
        xml.close("a");
        const std::string written = xml.take();
        INFO(written);
        const auto tree = XmlTree::read(written, {});
        REQUIRE(tree);
        CHECK(tree->root().text() == text);
        CHECK(tree->root().attribute("b") == text);
    }
    // XML has no other control characters, and no bytes that are no text.
    std::string out;
    wsman::detail::append_xml_text(std::string_view("a\0b\x1B\xFF", 5), out, false);
    CHECK(
        out == "a\xEF\xBF\xBD"
               "b\xEF\xBF\xBD\xEF\xBF\xBD"
    );
}
