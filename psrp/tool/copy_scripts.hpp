// The far side of a copy where a real PowerShell answers: scripts that do what the endpoint's
// Send-PsrpItem and Receive-PsrpItem do (psrp/copy/README.md), in the language of Windows
// PowerShell 5.1.
#pragma once

#include <string_view>

namespace psrp::tool {

// Arguments: paths, whether links are followed, whether files are only listed. Input: chunks of
// Have frames. Output: the chunks of the copy.
std::string_view send_script();

// Arguments: destination, whether it is a folder, whether nothing is written but what is there is
// said, whether the chunks are the first of the copy. Input: chunks. Output: chunks of answers.
// What is begun and not finished goes on with the next chunks in the same runspace.
std::string_view receive_script();

} // namespace psrp::tool
