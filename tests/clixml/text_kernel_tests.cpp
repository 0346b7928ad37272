// What the writer is made of, beside plain versions of the same: numbers, dates, identifiers,
// base64, text with escapes, the table of addresses.
#include <clixml/base64.hpp>
#include <clixml/decimal_integer.hpp>
#include <clixml/detail/address_table.hpp>
#include <clixml/detail/base64_encode.hpp>
#include <clixml/detail/digit_text.hpp>
#include <clixml/detail/escape_scan.hpp>
#include <clixml/detail/primitive_text.hpp>
#include <clixml/detail/shortest.hpp>
#include <clixml/string_escape.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <charconv>
#include <cmath>
#include <random>

using namespace clixml;

namespace {

// What `put` writes, which has to end before the room does.
template <typename Put>
std::string put_text(Put put)
{
    char text[detail::primitive_room];
    return {text, put(text)};
}

std::uint64_t of_any_size(std::mt19937_64& engine)
{
    return engine() >> (engine() % 64);
}

// Digits and exponent of the shortest form, without zeros at the end.
detail::ShortestDecimal shortest_by_library(double value)
{
    char text[40];
    char* end = std::to_chars(text, text + 40, value, std::chars_format::scientific).ptr;
    detail::ShortestDecimal out;
    int fraction_digits = 0;
    char* at = text;
    for (bool point = false; *at != 'e'; ++at) {
        if (*at == '.') {
            point = true;
            continue;
        }
        out.digits = out.digits * 10 + static_cast<std::uint64_t>(*at - '0');
        fraction_digits += point ? 1 : 0;
    }
    std::from_chars(at[1] == '+' ? at + 2 : at + 1, end, out.exponent);
    out.exponent -= fraction_digits;
    return out;
}

detail::ShortestDecimal without_zeros(detail::ShortestDecimal decimal)
{
    for (; decimal.digits % 10 == 0; decimal.digits /= 10)
        ++decimal.exponent;
    return decimal;
}

bool is_shortest(double value)
{
    const auto own = without_zeros(detail::shortest_decimal(value));
    const auto other = without_zeros(shortest_by_library(value));
    return own.digits == other.digits && own.exponent == other.exponent;
}

std::string plain_base64(std::string_view bytes)
{
    constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = at; i < at + 3; ++i)
            group = group << 8 | (i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0U);
        for (int i = 0; i < 4; ++i)
            text += alphabet[group >> (18 - 6 * i) & 63];
    }
    const std::size_t missing = (3 - bytes.size() % 3) % 3;
    return text.replace(text.size() - missing, missing, missing, '=');
}

std::string random_bytes(std::mt19937_64& engine, std::size_t size)
{
    std::string bytes;
    while (bytes.size() < size)
        bytes += static_cast<char>(engine());
    return bytes;
}

// Escapes of XML behind those of the codec; a reference instead of U+FFFE and U+FFFF.
std::string plain_escape(std::string_view text, bool attribute)
{
    std::string out;
    const std::string encoded = escaped(text);
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        const std::string_view rest = std::string_view(encoded).substr(i);
        if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
            out += rest[2] == '\xBE' ? "&#xFFFE;" : "&#xFFFF;";
            i += 2;
        } else if (rest[0] == '&') {
            out += "&amp;";
        } else if (rest[0] == '<') {
            out += "&lt;";
        } else if (rest[0] == '>') {
            out += "&gt;";
        } else if (rest[0] == '"' && attribute) {
            out += "&quot;";
        } else {
            out += rest[0];
        }
    }
    return out;
}

