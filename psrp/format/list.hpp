// A list as PowerShell prints it: `Label : value`, long values broken under themselves.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace psrp {

// The lines of one entry in at most `width` columns. Labels are padded to the longest one; values
// are broken at line breaks and wherever they are too long.
std::vector<std::string>
list_lines(const std::vector<std::pair<std::string, std::string>>& entry, std::size_t width);

} // namespace psrp
