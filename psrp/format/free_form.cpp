#include <psrp/format/detail/packet_fields.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/list.hpp>
#include <psrp/format/packets.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace psrp {

namespace {

using clixml::Object;
using clixml::Value;
using detail::packet_class;
using detail::packet_items;
using detail::packet_number;
using detail::packet_object;
using detail::packet_text;

// PowerShell's own limit.
constexpr std::size_t nesting_max = 50;

// One indented part: columns on both sides, and how much more (or, negative, less) its first lines
// have on the left.
struct Frame {
    std::int64_t left = 0;
    std::int64_t right = 0;
    std::int64_t first = 0;
};

class FreeForm {
public:
    explicit FreeForm(std::size_t width) : width_(static_cast<std::int64_t>(width)) {}

    void add(const Object& entry, std::size_t nesting)
    {
        for (const Value& value : packet_items(entry, "formatValueList")) {
            const Object* object = value.object();
            if (object == nullptr) continue;
            const std::string_view kind = packet_class(*object);
            if (kind == "FormatEntry")
                add_part(*object, nesting);
            else if (kind == "FormatNewLine")
                end_line();
            else if (kind == "FormatTextField")
                text_ += packet_text(*object, "text");
            else if (kind == "FormatPropertyField")
                text_ += packet_text(*object, "propertyValue");
        }
    }

    // Prints what has been gathered, be it nothing.
    void end_line()
    {
        const std::string text = std::exchange(text_, {});
        std::int64_t left = 0;
        std::int64_t right = 0;
        for (const Frame& frame : frames_) {
            left += frame.left;
            right += frame.right;
        }
        const std::int64_t room = width_ - left - right;
        if (room <= 0) return;
        std::int64_t first = frames_.empty() ? 0 : frames_.back().first;
        if (std::abs(first) >= room) first = 0;
        const auto first_indent = static_cast<std::size_t>(left + std::max<std::int64_t>(first, 0));
        const auto next_indent = static_cast<std::size_t>(left - std::min<std::int64_t>(first, 0));
        const std::size_t first_room = static_cast<std::size_t>(width_ - right) - first_indent;
        const std::size_t next_room = static_cast<std::size_t>(width_ - right) - next_indent;
        std::size_t indent = first_indent;
        for (const std::string_view line : split_lines(text)) {
            for (const std::string& piece : pieces_of(line, first_room, next_room)) {
                lines_.push_back(std::string(indent, ' ') + piece);
                indent = next_indent;
            }
        }
    }

    std::vector<std::string> take_lines() { return std::move(lines_); }

private:
    void add_part(const Object& part, std::size_t nesting)
    {
        if (nesting >= nesting_max) return;
        const Object* frame = packet_object(part, "frameInfo");
        if (frame != nullptr) {
            frames_.push_back(
                {std::max<std::int64_t>(packet_number(*frame, "leftIndentation"), 0),
                 std::max<std::int64_t>(packet_number(*frame, "rightIndentation"), 0),
                 packet_number(*frame, "firstLine")}
            );
        }
        add(part, nesting + 1);
        if (frame != nullptr) frames_.pop_back();
    }

    static std::vector<std::string>
    pieces_of(std::string_view line, std::size_t first_room, std::size_t next_room)
    {
        if (display_width(line) <= first_room) return {std::string(line)};
        const std::size_t bytes = head_bytes(line, first_room);
        std::vector<std::string> pieces;
        if (bytes > 0) pieces.emplace_back(line.substr(0, bytes));
        for (std::string& piece : broken_text(line.substr(bytes), next_room))
            pieces.push_back(std::move(piece));
        return pieces;
    }

    std::int64_t width_;
    std::string text_;
    std::vector<Frame> frames_;
    std::vector<std::string> lines_;
};

} // namespace

std::vector<std::string> free_form_lines(const Object& entry, std::size_t width)
{
    FreeForm form(width);
    form.add(entry, 0);
    form.end_line();
    return form.take_lines();
}

} // namespace psrp
