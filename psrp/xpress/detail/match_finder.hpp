// Cuts a chunk into literals and matches (MS-XCA 2.1.4.1 leaves open how).
#pragma once

#include <clixml/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace psrp::xpress::detail {

// Literals, then a match of at least 4 bytes.
struct Sequence {
    std::uint32_t literals;
    std::uint16_t offset;
    std::uint16_t length;
};

class MatchFinder {
public:
    // The sequences of `chunk`, which is at most 65536 bytes; what is behind the last are literals.
    // Borrowed until the next call. One place is looked at for each byte at most, and a byte is
    // compared a fixed number of times, so the time is linear.
    std::span<const Sequence> find(clixml::BytesView chunk);

private:
    static constexpr unsigned hash_bits = 14;
    static constexpr std::size_t match_bytes_min = 4;

    std::uint16_t& head(const std::uint8_t* at);

    // Where in the chunk four bytes like these were last. What is not set yet says 0, which is a
    // place, too: bytes are compared anyway.
    std::array<std::uint16_t, std::size_t{1} << hash_bits> heads_;
    std::array<Sequence, 65536 / match_bytes_min> sequences_;
};

} // namespace psrp::xpress::detail
