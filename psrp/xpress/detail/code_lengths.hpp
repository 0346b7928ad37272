// Huffman codes of at most 15 bits for the symbols of a chunk (MS-XCA 2.1.4.2).
#pragma once

#include <psrp/xpress/detail/format.hpp>

#include <array>
#include <cstdint>

namespace psrp::xpress::detail {

struct Code {
    std::uint16_t code = 0;
    std::uint16_t bits = 0; // none: the symbol does not occur
};

using Counts = std::array<std::uint32_t, symbol_count>;
using Codes = std::array<Code, symbol_count>;

// The canonical code for how often symbols occur, the best of at most code_bits_max bits but for
// rare, very uneven counts. At least two symbols must occur; all counts together stay below 2^22.
void make_codes(const Counts& counts, Codes& codes);

} // namespace psrp::xpress::detail
