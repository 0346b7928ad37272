// psrp clixml: reads a CLIXML text and shows or rewrites it.
#pragma once

#include <iosfwd>
#include <string>

namespace psrp::tool {

struct ClixmlOptions {
    enum class Mode { Dump, Copy, Again };
    Mode mode = Mode::Dump;
    int depth = 2;             // of Again, at least 1
    bool bare = false;         // Dump, Again: the text is one bare element, as in PSRP messages
    std::string file = "-";    // - is the standard input
    bool error_output = false; // Dump of a shell's output: it is that of the standard error
};

// Writes the result to `out`. A text whose first line is #< CLIXML is the output of a shell: Dump
// then writes a line for each value, with its stream. Returns the program's exit code: 0, or 1 with
// a message on `err` where the text is refused, which names the place as byte offset, line and
// column.
int run_clixml(const ClixmlOptions& options, std::ostream& out, std::ostream& err);

// The whole of a file, or of the standard input for "-". False with a message on `err` where it
// cannot be read.
bool read_input(const std::string& file, std::string& text, std::ostream& err);

} // namespace psrp::tool
