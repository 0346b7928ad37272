// Depths that PowerShell's code and type table set for types, whatever depth was asked for (fact
// sheet clixml 4.2, 4.5).
#pragma once

#include <span>
#include <string_view>

namespace clixml::detail {

// The depth of the first of `names` that has one, 0 where none has.
int depth_of_types(std::span<const std::string_view> names);

} // namespace clixml::detail
