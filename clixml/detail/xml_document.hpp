// The contents of XD elements: XmlDocument.OuterXml of what was read with its white space (fact
// sheet clixml 2.7).
#pragma once

#include <clixml/limits.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clixml::detail {

// The document `text` as .NET writes it after reading it; nothing where it is not well-formed.
// Entities that its DTD declares are replaced, up to 1024 characters in all as in PowerShell.
// Linear time.
std::optional<std::string> outer_xml(std::string_view text, const ReadLimits& limits);

} // namespace clixml::detail
