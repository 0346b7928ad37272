#include <fragmenter/errors.hpp>
#include <fragmenter/fragment.hpp>
#include <tests/fragmenter/fragment_builder.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

using namespace fragmenter;
using clixml::Bytes;
using tests::ExactBuffer;
using tests::fragment_bytes;

namespace {

// RUNSPACEPOOL_STATE's fragment header as a server wrote it: object 3, one fragment, 103 bytes.
constexpr std::uint8_t recorded_header[] = {0, 0, 0, 0, 0, 0, 0, 3, 0, 0,   0,
                                            0, 0, 0, 0, 0, 3, 0, 0, 0, 0x67};

FragmentHeader header_of(clixml::BytesView bytes)
{
    const ExactBuffer exact(bytes);
    const auto answer = read_fragment_header(exact.bytes());
    REQUIRE(answer);
    REQUIRE(std::holds_alternative<FragmentHeader>(*answer));
    return std::get<FragmentHeader>(*answer);
}

} // namespace

TEST_CASE("a recorded header reads and writes back the same")
{
    const FragmentHeader header = header_of(recorded_header);
    CHECK(header == FragmentHeader{3, 0, true, true, 103});
    Bytes written(fragment_header_bytes);
    write_fragment_header(header, written.data());
    CHECK(std::equal(written.begin(), written.end(), std::begin(recorded_header)));
}

TEST_CASE("extreme header values survive a round trip")
{
    const FragmentHeader rows[] = {
        {1, 0, true, false, 0},
        {INT64_MAX, INT64_MAX, false, true, blob_bytes_max},
        {0x0102030405060708, 0x1112131415161718, false, false, 0x21222324},
    };
    for (const FragmentHeader& row : rows) {
        Bytes written(fragment_header_bytes);
        write_fragment_header(row, written.data());
        CHECK(header_of(written) == row);
    }
}

TEST_CASE("sign bits are cleared and reserved flags ignored")
{
    Bytes bytes(std::begin(recorded_header), std::end(recorded_header));
    bytes[0] |= 0x80;
    bytes[8] |= 0x80;
    bytes[16] = 0xFF;
    bytes[17] |= 0x80;
    CHECK(header_of(bytes) == FragmentHeader{3, 0, true, true, 103});
    bytes[16] = 0xFC;
    CHECK(header_of(bytes) == FragmentHeader{3, 0, false, false, 103});
}

TEST_CASE("an ObjectId of 0 is refused, with and without its sign bit")
{
    for (const std::uint8_t first : {std::uint8_t{0}, std::uint8_t{0x80}}) {
        Bytes bytes = fragment_bytes(1, 0, "SE", "x");
        bytes[0] = first;
        bytes[7] = 0;
        const auto answer = read_fragment_header(bytes);
        REQUIRE_FALSE(answer);
        CHECK(answer.error() == make_error_code(Errc::ObjectIdNotPositive));
        CHECK(answer.error().offset == 0);
    }
}

TEST_CASE("a length is refused once header and blob exceed 31 bits")
{
    struct Row {
        std::uint32_t length;
        bool good;
    };
    for (const Row row :
         {Row{0x7FFFFFEA, true},
          Row{0x7FFFFFEB, false},
          Row{0x7FFFFFFF, false},
          Row{0xFFFFFFFF, false}}) {
        Bytes bytes = fragment_bytes(1, 0, "SE", "");
        clixml::store_be(row.length, bytes.data() + 17);
        const auto answer = read_fragment_header(bytes);
        CHECK(answer.has_value() == row.good);
        if (!answer) CHECK(answer.error() == make_error_code(Errc::FragmentTooBig));
    }
}

TEST_CASE("every prefix of a fragment says how many bytes it needs")
{
    const Bytes whole = fragment_bytes(7, 0, "SE", "forty bytes or so of something to carry");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO("prefix of " << size);
        const ExactBuffer exact(clixml::BytesView(whole).first(size));
        const auto answer = read_fragment(exact.bytes());
        REQUIRE(answer);
        REQUIRE(std::holds_alternative<NeedBytes>(*answer));
        const std::size_t target =
            size < fragment_header_bytes ? fragment_header_bytes : whole.size();
        CHECK(std::get<NeedBytes>(*answer).count == target - size);
    }
}

TEST_CASE("a fragment is read whole and what follows it is left alone")
{
    const Bytes whole = fragment_bytes(7, 4, "E", "blob");
    for (const std::size_t extra : {0U, 1U, 30U}) {
        const ExactBuffer exact(tests::joined(whole, Bytes(extra, 0xEE)));
        const auto answer = read_fragment(exact.bytes());
        REQUIRE(answer);
        REQUIRE(std::holds_alternative<Fragment>(*answer));
        const Fragment& fragment = std::get<Fragment>(*answer);
        CHECK(fragment.header == FragmentHeader{7, 4, false, true, 4});
        CHECK(clixml::text_of(fragment.blob) == "blob");
    }
}

TEST_CASE("every fragment error has a text of its own")
{
    std::vector<std::string> texts;
    for (int value = 1; value <= static_cast<int>(Errc::SendQueueFull); ++value) {
        texts.push_back(make_error_code(static_cast<Errc>(value)).message());
    }
    std::sort(texts.begin(), texts.end());
    CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
    CHECK(std::find(texts.begin(), texts.end(), error_category().message(99)) == texts.end());
    CHECK(std::string(error_category().name()) == "fragmenter");
}
