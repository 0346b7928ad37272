// The XML declaration (fact sheet clixml 1.6, 1.7).
#pragma once

#include <optional>
#include <string_view>

namespace clixml::detail {

// What stands in a declaration; empty where nothing does. Borrowed from the text.
struct XmlDeclaration {
    std::string_view encoding;
    std::string_view standalone;
};

// Reads what stands between "<?xml" and "?>": version 1.0, then encoding and standalone, each
// optional. Nothing where .NET refuses it.
std::optional<XmlDeclaration> read_xml_declaration(std::string_view text);

} // namespace clixml::detail
