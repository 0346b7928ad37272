// Where new identifiers come from. The machines never ask the operating system: an IdSource is
// given to them.
#pragma once

#include <clixml/guid.hpp>

#include <cstdint>

namespace psrp {

// Source of fresh random Guids (version 4). Implementations: RandomIds in psrp/client, counters in
// tests.
class IdSource {
public:
    virtual ~IdSource() = default;
    virtual clixml::Guid new_guid() = 0;
};

} // namespace psrp
