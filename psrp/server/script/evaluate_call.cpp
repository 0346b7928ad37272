// Method calls: those of the client's host, and the few of values.
#include <clixml/base64.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/detail/parser_state.hpp>
#include <psrp/server/script/interpreter.hpp>

#include <algorithm>
#include <array>

namespace psrp::server {

namespace {

// One method of $Host.UI: as many arguments as it takes choose the method on the wire (psrp 10.2).
struct HostUiMethod {
    std::string_view name;
    std::size_t argument_count;
    std::int32_t id;
};

// clang-format off
constexpr std::array host_ui_methods{
    HostUiMethod{"ReadLine",         0, 11},
    HostUiMethod{"Write",            1, 13},
    HostUiMethod{"WriteLine",        0, 15},
    HostUiMethod{"WriteLine",        1, 16},
    HostUiMethod{"WriteErrorLine",   1, 18},
    HostUiMethod{"WriteDebugLine",   1, 19},
    HostUiMethod{"WriteVerboseLine", 1, 21},
    HostUiMethod{"WriteWarningLine", 1, 22},
};
// clang-format on

constexpr std::int32_t read_line_id = 11;

Failure call_failure(const Expression& call, std::string inner_message, std::string error_id)
{
    Failure failure = runtime_failure(
        "Exception calling \"" + call.text + "\" with \"" + std::to_string(call.operands.size()) +
            "\" argument(s): \"" + std::move(inner_message) + "\"",
        std::move(error_id),
        ErrorCategory::NotSpecified
    );
    failure.exception_type = "System.Management.Automation.MethodInvocationException";
    return failure;
}

} // namespace

bool detail::is_host_ui_method(std::string_view name)
{
    return std::any_of(host_ui_methods.begin(), host_ui_methods.end(), [&](const auto& method) {
        return clixml::equal_ignoring_case(method.name, name);
    });
}

// Void methods say nothing where the client has no host, the others fail (psrp 10.4).
Result<Value> Execution::evaluate_host_call(const Expression& expression)
{
    const auto method =
        std::find_if(host_ui_methods.begin(), host_ui_methods.end(), [&](const HostUiMethod& one) {
            return clixml::equal_ignoring_case(one.name, expression.text) &&
                   one.argument_count == expression.operands.size();
        });
    if (method == host_ui_methods.end()) {
        return fail_at(
            runtime_failure(
                "Cannot find an overload for \"" + expression.text +
                    "\" and the argument count: \"" + std::to_string(expression.operands.size()) +
                    "\".",
                "MethodCountCouldNotFindBest",
                ErrorCategory::NotSpecified
            ),
            expression.extent
        );
    }
    HostCall call;
    call.method = method->id;
    for (const Expression& operand : expression.operands) {
        PSRP_TRY(const Value value, evaluate(operand));
        call.parameters.push_back(Value::string(arena(), clixml::to_display_text(value)));
    }
    if (method->id != read_line_id) {
        if (streams_.has_host()) PSRP_CHECK(streams_.call_host(call));
        return Value{};
    }
    if (!streams_.has_host()) {
        return fail_at(
            call_failure(
                expression,
                "A command that prompts the user failed because the host program or the command "
                "type does not support user interaction.",
                "HostException"
            ),
            expression.extent
        );
    }
    PSRP_TRY(const HostAnswer reply, streams_.ask_host(std::move(call)));
    if (reply.response.exception) {
        return fail_at(
            call_failure(
                expression, std::string(reply.response.exception->message()), "RemoteException"
            ),
            expression.extent
        );
    }
    const Value line = reply.response.result.value_or(Value{});
    if (!line.is_nil() && line.unwrapped().kind() != clixml::Kind::String) {
        return fail_at(
            call_failure(
                expression,
                "Unable to cast object of type 'System." + short_type_name(line) +
                    "' to type 'System.String'.",
                "InvalidCastException"
            ),
            expression.extent
        );
    }
    return clixml::clone(arena(), line);
}

// .ToString(), and .GetType() as the bag of its names.
Result<Value> Execution::evaluate_method_call(const Expression& expression)
{
    PSRP_TRY(const Value base, evaluate(expression.operands[0]));
    if (base.is_nil()) {
        return fail_at(
            runtime_failure(
                "You cannot call a method on a null-valued expression.",
                "InvokeMethodOnNull",
                ErrorCategory::InvalidOperation
            ),
            expression.extent
        );
    }
    if (clixml::equal_ignoring_case(expression.text, "ToString"))
        return Value::string(arena(), clixml::to_display_text(base));
    const std::string name = short_type_name(base);
    Object* type = clixml::make_custom_object(arena());
    type->add_note(arena(), "Name", Value::string(arena(), name));
    return Value::object(type);
}

// The way scripts read a SecureString: UserName and Password in clear (psrp 11.1: base64 of
// UTF-16).
Result<Value> Execution::evaluate_new_credential(const Expression& expression)
{
    PSRP_TRY(const Value user, evaluate(expression.operands[0]));
    PSRP_TRY(const Value secret, evaluate(expression.operands[1]));
    std::string password = clixml::to_display_text(secret);
    if (secret.unwrapped().kind() == clixml::Kind::SecureString) {
        const auto units = clixml::read_base64(secret.unwrapped().text());
        if (!units || units->size() % 2 != 0) {
            return fail_at(
                runtime_failure(
                    "Could not decrypt data. The data was not encrypted with this key.",
                    "CryptographicException",
                    ErrorCategory::NotSpecified
                ),
                expression.extent
            );
        }
        const std::string_view text(reinterpret_cast<const char*>(units->data()), units->size());
        password = clixml::utf8_from_utf16(text, false);
    }
    Object* credential = clixml::make_custom_object(arena());
    credential->add_note(
        arena(), "UserName", Value::string(arena(), clixml::to_display_text(user))
    );
    credential->add_note(arena(), "Password", Value::string(arena(), password));
    return Value::object(credential);
}

} // namespace psrp::server
