#include <clixml/object.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>

namespace psrp {

namespace {

bool is_from_native_program(const ErrorRecord& record)
{
    return record.fully_qualified_error_id == "NativeCommandError" ||
           record.fully_qualified_error_id == "NativeCommandErrorMessage";
}

std::string_view error_message(const ErrorRecord& record)
{
    const bool has_details = record.details_message && !record.details_message->empty();
    return has_details ? *record.details_message : record.message();
}

// The message Write-Host wraps its text in, or null.
const clixml::Object* host_message(const InformationRecord& record)
{
    const clixml::Object* message = record.message_data.object();
    const bool is_one = message != nullptr && message->find("Message") != nullptr &&
                        message->is_type("System.Management.Automation.HostInformationMessage");
    return is_one ? message : nullptr;
}

} // namespace

std::string error_text(const ErrorRecord& record)
{
    const std::string message = printable_utf8(error_message(record));
    if (is_from_native_program(record)) return message;
    const std::string_view prefix =
        record.activity.empty() ? category_name(record.category) : record.activity;
    std::string text = printable_utf8(prefix) + ": " + message;
    if (record.details_recommended_action && !record.details_recommended_action->empty()) {
        text += "\n  Recommendation: " + printable_utf8(*record.details_recommended_action);
    }
    return text;
}

std::string error_object_text(Value value)
{
    Arena arena;
    const auto record = decode_error_record(value, arena);
    return record ? error_text(*record) : value_text(value);
}

std::string informational_text(const InformationalRecord& record)
{
    const std::string message = printable_utf8(record.message);
    switch (record.kind) {
    case InformationalKind::Debug:
        return "DEBUG: " + message;
    case InformationalKind::Verbose:
        return "VERBOSE: " + message;
    case InformationalKind::Warning:
        break;
    }
    return "WARNING: " + message;
}

std::string information_text(const InformationRecord& record)
{
    if (const clixml::Object* message = host_message(record)) {
        return printable_utf8(value_text(message->get("Message")));
    }
    return printable_utf8(value_text(record.message_data));
}

bool has_no_new_line(const InformationRecord& record)
{
    const clixml::Object* message = host_message(record);
    if (message == nullptr) return false;
    for (const std::string_view name : {"NoNewLine", "NoNewline"}) {
        if (const auto set = message->get(name).unwrapped().as<bool>()) return *set;
    }
    return false;
}

std::string progress_text(const ProgressUpdate& record)
{
    std::string text = printable_utf8(record.activity);
    const std::string status = printable_utf8(record.status_description);
    if (!status.empty() && status != " ") text += ": " + status;
    if (record.percent_complete >= 0) text += " " + std::to_string(record.percent_complete) + "%";
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' '
    );
    return text;
}

} // namespace psrp
