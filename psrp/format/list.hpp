// A list as PowerShell prints it: `Label : value`, long values broken under themselves.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psrp {

// The lines that the line feeds of `value` make, without carriage returns at their ends.
std::vector<std::string_view> split_lines(std::string_view value);

// `text` broken at its line feeds and wherever a line is longer than `width`. At least one line; a
// wide character in a column of one goes over it.
std::vector<std::string> broken_text(std::string_view text, std::size_t width);

// The lines of one entry in at most `width` columns. Labels are padded to the longest one; values
// are broken at line breaks and wherever they are too long.
std::vector<std::string>
list_lines(const std::vector<std::pair<std::string, std::string>>& entry, std::size_t width);

} // namespace psrp
