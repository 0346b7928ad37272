// How many terminal columns a text takes: wide characters count two, combining marks and escape
// sequences none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace psrp {

// Columns of `text` (valid WTF-8). Terminal escape sequences (CSI and OSC) take none; control
// characters neither.
std::size_t display_width(std::string_view text);

// The same where line breaks and other control characters take a column each, as PowerShell reckons
// the widths of tables.
std::size_t cell_width(std::string_view text);

// Bytes of the longest head of `text` that takes at most `columns` columns. A wide character is
// never cut in two, so the head may be a column short.
std::size_t head_bytes(std::string_view text, std::size_t columns);

// The same for the tail: the offset where the longest tail of at most `columns` columns starts.
std::size_t tail_offset(std::string_view text, std::size_t columns);

// `text` without the escape sequences that a terminal obeys.
std::string without_escapes(std::string_view text);
// `text` without what PowerShell leaves out where it writes no decorations: colours, modes and
// links. Other sequences are text to it and stay.
std::string without_decorations(std::string_view text);

// `text` as valid UTF-8: lone surrogates become U+FFFD.
std::string printable_utf8(std::string_view text);

} // namespace psrp
