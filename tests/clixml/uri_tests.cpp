// Addresses as System.Uri takes and shows them (fact sheet clixml 2.1).
#include <clixml/string_escape.hpp>
#include <clixml/uri.hpp>
#include <tests/clixml/codec_support.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace clixml;

TEST_CASE("every recorded address is shown as PowerShell shows it, or refused")
{
    const auto rows = tests::read_vector_file("clixml/uris.jsonl");
    CHECK(rows.size() > 1300);
    for (const tests::VectorCase& row : rows) {
        INFO(row.where() << ' ' << row.text("uri"));
        const tests::ExactBuffer text(unescaped(row.text("uri")));
        const auto uri = Uri::read(text.text());
        CHECK(uri.has_value() == row.has("shown"));
        if (uri && row.has("shown")) CHECK(escaped(uri->text) == row.text("shown"));
        if (is_plain_relative_uri(text.text())) {
            CHECK(uri->text == text.text());
            CHECK_FALSE(uri->is_absolute);
        }
    }
}

TEST_CASE("an address is what PowerShell shows in one reading and what is written in the other")
{
    const std::string text = tests::in_document("<URI>HTTP://H:80/%7Ea/../b</URI>");
    const auto shown = Document::read(text, {});
    REQUIRE(shown);
    CHECK(shown->value().text() == "http://h/b");
    const tests::ReadText kept(text, tests::lossless_options(Form::Document));
    CHECK(kept.copy() == text);
}

TEST_CASE("addresses come apart")
{
    struct Row {
        std::string text;
        std::string scheme, user, host;
        UriHostType type;
        int port;
        bool is_default_port;
        std::string path, query, fragment;
    };
    // clang-format off
    const Row rows[] = {
        {"HTTPS://me@Example.com:8443/a/b?q=1#f", "https", "me", "example.com", UriHostType::Dns, 8443, false, "/a/b", "?q=1", "#f"},
        {"http://[0::1]/", "http", "", "[::1]", UriHostType::IPv6, 80, true, "/", "", ""},
        {"http://1.2", "http", "", "1.0.0.2", UriHostType::IPv4, 80, true, "/", "", ""},
        {"ssh://h:22", "ssh", "", "h", UriHostType::Dns, 22, false, "/", "", ""},
        {"C:\\a b", "file", "", "", UriHostType::Basic, -1, true, "/C:/a b", "", ""},
        {"urn:a:b", "urn", "", "", UriHostType::Unknown, -1, true, "a:b", "", ""},
    };
    // clang-format on
    for (const Row& row : rows) {
        INFO(row.text);
        const auto uri = Uri::read(row.text);
        REQUIRE(uri);
        CHECK(uri->is_absolute);
        CHECK(uri->scheme == row.scheme);
        CHECK(uri->user_info == row.user);
        CHECK(uri->host == row.host);
        CHECK(uri->host_type == row.type);
        CHECK(uri->port == row.port);
        CHECK(uri->is_default_port == row.is_default_port);
        CHECK(uri->path == row.path);
        CHECK(uri->query == row.query);
        CHECK(uri->fragment == row.fragment);
    }
}

TEST_CASE("long addresses take linear room")
{
    for (const char* piece : {"/..", "%41", "%C3%A9", "../a/", "\xC3\xA9", "%zz", "a."}) {
        INFO(piece);
        std::string text = "http://h/";
        while (text.size() < 300'000)
            text += piece;
        const auto uri = Uri::read(text);
        REQUIRE(uri);
        CHECK(uri->text.size() <= text.size() * 3);
    }
}

TEST_CASE("what may not stand in an address is escaped")
{
    CHECK(escaped_uri_text("http://h/a b%20\xC3\xA9<") == "http://h/a%20b%20%C3%A9%3C");
}
