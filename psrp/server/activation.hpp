// Sockets that were opened by whoever started this process, as systemd does it (sd_listen_fds(3)).
// POSIX.
#pragma once

#include <psrp/transport/byte_stream.hpp>

#include <vector>

namespace psrp::server {

// Takes over the descriptors that LISTEN_FDS speaks of, if LISTEN_PID is this process: children do
// not inherit them, and the variables are removed. Empty where there are none.
std::vector<Descriptor> take_activation_sockets();

// What a descriptor is that was handed over.
enum class ActivationKind { Listener, Connection, Neither };

// Only Unix stream sockets are any use: the user at the other end of others is not known.
ActivationKind activation_kind(int descriptor);

} // namespace psrp::server
