// Texts of primitives: what is accepted, what is refused and what is written (fact sheet clixml 2).
#include <clixml/lexical.hpp>
#include <clixml/primitive_table.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace clixml;
using namespace std::string_literals;

namespace {

// `text` read as `kind` and written again, or the error.
std::string rewritten(Kind kind, std::string_view text)
{
    const tests::ExactBuffer exact(text);
    Arena arena;
    const auto value = read_lexical(kind, exact.text(), arena, nullptr);
    if (!value) {
        CHECK(value.error().offset <= text.size());
        return tests::outcome_of(value.error());
    }
    CHECK(value->kind() == kind);
    return lexical_text(*value);
}

struct Row {
    Kind kind;
    std::string text;
    std::string written; // empty: InvalidPrimitive
};

const std::string refused = tests::outcome_of(Errc::InvalidPrimitive);

void check_rows(const std::vector<Row>& rows)
{
    for (const Row& row : rows) {
        INFO(primitive_of(row.kind).tag << " '" << row.text << "'");
        CHECK(rewritten(row.kind, row.text) == (row.written.empty() ? refused : row.written));
    }
}

struct Range {
    Kind kind;
    std::string min;
    std::string max;
    std::string below;
    std::string above;
    bool is_signed;
};

template <typename Float>
Float float_of(const Value& value)
{
    if constexpr (sizeof(Float) == 4)
        return value.single_value();
    else
        return value.double_value();
}

// Random bit patterns: each is written, read and must be the same bits again (NaNs stay NaNs).
template <typename Float, typename Bits>
void check_bit_patterns(Kind kind, Value (*make)(Float), std::uint64_t seed)
{
    std::mt19937_64 engine(seed);
    for (int i = 0; i < 20000; ++i) {
        const auto bits = static_cast<Bits>(engine());
        const Float number = std::bit_cast<Float>(bits);
        const std::string text = lexical_text(make(number));
        Arena arena;
        const auto read = read_lexical(kind, text, arena, nullptr);
        INFO("seed " << seed << ", pattern " << bits << ", text " << text);
        REQUIRE(read);
        if (std::isnan(number))
            REQUIRE(std::isnan(float_of<Float>(*read)));
        else
            REQUIRE(std::bit_cast<Bits>(float_of<Float>(*read)) == bits);
        REQUIRE(lexical_text(*read) == text);
    }
}

} // namespace

TEST_CASE("integers are read up to the ends of their range and refused beyond")
{
    const Range ranges[] = {
        {Kind::Byte, "0", "255", "-1", "256", false},
        {Kind::SByte, "-128", "127", "-129", "128", true},
        {Kind::UInt16, "0", "65535", "-1", "65536", false},
        {Kind::Char, "0", "65535", "-1", "65536", false},
        {Kind::Int16, "-32768", "32767", "-32769", "32768", true},
        {Kind::UInt32, "0", "4294967295", "-1", "4294967296", false},
        {Kind::Int32, "-2147483648", "2147483647", "-2147483649", "2147483648", true},
        {Kind::UInt64, "0", "18446744073709551615", "-1", "18446744073709551616", false},
        {Kind::Int64,
         "-9223372036854775808",
         "9223372036854775807",
         "-9223372036854775809",
         "9223372036854775808",
         true},
    };
    for (const Range& range : ranges) {
        INFO(primitive_of(range.kind).tag);
        CHECK(rewritten(range.kind, range.min) == range.min);
        CHECK(rewritten(range.kind, range.max) == range.max);
        CHECK(rewritten(range.kind, "000" + range.max) == range.max);
        CHECK(rewritten(range.kind, "\t\n\v\f\r " + range.max + " \r\f\v\n\t") == range.max);
        CHECK(rewritten(range.kind, range.below) == refused);
        CHECK(rewritten(range.kind, range.above) == refused);
        CHECK(rewritten(range.kind, range.max + "0000000000000000000000") == refused);
        CHECK(rewritten(range.kind, "+5") == (range.is_signed ? "5" : refused));
        CHECK(rewritten(range.kind, "-0") == (range.is_signed ? "0" : refused));
        for (const char* bad :
             {"",
              " ",
              "+",
              "-",
              "+-5",
              "-+5",
              "--5",
              "+ 5",
              "- 5",
              "5 5",
              "5.",
              "5.0",
              "1e2",
              "0x5",
              "1,000",
              "5-",
              "five",
              "\xD9\xA5",
              "\xC2\xA0"
              "5"}) {
            INFO("'" << bad << "'");
            CHECK(rewritten(range.kind, bad) == refused);
        }
    }
}

