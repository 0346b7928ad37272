#include <psrp/xpress/decoder.hpp>
#include <psrp/xpress/detail/bit_reader.hpp>
#include <psrp/xpress/detail/code_table.hpp>
#include <psrp/xpress/detail/format.hpp>
#include <psrp/xpress/errors.hpp>

#include <algorithm>
#include <cstring>

namespace psrp::xpress {

namespace {

using clixml::BytesView;
using clixml::Result;
using detail::BitReader;
using detail::CodeTable;
using detail::Entry;

// Bytes that a short copy may write behind its own.
constexpr std::size_t copy_slack = 16;
// Where pairs of literals are worth the time that their table takes.
constexpr std::size_t pairs_bytes_min = 8192;
constexpr std::size_t pairs_ratio_max = 6;
// What one turn of the fast loop may read, and write besides a long match.
constexpr std::size_t fast_input_bytes = 32;
constexpr std::size_t fast_output_bytes =
    6 + detail::match_bytes_min + detail::long_slot + copy_slack;

// Whether the code may be read on: the length of a match in one of its longer forms.
bool read_long_length(BitReader& reader, std::size_t& length)
{
    if (reader.bytes_left() < 1) return false;
    length = reader.take_byte() + detail::long_slot;
    if (length != detail::longer_mark + detail::long_slot) return true;
    if (reader.bytes_left() < 2) return false;
    length = reader.take_number<std::uint16_t>();
    if (length != 0) return true;
    if (reader.bytes_left() < 4) return false;
    length = reader.take_number<std::uint32_t>();
    return true;
}

// Copies `length` bytes from `offset` bytes before `to`. May write up to `copy_slack` more.
void copy_wide(std::uint8_t* to, std::size_t offset, std::size_t length)
{
    const std::uint8_t* from = to - offset;
    const std::uint8_t* const end = to + length;
    if (offset >= 16) {
        do {
            std::memcpy(to, from, 16);
            to += 16;
            from += 16;
        } while (to < end);
        return;
    }
    if (offset == 1) {
        std::memset(to, *from, length);
        return;
    }
    if (offset < 8) {
        // A period of 8 bytes and more that is a multiple of `offset`.
        for (unsigned i = 0; i < 8; ++i)
            to[i] = from[i];
        if (length <= 8) return;
        const std::size_t period = offset * ((7 + offset) / offset);
        to += 8;
        from = to - period;
    }
    while (to < end) {
        std::memcpy(to, from, 8);
        to += 8;
        from += 8;
    }
}

// One byte after the other: `from` and `to` may overlap, nothing is written behind the end.
void copy_exactly(std::uint8_t* to, std::size_t offset, std::size_t length)
{
    const std::uint8_t* from = to - offset;
    if (offset >= length) {
        std::memcpy(to, from, length);
        return;
    }
    for (std::size_t i = 0; i < length; ++i)
        to[i] = from[i];
}

// Decodes one block; the table has been read.
class BlockDecoder {
public:
    BlockDecoder(const CodeTable& table, BytesView data, std::span<std::uint8_t> plain)
        : table_(table), reader_(data), begin_(plain.data()), to_(plain.data()),
          end_(plain.data() + plain.size())
    {
    }

    Result<void> run()
    {
        if (reader_.bytes_left() >= fast_input_bytes && room() >= fast_output_bytes) {
            PSRP_CHECK(run_fast());
        } else {
            reader_.begin();
        }
        while (to_ != end_)
            PSRP_CHECK(step());
        return finish();
    }

private:
    [[nodiscard]] std::size_t room() const { return static_cast<std::size_t>(end_ - to_); }

    [[nodiscard]] tl::unexpected<clixml::Error> fail(Errc code) const
    {
        return clixml::failure(code, reader_.position());
    }

    // Where there is so much of input and room that nothing else must be asked.
    Result<void> run_fast()
    {
        do {
            reader_.fill_fast();
            Entry entry = table_.find(reader_.bits());
            if (!entry.is_match()) {
                put(entry);
                entry = table_.find(reader_.bits());
                if (!entry.is_match()) {
                    put(entry);
                    // 48 bits less two codes: enough to see a code, not for all of a match.
                    entry = table_.find(reader_.bits());
                    if (!entry.is_match()) {
                        put(entry);
                        continue;
                    }
                    reader_.fill_fast();
                }
            }
            PSRP_CHECK(copy_fast(entry));
        } while (reader_.bytes_left() >= fast_input_bytes && room() >= fast_output_bytes);
        if (reader_.bit_count() >= 16) reader_.rewind();
        return {};
    }

    // Writes two bytes, whether both count or not.
    void put(Entry entry)
    {
        reader_.skip(entry.code_bits());
        clixml::store_le(entry.bytes(), to_);
        to_ += entry.literals();
    }

    Result<void> copy_fast(Entry entry)
    {
        reader_.skip(entry.code_bits());
        std::size_t length = entry.length_slot();
        const bool is_long = length == detail::long_slot;
        if (is_long) {
            reader_.rewind();
            if (!read_long_length(reader_, length)) return fail(Errc::DataEndEarly);
            if (length < detail::long_slot) return fail(Errc::InvalidMatchLength);
        }
        length += detail::match_bytes_min;
        // At least 16 bits are still there.
        const unsigned offset_bits = entry.offset_bits();
        const std::size_t offset = (std::size_t{1} << offset_bits) + reader_.take(offset_bits);
        if (offset > static_cast<std::size_t>(to_ - begin_)) return fail(Errc::MatchBeforeStart);
        if (is_long) {
            if (length > room()) return fail(Errc::MatchPastEnd);
            if (length + copy_slack > room()) {
                copy_exactly(to_, offset, length);
                to_ += length;
                return {};
            }
        }
        copy_wide(to_, offset, length);
        to_ += length;
        return {};
    }

