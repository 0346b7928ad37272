#include <clixml/utf.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/records.hpp>

#include <algorithm>
#include <array>

namespace psrp {
namespace {

using clixml::equal_ignoring_case;
using detail::Fields;
using detail::LiteralName;

constexpr std::array<std::string_view, 32> category_names = {
    "NotSpecified",        "OpenError",           "CloseError",       "DeviceError",
    "DeadlockDetected",    "InvalidArgument",     "InvalidData",      "InvalidOperation",
    "InvalidResult",       "InvalidType",         "MetadataError",    "NotImplemented",
    "NotInstalled",        "ObjectNotFound",      "OperationStopped", "OperationTimeout",
    "SyntaxError",         "ParserError",         "PermissionDenied", "ResourceBusy",
    "ResourceExists",      "ResourceUnavailable", "ReadError",        "WriteError",
    "FromStdErr",          "SecurityError",       "ProtocolError",    "ConnectionError",
    "AuthenticationError", "LimitsExceeded",      "QuotaExceeded",    "NotEnabled",
};

// The notes that have a member of their own in ErrorRecord, in the order PowerShell writes them.
constexpr LiteralName exception_note = "Exception";
constexpr LiteralName target_object_note = "TargetObject";
constexpr LiteralName error_id_note = "FullyQualifiedErrorId";
constexpr LiteralName invocation_info_note = "InvocationInfo";
constexpr LiteralName category_note = "ErrorCategory_Category";
constexpr LiteralName activity_note = "ErrorCategory_Activity";
constexpr LiteralName reason_note = "ErrorCategory_Reason";
constexpr LiteralName target_name_note = "ErrorCategory_TargetName";
constexpr LiteralName target_type_note = "ErrorCategory_TargetType";
constexpr LiteralName category_message_note = "ErrorCategory_Message";
constexpr LiteralName details_message_note = "ErrorDetails_Message";
constexpr LiteralName recommended_action_note = "ErrorDetails_RecommendedAction";
constexpr LiteralName extended_info_note = "SerializeExtendedInfo";
constexpr LiteralName script_stack_trace_note = "ErrorDetails_ScriptStackTrace";

constexpr std::array own_notes = {
    exception_note,
    target_object_note,
    error_id_note,
    invocation_info_note,
    category_note,
    activity_note,
    reason_note,
    target_name_note,
    target_type_note,
    category_message_note,
    details_message_note,
    recommended_action_note,
    extended_info_note,
    script_stack_trace_note,
};

bool is_own_note(std::string_view name)
{
    return std::any_of(own_notes.begin(), own_notes.end(), [&](const LiteralName& own) {
        return equal_ignoring_case(own.text(), name);
    });
}

std::span<const Property> copy_properties(std::span<const Property> from, Arena& arena)
{
    if (from.empty()) return {};
    auto* copies = arena.allocate_array<Property>(from.size());
    std::uninitialized_copy(from.begin(), from.end(), copies);
    return {copies, from.size()};
}

// The notes without a member of their own: those before the script stack trace, then those after
// it.
void read_other_notes(const Object& object, Arena& arena, ErrorRecord& record)
{
    std::vector<Property> before;
    std::vector<Property> after;
    bool passed_stack_trace = false;
    for (const auto& note : object.extended()) {
        if (equal_ignoring_case(note.name_text(), script_stack_trace_note.text()))
            passed_stack_trace = true;
        else if (!is_own_note(note.name_text()))
            (passed_stack_trace ? after : before).push_back(note);
    }
    record.extended_info = copy_properties(before, arena);
    record.trailing = copy_properties(after, arena);
}

Result<void> read_category(const Fields& fields, ErrorRecord& record)
{
    PSRP_TRY(const auto category, fields.int32(category_note));
    record.category = static_cast<ErrorCategory>(category);
    PSRP_TRY(record.activity, fields.text(activity_note));
    PSRP_TRY(record.reason, fields.text(reason_note));
    PSRP_TRY(record.target_name, fields.text(target_name_note));
    PSRP_TRY(record.target_type, fields.text(target_type_note));
    PSRP_TRY(record.category_message, fields.text(category_message_note));
    return {};
}

} // namespace

std::string_view category_name(ErrorCategory category)
{
    const auto index = static_cast<std::size_t>(category);
    return index < category_names.size() ? category_names[index] : category_names[0];
}

std::string_view ErrorRecord::message() const
{
    if (const Object* object = exception.object()) {
        const Value message = object->get("Message").unwrapped();
        const bool is_blank = message.text().find_first_not_of(" \t\r\n") == std::string_view::npos;
        if (message.kind() == clixml::Kind::String && !is_blank) return message.text();
    }
    return text.empty() ? category_message : text;
}

// MS-PSRP 2.2.3.15
Result<ErrorRecord> decode_error_record(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    const Object& object = fields.object();
    ErrorRecord record;
    record.has_text = object.stored_text().has_value();
    record.text = object.stored_text().value_or(std::string_view{});
    const auto* type_names = object.written_type_names();
    record.is_bag = type_names == nullptr;
    if (type_names != nullptr) record.type_names = type_names->names;
    PSRP_TRY(record.exception, fields.value(exception_note));
    PSRP_TRY(record.target_object, fields.value(target_object_note));
    PSRP_TRY(record.fully_qualified_error_id, fields.text(error_id_note));
    record.has_invocation_info = fields.find(invocation_info_note) != nullptr;
    record.invocation_info = fields.value_or_null(invocation_info_note);
    PSRP_CHECK(read_category(fields, record));
    PSRP_TRY(record.details_message, fields.optional_text(details_message_note));
    PSRP_TRY(record.details_recommended_action, fields.optional_text(recommended_action_note));
    PSRP_TRY(record.serialize_extended_info, fields.boolean(extended_info_note));
    PSRP_TRY(record.script_stack_trace, fields.optional_text(script_stack_trace_note));
    read_other_notes(object, arena, record);
    return record;
}

Value encode_error_record(const ErrorRecord& record, Arena& arena)
{
    detail::BagBuilder bag(arena);
    Object& object = bag.object();
    object.set_nature(clixml::Nature::Record);
    if (!record.is_bag && record.type_names.empty())
        object.set_type_names(arena, {"System.Management.Automation.ErrorRecord", "System.Object"});
    else if (!record.is_bag)
        object.set_type_names(arena, record.type_names);
    if (record.has_text && !record.is_bag) object.set_text(record.text);
    bag.add(exception_note, record.exception);
    bag.add(target_object_note, record.target_object);
    bag.add_text(error_id_note, record.fully_qualified_error_id);
    if (record.has_invocation_info) bag.add(invocation_info_note, record.invocation_info);
    bag.add_int32(category_note, static_cast<std::int32_t>(record.category));
    bag.add_text(activity_note, record.activity);
    bag.add_text(reason_note, record.reason);
    bag.add_text(target_name_note, record.target_name);
    bag.add_text(target_type_note, record.target_type);
    bag.add_text(category_message_note, record.category_message);
    if (record.details_message) bag.add_text(details_message_note, *record.details_message);
    if (record.details_recommended_action)
        bag.add_text(recommended_action_note, *record.details_recommended_action);
    bag.add_boolean(extended_info_note, record.serialize_extended_info);
    for (const auto& note : record.extended_info)
        object.extended_bag().push(arena, note);
    if (record.script_stack_trace)
        bag.add_text(script_stack_trace_note, *record.script_stack_trace);
    for (const auto& note : record.trailing)
        object.extended_bag().push(arena, note);
    return bag.value();
}

} // namespace psrp
