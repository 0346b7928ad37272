#include <fragmenter/errors.hpp>
#include <fragmenter/reassembler.hpp>
#include <fragmenter/send_queue.hpp>
#include <fragmenter/splitter.hpp>
#include <tests/fragmenter/fragment_builder.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace fragmenter;
using clixml::Bytes;

TEST_CASE("packets are full and ignore fragment borders")
{
    SendQueue queue(50);
    REQUIRE(queue.push(Priority::Default, 1, tests::pattern(100, 1)));
    REQUIRE(queue.push(Priority::Default, 2, tests::pattern(10, 2)));
    Bytes expected;
    append_fragments(tests::pattern(100, 1), 1, 50, expected);
    append_fragments(tests::pattern(10, 2), 2, 50, expected);
    CHECK(queue.pending_bytes() == expected.size());
    Bytes sent;
    while (auto packet = queue.take(64)) {
        CHECK(packet->priority == Priority::Default);
        CHECK(packet->bytes.size() == std::min<std::size_t>(64, expected.size() - sent.size()));
        sent.insert(sent.end(), packet->bytes.begin(), packet->bytes.end());
        CHECK(queue.pending_bytes() == expected.size() - sent.size());
    }
    CHECK(sent == expected);
    CHECK(queue.is_empty());
}

TEST_CASE("PromptResponse leaves first, even between the parts of a Default object")
{
    SendQueue queue(40);
    REQUIRE(queue.push(Priority::Default, 1, tests::pattern(60)));
    auto packet = queue.take(30);
    REQUIRE(packet);
    CHECK(packet->priority == Priority::Default);
    REQUIRE(queue.push(Priority::PromptResponse, 2, tests::pattern(5)));
    CHECK(queue.pending_bytes(Priority::PromptResponse) == 26);
    packet = queue.take(1000);
    REQUIRE(packet);
    CHECK(packet->priority == Priority::PromptResponse);
    CHECK(packet->bytes == tests::fragment_bytes(2, 0, "SE", tests::pattern(5)));
    packet = queue.take(1000);
    REQUIRE(packet);
    CHECK(packet->priority == Priority::Default);
    CHECK(packet->bytes.size() == fragmented_bytes(60, 40) - 30);
    CHECK_FALSE(queue.take(1000));
}

TEST_CASE("take_fragment hands out exactly one fragment at a time")
{
    SendQueue queue(31);
    REQUIRE(queue.push(Priority::Default, 1, tests::pattern(25)));
    for (const std::size_t blob : {10U, 10U, 5U}) {
        const auto packet = queue.take_fragment();
        REQUIRE(packet);
        CHECK(packet->bytes.size() == fragment_header_bytes + blob);
    }
    CHECK_FALSE(queue.take_fragment());
}

TEST_CASE("small and large objects leave in the order they came in")
{
    for (const std::size_t packet_bytes : {std::size_t{1000}, std::size_t{70'000}, SIZE_MAX}) {
        SendQueue queue;
        Bytes expected;
        std::uint64_t id = 0;
        for (const std::uint32_t bytes : {10U, 60'000U, 10U, 5'000U, 300'000U, 0U, 65'536U, 1U}) {
            const Bytes object = tests::pattern(bytes, bytes);
            REQUIRE(queue.push(Priority::Default, ++id, object));
            append_fragments(object, id, default_fragment_bytes, expected);
        }
        CHECK(queue.pending_bytes() == expected.size());
        Bytes sent;
        while (const auto packet = queue.take(packet_bytes)) {
            const std::size_t left = expected.size() - sent.size();
            CHECK(packet->bytes.size() == std::min(packet_bytes, left));
            sent.insert(sent.end(), packet->bytes.begin(), packet->bytes.end());
        }
        CHECK((sent == expected));
        CHECK(queue.is_empty());
    }
}

TEST_CASE("the queue takes N bytes and refuses one more")
{
    const std::size_t first = fragmented_bytes(100, 50);
    const std::size_t second = fragmented_bytes(30, 50);
    SendQueue queue(50, {first + second});
    REQUIRE(queue.push(Priority::Default, 1, tests::pattern(100)));
    CHECK(queue.has_room(29));
    CHECK_FALSE(queue.has_room(31));
    const auto refused = queue.push(Priority::PromptResponse, 2, tests::pattern(31));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == make_error_code(Errc::SendQueueFull));
    CHECK(queue.pending_bytes() == first);
    REQUIRE(queue.push(Priority::PromptResponse, 2, tests::pattern(29)));
}

TEST_CASE("an empty queue takes an object over its limit")
{
    SendQueue queue(50, {10});
    CHECK(queue.has_room(1000));
    REQUIRE(queue.push(Priority::Default, 1, tests::pattern(1000)));
    CHECK_FALSE(queue.has_room(0));
}

TEST_CASE("clear leaves nothing to send")
{
    SendQueue queue;
    REQUIRE(queue.push(Priority::Default, 1, tests::pattern(10)));
    REQUIRE(queue.push(Priority::PromptResponse, 2, tests::pattern(10)));
    queue.clear();
    CHECK(queue.is_empty());
    CHECK_FALSE(queue.take(1));
}

TEST_CASE("a new fragment size applies to later objects only")
{
    SendQueue queue(31);
    REQUIRE(queue.push(Priority::Default, 1, tests::pattern(20)));
    queue.set_fragment_bytes_max(22);
    REQUIRE(queue.push(Priority::Default, 2, tests::pattern(2)));
    std::vector<std::size_t> sizes;
    while (const auto packet = queue.take_fragment())
        sizes.push_back(packet->bytes.size());
    CHECK(sizes == std::vector<std::size_t>{31, 31, 22, 22});
}

TEST_CASE("random pushes and takes arrive complete, in order, per stream")
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        std::mt19937_64 random(seed);
        SendQueue queue(22 + random() % 100);
        Reassembler streams[2];
        std::vector<std::uint64_t> pushed[2];
        std::vector<std::uint64_t> received[2];
        std::uint64_t id = 0;
        const auto deliver = [&](const Packet& packet) {
            const auto stream = static_cast<std::size_t>(packet.priority);
            REQUIRE(streams[stream].receive(packet.bytes));
            while (true) {
                const auto object = streams[stream].next();
                REQUIRE(object);
                if (!*object) break;
                const auto object_id = (*object)->object_id;
                const Bytes expected =
                    tests::pattern((*object)->bytes.size(), static_cast<std::uint32_t>(object_id));
                CHECK(std::ranges::equal((*object)->bytes, expected));
                received[stream].push_back(object_id);
            }
        };
        for (int step = 0; step < 300; ++step) {
            if (random() % 3 == 0) {
                const auto stream = static_cast<std::size_t>(random() % 2);
                ++id;
                const Bytes object =
                    tests::pattern(1 + random() % 500, static_cast<std::uint32_t>(id));
                REQUIRE(queue.push(static_cast<Priority>(stream), id, object));
                pushed[stream].push_back(id);
            } else if (auto packet = queue.take(1 + random() % 300)) {
                deliver(*packet);
            }
        }
        while (auto packet = queue.take(1 + random() % 300))
            deliver(*packet);
        CHECK(received[0] == pushed[0]);
        CHECK(received[1] == pushed[1]);
    }
}
