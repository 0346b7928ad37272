// The records that pipelines write besides their output: errors, warnings, progress and so on,
// typed, with their CLIXML form (fact sheets psrp 6.10-6.13, clixml 6.4, 6.5; MS-PSRP 2.2.3.15,
// .16, 2.2.2.19-.24).
#pragma once

#include <clixml/object.hpp>
#include <clixml/reader.hpp>
#include <clixml/value.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace psrp {

using clixml::Arena;
using clixml::Object;
using clixml::OwnedValue;
using clixml::Property;
using clixml::Result;
using clixml::Value;

// System.Management.Automation.ErrorCategory.
enum class ErrorCategory : std::int32_t {
    NotSpecified,
    OpenError,
    CloseError,
    DeviceError,
    DeadlockDetected,
    InvalidArgument,
    InvalidData,
    InvalidOperation,
    InvalidResult,
    InvalidType,
    MetadataError,
    NotImplemented,
    NotInstalled,
    ObjectNotFound,
    OperationStopped,
    OperationTimeout,
    SyntaxError,
    ParserError,
    PermissionDenied,
    ResourceBusy,
    ResourceExists,
    ResourceUnavailable,
    ReadError,
    WriteError,
    FromStdErr,
    SecurityError,
    ProtocolError,
    ConnectionError,
    AuthenticationError,
    LimitsExceeded,
    QuotaExceeded,
    NotEnabled,
};
// "ObjectNotFound"; "NotSpecified" for numbers that are none.
std::string_view category_name(ErrorCategory category);

// ERROR_RECORD and ExceptionAsErrorRecord. All views and values are borrowed from the arena it was
// decoded into or made in. Absent optional texts are not written.
struct ErrorRecord {
    std::string_view text; // ToString: details message, else exception message
    std::span<const std::string_view>
        type_names;       // as read; empty when made here: PowerShell's two are written
    bool has_text = true; // whether ToString is written at all
    bool is_bag = false;  // a bag without type names, as exceptions in host responses are
    Value exception;      // property bag of the exception, or null
    Value target_object;
    std::string_view fully_qualified_error_id;
    Value invocation_info; // the InvocationInfo object, or null
    bool has_invocation_info =
        true; // whether the property is there at all (PowerShell 5.1 writes none)
    ErrorCategory category = ErrorCategory::NotSpecified;
    std::string_view activity;
    std::string_view reason;
    std::string_view target_name;
    std::string_view target_type;
    std::string_view category_message; // "ObjectNotFound: (x:String) [], CommandNotFoundException"
    std::optional<std::string_view> details_message;
    std::optional<std::string_view> details_recommended_action;
    bool serialize_extended_info = false;
    std::optional<std::string_view> script_stack_trace;
    // Notes that are none of the above, in their order and with their place: InvocationInfo_*,
    // PSMessageDetails, ...
    std::span<const Property> extended_info; // written after SerializeExtendedInfo
    std::span<const Property> trailing;      // written after the script stack trace

    // What to show: the exception's Message, else the text, else the category message (psrp 6.12).
    [[nodiscard]] std::string_view message() const;
};

// Reads an error record from its object. Missing mandatory properties: Errc::MissingProperty.
// Borrows from `arena`.
Result<ErrorRecord> decode_error_record(Value value, Arena& arena);
// The object in `arena` (Nature::Record).
Value encode_error_record(const ErrorRecord& record, Arena& arena);

// The names of a .NET exception type and its bases, most specific first: for the types that a
// server without .NET reports. Empty for all others.
std::span<const std::string_view> exception_chain(std::string_view type);

// What is needed to make an error record of one's own, as PowerShell would make it for `throw` or
// Write-Error.
struct ErrorDescription {
    std::string_view message;
    std::string_view error_id;
    ErrorCategory category = ErrorCategory::NotSpecified;
    std::string_view exception_type =
        "System.Management.Automation.RuntimeException"; // one of exception_chain()'s
    std::string_view activity = {};                      // the command's name
    Value target_object = {};
    bool thrown = false; // WasThrownFromThrowStatement
    std::optional<std::string_view> script_stack_trace = {};
    std::string_view command_name = {}; // CommandName of a CommandNotFoundException
};
// Copies everything into `arena`.
ErrorRecord make_error_record(Arena& arena, const ErrorDescription& description);

enum class InformationalKind : std::uint8_t { Debug, Verbose, Warning };

// DEBUG_RECORD, VERBOSE_RECORD, WARNING_RECORD.
struct InformationalRecord {
    InformationalKind kind = InformationalKind::Verbose;
    std::string_view message;
    bool serialize_invocation_info = false;
    std::span<const Property> invocation_info; // the notes after the first two, as they stood
};
Result<InformationalRecord>
decode_informational_record(Value value, InformationalKind kind, Arena& arena);
Value encode_informational_record(const InformationalRecord& record, Arena& arena);

// PROGRESS_RECORD, and the parameter of the host call WriteProgress.
struct ProgressUpdate {
    std::string_view activity;
    std::int32_t activity_id = 0;
    std::string_view status_description;
    Value current_operation; // String or null
    std::int32_t parent_activity_id = -1;
    std::int32_t percent_complete = -1;
    bool completed = false;
    std::int32_t seconds_remaining = -1;
};
Result<ProgressUpdate> decode_progress(Value value);
Value encode_progress(const ProgressUpdate& record, Arena& arena);

// INFORMATION_RECORD.
struct InformationRecord {
    Value message_data;
    std::string_view source;
    Value time_generated; // DateTime
    std::span<const std::string_view> tags;
    Value
        tags_object; // as read, so that it is written with the same type names; null when made here
    std::string_view user;
    std::string_view computer;
    std::uint32_t process_id = 0;
    std::uint32_t native_thread_id = 0;
    std::uint32_t managed_thread_id = 0;
};
Result<InformationRecord> decode_information_record(Value value, Arena& arena);
Value encode_information_record(const InformationRecord& record, Arena& arena);

} // namespace psrp
