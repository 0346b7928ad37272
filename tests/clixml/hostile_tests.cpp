// Texts made to break or to cost: every cut of a rich document, garbage, and inputs that are large
// where a careless reader is slow. Cost is counted in bytes of arena, never in time.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <random>

using namespace clixml;

namespace {

constexpr Reading both_readings[] = {Reading::Lossless, Reading::Deserialized};

// One of each kind of element, and all kinds of markup.
std::string rich_document()
{
    return "<?xml version=\"1.0\"?><!-- c -->" +
           tests::in_document(
               "<Obj S=\"Output\" RefId=\"0\"><TN RefId=\"0\"><T>A</T><T>B</T></TN><ToString>t"
               "_x0041_</ToString><IE><Obj RefId=\"1\"><TNRef RefId=\"0\"/><STK><I32>1</I32></"
               "STK></Obj><Obj RefId=\"2\"><QUE><Nil /></QUE></Obj></IE><Props><S N=\"a\">x&amp;"
               "&#65;<![CDATA[<]]><?p q?></S></Props><MS><MS N=\"m\"><B N=\"b\">true</B></MS></"
               "MS></Obj><Obj RefId=\"3\"><DCT><En><S N=\"Key\">k\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98"
               "\x80</S><Ref N=\"Value\" RefId=\"0\" /></En></DCT></Obj><PR><AV>a</AV><AI>1</"
               "AI><Nil /><PI>-1</PI><PC>5</PC><T>Processing</T><SR>-1</SR><SD>s</SD></PR><DT>"
               "2020-01-02T03:04:05.5Z</DT><TS>P1D</TS><BA>AQID</BA><G>01020304-0506-0708-090a-"
               "0b0c0d0e0f10</G><D>1.10</D><Db>1.5</Db><Version>1.2</Version><C>65</C><XD>&lt;a/"
               "&gt;</XD><SBK>x</SBK><URI>http://h/</URI><SS>7800</SS>"
           );
}

void check_cuts(const std::string& text, Form form)
{
    for (std::size_t size = 0; size < text.size(); ++size) {
        for (const Reading reading : both_readings) {
            ReadOptions options;
            options.form = form;
            options.reading = reading;
            const tests::ReadText read(std::string_view(text).substr(0, size), options);
            if (read.good() || read.error().offset > size)
                FAIL("a prefix of " << size << " bytes: " << read.error().text());
        }
    }
}

void check_no_crash(const std::string& text)
{
    for (const Form form : {Form::Document, Form::Bare}) {
        for (const Reading reading : both_readings) {
            ReadOptions options;
            options.form = form;
            options.reading = reading;
            const tests::ReadText read(text, options);
            if (!read.good() && read.error().offset > text.size()) FAIL(read.error().text());
        }
    }
}

struct Hostile {
    const char* name;
    std::function<std::string(std::size_t)> make; // about that many bytes
};

std::string lists_around(const std::string& inside)
{
    return "<Obj RefId=\"0\"><LST>" + inside + "</LST></Obj>";
}

template <typename Piece>
std::string filled(std::size_t bytes, Piece piece)
{
    std::string out;
    out.reserve(bytes + 1000);
    for (std::size_t i = 0; out.size() < bytes; ++i)
        out += piece(i);
    return out;
}

std::string filled(std::size_t bytes, const char* text)
{
    return filled(bytes, [text](std::size_t) { return std::string(text); });
}

const std::vector<Hostile>& hostile_inputs()
{
    static const std::vector<Hostile> all = {
        {"open lists", [](std::size_t n) { return filled(n, "<Obj><LST>"); }},
        {"open objects", [](std::size_t n) { return filled(n, "<Obj>"); }},
        {"open member sets", [](std::size_t n) { return "<Obj><MS>" + filled(n, "<MS N=\"m\">"); }},
        {"open elements in a null", [](std::size_t n) { return "<Nil>" + filled(n, "<a>"); }},
        {"less-than signs", [](std::size_t n) { return std::string(n, '<'); }},
        {"a name without end", [](std::size_t n) { return "<" + std::string(n, 'a'); }},
        {"an attribute without end", [](std::size_t n) { return "<S N=\"" + std::string(n, 'a'); }},
        {"attributes",
         [](std::size_t n) {
             return "<S" +
                    filled(n, [](std::size_t i) { return " a" + std::to_string(i) + "=\"\""; }) +
                    ">a</S>";
         }},
        {"references", [](std::size_t n) { return "<S>" + filled(n, "&amp;") + "</S>"; }},
        {"comments", [](std::size_t n) { return "<S>" + filled(n, "a<!---->") + "</S>"; }},
        {"sections", [](std::size_t n) { return "<S>" + filled(n, "<![CDATA[]]>") + "</S>"; }},
        {"brackets", [](std::size_t n) { return "<S>" + std::string(n, ']') + "</S>"; }},
        {"carriage returns", [](std::size_t n) { return "<S>" + std::string(n, '\r') + "</S>"; }},
        {"underscores", [](std::size_t n) { return "<S>" + filled(n, "_x") + "</S>"; }},
        {"escapes", [](std::size_t n) { return "<S>" + filled(n, "_x0041_") + "</S>"; }},
        {"too large escapes",
         [](std::size_t n) { return "<S>" + filled(n, "_x00110000_") + "</S>"; }},
        {"empty objects", [](std::size_t n) { return lists_around(filled(n, "<Obj/>")); }},
        {"nulls", [](std::size_t n) { return lists_around(filled(n, "<Nil/>")); }},
        {"references to one object",
         [](std::size_t n) { return lists_around(filled(n, "<Ref RefId=\"0\"/>")); }},
        {"references to one list of type names",
         [](std::size_t n) {
             return lists_around(
                 "<Obj><TN RefId=\"t\"><T>" + std::string(1000, 'a') + "</T></TN></Obj>" +
                 filled(n, "<Obj><TNRef RefId=\"t\"/></Obj>")
             );
         }},
        {"texts of one object in progress records",
         [](std::size_t n) {
             return lists_around(
                 "<Obj RefId=\"1\"><ToString>" + std::string(n / 2, 'a') + "</ToString></Obj>" +
                 filled(
                     n / 2,
                     "<PR><AV>a</AV><AI>1</AI><Ref RefId=\"1\"/><PI>-1</PI><PC>1</PC><T>0</T><SR>"
                     "1</SR><SD>s</SD></PR>"
                 )
             );
         }},
        {"names",
         [](std::size_t n) {
             return "<Obj><MS>" +
                    filled(
                        n, [](std::size_t i) { return "<Nil N=\"a" + std::to_string(i) + "\"/>"; }
                    ) +
                    "</MS></Obj>";
         }},
        {"names that differ in case",
         [](std::size_t n) {
             return "<Obj><MS>" +
                    filled(
                        n,
                        [](std::size_t i) {
                            std::string name = "abcdefghijklmnopqrst";
                            for (std::size_t bit = 0; bit < name.size(); ++bit) {
                                if ((i >> bit & 1) != 0)
                                    name[bit] = static_cast<char>(name[bit] - 32);
                            }
                            return "<Nil N=\"" + name + "\"/>";
                        }
                    ) +
                    "</MS></Obj>";
         }},
        {"identifiers in falling order",
         [](std::size_t n) {
             return lists_around(filled(n, [](std::size_t i) {
                 return "<Obj RefId=\"" + std::to_string(100'000'000 - i) + "\"/>";
             }));
         }},
        {"a long namespace",
         [](std::size_t n) {
             return "<Obj xmlns:x=\"&amp;" + std::string(n / 2, 'u') + "\"><LST>" +
                    filled(n / 2, "<Nil x:a=\"\"/>") + "</LST></Obj>";
         }},
        {"many namespaces",
         [](std::size_t n) {
             std::string text;
             std::size_t number = 0;
             std::string ends;
             for (int level = 0; level < 48; ++level) {
                 text += "<Obj";
                 for (int i = 0; i < 60; ++i)
                     text += " xmlns:a" + std::to_string(number++) + "=\"u\"";
                 text += "><LST>";
                 ends += "</LST></Obj>";
             }
             return text + filled(n, "<Nil a0:b=\"\"/>") + ends;
         }},
        {"digits", [](std::size_t n) { return "<I32>" + std::string(n, '9') + "</I32>"; }},
        {"fraction", [](std::size_t n) { return "<Db>0." + std::string(n, '9') + "</Db>"; }},
        {"a decimal", [](std::size_t n) { return "<D>0." + std::string(n, '9') + "</D>"; }},
        {"blank base64", [](std::size_t n) { return "<BA>" + std::string(n, ' ') + "</BA>"; }},
    };
    return all;
}

// Bytes that reading `text` takes from the arena.
std::size_t arena_bytes(const std::string& text, Reading reading)
{
    ReadOptions options = tests::bare_options();
    options.reading = reading;
    Arena arena;
    const auto values = read_values(text, arena, options);
    if (!values && values.error().offset > text.size()) FAIL(values.error().text());
    return arena.used_bytes();
}

// What a text may take, at worst: 28 bytes of arena a byte of text. An empty object, six bytes long
// in a text, is the densest thing there is.
constexpr std::size_t arena_factor_max = 28;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr bool is_fast_build = false;
#else
constexpr bool is_fast_build = true;
#endif

} // namespace

