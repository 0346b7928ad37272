#include <psrp/xpress/detail/code_table.hpp>
#include <psrp/xpress/errors.hpp>

#include <algorithm>

namespace psrp::xpress::detail {

clixml::Result<void> CodeTable::read(const std::uint8_t* lengths, Pairs pairs)
{
    std::array<std::uint32_t, code_bits_max + 1> counts{};
    for (std::size_t i = 0; i < table_bytes; ++i) {
        ++counts[lengths[i] & 15U];
        ++counts[lengths[i] >> 4U];
    }
    std::array<std::uint32_t, code_bits_max + 1> next{};
    std::uint32_t code = 0;
    std::uint32_t index = 0;
    codes_end_[0] = 0;
    symbols_end_[0] = 0;
    for (unsigned bits = 1; bits <= code_bits_max; ++bits) {
        next[bits] = index;
        index += counts[bits];
        code += counts[bits] << (code_bits_max - bits);
        symbols_end_[bits] = index;
        codes_end_[bits] = code;
    }
    constexpr std::uint32_t all_codes = 1U << code_bits_max;
    if (code > all_codes) return clixml::failure(Errc::OversubscribedCode, 0);
    if (code < all_codes) return clixml::failure(Errc::IncompleteCode, 0);
    for (std::size_t i = 0; i < table_bytes; ++i) {
        const unsigned even = lengths[i] & 15U;
        const unsigned odd = lengths[i] >> 4U;
        if (even != 0) symbols_[next[even]++] = static_cast<std::uint16_t>(2 * i);
        if (odd != 0) symbols_[next[odd]++] = static_cast<std::uint16_t>(2 * i + 1);
    }
    fill_direct();
    if (pairs == Pairs::Wanted) fill_pairs();
    return {};
}

void CodeTable::fill_direct()
{
    Entry* to = direct_.data();
    std::uint32_t index = 0;
    for (unsigned bits = 1; bits <= direct_bits; ++bits) {
        const std::size_t repeats = std::size_t{1} << (direct_bits - bits);
        for (; index < symbols_end_[bits]; ++index)
            to = std::fill_n(to, repeats, Entry::of_symbol(symbols_[index], bits));
    }
    std::fill(to, direct_.data() + direct_.size(), Entry{0});
}

void CodeTable::fill_pairs()
{
    // What follows a code of n bits is looked up by what is left of the index, so it is one of the
    // codes at every 2^n-th place; they are kept while places are written over.
    std::array<Entry, std::size_t{1} << (direct_bits - 1)> singles;
    Entry* to = direct_.data();
    std::array<Entry, symbol_count> firsts;
    const std::size_t count = symbols_end_[direct_bits - 1];
    for (unsigned bits = 1, index = 0; bits < direct_bits; ++bits) {
        for (; index < symbols_end_[bits]; ++index)
            firsts[index] = Entry::of_symbol(symbols_[index], bits);
    }
    for (std::size_t i = 0; i < singles.size(); ++i)
        singles[i] = direct_[2 * i];
    for (std::size_t index = 0; index < count; ++index) {
        const Entry first = firsts[index];
        const unsigned rest_bits = direct_bits - first.code_bits();
        if (!first.is_match()) {
            for (std::size_t i = 0; i < std::size_t{1} << rest_bits; ++i) {
                const Entry second = singles[i << (first.code_bits() - 1)];
                if (second.packed == 0 || second.is_match() || second.code_bits() > rest_bits)
                    continue;
                to[i] = Entry::of_pair(first, second);
            }
        }
        to += std::size_t{1} << rest_bits;
    }
}

Entry CodeTable::find_from(unsigned length, std::uint64_t bits) const
{
    const auto code = static_cast<std::uint32_t>(bits >> (64 - code_bits_max));
    // The code is complete, so the longest length takes what is left.
    while (length < code_bits_max && code >= codes_end_[length])
        ++length;
    const std::uint32_t index = (code - codes_end_[length - 1]) >> (code_bits_max - length);
    return Entry::of_symbol(symbols_[symbols_end_[length - 1] + index], length);
}

} // namespace psrp::xpress::detail
