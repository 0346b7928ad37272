#include <clixml/object.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/format/value_text.hpp>

#include <nlohmann/json.hpp>

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

// What stands in front of the message.
std::string_view error_source(const ErrorRecord& record)
{
    if (!record.activity.empty()) return record.activity;
    if (record.category != ErrorCategory::NotSpecified) return category_name(record.category);
    return record.reason.empty() ? "Error" : record.reason;
}

// The message of a parser's error repeats position and line first, up to a line that ends with "~".
std::string_view parser_message(std::string_view message)
{
    constexpr std::string_view marker = "~\n";
    const std::size_t at = message.find(marker);
    if (at == std::string_view::npos) return message;
    message.remove_prefix(at + marker.size());
    return message.substr(0, message.find("\n\n"));
}

// What the exception says of itself: thrown by a script's `throw`. The exception of a record that a
// server reports is a RemoteException in PowerShell, and that one was never thrown.
bool was_thrown(const ErrorRecord& record)
{
    const clixml::Object* exception = record.exception.object();
    if (exception == nullptr) return false;
    return exception->get("WasThrownFromThrowStatement").unwrapped().as<bool>().value_or(false);
}

std::string concise_text(const ErrorRecord& record, std::string_view source)
{
    std::string message = printable_utf8(error_message(record));
    if (is_from_native_program(record)) return message;
    if (record.category == ErrorCategory::ParserError) {
        message = parser_message(message);
        std::replace_if(
            message.begin(), message.end(), [](char c) { return c == '\n' || c == '\t'; }, ' '
        );
        message += '\n';
    }
    std::string text = printable_utf8(source) + ": " + message;
    const auto& action = record.details_recommended_action;
    if (action && action->find_first_not_of(" \t\r\n") != std::string_view::npos) {
        text += "\n  Recommendation: " + printable_utf8(*action);
    }
    return text;
}

std::string normal_text(const ErrorRecord& record, std::string_view computer_name)
{
    std::string text = printable_utf8(error_message(record));
    if (is_from_native_program(record)) return text;
    text += "\n+ CategoryInfo          : " + printable_utf8(record.category_message);
    text += "\n+ FullyQualifiedErrorId : " + printable_utf8(record.fully_qualified_error_id);
    if (!computer_name.empty()) {
        text += "\n+ PSComputerName        : " + printable_utf8(computer_name);
    }
    return text;
}

std::string error_json(const ErrorRecord& record, std::string_view computer_name)
{
    nlohmann::ordered_json json = {
        {"message", printable_utf8(error_message(record))},
        {"fullyQualifiedErrorId", printable_utf8(record.fully_qualified_error_id)},
        {"category", printable_utf8(category_name(record.category))},
        {"activity", printable_utf8(record.activity)},
        {"reason", printable_utf8(record.reason)},
        {"targetName", printable_utf8(record.target_name)},
        {"targetType", printable_utf8(record.target_type)},
        {"computerName", printable_utf8(computer_name)}};
    if (record.script_stack_trace) {
        json["scriptStackTrace"] = printable_utf8(*record.script_stack_trace);
    }
    if (record.details_recommended_action) {
        json["recommendedAction"] = printable_utf8(*record.details_recommended_action);
    }
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
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

std::string error_text(const ErrorRecord& record, ErrorView view, std::string_view computer_name)
{
    switch (view) {
    case ErrorView::Concise:
        return concise_text(record, error_source(record));
    case ErrorView::Normal:
        return normal_text(record, computer_name);
    case ErrorView::Category:
        if (is_from_native_program(record)) return printable_utf8(error_message(record));
        return printable_utf8(record.category_message);
    case ErrorView::Json:
        return error_json(record, computer_name);
    }
    return {};
}

std::string error_object_text(Value value)
{
    Arena arena;
    auto record = decode_error_record(value, arena);
    if (!record) return value_text(value);
    // PowerShell finds neither category nor details in what has become a bag among the output.
    const bool is_bag =
        !record->type_names.empty() &&
        record->type_names.front() == "Deserialized.System.Management.Automation.ErrorRecord";
    if (is_bag) {
        record->details_message.reset();
        record->details_recommended_action.reset();
        record->category = ErrorCategory::NotSpecified;
        record->reason = {};
    }
    return concise_text(*record, was_thrown(*record) ? "Exception" : error_source(*record));
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
