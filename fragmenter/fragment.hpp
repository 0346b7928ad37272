// The fragment: a 21-byte header, all integers big-endian, and a piece of an object (MS-PSRP 2.2.4;
// drawn in fragmenter/README.md).
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <cstddef>
#include <cstdint>
#include <variant>

namespace fragmenter {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Result;

// Bytes of the header in front of every blob.
inline constexpr std::size_t fragment_header_bytes = 21;
// The largest blob whose fragment still has a signed 32-bit length.
inline constexpr std::uint32_t blob_bytes_max =
    INT32_MAX - static_cast<std::uint32_t>(fragment_header_bytes);
// The fragment size, header included, of every transport but a WSMan client (fact sheet psrp 2.3).
inline constexpr std::size_t default_fragment_bytes = 32768;

// The header of one fragment (MS-PSRP 2.2.4).
struct FragmentHeader {
    std::uint64_t object_id = 0; // 1 to INT64_MAX; all fragments of an object share it
    std::uint64_t fragment_id =
        0; // 0 to INT64_MAX; 0 in the first fragment of an object, then one more each
    bool is_start = false;        // the S flag
    bool is_end = false;          // the E flag
    std::uint32_t blob_bytes = 0; // at most blob_bytes_max

    friend bool operator==(const FragmentHeader&, const FragmentHeader&) = default;
};

// A whole fragment. `blob` is borrowed from the bytes it was read from.
struct Fragment {
    FragmentHeader header;
    BytesView blob;
};

// Not enough bytes yet, which is no error: at least `count` more are needed before reading again
// can succeed.
struct NeedBytes {
    std::size_t count = 0;
};

// Writes the 21 bytes of `header` to `to`. Reserved flag bits are written as 0.
void write_fragment_header(const FragmentHeader& header, std::uint8_t* to);

// Reads the header at the start of `bytes`. The sign bits of the three integers are cleared and
// reserved flag bits ignored, as PowerShell does. Errors: ObjectIdNotPositive, FragmentTooBig.
Result<std::variant<NeedBytes, FragmentHeader>> read_fragment_header(BytesView bytes);

// Reads the fragment at the start of `bytes`; what follows it is not looked at. Errors as
// read_fragment_header().
Result<std::variant<NeedBytes, Fragment>> read_fragment(BytesView bytes);

} // namespace fragmenter
