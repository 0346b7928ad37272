#include <clixml/base64.hpp>
#include <tests/support/vector_file.hpp>
#include <tests/xpress/block_builder.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>

namespace tests {

namespace {

clixml::Bytes bytes_of_base64(const std::string& text)
{
    auto bytes = clixml::read_base64(text);
    if (!bytes) throw std::runtime_error("a vector is no base64");
    return *std::move(bytes);
}

} // namespace

std::vector<RecordedStream> recorded_streams()
{
    std::vector<RecordedStream> result;
    for (const auto& row : read_vector_file("xpress.jsonl"))
        result.push_back(
            {row.name, bytes_of_base64(row.text("plain")), bytes_of_base64(row.text("stream"))}
        );
    return result;
}

BlockBuilder::BlockBuilder(std::vector<std::pair<unsigned, unsigned>> lengths)
    : lengths_(512), bytes_(260)
{
    for (const auto& [symbol, bits] : lengths) {
        lengths_[symbol] = bits;
        bytes_[symbol / 2] =
            static_cast<std::uint8_t>(bytes_[symbol / 2] | bits << (symbol % 2 == 0 ? 0U : 4U));
    }
}

BlockBuilder& BlockBuilder::symbol(unsigned symbol)
{
    // Codes in the order of length, then symbol.
    std::uint32_t code = 0;
    for (unsigned bits = 1; bits <= 15; ++bits, code <<= 1U) {
        for (unsigned other = 0; other < 512; ++other) {
            if (lengths_[other] != bits) continue;
            if (other == symbol) return this->bits(code, bits);
            ++code;
        }
    }
    throw std::runtime_error("the symbol has no code");
}

void BlockBuilder::put_bit(bool bit)
{
    // A word is written when it is full and a further bit comes.
    if (word_bits_ == 16) {
        clixml::store_le(word_, bytes_.data() + first_);
        first_ = second_;
        second_ = bytes_.size();
        bytes_.resize(bytes_.size() + 2);
        word_bits_ = 0;
    }
    word_ = static_cast<std::uint16_t>(std::uint32_t{word_} << 1U | (bit ? 1U : 0U));
    ++word_bits_;
}

BlockBuilder& BlockBuilder::bits(std::uint32_t value, unsigned count)
{
    while (count-- > 0)
        put_bit((value >> count & 1U) != 0);
    return *this;
}

BlockBuilder& BlockBuilder::byte(std::uint8_t value)
{
    bytes_.push_back(value);
    return *this;
}

clixml::Bytes BlockBuilder::block() const
{
    clixml::Bytes whole = bytes_;
    clixml::store_le(static_cast<std::uint16_t>(word_ << (16 - word_bits_)), whole.data() + first_);
    return whole;
}

clixml::Bytes as_chunk(clixml::BytesView block, std::size_t plain_bytes)
{
    clixml::Bytes chunk(4);
    clixml::store_le(static_cast<std::uint16_t>(plain_bytes - 1), chunk.data());
    clixml::store_le(static_cast<std::uint16_t>(block.size() - 1), chunk.data() + 2);
    chunk.insert(chunk.end(), block.begin(), block.end());
    return chunk;
}

std::vector<NamedBytes> hard_inputs()
{
    std::vector<NamedBytes> result;
    std::mt19937 random(20);
    const auto add = [&](std::string name, clixml::Bytes bytes) {
        result.push_back({std::move(name), std::move(bytes)});
    };
    const auto noise = [&](std::size_t count, unsigned values) {
        clixml::Bytes bytes(count);
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random() % values);
        return bytes;
    };
    for (const std::size_t count :
         {1U, 2U, 3U, 255U, 256U, 257U, 258U, 259U, 300U, 65535U, 65536U, 65537U, 200000U})
        add("one byte, " + std::to_string(count), clixml::Bytes(count, 7));
    for (const std::size_t count : {1U, 15U, 16U, 17U, 300U, 65536U, 65540U, 131072U})
        add("noise, " + std::to_string(count), noise(count, 256));
    for (const unsigned values : {2U, 3U, 16U, 64U, 200U})
        add("noise of " + std::to_string(values) + " values", noise(70000, values));
    for (std::size_t period = 2; period < 40; ++period) {
        const clixml::Bytes part = noise(period, 256);
        clixml::Bytes bytes;
        while (bytes.size() < 3000 + period)
            bytes.insert(bytes.end(), part.begin(), part.end());
        add("period " + std::to_string(period), std::move(bytes));
    }
    // Matches of every length, at every distance of a power of two.
    for (std::size_t distance = 4; distance <= 65536; distance *= 2) {
        clixml::Bytes bytes = noise(distance, 256);
        for (std::size_t length = 3; length < 300 && bytes.size() < 65536; length += 7) {
            for (std::size_t i = 0; i < length; ++i)
                bytes.push_back(bytes[bytes.size() - distance]);
            bytes.push_back(static_cast<std::uint8_t>(random()));
        }
        add("matches at " + std::to_string(distance), std::move(bytes));
    }
    // Counts of literals like Fibonacci's numbers: codes would be as long as there are literals.
    clixml::Bytes uneven;
    for (std::size_t count = 1, next = 1, value = 0; uneven.size() + count < 65536; ++value) {
        uneven.insert(uneven.end(), count, static_cast<std::uint8_t>(value));
        count = std::exchange(next, count + next);
    }
    std::shuffle(uneven.begin(), uneven.end(), random);
    add("uneven counts", std::move(uneven));
    clixml::Bytes halves = noise(40000, 256);
    halves.resize(80000);
    add("noise, then zeros", std::move(halves));
    return result;
}

} // namespace tests
