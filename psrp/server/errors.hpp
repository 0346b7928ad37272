// psrp::server::Errc: why a script or a pipeline of the embedded endpoint ended early.
#pragma once

#include <system_error>

namespace psrp::server {

// Who is concerned is said first: the script (peer), the pipeline's own flow, or the caller.
enum class Errc {
    // The script's text
    // -----------------------------------------------------------------------------------------
    SyntaxError = 1, // peer: the text is no script; what was expected stands in the detail
    NotSupported,    // peer: PowerShell has this syntax, the embedded endpoint does not
    ScriptTooLarge,  // peer: over ScriptLimits::script_bytes_max
    NestedTooDeeply, // peer: over ScriptLimits::depth_max

    // The run of a pipeline; the error record is kept by its Execution
    // ----------------------------------------------
    StatementFailed, // peer: the statement failed, the script goes on with the next one
    ScriptFailed,    // peer: throw, or an error that -ErrorAction Stop made terminating
    Stopped,         // flow: the client asked to stop
    UpstreamDone,    // flow: a command of the pipeline needs no more input
    Returned,        // flow: a return statement ended the script block
    StreamsClosed,   // environment: nobody takes the output any more

    // Use of this library
    // ---------------------------------------------------------------------------------------
    DuplicateCommand, // caller: a command or alias of that name is registered already
};

// "psrp.server".
const std::error_category& error_category();
std::error_code make_error_code(Errc code);

} // namespace psrp::server

template <>
struct std::is_error_code_enum<psrp::server::Errc> : std::true_type {
};