TEST_CASE("booleans are read in four spellings")
{
    check_rows({
        {Kind::Boolean, "true", "true"},
        {Kind::Boolean, "false", "false"},
        {Kind::Boolean, "1", "true"},
        {Kind::Boolean, "0", "false"},
        {Kind::Boolean, " \t\r\ntrue \t\r\n", "true"},
        {Kind::Boolean, "\vtrue", ""},
        {Kind::Boolean, "True", ""},
        {Kind::Boolean, "TRUE", ""},
        {Kind::Boolean, "", ""},
        {Kind::Boolean, "01", ""},
        {Kind::Boolean, "yes", ""},
        {Kind::Boolean, "true false", ""},
    });
}

TEST_CASE("doubles are read and written as XmlConvert does")
{
    check_rows({
        {Kind::Double, "1.", "1"},
        {Kind::Double, ".5", "0.5"},
        {Kind::Double, "1E5", "100000"},
        {Kind::Double, "1e+05", "100000"},
        {Kind::Double, "1e-05", "1E-05"},
        {Kind::Double, "+1.5", "1.5"},
        {Kind::Double, "-0", "-0"},
        {Kind::Double, "-0.0", "-0"},
        {Kind::Double, "-1e-999", "-0"},
        {Kind::Double, "1e-999", "0"},
        {Kind::Double, "1e999", "INF"},
        {Kind::Double, "-1e999", "-INF"},
        {Kind::Double, "0.000e999", "0"},
        {Kind::Double, "1" + std::string(400, '0'), "INF"},
        {Kind::Double, "0." + std::string(400, '0') + "1", "0"},
        {Kind::Double, "1" + std::string(400, '0') + "e-400", "1"},
        {Kind::Double, "INF", "INF"},
        {Kind::Double, " -INF ", "-INF"},
        {Kind::Double, "Infinity", "INF"},
        {Kind::Double, "-INFINITY", "-INF"},
        {Kind::Double, "+infinity", "INF"},
        {Kind::Double, "nan", "NaN"},
        {Kind::Double, "+INF", ""},
        {Kind::Double, "inf", ""},
        {Kind::Double, "infinit", ""},
        {Kind::Double, ".", ""},
        {Kind::Double, "1d", ""},
        {Kind::Double, "1e", ""},
        {Kind::Double, "e5", ""},
        {Kind::Double, "0x10", ""},
        {Kind::Double, "1,5", ""},
        {Kind::Double, "1..5", ""},
        {Kind::Double, "1 5", ""},
        {Kind::Double, "", ""},
        {Kind::Double, "1e14", "100000000000000"},
        {Kind::Double, "1e15", "1000000000000000"},
        {Kind::Double, "1e16", "10000000000000000"},
        {Kind::Double, "1e17", "1E+17"},
        {Kind::Double, "12345678901234568", "12345678901234568"},
        {Kind::Double, "123456789012345680", "1.2345678901234568E+17"},
        {Kind::Double, "0.1", "0.1"},
        {Kind::Double, "0.3333333333333333148", "0.3333333333333333"},
        {Kind::Double, "0.00012345", "0.00012345"},
        {Kind::Double, "123456789.123456789", "123456789.12345679"},
        {Kind::Double, "4.94e-324", "5E-324"},
        {Kind::Double, "1.7976931348623157e308", "1.7976931348623157E+308"},
        {Kind::Double, "1e100", "1E+100"},
    });
}

