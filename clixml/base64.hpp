// Base64, standard alphabet with padding (RFC 4648), as PowerShell writes and reads it.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace clixml {

// Characters that `byte_count` bytes become.
constexpr std::size_t base64_size(std::size_t byte_count)
{
    return (byte_count + 2) / 3 * 4;
}

// Appends the text of `bytes`; no line breaks.
void append_base64(BytesView bytes, std::string& out);
// Writes base64_size(bytes.size()) characters to `to` and returns the end.
char* write_base64(BytesView bytes, char* to);

// The bytes of `text`. Blanks, tabs, CR and LF are ignored anywhere; everything else must be right,
// padding included. Errors: Errc::InvalidBase64 with the offset.
Result<Bytes> read_base64(std::string_view text);
// The same into `to`, which must have room for text.size() / 4 * 3 + 3 bytes; gives the number
// written.
Result<std::size_t> read_base64(std::string_view text, std::uint8_t* to);

} // namespace clixml