TEST_CASE("every prefix of a rich document is refused inside its bytes")
{
    const std::string text = rich_document();
    const tests::ReadText whole(text, tests::lossless_options(Form::Document));
    INFO(whole.error().text());
    REQUIRE(whole.good());
    check_cuts(text, Form::Document);
}

TEST_CASE("every prefix of a message is refused inside its bytes")
{
    const std::string text = rich_document();
    const std::size_t start = text.find("<Obj ");
    const std::size_t end = text.find("</Obj><Obj RefId=\"3\">") + 6;
    check_cuts(text.substr(start, end - start), Form::Bare);
}

TEST_CASE("every prefix of UTF-16 is read or refused inside its bytes")
{
    std::string text("\xFF\xFE");
    for (const char c : std::string("<Obj RefId=\"0\"><LST><S>ab</S><I32>5</I32></LST></Obj>"))
        text.append(1, c).append(1, '\0');
    CHECK(tests::ReadText(text, tests::bare_options()).good());
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
        const tests::ReadText read(std::string_view(text).substr(0, size), tests::bare_options());
        CHECK_FALSE(read.good());
        CHECK(read.error().offset <= size);
    }
}

TEST_CASE("a damaged document is read or refused inside its bytes")
{
    constexpr std::uint64_t seed = 4104;
    std::mt19937_64 engine(seed);
    const std::string good = rich_document();
    for (int i = 0; i < 4000; ++i) {
        std::string text = good;
        for (std::uint64_t changes = 1 + engine() % 3; changes > 0; --changes)
            text[engine() % text.size()] = static_cast<char>(engine());
        INFO("seed " << seed << ", round " << i);
        check_no_crash(text);
    }
}

