// One object of 64 MiB to fragments of 32 KiB and back, whole and in pieces of one fragment, beside
// memcpy of the same bytes. Warm: all buffers have been used before.
#include <fragmenter/reassembler.hpp>
#include <fragmenter/splitter.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace {

using fragmenter::Bytes;
using fragmenter::BytesView;

constexpr std::size_t object_bytes = std::size_t{64} << 20;
constexpr std::size_t fragment_bytes = fragmenter::default_fragment_bytes;

const Bytes& object()
{
    static const Bytes bytes = [] {
        std::mt19937_64 engine(21);
        Bytes made(object_bytes);
        for (auto& byte : made)
            byte = static_cast<std::uint8_t>(engine());
        return made;
    }();
    return bytes;
}

const Bytes& fragments()
{
    static const Bytes bytes = [] {
        Bytes made;
        fragmenter::append_fragments(object(), 1, fragment_bytes, made);
        return made;
    }();
    return bytes;
}

void report(benchmark::State& state)
{
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(object_bytes));
    state.counters["MB"] = benchmark::Counter(
        static_cast<double>(object_bytes) / 1e6, benchmark::Counter::kIsIterationInvariantRate
    );
}

// Feeds all fragments in pieces of `piece_bytes`; whether the object came out as it went in.
bool reassemble(fragmenter::Reassembler& reassembler, std::size_t piece_bytes, bool compare)
{
    BytesView rest = fragments();
    while (!rest.empty()) {
        const BytesView piece = rest.first(std::min(piece_bytes, rest.size()));
        rest = rest.subspan(piece.size());
        if (!reassembler.receive(piece)) return false;
        const auto received = reassembler.next();
        if (!received) return false;
        if (!received->has_value()) continue;
        const BytesView bytes = (*received)->bytes;
        return rest.empty() && bytes.size() == object_bytes &&
               (!compare || std::equal(bytes.begin(), bytes.end(), object().begin()));
    }
    return false;
}

void reassemble_in(benchmark::State& state, std::size_t piece_bytes)
{
    fragmenter::Reassembler reassembler;
    if (!reassemble(reassembler, piece_bytes, true))
        return state.SkipWithError("the object did not come back");
    for (auto _ : state) {
        if (!reassemble(reassembler, piece_bytes, false))
            return state.SkipWithError("the object did not come back");
    }
    report(state);
}

void split_64_mib(benchmark::State& state)
{
    Bytes out;
    fragmenter::append_fragments(object(), 1, fragment_bytes, out);
    if (out.size() != fragmenter::fragmented_bytes(object_bytes, fragment_bytes))
        return state.SkipWithError("the fragments have another size");
    for (auto _ : state) {
        out.clear();
        fragmenter::append_fragments(object(), 1, fragment_bytes, out);
        benchmark::DoNotOptimize(out.data());
    }
    report(state);
}

void reassemble_whole(benchmark::State& state)
{
    reassemble_in(state, fragments().size());
}

void reassemble_by_fragment(benchmark::State& state)
{
    reassemble_in(state, fragment_bytes);
}

void copy_64_mib(benchmark::State& state)
{
    Bytes to(object_bytes);
    for (auto _ : state) {
        std::memcpy(to.data(), object().data(), object_bytes);
        benchmark::DoNotOptimize(to.data());
        benchmark::ClobberMemory();
    }
    report(state);
}

BENCHMARK(split_64_mib)->Unit(benchmark::kMillisecond);
BENCHMARK(reassemble_whole)->Unit(benchmark::kMillisecond);
BENCHMARK(reassemble_by_fragment)->Unit(benchmark::kMillisecond);
BENCHMARK(copy_64_mib)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
