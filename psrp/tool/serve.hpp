// psrp serve: PSRP sessions on standard input and output, on a socket or over WinRM, answered by
// the embedded endpoint or by a child process.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace psrp::tool {

// What the command line says of --winrm.
struct WinRmServeOptions {
    std::string place;            // [ADDRESS:]PORT; empty: not served
    std::vector<std::string> tls; // certificate and key
    std::string users_file;
    std::string pam_service;
    std::string keytab;
    std::string ntlm_users;
    bool has_credssp = false;
    std::string client_authority;
    std::string certificate_map;
    bool allows_unencrypted = false;
    bool allows_basic_over_http = false;
    bool needs_channel_binding = false;
    bool has_command_shell = false;
    unsigned envelope_kib = 0; // 0: the default
};

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
    bool allows_native = false; // --allow-native: scripts may run programs
    std::string capture_path;   // --capture: where sessions are recorded, one file each
    bool captures_secrets = false;
    WinRmServeOptions winrm;
};

// Serves until the client is gone, or until a signal; the exit code of the process. 2 where the
// options ask for nothing or for more than one thing.
int run_serve(const ServeOptions& options);

} // namespace psrp::tool
