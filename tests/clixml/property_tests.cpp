// Random graphs of values: written, read and written again they are the same text.
#include <clixml/object.hpp>
#include <tests/clixml/codec_support.hpp>

#include <catch2/catch.hpp>

#include <random>

using namespace clixml;

namespace {

// Makes values from a seed; objects may be shared and cyclic.
class Generator {
public:
    Generator(Arena& arena, std::uint64_t seed) : arena_(arena), engine_(seed) {}

    Value value(int depth)
    {
        switch (below(depth > 0 ? 26 : 20)) {
        case 0:
            return Value();
        case 1:
            return Value::string(text());
        case 2:
            return Value::character({static_cast<std::uint16_t>(engine_())});
        case 3:
            return Value::boolean(below(2) == 0);
        case 4:
            return Value::byte(static_cast<std::uint8_t>(engine_()));
        case 5:
            return Value::sbyte(static_cast<std::int8_t>(engine_()));
        case 6:
            return Value::uint16(static_cast<std::uint16_t>(engine_()));
        case 7:
            return Value::uint64(engine_());
        case 8:
            return Value::int16(static_cast<std::int16_t>(engine_()));
        case 9:
            return Value::int32(static_cast<std::int32_t>(engine_()));
        case 10:
            return Value::int64(static_cast<std::int64_t>(engine_()));
        case 11:
            return Value::single(std::bit_cast<float>(static_cast<std::uint32_t>(engine_())));
        case 12:
            return Value::double_precision(std::bit_cast<double>(engine_()));
        case 13:
            return decimal();
        case 14:
            return moment();
        case 15:
            return Value::time_span({static_cast<std::int64_t>(engine_())});
        case 16:
            return Value::bytes(bytes_of(arena_.copy(text())));
        case 17:
            return guid();
        case 18:
            return Value::version(arena_, {1, static_cast<std::int32_t>(below(100)), -1, -1});
        case 19:
            return progress();
        default:
            return Value::object(object(depth));
        }
    }

private:
    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

    std::string_view text()
    {
        static constexpr std::string_view pieces[] = {
            "a",
            "_x",
            "_x0041_",
            "&<>\"'",
            "\t\r\n",
            "\xC3\xA9",
            "\xE2\x82\xAC",
            "\xED\xA0\xBD",
            "\xF0\x9F\x98\x80",
            "]]>",
            " ",
            "plain words",
            "\xEF\xBF\xBE",
            "\x01\x7F"};
        std::string out;
        for (std::uint64_t n = below(6); n > 0; --n)
            out += pieces[below(std::size(pieces))];
        return arena_.copy(out);
    }

    // Keys differ: PowerShell does not read the empty string twice.
    Value key(std::uint64_t number)
    {
        return Value::string(arena_.copy(std::string(text()) + std::to_string(number)));
    }

    Value decimal()
    {
        Decimal decimal;
        decimal.low = static_cast<std::uint32_t>(engine_());
        decimal.middle = static_cast<std::uint32_t>(engine_());
        decimal.high = static_cast<std::uint32_t>(engine_());
        decimal.scale = static_cast<std::uint8_t>(below(29));
        decimal.negative = below(2) == 0;
        return Value::decimal(arena_, decimal);
    }

    Value moment()
    {
        DateTime moment;
        moment.ticks = static_cast<std::int64_t>(below(date_time_ticks_max));
        moment.kind = static_cast<DateTimeKind>(below(3));
        if (moment.kind == DateTimeKind::Local)
            moment.offset_minutes = static_cast<std::int16_t>(static_cast<int>(below(1600)) - 800);
        return Value::date_time(moment);
    }

    Value guid()
    {
        Guid guid;
        for (auto& byte : guid.bytes)
            byte = static_cast<std::uint8_t>(engine_());
        return Value::guid(arena_, guid);
    }

    Value progress()
    {
        ProgressRecord record;
        record.activity = "a";
        record.activity_id = static_cast<std::int32_t>(below(100));
        record.percent_complete = static_cast<std::int32_t>(below(101));
        record.status_description = "s";
        if (below(2) == 0) record.current_operation = Value::string(text());
        return Value::progress(arena_, record);
    }

    Object* base(int depth)
    {
        switch (below(6)) {
        case 0:
            return make_custom_object(arena_);
        case 1:
            return make_enum(arena_, "E", "Red", static_cast<std::int32_t>(below(9)));
        case 2:
            return make_live(arena_, {"My.Type", "System.Object"}, text());
        case 3:
            return wrap(arena_, Value::int32(static_cast<std::int32_t>(below(9))));
        default:
            break;
        }
        static constexpr ContainerKind kinds[] = {
            ContainerKind::List,
            ContainerKind::Stack,
            ContainerKind::Queue,
            ContainerKind::Enumerable,
            ContainerKind::Dictionary};
        Object* object = make_container(arena_, kinds[below(5)], {"My.Container"});
        for (std::uint64_t n = below(5); n > 0; --n) {
            if (object->container() == ContainerKind::Dictionary)
                object->add_entry(arena_, key(n), value(depth - 1));
            else
                object->add_item(arena_, value(depth - 1));
        }
        return object;
    }

    Object* object(int depth)
    {
        if (!made_.empty() && below(6) == 0) return made_[below(made_.size())];
        Object* object = base(depth);
        made_.push_back(object);
        for (std::uint64_t n = below(4); n > 0; --n)
            object->set_note(arena_, "n" + std::to_string(below(9)), value(depth - 1));
        if (object->nature() == Nature::Live) {
            for (std::uint64_t n = below(4); n > 0; --n)
                object->set_adapted(arena_, "p" + std::to_string(n), value(depth - 1));
        }
        return object;
    }

    Arena& arena_;
    std::mt19937_64 engine_;
    std::vector<Object*> made_;
};

std::string verbatim(Value value)
{
    WriteOptions options;
    options.writing = Writing::Verbatim;
    options.form = Form::Bare;
    std::string text;
    const auto result = write_value(value, options, text);
    return result ? text : tests::outcome_of(result.error());
}

} // namespace

TEST_CASE("random values written verbatim are read and written as the same text")
{
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        Arena arena;
        const std::string text = verbatim(Generator(arena, seed).value(5));
        const tests::ReadText read(text, tests::lossless_options());
        INFO("seed " << seed << ": " << text);
        REQUIRE(read.good());
        REQUIRE(read.copy() == text);
        // The general reader sees the same.
        const tests::ReadText general("<!---->" + text, tests::lossless_options());
        REQUIRE(general.copy() == text);
    }
}

TEST_CASE("random values serialized are read, and from the second time on give the same text")
{
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        const int depth = 1 + static_cast<int>(seed % 3);
        Arena arena;
        const std::string text = tests::serialized(Generator(arena, seed).value(5), depth);
        INFO("seed " << seed << ": " << text);
        const tests::ReadText first(text, tests::bare_options());
        REQUIRE(first.good());
        REQUIRE(
            tests::ReadText("<!---->" + text, tests::bare_options()).again(depth) ==
            first.again(depth)
        );
        const tests::ReadText second(first.again(depth), tests::bare_options());
        REQUIRE(second.good());
        const tests::ReadText third(second.again(depth), tests::bare_options());
        REQUIRE(third.again(depth) == second.again(depth));
    }
}
