// Documents in XD elements, and what else reading as PowerShell changes (fact sheet clixml 2.7, 4).
#include <clixml/string_escape.hpp>
#include <tests/clixml/codec_support.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace clixml;

TEST_CASE("every recorded document is written as XmlDocument writes it, or refused")
{
    const auto rows = tests::read_vector_file("clixml/xml-documents.jsonl");
    CHECK(rows.size() > 500);
    for (const tests::VectorCase& row : rows) {
        INFO(row.where());
        const auto document = Document::read(row.text("clixml"), {});
        CHECK(document.has_value() == row.has("again"));
        if (document && row.has("again"))
            CHECK(tests::exported(document->value(), 2) == row.text("again"));
        if (!document) {
            CHECK(document.error().code == make_error_code(Errc::InvalidPrimitive));
            continue;
        }
        const tests::ReadText kept(row.text("clixml"), tests::lossless_options(Form::Document));
        CHECK(kept.copy() == row.text("clixml"));
    }
}

TEST_CASE("texts read again come out as recorded")
{
    for (const char* file : {"clixml/again.jsonl", "clixml/trailing.jsonl"}) {
        for (const tests::VectorCase& row : tests::read_vector_file(file)) {
            INFO(row.where());
            const auto document = Document::read(row.text("clixml"), {});
            REQUIRE(document.has_value() == row.has("again"));
            if (!document) continue;
            const int depth = row.fields.value("depth", 2);
            CHECK(tests::exported(document->value(), depth) == row.text("again"));
        }
    }
}

TEST_CASE("entities that name each other do not grow without bound")
{
    std::string dtd = "<!DOCTYPE a [<!ENTITY e0 'xxxxxxxxxx'>";
    for (int i = 1; i < 20; ++i) {
        std::string before = "&e" + std::to_string(i - 1) + ";";
        dtd += "<!ENTITY e" + std::to_string(i) + " '" + before + before + before + "'>";
    }
    for (const char* use : {"<a>&e19;</a>", "<a b='&e19;'/>"}) {
        const std::string xml = dtd + "]>" + use;
        std::string body = "<XD>";
        for (char c : xml)
            body += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
        const auto document = Document::read(tests::in_document(body + "</XD>"), {});
        REQUIRE_FALSE(document);
        CHECK(document.error().code == make_error_code(Errc::InvalidPrimitive));
    }
}