// Mostly letters, so that escapes stand at any place of a block.
std::string random_text(std::mt19937_64& engine, std::size_t size)
{
    static constexpr std::string_view special[] = {
        "_x",
        "_X0041_",
        "_",
        "x",
        "&",
        "<",
        ">",
        "\"",
        "'",
        "\t",
        "\n",
        "\r",
        "\x01",
        "\x1F",
        "\x7F",
        "\xC2\x85",
        "\xC2\xA9",
        "\xC3\xA9",
        "\xE2\x82\xAC",
        "\xED\x9F\xBF",
        "\xED\xA0\xBD",
        "\xEE\x80\x80",
        "\xEF\xBC\x8C",
        "\xEF\xBF\xBD",
        "\xEF\xBF\xBE",
        "\xEF\xBF\xBF",
        "\xF0\x9F\x98\x80",
        "\xF4\x8F\xBF\xBF"};
    const std::uint64_t rarity = 1 + engine() % 40;
    std::string text;
    while (text.size() < size) {
        if (engine() % rarity == 0)
            text += special[engine() % std::size(special)];
        else
            text += static_cast<char>('a' + engine() % 26);
    }
    return text;
}

template <bool attribute>
unsigned plain_stops(std::string_view block)
{
    return detail::PlainEscapeBlock::load(block.data()).stops<attribute>();
}

} // namespace

TEST_CASE("integers are put as the library puts them")
{
    std::mt19937_64 engine(1);
    std::vector<std::uint64_t> numbers = {0, UINT64_MAX, 1ULL << 63, (1ULL << 63) - 1};
    for (std::uint64_t power = 1; power < UINT64_MAX / 10; power *= 10) {
        for (std::uint64_t number : {power - 1, power, power + 1, power * 9, power * 10 - 1})
            numbers.push_back(number);
    }
    for (int i = 0; i < 100000; ++i)
        numbers.push_back(of_any_size(engine));
    for (std::uint64_t number : numbers) {
        const auto as_signed = static_cast<std::int64_t>(number);
        REQUIRE(put_text([=](char* to) {
                    return detail::put_unsigned(number, to);
                }) == std::to_string(number));
        REQUIRE(put_text([=](char* to) {
                    return detail::put_signed(as_signed, to);
                }) == std::to_string(as_signed));
    }
}

TEST_CASE("fractions of a second have seven digits without zeros at the end")
{
    for (std::uint32_t fraction = 0; fraction < 10'000'000; fraction += fraction % 97 + 1) {
        std::string expected = "." + std::to_string(10'000'000 + fraction).substr(1);
        while (expected.back() == '0')
            expected.pop_back();
        if (expected == ".") expected.clear();
        REQUIRE(put_text([=](char* to) { return detail::put_fraction(fraction, to); }) == expected);
    }
}

TEST_CASE("doubles have the digits that the library finds")
{
    std::mt19937_64 engine(2);
    for (int i = 0; i < 100000; ++i) {
        const double any = std::fabs(std::bit_cast<double>(engine()));
        if (std::isfinite(any) && any > 0) REQUIRE(is_shortest(any));
        REQUIRE(is_shortest(static_cast<double>(1 + of_any_size(engine))));
        REQUIRE(is_shortest(static_cast<double>(1 + engine() % 1'000'000) / 100));
        REQUIRE(is_shortest(std::bit_cast<double>(1 + of_any_size(engine) % (1ULL << 52))));
    }
    // Around powers of two the neighbours are not equally far away.
    for (std::uint64_t exponent = 1; exponent < 2047; ++exponent) {
        for (std::int64_t step = -2; step <= 2; ++step) {
            const std::uint64_t bits = (exponent << 52) + static_cast<std::uint64_t>(step);
            REQUIRE(is_shortest(std::bit_cast<double>(bits)));
        }
    }
}

