#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/records.hpp>

#include <array>

namespace psrp {
namespace {

using detail::BagBuilder;
using detail::EnumName;
using detail::EnumType;
using detail::Fields;
using detail::LiteralName;

constexpr LiteralName message_note = "InformationalRecord_Message";
constexpr LiteralName serialize_note = "InformationalRecord_SerializeInvocationInfo";

constexpr std::array<EnumName, 2> progress_type_names{{{0, "Processing"}, {1, "Completed"}}};
constexpr EnumType progress_type{
    "System.Management.Automation.ProgressRecordType", progress_type_names};

constexpr std::string_view string_list_type =
    "System.Collections.Generic.List`1[[System.String, System.Private.CoreLib, Version=10.0.0.0, "
    "Culture=neutral, PublicKeyToken=7cec85d7bea7798e]]";

std::string_view record_type_name(InformationalKind kind)
{
    switch (kind) {
    case InformationalKind::Debug:
        return "System.Management.Automation.DebugRecord";
    case InformationalKind::Verbose:
        return "System.Management.Automation.VerboseRecord";
    case InformationalKind::Warning:
        return "System.Management.Automation.WarningRecord";
    }
    return {};
}

Value encode_tags(const InformationRecord& record, Arena& arena)
{
    if (!record.tags_object.is_nil()) return record.tags_object;
    auto* list = clixml::make_container(
        arena, clixml::ContainerKind::List, {string_list_type, "System.Object"}
    );
    for (const auto tag : record.tags)
        list->add_item(arena, Value::string(tag));
    return Value::object(list);
}

Result<std::span<const std::string_view>> read_tags(Value value, Arena& arena)
{
    PSRP_TRY(const auto items, detail::read_list(value, "Tags"));
    auto* tags = arena.allocate_array<std::string_view>(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto tag = items[i].as<std::string_view>();
        if (!tag) return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, "Tags");
        new (tags + i) std::string_view(*tag);
    }
    return std::span<const std::string_view>(tags, items.size());
}

// PowerShell writes a single blank for an empty activity or status.
std::string_view blank_if_empty(std::string_view text)
{
    return text.empty() ? " " : text;
}

} // namespace

// MS-PSRP 2.2.2.22-.24, 2.2.3.16
Result<InformationalRecord>
decode_informational_record(Value value, InformationalKind kind, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    InformationalRecord record;
    record.kind = kind;
    PSRP_TRY(record.message, fields.text(message_note));
    PSRP_TRY(record.serialize_invocation_info, fields.boolean(serialize_note));
    clixml::ArenaVector<Property> others;
    for (const auto& note : fields.object().extended()) {
        if (&note != fields.find(message_note) && &note != fields.find(serialize_note))
            others.push(arena, note);
    }
    record.invocation_info = others.items();
    return record;
}

Value encode_informational_record(const InformationalRecord& record, Arena& arena)
{
    BagBuilder bag(arena);
    bag.object().set_nature(clixml::Nature::Record);
    bag.object().set_type_names(
        arena,
        {record_type_name(record.kind),
         "System.Management.Automation.InformationalRecord",
         "System.Object"}
    );
    bag.object().set_text(record.message);
    bag.add_text(message_note, record.message);
    bag.add_boolean(serialize_note, record.serialize_invocation_info);
    for (const auto& note : record.invocation_info)
        bag.object().extended_bag().push(arena, note);
    return bag.value();
}

// MS-PSRP 2.2.2.25
Result<ProgressUpdate> decode_progress(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    ProgressUpdate record;
    PSRP_TRY(record.activity, fields.text("Activity"));
    PSRP_TRY(record.activity_id, fields.int32("ActivityId"));
    PSRP_TRY(record.status_description, fields.text("StatusDescription"));
    PSRP_TRY(record.current_operation, fields.value("CurrentOperation"));
    PSRP_TRY(record.parent_activity_id, fields.int32("ParentActivityId"));
    PSRP_TRY(record.percent_complete, fields.int32("PercentComplete"));
    PSRP_TRY(const auto type, fields.enumeration("Type", progress_type));
    record.completed = type == 1;
    PSRP_TRY(record.seconds_remaining, fields.int32("SecondsRemaining"));
    return record;
}

Value encode_progress(const ProgressUpdate& record, Arena& arena)
{
    return BagBuilder(arena)
        .add_text("Activity", blank_if_empty(record.activity))
        .add_int32("ActivityId", record.activity_id)
        .add_text("StatusDescription", blank_if_empty(record.status_description))
        .add("CurrentOperation", record.current_operation)
        .add_int32("ParentActivityId", record.parent_activity_id)
        .add_int32("PercentComplete", record.percent_complete)
        .add_enum("Type", progress_type, record.completed ? 1 : 0)
        .add_int32("SecondsRemaining", record.seconds_remaining)
        .value();
}

// MS-PSRP 2.2.2.26
Result<InformationRecord> decode_information_record(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    InformationRecord record;
    PSRP_TRY(record.message_data, fields.value("MessageData"));
    PSRP_TRY(record.source, fields.text("Source"));
    PSRP_TRY(record.time_generated, fields.value("TimeGenerated"));
    if (record.time_generated.unwrapped().kind() != clixml::Kind::DateTime)
        return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, "TimeGenerated");
    PSRP_TRY(record.tags_object, fields.value("Tags"));
    PSRP_TRY(record.tags, read_tags(record.tags_object, arena));
    PSRP_TRY(record.user, fields.text("User"));
    PSRP_TRY(record.computer, fields.text("Computer"));
    PSRP_TRY(record.process_id, fields.uint32("ProcessId"));
    PSRP_TRY(record.native_thread_id, fields.uint32("NativeThreadId"));
    PSRP_TRY(record.managed_thread_id, fields.uint32("ManagedThreadId"));
    return record;
}

Value encode_information_record(const InformationRecord& record, Arena& arena)
{
    return BagBuilder(arena)
        .add("MessageData", record.message_data)
        .add_text("Source", record.source)
        .add("TimeGenerated", record.time_generated)
        .add("Tags", encode_tags(record, arena))
        .add_text("User", record.user)
        .add_text("Computer", record.computer)
        .add("ProcessId", Value::uint32(record.process_id))
        .add("NativeThreadId", Value::uint32(record.native_thread_id))
        .add("ManagedThreadId", Value::uint32(record.managed_thread_id))
        .value();
}

} // namespace psrp
