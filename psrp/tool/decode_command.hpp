// psrp decode: a recorded out-of-process conversation to one line of JSON a message.
#pragma once

#include <iosfwd>
#include <string>

namespace psrp::tool {

struct DecodeOptions {
    std::string file = "-"; // lines "A ...", "C <...>", "S <...>"; - is the standard input
};

// Writes the messages in the order in which they were completed, in the form of vectors/README.md.
// Returns 0, or 1 with a message on `err` that names the line where the recording is no
// conversation; what was decoded before stays written.
int run_decode(const DecodeOptions& options, std::ostream& out, std::ostream& err);

} // namespace psrp::tool
