// The endpoint that is built into icm, behind the interface of every other way to a server.
#pragma once

// clang-format off
// First of all: behind psrp/protocol/actions.hpp one of its enumerators would shadow psrp::Bytes.
#include <psrp/transport/byte_stream.hpp>
// clang-format on

#include <clixml/result.hpp>
#include <psrp/transport/transport.hpp>

#include <memory>

namespace icm {

// Starts the embedded endpoint on a thread of its own, joined to the transport by a socket pair.
// Destroying the transport ends the endpoint. Error: the errno value of what failed.
clixml::Result<std::unique_ptr<psrp::Transport>> start_embedded();

} // namespace icm
