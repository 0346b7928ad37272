// The writer of compressed streams (fact sheet transports B13; MS-XCA 2.1).
#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/encoder.hpp>
#include <tests/support/exact_buffer.hpp>
#include <tests/xpress/block_builder.hpp>

#include <catch2/catch.hpp>

#include <random>

using clixml::Bytes;
using clixml::BytesView;
using tests::ExactBuffer;

namespace {

void check_identity(psrp::xpress::Encoder& encoder, BytesView plain)
{
    const ExactBuffer copy(plain);
    Bytes stream = {'k', 'e', 'p', 't'};
    encoder.encode(copy.bytes(), stream);
    CHECK(clixml::text_of(BytesView(stream).first(4)) == "kept");
    const std::size_t chunks = (plain.size() + 65535) / 65536;
    CHECK(stream.size() - 4 <= plain.size() + 4 * chunks);
    const ExactBuffer exact(BytesView(stream).subspan(4));
    const auto again = psrp::xpress::decode(exact.bytes(), {plain.size()});
    REQUIRE(again);
    CHECK(std::equal(again->begin(), again->end(), plain.begin(), plain.end()));
}

} // namespace

TEST_CASE("what is compressed expands to the same, recorded inputs and hard ones")
{
    psrp::xpress::Encoder encoder;
    for (const auto& row : tests::recorded_streams()) {
        INFO(row.name);
        check_identity(encoder, row.plain);
    }
    for (const auto& row : tests::hard_inputs()) {
        INFO(row.name);
        check_identity(encoder, row.bytes);
    }
    check_identity(encoder, {});
}

TEST_CASE("what is compressed expands to the same, random mixtures of runs, copies and noise")
{
    psrp::xpress::Encoder encoder;
    std::mt19937 random(4);
    for (int round = 0; round < 150; ++round) {
        INFO(round);
        Bytes plain;
        const std::size_t size = random() % 3 == 0 ? random() % 140000 : random() % 2000;
        const unsigned values = 1 + random() % 256;
        while (plain.size() < size) {
            const std::size_t count = 1 + random() % (random() % 8 == 0 ? 5000 : 20);
            const std::size_t kind = random() % 3;
            const std::size_t distance = plain.empty() ? 0 : 1 + random() % plain.size();
            const auto one = static_cast<std::uint8_t>(random());
            for (std::size_t i = 0; i < count; ++i) {
                if (kind == 0 && distance != 0)
                    plain.push_back(plain[plain.size() - distance]);
                else
                    plain.push_back(kind == 1 ? one : static_cast<std::uint8_t>(random() % values));
            }
        }
        check_identity(encoder, plain);
    }
}

TEST_CASE("CLIXML becomes as small as the recorded streams, within a tenth")
{
    for (const auto& row : tests::recorded_streams()) {
        if (row.name.rfind("clixml-", 0) != 0) continue;
        INFO(row.name);
        CHECK(psrp::xpress::encode(row.plain).size() * 10 <= row.stream.size() * 11);
    }
}

TEST_CASE("an encoder forgets what it compressed before")
{
    psrp::xpress::Encoder used;
    Bytes first;
    for (const auto& row : tests::recorded_streams())
        used.encode(row.plain, first);
    for (const auto& row : tests::recorded_streams()) {
        Bytes again;
        used.encode(row.plain, again);
        CHECK(again == psrp::xpress::encode(row.plain));
    }
}
