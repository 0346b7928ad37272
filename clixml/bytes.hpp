// Byte containers and views, and loads and stores of integers in a stated byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace clixml {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

// The bytes of `text`. Borrowed from `text`.
inline BytesView bytes_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The same bytes as text; nothing is checked. Borrowed from `bytes`.
inline std::string_view text_of(BytesView bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The integer at `from`, least significant byte first. At least sizeof(T) bytes must be readable.
template <typename T>
T load_le(const std::uint8_t* from)
{
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(value | static_cast<T>(static_cast<T>(from[i]) << (8 * i)));
    }
    return value;
}

// The integer at `from`, most significant byte first. At least sizeof(T) bytes must be readable.
template <typename T>
T load_be(const std::uint8_t* from)
{
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(
            value | static_cast<T>(static_cast<T>(from[i]) << (8 * (sizeof(T) - 1 - i)))
        );
    }
    return value;
}

// Writes `value` to `to`, least significant byte first.
template <typename T>
void store_le(T value, std::uint8_t* to)
{
    static_assert(std::is_unsigned_v<T>);
    for (std::size_t i = 0; i < sizeof(T); ++i)
        to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// Writes `value` to `to`, most significant byte first.
template <typename T>
void store_be(T value, std::uint8_t* to)
{
    static_assert(std::is_unsigned_v<T>);
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        to[i] = static_cast<std::uint8_t>(value >> (8 * (sizeof(T) - 1 - i)));
    }
}

} // namespace clixml
