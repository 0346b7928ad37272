// Every limit of ReadLimits at its value and one above.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <functional>

using namespace clixml;

namespace {

std::string repeated(std::string_view text, std::size_t count)
{
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
        out += text;
    return out;
}

std::string lists(std::size_t levels, const std::string& inside)
{
    return repeated("<Obj><LST>", levels) + inside + repeated("</LST></Obj>", levels);
}

struct Row {
    const char* name;
    std::function<void(ReadLimits&)> set;
    std::function<std::string(std::size_t)> text; // holds as much as its argument says
    std::size_t limit;
    Errc code;
};

void check(const Row& row, const std::string& prefix)
{
    for (const Reading reading : {Reading::Lossless, Reading::Deserialized}) {
        ReadOptions options = tests::bare_options();
        options.reading = reading;
        row.set(options.limits);
        INFO(row.name << ", prefix '" << prefix << "'");
        const tests::ReadText within(prefix + row.text(row.limit), options);
        CHECK((within.good() ? "read" : within.error().text()) == "read");
        const std::string above = prefix + row.text(row.limit + 1);
        const tests::ReadText beyond(above, options);
        REQUIRE_FALSE(beyond.good());
        CHECK(beyond.error().code == row.code);
        CHECK(beyond.error().offset <= above.size());
    }
}

} // namespace

TEST_CASE("every limit lets its amount through and refuses one more")
{
    const Row rows[] = {
        {"depth",
         [](ReadLimits&) {},
         [](std::size_t n) { return lists(n - 1, "<I32>1</I32>"); },
         49,
         Errc::NestedTooDeeply},
        {"depth, null",
         [](ReadLimits&) {},
         [](std::size_t n) { return lists(n - 1, "<Nil/>"); },
         49,
         Errc::NestedTooDeeply},
        {"depth, bags",
         [](ReadLimits& limits) { limits.depth_max = 10; },
         [](std::size_t n) {
             std::string text = "<I32 N=\"l\">1</I32>";
             for (std::size_t i = 1; i < n; ++i) {
                 text = (i + 1 == n ? "<Obj><MS>" : "<Obj N=\"l\"><MS>") + text + "</MS></Obj>";
             }
             return text;
         },
         10,
         Errc::NestedTooDeeply},
        {"depth, objects in objects",
         [](ReadLimits& limits) { limits.depth_max = 5; },
         [](std::size_t n) { return repeated("<Obj>", n) + repeated("</Obj>", n); },
         5,
         Errc::NestedTooDeeply},
        {"member sets",
         [](ReadLimits&) {},
         [](std::size_t n) {
             return "<Obj><MS>" + repeated("<MS N=\"m\">", n - 1) + repeated("</MS>", n - 1) +
                    "</MS></Obj>";
         },
         64,
         Errc::NestedTooDeeply},
        {"elements",
         [](ReadLimits& limits) { limits.elements_max = 100; },
         [](std::size_t n) { return lists(1, repeated("<Nil/>", n - 2)); },
         100,
         Errc::TooManyElements},
        {"text",
         [](ReadLimits& limits) { limits.text_bytes_max = 1000; },
         [](std::size_t n) { return "<S>" + std::string(n, 'a') + "</S>"; },
         1000,
         Errc::TextTooLarge},
        {"attribute",
         [](ReadLimits& limits) { limits.text_bytes_max = 1000; },
         [](std::size_t n) { return "<S N=\"" + std::string(n, 'a') + "\">a</S>"; },
         1000,
         Errc::TextTooLarge},
        {"objects",
         [](ReadLimits& limits) { limits.objects_max = 100; },
         [](std::size_t n) { return lists(1, repeated("<Obj/>", n - 1)); },
         100,
         Errc::TooManyObjects},
        {"names of a type",
         [](ReadLimits& limits) { limits.type_names_max = 20; },
         [](std::size_t n) { return "<Obj><TN>" + repeated("<T>a</T>", n) + "</TN></Obj>"; },
         20,
         Errc::TooManyTypeNames},
        {"lists of type names",
         [](ReadLimits& limits) { limits.type_name_lists_max = 20; },
         [](std::size_t n) { return lists(1, repeated("<Obj><TN><T>a</T></TN></Obj>", n)); },
         20,
         Errc::TooManyTypeNames},
        {"attributes",
         [](ReadLimits&) {},
         [](std::size_t n) {
             std::string text = "<S";
             for (std::size_t i = 0; i < n; ++i)
                 text += " a" + std::to_string(i) + "=\"\"";
             return text + ">a</S>";
         },
         64,
         Errc::TooManyAttributes},
    };
    // The comment sends the text to the general reader, which must know the same limits.
    for (const Row& row : rows) {
        check(row, "");
        check(row, "<!---->");
    }
}

TEST_CASE("a document may have as many bytes as its limit")
{
    const std::string text = "<S>0123456789</S>";
    ReadOptions options = tests::bare_options();
    options.limits.document_bytes_max = text.size();
    CHECK(tests::ReadText(text, options).good());
    options.limits.document_bytes_max = text.size() - 1;
    const tests::ReadText beyond(text, options);
    CHECK(beyond.error().code == Errc::DocumentTooLarge);
    CHECK(beyond.error().offset <= text.size());
}

TEST_CASE("edge case 81: member sets and bases do not count as nested values")
{
    const std::string sixty =
        "<Obj><MS>" + repeated("<MS N=\"m\">", 60) + repeated("</MS>", 60) + "</MS></Obj>";
    CHECK(tests::ReadText(sixty, tests::bare_options()).good());
    const std::string base =
        repeated("<Obj><LST>", 48) + "<Obj><I32>1</I32></Obj>" + repeated("</LST></Obj>", 48);
    CHECK(tests::ReadText(base, tests::bare_options()).good());
}
