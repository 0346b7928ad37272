// System.Guid as a value: text forms and the two byte orders it travels in.
#pragma once

#include <clixml/bytes.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml {

// A 128-bit identifier. `bytes` holds it in the order of its text (big-endian), which is also the
// order of comparison.
struct Guid {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool is_zero() const { return *this == Guid{}; }

    // 36 lower-case characters, 8-4-4-4-12 (fact sheet clixml 2.1).
    [[nodiscard]] std::string text() const;
    // Writes the 36 characters of text() to `to`.
    void write_text(char* to) const;

    // The 16 bytes of .NET's Guid.ToByteArray: the first three groups little-endian
    // (MS-PSRP 2.2.1).
    [[nodiscard]] std::array<std::uint8_t, 16> net_bytes() const;
    // The inverse of net_bytes(). Exactly the first 16 bytes of `from` are read.
    static Guid from_net_bytes(const std::uint8_t* from);

    // Every form that .NET's Guid.Parse takes: D, N, {D}, (D) and the hexadecimal X form, with
    // white space around it.
    static std::optional<Guid> read(std::string_view text);

    friend auto operator<=>(const Guid&, const Guid&) = default;
};

} // namespace clixml
