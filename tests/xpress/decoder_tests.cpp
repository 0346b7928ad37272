// The reader of compressed streams (fact sheet transports B13, E 86; MS-XCA 2.2).
#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/encoder.hpp>
#include <psrp/xpress/errors.hpp>
#include <tests/support/exact_buffer.hpp>
#include <tests/xpress/block_builder.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using clixml::Bytes;
using clixml::BytesView;
using psrp::xpress::decode;
using psrp::xpress::decode_block;
using psrp::xpress::Errc;
using tests::as_chunk;
using tests::BlockBuilder;
using tests::ExactBuffer;

namespace {

// What decode() says of a copy on a heap block of exactly its size.
clixml::Result<Bytes> decode_exactly(BytesView stream, std::size_t bytes_max = 16U << 20U)
{
    const ExactBuffer copy(stream);
    return decode(copy.bytes(), {bytes_max});
}

// Where chunks begin, and the end.
std::vector<std::size_t> borders(BytesView stream)
{
    std::vector<std::size_t> result;
    std::size_t at = 0;
    while (at < stream.size()) {
        result.push_back(at);
        at += 5U + clixml::load_le<std::uint16_t>(stream.data() + at + 2);
    }
    result.push_back(at);
    return result;
}

// 'a' and 'b', matches of 3 to 5 bytes and of long ones at offset 1, of long ones at offsets 2 to 3
// and 32768 up, the end.
const std::vector<std::pair<unsigned, unsigned>> some_codes = {
    {'a', 2}, {'b', 2}, {256, 3}, {257, 4}, {258, 4}, {271, 3}, {287, 4}, {511, 4}};

} // namespace

TEST_CASE("recorded streams expand to what was compressed")
{
    for (const auto& row : tests::recorded_streams()) {
        INFO(row.name);
        const auto plain = decode_exactly(row.stream, row.plain.size());
        REQUIRE(plain);
        CHECK(*plain == row.plain);
        const auto refused = decode_exactly(row.stream, row.plain.size() - 1);
        REQUIRE_FALSE(refused);
        CHECK(refused.error() == Errc::PlainTooBig);
    }
}

TEST_CASE("every prefix of a stream that ends inside a chunk is Truncated")
{
    for (const auto& row : tests::recorded_streams()) {
        INFO(row.name);
        const auto whole = borders(row.stream);
        const std::size_t step = row.stream.size() > 2000 ? 97 : 1;
        for (std::size_t size = 1; size < row.stream.size(); size += step) {
            if (std::find(whole.begin(), whole.end(), size) != whole.end()) continue;
            const auto result = decode_exactly(BytesView(row.stream).first(size));
            REQUIRE_FALSE(result);
            CHECK(result.error() == Errc::Truncated);
            CHECK(result.error().offset == size);
        }
    }
    CHECK(decode({})->empty());
}

TEST_CASE("a chunk whose data are cut is refused, whatever its header says")
{
    for (const auto& row : tests::recorded_streams()) {
        INFO(row.name);
        const std::size_t data_bytes = borders(row.stream)[1] - 4;
        const std::size_t plain_bytes =
            std::size_t{clixml::load_le<std::uint16_t>(row.stream.data())} + 1;
        if (data_bytes == plain_bytes) continue;
        const std::size_t step = data_bytes > 1000 ? 31 : 1;
        // The end symbol and what fills its word are not missed.
        for (std::size_t size = 0; size + 4 < data_bytes; size += step) {
            const ExactBuffer block(BytesView(row.stream).subspan(4, size));
            Bytes plain(plain_bytes);
            const auto result = decode_block(block.bytes(), plain);
            REQUIRE_FALSE(result);
            CHECK(result.error() == (size < 256 ? Errc::CodeTableTruncated : Errc::DataEndEarly));
        }
    }
}

TEST_CASE("a byte too many behind the end of a chunk is refused")
{
    for (const auto& row : tests::recorded_streams()) {
        INFO(row.name);
        const std::size_t data_bytes = borders(row.stream)[1] - 4;
        Bytes plain(std::size_t{clixml::load_le<std::uint16_t>(row.stream.data())} + 1);
        if (data_bytes == plain.size()) continue;
        Bytes block(
            row.stream.begin() + 4, row.stream.begin() + 4 + static_cast<std::ptrdiff_t>(data_bytes)
        );
        REQUIRE(decode_block(ExactBuffer(BytesView(block)).bytes(), plain));
        for (const std::size_t more : {1U, 2U, 40U}) {
            Bytes longer = block;
            longer.resize(block.size() + more);
            const auto result = decode_block(ExactBuffer(BytesView(longer)).bytes(), plain);
            REQUIRE_FALSE(result);
            CHECK(result.error() == Errc::TrailingData);
        }
    }
}