TEST_CASE("singles are read and written as XmlConvert does")
{
    check_rows({
        {Kind::Single, "1e8", "100000000"},
        {Kind::Single, "1e9", "1E+09"},
        {Kind::Single, "999999940", "999999940"},
        {Kind::Single, "16777217", "16777216"},
        {Kind::Single, "0.1", "0.1"},
        {Kind::Single, "3.4028235e38", "3.4028235E+38"},
        {Kind::Single, "3.5e38", "INF"},
        {Kind::Single, "1e-45", "1E-45"},
        {Kind::Single, "1e-60", "0"},
        {Kind::Single, "3.14159274", "3.1415927"},
        {Kind::Single, "-0", "-0"},
        {Kind::Single, "1d", ""},
    });
}

TEST_CASE("every double and single survives its text")
{
    check_bit_patterns<double, std::uint64_t>(Kind::Double, Value::double_precision, 20261);
    check_bit_patterns<float, std::uint32_t>(Kind::Single, Value::single, 20262);
}

TEST_CASE("decimals keep their scale and round to what fits")
{
    check_rows({
        {Kind::Decimal, "1.10", "1.10"},
        {Kind::Decimal, "0.0", "0.0"},
        {Kind::Decimal, "-0.0", "0.0"},
        {Kind::Decimal, "-1.5", "-1.5"},
        {Kind::Decimal, "+1", "1"},
        {Kind::Decimal, " 1 ", "1"},
        {Kind::Decimal, "1.", "1"},
        {Kind::Decimal, ".5", "0.5"},
        {Kind::Decimal, "00012.50", "12.50"},
        {Kind::Decimal, "79228162514264337593543950335", "79228162514264337593543950335"},
        {Kind::Decimal, "-79228162514264337593543950335", "-79228162514264337593543950335"},
        {Kind::Decimal, "79228162514264337593543950336", ""},
        {Kind::Decimal, "0.0000000000000000000000000001", "0.0000000000000000000000000001"},
        {Kind::Decimal, "0.00000000000000000000000000005", "0.0000000000000000000000000000"},
        {Kind::Decimal, "0.00000000000000000000000000015", "0.0000000000000000000000000002"},
        {Kind::Decimal, "0.000000000000000000000000000051", "0.0000000000000000000000000001"},
        {Kind::Decimal, "7.92281625142643375935439503354", "7.9228162514264337593543950335"},
        {Kind::Decimal, "1e5", ""},
        {Kind::Decimal, "1,000", ""},
        {Kind::Decimal, ".", ""},
        {Kind::Decimal, "", ""},
        {Kind::Decimal, "-", ""},
        {Kind::Decimal, "1.2.3", ""},
        {Kind::Decimal, "INF", ""},
    });
}

