// psrp xpress: the compression of WinRM streams, for those who look into recordings.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace psrp::tool {

struct XpressOptions {
    enum class Mode : std::uint8_t { Decode, Encode };

    Mode mode = Mode::Decode;
    std::string file = "-"; // - is the standard input
    std::uint64_t plain_bytes_max = std::uint64_t{1} << 30;
};

// Writes what the file's bytes become. Returns 0, or 1 with a message on `err` and nothing on
// `out`.
int run_xpress(const XpressOptions& options, std::ostream& out, std::ostream& err);

} // namespace psrp::tool
