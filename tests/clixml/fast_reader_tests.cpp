// The fast reader declines a text or reads it as the general reader does: on whole texts, on each
// of their prefixes, and with each of their bytes changed.
#include <clixml/base64.hpp>
#include <clixml/detail/base64_blocks.hpp>
#include <clixml/detail/digits.hpp>
#include <clixml/detail/fast_reader.hpp>
#include <clixml/detail/short_double.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <charconv>
#include <random>

using namespace clixml;

namespace {

ReadOptions options_of(Reading reading, Form form = Form::Document)
{
    ReadOptions options;
    options.reading = reading;
    options.form = form;
    return options;
}

// What a text is read as: what is written verbatim for it, or the error and its offset.
std::string outcome(std::string_view text, const ReadOptions& options, std::size_t shift = 0)
{
    const tests::ReadText read(text, options);
    if (!read.good()) {
        return std::to_string(read.error().offset - shift) + " " + tests::outcome_of(read.error());
    }
    WriteOptions writing;
    writing.writing = Writing::Verbatim;
    writing.form = options.form;
    writing.version = read.form().version;
    std::string written;
    const auto result = write_values(read.values(), writing, written);
    return result ? written : tests::outcome_of(result.error());
}

// Only the general reader takes a comment.
std::string general_outcome(std::string_view text, const ReadOptions& options)
{
    constexpr std::string_view comment = "<!---->";
    return outcome(std::string(comment).append(text), options, comment.size());
}

void check_same(std::string_view text, Form form = Form::Document)
{
    for (const Reading reading : {Reading::Lossless, Reading::Deserialized}) {
        const ReadOptions options = options_of(reading, form);
        const std::string fast = outcome(text, options);
        const std::string general = general_outcome(text, options);
        if (fast != general) {
            CAPTURE(text);
            CHECK(fast == general);
        }
    }
}

bool is_read_fast(std::string_view text, Reading reading)
{
    Arena arena;
    const ReadOptions options = options_of(reading);
    detail::FastReader reader(text, arena, options);
    std::vector<TopLevelValue> values;
    TextForm form;
    return reader.read_document(values, form);
}

const std::string padding(256, ' ');

// Objects of two shapes in turn, with all that PowerShell puts into and around them.
std::string repeated(std::string_view line)
{
    std::string text(line);
    const auto add = [&](std::string_view part) { text.append(part).append(line); };
    add("<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Object[]</T><T>System.Object</T></TN><LST>");
    int id = 1;
    for (int round = 0; round < 3; ++round) {
        const std::string ids = round == 0 ? "<TN RefId=\"1\"><T>A</T><T>System.Object</T></TN>"
                                           : "<TNRef RefId=\"1\" />";
        add("<Obj RefId=\"" + std::to_string(id++) + "\">");
        add(ids);
        add("<MS>");
        add("<I32 N=\"Id\">" + std::to_string(round * 7 - 9) + "</I32>");
        add("<S N=\"Name_x0020_1\">a_x000A_b &lt;c&gt; &amp;_d</S>");
        add("<S N=\"Empty\" />");
        add("<B N=\"On\">" + std::string(round == 1 ? "true" : "false") + "</B>");
        add("<DT N=\"When\">2024-02-29T01:02:03.45Z</DT>");
        add("<G N=\"Key\">65673c53-e75e-c9f2-8721-ce24e0a80c83</G>");
        add("<Db N=\"Rate\">867659.3105318993</Db>");
        add("<Nil N=\"Nothing\" />");
        add("<BA N=\"Bytes\">AQIDBA==</BA>");
        add("<Obj RefId=\"" + std::to_string(id++) + "\" N=\"Kind\">");
        add(round == 0 ? "<TN RefId=\"2\"><T>System.DayOfWeek</T></TN>" : "<TNRef RefId=\"2\" />");
        add("<ToString>Monday</ToString>");
        add("<I32>1</I32>");
        add("</Obj>");
        add("<Ref RefId=\"1\" N=\"Self\" />");
        add("</MS>");
        add("</Obj>");
        add("<Obj RefId=\"" + std::to_string(id++) + "\">");
        add(round == 0 ? "<TN RefId=\"3\"><T>B</T></TN>" : "<TNRef RefId=\"3\" />");
        add("<ToString>B</ToString>");
        add("<Props>");
        add("<Obj N=\"Table\" RefId=\"" + std::to_string(id++) + "\">");
        add("<DCT>");
        add("<En>");
        add("<S N=\"Key\">k</S>");
        add("<I64 N=\"Value\">5</I64>");
        add("</En>");
        add("</DCT>");
        add("</Obj>");
        add("</Props>");
        add("<MS>");
        add("<U64 N=\"Big\">18446744073709551615</U64>");
        add("</MS>");
        add("</Obj>");
        add("<I32>5</I32>");
        add("<I32>-2147483648</I32>");
        add("<Version>1.2.3</Version>");
        add("<TS>PT1H</TS>");
    }
    add("</LST>");
    add("</Obj>");
    return tests::in_document(text);
}

} // namespace

