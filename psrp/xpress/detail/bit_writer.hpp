// Writes the bits and bytes of a chunk's data, in the interleaved order of MS-XCA 2.1.4.3.
#pragma once

#include <clixml/bytes.hpp>

#include <cstdint>

namespace psrp::xpress::detail {

// The room at `to` must be enough for what is written.
class BitWriter {
public:
    explicit BitWriter(std::uint8_t* to) : first_(to), second_(to + 2), next_(to + 4) {}

    // The `count` low bits of `bits`, at most 16 of them; others are zero. flush() is due before
    // more than 48 bits wait.
    void put(std::uint32_t bits, unsigned count)
    {
        waiting_ = waiting_ << count | bits;
        waiting_bits_ += count;
    }

    // Writes two words where more wait.
    void flush()
    {
        if (waiting_bits_ <= 32) return;
        write_word();
        write_word();
    }

    // Writes all words but the one that is not yet due: bytes may follow.
    void flush_all()
    {
        while (waiting_bits_ > 16)
            write_word();
    }

    template <typename T>
    void put_bytes(T number)
    {
        clixml::store_le(number, next_);
        next_ += sizeof(T);
    }

    // Fills the last words; what was written ends there.
    std::uint8_t* finish()
    {
        flush_all();
        clixml::store_le(static_cast<std::uint16_t>(waiting_ << (16 - waiting_bits_)), first_);
        clixml::store_le(std::uint16_t{0}, second_);
        return next_;
    }

private:
    void write_word()
    {
        waiting_bits_ -= 16;
        clixml::store_le(static_cast<std::uint16_t>(waiting_ >> waiting_bits_), first_);
        first_ = second_;
        second_ = next_;
        next_ += 2;
    }

    // Where the next two words go: the reader has loaded them before what stands at `next_`.
    std::uint8_t* first_;
    std::uint8_t* second_;
    std::uint8_t* next_;
    std::uint64_t waiting_ = 0;
    unsigned waiting_bits_ = 0;
};

} // namespace psrp::xpress::detail
