#include <clixml/base64.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <random>

using namespace clixml;

namespace {

std::string decoded(std::string_view text)
{
    const tests::ExactBuffer exact(text);
    const auto bytes = read_base64(exact.text());
    if (!bytes) {
        CHECK(bytes.error().offset <= text.size());
        return tests::outcome_of(bytes.error());
    }
    return std::string(text_of(*bytes));
}

std::string encoded(std::string_view bytes)
{
    std::string text;
    append_base64(bytes_of(bytes), text);
    CHECK(text.size() == base64_size(bytes.size()));
    return text;
}

const std::string refused = tests::outcome_of(Errc::InvalidBase64);

} // namespace

TEST_CASE("base64 of every length up to 300 bytes comes back")
{
    std::mt19937_64 engine(64);
    std::string bytes;
    for (int size = 0; size <= 300; ++size) {
        const std::string text = encoded(bytes);
        CHECK(decoded(text) == bytes);
        std::string spread;
        for (const char c : text)
            spread.append(1, c).append(" \t\r\n");
        CHECK(decoded(spread) == bytes);
        bytes += static_cast<char>(engine());
    }
}

TEST_CASE("base64 tails have their padding and nothing else")
{
    struct Row {
        const char* text;
        std::string decoded;
    };
    const Row rows[] = {
        {"", ""},
        {"    ", ""},
        {"AQID", "\x01\x02\x03"},
        {"AQI=", "\x01\x02"},
        {"AQ==", "\x01"},
        {"AQ = =", "\x01"},
        {"AQ== ", "\x01"},
        {"AR==", "\x01"},
        {"+/+/", "\xFB\xFF\xBF"},
        {"A", refused},
        {"AQ", refused},
        {"AQI", refused},
        {"AQ=", refused},
        {"A===", refused},
        {"====", refused},
        {"=", refused},
        {"AQID=", refused},
        {"AQID====", refused},
        {"AQ==AQID", refused},
        {"AQ=I", refused},
        {"A*ID", refused},
        {"AQ-_", refused},
        {"AQ\x0BID", refused},
        {"AQ\xC2\xA0ID", refused},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(decoded(row.text) == row.decoded);
    }
}

TEST_CASE("every byte outside the alphabet is refused at its place")
{
    const std::string alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n";
    for (int c = 0; c < 256; ++c) {
        if (alphabet.find(static_cast<char>(c)) != std::string::npos) continue;
        for (const std::size_t at : {0U, 3U, 17U, 39U, 70U, 100U, 333U, 399U}) {
            std::string text(400, 'A');
            text[at] = static_cast<char>(c);
            const auto bytes = read_base64(text);
            REQUIRE_FALSE(bytes);
            CHECK(bytes.error().offset == at);
        }
    }
}
