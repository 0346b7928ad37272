// What a client does to calls of a server before its host sees them, so that nobody takes a remote
// script's question for one of the local machine (fact sheet psrp 10.5).
#pragma once

#include <psrp/protocol/host_values.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace psrp {

// A call made safe.
struct SafeHostCall {
    std::vector<HostValue> parameters;
    // To be shown as WriteWarningLine before the call is carried out.
    std::optional<std::string_view> warning;
    // Never carried out: answered with neither result nor exception (GetBufferContents, which
    // would show the server what stands on the screen).
    bool is_withheld = false;
};

// Rewrites the parameters of `method` as PowerShell does: captions and messages of questions for
// credentials name the computer that asks, fields are flagged, questions for secrets get a warning.
// `computer_name` is shown in capitals. New texts live in `arena`.
SafeHostCall make_safe(
    HostMethodId method,
    std::vector<HostValue> parameters,
    std::string_view computer_name,
    Arena& arena
);

} // namespace psrp
