#include <psrp/xpress/detail/match_finder.hpp>

#include <algorithm>
#include <bit>
#include <cassert>

namespace psrp::xpress::detail {

namespace {

// After so many places without a match, as a power of two, places are left out.
constexpr unsigned misses_shift = 6;

// How many bytes at `a` and `b` are the same; `b` is the later one and ends at `end`.
std::size_t common_bytes(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* end)
{
    const std::uint8_t* const start = b;
    while (end - b >= 8) {
        const std::uint64_t different =
            clixml::load_le<std::uint64_t>(a) ^ clixml::load_le<std::uint64_t>(b);
        if (different != 0)
            return static_cast<std::size_t>(b - start) +
                   static_cast<std::size_t>(std::countr_zero(different)) / 8;
        a += 8;
        b += 8;
    }
    while (b != end && *a == *b) {
        ++a;
        ++b;
    }
    return static_cast<std::size_t>(b - start);
}

} // namespace

std::uint16_t& MatchFinder::head(const std::uint8_t* at)
{
    return heads_[clixml::load_le<std::uint32_t>(at) * 2654435761U >> (32 - hash_bits)];
}

std::span<const Sequence> MatchFinder::find(clixml::BytesView chunk)
{
    assert(chunk.size() <= 65536);
    std::size_t count = 0;
    if (chunk.size() < 16) return {};
    heads_.fill(0);
    const std::uint8_t* const begin = chunk.data();
    const std::uint8_t* const end = begin + chunk.size();
    const std::uint8_t* const last = end - 8; // where a match may begin
    const std::uint8_t* unwritten = begin;
    const std::uint8_t* at = begin + 1;
    const auto index = [begin](const std::uint8_t* of) {
        return static_cast<std::uint16_t>(of - begin);
    };
    while (at <= last) {
        const std::uint8_t* candidate = nullptr;
        std::size_t misses = std::size_t{1} << misses_shift;
        for (;; at += misses++ >> misses_shift) {
            if (at > last) return {sequences_.data(), count};
            std::uint16_t& place = head(at);
            candidate = begin + place;
            place = index(at);
            if (clixml::load_le<std::uint32_t>(candidate) == clixml::load_le<std::uint32_t>(at))
                break;
        }
        std::size_t length = 4 + common_bytes(candidate + 4, at + 4, end);
        while (at > unwritten && candidate > begin && at[-1] == candidate[-1]) {
            --at;
            --candidate;
            ++length;
        }
        sequences_[count++] = {
            static_cast<std::uint32_t>(at - unwritten),
            static_cast<std::uint16_t>(at - candidate),
            static_cast<std::uint16_t>(length)};
        at += length;
        unwritten = at;
        if (at <= last) head(at - 2) = index(at - 2);
    }
    return {sequences_.data(), count};
}

} // namespace psrp::xpress::detail
