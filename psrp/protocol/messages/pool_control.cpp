#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/messages/pool_control.hpp>

#include <array>

namespace psrp {
namespace {

using detail::BagBuilder;
using detail::EnumName;
using detail::EnumType;
using detail::Fields;
using detail::LiteralName;

constexpr LiteralName call_id_note = "ci";
constexpr LiteralName response_note = "SetMinMaxRunspacesResponse";

constexpr std::array<EnumName, 8> command_type_names{{
    {1, "Alias"},
    {2, "Function"},
    {4, "Filter"},
    {8, "Cmdlet"},
    {16, "ExternalScript"},
    {32, "Application"},
    {64, "Script"},
    {256, "Configuration"},
}};
constexpr EnumType command_types_type{
    "System.Management.Automation.CommandTypes", command_type_names, true};

Result<std::int64_t> read_call_id(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    return fields.int64(call_id_note);
}

} // namespace

// MS-PSRP 2.2.2.6
Value encode_set_max_runspaces(const SetMaxRunspaces& message, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32("MaxRunspaces", message.runspaces_max)
        .add_int64(call_id_note, message.call_id)
        .value();
}

Result<SetMaxRunspaces> decode_set_max_runspaces(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    SetMaxRunspaces message;
    PSRP_TRY(message.runspaces_max, fields.int32("MaxRunspaces"));
    PSRP_TRY(message.call_id, fields.int64(call_id_note));
    return message;
}

// MS-PSRP 2.2.2.7
Value encode_set_min_runspaces(const SetMinRunspaces& message, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32("MinRunspaces", message.runspaces_min)
        .add_int64(call_id_note, message.call_id)
        .value();
}

Result<SetMinRunspaces> decode_set_min_runspaces(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    SetMinRunspaces message;
    PSRP_TRY(message.runspaces_min, fields.int32("MinRunspaces"));
    PSRP_TRY(message.call_id, fields.int64(call_id_note));
    return message;
}

// MS-PSRP 2.2.2.11
Value encode_get_available_runspaces(const GetAvailableRunspaces& message, Arena& arena)
{
    return BagBuilder(arena).add_int64(call_id_note, message.call_id).value();
}

Result<GetAvailableRunspaces> decode_get_available_runspaces(Value value, Arena&)
{
    PSRP_TRY(const auto call_id, read_call_id(value));
    return GetAvailableRunspaces{call_id};
}

// MS-PSRP 2.2.2.31
Value encode_reset_runspace_state(const ResetRunspaceState& message, Arena& arena)
{
    return BagBuilder(arena).add_int64(call_id_note, message.call_id).value();
}

Result<ResetRunspaceState> decode_reset_runspace_state(Value value, Arena&)
{
    PSRP_TRY(const auto call_id, read_call_id(value));
    return ResetRunspaceState{call_id};
}

// MS-PSRP 2.2.2.8
Value encode_runspace_availability(const RunspaceAvailability& message, Arena& arena)
{
    Value response;
    if (const auto* done = std::get_if<bool>(&message.response))
        response = Value::boolean(*done);
    else if (const auto* count = std::get_if<std::int32_t>(&message.response))
        response = Value::int32(*count);
    else
        response = Value::int64(std::get<std::int64_t>(message.response));
    return BagBuilder(arena)
        .add(response_note, response)
        .add_int64(call_id_note, message.call_id)
        .value();
}

Result<RunspaceAvailability> decode_runspace_availability(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    RunspaceAvailability message;
    PSRP_TRY(const Value response, fields.value(response_note));
    const auto kind = response.unwrapped().kind();
    if (kind == clixml::Kind::Boolean) {
        PSRP_TRY(message.response, fields.boolean(response_note));
    } else if (kind == clixml::Kind::Int32) {
        PSRP_TRY(message.response, fields.int32(response_note));
    } else {
        PSRP_TRY(message.response, fields.int64(response_note));
    }
    PSRP_TRY(message.call_id, fields.int64(call_id_note));
    return message;
}

// MS-PSRP 2.2.2.12
Value encode_user_event(const UserEvent& message, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32("PSEventArgs.EventIdentifier", message.event_identifier)
        .add_text("PSEventArgs.SourceIdentifier", message.source_identifier)
        .add("PSEventArgs.TimeGenerated", message.time_generated)
        .add("PSEventArgs.Sender", message.sender)
        .add("PSEventArgs.SourceArgs", message.source_args)
        .add("PSEventArgs.MessageData", message.message_data)
        .add("PSEventArgs.ComputerName", message.computer_name)
        .add("PSEventArgs.RunspaceId", message.runspace_id)
        .value();
}

Result<UserEvent> decode_user_event(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    UserEvent message;
    PSRP_TRY(message.event_identifier, fields.int32("PSEventArgs.EventIdentifier"));
    PSRP_TRY(message.source_identifier, fields.text("PSEventArgs.SourceIdentifier"));
    PSRP_TRY(message.time_generated, fields.value("PSEventArgs.TimeGenerated"));
    PSRP_TRY(message.sender, fields.value("PSEventArgs.Sender"));
    PSRP_TRY(message.source_args, fields.value("PSEventArgs.SourceArgs"));
    PSRP_CHECK(detail::read_list(message.source_args, "PSEventArgs.SourceArgs"));
    PSRP_TRY(message.message_data, fields.value("PSEventArgs.MessageData"));
    PSRP_TRY(message.computer_name, fields.value("PSEventArgs.ComputerName"));
    PSRP_TRY(message.runspace_id, fields.value("PSEventArgs.RunspaceId"));
    return message;
}

// MS-PSRP 2.2.2.14
Value encode_get_command_metadata(const GetCommandMetadata& message, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add("Name", message.names);
    bag.add_enum("CommandType", command_types_type, message.command_types);
    bag.add("Namespace", message.namespaces);
    if (message.fully_qualified_module)
        bag.add("FullyQualifiedModule", *message.fully_qualified_module);
    return bag.add("ArgumentList", message.argument_list).value();
}

Result<GetCommandMetadata> decode_get_command_metadata(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    GetCommandMetadata message;
    PSRP_TRY(message.names, fields.value("Name"));
    PSRP_CHECK(detail::read_list(message.names, "Name"));
    PSRP_TRY(message.command_types, fields.enumeration("CommandType", command_types_type));
    PSRP_TRY(message.namespaces, fields.value("Namespace"));
    PSRP_CHECK(detail::read_list(message.namespaces, "Namespace"));
    if (fields.find("FullyQualifiedModule") != nullptr)
        message.fully_qualified_module = fields.value_or_null("FullyQualifiedModule");
    PSRP_TRY(message.argument_list, fields.value("ArgumentList"));
    PSRP_CHECK(detail::read_list(message.argument_list, "ArgumentList"));
    return message;
}

} // namespace psrp