TEST_CASE("texts as PowerShell writes them are not declined")
{
    for (const std::string_view line : {"", "\n", "\r\n  ", "\n                "}) {
        for (const Reading reading : {Reading::Lossless, Reading::Deserialized}) {
            CHECK(is_read_fast(repeated(line), reading));
            CHECK(is_read_fast(repeated(line) + padding, reading));
        }
        check_same(repeated(line));
        check_same(repeated(line) + padding);
    }
}

TEST_CASE("every prefix is read as the general reader reads it")
{
    const std::string text = repeated("\n");
    for (std::size_t size = 0; size < text.size(); size += size < 400 ? 1 : 3) {
        check_same(text.substr(0, size));
        check_same(text.substr(0, size) + padding);
    }
}

TEST_CASE("a text with one byte changed is read as the general reader reads it")
{
    const std::string text = repeated("");
    const std::string changes = "<\"0 x_>&\x7F\x80/";
    std::string changed = text + padding;
    for (std::size_t at = 0; at < text.size(); ++at) {
        changed[at] = changes[at * 7 % changes.size()];
        check_same(changed);
        changed[at] = static_cast<char>(text[at] ^ 1);
        check_same(changed);
        changed[at] = text[at];
    }
}

TEST_CASE("a text with bytes put between is read as the general reader reads it")
{
    const std::string text = repeated("");
    const std::string more[] = {std::string(1, '\0'), std::string(4, '\0'), " ", "\x01", "<", "a"};
    // A zero among the first two bytes would make it UTF-16.
    for (std::size_t at = 2; at < text.size(); ++at)
        check_same(std::string(text).insert(at, more[at % std::size(more)]) + padding);
    check_same(tests::in_document("<Obj" + std::string(4, '\0') + " RefId=\"0\"><MS /></Obj>"));
    check_same(tests::in_document("<S" + std::string(2, '\0') + ">a</S>"));
}

TEST_CASE("contents of primitives are read as the general reader reads them")
{
    const char* const contents[] = {
        "",
        "0",
        "-0",
        "+0",
        "00",
        "7",
        "-7",
        "+7",
        " 7",
        "7 ",
        "007",
        "127",
        "128",
        "-128",
        "-129",
        "255",
        "256",
        "32767",
        "32768",
        "-32768",
        "-32769",
        "65535",
        "65536",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "4294967295",
        "4294967296",
        "99999999",
        "999999999",
        "123456789012345",
        "1234567890123456",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "1a",
        "1-",
        "--1",
        "true",
        "false",
        "True",
        "truth",
        "falsehood",
        "1.5",
        "-1.5",
        "1.50",
        "01.5",
        "1.",
        ".5",
        "-.5",
        "0.5",
        "-0.5",
        "0.0001",
        "0.00001",
        "1E+16",
        "1E-05",
        "1e5",
        "1E400",
        "-1E400",
        "1E-400",
        "123456789012345.5",
        "12345678901234.5",
        "100000000000000",
        "1000000000000000",
        "867659.3105318993",
        "867659.31053189930",
        "0.1",
        "0.10000000000000001",
        "NaN",
        "INF",
        "-INF",
        "Infinity",
        "5E-324",
        "1.7976931348623157E+308",
        "2024-02-29T23:59:59.9999999Z",
        "2023-02-29T00:00:00",
        "2024-02-29T24:00:00",
        "2024-13-01T00:00:00",
        "0000-01-01T00:00:00",
        "9999-12-31T23:59:59.99999999",
        "2024-01-31T00:00:00.10",
        "2024-01-31T00:00:00.",
        "2024-01-31T00:00:00.1234567",
        "2024-01-31T00:00:00.12345678",
        "2024-01-31T00:00:00+02:00",
        "2024-01-31T00:00:00.5-07:30",
        "2024-01-31",
        "2024-04-31T00:00:00",
        "2024-01-31T00:00:00z",
        "2024-01-31T00:60:00",
        "2024-01-31T00:00:60Z",
        "2024/01/31T00:00:00",
        "65673c53-e75e-c9f2-8721-ce24e0a80c83",
        "65673C53-E75E-C9F2-8721-CE24E0A80C83",
        "{65673c53-e75e-c9f2-8721-ce24e0a80c83}",
        "65673c53e75ec9f28721ce24e0a80c83",
        "65673c53-e75e-c9f2-8721-ce24e0a80c8g",
        "65673c53-e75e-c9f2-8721_ce24e0a80c83",
        "PT1H2M3.4S",
        "P1D",
        "PT",
        "1.2",
        "1.2.3.4",
        "1.2.3.4.5",
        "AQID",
        "AQI=",
        "AQ==",
        "AR==",
        "AQ=",
        "A===",
        "AQ ID",
        "AQID\n",
        "AQI=AQID",
        "_x000A_",
        "_x000a_",
        "_x005F_x",
        "_x005F_",
        "_x0041_",
        "_xD83D__xDE00_",
        "_xD83D_",
        "_x",
        "__x0078_",
        "_x0000_",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x7F",
        "\xC2\x85",
        "\xC3\xA4",
        "\xF0\x9F\x98\x80",
        "\xEF\xBF\xBE",
        "&lt;&gt;&amp;&quot;&apos;",
        "&#65;",
        "&unknown;",
        "a]]>b",
        "a>b",
        "<!---->",
        "<![CDATA[5]]>",
    };
    for (const Primitive& row : primitive_table()) {
        for (const std::string content : contents) {
            const std::string element = std::string("<")
                                            .append(row.tag)
                                            .append(">")
                                            .append(content)
                                            .append("</")
                                            .append(row.tag)
                                            .append(">");
            check_same(tests::in_document(
                "<Obj RefId=\"0\"><LST>" + element + element + element + "</LST></Obj>" + padding
            ));
            check_same(element, Form::Bare);
            check_same(element + padding, Form::Bare);
        }
    }
}

