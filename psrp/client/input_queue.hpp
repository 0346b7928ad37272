// InputQueue: pipeline input for one or several readers that take it at their own pace.
#pragma once

#include <clixml/value.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace psrp {

// Items come in at one end; each reader sees all of them. An item is dropped when every reader has
// passed it, so the slowest reader decides how much is held.
class InputQueue {
public:
    using ReaderId = std::size_t;

    // A reader that starts at the first item. All readers must be added before the first item is
    // passed.
    ReaderId add_reader();
    // This reader takes no more and holds nothing back.
    void remove_reader(ReaderId reader);

    // A line of text (copied; bytes that are no UTF-8 become U+FFFD), or a value that outlives the
    // queue.
    void push_line(std::string_view line);
    void push_value(clixml::Value borrowed);
    // Nothing follows.
    void end() { has_ended_ = true; }

    // Whether the reader has an item to take.
    [[nodiscard]] bool has_item(ReaderId reader) const;
    // The reader's next item; its text is borrowed until pass().
    [[nodiscard]] clixml::Value item(ReaderId reader) const;
    void pass(ReaderId reader);
    // Whether the reader has taken everything there will ever be.
    [[nodiscard]] bool is_at_end(ReaderId reader) const;

    // Whether more should be read: little is waiting and a reader is left.
    [[nodiscard]] bool wants_more() const;

private:
    // Bytes of lines that are held at most before wants_more() says no.
    static constexpr std::size_t waiting_bytes_max = std::size_t{1} << 20;
    static constexpr std::size_t gone = static_cast<std::size_t>(-1);

    void drop_passed();

    std::deque<std::variant<std::string, clixml::Value>> items_;
    std::size_t dropped_ = 0; // items before the first one held
    std::size_t waiting_bytes_ = 0;
    std::vector<std::size_t> positions_; // of each reader, counted from the first item ever
    bool has_ended_ = false;
};

} // namespace psrp
