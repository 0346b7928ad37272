// Whether what somebody has typed is a whole script, or goes on in the next line (fact sheet
// psrp 16): open quotes, brackets, here-strings and comments, a `|`, an operator or a backtick at
// the end, a statement without its block.
#pragma once

#include <string_view>

namespace psrp {

// A lexical check, as PowerShell's parser says IncompleteInput. What is wrong in another way is
// complete: the server says what is wrong with it.
bool is_incomplete_script(std::string_view script);

} // namespace psrp
