// Conversions of values: what loses nothing is converted, all else is an error.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace clixml;

namespace {

template <typename T>
bool refuses(const Value& value)
{
    const auto result = value.as<T>();
    return !result && result.error().code == Errc::NotConvertible;
}

} // namespace

TEST_CASE("integers convert to every integer type that holds them")
{
    const Value minus_one = Value::int32(-1);
    CHECK(minus_one.as<std::int8_t>() == -1);
    CHECK(minus_one.as<std::int64_t>() == -1);
    CHECK(refuses<std::uint8_t>(minus_one));
    CHECK(refuses<std::uint64_t>(minus_one));
    const Value large = Value::uint64(std::numeric_limits<std::uint64_t>::max());
    CHECK(large.as<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
    CHECK(refuses<std::int64_t>(large));
    CHECK(large.as<Decimal>()->text() == "18446744073709551615");
    CHECK(Value::int16(255).as<std::uint8_t>() == 255);
    CHECK(refuses<std::uint8_t>(Value::int16(256)));
    CHECK(Value::int64(1LL << 53).as<double>() == 9007199254740992.0);
    CHECK(refuses<double>(Value::int64((1LL << 53) + 1)));
    CHECK(refuses<float>(Value::int32((1 << 24) + 1)));
    CHECK(Value::single(0.5F).as<double>() == 0.5);
    CHECK(refuses<float>(Value::double_precision(0.5)));
}

TEST_CASE("nothing is guessed")
{
    Arena arena;
    const Value text = Value::string("1");
    CHECK(refuses<std::int32_t>(text));
    CHECK(refuses<bool>(Value::int32(1)));
    CHECK(refuses<CodeUnit>(Value::int32(65)));
    CHECK(refuses<std::int32_t>(Value::boolean(true)));
    CHECK(refuses<std::string_view>(Value::int32(1)));
    CHECK(refuses<std::string_view>(Value()));
    CHECK(refuses<BytesView>(text));
    CHECK(refuses<DateTime>(Value::time_span({1})));
    CHECK(refuses<Guid>(Value::string("01020304-0506-0708-090a-0b0c0d0e0f10")));
    CHECK(refuses<Version>(Value::string("1.2")));
    CHECK(refuses<Decimal>(Value::double_precision(1)));
    CHECK(refuses<std::int32_t>(Value::object(make_bag(arena))));
}

TEST_CASE("objects that wrap a primitive convert as it")
{
    Arena arena;
    Object* noted = wrap(arena, Value::int32(5));
    noted->set_note(arena, "n", Value::string("x"));
    CHECK(Value::object(noted).as<std::int64_t>() == 5);
    CHECK(Value::object(make_enum(arena, "E", "Red", 2)).as<std::int32_t>() == 2);
    Object* outer = arena.make<Object>();
    outer->set_base(Value::object(noted));
    CHECK(Value::object(outer).as<std::int32_t>() == 5);
    CHECK(Value::with_lexical(arena, Value::int32(5), "+5").as<std::int32_t>() == 5);
    Object* ring = arena.make<Object>();
    ring->set_base(Value::object(ring));
    CHECK(refuses<std::int32_t>(Value::object(ring)));
}

TEST_CASE("every kind gives back what it was made of")
{
    Arena arena;
    CHECK(Value::boolean(true).as<bool>() == true);
    CHECK(Value::character({0xD83D}).as<CodeUnit>() == CodeUnit{0xD83D});
    const DateTime moment{date_time_ticks_max, DateTimeKind::Local, -720};
    CHECK(Value::date_time(moment).as<DateTime>() == moment);
    CHECK(Value::time_span({INT64_MIN}).as<TimeSpan>() == TimeSpan{INT64_MIN});
    const Guid guid = *Guid::read("01020304-0506-0708-090a-0b0c0d0e0f10");
    CHECK(Value::guid(arena, guid).as<Guid>() == guid);
    CHECK(Value::version(arena, {1, 2, 3, -1}).as<Version>() == Version{1, 2, 3, -1});
    for (const Value& value :
         {Value::string("t"),
          Value::uri("t"),
          Value::xml_document("t"),
          Value::script_block("t"),
          Value::secure_string("t")}) {
        CHECK(value.as<std::string_view>() == "t");
    }
    const std::uint8_t bytes[] = {1, 2, 3};
    CHECK(Value::bytes(bytes).as<BytesView>()->size() == 3);
    CHECK(Value().is_nil());
    CHECK(Value::object(nullptr).is_nil());
}
