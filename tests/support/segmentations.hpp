// The ways an incremental decoder is fed: its answers must be the same for every one of them.
#pragma once

#include <tests/support/exact_buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace tests {

// One way to cut an input: the sizes of its pieces in order; they add up to the size of the input.
struct Segmentation {
    std::string name;
    std::vector<std::size_t> piece_bytes;
};

// Whole; byte by byte; an empty piece before each single byte; `random_count` seeded cuts into
// pieces of 0 to `piece_bytes_max` bytes. The name of a random one holds its seed.
inline std::vector<Segmentation> segmentations(
    std::size_t input_bytes, std::size_t random_count = 8, std::size_t piece_bytes_max = 64
)
{
    std::vector<Segmentation> all;
    all.push_back({"whole", {input_bytes}});
    all.push_back({"byte by byte", std::vector<std::size_t>(input_bytes, 1)});
    Segmentation zero_and_one{"zero and one", {}};
    for (std::size_t i = 0; i < input_bytes; ++i) {
        zero_and_one.piece_bytes.push_back(0);
        zero_and_one.piece_bytes.push_back(1);
    }
    all.push_back(std::move(zero_and_one));
    for (std::size_t seed = 1; seed <= random_count; ++seed) {
        Segmentation random{"random, seed " + std::to_string(seed), {}};
        std::mt19937_64 engine(seed);
        for (std::size_t left = input_bytes; left > 0;) {
            const std::size_t piece = std::min<std::size_t>(engine() % (piece_bytes_max + 1), left);
            random.piece_bytes.push_back(piece);
            left -= piece;
        }
        all.push_back(std::move(random));
    }
    return all;
}

// Calls `feed` with each piece of `input`, every piece in an exact-size heap buffer of its own that
// is gone when `feed` has returned. Ends early when `feed` returns false.
template <typename Feed>
void feed_in_pieces(
    std::span<const std::uint8_t> input, const Segmentation& segmentation, Feed&& feed
)
{
    std::size_t at = 0;
    for (const std::size_t piece : segmentation.piece_bytes) {
        const ExactBuffer buffer(input.subspan(at, piece));
        at += piece;
        if (!feed(buffer.bytes())) return;
    }
}

} // namespace tests
