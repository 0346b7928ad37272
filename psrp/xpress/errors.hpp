// psrp::xpress::Errc: one enumerator for each rule of a compressed stream that can be broken
// (fact sheet transports B13; MS-XCA, LZ77 with Huffman).
#pragma once

#include <system_error>

namespace psrp::xpress {

enum class Errc {
    // All are the peer's.
    Truncated = 1,      // the stream ends inside a chunk's header or data
    PlainTooBig,        // more bytes than DecodeLimits::plain_bytes_max; known from the headers
    CodeTableTruncated, // fewer data than the table of code lengths
    IncompleteCode,     // the code lengths leave patterns of bits without a symbol
    OversubscribedCode, // the code lengths give a pattern of bits to two symbols
    DataEndEarly,       // the data of a chunk end before its announced bytes are all there
    MatchBeforeStart,   // a match begins before the first byte of its chunk
    MatchPastEnd,       // a match has more bytes than the chunk has left
    InvalidMatchLength, // a match length in a longer form than its value needs to be possible
    TrailingData,       // data behind the end of a chunk's bytes
};

// "psrp-xpress".
const std::error_category& error_category();

// Makes Errc usable wherever a std::error_code is expected.
inline std::error_code make_error_code(Errc code)
{
    return {static_cast<int>(code), error_category()};
}

} // namespace psrp::xpress

template <>
struct std::is_error_code_enum<psrp::xpress::Errc> : std::true_type {
};