TEST_CASE("Guids are read in all five formats and written in one")
{
    const std::string d = "abcdef01-0506-0708-090a-0b0c0d0e0f10";
    check_rows({
        {Kind::Guid, d, d},
        {Kind::Guid, "ABCDEF01-0506-0708-090A-0B0C0D0E0F10", d},
        {Kind::Guid, "abcdef0105060708090a0b0c0d0e0f10", d},
        {Kind::Guid, "{" + d + "}", d},
        {Kind::Guid, "(" + d + ")", d},
        {Kind::Guid, " \t" + d + "\n", d},
        {Kind::Guid, "{0xabcdef01,0x0506,0x0708,{0x09,0x0a,0x0b,0x0c,0x0d,0x0e,0x0f,0x10}}", d},
        {Kind::Guid,
         "+0112233-4455-6677-8899-aabbccddeeff",
         "00112233-4455-6677-8899-aabbccddeeff"},
        {Kind::Guid,
         "00112233-0x55-+677-+0x9-0xbbccddeeff",
         "00112233-0055-0677-0009-00bbccddeeff"},
        {Kind::Guid, "00112233-4455-6677-8899-aabb+cddeeff", ""},
        {Kind::Guid, "0x0x2233-4455-6677-8899-aabbccddeeff", ""},
        {Kind::Guid, "+0112233445566778899aabbccddeeff0", ""},
        {Kind::Guid, "{0x0+1,0x2,0x3,{0x4,0x5,0x6,0x7,0x8,0x9,0xa,0xb}}", ""},
        {Kind::Guid,
         "{0x+1,0x12345678,0x3,{0x4,0x5,0x6,0x7,0x8,0x9,0xa,0xb}}",
         "00000001-5678-0003-0405-060708090a0b"},
        {Kind::Guid, "{0x000000001,0x2,0x3,{0x4,0x5,0x6,0x7,0x8,0x9,0xa,0x100}}", ""},
        {Kind::Guid, "{" + d + ")", ""},
        {Kind::Guid, d + "0", ""},
        {Kind::Guid, d.substr(1), ""},
        {Kind::Guid, "abcdef01_0506-0708-090a-0b0c0d0e0f10", ""},
        {Kind::Guid, "gbcdef01-0506-0708-090a-0b0c0d0e0f10", ""},
        {Kind::Guid, "", ""},
        {Kind::Guid, "{}", ""},
    });
    const Guid guid = *Guid::read("00112233-4455-6677-8899-aabbccddeeff");
    CHECK(guid.net_bytes()[0] == 0x33);
    CHECK(Guid::from_net_bytes(guid.net_bytes().data()) == guid);
}

TEST_CASE("versions have two to four parts")
{
    check_rows({
        {Kind::Version, "1.2", "1.2"},
        {Kind::Version, "1.2.3", "1.2.3"},
        {Kind::Version, "1.2.3.4", "1.2.3.4"},
        {Kind::Version, " 1 . +2 ", "1.2"},
        {Kind::Version, "2147483647.0", "2147483647.0"},
        {Kind::Version, "2147483648.0", ""},
        {Kind::Version, "1", ""},
        {Kind::Version, "1.2.3.4.5", ""},
        {Kind::Version, "1.-2", ""},
        {Kind::Version, "-0.-00", "0.0"},
        {Kind::Version, "1.- 0", ""},
        {Kind::Version, "1.", ""},
        {Kind::Version, ".1", ""},
        {Kind::Version, "1..2", ""},
        {Kind::Version, "", ""},
    });
}

TEST_CASE("addresses are refused where Uri's constructor throws")
{
    check_rows({
        {Kind::Uri, "http://h/p", "http://h/p"},
        {Kind::Uri, "http://h:80/", "http://h/"},
        {Kind::Uri, "a/b c", "a/b c"},
        {Kind::Uri, "mailto:x@y", "mailto:x@y"},
        {Kind::Uri, "c:\\x", "file:///c:/x"},
        {Kind::Uri, "http://[::1]:5985/", "http://[::1]:5985/"},
        {Kind::Uri, "http://", ""},
        {Kind::Uri, "http://[", ""},
        {Kind::Uri, "http://h:x/", ""},
        {Kind::Uri, "http://h:65536/", ""},
        {Kind::Uri, "a\xFF", ""},
    });
}

TEST_CASE("numbers may be followed by NUL characters as in .NET")
{
    CHECK(rewritten(Kind::Int32, "5\0\0"s) == "5");
    CHECK(rewritten(Kind::Int32, "\0005"s) == refused);
}

TEST_CASE("the table of primitives finds each row by tag and by kind")
{
    CHECK(primitive_table().size() == 24);
    for (const Primitive& row : primitive_table()) {
        CHECK(find_primitive(row.tag) == &row);
        CHECK(&primitive_of(row.kind) == &row);
        CHECK(row.type_names.front() == row.type_name);
        CHECK(row.type_names.back() == "System.Object");
    }
    for (const char* tag : {"", "s", "Obj", "Nil", "Ref", "I128", "SemanticVersion"})
        CHECK(find_primitive(tag) == nullptr);
}
