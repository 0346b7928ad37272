// What an interactive session sends for each line that is typed (fact sheet psrp 16).
#pragma once

#include <clixml/result.hpp>
#include <psrp/protocol/messages/pipeline.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace psrp {

// The line as commands or as a script, its errors among its output, with Out-Default behind it: the
// server formats and writes to our host. Lives in `arena`. `has_batches` as for make_invocation().
Result<CreatePipeline>
make_interactive_request(std::string_view line, bool has_batches, Arena& arena);

// `prompt`, which gives the text to stand in front of the next line.
CreatePipeline prompt_request();

// Asks TabExpansion2 what can stand at `cursor`, an offset in bytes of `line`. The answer is a row
// of objects: where what is replaced begins and how long it is, in UTF-16 units, then the texts.
// Lives in `arena`.
CreatePipeline completion_request(std::string_view line, std::size_t cursor, Arena& arena);

// The offset in bytes of so many UTF-16 units of `text`; its size where there are fewer.
std::size_t utf8_offset_of(std::string_view text, std::int64_t units);

} // namespace psrp
