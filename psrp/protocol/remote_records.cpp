#include <clixml/object.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/remote_records.hpp>

#include <array>

namespace psrp {
namespace {

constexpr std::array<std::string_view, 3> remoting_names{
    "System.Management.Automation.Runspaces.RemotingErrorRecord",
    "System.Management.Automation.ErrorRecord",
    "System.Object"};

Value encode_origin(const OriginInfo& origin, Arena& arena)
{
    auto* object = clixml::make_live(
        arena,
        {"System.Management.Automation.Remoting.OriginInfo", "System.Object"},
        origin.computer_name
    );
    object->add_adapted(arena, "PSComputerName", Value::string(origin.computer_name));
    object->add_adapted(arena, "RunspaceID", Value::guid(arena, origin.runspace_id));
    object->add_adapted(arena, "InstanceID", Value::guid(arena, origin.instance_id));
    return Value::object(object);
}

// The server's exception becomes a RemoteException that holds the original.
Value encode_remote_exception(const RemoteErrorRecord& error, Arena& arena)
{
    auto* object = clixml::make_live(
        arena,
        {"System.Management.Automation.RemoteException",
         "System.Management.Automation.RuntimeException",
         "System.SystemException",
         "System.Exception",
         "System.Object"},
        error.remote_message()
    );
    object->add_adapted(arena, "Message", Value::string(error.remote_message()));
    object->add_adapted(arena, "SerializedRemoteException", error.record.exception);
    object->add_adapted(arena, "SerializedRemoteInvocationInfo", error.record.invocation_info);
    object->add_adapted(arena, "WasThrownFromThrowStatement", Value::boolean(error.was_thrown()));
    return Value::object(object);
}

} // namespace

bool RemoteErrorRecord::was_thrown() const
{
    const Object* exception = record.exception.object();
    if (exception == nullptr) return false;
    const auto flag = exception->get("WasThrownFromThrowStatement").as<bool>();
    return flag && *flag;
}

RemoteErrorRecord with_origin(const ErrorRecord& record, const OriginInfo& origin, Arena& arena)
{
    RemoteErrorRecord error{record, origin};
    error.origin.computer_name = arena.copy(origin.computer_name);
    return error;
}

Value encode_remote_error_record(const RemoteErrorRecord& error, Arena& arena)
{
    ErrorRecord record = error.record;
    record.type_names = remoting_names;
    record.exception = encode_remote_exception(error, arena);
    const Value value = encode_error_record(record, arena);
    Object* object = value.object();
    object->set_note(arena, "PSComputerName", Value::string(error.origin.computer_name));
    object->set_note(arena, "RunspaceId", Value::guid(arena, error.origin.runspace_id));
    object->set_note(arena, "OriginInfo", encode_origin(error.origin, arena));
    return value;
}

} // namespace psrp
