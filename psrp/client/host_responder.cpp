#include <psrp/client/host_responder.hpp>
#include <psrp/protocol/host_safety.hpp>

#include <string>

namespace psrp {

HostInfo host_info_for(HostConsole& console)
{
    return ConsoleHost(console).host_info();
}

Result<HostValue>
HostResponder::carry_out(const HostCall& call, std::string_view computer_name, Arena& arena)
{
    PSRP_TRY(auto parameters, decode_host_parameters(call));
    const auto method = static_cast<HostMethodId>(call.method);
    if (method == HostMethodId::SetShouldExit) {
        exit_code_ = std::get<std::int32_t>(parameters[0]);
        return HostValue();
    }
    const auto safe = make_safe(method, std::move(parameters), computer_name, arena);
    if (safe.warning) {
        const HostValue text(*safe.warning);
        // Where a warning cannot be shown nobody is asked either.
        PSRP_CHECK(host_.call(HostMethodId::WriteWarningLine, {&text, 1}, arena));
    }
    if (safe.is_withheld) return HostValue();
    return host_.call(method, safe.parameters, arena);
}

std::optional<HostResponse>
HostResponder::respond(const HostCall& call, Arena& arena, std::string_view computer_name)
{
    last_failure_.reset();
    const auto result = carry_out(call, computer_name, arena);
    if (result && !call.expects_response()) return std::nullopt;
    if (result) return make_host_response(call, *result, arena);
    ErrorDescription description;
    description.category = ErrorCategory::InvalidOperation;
    if (!call.expects_response()) {
        const auto* method = find_host_method(call.method);
        const std::string text = "Exception calling \"" +
                                 std::string(method == nullptr ? "?" : method->name) +
                                 "\" of the host: " + result.error().text();
        description.message = text;
        description.error_id = "RemoteHostCallFailed";
        last_failure_ = make_error_record(arena, description);
        return std::nullopt;
    }
    HostResponse response;
    response.call_id = call.call_id;
    response.method = call.method;
    description.message = "The host program or the command type does not support user interaction.";
    description.error_id = "InvalidOperation";
    response.exception = make_error_record(arena, description);
    return response;
}

} // namespace psrp
