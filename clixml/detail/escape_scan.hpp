// Sixteen bytes of a text at a time: which of them the writer has to look at before they can be
// copied (fact sheet clixml 1.5, 2.3). With SSE2, and in plain C++ with the same results.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace clixml::detail {

struct PlainEscapeBlock {
    std::uint8_t bytes[16];

    static PlainEscapeBlock load(const char* from)
    {
        PlainEscapeBlock block;
        std::memcpy(block.bytes, from, 16);
        return block;
    }
    static PlainEscapeBlock of_words(std::uint64_t low, std::uint64_t high)
    {
        PlainEscapeBlock block;
        std::memcpy(block.bytes, &low, 8);
        std::memcpy(block.bytes + 8, &high, 8);
        return block;
    }
    void store(char* to) const { std::memcpy(to, bytes, 16); }

    // Bit i is set where byte i may have to be escaped: a control, markup, in attributes the
    // quotation mark, an underscore before x (or at the end of the block), and the first byte of
    // C1 controls, surrogates, U+FFFE and all above U+FFFF.
    template <bool attribute>
    [[nodiscard]] unsigned stops() const
    {
        unsigned bits = 0;
        for (unsigned i = 0; i < 16; ++i) {
            std::uint8_t c = bytes[i];
            bool before_x = i == 15 || (bytes[i + 1] | 0x20) == 'x';
            bool stop = c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7F ||
                        (attribute && c == '"') || (c == '_' && before_x) || c == 0xC2 ||
                        c == 0xED || c >= 0xEF;
            bits |= static_cast<unsigned>(stop) << i;
        }
        return bits;
    }
};

#if defined(__SSE2__)

struct Sse2EscapeBlock {
    __m128i bytes;

    static Sse2EscapeBlock load(const char* from)
    {
        return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))};
    }
    static Sse2EscapeBlock of_words(std::uint64_t low, std::uint64_t high)
    {
        return {_mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low))};
    }
    void store(char* to) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes); }

    template <bool attribute>
    [[nodiscard]] unsigned stops() const
    {
        // Pairs that differ in one bit are one comparison: < and >, " and &, _ and DEL. Signed,
        // everything beyond ASCII is below the blank.
        __m128i any = _mm_cmplt_epi8(bytes, all(0x20));
        any = _mm_or_si128(any, _mm_cmpeq_epi8(_mm_or_si128(bytes, all('<' ^ '>')), all('>')));
        any = _mm_or_si128(any, _mm_cmpeq_epi8(_mm_or_si128(bytes, all('_' ^ 0x7F)), all(0x7F)));
        any = _mm_or_si128(
            any,
            attribute ? _mm_cmpeq_epi8(_mm_or_si128(bytes, all('"' ^ '&')), all('&'))
                      : _mm_cmpeq_epi8(bytes, all('&'))
        );
        unsigned bits = mask(any);
        if (bits == 0) [[likely]]
            return 0;
        return bits & ~harmless();
    }

private:
    static __m128i all(int c) { return _mm_set1_epi8(static_cast<char>(c)); }
    static unsigned mask(__m128i comparison)
    {
        return static_cast<unsigned>(_mm_movemask_epi8(comparison));
    }

    // Underscores before something else than x, and bytes beyond ASCII that begin nothing special.
    [[nodiscard]] unsigned harmless() const
    {
        unsigned underscores = mask(_mm_cmpeq_epi8(bytes, all('_')));
        unsigned x = mask(_mm_cmpeq_epi8(_mm_or_si128(bytes, all(0x20)), all('x')));
        unsigned others = underscores & ~(x >> 1 | 0x8000U);
        unsigned beyond_ascii = mask(bytes);
        if (beyond_ascii == 0) return others;
        __m128i leads = _mm_cmpeq_epi8(bytes, all(0xC2));
        leads = _mm_or_si128(leads, _mm_cmpeq_epi8(bytes, all(0xED)));
        leads = _mm_or_si128(leads, _mm_cmpeq_epi8(_mm_max_epu8(bytes, all(0xEF)), bytes));
        return others | (beyond_ascii & ~mask(leads));
    }
};

using EscapeBlock = Sse2EscapeBlock;

#else

using EscapeBlock = PlainEscapeBlock;

#endif

// Copies `count` bytes, 0 to 15, and nothing else.
inline void copy_few(const char* from, std::size_t count, char* to)
{
    if (count >= 8) {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::memcpy(&first, from, 8);
        std::memcpy(&last, from + count - 8, 8);
        std::memcpy(to, &first, 8);
        std::memcpy(to + count - 8, &last, 8);
    } else if (count >= 4) {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, from, 4);
        std::memcpy(&last, from + count - 4, 4);
        std::memcpy(to, &first, 4);
        std::memcpy(to + count - 4, &last, 4);
    } else if (count > 0) {
        char first = from[0];
        char middle = from[count / 2];
        char last = from[count - 1];
        to[0] = first;
        to[count / 2] = middle;
        to[count - 1] = last;
    }
}

// Under a sanitizer nothing outside of the text may be read.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PSRP_EXACT_LOADS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define PSRP_EXACT_LOADS 1
#endif
#endif

// A block whose first `count` bytes, 1 to 15, are those at `from`; the others are anything. Memory
// is readable or not by whole pages, which are never smaller than 4096 bytes: a load that does not
// leave the page of `from` reads nothing that cannot be read.
inline EscapeBlock load_few(const char* from, std::size_t count)
{
#ifndef PSRP_EXACT_LOADS
    if ((reinterpret_cast<std::uintptr_t>(from) & 4095) <= 4096 - 16) [[likely]]
        return EscapeBlock::load(from);
#endif
    char padded[16] = {};
    copy_few(from, count, padded);
    return EscapeBlock::load(padded);
}

inline constexpr std::size_t plain_bytes_max = 64;

// Copies a text of at most plain_bytes_max bytes if none of them has to be looked at. Up to 16
// bytes are written behind it.
template <bool attribute>
inline bool copy_if_plain(const char* from, std::size_t count, char* to)
{
    if (count < 16) {
        if (count == 0) return true;
        EscapeBlock block = load_few(from, count);
        block.store(to);
        return (block.template stops<attribute>() & ((1U << count) - 1)) == 0;
    }
    // Blocks overlap, so that none has another size.
    unsigned stops = 0;
    auto copy = [&](std::size_t at) {
        EscapeBlock block = EscapeBlock::load(from + at);
        block.store(to + at);
        stops |= block.template stops<attribute>();
    };
    copy(0);
    copy(count - 16);
    if (count > 32) {
        copy(16);
        copy(count - 32);
    }
    return stops == 0;
}

} // namespace clixml::detail
