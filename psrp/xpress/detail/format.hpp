// The constants of MS-XCA's LZ77 with Huffman that reader and writer share (MS-XCA 2.1.4, 2.2.4).
#pragma once

#include <cstddef>
#include <cstdint>

namespace psrp::xpress::detail {

// 256 literals, then matches: 16 length slots for each count of offset bits.
inline constexpr std::size_t symbol_count = 512;
inline constexpr std::size_t literal_count = 256;
// Stands behind the last byte; as a match, it is the one of 3 bytes at offset 1.
inline constexpr std::size_t end_symbol = 256;
// Four bits a symbol, the even one of a byte in the low half.
inline constexpr std::size_t table_bytes = symbol_count / 2;
inline constexpr unsigned code_bits_max = 15;

inline constexpr std::size_t match_bytes_min = 3;
// The length slot behind which bytes with the rest of the length follow.
inline constexpr std::size_t long_slot = 15;
// In that byte: a 16-bit number follows.
inline constexpr std::size_t longer_mark = 255;

// Codes and offsets are bits of little-endian 16-bit words, most significant first. Whole bytes
// (of lengths) stand where the reader is once it has loaded all words it needs to see 16 bits
// ahead; so writer and reader always are so many words ahead of the bits.
inline constexpr std::size_t words_ahead = 2;

inline constexpr std::size_t chunk_header_bytes = 4;

} // namespace psrp::xpress::detail
