// The bits and bytes of a chunk's data, in the interleaved order of MS-XCA 2.2.4.
#pragma once

#include <clixml/bytes.hpp>
#include <psrp/xpress/detail/format.hpp>

#include <cstddef>
#include <cstdint>

namespace psrp::xpress::detail {

// Words are loaded ahead of what the format says, and given back where bytes stand between words.
class BitReader {
public:
    // `fill_fast` may read so many bytes.
    static constexpr std::size_t fill_bytes = 8;

    explicit BitReader(clixml::BytesView from)
        : begin_(from.data()), at_(from.data()), end_(from.data() + from.size())
    {
    }

    // What has not been loaded.
    [[nodiscard]] std::size_t bytes_left() const { return static_cast<std::size_t>(end_ - at_); }
    [[nodiscard]] std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
    // The next bits, the first of them most significant.
    [[nodiscard]] std::uint64_t bits() const { return bits_; }
    [[nodiscard]] unsigned bit_count() const { return bit_count_; }

    void skip(unsigned count)
    {
        bits_ <<= count;
        bit_count_ -= count;
    }

    // The next `count` bits, 0 to 15.
    std::uint32_t take(unsigned count)
    {
        const auto value = static_cast<std::uint32_t>((bits_ >> 1U) >> (63 - count));
        skip(count);
        return value;
    }

    // Loads words while one fits into 63 bits: 48 bits and more are there. Reads `fill_bytes`.
    void fill_fast()
    {
        const auto raw = clixml::load_le<std::uint64_t>(at_);
        constexpr std::uint64_t low_words = 0x0000ffff0000ffffU;
        const std::uint64_t swapped = (raw & low_words) << 16U | (raw >> 16U & low_words);
        // Bits behind the last whole word are those that the next call loads there again.
        bits_ |= (swapped << 32U | swapped >> 32U) >> bit_count_;
        const unsigned words = (63 - bit_count_) / 16;
        at_ += 2 * words;
        bit_count_ += 16 * words;
    }

    // Loads the words that the format begins with. Instead of fill_fast() and rewind().
    void begin() { load(16 * words_ahead); }

    // Loads what the format loads: a word where fewer than 16 bits are left. Behind the end are
    // zeros; false: some of them have been used.
    [[nodiscard]] bool fill()
    {
        load(16);
        return bit_count_ >= invented_bits_;
    }

    // Gives back the words that the format has not loaded yet. At least 16 bits must be there, all
    // of them real, and a bit must have been taken.
    void rewind()
    {
        const unsigned words = bit_count_ / 16 - 1;
        at_ -= 2 * words;
        bit_count_ -= 16 * words;
        bits_ &= ~(~std::uint64_t{0} >> bit_count_);
    }

    // The bytes where rewind() or fill() have led to; so many must be left.
    std::uint8_t take_byte() { return *at_++; }
    template <typename T>
    T take_number()
    {
        const T value = clixml::load_le<T>(at_);
        at_ += sizeof(T);
        return value;
    }

private:
    void load(unsigned bits_min)
    {
        while (bit_count_ < bits_min) {
            std::uint64_t word = 0;
            if (bytes_left() >= 2) {
                word = clixml::load_le<std::uint16_t>(at_);
                at_ += 2;
            } else {
                invented_bits_ += 16;
            }
            bits_ |= word << (48 - bit_count_);
            bit_count_ += 16;
        }
    }

    const std::uint8_t* begin_;
    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::uint64_t bits_ = 0;
    unsigned bit_count_ = 0;
    unsigned invented_bits_ = 0;
};

} // namespace psrp::xpress::detail
