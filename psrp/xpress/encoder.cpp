#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/detail/bit_writer.hpp>
#include <psrp/xpress/detail/code_lengths.hpp>
#include <psrp/xpress/detail/format.hpp>
#include <psrp/xpress/detail/match_finder.hpp>
#include <psrp/xpress/encoder.hpp>

#include <algorithm>
#include <bit>
#include <span>

namespace psrp::xpress {

namespace {

using clixml::Bytes;
using clixml::BytesView;
using detail::BitWriter;
using detail::Code;
using detail::Sequence;

// A match as its symbol and what stands behind that.
struct Match {
    std::size_t symbol;
    std::size_t rest; // of the length, where the symbol has long_slot
    unsigned offset_bits;
    std::uint32_t offset; // without its highest bit

    explicit Match(const Sequence& of)
        : rest(of.length - detail::match_bytes_min),
          offset_bits(static_cast<unsigned>(std::bit_width(of.offset)) - 1U),
          offset(of.offset - (1U << offset_bits))
    {
        symbol = detail::literal_count + 16 * offset_bits + std::min(rest, detail::long_slot);
    }

    [[nodiscard]] bool is_long() const { return rest >= detail::long_slot; }
    [[nodiscard]] bool is_longer() const { return rest >= detail::long_slot + detail::longer_mark; }
};

} // namespace

struct Encoder::Impl {
    void encode_chunk(BytesView chunk, Bytes& sink);
    // How large the block becomes.
    std::size_t count_symbols(BytesView chunk, std::span<const Sequence> sequences);
    void write_block(BytesView chunk, std::span<const Sequence> sequences, std::uint8_t* to) const;

    detail::MatchFinder finder;
    detail::Counts counts;
    detail::Codes codes;
};

std::size_t Encoder::Impl::count_symbols(BytesView chunk, std::span<const Sequence> sequences)
{
    counts.fill(0);
    counts[detail::end_symbol] = 1;
    const std::uint8_t* at = chunk.data();
    const std::uint8_t* const end = at + chunk.size();
    std::size_t other_bits = 0;
    std::size_t extra_bytes = 0;
    for (const Sequence& sequence : sequences) {
        for (const std::uint8_t* literals_end = at + sequence.literals; at != literals_end; ++at)
            ++counts[*at];
        const Match match(sequence);
        ++counts[match.symbol];
        other_bits += match.offset_bits;
        if (match.is_long()) extra_bytes += match.is_longer() ? 3U : 1U;
        at += sequence.length;
    }
    for (; at != end; ++at)
        ++counts[*at];
    detail::make_codes(counts, codes);
    std::size_t bits = other_bits;
    for (std::size_t symbol = 0; symbol < detail::symbol_count; ++symbol)
        bits += std::size_t{counts[symbol]} * codes[symbol].bits;
    const std::size_t words = std::max(detail::words_ahead, (bits + 15) / 16 + 1);
    return detail::table_bytes + 2 * words + extra_bytes;
}

void Encoder::Impl::write_block(
    BytesView chunk, std::span<const Sequence> sequences, std::uint8_t* to
) const
{
    for (std::size_t i = 0; i < detail::table_bytes; ++i)
        to[i] = static_cast<std::uint8_t>(codes[2 * i].bits | codes[2 * i + 1].bits << 4U);
    BitWriter writer(to + detail::table_bytes);
    const auto put = [&](std::size_t symbol) {
        const Code code = codes[symbol];
        writer.put(code.code, code.bits);
    };
    const std::uint8_t* at = chunk.data();
    const std::uint8_t* const end = at + chunk.size();
    for (const Sequence& sequence : sequences) {
        for (const std::uint8_t* literals_end = at + sequence.literals; at != literals_end; ++at) {
            put(*at);
            writer.flush();
        }
        const Match match(sequence);
        put(match.symbol);
        if (match.is_long()) {
            writer.flush_all();
            if (match.is_longer()) {
                writer.put_bytes(static_cast<std::uint8_t>(detail::longer_mark));
                writer.put_bytes(static_cast<std::uint16_t>(match.rest));
            } else {
                writer.put_bytes(static_cast<std::uint8_t>(match.rest - detail::long_slot));
            }
        }
        writer.flush();
        writer.put(match.offset, match.offset_bits);
        writer.flush();
        at += sequence.length;
    }
    for (; at != end; ++at) {
        put(*at);
        writer.flush();
    }
    put(detail::end_symbol);
    writer.finish();
}

void Encoder::Impl::encode_chunk(BytesView chunk, Bytes& sink)
{
    std::size_t block_bytes = chunk.size();
    std::span<const Sequence> sequences;
    if (chunk.size() > detail::table_bytes) {
        sequences = finder.find(chunk);
        block_bytes = std::min(block_bytes, count_symbols(chunk, sequences));
    }
    const std::size_t at = sink.size();
    sink.resize(at + detail::chunk_header_bytes + block_bytes);
    std::uint8_t* to = sink.data() + at;
    clixml::store_le(static_cast<std::uint16_t>(chunk.size() - 1), to);
    clixml::store_le(static_cast<std::uint16_t>(block_bytes - 1), to + 2);
    to += detail::chunk_header_bytes;
    if (block_bytes == chunk.size())
        std::copy(chunk.begin(), chunk.end(), to);
    else
        write_block(chunk, sequences, to);
}

Encoder::Encoder() : impl_(std::make_unique<Impl>()) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

void Encoder::encode(BytesView plain, Bytes& sink)
{
    while (!plain.empty()) {
        const auto chunk = plain.first(std::min(plain.size(), chunk_bytes_max));
        impl_->encode_chunk(chunk, sink);
        plain = plain.subspan(chunk.size());
    }
}

Bytes encode(BytesView plain)
{
    Bytes stream;
    Encoder().encode(plain, stream);
    return stream;
}

} // namespace psrp::xpress
