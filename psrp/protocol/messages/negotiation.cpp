#include <psrp/protocol/detail/enums.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/messages/negotiation.hpp>

namespace psrp {
namespace {

using detail::BagBuilder;
using detail::EnumName;
using detail::EnumType;
using detail::Fields;
using detail::LiteralName;

constexpr LiteralName min_runspaces_note = "MinRunspaces";
constexpr LiteralName max_runspaces_note = "MaxRunspaces";
constexpr LiteralName error_record_note = "ExceptionAsErrorRecord";

constexpr std::array<EnumName, 4> thread_options_names{{
    {0, "Default"},
    {1, "UseNewThread"},
    {2, "ReuseThread"},
    {3, "UseCurrentThread"},
}};
constexpr EnumType thread_options_type{
    "System.Management.Automation.Runspaces.PSThreadOptions", thread_options_names};

constexpr std::array<EnumName, 9> pool_state_names{{
    {0, "BeforeOpen"},
    {1, "Opening"},
    {2, "Opened"},
    {3, "Closed"},
    {4, "Closing"},
    {5, "Broken"},
    {6, "Disconnecting"},
    {7, "Disconnected"},
    {8, "Connecting"},
}};
constexpr EnumType pool_state_type{
    "System.Management.Automation.Runspaces.RunspacePoolState", pool_state_names};

// A dictionary, or null.
Result<Value> read_dictionary(const Fields& fields, const LiteralName& name)
{
    PSRP_TRY(const Value value, fields.value(name));
    const Object* object = value.object();
    const bool is_dictionary =
        object != nullptr && object->container() == clixml::ContainerKind::Dictionary;
    if (!value.is_nil() && !is_dictionary)
        return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
    return value;
}

} // namespace

// MS-PSRP 2.2.2.1
Value encode_session_capability(const SessionCapability& message, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add("protocolversion", Value::version(arena, message.protocol_version));
    bag.add("PSVersion", Value::version(arena, message.ps_version));
    bag.add("SerializationVersion", Value::version(arena, message.serialization_version));
    if (!message.time_zone.is_nil()) bag.add("TimeZone", message.time_zone);
    return bag.value();
}

Result<SessionCapability> decode_session_capability(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    SessionCapability message;
    PSRP_TRY(message.protocol_version, fields.version("protocolversion"));
    PSRP_TRY(message.ps_version, fields.version("PSVersion"));
    PSRP_TRY(message.serialization_version, fields.version("SerializationVersion"));
    message.time_zone = fields.value_or_null("TimeZone");
    return message;
}

// MS-PSRP 2.2.2.2
Value encode_init_runspace_pool(const InitRunspacePool& message, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add_int32(min_runspaces_note, message.runspaces_min);
    bag.add_int32(max_runspaces_note, message.runspaces_max);
    bag.add_enum(
        "PSThreadOptions", thread_options_type, static_cast<std::int32_t>(message.thread_options)
    );
    bag.add_enum(
        "ApartmentState",
        detail::apartment_state_type,
        static_cast<std::int32_t>(message.apartment_state)
    );
    bag.add("ApplicationArguments", message.application_arguments);
    return bag.add("HostInfo", encode_host_info(message.host_info, arena)).value();
}

Result<InitRunspacePool> decode_init_runspace_pool(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    InitRunspacePool message;
    PSRP_TRY(message.runspaces_min, fields.int32(min_runspaces_note));
    PSRP_TRY(message.runspaces_max, fields.int32(max_runspaces_note));
    PSRP_TRY(const auto options, fields.enumeration("PSThreadOptions", thread_options_type));
    message.thread_options = static_cast<ThreadOptions>(options);
    PSRP_TRY(
        const auto apartment, fields.enumeration("ApartmentState", detail::apartment_state_type)
    );
    message.apartment_state = static_cast<ApartmentState>(apartment);
    PSRP_TRY(message.application_arguments, read_dictionary(fields, "ApplicationArguments"));
    PSRP_TRY(const Value host_info, fields.value("HostInfo"));
    PSRP_TRY(message.host_info, decode_host_info(host_info, arena));
    return message;
}

// MS-PSRP 2.2.2.13
Value encode_application_private_data(const ApplicationPrivateData& message, Arena& arena)
{
    return BagBuilder(arena).add("ApplicationPrivateData", message.data).value();
}

Result<ApplicationPrivateData> decode_application_private_data(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    PSRP_TRY(const Value data, read_dictionary(fields, "ApplicationPrivateData"));
    return ApplicationPrivateData{data};
}

// MS-PSRP 2.2.2.9
Value encode_runspace_pool_state(const RunspacePoolStateMessage& message, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add_int32("RunspaceState", static_cast<std::int32_t>(message.state));
    if (message.error_record)
        bag.add(error_record_note, encode_error_record(*message.error_record, arena));
    return bag.value();
}

Result<RunspacePoolStateMessage> decode_runspace_pool_state(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    RunspacePoolStateMessage message;
    PSRP_TRY(const auto state, fields.enumeration("RunspaceState", pool_state_type));
    message.state = static_cast<RunspacePoolState>(state);
    if (const Value record = fields.value_or_null(error_record_note); !record.is_nil()) {
        PSRP_TRY(message.error_record, decode_error_record(record, arena));
    }
    return message;
}

// MS-PSRP 2.2.2.29
Value encode_connect_runspace_pool(const ConnectRunspacePool& message, Arena& arena)
{
    if (!message.runspaces_min && !message.runspaces_max) return Value::string("");
    BagBuilder bag(arena);
    if (message.runspaces_min) bag.add_int32(min_runspaces_note, *message.runspaces_min);
    if (message.runspaces_max) bag.add_int32(max_runspaces_note, *message.runspaces_max);
    return bag.value();
}

Result<ConnectRunspacePool> decode_connect_runspace_pool(Value value, Arena&)
{
    if (value.kind() == clixml::Kind::String) return ConnectRunspacePool{};
    PSRP_TRY(const Fields fields, Fields::of(value));
    ConnectRunspacePool message;
    PSRP_TRY(message.runspaces_min, fields.optional_int32(min_runspaces_note));
    PSRP_TRY(message.runspaces_max, fields.optional_int32(max_runspaces_note));
    return message;
}

// MS-PSRP 2.2.2.30
Value encode_runspace_pool_init_data(const RunspacePoolInitData& message, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32(min_runspaces_note, message.runspaces_min)
        .add_int32(max_runspaces_note, message.runspaces_max)
        .value();
}

Result<RunspacePoolInitData> decode_runspace_pool_init_data(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    RunspacePoolInitData message;
    PSRP_TRY(message.runspaces_min, fields.int32(min_runspaces_note));
    PSRP_TRY(message.runspaces_max, fields.int32(max_runspaces_note));
    return message;
}

} // namespace psrp
