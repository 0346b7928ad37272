// Forms and sinks of the writer.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

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

TEST_CASE("big values go through a sink in pieces too")
{
    Arena arena;
    const std::string text = std::string(300'000, 'a') + '<' + std::string(300'000, 'b');
    const Bytes bytes(1'000'000, 0x5A);
    Object* list = make_array(arena);
    for (int i = 0; i < 3; ++i) {
        list->add_item(arena, Value::string(text));
        list->add_item(arena, Value::bytes(bytes));
        Object* bag = make_custom_object(arena);
        bag->add_note(arena, std::string(100'000, 'n'), Value::object(make_bag(arena)));
        list->add_item(arena, Value::object(bag));
    }
    const TopLevelValue value{Value::object(list), {}};
    for (const WriteOptions& options : {document_options(), message_options()}) {
        std::string whole;
        REQUIRE(write_values({&value, 1}, options, whole));
        Collector sink;
        REQUIRE(write_values({&value, 1}, options, sink));
        CHECK(sink.text == whole);
        CHECK(sink.longest < 100 * 1024);
    }
}

TEST_CASE("an empty object at the border of two pieces keeps its form")
{
    for (std::size_t size = 65'000; size < 66'600; size += 3) {
        Arena arena;
        const std::string text(size, 'a');
        Object* list = make_array(arena);
        list->add_item(arena, Value::string(text));
        list->add_item(arena, Value::object(arena.make<Object>()));
        list->add_item(arena, Value::object(make_array_list(arena)));
        const TopLevelValue value{Value::object(list), {}};
        WriteOptions options;
        options.writing = Writing::Verbatim;
        std::string whole;
        REQUIRE(write_values({&value, 1}, options, whole));
        REQUIRE(whole.find("<Obj RefId=\"1\" />") != std::string::npos);
        Collector sink;
        REQUIRE(write_values({&value, 1}, options, sink));
        REQUIRE(sink.text == whole);
    }
}

TEST_CASE("what cannot be written leaves the string as it was")
{
    WriteOptions options = document_options();
    std::string text = "before";
    CHECK_FALSE(write_value(Value::string("\xEF\xBF\xBE"), options, text));
    CHECK(text == "before");
    REQUIRE(write_value(Value::string("a"), message_options(), text));
    CHECK(text == "before<S>a</S>");
}

TEST_CASE("several threads write the same values at once")
{
    Arena arena;
    Object* list = make_array(arena);
    for (int i = 0; i < 2000; ++i) {
        Object* bag = make_custom_object(arena);
        bag->add_note(arena, "list", Value::object(list));
        bag->add_note(arena, "number", Value::int32(i));
        list->add_item(arena, Value::object(bag));
    }
    const std::string expected = tests::serialized(Value::object(list));
    std::vector<std::string> texts(4);
    std::vector<std::thread> threads;
    for (std::string& text : texts)
        threads.emplace_back([&] { text = tests::serialized(Value::object(list)); });
    for (std::thread& thread : threads)
        thread.join();
    for (const std::string& text : texts)
        CHECK(text == expected);
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
