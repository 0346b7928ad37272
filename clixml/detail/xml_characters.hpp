// Character classes of XML, by byte: every byte of a multi-byte character counts as part of a name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace clixml::detail {

inline bool is_white(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

constexpr std::array<bool, 256> make_name_characters()
{
    std::array<bool, 256> allowed{};
    for (std::size_t c = 0x80; c < 256; ++c)
        allowed[c] = true;
    for (char c = 'a'; c <= 'z'; ++c)
        allowed[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c)
        allowed[static_cast<std::uint8_t>(c)] = true;
    for (char c = '0'; c <= '9'; ++c)
        allowed[static_cast<std::uint8_t>(c)] = true;
    for (char c : {'_', '-', '.', ':'})
        allowed[static_cast<std::uint8_t>(c)] = true;
    return allowed;
}
inline constexpr std::array<bool, 256> name_characters = make_name_characters();

} // namespace clixml::detail
