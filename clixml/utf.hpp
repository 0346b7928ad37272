// Text as .NET has it. A .NET string is a row of UTF-16 code units that need not be valid text;
// here it is UTF-8 in which a lone surrogate is kept as its own three-byte sequence ("WTF-8"), so
// that no code unit is ever lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml {

// Appends the code point, or the surrogate code unit, as UTF-8. A low surrogate that follows a high
// one at the end of `out` is joined with it to one four-byte sequence, as in a UTF-16 string.
void append_code_unit(std::uint32_t code_point, std::string& out);

// One step through WTF-8: the code point (or lone surrogate) at `at`, which is moved behind it.
// `text` must be valid.
std::uint32_t next_code_point(std::string_view text, std::size_t& at);

// Offset of the first byte that is not valid UTF-8 (surrogates are not), or nothing.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// Size of the UTF-8 sequence that `text` starts with, 1 to 4; 0 where it is none. `text` must not
// be empty.
std::size_t utf8_sequence_size(std::string_view text);

// Whether `text` is what a .NET string can be here: valid UTF-8 or paired-off WTF-8.
bool is_valid_wtf8(std::string_view text);

// `text` with U+FFFD for every byte that is no part of valid UTF-8.
std::string valid_text(std::string_view text);

// UTF-16 code units, two bytes each in the given order, to WTF-8. An odd last byte is dropped.
std::string utf8_from_utf16(std::string_view bytes, bool big_endian);

// WTF-8 to UTF-16LE bytes. `text` must be valid.
std::string utf16le_from_utf8(std::string_view text);

// Number of UTF-16 code units of `text`, .NET's String.Length. `text` must be valid.
std::size_t utf16_length(std::string_view text);

// `text` without the white space at its ends, as .NET's String.Trim takes it away: also a no-break
// space, a line separator and their like.
std::string_view without_white_space_around(std::string_view text);

// Folds for comparison as .NET's OrdinalIgnoreCase does: simple upper-case mapping a character.
std::string fold_case(std::string_view text);

// Equality under fold_case, without allocating for ASCII.
bool equal_ignoring_case(std::string_view left, std::string_view right);

// Hash that is equal for texts that are equal ignoring case.
std::uint32_t folded_hash(std::string_view text);

} // namespace clixml
