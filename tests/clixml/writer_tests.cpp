// Forms and sinks of the writer.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

using namespace clixml;

namespace {

class Collector final : public TextSink {
public:
    explicit Collector(std::size_t pieces_max = SIZE_MAX) : pieces_max_(pieces_max) {}
    bool take(std::string_view piece) override
    {
        if (pieces == pieces_max_) return false;
        ++pieces;
        longest = std::max(longest, piece.size());
        text.append(piece);
        return true;
    }
    std::string text;
    std::size_t pieces = 0;
    std::size_t longest = 0;

private:
    std::size_t pieces_max_;
};

Object* long_list(Arena& arena)
{
    Object* list = make_array(arena);
    for (int i = 0; i < 50000; ++i)
        list->add_item(arena, Value::int32(i));
    return list;
}

} // namespace

TEST_CASE("pieces through a sink are the text, and stay small")
{
    Arena arena;
    const TopLevelValue value{Value::object(long_list(arena)), {}};
    const WriteOptions options = document_options();
    std::string text;
    REQUIRE(write_values({&value, 1}, options, text));
    Collector sink;
    REQUIRE(write_values({&value, 1}, options, sink));
    CHECK(sink.text == text);
    CHECK(sink.pieces > 5);
    CHECK(sink.longest < 80 * 1024);
}

TEST_CASE("a sink that refuses ends the writing")
{
    Arena arena;
    const TopLevelValue value{Value::object(long_list(arena)), {}};
    Collector sink(1);
    const auto result = write_values({&value, 1}, document_options(), sink);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::WriteFailed);
}

TEST_CASE("empty and indented documents have PowerShell's form")
{
    WriteOptions options = document_options();
    std::string text;
    REQUIRE(write_values({}, options, text));
    CHECK(text == std::string(tests::objs_start.substr(0, tests::objs_start.size() - 1)) + " />");
    Arena arena;
    Object* list = make_container(arena, ContainerKind::List, {"A"});
    list->add_item(arena, Value::int32(1));
    text.clear();
    options.crlf = true;
    REQUIRE(write_value(Value::object(list), options, text));
    CHECK(
        text ==
        std::string(tests::objs_start) +
            "\r\n  <Obj RefId=\"0\">\r\n    <TN RefId=\"0\">\r\n      <T>A</T>\r\n    </TN>\r\n"
            "    <LST>\r\n      <I32>1</I32>\r\n    </LST>\r\n  </Obj>\r\n</Objs>"
    );
}

TEST_CASE("edge case 80: the number of an enum at level 49 becomes the text, and is read")
{
    Arena arena;
    Value inner = Value::object(make_enum(arena, "E", "Red", 2));
    for (int i = 0; i < 48; ++i) {
        Object* bag = make_custom_object(arena);
        bag->set_note(arena, "l", inner);
        inner = Value::object(bag);
    }
    const std::string text = tests::serialized(inner);
    CHECK(text.find("<S>Serialized XML is nested too deeply.</S>") != std::string::npos);
    CHECK(tests::ReadText(text, tests::bare_options()).good());
}
