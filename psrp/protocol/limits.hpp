// Limits of the machines: what a hostile peer may cost.
#pragma once

#include <clixml/limits.hpp>

#include <cstddef>
#include <cstdint>

namespace psrp {

// Every limit is inclusive; going over one breaks the channel it concerns with an error that names
// it.
struct Limits {
    // Bytes of one object with its fragment headers: PSMaximumReceivedObjectSize. PowerShell's own
    // 10 MiB.
    std::uint64_t object_bytes_max = 10ULL << 20;
    // Bytes of all objects of one command's channel: PSMaximumReceivedDataSizePerCommand.
    // PowerShell's own 50 MiB.
    std::uint64_t command_bytes_max = 50ULL << 20;
    // Bytes waiting to be sent on one channel before write_input() says WouldBlock.
    std::size_t send_bytes_max = 8ULL << 20;
    // Command channels open at once in one pool (server role).
    std::size_t pipelines_max = 1000;
    // Host calls without an answer at once, all pipelines together (server role).
    std::size_t host_calls_max = 1000;
    // Bytes of messages that wait for the session key, all channels and both directions together.
    std::size_t held_bytes_max = 64ULL << 20;
    // Bytes of one fragment with its header, as we send them (psrp 2.3).
    std::uint32_t fragment_bytes_max = 32768;
    clixml::ReadLimits clixml = {};

    // What a client allows its server: objects of 200 MiB as PowerShell's session option, any
    // amount a command.
    static Limits client();
};

} // namespace psrp
