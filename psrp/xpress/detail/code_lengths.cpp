#include <psrp/xpress/detail/code_lengths.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace psrp::xpress::detail {

namespace {

// How many codes have each length.
using LengthCounts = std::array<std::uint32_t, symbol_count>;

// The lengths that Huffman's tree gives to the `count` leaves, whose weights ascend. Two queues:
// the leaves, and the inner nodes, which are made in ascending order too.
void count_lengths(const std::uint32_t* weights, std::size_t count, LengthCounts& lengths)
{
    std::array<std::uint32_t, symbol_count> inner;           // weights
    std::array<std::uint16_t, symbol_count> parents;         // of inner nodes
    std::array<std::uint16_t, symbol_count> leaf_children{}; // by inner node
    std::size_t leaf = 0;
    std::size_t taken = 0;
    for (std::size_t made = 0; made + 1 < count; ++made) {
        std::uint32_t weight = 0;
        for (int child = 0; child < 2; ++child) {
            if (leaf < count && (taken == made || weights[leaf] <= inner[taken])) {
                weight += weights[leaf++];
                ++leaf_children[made];
            } else {
                weight += inner[taken];
                parents[taken++] = static_cast<std::uint16_t>(made);
            }
        }
        inner[made] = weight;
    }
    // A parent comes behind its children; the root is the last.
    std::array<std::uint16_t, symbol_count> depths;
    depths[count - 2] = 0;
    for (std::size_t node = count - 1; node-- > 0;) {
        if (node + 2 < count) depths[node] = static_cast<std::uint16_t>(depths[parents[node]] + 1);
        lengths[depths[node] + 1U] += leaf_children[node];
    }
}

// Shortens what is too long: it takes places below shorter codes, which become longer by one bit.
void limit_lengths(LengthCounts& lengths)
{
    std::uint32_t& longest = lengths[code_bits_max];
    for (std::size_t i = code_bits_max + 1; i < lengths.size(); ++i)
        longest += lengths[i];
    std::uint32_t used = 0;
    for (unsigned bits = 1; bits <= code_bits_max; ++bits)
        used += lengths[bits] << (code_bits_max - bits);
    for (; used > 1U << code_bits_max; --used) {
        unsigned bits = code_bits_max - 1;
        while (lengths[bits] == 0)
            --bits;
        --longest;
        --lengths[bits];
        lengths[bits + 1] += 2;
    }
}

} // namespace

void make_codes(const Counts& counts, Codes& codes)
{
    constexpr unsigned symbol_bits = 9;
    std::array<std::uint32_t, symbol_count> order;
    std::size_t count = 0;
    for (std::uint32_t symbol = 0; symbol < symbol_count; ++symbol) {
        if (counts[symbol] != 0) order[count++] = counts[symbol] << symbol_bits | symbol;
    }
    assert(count >= 2);
    std::sort(order.begin(), order.begin() + count);
    std::array<std::uint32_t, symbol_count> weights;
    for (std::size_t i = 0; i < count; ++i)
        weights[i] = order[i] >> symbol_bits;
    LengthCounts lengths{};
    count_lengths(weights.data(), count, lengths);
    limit_lengths(lengths);

    codes.fill({});
    std::array<std::uint16_t, code_bits_max + 1> next{};
    std::size_t at = count;
    std::uint32_t code = 0;
    for (std::uint16_t bits = 1; bits <= code_bits_max; ++bits) {
        next[bits] = static_cast<std::uint16_t>(code);
        code = (code + lengths[bits]) << 1U;
        for (std::uint32_t i = 0; i < lengths[bits]; ++i)
            codes[order[--at] % symbol_count].bits = bits;
    }
    for (Code& one : codes) {
        if (one.bits != 0) one.code = next[one.bits]++;
    }
}

} // namespace psrp::xpress::detail
