// Percent escapes of System.Uri (fact sheet clixml 2.1, URI). Everything works on UTF-16 code
// units, because what .NET does with malformed texts depends on them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml::detail {

enum class UriPart : std::uint8_t { Other, Query };

enum class UriUnescape : std::uint8_t {
    SafeEscapes, // resolve escapes of what is not reserved, escape bare percent signs
    EscapeOnly,  // take every percent sign for itself (paths of files written without a scheme)
};

// The byte that two hexadecimal digits stand for, or nothing.
std::optional<std::uint8_t> hex_byte(char16_t high, char16_t low);

// Whether .NET rewrites the text before anything else: it holds characters beyond ASCII, or escapes
// of such or of unreserved characters, or malformed escapes.
bool needs_iri_form(std::u16string_view text);

// RFC 3987 form: escapes of what may stand there resolved, what may not escaped.
void append_iri_form(std::u16string_view text, UriPart part, std::u16string& out);

// The text to display. A reserved character of `reserved` that stands there bare is escaped.
void append_display_form(
    std::u16string_view text,
    std::u16string_view reserved,
    UriPart part,
    UriUnescape mode,
    std::u16string& out
);

} // namespace clixml::detail
