#include <fragmenter/byte_buffer.hpp>
#include <tests/fragmenter/fragment_builder.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

using fragmenter::ByteBuffer;

TEST_CASE("bytes that are added in any pieces stand behind each other")
{
    const clixml::Bytes all = tests::pattern(300'000);
    for (const std::size_t piece : {1U, 7U, 4096U, 300'000U}) {
        ByteBuffer buffer;
        for (std::size_t at = 0; at < all.size(); at += piece) {
            const auto bytes = clixml::BytesView(all).subspan(at, std::min(piece, all.size() - at));
            if (at % 2 == 0) {
                buffer.append(bytes);
                continue;
            }
            // More room than is used.
            std::memcpy(buffer.room(bytes.size() + 10), bytes.data(), bytes.size());
            buffer.commit(bytes.size());
        }
        CHECK(std::ranges::equal(buffer.view(), all));
    }
}

TEST_CASE("what is dropped in front is gone, what is left stays")
{
    ByteBuffer buffer;
    const clixml::Bytes all = tests::pattern(1000);
    buffer.append(all);
    buffer.drop_front(0);
    buffer.drop_front(400);
    CHECK(std::ranges::equal(buffer.view(), clixml::BytesView(all).subspan(400)));
    buffer.drop_front(600);
    CHECK(buffer.is_empty());
}

TEST_CASE("a cleared buffer keeps small memory only")
{
    ByteBuffer buffer;
    buffer.append(tests::pattern(1000));
    const std::uint8_t* const before = buffer.view().data();
    buffer.clear(100'000);
    CHECK(buffer.room(1000) == before);
    buffer.append(tests::pattern(1000));
    buffer.clear(10);
    CHECK(buffer.is_empty());
    buffer.append({});
    CHECK(buffer.is_empty());
}

TEST_CASE("a moved buffer takes its bytes along and leaves none")
{
    ByteBuffer buffer;
    buffer.append(tests::pattern(10));
    const std::uint8_t* const before = buffer.view().data();
    ByteBuffer other(std::move(buffer));
    CHECK(other.view().data() == before);
    buffer = std::move(other);
    CHECK(buffer.view().data() == before);
    CHECK(buffer.size() == 10);
    CHECK(other.is_empty()); // NOLINT(bugprone-use-after-move): that is what is tested
}
