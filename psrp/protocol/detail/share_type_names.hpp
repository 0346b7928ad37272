// Makes equal lists of type names one list, as PowerShell's serializer does when it writes a
// message.
#pragma once

#include <clixml/value.hpp>

namespace psrp::detail {

// Lets every object in `value` that has the same list of type names as an earlier one refer to that
// one's list, so that a verbatim writer writes the list once. What the objects mean does not
// change.
void share_type_names(clixml::Value value);

} // namespace psrp::detail
