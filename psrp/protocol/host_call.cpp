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

// id, name, parameters, void
// clang-format off
constexpr std::array<HostMethod, 56> methods{{
    {1, "GetName", 0, false},
    {2, "GetVersion", 0, false},
    {3, "GetInstanceId", 0, false},
    {4, "GetCurrentCulture", 0, false},
    {5, "GetCurrentUICulture", 0, false},
    {6, "SetShouldExit", 1, true},
    {7, "EnterNestedPrompt", 0, true},
    {8, "ExitNestedPrompt", 0, true},
    {9, "NotifyBeginApplication", 0, true},
    {10, "NotifyEndApplication", 0, true},
    {11, "ReadLine", 0, false},
    {12, "ReadLineAsSecureString", 0, false},
    {13, "Write1", 1, true},
    {14, "Write2", 3, true},
    {15, "WriteLine1", 0, true},
    {16, "WriteLine2", 1, true},
    {17, "WriteLine3", 3, true},
    {18, "WriteErrorLine", 1, true},
    {19, "WriteDebugLine", 1, true},
    {20, "WriteProgress", 2, true},
    {21, "WriteVerboseLine", 1, true},
    {22, "WriteWarningLine", 1, true},
    {23, "Prompt", 3, false},
    {24, "PromptForCredential1", 4, false},
    {25, "PromptForCredential2", 6, false},
    {26, "PromptForChoice", 4, false},
    {27, "GetForegroundColor", 0, false},
    {28, "SetForegroundColor", 1, true},
    {29, "GetBackgroundColor", 0, false},
    {30, "SetBackgroundColor", 1, true},
    {31, "GetCursorPosition", 0, false},
    {32, "SetCursorPosition", 1, true},
    {33, "GetWindowPosition", 0, false},
    {34, "SetWindowPosition", 1, true},
    {35, "GetCursorSize", 0, false},
    {36, "SetCursorSize", 1, true},
    {37, "GetBufferSize", 0, false},
    {38, "SetBufferSize", 1, true},
    {39, "GetWindowSize", 0, false},
    {40, "SetWindowSize", 1, true},
    {41, "GetWindowTitle", 0, false},
    {42, "SetWindowTitle", 1, true},
    {43, "GetMaxWindowSize", 0, false},
    {44, "GetMaxPhysicalWindowSize", 0, false},
    {45, "GetKeyAvailable", 0, false},
    {46, "ReadKey", 1, false},
    {47, "FlushInputBuffer", 0, true},
    {48, "SetBufferContents1", 2, true},
    {49, "SetBufferContents2", 2, true},
    {50, "GetBufferContents", 1, false},
    {51, "ScrollBufferContents", 4, true},
    {52, "PushRunspace", 1, true},
    {53, "PopRunspace", 0, true},
    {54, "GetIsRunspacePushed", 0, false},
    {55, "GetRunspace", 0, false},
    {56, "PromptForChoiceMultipleSelection", 4, false},
}};
// clang-format on

constexpr bool is_numbered_from_one()
{
    for (std::size_t i = 0; i < methods.size(); ++i) {
        if (methods[i].id != static_cast<std::int32_t>(i + 1)) return false;
    }
    return true;
}
static_assert(is_numbered_from_one(), "find_host_method() takes the id for an index");

constexpr auto make_method_names()
{
    std::array<EnumName, methods.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i)
        names[i] = {methods[i].id, methods[i].name};
    return names;
}
constexpr auto method_names = make_method_names();
constexpr EnumType method_id_type{
    "System.Management.Automation.Remoting.RemoteHostMethodId", method_names};

} // namespace

std::span<const HostMethod> host_methods()
{
    return methods;
}

const HostMethod* find_host_method(std::int32_t id)
{
    if (id < 1 || id > static_cast<std::int32_t>(methods.size())) return nullptr;
    return &methods[static_cast<std::size_t>(id - 1)];
}

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
        .add_enum("mi", method_id_type, call.method)
        .add("mp", Value::object(parameters))
        .value();
}

Result<HostCall> decode_host_call(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    HostCall call;
    PSRP_TRY(call.call_id, fields.int64("ci"));
    PSRP_TRY(call.method, fields.enumeration("mi", method_id_type));
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
        .add_enum("mi", method_id_type, response.method)
        .value();
}

Result<HostResponse> decode_host_response(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    HostResponse response;
    PSRP_TRY(response.call_id, fields.int64("ci"));
    PSRP_TRY(response.method, fields.enumeration("mi", method_id_type));
    if (fields.find("mr") != nullptr) response.result = fields.value_or_null("mr");
    if (const Value exception = fields.value_or_null("me"); !exception.is_nil()) {
        PSRP_TRY(response.exception, decode_error_record(exception, arena));
    }
    return response;
}

} // namespace psrp