TEST_CASE("doubles of every size are put as .NET's format R has the shortest digits")
{
    // From the digits that the library finds, d.ddde+dd.
    const auto expected = [](double value) {
        char text[40];
        char* end = std::to_chars(text, text + 40, value, std::chars_format::scientific).ptr;
        const std::string found(text, end);
        const std::size_t mark = found.find('e');
        std::string digits = found.substr(0, 1);
        if (mark > 2) digits += found.substr(2, mark - 2);
        const int point = std::stoi(found.substr(mark + 1)) + 1;
        const auto count = static_cast<int>(digits.size());
        if (point > 17 || point < -3) {
            const int exponent = point - 1;
            const std::string number = std::to_string(std::abs(exponent));
            return digits.substr(0, 1) + (count > 1 ? "." + digits.substr(1) : "") +
                   (exponent < 0 ? "E-" : "E+") + (number.size() < 2 ? "0" : "") + number;
        }
        if (point <= 0) return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
        const auto place = static_cast<std::size_t>(point);
        if (count <= point) return digits + std::string(place - digits.size(), '0');
        return digits.substr(0, place) + "." + digits.substr(place);
    };
    std::mt19937_64 engine(21);
    const auto check = [&](double value) {
        REQUIRE(put_text([=](char* to) {
                    return detail::put_double(value, to);
                }) == expected(value));
    };
    for (double value :
         {1e-5,
          9.9999999999999991e-5,
          1e-4,
          0.00012,
          0.1,
          0.5,
          1.0,
          1.5,
          1e15,
          1e16,
          1e17,
          123456789012345678.0,
          5e-324,
          1.7976931348623157e308})
        check(value);
    double power = 1e-8;
    for (int exponent = -8; exponent < 22; ++exponent, power *= 10) {
        for (int i = 0; i < 2000; ++i) {
            const auto numerator = static_cast<double>(1 + of_any_size(engine) % 1'000'000'000);
            check(power * (numerator / 1e9));
            check(numerator / power);
        }
    }
}

TEST_CASE("every day has the parts that counting gives")
{
    DateTimeParts expected{};
    const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (std::int64_t day = 0; expected.year < 10000; ++day) {
        const DateTimeParts parts = parts_of({day * ticks_per_day + day % ticks_per_day});
        if (parts.year != expected.year || parts.month != expected.month ||
            parts.day != expected.day || parts.day_of_week != (day + 1) % 7)
            FAIL(day);
        const bool leap =
            expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0);
        const int length = days[expected.month - 1] + (expected.month == 2 && leap ? 1 : 0);
        if (++expected.day <= length) continue;
        expected.day = 1;
        if (++expected.month <= 12) continue;
        expected.month = 1;
        ++expected.year;
    }
}

TEST_CASE("Guids and decimals are put as plain code puts them")
{
    std::mt19937_64 engine(3);
    for (int i = 0; i < 20000; ++i) {
        Guid guid;
        std::string hexadecimal;
        for (std::size_t at = 0; at < 16; ++at) {
            guid.bytes[at] = static_cast<std::uint8_t>(engine());
            if (at == 4 || at == 6 || at == 8 || at == 10) hexadecimal += '-';
            hexadecimal += "0123456789abcdef"[guid.bytes[at] >> 4];
            hexadecimal += "0123456789abcdef"[guid.bytes[at] & 15];
        }
        REQUIRE(put_text([&](char* to) { return detail::put_guid(guid, to); }) == hexadecimal);

        Decimal decimal;
        decimal.low = static_cast<std::uint32_t>(of_any_size(engine));
        if (i % 2 == 0) decimal.middle = static_cast<std::uint32_t>(of_any_size(engine));
        if (i % 4 == 0) decimal.high = static_cast<std::uint32_t>(of_any_size(engine));
        decimal.scale = static_cast<std::uint8_t>(engine() % 29);
        decimal.negative = engine() % 2 == 0;
        std::string digits = coefficient_of(decimal).str();
        const bool zero = digits == "0";
        if (digits.size() <= decimal.scale)
            digits.insert(0, decimal.scale + 1U - digits.size(), '0');
        if (decimal.scale > 0) digits.insert(digits.size() - decimal.scale, 1, '.');
        if (decimal.negative && !zero) digits.insert(0, 1, '-');
        REQUIRE(put_text([&](char* to) { return detail::put_decimal(decimal, to); }) == digits);
    }
}

