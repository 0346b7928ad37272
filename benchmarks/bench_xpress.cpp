// Compressing and expanding CLIXML texts: xpress against zlib 1 (deflate without a header) on the
// same chunks of 64 KiB, which are checked before they are timed.
#include <benchmarks/clixml_workloads.hpp>
#include <clixml/bytes.hpp>
#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/encoder.hpp>

#include <benchmark/benchmark.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace xpress = psrp::xpress;
using clixml::Bytes;
using clixml::BytesView;

// What zlib makes of chunks of 64 KiB, each alone; its states live as long as a session's.
class Zlib {
public:
    Zlib()
    {
        if (deflateInit2(
                &out_, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY
            ) != Z_OK ||
            inflateInit2(&in_, -MAX_WBITS) != Z_OK)
            throw std::runtime_error("zlib cannot be used");
    }
    ~Zlib()
    {
        (void)deflateEnd(&out_); // nothing is lost that is needed
        (void)inflateEnd(&in_);
    }
    Zlib(const Zlib&) = delete;
    Zlib& operator=(const Zlib&) = delete;

    std::vector<Bytes> compress(BytesView plain)
    {
        std::vector<Bytes> chunks;
        while (!plain.empty()) {
            const auto chunk = plain.first(std::min(plain.size(), xpress::chunk_bytes_max));
            plain = plain.subspan(chunk.size());
            Bytes to(deflateBound(&out_, chunk.size()));
            deflateReset(&out_);
            out_.next_in = const_cast<Bytef*>(chunk.data());
            out_.avail_in = static_cast<uInt>(chunk.size());
            out_.next_out = to.data();
            out_.avail_out = static_cast<uInt>(to.size());
            if (deflate(&out_, Z_FINISH) != Z_STREAM_END)
                throw std::runtime_error("deflate failed");
            to.resize(to.size() - out_.avail_out);
            chunks.push_back(std::move(to));
        }
        return chunks;
    }

    Bytes expand(const std::vector<Bytes>& chunks, std::size_t bytes)
    {
        Bytes plain(bytes);
        in_.next_out = plain.data();
        for (const Bytes& chunk : chunks) {
            inflateReset(&in_);
            in_.next_in = const_cast<Bytef*>(chunk.data());
            in_.avail_in = static_cast<uInt>(chunk.size());
            const auto done = static_cast<std::size_t>(in_.next_out - plain.data());
            in_.avail_out = static_cast<uInt>(std::min(bytes - done, xpress::chunk_bytes_max));
            if (inflate(&in_, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("inflate failed");
        }
        return plain;
    }

private:
    z_stream out_{};
    z_stream in_{};
};

void set_rates(benchmark::State& state, std::size_t plain_bytes, std::size_t packed_bytes)
{
    state.SetBytesProcessed(
        static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(plain_bytes)
    );
    state.counters["ratio"] = static_cast<double>(plain_bytes) / static_cast<double>(packed_bytes);
}

bool is_same(BytesView a, BytesView b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void xpress_encode(benchmark::State& state, BytesView plain)
{
    xpress::Encoder encoder;
    Bytes stream;
    encoder.encode(plain, stream);
    const auto again = xpress::decode(stream, {plain.size()});
    if (!again || !is_same(*again, plain)) return state.SkipWithError("the bytes are not the same");
    for (auto _ : state) {
        Bytes sink;
        encoder.encode(plain, sink);
        benchmark::DoNotOptimize(sink.data());
    }
    set_rates(state, plain.size(), stream.size());
}

void xpress_decode(benchmark::State& state, BytesView plain)
{
    const Bytes stream = xpress::encode(plain);
    const auto again = xpress::decode(stream, {plain.size()});
    if (!again || !is_same(*again, plain)) return state.SkipWithError("the bytes are not the same");
    for (auto _ : state) {
        auto result = xpress::decode(stream, {plain.size()});
        benchmark::DoNotOptimize(result->data());
    }
    set_rates(state, plain.size(), stream.size());
}

std::size_t size_of(const std::vector<Bytes>& chunks)
{
    std::size_t bytes = 0;
    for (const Bytes& chunk : chunks)
        bytes += chunk.size();
    return bytes;
}

void zlib_encode(benchmark::State& state, BytesView plain)
{
    Zlib zlib;
    const auto chunks = zlib.compress(plain);
    if (!is_same(zlib.expand(chunks, plain.size()), plain))
        return state.SkipWithError("the bytes are not the same");
    for (auto _ : state) {
        auto sink = zlib.compress(plain);
        benchmark::DoNotOptimize(sink.data());
    }
    set_rates(state, plain.size(), size_of(chunks));
}

void zlib_decode(benchmark::State& state, BytesView plain)
{
    Zlib zlib;
    const auto chunks = zlib.compress(plain);
    if (!is_same(zlib.expand(chunks, plain.size()), plain))
        return state.SkipWithError("the bytes are not the same");
    for (auto _ : state) {
        auto result = zlib.expand(chunks, plain.size());
        benchmark::DoNotOptimize(result.data());
    }
    set_rates(state, plain.size(), size_of(chunks));
}

} // namespace

int main(int count, char** arguments)
{
    auto texts = workloads::from_arguments(count, arguments);
    for (auto& text : texts) {
        if (text.text.size() > std::size_t{4} << 20) text.text.resize(std::size_t{4} << 20);
        const BytesView plain = clixml::bytes_of(text.text);
        const auto add = [&](const char* name, void (*run)(benchmark::State&, BytesView)) {
            benchmark::RegisterBenchmark((name + ("/" + text.name)).c_str(), run, plain);
        };
        add("xpress_encode", xpress_encode);
        add("zlib_1_encode", zlib_encode);
        add("xpress_decode", xpress_decode);
        add("zlib_decode", zlib_decode);
    }
    benchmark::Initialize(&count, arguments);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
