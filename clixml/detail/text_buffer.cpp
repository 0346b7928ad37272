#include <clixml/detail/text_buffer.hpp>

#include <algorithm>
#include <cstring>

namespace clixml::detail {
namespace {

// Where a string cannot grow without being filled, growing by what fits the first cache keeps that
// cheap; growing by what has been written keeps it small for small texts.
constexpr std::size_t step_min = 1024;
constexpr std::size_t step_max = 16U * 1024;

// Makes `text` that long, or as long as `size_max` where that costs nothing. What is new in it may
// be anything.
void grow_unfilled(std::string& text, std::size_t size, std::size_t size_max)
{
#ifdef __cpp_lib_string_resize_and_overwrite
    size = std::max(size, std::min(size_max, text.capacity()));
    text.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
#else
    (void)size_max;
    text.resize(size);
#endif
}

} // namespace

TextBuffer::TextBuffer(std::string& out, TextSink* sink)
    : out_(out), sink_(sink), start_size_(out.size())
{
    resize(start_size_ + step_min);
}

void TextBuffer::resize(std::size_t size)
{
    grow_unfilled(out_, size, sink_ == nullptr ? out_.max_size() : piece_bytes);
    end_ = out_.data() + out_.size() - slack;
}

char* TextBuffer::grow(char* to, std::size_t count)
{
    auto used = static_cast<std::size_t>(to - out_.data());
    if (sink_ != nullptr && used >= piece_bytes) {
        // The last byte stays, so that <x> can still become <x />.
        hand_over(used - 1);
        out_[0] = *(to - 1);
        used = 1;
    }
    std::size_t step = std::clamp(used - std::min(used, start_size_), step_min, step_max);
    std::size_t wanted = used + std::max(step, count + slack);
    if (wanted > out_.size()) resize(wanted);
    return out_.data() + used;
}

char* TextBuffer::expect(const char* to, std::size_t count)
{
    const auto used = static_cast<std::size_t>(to - out_.data());
    const std::size_t wanted = used + count + slack;
    if (sink_ == nullptr && wanted > out_.capacity()) {
        out_.reserve(std::max(wanted, out_.capacity() * 2));
        end_ = out_.data() + out_.size() - slack;
    }
    return out_.data() + used;
}

void TextBuffer::hand_over(std::size_t size)
{
    good_ = good_ && sink_->take({out_.data(), size});
    handed_over_ += size;
}

void TextBuffer::finish(const char* to)
{
    auto used = static_cast<std::size_t>(to - out_.data());
    if (sink_ != nullptr && used != 0) hand_over(used);
    out_.resize(sink_ != nullptr ? 0 : used);
}

} // namespace clixml::detail
