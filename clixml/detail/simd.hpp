// Sixteen bytes at a time: loads that never pass an end, and masks of the bytes that text scanning
// stops at. SSE2, which every x86-64 has, or plain C++ with the same results.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace clixml::detail {

#if defined(__SSE2__)

struct Block16 {
    __m128i bytes;

    static Block16 load(const char* from)
    {
        return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))};
    }
    // Eight bytes each, as loads of them give them.
    static Block16 of_words(std::uint64_t first, std::uint64_t second)
    {
        return {_mm_set_epi64x(static_cast<long long>(second), static_cast<long long>(first))};
    }
    void store(char* to) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes); }
    // Bit i is set where byte i equals `c`.
    [[nodiscard]] unsigned equal(char c) const
    {
        return mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
    }
    [[nodiscard]] unsigned equal(Block16 other) const
    {
        return mask(_mm_cmpeq_epi8(bytes, other.bytes));
    }

    // Bytes at which the text of an element may not simply go on: markup, references, escapes,
    // controls, DEL, non-ASCII.
    [[nodiscard]] unsigned text_stops() const { return mask(text_stop_bytes()); }
    // What has to be escaped in a name or looked at, and the end of one: text_stops() and quotes.
    [[nodiscard]] unsigned escape_stops() const
    {
        return mask(_mm_or_si128(text_stop_bytes(), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
    }
    // Bytes at which the name of an element ends: blank, / and >.
    [[nodiscard]] unsigned tag_stops() const
    {
        __m128i stops = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '));
        stops = _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('/')));
        return mask(_mm_or_si128(stops, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('>'))));
    }

private:
    [[nodiscard]] __m128i text_stop_bytes() const
    {
        // One more, signed: what was 0x7F or above is negative, or 0.
        __m128i stops = _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
        // < and > differ in one bit.
        __m128i angle = _mm_or_si128(bytes, _mm_set1_epi8('<' ^ '>'));
        stops = _mm_or_si128(stops, _mm_cmpeq_epi8(angle, _mm_set1_epi8('>')));
        stops = _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&')));
        return _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
    }
    static unsigned mask(__m128i comparison)
    {
        return static_cast<unsigned>(_mm_movemask_epi8(comparison));
    }
};

#else

struct Block16 {
    std::uint8_t bytes[16];

    static Block16 load(const char* from)
    {
        Block16 block;
        std::memcpy(block.bytes, from, 16);
        return block;
    }
    static Block16 of_words(std::uint64_t first, std::uint64_t second)
    {
        Block16 block;
        std::memcpy(block.bytes, &first, 8);
        std::memcpy(block.bytes + 8, &second, 8);
        return block;
    }
    void store(char* to) const { std::memcpy(to, bytes, 16); }
    [[nodiscard]] unsigned equal(char c) const
    {
        return mask([c](std::uint8_t byte) { return byte == static_cast<std::uint8_t>(c); });
    }
    [[nodiscard]] unsigned equal(Block16 other) const
    {
        unsigned bits = 0;
        for (unsigned i = 0; i < 16; ++i)
            bits |= static_cast<unsigned>(bytes[i] == other.bytes[i]) << i;
        return bits;
    }
    [[nodiscard]] unsigned text_stops() const
    {
        return mask([](std::uint8_t c) {
            return c < 0x20 || c >= 0x7F || c == '<' || c == '&' || c == '_' || c == '>';
        });
    }
    [[nodiscard]] unsigned tag_stops() const
    {
        return mask([](std::uint8_t c) { return c == ' ' || c == '/' || c == '>'; });
    }
    [[nodiscard]] unsigned escape_stops() const { return text_stops() | equal('"'); }

private:
    template <typename Predicate>
    [[nodiscard]] unsigned mask(Predicate predicate) const
    {
        unsigned bits = 0;
        for (unsigned i = 0; i < 16; ++i)
            bits |= static_cast<unsigned>(predicate(bytes[i])) << i;
        return bits;
    }
};

#endif

// The 16 bytes at `from`; those at `end` and behind it read as zero.
inline Block16 load_before(const char* from, const char* end)
{
    if (end - from >= 16) [[likely]]
        return Block16::load(from);
    char padded[16] = {};
    if (from < end) std::memcpy(padded, from, static_cast<std::size_t>(end - from));
    return Block16::load(padded);
}

// The 8 bytes at `from` as a number in memory order; those at `end` and behind it read as zero.
inline std::uint64_t load8_before(const char* from, const char* end)
{
    std::uint64_t word = 0;
    if (end - from >= 8) [[likely]]
        std::memcpy(&word, from, 8);
    else if (from < end)
        std::memcpy(&word, from, static_cast<std::size_t>(end - from));
    return word;
}

} // namespace clixml::detail
