// Overwrites bytes that held a secret.
#pragma once

#include <clixml/bytes.hpp>

#include <openssl/crypto.h>

namespace psrp::detail {

inline void wipe(clixml::Bytes& bytes)
{
    if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
    bytes.clear();
}

} // namespace psrp::detail
