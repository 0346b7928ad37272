// SSSE3 and AVX2 where the processor has them, chosen when first used; else plain C++.
#include <clixml/detail/base64_blocks.hpp>

#include <array>

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
#define PSRP_BASE64_X86 1
#include <immintrin.h>
#endif

namespace clixml::detail {
namespace {

constexpr std::uint8_t no_value = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values()
{
    constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<std::uint8_t, 256> values{};
    values.fill(no_value);
    for (std::uint8_t i = 0; i < 64; ++i)
        values[static_cast<std::uint8_t>(alphabet[i])] = i;
    return values;
}
constexpr std::array<std::uint8_t, 256> values = make_values();

#ifdef PSRP_BASE64_X86

// The alphabet by the halves of a character's byte. The upper half says which range it may belong
// to: 1 for + and /, 2 for digits, 4 for the columns 4 and 6, 8 for 5 and 7; the lower half which
// of these ranges have such a character. What has both is in the alphabet.
#define PSRP_UPPER_HALF 0, 0, 1, 2, 4, 8, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0
#define PSRP_LOWER_HALF 10, 14, 14, 14, 14, 14, 14, 14, 14, 14, 12, 5, 4, 4, 4, 5
// What to add to a character to get its value, by its upper half; that of / is one place before.
#define PSRP_TO_VALUE 0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0
// The three bytes of each group in their order.
#define PSRP_GROUP_BYTES 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1

[[gnu::target("ssse3")]] std::size_t read_groups_ssse3(std::string_view text, std::uint8_t* to)
{
    const __m128i upper_half = _mm_setr_epi8(PSRP_UPPER_HALF);
    const __m128i lower_half = _mm_setr_epi8(PSRP_LOWER_HALF);
    const __m128i to_value = _mm_setr_epi8(PSRP_TO_VALUE);
    const __m128i group_bytes = _mm_setr_epi8(PSRP_GROUP_BYTES);
    const __m128i low_bits = _mm_set1_epi8(0x0F);
    std::size_t at = 0;
    for (; at + 16 <= text.size(); at += 16) {
        __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
        __m128i upper = _mm_and_si128(_mm_srli_epi16(c, 4), low_bits);
        __m128i ranges = _mm_and_si128(
            _mm_shuffle_epi8(upper_half, upper),
            _mm_shuffle_epi8(lower_half, _mm_and_si128(c, low_bits))
        );
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(ranges, _mm_setzero_si128())) != 0) break;
        __m128i place = _mm_add_epi8(upper, _mm_cmpeq_epi8(c, _mm_set1_epi8('/')));
        __m128i bits = _mm_add_epi8(c, _mm_shuffle_epi8(to_value, place));
        bits = _mm_maddubs_epi16(bits, _mm_set1_epi32(0x01400140));
        bits = _mm_madd_epi16(bits, _mm_set1_epi32(0x00011000));
        bits = _mm_shuffle_epi8(bits, group_bytes);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at / 4 * 3), bits);
    }
    return at;
}

[[gnu::target("avx2")]] std::size_t read_groups_avx2(std::string_view text, std::uint8_t* to)
{
    const __m256i upper_half = _mm256_setr_epi8(PSRP_UPPER_HALF, PSRP_UPPER_HALF);
    const __m256i lower_half = _mm256_setr_epi8(PSRP_LOWER_HALF, PSRP_LOWER_HALF);
    const __m256i to_value = _mm256_setr_epi8(PSRP_TO_VALUE, PSRP_TO_VALUE);
    const __m256i group_bytes = _mm256_setr_epi8(PSRP_GROUP_BYTES, PSRP_GROUP_BYTES);
    const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    const __m256i low_bits = _mm256_set1_epi8(0x0F);
    std::size_t at = 0;
    for (; at + 32 <= text.size(); at += 32) {
        __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at));
        __m256i upper = _mm256_and_si256(_mm256_srli_epi16(c, 4), low_bits);
        __m256i ranges = _mm256_and_si256(
            _mm256_shuffle_epi8(upper_half, upper),
            _mm256_shuffle_epi8(lower_half, _mm256_and_si256(c, low_bits))
        );
        if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(ranges, _mm256_setzero_si256())) != 0) break;
        __m256i place = _mm256_add_epi8(upper, _mm256_cmpeq_epi8(c, _mm256_set1_epi8('/')));
        __m256i bits = _mm256_add_epi8(c, _mm256_shuffle_epi8(to_value, place));
        bits = _mm256_maddubs_epi16(bits, _mm256_set1_epi32(0x01400140));
        bits = _mm256_madd_epi16(bits, _mm256_set1_epi32(0x00011000));
        bits = _mm256_shuffle_epi8(bits, group_bytes);
        bits = _mm256_permutevar8x32_epi32(bits, together);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + at / 4 * 3), bits);
    }
    return at;
}

#undef PSRP_UPPER_HALF
#undef PSRP_LOWER_HALF
#undef PSRP_TO_VALUE
#undef PSRP_GROUP_BYTES

#endif

using ReadGroups = std::size_t (*)(std::string_view text, std::uint8_t* to);

ReadGroups choose()
{
#ifdef PSRP_BASE64_X86
    if (__builtin_cpu_supports("avx2") != 0) return read_groups_avx2;
    if (__builtin_cpu_supports("ssse3") != 0) return read_groups_ssse3;
#endif
    return nullptr;
}

} // namespace

std::size_t read_base64_groups_plain(std::string_view text, std::uint8_t* to)
{
    const auto* from = reinterpret_cast<const std::uint8_t*>(text.data());
    std::size_t at = 0;
    for (; at + 4 <= text.size(); at += 4) {
        std::uint8_t a = values[from[at]];
        std::uint8_t b = values[from[at + 1]];
        std::uint8_t c = values[from[at + 2]];
        std::uint8_t d = values[from[at + 3]];
        if ((a | b | c | d) > 63) break;
        to[0] = static_cast<std::uint8_t>(a << 2 | b >> 4);
        to[1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
        to[2] = static_cast<std::uint8_t>(c << 6 | d);
        to += 3;
    }
    return at;
}

std::size_t read_base64_groups(std::string_view text, std::uint8_t* to)
{
    static const ReadGroups blocks = choose();
    std::size_t at = blocks != nullptr ? blocks(text, to) : 0;
    return at + read_base64_groups_plain(text.substr(at), to + at / 4 * 3);
}

} // namespace clixml::detail
