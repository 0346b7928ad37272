// Paths with wildcards, as the file commands take them.
#pragma once

#include <psrp/server/command.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

// The absolute paths that `pattern` means, sorted; wildcards match one folder level each. A path
// without wildcards is returned whether it exists or not. At most paths_max.
inline constexpr std::size_t paths_max = 100'000;
std::vector<std::string>
expand_path(const SessionState& session, std::string_view pattern, bool literal);

// The text of a path argument or of an object that has a path (PSPath, FullName).
std::string path_of(Value value);

} // namespace psrp::server
