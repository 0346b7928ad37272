// What an envelope of a peer may cost.
#pragma once

#include <cstddef>
#include <cstdint>

namespace psrp::wsman {

// Every limit is inclusive; going over one refuses the envelope with an error that names it.
struct EnvelopeLimits {
    // Bytes of the text. Services answer within MaxEnvelopeSize; some go a little over it.
    std::size_t envelope_bytes_max = std::size_t{4} << 20;
    std::size_t depth_max = 32;
    std::size_t attributes_max = 32; // of one element
    // Elements and attributes together.
    std::size_t nodes_max = 200000;
    // Bytes of all streams of one envelope after base64 and expansion.
    std::size_t stream_bytes_max = std::size_t{16} << 20;
};

} // namespace psrp::wsman
