// The _xHHHH_ codec of CLIXML strings and names (fact sheet clixml 2.3, 2.4; MS-PSRP 2.2.5.3.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace clixml {

// Appends `text` (WTF-8) with every code unit escaped that PowerShell escapes: C0, DEL, C1,
// surrogates, _ before x.
void append_escaped(std::string_view text, std::string& out);
std::string escaped(std::string_view text);

// Offset of the first byte where append_escaped would differ from its input; text.size() where
// nothing would.
std::size_t first_to_escape(std::string_view text);

// Appends the decoded text: _xHHHH_ and _xHHHHHHHH_ become their code units, all else is literal.
// Reproduces what .NET does with eight digits above 10FFFF (text before them may come twice), up to
// four times the text.
void append_unescaped(std::string_view text, std::string& out);
std::string unescaped(std::string_view text);

// Whether `text` holds anything that append_unescaped might change.
bool has_escape(std::string_view text);

} // namespace clixml
