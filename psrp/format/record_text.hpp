// The lines that PowerShell prints for errors and other records (ConciseView).
#pragma once

#include <psrp/protocol/records.hpp>

#include <string>

namespace psrp {

// `Write-Error: bad thing`: the command or, without one, the category, then the message, which may
// have several lines. No line feed at the end.
std::string error_text(const ErrorRecord& record);

// The same for an error record that is among the output. Its own text where it is none.
std::string error_object_text(Value value);

// "WARNING: text" and its like.
std::string informational_text(const InformationalRecord& record);

// What Write-Information or Write-Host wrote.
std::string information_text(const InformationRecord& record);
// Whether no line feed is to follow it: Write-Host -NoNewline.
bool has_no_new_line(const InformationRecord& record);

// One line for a terminal: activity, status, percent.
std::string progress_text(const ProgressUpdate& record);

} // namespace psrp
