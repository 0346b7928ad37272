// Whole groups of base64, many characters at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clixml::detail {

// Room that read_base64_groups needs for a text of that many characters.
constexpr std::size_t base64_room(std::size_t characters)
{
    return characters / 4 * 3 + 64;
}

// Decodes groups of four characters of the alphabet up to the first group that has another one in
// it, or the end. Gives the number of characters read, a multiple of four; three bytes are written
// to `to` for each group, and others behind them within base64_room().
std::size_t read_base64_groups(std::string_view text, std::uint8_t* to);
// The same without vector code.
std::size_t read_base64_groups_plain(std::string_view text, std::uint8_t* to);

} // namespace clixml::detail
