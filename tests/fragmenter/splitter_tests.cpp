#include <fragmenter/reassembler.hpp>
#include <fragmenter/splitter.hpp>
#include <tests/fragmenter/fragment_builder.hpp>
#include <tests/support/exact_buffer.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

using namespace fragmenter;
using clixml::Bytes;

TEST_CASE("fragments are full but the last, numbered from 0, flagged at both ends")
{
    for (const std::size_t fragment_bytes_max : {22U, 23U, 40U, 121U}) {
        const std::size_t blob = fragment_bytes_max - fragment_header_bytes;
        for (std::size_t size = 0; size <= 4 * blob + 1 && size < 300; ++size) {
            INFO("object of " << size << " bytes, fragments of " << fragment_bytes_max);
            const tests::ExactBuffer object(tests::pattern(size));
            Splitter splitter(object.bytes(), 9, fragment_bytes_max);
            std::uint64_t number = 0;
            std::size_t at = 0;
            while (const auto slice = splitter.next()) {
                const auto answer = read_fragment_header(slice->header);
                REQUIRE(answer);
                const FragmentHeader header = std::get<FragmentHeader>(*answer);
                CHECK(header.object_id == 9);
                CHECK(header.fragment_id == number);
                CHECK(header.is_start == (number == 0));
                CHECK(header.blob_bytes == slice->blob.size());
                CHECK(slice->blob.data() == object.bytes().data() + at);
                at += slice->blob.size();
                CHECK(header.is_end == (at == size));
                if (!header.is_end) CHECK(slice->blob.size() == blob);
                ++number;
            }
            CHECK(at == size);
            CHECK(number == std::max<std::size_t>(1, (size + blob - 1) / blob));
            CHECK(
                fragmented_bytes(size, fragment_bytes_max) == size + number * fragment_header_bytes
            );
            CHECK_FALSE(splitter.next());
        }
    }
}

TEST_CASE("an object of exactly k blobs ends with a full fragment, not an empty one")
{
    const std::size_t blob = default_fragment_bytes - fragment_header_bytes;
    CHECK(blob == 32747);
    const Bytes object = tests::pattern(3 * blob);
    Bytes out;
    append_fragments(object, 1, default_fragment_bytes, out);
    CHECK(out.size() == 3 * default_fragment_bytes);
    const auto last = read_fragment(clixml::BytesView(out).last(default_fragment_bytes));
    REQUIRE(last);
    REQUIRE(std::holds_alternative<Fragment>(*last));
    CHECK(std::get<Fragment>(*last).header == FragmentHeader{1, 2, false, true, 32747});
}

TEST_CASE("append_fragments keeps what is there and writes what the splitter yields")
{
    const Bytes object = tests::pattern(100);
    Bytes out = {1, 2, 3};
    append_fragments(object, 5, 61, out);
    Bytes expected = {1, 2, 3};
    Splitter splitter(object, 5, 61);
    while (const auto slice = splitter.next()) {
        expected.insert(expected.end(), slice->header.begin(), slice->header.end());
        expected.insert(expected.end(), slice->blob.begin(), slice->blob.end());
    }
    CHECK(out == expected);
    CHECK(out.size() == 3 + fragmented_bytes(100, 61));
}

TEST_CASE("what was split comes together again for every size around the borders")
{
    for (const std::size_t fragment_bytes_max : {22U, 50U, 32768U}) {
        const std::size_t blob = fragment_bytes_max - fragment_header_bytes;
        for (const std::size_t size :
             {std::size_t{1}, blob - 1, blob, blob + 1, 2 * blob, 3 * blob + 7}) {
            if (size == 0) continue;
            const Bytes object = tests::pattern(size, 3);
            Bytes out;
            append_fragments(object, 77, fragment_bytes_max, out);
            Reassembler reassembler;
            REQUIRE(reassembler.receive(out));
            const auto received = reassembler.next();
            REQUIRE(received);
            REQUIRE(*received);
            CHECK((*received)->object_id == 77);
            CHECK(std::ranges::equal((*received)->bytes, object));
        }
    }
}
