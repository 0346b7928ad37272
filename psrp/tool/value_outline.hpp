// The outline of a value for people: one property, item or entry a line, indented.
#pragma once

#include <clixml/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace psrp::tool {

// Terminal sequences around the parts of a text; all empty for plain text.
struct Colors {
    std::string_view name;
    std::string_view text;
    std::string_view number;
    std::string_view type;
    std::string_view client;
    std::string_view server;
    std::string_view error;
    std::string_view off;
};

// No colours, and those for a terminal.
Colors plain_colors();
Colors terminal_colors();

struct OutlineOptions {
    Colors colors = {};
    std::size_t text_bytes_max = 200; // of one string; the rest is counted
    std::size_t items_max = 50;       // of one list or dictionary; the rest is counted
    std::size_t depth_max = 20;       // objects inside each other; below only their names are shown
};

// The outline of `value`, every line starting with `indent` blanks and ended by a line feed.
// Objects that were met before are named by their number. Control characters are shown as _xHHHH_.
std::string value_outline(clixml::Value value, std::size_t indent, const OutlineOptions& options);

} // namespace psrp::tool
