#include <tests/support/segmentations.hpp>

#include <catch2/catch.hpp>

#include <numeric>

TEST_CASE("every segmentation adds up to the input")
{
    for (const std::size_t input_bytes : {0u, 1u, 21u, 1000u}) {
        for (const auto& segmentation : tests::segmentations(input_bytes)) {
            INFO(segmentation.name << " of " << input_bytes);
            const auto& pieces = segmentation.piece_bytes;
            CHECK(std::accumulate(pieces.begin(), pieces.end(), std::size_t{0}) == input_bytes);
        }
    }
}

TEST_CASE("the pieces fed are the input in order")
{
    std::vector<std::uint8_t> input(300);
    std::iota(input.begin(), input.end(), std::uint8_t{0});
    for (const auto& segmentation : tests::segmentations(input.size())) {
        INFO(segmentation.name);
        std::vector<std::uint8_t> seen;
        tests::feed_in_pieces(input, segmentation, [&](std::span<const std::uint8_t> piece) {
            seen.insert(seen.end(), piece.begin(), piece.end());
            return true;
        });
        CHECK(seen == input);
    }
}
