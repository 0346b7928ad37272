// The canonical Huffman code of a chunk, for reading (MS-XCA 2.2.4).
#pragma once

#include <clixml/result.hpp>
#include <psrp/xpress/detail/format.hpp>

#include <array>
#include <cstdint>

namespace psrp::xpress::detail {

// What a code stands for: one or two literals, or a match.
struct Entry {
    static constexpr std::uint32_t match_flag = 1U << 31U;
    std::uint32_t packed;

    static Entry of_symbol(std::uint32_t symbol, std::uint32_t bits)
    {
        constexpr auto literals = static_cast<std::uint32_t>(literal_count);
        if (symbol < literals) return {symbol << 8U | 1U << 4U | bits};
        return {match_flag | (symbol - literals) << 4U | bits};
    }
    // Two literals, one code behind the other.
    static Entry of_pair(Entry one, Entry other)
    {
        return {
            (other.packed & 0xff00U) << 8U | (one.packed & 0xff00U) | 2U << 4U |
            (one.code_bits() + other.code_bits())};
    }

    [[nodiscard]] unsigned code_bits() const { return packed & 15U; }
    [[nodiscard]] bool is_match() const { return (packed & match_flag) != 0; }
    // Literals.
    [[nodiscard]] std::size_t literals() const { return packed >> 4U & 3U; }
    [[nodiscard]] std::uint16_t bytes() const { return static_cast<std::uint16_t>(packed >> 8U); }
    // Matches.
    [[nodiscard]] std::size_t length_slot() const { return packed >> 4U & 15U; }
    [[nodiscard]] unsigned offset_bits() const { return packed >> 8U & 15U; }
    [[nodiscard]] bool is_end_symbol() const { return packed >> 4U == match_flag >> 4U; }
};

enum class Pairs : std::uint8_t { Wanted, NotWorthIt };

// Codes of up to `direct_bits` bits are found by one look, the few longer ones by comparing.
class CodeTable {
public:
    static constexpr unsigned direct_bits = 12;

    // Takes the `table_bytes` bytes at `lengths`; IncompleteCode, OversubscribedCode. Pairs of
    // literals take time now and save it later.
    clixml::Result<void> read(const std::uint8_t* lengths, Pairs pairs);

    // What the most significant bits of `bits` begin with; a pair where there is one.
    [[nodiscard]] Entry find(std::uint64_t bits) const
    {
        const Entry entry = direct_[bits >> (64 - direct_bits)];
        return entry.packed != 0 ? entry : find_from(direct_bits + 1, bits);
    }

    // The same, one symbol only.
    [[nodiscard]] Entry find_one(std::uint64_t bits) const { return find_from(1, bits); }

private:
    [[nodiscard]] Entry find_from(unsigned length, std::uint64_t bits) const;
    void fill_direct();
    void fill_pairs();

    std::array<Entry, std::size_t{1} << direct_bits> direct_;
    // Symbols in the order of their codes; by length, where the codes of that length end, as 15
    // bits and as an index.
    std::array<std::uint16_t, symbol_count> symbols_;
    std::array<std::uint32_t, code_bits_max + 1> codes_end_;
    std::array<std::uint32_t, code_bits_max + 1> symbols_end_;
};

} // namespace psrp::xpress::detail
