// Bytes in any segmentation -> lines. LF, CRLF and a lone CR end a line (fact sheet transports A1).
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>
#include <fragmenter/byte_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace psrp {

using clixml::Bytes;
using clixml::BytesView;
using clixml::Result;

// What one peer may make a LineReader and an ElementReader hold.
struct LineLimits {
    // Bytes of one line without its end. PowerShell writes lines of at most 43 KiB; peers with
    // bigger chunks exist.
    std::size_t line_bytes_max = std::size_t{64} << 20;
    // Elements that may be open at once. Nothing good nests at all.
    std::size_t depth_max = 8;
};

// One line without its end. `text` is borrowed from the LineReader until its next call.
struct Line {
    std::string_view text;
    std::uint64_t offset = 0; // of the first byte, counted from the start of the stream
};

// Collects bytes and hands out complete lines, in time linear in the bytes. A CR at the end of what
// has arrived ends its line at once; an LF that follows later belongs to it.
class LineReader {
public:
    explicit LineReader(LineLimits limits = {});

    // Adds bytes of the stream. Call next() until it has nothing before the next receive(), or they
    // pile up.
    void receive(BytesView bytes);
    // The same without a copy: where up to `count` bytes may be written, and how many there are.
    // Lines handed out before are gone.
    std::uint8_t* room(std::size_t count);
    void commit(std::size_t count) { buffer_.commit(count); }

    // The next complete line, or nothing when more bytes are needed. Error: LineTooLong at the
    // start of the line; it stays.
    Result<std::optional<Line>> next();

    // At the end of the stream: what follows the last line end, if anything does. It is used up by
    // this.
    std::optional<Line> rest();

    // Bytes received and not yet handed out.
    [[nodiscard]] std::size_t buffered_bytes() const { return buffer_.size() - at_; }
    // True if a complete line may be waiting, so that next() is worth a call.
    [[nodiscard]] bool has_unseen_bytes() const { return scanned_ < buffer_.size(); }

private:
    [[nodiscard]] std::string_view text() const { return clixml::text_of(buffer_.view()); }

    LineLimits limits_;
    fragmenter::ByteBuffer buffer_;
    std::size_t at_ = 0;        // start of the line being looked for
    std::size_t scanned_ = 0;   // no line end lies between at_ and here
    std::uint64_t dropped_ = 0; // bytes of the stream in front of buffer_
    bool skips_line_feed_ = false;
};

} // namespace psrp
