// The text of an XmlDocument as .NET keeps it. PowerShell reads an XD element into a document and
// writes its OuterXml, so that a text changes when it is read: <a b='1'/> becomes <a b="1" />
// (fact sheet clixml 2.7).
#pragma once

#include <clixml/limits.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace clixml::detail {

// The OuterXml of the document `text`, or nothing where it is none. Entities that its DTD declares
// by a text are expanded up to 1024 characters, external ones to nothing; attributes that a DTD
// gives elements by default are not added.
std::optional<std::string> outer_xml(std::string_view text, const ReadLimits& limits);

} // namespace clixml::detail
