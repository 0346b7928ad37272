#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/host_call.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace psrp {
namespace {

using detail::BagBuilder;
using detail::EnumName;
using detail::EnumType;
using detail::Fields;

// The catalogue as an enumeration.
std::span<const EnumName> method_names()
{
    static const auto names = [] {
        std::array<EnumName, 56> rows{};
        for (std::size_t i = 0; i < rows.size(); ++i)
            rows[i] = {host_methods()[i].id, host_methods()[i].name};
        return rows;
    }();
    return names;
}

const EnumType& method_id_type()
{
    static const EnumType type{
        "System.Management.Automation.Remoting.RemoteHostMethodId", method_names()};
    return type;
}

} // namespace

bool HostCall::expects_response() const
{
    const auto* row = find_host_method(method);
    return row != nullptr && !row->is_void;
}

// MS-PSRP 2.2.2.15, 2.2.2.27
Value encode_host_call(const HostCall& call, Arena& arena)
{
    auto* parameters = clixml::make_array_list(arena);
    for (const auto& parameter : call.parameters)
        parameters->add_item(arena, parameter);
    return BagBuilder(arena)
        .add_int64("ci", call.call_id)
        .add_enum("mi", method_id_type(), call.method)
        .add("mp", Value::object(parameters))
        .value();
}

Result<HostCall> decode_host_call(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    HostCall call;
    PSRP_TRY(call.call_id, fields.int64("ci"));
    PSRP_TRY(call.method, fields.enumeration("mi", method_id_type()));
    PSRP_TRY(const auto parameters, fields.list("mp"));
    const auto* row = find_host_method(call.method);
    if (row == nullptr) return clixml::failure(Errc::UnknownHostMethod);
    if (parameters.size() > static_cast<std::size_t>(row->parameter_count))
        return clixml::failure(Errc::TooManyHostParameters);
    call.parameters.assign(parameters.begin(), parameters.end());
    return call;
}

// MS-PSRP 2.2.2.16, 2.2.2.28
Value encode_host_response(const HostResponse& response, Arena& arena)
{
    BagBuilder bag(arena);
    if (response.result && !response.result->is_nil()) bag.add("mr", *response.result);
    if (response.exception) {
        ErrorRecord exception = *response.exception;
        exception.is_bag = true; // the only form PowerShell writes here
        bag.add("me", encode_error_record(exception, arena));
    }
    return bag.add_int64("ci", response.call_id)
        .add_enum("mi", method_id_type(), response.method)
        .value();
}

Result<HostResponse> decode_host_response(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    HostResponse response;
    PSRP_TRY(response.call_id, fields.int64("ci"));
    PSRP_TRY(response.method, fields.enumeration("mi", method_id_type()));
    if (fields.find("mr") != nullptr) response.result = fields.value_or_null("mr");
    if (const Value exception = fields.value_or_null("me"); !exception.is_nil()) {
        PSRP_TRY(response.exception, decode_error_record(exception, arena));
    }
    return response;
}

} // namespace psrp