TEST_CASE("blocks made by hand are read by the rules of the format")
{
    struct Row {
        const char* name;
        Bytes block;
        std::string plain; // or what was announced, as many bytes
        std::optional<Errc> error;
    };
    const auto make = [] { return BlockBuilder(some_codes); };
    const std::vector<Row> rows = {
        {"literals and the end", make().symbol('a').symbol('b').symbol(256).block(), "ab", {}},
        {"without an end", make().symbol('a').symbol('b').block(), "ab", {}},
        {"the end symbol is a match",
         make().symbol('a').symbol(256).symbol(256).block(),
         "aaaa",
         {}},
        {"a slot of the length", make().symbol('b').symbol(258).symbol(256).block(), "bbbbbb", {}},
        {"a byte of the length",
         make().symbol('b').symbol(271).byte(2).symbol(256).block(),
         std::string(21, 'b'),
         {}},
        {"the longest byte",
         make().symbol('b').symbol(271).byte(254).symbol(256).block(),
         std::string(273, 'b'),
         {}},
        {"sixteen bits of the length",
         make().symbol('b').symbol(271).byte(255).byte(14).byte(1).symbol(256).block(),
         std::string(274, 'b'),
         {}},
        {"sixteen bits for a short length",
         make().symbol('b').symbol(271).byte(255).byte(15).byte(0).symbol(256).block(),
         std::string(19, 'b'),
         {}},
        {"sixteen bits too short a length",
         make().symbol('b').symbol(271).byte(255).byte(14).byte(0).symbol(256).block(),
         std::string(18, 'b'),
         Errc::InvalidMatchLength},
        {"thirty-two bits of the length",
         make()
             .symbol('b')
             .symbol(271)
             .byte(255)
             .byte(0)
             .byte(0)
             .byte(15)
             .byte(0)
             .byte(0)
             .byte(0)
             .symbol(256)
             .block(),
         std::string(19, 'b'),
         {}},
        {"thirty-two bits of a huge length",
         make()
             .symbol('b')
             .symbol(271)
             .byte(255)
             .byte(0)
             .byte(0)
             .byte(255)
             .byte(255)
             .byte(255)
             .byte(255)
             .symbol(256)
             .block(),
         std::string(500, 'b'),
         Errc::MatchPastEnd},
        {"offset bits",
         make()
             .symbol('a')
             .symbol('b')
             .symbol('b')
             .symbol(287)
             .byte(0)
             .bits(1, 1)
             .symbol(256)
             .block(),
         "abbabbabbabbabbabbabb",
         {}},
        {"a match before the start",
         make().symbol('a').symbol(287).byte(0).bits(0, 1).symbol(256).block(),
         std::string(19, 'a'),
         Errc::MatchBeforeStart},
        {"a match first of all",
         make().symbol(256).symbol(256).block(),
         "aaa",
         Errc::MatchBeforeStart},
        {"a match far before the start",
         make().symbol('a').symbol(511).byte(0).bits(32767, 15).symbol(256).block(),
         std::string(19, 'a'),
         Errc::MatchBeforeStart},
        {"a match past the end",
         make().symbol('a').symbol(257).symbol(256).block(),
         "aaaa",
         Errc::MatchPastEnd},
        {"fewer codes than bytes",
         make().symbol('a').block(),
         std::string(60, 'a'),
         Errc::DataEndEarly},
    };
    for (const auto& row : rows) {
        INFO(row.name);
        const auto stream = as_chunk(row.block, row.plain.size());
        const auto result = decode_exactly(stream);
        if (!row.error) {
            REQUIRE(result);
            CHECK(clixml::text_of(*result) == row.plain);
            continue;
        }
        REQUIRE_FALSE(result);
        CHECK(result.error() == *row.error);
        CHECK(result.error().offset <= stream.size());
    }
}

TEST_CASE("a code must use every pattern of bits once")
{
    struct Row {
        std::vector<std::pair<unsigned, unsigned>> lengths;
        std::optional<Errc> error;
    };
    const std::vector<Row> rows = {
        {{{'a', 1}, {256, 1}}, {}},
        {{{'a', 1}, {'b', 2}, {256, 2}}, {}},
        {{}, Errc::IncompleteCode},
        {{{'a', 1}}, Errc::IncompleteCode},
        {{{'a', 1}, {256, 2}}, Errc::IncompleteCode},
        {{{'a', 1}, {'b', 1}, {256, 15}}, Errc::OversubscribedCode},
        {{{'a', 1}, {'b', 1}, {'c', 1}}, Errc::OversubscribedCode},
    };
    for (const auto& row : rows) {
        Bytes block = BlockBuilder(row.lengths).block(); // zeros are 'a'
        Bytes plain(10);
        const auto result = decode_block(block, plain);
        CHECK(result.has_value() == !row.error);
        if (!result) CHECK(result.error() == *row.error);
    }
}

TEST_CASE("what chunks become together is judged before anything is expanded")
{
    const Bytes plain(70000, 'x');
    Bytes stream = psrp::xpress::encode(plain);
    CHECK(decode_exactly(stream, 70000)->size() == 70000);
    // Broken data of the first chunk: the second one's header is read before.
    stream[5] = 0xff;
    const auto refused = decode_exactly(stream, 69999);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == Errc::PlainTooBig);
    CHECK(refused.error().offset == borders(stream)[1]);
    CHECK(decode_exactly(stream, 70000).error() == Errc::OversubscribedCode);
}

TEST_CASE("a chunk of 65536 bytes has the sizes FF FF, stored ones equal sizes")
{
    const Bytes full = psrp::xpress::encode(Bytes(65536, 0));
    CHECK(full[0] == 0xff);
    CHECK(full[1] == 0xff);
    const Bytes stored = {2, 0, 2, 0, 'a', 'b', 'c', 0, 0, 0, 0, 'd'};
    const auto result = decode_exactly(stored);
    REQUIRE(result);
    CHECK(clixml::text_of(*result) == "abcd");
}
