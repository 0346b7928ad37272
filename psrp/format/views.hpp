// The views that PowerShell knows for types: columns of a table, lines of a list, or one text.
#pragma once

#include <psrp/format/shown_object.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

enum class Alignment { Left, Center, Right };

// One column of a known table, or one line of a known list.
struct ViewField {
    std::string_view label;
    std::size_t width; // of the column; 0 shares what the others leave
    Alignment alignment;
    std::string (*text)(const ShownObject& object);
};

enum class ViewShape { Table, List, Text };

// How objects of some types are shown.
struct KnownView {
    // Without "Deserialized."; the second may be empty.
    std::array<std::string_view, 2> types;
    ViewShape shape;
    std::span<const ViewField> fields; // one for Text
    // What objects that follow each other must share to stand below one heading; null for none.
    std::string (*group)(const ShownObject& object) = nullptr;
    std::string_view group_label = {}; // with the blanks in front of it
    // Rows take as many lines as their cells need.
    bool wraps_rows = false;
    // Which objects of the types it is for; null for all.
    bool (*is_for)(const ShownObject& object) = nullptr;
};

// The view for the most specific of the type names of `object` that has one; null where none has.
const KnownView* find_view(const ShownObject& object);

// The text of records that are printed as a line wherever they come: warnings and other records
// among the output. Nothing for other objects.
std::optional<std::string> record_line(const ShownObject& object);

// The properties that a list or table of such objects is cut down to where it has no view of its
// own; empty for all of them. Borrowed from the object or static.
std::vector<std::string_view> default_properties(const ShownObject& object);

} // namespace psrp
