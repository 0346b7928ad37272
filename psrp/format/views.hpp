// The views that PowerShell knows for types: columns of a table, lines of a list, or one text.
#pragma once

#include <psrp/format/shown_object.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace psrp {

enum class Alignment { Left, Right };

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
    std::span<const std::string_view> types;
    ViewShape shape;
    std::span<const ViewField> fields; // one for Text
    // What objects that follow each other must share to stand below one heading; null for none.
    std::string (*group)(const ShownObject& object);
    std::string_view group_label;
};

// The view one of whose types is among the type names of `object`; null where there is none.
const KnownView* find_view(const ShownObject& object);

// The properties that a list of such objects is cut down to where it has no view of its own; empty
// for all of them.
std::span<const std::string_view> default_properties(const ShownObject& object);

} // namespace psrp
