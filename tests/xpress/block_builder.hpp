// Compressed chunks made by hand, bit by bit in the plain way of MS-XCA 2.1.4.3, so that reader and
// writer are judged by something that is neither; the recorded streams; inputs made with a seed.
#pragma once

#include <clixml/bytes.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tests {

struct RecordedStream {
    std::string name;
    clixml::Bytes plain;
    clixml::Bytes stream;
};
std::vector<RecordedStream> recorded_streams();

// A block: its code lengths by symbol, then codes, offset bits and bytes in the order given.
class BlockBuilder {
public:
    // Symbols and the bits of their codes; others do not occur.
    explicit BlockBuilder(std::vector<std::pair<unsigned, unsigned>> lengths);

    BlockBuilder& symbol(unsigned symbol);
    BlockBuilder& bits(std::uint32_t value, unsigned count);
    BlockBuilder& byte(std::uint8_t value);
    // What has been put so far, filled up.
    [[nodiscard]] clixml::Bytes block() const;

private:
    void put_bit(bool bit);

    std::vector<unsigned> lengths_;
    clixml::Bytes bytes_;
    std::uint16_t word_ = 0;
    unsigned word_bits_ = 0;
    std::size_t first_ = 256;
    std::size_t second_ = 258;
};

// The block as a stream of one chunk of `plain_bytes`.
clixml::Bytes as_chunk(clixml::BytesView block, std::size_t plain_bytes);

struct NamedBytes {
    std::string name;
    clixml::Bytes bytes;
};
// What is hard for one who compresses: one byte, periods, noise, halves of both, counts as uneven
// as Fibonacci's, sizes around those of chunks.
std::vector<NamedBytes> hard_inputs();

} // namespace tests
