#include <clixml/detail/plain_run.hpp>

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace clixml::detail {
namespace {

std::size_t copy_nothing(const char*, std::size_t, char*)
{
    return 0;
}

#if defined(__x86_64__)

[[gnu::target("avx2")]] std::size_t copy_avx2(const char* from, std::size_t size, char* to)
{
    // As in escape_scan.hpp, but for all of non-ASCII and every underscore.
    const __m256i blank = _mm256_set1_epi8(0x20);
    const __m256i closing = _mm256_set1_epi8('>');
    const __m256i closing_bit = _mm256_set1_epi8('<' ^ '>');
    const __m256i del = _mm256_set1_epi8(0x7F);
    const __m256i ampersand = _mm256_set1_epi8('&');
    std::size_t done = 0;
    for (; size - done >= 32; done += 32) {
        __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + done));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + done), bytes);
        __m256i stops = _mm256_cmpgt_epi8(blank, bytes);
        __m256i others = _mm256_cmpeq_epi8(_mm256_or_si256(bytes, closing_bit), closing);
        stops = _mm256_or_si256(stops, _mm256_cmpeq_epi8(_mm256_or_si256(bytes, blank), del));
        others = _mm256_or_si256(others, _mm256_cmpeq_epi8(bytes, ampersand));
        stops = _mm256_or_si256(stops, others);
        auto mask = static_cast<unsigned>(_mm256_movemask_epi8(stops));
        if (mask != 0) return done + static_cast<unsigned>(std::countr_zero(mask));
    }
    return done;
}

#endif

} // namespace

PlainRunCopier plain_run_copier()
{
    static const PlainRunCopier fastest = [] {
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2") != 0) return PlainRunCopier{copy_avx2};
#endif
        return PlainRunCopier{copy_nothing};
    }();
    return fastest;
}

} // namespace clixml::detail
