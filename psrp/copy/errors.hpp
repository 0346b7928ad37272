// psrp::copy::CopyErrc: why a copy cannot go on. What concerns one file alone is a frame of type
// Trouble instead, see frames.hpp.
#pragma once

#include <system_error>

namespace psrp::copy {

// Who is concerned is said first.
enum class CopyErrc {
    BadFrame = 1,   // peer: a frame that is cut short, too long or of no known type
    OutOfOrder,     // peer: a frame that may not come here
    UnsafePath,     // peer: a path that would leave the destination
    TooManyHeld,    // peer: more files to go on with than CopyLimits allows
    TooManyFolders, // peer: more folders in one source than CopyLimits allows
    StreamCut,      // peer: the stream ended before it was whole
    DiskFull,       // environment: no room for what is received
    NoDestination,  // caller: the destination cannot be used
};

// "psrp.copy".
const std::error_category& copy_error_category();
inline std::error_code make_error_code(CopyErrc code)
{
    return {static_cast<int>(code), copy_error_category()};
}

} // namespace psrp::copy

template <>
struct std::is_error_code_enum<psrp::copy::CopyErrc> : std::true_type {
};
