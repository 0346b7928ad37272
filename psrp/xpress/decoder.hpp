// Reads compressed WinRM streams: chunks of LZ77 with Huffman codes, "XPRESS Huffman" (fact sheet
// transports B13; MS-XCA 2.2). Sans-IO.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace psrp::xpress {

// The most bytes that one chunk stands for.
inline constexpr std::size_t chunk_bytes_max = 65536;

struct DecodeLimits {
    // Bytes of all chunks together; inclusive.
    std::size_t plain_bytes_max = std::size_t{16} << 20;
};

// The bytes that a stream of whole chunks stands for: each has two little-endian 16-bit numbers in
// front, its plain and its compressed size, both less one; equal sizes: it is not compressed. What
// it becomes is known, and judged, before anything is allocated. Offsets of errors are those in
// `stream`, of the chunk's data where they lie inside. Takes time linear in what goes in and comes
// out.
clixml::Result<clixml::Bytes> decode(clixml::BytesView stream, const DecodeLimits& limits = {});

// The data of one compressed chunk, filling `plain` exactly; at most chunk_bytes_max of it. After
// an error `plain` holds anything.
clixml::Result<void> decode_block(clixml::BytesView block, std::span<std::uint8_t> plain);

} // namespace psrp::xpress
