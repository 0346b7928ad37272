// What the harnesses share: cutting one fuzz input into decisions and bytes, and stating an
// invariant.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace fuzz {

// Ends the process with `rule` on standard error where `holds` is false: the harness has found a
// bug.
inline void require(bool holds, const char* rule)
{
    if (holds) return;
    std::fprintf(stderr, "broken invariant: %s\n", rule);
    std::abort();
}

// Takes decisions from the end of the input and bytes from its front, so that a seed that is a
// plain document or stream stays one whatever the harness decides. Borrowed from the input.
class Input {
public:
    Input(const std::uint8_t* bytes, std::size_t size_bytes) : rest_(bytes, size_bytes) {}

    [[nodiscard]] bool is_empty() const { return rest_.empty(); }

    // The last byte, which is taken away; 0 when nothing is left.
    std::uint8_t take_decision()
    {
        if (rest_.empty()) return 0;
        const std::uint8_t decision = rest_.back();
        rest_ = rest_.first(rest_.size() - 1);
        return decision;
    }

    // A number in [0, bound); `bound` must not be 0. Takes one byte, or two where `bound` is more
    // than 256.
    std::size_t take_below(std::size_t bound)
    {
        std::size_t number = take_decision();
        if (bound > 256) number = number << 8 | take_decision();
        return number % bound;
    }

    // Up to `count` bytes from the front, fewer where the input ends.
    std::span<const std::uint8_t> take_bytes(std::size_t count)
    {
        const auto taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

    // All that is left; nothing is taken.
    [[nodiscard]] std::span<const std::uint8_t> rest() const { return rest_; }

    [[nodiscard]] std::string_view rest_text() const
    {
        return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};
    }

private:
    std::span<const std::uint8_t> rest_;
};

} // namespace fuzz
