#include <clixml/large_memory.hpp>

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace clixml {

void expect_large_use([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes)
{
#if defined(__linux__)
    if (bytes < large_memory_bytes) return;
    // The wish is for whole pages; those at the ends may hold something else as well, which does
    // not mind.
    constexpr std::uintptr_t page_bytes = 4096;
    const auto begin = reinterpret_cast<std::uintptr_t>(memory) & ~(page_bytes - 1);
    const auto end = reinterpret_cast<std::uintptr_t>(memory) + bytes;
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE); // only a wish
#endif
}

} // namespace clixml
