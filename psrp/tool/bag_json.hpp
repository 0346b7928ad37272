// The bag form: a value as one line of JSON, as the recorded vectors describe it
// (vectors/README.md).
#pragma once

#include <clixml/value.hpp>

#include <string>

namespace psrp::tool {

// The bag form of `value` on one line, without a line end. Objects are numbered in the order they
// are met; entries of dictionaries are sorted by the text of their keys.
std::string bag_json(clixml::Value value);

} // namespace psrp::tool
