// The endpoint that is built into icm, behind the interface of every other way to a server.
#pragma once

#include <clixml/result.hpp>
#include <psrp/transport/byte_stream.hpp>
#include <psrp/transport/transport.hpp>

#include <memory>

namespace icm {

// Starts the embedded endpoint on a thread of its own, joined to the transport by a socket pair.
// Destroying the transport ends the endpoint. Error: the errno value of what failed.
clixml::Result<std::unique_ptr<psrp::Transport>> start_embedded();

} // namespace icm