    // One symbol, near the end of input or room.
    Result<void> step()
    {
        if (!reader_.fill()) return fail(Errc::DataEndEarly);
        const Entry entry = table_.find_one(reader_.bits());
        reader_.skip(entry.code_bits());
        if (!reader_.fill()) return fail(Errc::DataEndEarly);
        if (!entry.is_match()) {
            *to_++ = static_cast<std::uint8_t>(entry.bytes());
            return {};
        }
        std::size_t length = entry.length_slot();
        if (length == detail::long_slot) {
            if (!read_long_length(reader_, length)) return fail(Errc::DataEndEarly);
            if (length < detail::long_slot) return fail(Errc::InvalidMatchLength);
        }
        length += detail::match_bytes_min;
        const unsigned offset_bits = entry.offset_bits();
        const std::size_t offset = (std::size_t{1} << offset_bits) + reader_.take(offset_bits);
        if (!reader_.fill()) return fail(Errc::DataEndEarly);
        if (offset > static_cast<std::size_t>(to_ - begin_)) return fail(Errc::MatchBeforeStart);
        if (length > room()) return fail(Errc::MatchPastEnd);
        copy_exactly(to_, offset, length);
        to_ += length;
        return {};
    }

    // Behind the last byte stands the end symbol, for which one word may have been added; a writer
    // may do without.
    Result<void> finish()
    {
        if (!reader_.fill()) return fail(Errc::DataEndEarly);
        const Entry entry = table_.find_one(reader_.bits());
        if (entry.is_end_symbol()) {
            reader_.skip(entry.code_bits());
            (void)reader_.fill(); // that it is there whole is of no importance
        }
        if (reader_.bytes_left() != 0) return fail(Errc::TrailingData);
        return {};
    }

    const CodeTable& table_;
    BitReader reader_;
    const std::uint8_t* begin_;
    std::uint8_t* to_;
    std::uint8_t* end_;
};

Result<void> decode_block_with(CodeTable& table, BytesView block, std::span<std::uint8_t> plain)
{
    if (block.size() < detail::table_bytes)
        return clixml::failure(Errc::CodeTableTruncated, block.size());
    // Where much is written for each byte read there are few literals.
    const bool has_pairs =
        plain.size() >= pairs_bytes_min && plain.size() / block.size() < pairs_ratio_max;
    PSRP_CHECK(
        table.read(block.data(), has_pairs ? detail::Pairs::Wanted : detail::Pairs::NotWorthIt)
    );
    auto done = BlockDecoder(table, block.subspan(detail::table_bytes), plain).run();
    if (!done) done.error().offset += detail::table_bytes;
    return done;
}

struct Chunk {
    std::size_t at; // of its data
    std::size_t plain_bytes;
    std::size_t data_bytes;
};

Result<Chunk> read_chunk(BytesView stream, std::size_t at)
{
    if (stream.size() - at < detail::chunk_header_bytes)
        return clixml::failure(Errc::Truncated, stream.size());
    const auto plain = clixml::load_le<std::uint16_t>(stream.data() + at);
    const auto data = clixml::load_le<std::uint16_t>(stream.data() + at + 2);
    const Chunk chunk{
        at + detail::chunk_header_bytes, std::size_t{plain} + 1, std::size_t{data} + 1};
    if (stream.size() - chunk.at < chunk.data_bytes)
        return clixml::failure(Errc::Truncated, stream.size());
    return chunk;
}

} // namespace

Result<void> decode_block(BytesView block, std::span<std::uint8_t> plain)
{
    CodeTable table;
    return decode_block_with(table, block, plain);
}

Result<clixml::Bytes> decode(BytesView stream, const DecodeLimits& limits)
{
    std::size_t plain_bytes = 0;
    for (std::size_t at = 0; at < stream.size();) {
        PSRP_TRY(const Chunk chunk, read_chunk(stream, at));
        if (chunk.plain_bytes > limits.plain_bytes_max - plain_bytes)
            return clixml::failure(Errc::PlainTooBig, at);
        plain_bytes += chunk.plain_bytes;
        at = chunk.at + chunk.data_bytes;
    }
    clixml::Bytes plain(plain_bytes);
    CodeTable table;
    std::uint8_t* to = plain.data();
    for (std::size_t at = 0; at < stream.size();) {
        PSRP_TRY(const Chunk chunk, read_chunk(stream, at));
        const BytesView data = stream.subspan(chunk.at, chunk.data_bytes);
        if (chunk.data_bytes == chunk.plain_bytes) {
            std::copy(data.begin(), data.end(), to);
        } else if (auto done = decode_block_with(table, data, {to, chunk.plain_bytes}); !done) {
            done.error().offset += chunk.at;
            return tl::unexpected<clixml::Error>(done.error());
        }
        to += chunk.plain_bytes;
        at = chunk.at + chunk.data_bytes;
    }
    return plain;
}

} // namespace psrp::xpress
