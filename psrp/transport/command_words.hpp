// A command line in one text -> its words. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// Splits a command line into words as a shell does, without any expansion: blanks separate, both
// kinds of quotes and the backslash keep them. Nothing where a quote stays open or no word is
// there.
std::optional<std::vector<std::string>> split_words(std::string_view text);

} // namespace psrp
