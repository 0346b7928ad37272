// The table of primitives: tag, .NET type and type names. Both directions, tests and documents walk
// it. Fact sheet clixml 2.1; MS-PSRP 2.2.5.1.
#pragma once

#include <clixml/value.hpp>

#include <span>
#include <string_view>

namespace clixml {

struct Primitive {
    std::string_view tag; // element name, "I32"
    Kind kind;
    std::string_view type_name; // "System.Int32"
    bool escaped;               // whether the text takes part in the _xHHHH_ codec
    std::span<const std::string_view> type_names; // the type's own list, ending in System.Object
};

// All 24 rows, in the order of Kind.
std::span<const Primitive> primitive_table();
// The row of a primitive kind; `kind` must not be Nil or Object.
const Primitive& primitive_of(Kind kind);
// The row whose tag is `tag` (case-sensitive), or null.
const Primitive* find_primitive(std::string_view tag);

} // namespace clixml