TEST_CASE("base64 of every length at every alignment is that of plain code")
{
    std::mt19937_64 engine(4);
    const detail::Base64Encoder encoders[] = {
        detail::base64_encoder(), detail::base64_encoder_ssse3(), detail::base64_encoder_avx2()};
    for (std::size_t size = 0; size <= 200; ++size) {
        for (std::size_t offset = 0; offset < 32; ++offset) {
            const std::string bytes = random_bytes(engine, offset + size);
            const tests::ExactBuffer exact(std::string_view(bytes).substr(offset));
            const std::string expected = plain_base64(exact.text());
            std::string text = "before";
            append_base64(bytes_of(exact.text()), text);
            REQUIRE(text == "before" + expected);
            for (const detail::Base64Encoder encoder : encoders) {
                if (encoder == nullptr) continue;
                std::string part(expected.size(), '*');
                const std::size_t taken = encoder(bytes_of(exact.text()).data(), size, part.data());
                REQUIRE(taken % 3 == 0);
                REQUIRE(
                    part == expected.substr(0, taken / 3 * 4) +
                                std::string(expected.size() - taken / 3 * 4, '*')
                );
            }
        }
    }
    const std::string many = random_bytes(engine, 100'000);
    std::string text;
    append_base64(bytes_of(many), text);
    CHECK(text == plain_base64(many));
}

TEST_CASE("blocks of text stop at the same bytes with and without vectors")
{
    std::mt19937_64 engine(5);
    for (int i = 0; i < 200000; ++i) {
        std::string block = i % 2 == 0 ? random_bytes(engine, 16) : random_text(engine, 16);
        const auto vector = detail::EscapeBlock::load(block.data());
        REQUIRE(vector.stops<false>() == plain_stops<false>(block));
        REQUIRE(vector.stops<true>() == plain_stops<true>(block));
    }
    for (unsigned c = 0; c < 256; ++c) {
        const std::string block(16, static_cast<char>(c));
        REQUIRE(detail::EscapeBlock::load(block.data()).stops<true>() == plain_stops<true>(block));
    }
}

TEST_CASE("text and names of every length at every alignment have the escapes of plain code")
{
    std::mt19937_64 engine(6);
    for (std::size_t size = 0; size <= 200; ++size) {
        for (std::size_t offset = 0; offset < 16; ++offset) {
            const std::string padding(offset, '_');
            const std::string own = random_text(engine, size);
            const tests::ExactBuffer exact(padding + own);
            const std::string_view text = exact.text().substr(offset);
            INFO(own);
            REQUIRE(
                tests::serialized(Value::string(text)) == "<S>" + plain_escape(text, false) + "</S>"
            );
            Arena arena;
            Object* bag = make_bag(arena);
            bag->add_note(arena, text, Value::boolean(true));
            REQUIRE(
                tests::serialized(Value::object(bag))
                    .find("<MS><B N=\"" + plain_escape(text, true) + "\">true</B></MS>") !=
                std::string::npos
            );
        }
    }
}

TEST_CASE("a long text has the escapes of plain code")
{
    std::mt19937_64 engine(7);
    for (std::size_t size : {4000U, 16384U, 70000U, 300000U}) {
        const std::string text = random_text(engine, size);
        CHECK(tests::serialized(Value::string(text)) == "<S>" + plain_escape(text, false) + "</S>");
        Arena arena;
        Object* bag = make_bag(arena);
        bag->add_note(arena, text, Value());
        bag->add_note(arena, std::string(size, 'n'), Value());
        CHECK(
            tests::serialized(Value::object(bag))
                .find(
                    "<MS><Nil N=\"" + plain_escape(text, true) + "\" /><Nil N=\"" +
                    std::string(size, 'n') + "\" /></MS>"
                ) != std::string::npos
        );
    }
}

TEST_CASE("addresses keep their numbers, however many there are")
{
    const std::vector<char> memory(200'000);
    for (std::size_t step : {1U, 8U, 16U, 128U, 4096U}) {
        detail::AddressTable table;
        std::vector<const char*> added;
        for (std::size_t at = 0; at < memory.size() && added.size() < 20000; at += step) {
            REQUIRE(table.find(&memory[at]) == detail::AddressTable::none);
            REQUIRE(table.add(&memory[at]) == added.size());
            added.push_back(&memory[at]);
        }
        for (std::uint32_t i = 0; i < added.size(); ++i)
            REQUIRE(table.find(added[i]) == i);
    }
}
