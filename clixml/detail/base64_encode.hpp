// Base64 text of whole blocks of bytes, with the widest vectors that the processor has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace clixml::detail {

// Encodes a multiple of three of the first `size` bytes at `from`, as many as vectors can take
// without reading behind the end. Gives their number; `to` receives 4 characters for each 3 bytes,
// and no others.
using Base64Encoder = std::size_t (*)(const std::uint8_t* from, std::size_t size, char* to);

// The fastest one here; it may take nothing at all.
Base64Encoder base64_encoder();

// Each of them, for tests; null where this machine has no such vectors.
Base64Encoder base64_encoder_ssse3();
Base64Encoder base64_encoder_avx2();

} // namespace clixml::detail
