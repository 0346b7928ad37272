#include <clixml/utf.hpp>
#include <psrp/client/input_queue.hpp>

#include <algorithm>

namespace psrp {

namespace {

std::string valid_utf8(std::string_view line)
{
    std::string text;
    while (const auto bad = clixml::first_invalid_utf8(line)) {
        text += line.substr(0, *bad);
        text += "\xEF\xBF\xBD";
        line.remove_prefix(*bad + 1);
    }
    text += line;
    return text;
}

std::size_t bytes_of_item(const std::variant<std::string, clixml::Value>& item)
{
    const auto* line = std::get_if<std::string>(&item);
    return sizeof(item) + (line != nullptr ? line->size() : 0);
}

} // namespace

InputQueue::ReaderId InputQueue::add_reader()
{
    positions_.push_back(dropped_);
    return positions_.size() - 1;
}

void InputQueue::remove_reader(ReaderId reader)
{
    positions_[reader] = gone;
    drop_passed();
}

void InputQueue::push_line(std::string_view line)
{
    items_.emplace_back(valid_utf8(line));
    waiting_bytes_ += bytes_of_item(items_.back());
}

void InputQueue::push_value(clixml::Value borrowed)
{
    items_.emplace_back(borrowed);
    waiting_bytes_ += bytes_of_item(items_.back());
}

bool InputQueue::has_item(ReaderId reader) const
{
    return positions_[reader] != gone && positions_[reader] < dropped_ + items_.size();
}

clixml::Value InputQueue::item(ReaderId reader) const
{
    const auto& item = items_[positions_[reader] - dropped_];
    if (const auto* value = std::get_if<clixml::Value>(&item)) return *value;
    return clixml::Value::string(std::get<std::string>(item));
}

void InputQueue::pass(ReaderId reader)
{
    ++positions_[reader];
    drop_passed();
}

bool InputQueue::is_at_end(ReaderId reader) const
{
    return has_ended_ && !has_item(reader);
}

bool InputQueue::wants_more() const
{
    const bool has_reader = std::any_of(positions_.begin(), positions_.end(), [](std::size_t at) {
        return at != gone;
    });
    return has_reader && !has_ended_ && waiting_bytes_ < waiting_bytes_max;
}

void InputQueue::drop_passed()
{
    std::size_t first = gone;
    for (const std::size_t position : positions_)
        first = std::min(first, position);
    while (!items_.empty() && dropped_ < first) {
        waiting_bytes_ -= bytes_of_item(items_.front());
        items_.pop_front();
        ++dropped_;
    }
}

} // namespace psrp
