// What a transport lets somebody see of what passes through it.
#pragma once

#include <clixml/bytes.hpp>

namespace psrp {

// Sees the bytes of both directions of one connection, in order and in any segmentation. Calls come
// one at a time; what they get is borrowed for the call.
class WireTap {
public:
    virtual ~WireTap() = default;
    // Bytes on their way from the client to the server.
    virtual void on_client_bytes(clixml::BytesView bytes) = 0;
    // Bytes on their way from the server to the client.
    virtual void on_server_bytes(clixml::BytesView bytes) = 0;
};

} // namespace psrp
