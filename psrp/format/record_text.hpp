// The lines that PowerShell prints for errors and other records.
#pragma once

#include <psrp/protocol/records.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace psrp {

// PowerShell's $ErrorView, and the record as JSON on one line.
enum class ErrorView : std::uint8_t { Concise, Normal, Category, Json };

// An error as it is shown, without a line feed at the end. Concise: `Write-Error: bad thing`, the
// command or, without one, what kind of error it is, then the message, which may have several
// lines. Normal: the message and what PowerShell knows of the error, the host's name among it where
// `computer_name` has one. Category: `NotSpecified: (:) [Write-Error], WriteErrorException`.
std::string error_text(
    const ErrorRecord& record,
    ErrorView view = ErrorView::Concise,
    std::string_view computer_name = {}
);

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
