// How sanitized programs find what libraries do that are not ours to mend.
#pragma once

namespace tests {

// gss-ntlmssp has no frame pointers, and is known as the cause of a leak by its calls some fifteen
// callers up. Each costs so much that reading a computer's authorities takes seconds.
inline constexpr char unwinding_options[] = "fast_unwind_on_malloc=0:malloc_context_size=18";

} // namespace tests
