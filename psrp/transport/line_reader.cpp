#include <psrp/transport/errors.hpp>
#include <psrp/transport/line_reader.hpp>

#include <algorithm>
#include <cstring>

namespace psrp {
namespace {

// A drained buffer larger than this is given back, so that one long line does not pin its memory.
constexpr std::size_t kept_capacity_bytes_max = std::size_t{1} << 20;

// Bytes that are searched twice while they are in the nearest cache.
constexpr std::size_t searched_bytes = std::size_t{8} << 10;

// Where the first CR or LF of `text` is; its size where there is none. The search for CR ends at
// the LF, so that a buffer of many lines is not walked once for each of them.
std::size_t line_end_in(std::string_view text)
{
    for (std::size_t at = 0; at < text.size(); at += searched_bytes) {
        const std::string_view piece = text.substr(at, searched_bytes);
        const std::size_t line_feed = std::min(piece.find('\n'), piece.size());
        const std::size_t end = std::min(piece.substr(0, line_feed).find('\r'), line_feed);
        if (end < piece.size()) return at + end;
    }
    return text.size();
}

} // namespace

LineReader::LineReader(LineLimits limits) : limits_(limits) {}

void LineReader::receive(BytesView bytes)
{
    if (bytes.empty()) return;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    commit(bytes.size());
}

std::uint8_t* LineReader::room(std::size_t count)
{
    if (at_ == buffer_.size()) {
        dropped_ += buffer_.size();
        buffer_.clear(kept_capacity_bytes_max);
        at_ = scanned_ = 0;
    } else if (at_ >= buffer_.size() / 2 && at_ > 0) {
        // Moving only when at most half is left keeps the cost a constant number of moves a byte.
        dropped_ += at_;
        buffer_.drop_front(at_);
        scanned_ -= at_;
        at_ = 0;
    }
    return buffer_.room(count);
}

Result<std::optional<Line>> LineReader::next()
{
    const std::string_view all = text();
    if (skips_line_feed_ && at_ < all.size()) {
        skips_line_feed_ = false;
        if (all[at_] == '\n') ++at_;
        scanned_ = std::max(scanned_, at_);
    }
    const std::size_t end = scanned_ + line_end_in(all.substr(scanned_));
    if (end - at_ > limits_.line_bytes_max) {
        return clixml::failure(TransportErrc::LineTooLong, dropped_ + at_, "expected a line end");
    }
    scanned_ = end;
    if (end == all.size()) return std::nullopt;
    const Line line{all.substr(at_, end - at_), dropped_ + at_};
    skips_line_feed_ = all[end] == '\r';
    at_ = scanned_ = end + 1;
    return line;
}

std::optional<Line> LineReader::rest()
{
    if (at_ == buffer_.size()) return std::nullopt;
    const Line line{text().substr(at_), dropped_ + at_};
    at_ = scanned_ = buffer_.size();
    return line;
}

} // namespace psrp
