// The form in which System.Uri shows an address. PowerShell keeps a URI element as a Uri and writes
// what its ToString gives, so that an address changes when it is read: http://A:80 becomes
// http://a/ (fact sheet clixml 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clixml::detail {

// What `new Uri(text, RelativeOrAbsolute).ToString()` gives on Linux, or nothing where the
// constructor refuses the text: a malformed host or port, c:x. Not followed: addresses of IPv6 and
// IPv4 in other spellings than the usual one, and host names outside ASCII, which are left as they
// are. `text` must be valid WTF-8 (utf.hpp).
std::optional<std::string> shown_uri(std::string_view text);

} // namespace clixml::detail
