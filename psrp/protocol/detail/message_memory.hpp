// Where the values of received messages live.
#pragma once

#include <clixml/arena.hpp>
#include <fragmenter/reassembler.hpp>

#include <cstddef>
#include <memory>

namespace psrp::detail {

// Whether an arena that nobody else holds is filled again: not where what it held was for another
// thread.
enum class ArenaReuse : std::uint8_t { No, Yes };

// Small messages share an arena, up to a bound: to be given one each would cost more than to be
// read. Whoever keeps one of them keeps the others.
class MessageMemory {
public:
    explicit MessageMemory(ArenaReuse reuse) : reuse_(reuse) {}

    // For a message with a text of so many bytes.
    std::shared_ptr<clixml::Arena> arena_for(std::size_t text_bytes);

private:
    std::shared_ptr<clixml::Arena> shared_;
    ArenaReuse reuse_;
};

// An arena that owns the bytes of the object that `reassembler` has just given, whose views stay
// good; null where the object is small, or a part of what was received.
std::shared_ptr<clixml::Arena>
arena_of_object(fragmenter::Reassembler& reassembler, std::size_t text_bytes);

} // namespace psrp::detail
