// folded_hash() of ASCII, at compile time too.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace clixml {

// Eight ASCII characters, of which the letters a to z become A to Z.
constexpr std::uint64_t upper_ascii(std::uint64_t word)
{
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    std::uint64_t from_a = word + (0x80 - 'a') * ones;
    std::uint64_t above_z = word + (0x80 - 'z' - 1) * ones;
    return word ^ (((from_a & ~above_z) & 0x80 * ones) >> 2);
}

// The first `size` bytes, up to 8, as a number: the first byte is its lowest.
constexpr std::uint64_t load_characters(const char* at, std::size_t size)
{
    std::uint64_t word = 0;
    if (std::is_constant_evaluated() || std::endian::native != std::endian::little || size < 4) {
        for (std::size_t i = 0; i < size; ++i)
            word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(at[i])) << i * 8;
    } else if (size == 8) {
        std::memcpy(&word, at, 8);
    } else {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, at, 4);
        std::memcpy(&last, at + size - 4, 4);
        word = first | static_cast<std::uint64_t>(last) << (size - 4) * 8;
    }
    return word;
}

// A hash of the text that is equal for texts equal ignoring case; nothing where it is not all
// ASCII.
constexpr std::optional<std::uint32_t> ascii_hash(std::string_view text)
{
    const char* at = text.data();
    std::size_t size = text.size();
    std::uint64_t hash = 0x9E3779B97F4A7C15ULL ^ size;
    std::uint64_t all = 0;
    auto add = [&](std::uint64_t word) {
        all |= word;
        hash = (hash ^ upper_ascii(word)) * 0xD6E8FEB86659FD93ULL;
        hash ^= hash >> 32;
    };
    if (size < 8) {
        add(load_characters(at, size));
    } else {
        for (std::size_t i = 0; i + 8 < size; i += 8)
            add(load_characters(at + i, 8));
        // The last eight, some of which may have been taken already.
        add(load_characters(at + size - 8, 8));
    }
    if ((all & 0x8080808080808080ULL) != 0) return std::nullopt;
    // Once more, so that the last characters too reach the bits that tables use.
    return static_cast<std::uint32_t>(hash * 0xD6E8FEB86659FD93ULL >> 32);
}

} // namespace clixml