TEST_CASE("two properties of one name are one when deserialized, however they are met")
{
    const auto object = [](int id, std::string_view properties) {
        return "<Obj RefId=\"" + std::to_string(id) + "\"><MS>" + std::string(properties) +
               "</MS></Obj>";
    };
    const std::string_view first = "<S N=\"a\">1</S><S N=\"b\">2</S>";
    const std::string_view second = "<S N=\"a\">1</S><S N=\"A\">3</S><S N=\"b\">2</S>";
    for (const auto& order : {std::pair(first, second), std::pair(second, first)}) {
        const std::string text = tests::in_document(
            "<Obj RefId=\"0\"><LST>" + object(1, order.first) + object(2, order.second) +
            object(3, order.first) + "</LST></Obj>" + padding
        );
        check_same(text);
        const tests::ReadText read(text, options_of(Reading::Deserialized));
        for (const Value& item : read.value().object()->items())
            CHECK(item.object()->extended().size() == 2);
    }
}

TEST_CASE("many objects of many shapes are read as the general reader reads them")
{
    std::mt19937_64 engine(5);
    std::string body = "<Obj RefId=\"0\"><LST>";
    for (int id = 1; id <= 3000; ++id) {
        const bool is_known = engine() % 3 == 0;
        body += "<Obj RefId=\"" + std::to_string(id) + "\"><MS>";
        for (std::uint64_t n = engine() % 5; n > 0; --n) {
            const std::string name =
                is_known ? "N" + std::to_string(n) : "N" + std::to_string(engine() % 100'000);
            body += "<S N=\"" + name + "\">" + std::to_string(engine() % 1000) + "</S>";
        }
        body += "</MS></Obj>";
    }
    check_same(tests::in_document(body + "</LST></Obj>"));
}

TEST_CASE("doubles without an exponent are read as the library reads them")
{
    std::mt19937_64 engine(22);
    std::size_t taken = 0;
    const auto check = [&](const std::string& digits) {
        const std::string text = std::string(16, '.') + digits + "<" + std::string(64, 'x');
        double number = 0;
        const char* end = detail::read_short_double(text.data() + 16, number);
        if (end == nullptr) return;
        ++taken;
        double expected = 0;
        const char* last = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), last, expected);
        REQUIRE(end == text.data() + 16 + digits.size());
        REQUIRE((read.ec == std::errc{} && read.ptr == last));
        INFO(digits);
        REQUIRE(std::bit_cast<std::uint64_t>(number) == std::bit_cast<std::uint64_t>(expected));
    };
    for (const char* digits :
         {"0",
          "-0",
          "0.0",
          "-0.5",
          "1",
          "1.",
          ".5",
          "-",
          "",
          "1..2",
          "1.2.3",
          "1e5",
          "NaN",
          "INF",
          "9007199254740993",
          "9007199254740993.0",
          "4503599627370496.5",
          "4503599627370497.5",
          "18014398509481985",
          "123456789012345",
          "1234567890123456789",
          "0.000000000000000001",
          "999999999999999.9999",
          "0.3000000000000000444",
          "00012.50"})
        check(digits);
    for (int round = 0; round < 200'000; ++round) {
        std::string digits;
        for (std::uint64_t left = 1 + engine() % 19; left != 0; --left)
            digits += static_cast<char>('0' + engine() % 10);
        if (engine() % 8 != 0) digits.insert(engine() % (digits.size() + 1), 1, '.');
        if (engine() % 2 == 0) digits.insert(0, 1, '-');
        if (engine() % 16 == 0) digits[engine() % digits.size()] = "+eE:/ ,"[engine() % 7];
        check(digits);
    }
    CHECK(taken > 100'000);
}

