// The _xHHHH_ codec and the text form of .NET strings (fact sheet clixml 2.3, 2.4).
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <random>

using namespace clixml;
using namespace std::string_literals;

namespace {

std::string unit_text(std::uint32_t unit)
{
    std::string text;
    append_code_unit(unit, text);
    return text;
}

std::string group(std::uint32_t unit)
{
    char text[16];
    std::snprintf(text, sizeof text, "_x%04X_", static_cast<unsigned>(unit));
    return text;
}

} // namespace

TEST_CASE("every code unit is escaped exactly where PowerShell escapes it")
{
    for (std::uint32_t unit = 0; unit <= 0xFFFF; ++unit) {
        const bool escapes =
            unit < 0x20 || (unit >= 0x7F && unit < 0xA0) || (unit >= 0xD800 && unit < 0xE000);
        const std::string text = unit_text(unit);
        const std::string written = escaped(text);
        if (written != (escapes ? group(unit) : text) || unescaped(written) != text ||
            unescaped(group(unit)) != text || !is_valid_wtf8(text))
            FAIL("code unit " << unit);
    }
}

TEST_CASE("escapes are decoded as XmlConvert.DecodeName does")
{
    struct Row {
        const char* name;
        std::string text;
        std::string decoded;
    };
    const Row rows[] = {
        {"upper and lower x", "_x0041__X0042_", "AB"},
        {"lower-case digits", "_x00e9_", "\xC3\xA9"},
        {"the end is used up", "_x0041_x0042_", "Ax0042_"},
        {"two digits", "_x41_", "_x41_"},
        {"five digits", "_x00041_", "_x00041_"},
        {"nine digits", "_x000000041_", "_x000000041_"},
        {"no end", "_x0041", "_x0041"},
        {"no digits", "_xZZZZ_", "_xZZZZ_"},
        {"no start", "x0041_", "x0041_"},
        {"full-width digits",
         "_x\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x94\xEF\xBC\x91_",
         "_x\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x94\xEF\xBC\x91_"},
        {"two underscores", "__x0041_", "_A"},
        {"group after a broken one", "_x00_x0041_", "_x00A"},
        {"eight digits", "_x00000041_", "A"},
        {"supplementary", "_x0001F600_", "\xF0\x9F\x98\x80"},
        {"last code point", "_x0010FFFF_", "\xF4\x8F\xBF\xBF"},
        {"minus one", "_xFFFFFFFF_", "\xEF\xBF\xBF"},
        {"negative surrogate", "_xD83DDE00_", "\xED\xB8\x80"},
        {"too large", "_x00110000_", "_x00110000_"},
        {"largest positive", "_x7FFFFFFF_", "_x7FFFFFFF_"},
        {"bug: group after too large", "ab_x00110000_cd_x0041_e", "abab_x00110000_cdAe"},
        {"bug: group before too large", "_x0041_b_x00110000_c", "Abb_x00110000_c"},
        {"no bug without a group", "ab_x00110000_cd", "ab_x00110000_cd"},
        {"pair", "_xD83D__xDE00_", "\xF0\x9F\x98\x80"},
        {"lone high", "_xD83D_", "\xED\xA0\xBD"},
        {"lone low", "_xDE00_", "\xED\xB8\x80"},
        {"swapped", "_xDE00__xD83D_", "\xED\xB8\x80\xED\xA0\xBD"},
        {"NUL", "_x0000_", "\0"s},
        {"escaped escape", "_x005F_x0041_", "_x0041_"},
        {"empty", "", ""},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const tests::ExactBuffer exact(row.text);
        CHECK(unescaped(exact.text()) == row.decoded);
        CHECK((has_escape(exact.text()) || row.decoded == row.text));
    }
}

TEST_CASE("text that .NET repeats is repeated up to four times the text")
{
    std::string text = "_x0041_";
    for (int i = 0; i < 20000; ++i)
        text += "_x00110000_";
    const std::string decoded = unescaped(text);
    CHECK(decoded.size() <= text.size() * 5 + 4096);
    CHECK(decoded.starts_with("A_x00110000__x00110000__x00110000_"));
}

TEST_CASE("the first place to escape is where escaping changes the text")
{
    std::mt19937_64 engine(95);
    const std::string pieces[] = {
        "a",
        "_",
        "x",
        "_x",
        "\t",
        "\xC2\x85",
        "\xC2\xA9",
        "\xF0\x9F\x98\x80",
        "\xED\xA0\x80",
        "\xED\x9F\xBF",
        "0041_",
        "\x7F",
        "long plain text "};
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        for (std::uint64_t n = engine() % 12; n > 0; --n)
            text += pieces[engine() % std::size(pieces)];
        text = utf8_from_utf16(utf16le_from_utf8(text), false);
        const std::string written = escaped(text);
        const std::size_t first = first_to_escape(text);
        INFO(written);
        REQUIRE(unescaped(written) == text);
        REQUIRE((first == text.size()) == (written == text));
        REQUIRE(written.compare(0, first, text, 0, first) == 0);
    }
}

TEST_CASE("every code unit survives UTF-16 and back")
{
    std::string utf16;
    for (std::uint32_t unit = 0; unit <= 0xFFFF; ++unit) {
        utf16 += static_cast<char>(unit & 0xFF);
        utf16 += static_cast<char>(unit >> 8);
    }
    const std::string text = utf8_from_utf16(utf16, false);
    CHECK(is_valid_wtf8(text));
    CHECK(utf16le_from_utf8(text) == utf16);
    CHECK(utf16_length(text) == 0x10000);
    CHECK(first_invalid_utf8(text).has_value());
}

TEST_CASE("bytes that are not UTF-8 are found at their first byte")
{
    struct Row {
        const char* name;
        std::string bytes;
    };
    const Row rows[] = {
        {"continuation", "\x80"},
        {"overlong two", "\xC0\x80"},
        {"overlong three", "\xE0\x80\x80"},
        {"overlong four", "\xF0\x80\x80\x80"},
        {"surrogate", "\xED\xA0\x80"},
        {"beyond the last", "\xF4\x90\x80\x80"},
        {"F5", "\xF5\x80\x80\x80"},
        {"FF", "\xFF"},
        {"cut two", "\xC3"},
        {"cut three", "\xE2\x82"},
        {"cut four", "\xF0\x9F\x98"},
        {"ASCII inside",
         "\xE2\x82"
         "a"},
    };
    for (const Row& row : rows) {
        for (const std::size_t before : {0U, 1U, 7U, 8U, 15U, 16U, 31U, 32U, 33U, 64U, 100U}) {
            INFO(row.name << " after " << before);
            const tests::ExactBuffer exact(std::string(before, 'a') + row.bytes);
            CHECK(first_invalid_utf8(exact.text()) == before);
            const tests::ExactBuffer followed(
                std::string(before, 'a') + row.bytes + std::string(40, 'b')
            );
            CHECK(first_invalid_utf8(followed.text()) == before);
        }
    }
    CHECK_FALSE(first_invalid_utf8("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\xC2\x80\xE0\xA0\x80"));
}

TEST_CASE("case is folded as OrdinalIgnoreCase folds it")
{
    CHECK(equal_ignoring_case("Name", "nAME"));
    CHECK(equal_ignoring_case("\xC3\xA9t\xC3\xA9", "\xC3\x89T\xC3\x89"));
    CHECK_FALSE(equal_ignoring_case("\xC3\x9F", "ss"));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("[", "{"));
    CHECK(folded_hash("Name") == folded_hash("NAME"));
    CHECK(fold_case("a\xC3\xA9") == "A\xC3\x89");
}
