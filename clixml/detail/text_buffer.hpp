// TextBuffer: memory that text is written to by pointer, in a string that grows with it or, with a
// sink, in pieces that are handed over.
#pragma once

#include <clixml/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace clixml::detail {

// Whoever writes holds the place in a register, asks for room before it writes, and hands the place
// back at the end.
class TextBuffer {
public:
    // With a sink, text is handed over whenever there is so much of it.
    static constexpr std::size_t piece_bytes = 64U * 1024;
    // So many bytes behind the room that was asked for may be written too, with anything.
    static constexpr std::size_t slack = 64;

    TextBuffer(std::string& out, TextSink* sink);

    // Where writing starts: behind what the string holds.
    [[nodiscard]] char* start() { return out_.data() + start_size_; }
    // Where writing goes on: `to`, or another place if there was no room for `count` bytes.
    [[nodiscard]] char* reserve(char* to, std::size_t count)
    {
        if (room(to) >= count) [[likely]]
            return to;
        return grow(to, count);
    }
    // The same for so many bytes that growing step by step would copy often; the room is not made
    // yet, only the memory for it.
    [[nodiscard]] char* expect(const char* to, std::size_t count);
    // Bytes that may be written at `to`, without the slack.
    [[nodiscard]] std::size_t room(const char* to) const
    {
        return static_cast<std::size_t>(end_ - to);
    }
    // How many bytes have been written, wherever they are now.
    [[nodiscard]] std::uint64_t offset_of(const char* to) const
    {
        return handed_over_ + static_cast<std::uint64_t>(to - out_.data());
    }
    // Ends the text at `to`, and hands over what the sink has not had.
    void finish(const char* to);
    // Makes the string what it was.
    void discard() { out_.resize(start_size_); }

    // False once the sink has refused a piece; it is not asked again.
    [[nodiscard]] bool good() const { return good_; }

private:
    char* grow(char* to, std::size_t count);
    void hand_over(std::size_t size);
    void resize(std::size_t size);

    std::string& out_;
    TextSink* sink_;
    std::size_t start_size_;
    std::uint64_t handed_over_ = 0;
    char* end_ = nullptr;
    bool good_ = true;
};

} // namespace clixml::detail