TEST_CASE("garbage is refused inside its bytes")
{
    constexpr std::uint64_t seed = 4105;
    std::mt19937_64 engine(seed);
    const std::string_view alphabet = "<>/=\"'!-[]?&;: abNSOTLobjMSxmlns0123\xC3\xA9\xEF\xBB\xBF";
    for (int i = 0; i < 4000; ++i) {
        std::string text;
        for (std::uint64_t size = engine() % 200; size > 0; --size) {
            text += i % 2 == 0 ? static_cast<char>(engine()) : alphabet[engine() % alphabet.size()];
        }
        INFO("seed " << seed << ", round " << i);
        check_no_crash(text);
    }
}

TEST_CASE("what a hostile text takes from the arena is bounded and grows as the text does")
{
    constexpr std::size_t small = 64 * 1024;
    for (const Hostile& input : hostile_inputs()) {
        for (const Reading reading : both_readings) {
            INFO(input.name << ", reading " << static_cast<int>(reading));
            const std::string text = input.make(small);
            const std::string larger = input.make(small * 4);
            const std::size_t bytes = arena_bytes(text, reading);
            const std::size_t larger_bytes = arena_bytes(larger, reading);
            CHECK(bytes <= text.size() * arena_factor_max + 65536);
            CHECK(larger_bytes <= larger.size() * arena_factor_max + 65536);
            // Four times the text takes four times the memory, and no more than a half over.
            CHECK(larger_bytes <= bytes * 6 + 65536);
        }
    }
}

TEST_CASE("a large text of each hostile kind ends in values or an error")
{
    // 64 MiB, but where a build is many times slower than that it would only take long.
    constexpr std::size_t large = std::size_t{is_fast_build ? 64 : 1} << 20;
    for (const Hostile& input : hostile_inputs()) {
        INFO(input.name);
        const std::string text = input.make(large);
        CHECK(arena_bytes(text, Reading::Deserialized) <= text.size() * arena_factor_max + 65536);
    }
}
