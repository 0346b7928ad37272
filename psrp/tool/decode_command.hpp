// psrp decode: a recorded conversation to one line of JSON a message, to an outline for people, or
// to counts.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace psrp::tool {

struct DecodeOptions {
    enum class Form : std::uint8_t {
        Json,   // one line a message, as in vectors/README.md
        Pretty, // direction, message, pipeline, fragments, values; elements and other lines too
        Stats,  // counts by message and direction
    };

    std::string file = "-"; // see recording.hpp; - is the standard input
    Form form = Form::Json;
    bool full = false;   // Pretty: long texts and lists are shown whole
    bool colors = false; // Pretty: with terminal sequences
};

// Writes what the recording holds, in its order. Returns 0, or 1 with a message on `err` for each
// place that is not what it should be; what stands before and behind such a place is written.
int run_decode(const DecodeOptions& options, std::ostream& out, std::ostream& err);

} // namespace psrp::tool
