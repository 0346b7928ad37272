// Memory that is filled as soon as it is there: the system may give it in few large pages, where
// each small one costs it a fault.
#pragma once

#include <cstddef>

namespace clixml {

// Fewer bytes are not worth a call.
inline constexpr std::size_t large_memory_bytes = std::size_t{2} << 20;

// To be told of memory of the heap before it is filled. Does nothing for small blocks, and where
// the system knows no such wish.
void expect_large_use(void* memory, std::size_t bytes);

} // namespace clixml
