// Whatever is compressed expands to the same, and becomes no larger than stored chunks are. The
// input says which bytes, runs and copies to make a text of, so that all distances are reached.
#include <fuzz/fuzz_input.hpp>
#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/encoder.hpp>

#include <algorithm>
#include <vector>

namespace {

constexpr std::size_t plain_bytes_max = 200000;

// Takes the bytes as they are, or as orders: so many bytes of input, so many of a run, so many from
// so far back.
std::vector<std::uint8_t> make_plain(fuzz::Input& input)
{
    const auto whole = input.rest();
    if (input.take_decision() % 2 == 0) return {whole.begin(), whole.end()};
    std::vector<std::uint8_t> plain;
    while (!input.is_empty() && plain.size() < plain_bytes_max) {
        const auto order = input.take_decision();
        std::size_t count = 1 + input.take_decision();
        if (order % 8 == 0) count *= 300;
        if (order % 3 == 0) {
            const auto part = input.take_bytes(count);
            plain.insert(plain.end(), part.begin(), part.end());
        } else if (order % 3 == 1 || plain.empty()) {
            plain.insert(plain.end(), count, input.take_decision());
        } else {
            const std::size_t distance =
                1 + input.take_below(std::min<std::size_t>(plain.size(), 65536));
            for (std::size_t i = 0; i < count; ++i)
                plain.push_back(plain[plain.size() - distance]);
        }
    }
    return plain;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    const auto plain = make_plain(input);
    const auto stream = psrp::xpress::encode(plain);
    const std::size_t chunks =
        (plain.size() + psrp::xpress::chunk_bytes_max - 1) / psrp::xpress::chunk_bytes_max;
    fuzz::require(stream.size() <= plain.size() + 4 * chunks, "no larger than stored");
    const auto again = psrp::xpress::decode(stream, {plain.size()});
    fuzz::require(again && *again == plain, "expands to the same");
    return 0;
}