TEST_CASE("what lies between two doubles becomes the nearer one, or the even one")
{
    std::mt19937_64 engine(23);
    for (int round = 0; round < 100'000; ++round) {
        const std::uint64_t half = engine() % (1ULL << 53) | 1ULL << 53 | 1;
        for (std::uint64_t magnitude :
             {half,
              half - 1,
              half + 1,
              half << 5,
              (half << 5) + 1,
              (half << 5) - 1,
              engine() | 1}) {
            REQUIRE(detail::divide_by_power_of_ten(magnitude, 0) == static_cast<double>(magnitude));
            const std::string digits = std::to_string(magnitude / 5) + "e-1";
            double expected = 0;
            std::from_chars(digits.data(), digits.data() + digits.size(), expected);
            REQUIRE(detail::divide_by_power_of_ten(magnitude / 5, 1) == expected);
        }
    }
}

TEST_CASE("names are known again, and hold their text when there are more than are kept")
{
    Arena arena;
    const Name* first = arena.intern("first");
    CHECK(arena.intern("first") == first);
    CHECK(arena.intern("First") != first);
    std::vector<const Name*> names;
    for (int i = 0; i < 30'000; ++i)
        names.push_back(arena.intern("name" + std::to_string(i)));
    for (int i = 0; i < 30'000; ++i)
        REQUIRE(names[static_cast<std::size_t>(i)]->text() == "name" + std::to_string(i));
    CHECK(arena.intern("name29999") == names.back());
    CHECK(arena.intern("first")->text() == "first");
    CHECK(arena.intern("first")->folded_hash == first->folded_hash);
    CHECK(arena.intern("a>b")->is_plain == 0);
    CHECK(arena.intern("a_xb")->is_plain == 0);
    CHECK(arena.intern("a_b")->is_plain == 1);
}

TEST_CASE("digits are read alike with and without vectors")
{
    std::mt19937_64 engine(16);
    for (int round = 0; round < 20'000; ++round) {
        char text[32];
        for (char& c : text)
            c = static_cast<char>('0' + engine() % 10);
        if (engine() % 4 == 0) text[engine() % 32] = static_cast<char>(engine());
        const auto count = static_cast<unsigned>(engine() % 16);
        std::uint64_t number = 0;
        std::uint64_t expected = 0;
        const bool good = detail::read_digits_before(text + 32, count, number);
        REQUIRE(good == detail::read_digits_before_plain(text + 32, count, expected));
        if (good) REQUIRE(number == expected);
        for (char& c : text)
            c = "0123456789abcdefABCDEF"[engine() % (round % 2 == 0 ? 16 : 22)];
        if (engine() % 4 == 0) text[engine() % 32] = static_cast<char>(engine());
        for (const bool lower : {false, true}) {
            std::uint8_t bytes[16];
            std::uint8_t plain[16];
            const bool read = detail::read_hexadecimal32(
                detail::Block16::load(text), detail::Block16::load(text + 16), lower, bytes
            );
            REQUIRE(read == detail::read_hexadecimal32_plain(text, lower, plain));
            if (read) REQUIRE(std::equal(bytes, bytes + 16, plain));
        }
    }
}

TEST_CASE("base64 groups are read alike with and without vectors")
{
    std::mt19937_64 engine(64);
    for (int round = 0; round < 5'000; ++round) {
        Bytes bytes(engine() % 200);
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(engine());
        std::string text;
        append_base64(bytes, text);
        if (round % 2 == 1 && !text.empty())
            text[engine() % text.size()] = static_cast<char>(engine());
        Bytes vector(detail::base64_room(text.size()));
        Bytes plain(detail::base64_room(text.size()));
        const tests::ExactBuffer exact(text);
        const std::size_t read = detail::read_base64_groups(exact.text(), vector.data());
        REQUIRE(read == detail::read_base64_groups_plain(exact.text(), plain.data()));
        REQUIRE(std::equal(
            vector.begin(),
            vector.begin() + static_cast<std::ptrdiff_t>(read / 4 * 3),
            plain.begin()
        ));
    }
}
