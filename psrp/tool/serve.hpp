// psrp serve: PSRP sessions on standard input and output or on a socket, answered by the embedded
// endpoint or by a child process.
#pragma once

#include <cstddef>
#include <string>

namespace psrp::tool {

// What the command line of `psrp serve` says.
struct ServeOptions {
    bool stdio = false; // --stdio: as an SSH subsystem; failures go to the client as error lines
    bool server_mode = false; // -s: as a child process; failures go to standard error
    std::string socket_path;  // --socket: listens there
    bool activated = false;   // --systemd: on the sockets that were handed over
    std::string bridge;       // --bridge: the command line that answers; empty: the endpoint
    int idle_timeout_s = 0;   // 0: never
    std::size_t sessions_max = 64;
    std::string log_level; // empty: info for listeners, error otherwise
    bool logs_payloads = false;
    std::string capture_path; // --capture: where sessions are recorded, one file each
    bool captures_secrets = false;
};

// Serves until the client is gone, or until a signal; the exit code of the process. 2 where the
// options ask for nothing or for more than one thing.
int run_serve(const ServeOptions& options);

} // namespace psrp::tool
