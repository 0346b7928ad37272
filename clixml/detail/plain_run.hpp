// Runs of text that is written as it is, copied with the widest vectors that the processor has.
#pragma once

#include <cstddef>

namespace clixml::detail {

// Copies from the front of a text of `size` bytes up to the first that PlainEscapeBlock might stop
// at in text, or all but the last few. Gives the number of bytes; others may be written behind
// them, as far as `size` reaches.
using PlainRunCopier = std::size_t (*)(const char* from, std::size_t size, char* to);

// The fastest one here; it may copy nothing at all.
PlainRunCopier plain_run_copier();

} // namespace clixml::detail
