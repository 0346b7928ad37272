// Fragments and byte patterns for the tests of this folder.
#pragma once

#include <fragmenter/fragment.hpp>

#include <cstdint>
#include <string_view>

namespace tests {

// A fragment as bytes; flags are "S", "E", "SE" or "".
inline clixml::Bytes fragment_bytes(
    std::uint64_t object_id,
    std::uint64_t fragment_id,
    std::string_view flags,
    clixml::BytesView blob
)
{
    clixml::Bytes out(fragmenter::fragment_header_bytes);
    fragmenter::write_fragment_header(
        {object_id,
         fragment_id,
         flags.find('S') != std::string_view::npos,
         flags.find('E') != std::string_view::npos,
         static_cast<std::uint32_t>(blob.size())},
        out.data()
    );
    out.insert(out.end(), blob.begin(), blob.end());
    return out;
}

// The same with a text blob.
inline clixml::Bytes fragment_bytes(
    std::uint64_t object_id,
    std::uint64_t fragment_id,
    std::string_view flags,
    std::string_view blob
)
{
    return fragment_bytes(object_id, fragment_id, flags, clixml::bytes_of(blob));
}

// `size` bytes that differ from their neighbours and from other seeds.
inline clixml::Bytes pattern(std::size_t size, std::uint32_t seed = 1)
{
    clixml::Bytes bytes(size);
    std::uint32_t state = seed * 2654435761U + 1;
    for (std::uint8_t& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return bytes;
}

// `more` behind `bytes`.
inline clixml::Bytes joined(clixml::Bytes bytes, const clixml::Bytes& more)
{
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
}

} // namespace tests
