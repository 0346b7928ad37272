// psrp serve: the embedded endpoint on standard input and output.
#pragma once

namespace psrp::tool {

// What the command line of `psrp serve` says.
struct ServeOptions {
    bool stdio = false; // --stdio: as an SSH subsystem; failures go to the client as error lines
    bool server_mode = false; // -s: as a child process; failures go to standard error
};

// Serves until the client is gone; the exit code of the process. 2 where the options ask for
// nothing or for both.
int run_serve(const ServeOptions& options);

} // namespace psrp::tool
