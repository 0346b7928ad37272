// The tags of primitives, ready to be copied (fact sheet clixml 2.1).
#pragma once

#include <clixml/value.hpp>

#include <array>
#include <cstdint>

namespace clixml::detail {

// Of one kind, each padded to a whole block: `<I32 N="`, `<I32>`, `</I32>`.
struct alignas(64) ElementText {
    static constexpr std::size_t block_bytes = 16;

    char named[block_bytes] = {};
    char open[block_bytes] = {};
    char close[block_bytes] = {};
    std::uint8_t named_size = 0;
    std::uint8_t open_size = 0;
    std::uint8_t close_size = 0;
};

// Of every primitive kind, in the order of Kind; the first is of Nil and empty.
using ElementTexts = std::array<ElementText, static_cast<std::size_t>(Kind::Object)>;
const ElementTexts& element_texts();

} // namespace clixml::detail
