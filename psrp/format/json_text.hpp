// Values as JSON, by the conventions of ConvertTo-Json.
#pragma once

#include <clixml/value.hpp>

#include <string>

namespace psrp {

// `value` on one line, without a line feed. Objects become maps of their adapted properties and
// then their notes; a primitive with notes becomes {"value": ...} with them, but not texts and
// times, whose notes are dropped; enums become their name, times ISO 8601, bytes base64, secrets
// null. An object inside itself becomes its text.
std::string json_text(clixml::Value value);

} // namespace psrp
