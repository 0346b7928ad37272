// Names in a copy: which paths of a peer are taken, and what unfinished files are called.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace psrp::copy {

// Bytes of a path below its source.
inline constexpr std::size_t path_bytes_max = 64 * 1024;

// Whether `path` stays below where it is put: names with '/' between them, none of them empty, `.`,
// `..` or with a NUL in it. The empty path is the source itself.
bool is_safe_path(std::string_view path);

// The name of a file while it is not whole: hidden, the same each time, no longer than a name may
// be.
std::string partial_name(std::string_view name);

// The last part of a path that somebody typed, for POSIX or Windows: `b` of `a/b/` and of `C:\a\b`.
// Empty where the path is `.`, `..`, `~`, a root or a drive: what is in it is copied, not itself.
std::string base_name(std::string_view path, bool has_windows_separators);

} // namespace psrp::copy
