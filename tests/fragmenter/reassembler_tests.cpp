#include <fragmenter/errors.hpp>
#include <fragmenter/reassembler.hpp>
#include <fragmenter/splitter.hpp>
#include <tests/fragmenter/fragment_builder.hpp>
#include <tests/support/segmentations.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace fragmenter;
using clixml::Bytes;
using tests::fragment_bytes;
using tests::joined;

namespace {

// What came out of a reassembler: "id:text" for objects, "!message" for errors.
using Outcome = std::vector<std::string>;

constexpr std::size_t repeats_max = 3; // a dead stream repeats its error for ever

void drain(Reassembler& reassembler, Outcome& outcome)
{
    for (std::size_t errors = 0; errors < repeats_max;) {
        const auto object = reassembler.next();
        if (!object) {
            ++errors;
            const std::string text =
                "!" + object.error().code.message() + " @" + std::to_string(object.error().offset);
            if (outcome.empty() || outcome.back() != text) outcome.push_back(text);
            continue;
        }
        if (!*object) return;
        outcome.push_back(
            std::to_string((*object)->object_id) + ":" +
            std::string(clixml::text_of((*object)->bytes))
        );
    }
}

Outcome outcome_of(
    const Bytes& stream, const tests::Segmentation& segmentation, ReassemblerLimits limits = {}
)
{
    Reassembler reassembler(limits);
    Outcome outcome;
    tests::feed_in_pieces(stream, segmentation, [&](clixml::BytesView piece) {
        REQUIRE(reassembler.receive(piece));
        drain(reassembler, outcome);
        return true;
    });
    return outcome;
}

void check_every_segmentation(
    const Bytes& stream, const Outcome& expected, ReassemblerLimits limits = {}
)
{
    for (const tests::Segmentation& segmentation : tests::segmentations(stream.size())) {
        INFO(segmentation.name);
        CHECK(outcome_of(stream, segmentation, limits) == expected);
    }
}

std::string failed(Errc code, std::uint64_t offset)
{
    return "!" + make_error_code(code).message() + " @" + std::to_string(offset);
}

Bytes all(std::initializer_list<Bytes> parts)
{
    Bytes out;
    for (const Bytes& part : parts)
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

} // namespace

TEST_CASE("objects come out the same for every segmentation")
{
    struct Row {
        const char* name;
        Bytes stream;
        Outcome expected;
    };
    const Row rows[] = {
        {"one fragment", fragment_bytes(1, 0, "SE", "abc"), {"1:abc"}},
        {"three fragments",
         all(
             {fragment_bytes(2, 0, "S", "ab"),
              fragment_bytes(2, 1, "", "cd"),
              fragment_bytes(2, 2, "E", "e")}
         ),
         {"2:abcde"}},
        {"two objects",
         all({fragment_bytes(1, 0, "SE", "a"), fragment_bytes(2, 0, "SE", "b")}),
         {"1:a", "2:b"}},
        {"ids may decrease",
         all({fragment_bytes(9, 0, "SE", "a"), fragment_bytes(3, 0, "SE", "b")}),
         {"9:a", "3:b"}},
        {"a start replaces an unfinished object",
         all({fragment_bytes(1, 0, "S", "lost"), fragment_bytes(1, 0, "SE", "new")}),
         {"1:new"}},
        {"a start fragment numbered 5",
         all({fragment_bytes(4, 5, "S", "a"), fragment_bytes(4, 6, "E", "b")}),
         {"4:ab"}},
        {"an empty last fragment before other bytes",
         all(
             {fragment_bytes(1, 0, "S", "ab"),
              fragment_bytes(1, 1, "E", ""),
              fragment_bytes(2, 0, "SE", "c")}
         ),
         {"1:ab", "2:c"}},
        {"an empty object before other bytes",
         all({fragment_bytes(1, 0, "SE", ""), fragment_bytes(2, 0, "SE", "c")}),
         {"1:", "2:c"}},
        {"a bare header at the end waits",
         all({fragment_bytes(1, 0, "S", "ab"), fragment_bytes(1, 1, "E", "")}),
         {}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        check_every_segmentation(row.stream, row.expected);
    }
}

TEST_CASE("a broken sequence drops its fragment and object, later objects are good")
{
    const Bytes good = fragment_bytes(8, 0, "SE", "good");
    struct Row {
        const char* name;
        Bytes stream;
        Outcome expected;
    };
    const Row rows[] = {
        {"no start",
         joined(fragment_bytes(1, 0, "E", "a"), good),
         {failed(Errc::ObjectIdsNotMatching, 0), "8:good"}},
        {"another object's fragment",
         all({fragment_bytes(1, 0, "S", "a"), fragment_bytes(2, 1, "E", "b"), good}),
         {failed(Errc::ObjectIdsNotMatching, 22), "8:good"}},
        {"number 0 then 2",
         all({fragment_bytes(1, 0, "S", "a"), fragment_bytes(1, 2, "E", "b"), good}),
         {failed(Errc::FragmentIdsNotInSequence, 22), "8:good"}},
        {"number 0 twice",
         all({fragment_bytes(1, 0, "S", "a"), fragment_bytes(1, 0, "E", "b"), good}),
         {failed(Errc::FragmentIdsNotInSequence, 22), "8:good"}},
        {"the rest of a broken object is refused too",
         all(
             {fragment_bytes(1, 0, "S", "a"),
              fragment_bytes(1, 2, "", "b"),
              fragment_bytes(1, 3, "E", "c"),
              good}
         ),
         {failed(Errc::FragmentIdsNotInSequence, 22),
          failed(Errc::ObjectIdsNotMatching, 44),
          "8:good"}},
        {"the number after the largest",
         all({fragment_bytes(1, INT64_MAX, "S", "a"), fragment_bytes(1, 0, "E", "b"), good}),
         {failed(Errc::FragmentIdsNotInSequence, 22), "8:good"}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        check_every_segmentation(row.stream, row.expected);
    }
}

TEST_CASE("a header that cannot be right kills the stream but not what came before")
{
    Bytes zero_id = fragment_bytes(1, 0, "SE", "x");
    zero_id[7] = 0;
    Bytes huge = fragment_bytes(1, 0, "SE", "x");
    clixml::store_be(std::uint32_t{0x7FFFFFFF}, huge.data() + 17);
    const Bytes before = fragment_bytes(1, 0, "SE", "ab");
    const Bytes after = fragment_bytes(2, 0, "SE", "cd");
    check_every_segmentation(
        all({before, zero_id, after}), {"1:ab", failed(Errc::ObjectIdNotPositive, 23)}
    );
    check_every_segmentation(
        all({before, huge, after}), {"1:ab", failed(Errc::FragmentTooBig, 23 + 17)}
    );
}

TEST_CASE("the same ids on two streams do not disturb each other")
{
    Reassembler input;
    Reassembler prompt;
    REQUIRE(input.receive(fragment_bytes(1, 0, "S", "a")));
    REQUIRE(prompt.receive(fragment_bytes(1, 0, "SE", "p")));
    REQUIRE(input.receive(fragment_bytes(1, 1, "E", "b")));
    Outcome outcome;
    drain(input, outcome);
    drain(prompt, outcome);
    CHECK(outcome == Outcome{"1:ab", "1:p"});
}

TEST_CASE("an object of N bytes passes a limit of N, headers counted, and N + 1 does not")
{
    const Bytes stream =
        all({fragment_bytes(1, 0, "S", "abcd"), fragment_bytes(1, 1, "E", "efgh")});
    const std::uint64_t size = stream.size();
    check_every_segmentation(stream, {"1:abcdefgh"}, {.object_bytes_max = size});
    check_every_segmentation(
        stream, {failed(Errc::ObjectBytesExceeded, 25)}, {.object_bytes_max = size - 1}
    );
}

TEST_CASE("an object over the limit fails from its announced length, before its bytes are there")
{
    Bytes header = fragment_bytes(1, 0, "SE", "x");
    clixml::store_be(std::uint32_t{1000}, header.data() + 17);
    Reassembler reassembler({.object_bytes_max = 1020});
    REQUIRE(reassembler.receive(header));
    const auto answer = reassembler.next();
    REQUIRE_FALSE(answer);
    CHECK(answer.error() == make_error_code(Errc::ObjectBytesExceeded));

    Reassembler patient({.object_bytes_max = 1021});
    REQUIRE(patient.receive(header));
    REQUIRE(patient.next());
    CHECK(patient.bytes_needed() == 999);
}

TEST_CASE("many tiny fragments reach the limit by their headers")
{
    Reassembler reassembler({.object_bytes_max = 2200});
    Bytes stream = fragment_bytes(1, 0, "S", "x");
    for (std::uint64_t i = 1; i <= 100; ++i)
        stream = joined(stream, fragment_bytes(1, i, "", "x"));
    REQUIRE(reassembler.receive(stream));
    const auto answer = reassembler.next();
    REQUIRE_FALSE(answer);
    CHECK(answer.error() == make_error_code(Errc::ObjectBytesExceeded));
    CHECK(answer.error().offset == 2200);
}

TEST_CASE("the limit counts one object, not the objects before it")
{
    Bytes stream;
    for (std::uint64_t i = 1; i <= 50; ++i)
        stream = joined(stream, fragment_bytes(i, 0, "SE", "ab"));
    Outcome expected;
    for (int i = 1; i <= 50; ++i)
        expected.push_back(std::to_string(i) + ":ab");
    check_every_segmentation(stream, expected, {.object_bytes_max = 23});
}

TEST_CASE("a channel takes N bytes in its life and refuses one more")
{
    const Bytes stream = fragment_bytes(1, 0, "SE", "abc");
    Reassembler reassembler({.channel_bytes_max = stream.size()});
    REQUIRE(reassembler.receive(stream));
    Outcome outcome;
    drain(reassembler, outcome);
    CHECK(outcome == Outcome{"1:abc"});
    REQUIRE(reassembler.receive(Bytes{}));
    const auto refused = reassembler.receive(Bytes{1});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == make_error_code(Errc::ChannelBytesExceeded));
}

TEST_CASE("a huge announced length allocates nothing")
{
    Bytes header = fragment_bytes(1, 0, "S", "x");
    clixml::store_be(blob_bytes_max, header.data() + 17);
    Reassembler reassembler({.object_bytes_max = UINT64_MAX});
    REQUIRE(reassembler.receive(header));
    const auto answer = reassembler.next();
    REQUIRE(answer);
    CHECK_FALSE(*answer);
    CHECK(reassembler.buffered_bytes() == header.size());
    CHECK(reassembler.bytes_needed() == blob_bytes_max - 1);
}

TEST_CASE("bytes_needed is what makes the next step possible")
{
    const Bytes stream = fragment_bytes(1, 0, "SE", "abcdef");
    Reassembler reassembler;
    CHECK(reassembler.bytes_needed() == 22);
    for (std::size_t size = 1; size < stream.size(); ++size) {
        REQUIRE(reassembler.receive(clixml::BytesView(stream).subspan(size - 1, 1)));
        REQUIRE(reassembler.next());
        CHECK(reassembler.bytes_needed() == (size < 22 ? 22 : stream.size()) - size);
        CHECK(reassembler.buffered_bytes() == size);
    }
}

TEST_CASE("after a reconnect everything up to the next start is dropped without an error")
{
    Reassembler reassembler;
    REQUIRE(reassembler.receive(fragment_bytes(1, 0, "S", "half")));
    REQUIRE(reassembler.next());
    reassembler.skip_to_next_start();
    REQUIRE(reassembler.receive(all(
        {fragment_bytes(1, 1, "E", "tail"),
         fragment_bytes(7, 4, "", "x"),
         fragment_bytes(2, 0, "SE", "new"),
         fragment_bytes(3, 1, "E", "bad")}
    )));
    Outcome outcome;
    drain(reassembler, outcome);
    CHECK(outcome == Outcome{"2:new", failed(Errc::ObjectIdsNotMatching, 25 + 25 + 22 + 24)});
}

TEST_CASE("an object in one fragment is a view of the buffer that was handed over")
{
    Bytes stream = fragment_bytes(1, 0, "SE", "abc");
    const std::uint8_t* blob = stream.data() + fragment_header_bytes;
    Reassembler reassembler;
    REQUIRE(reassembler.receive(std::move(stream)));
    const auto object = reassembler.next();
    REQUIRE(object);
    REQUIRE(*object);
    CHECK((*object)->bytes.data() == blob);
    CHECK((*object)->fragment_count == 1);
}

TEST_CASE("the memory of an object in several fragments can be taken over")
{
    Bytes stream = fragment_bytes(1, 0, "S", "ab");
    for (const Bytes& more :
         {fragment_bytes(1, 1, "E", "cd"),
          fragment_bytes(2, 0, "SE", "one"),
          fragment_bytes(3, 0, "S", "x"),
          fragment_bytes(3, 1, "E", "y")})
        stream.insert(stream.end(), more.begin(), more.end());
    Reassembler reassembler;
    REQUIRE(reassembler.receive(std::move(stream)));
    const auto text_of_next = [&] {
        const auto object = reassembler.next();
        return std::string(clixml::text_of((**object).bytes));
    };
    const auto object = reassembler.next();
    const ByteBuffer taken = reassembler.take_object();
    CHECK((**object).bytes.data() == taken.view().data());
    CHECK(reassembler.take_object().is_empty());
    CHECK(text_of_next() == "one");
    CHECK(reassembler.take_object().is_empty());
    CHECK(text_of_next() == "xy");
    CHECK(clixml::text_of(taken.view()) == "abcd");
}

TEST_CASE("64 MiB arrive in one piece and in packets with the same result")
{
    const Bytes object = tests::pattern(std::size_t{64} << 20);
    Bytes stream;
    append_fragments(object, 3, default_fragment_bytes, stream);
    for (const std::size_t piece : {stream.size(), std::size_t{32768}, std::size_t{1000}}) {
        Reassembler reassembler;
        bool arrived = false;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            const std::size_t size = std::min(piece, stream.size() - at);
            REQUIRE(reassembler.receive(clixml::BytesView(stream).subspan(at, size)));
            const auto answer = reassembler.next();
            REQUIRE(answer);
            if (!*answer) continue;
            arrived = true;
            CHECK((*answer)->fragment_count == (object.size() + 32746) / 32747);
            CHECK(std::ranges::equal((*answer)->bytes, object));
        }
        CHECK(arrived);
    }
}

TEST_CASE("an object in one big fragment arrives byte by byte")
{
    const Bytes object = tests::pattern(std::size_t{1} << 20);
    const Bytes stream = fragment_bytes(3, 0, "SE", object);
    Reassembler reassembler;
    bool arrived = false;
    for (const std::uint8_t& byte : stream) {
        (void)reassembler.receive(clixml::BytesView(&byte, 1)); // no channel limit is set
        const auto answer = reassembler.next();
        if (answer && *answer) arrived = std::ranges::equal((*answer)->bytes, object);
    }
    CHECK(arrived);
}

TEST_CASE("many objects in one receive are handed out in linear time")
{
    Bytes stream;
    for (std::uint64_t i = 1; i <= 200000; ++i)
        append_fragments(Bytes{1, 2, 3}, i, 32768, stream);
    Reassembler reassembler;
    REQUIRE(reassembler.receive(std::move(stream)));
    std::size_t count = 0;
    while (true) {
        const auto object = reassembler.next();
        REQUIRE(object);
        if (!*object) break;
        ++count;
    }
    CHECK(count == 200000);
    CHECK(reassembler.buffered_bytes() == 0);
}
