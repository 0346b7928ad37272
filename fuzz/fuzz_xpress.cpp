// No bytes make the reader of compressed streams crash, read over their end or give more than it is
// allowed; what it gives, compressed again, expands to the same.
#include <fuzz/fuzz_input.hpp>
#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/encoder.hpp>

#include <algorithm>
#include <vector>

namespace {

constexpr std::size_t plain_bytes_max = std::size_t{1} << 20;

void check_again(clixml::BytesView plain)
{
    const auto stream = psrp::xpress::encode(plain);
    const auto again = psrp::xpress::decode(stream, {plain.size()});
    fuzz::require(again.has_value(), "what was compressed expands");
    fuzz::require(
        std::equal(again->begin(), again->end(), plain.begin(), plain.end()), "to the same"
    );
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    if (const auto plain = psrp::xpress::decode(input.rest(), {plain_bytes_max})) {
        fuzz::require(plain->size() <= plain_bytes_max, "no more than allowed");
        check_again(*plain);
    }
    // The same bytes as the data of one chunk, so that headers need not be guessed.
    const std::size_t plain_bytes = 1 + input.take_below(psrp::xpress::chunk_bytes_max);
    std::vector<std::uint8_t> plain(plain_bytes);
    if (psrp::xpress::decode_block(input.rest(), plain)) check_again(plain);
    return 0;
}
