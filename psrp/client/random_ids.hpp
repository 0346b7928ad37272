// Fresh identifiers from the operating system's random source (RFC 4122, version 4).
#pragma once

#include <psrp/protocol/identifiers.hpp>

namespace psrp {

// Thread-safe: it has no state of its own.
class RandomIds final : public IdSource {
public:
    // A random Guid. Never zero.
    clixml::Guid new_guid() override;
};

} // namespace psrp
