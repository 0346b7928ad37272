#include <clixml/detail/base64_encode.hpp>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace clixml::detail {
namespace {

std::size_t take_nothing(const std::uint8_t*, std::size_t, char*)
{
    return 0;
}

#if defined(__x86_64__)

// Wojciech Mula, Daniel Lemire: "Faster Base64 Encoding and Decoding Using AVX2 Instructions",
// 2018. Three bytes are brought into each 32-bit lane in the order 1 0 2 1, so that multiplications
// can move the four groups of six bits to the low end of four bytes. Then each byte gets the
// distance between its number and its character, chosen by the range it is in.

[[gnu::target("ssse3")]] __m128i characters_of_12(__m128i bytes)
{
    __m128i lanes =
        _mm_shuffle_epi8(bytes, _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
    __m128i odd = _mm_mulhi_epu16(
        _mm_and_si128(lanes, _mm_set1_epi32(0x0FC0FC00)), _mm_set1_epi32(0x04000040)
    );
    __m128i even = _mm_mullo_epi16(
        _mm_and_si128(lanes, _mm_set1_epi32(0x003F03F0)), _mm_set1_epi32(0x01000010)
    );
    __m128i numbers = _mm_or_si128(odd, even);
    // 0 for a-z, 1 to 10 for digits, 11 for +, 12 for /; capitals are moved from 0 to 13.
    __m128i range = _mm_subs_epu8(numbers, _mm_set1_epi8(51));
    __m128i capital = _mm_cmpgt_epi8(_mm_set1_epi8(26), numbers);
    range = _mm_or_si128(range, _mm_and_si128(capital, _mm_set1_epi8(13)));
    __m128i distances =
        _mm_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
    return _mm_add_epi8(numbers, _mm_shuffle_epi8(distances, range));
}

[[gnu::target("ssse3")]] std::size_t
encode_ssse3(const std::uint8_t* from, std::size_t size, char* to)
{
    std::size_t done = 0;
    for (; size - done >= 16; done += 12, to += 16) {
        __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), characters_of_12(bytes));
    }
    return done;
}

[[gnu::target("avx2")]] __m256i characters_of_24(__m256i bytes)
{
    __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10)
        );
    __m256i lanes = _mm256_shuffle_epi8(bytes, order);
    __m256i odd = _mm256_mulhi_epu16(
        _mm256_and_si256(lanes, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040)
    );
    __m256i even = _mm256_mullo_epi16(
        _mm256_and_si256(lanes, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010)
    );
    __m256i numbers = _mm256_or_si256(odd, even);
    __m256i range = _mm256_subs_epu8(numbers, _mm256_set1_epi8(51));
    __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), numbers);
    range = _mm256_or_si256(range, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
    __m256i distances = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0)
    );
    return _mm256_add_epi8(numbers, _mm256_shuffle_epi8(distances, range));
}

[[gnu::target("avx2")]] std::size_t
encode_avx2(const std::uint8_t* from, std::size_t size, char* to)
{
    std::size_t done = 0;
    for (; size - done >= 28; done += 24, to += 32) {
        // Twelve bytes for each half.
        __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done));
        __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done + 12));
        __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), characters_of_24(bytes));
    }
    return done;
}

#endif

} // namespace

Base64Encoder base64_encoder_ssse3()
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3") != 0) return encode_ssse3;
#endif
    return nullptr;
}

Base64Encoder base64_encoder_avx2()
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") != 0) return encode_avx2;
#endif
    return nullptr;
}

Base64Encoder base64_encoder()
{
    static const Base64Encoder fastest = [] {
        if (Base64Encoder avx2 = base64_encoder_avx2()) return avx2;
        if (Base64Encoder ssse3 = base64_encoder_ssse3()) return ssse3;
        return Base64Encoder{take_nothing};
    }();
    return fastest;
}

} // namespace clixml::detail
