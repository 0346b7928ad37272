// Parameters and results of host calls, typed, with their CLIXML form (fact sheet psrp 10.3;
// MS-PSRP 2.2.3.1-.3, .14, .25-.29, 2.2.6).
#pragma once

#include <clixml/guid.hpp>
#include <clixml/version.hpp>
#include <psrp/protocol/actions.hpp>
#include <psrp/protocol/host_call.hpp>
#include <psrp/protocol/host_methods.hpp>
#include <psrp/protocol/messages/negotiation.hpp>
#include <psrp/protocol/records.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace psrp {

struct Rectangle {
    std::int32_t left = 0;
    std::int32_t top = 0;
    std::int32_t right = 0;
    std::int32_t bottom = 0;
};

struct BufferCell {
    clixml::CodeUnit character;
    std::int32_t foreground_color = 0;
    std::int32_t background_color = 0;
    std::int32_t cell_type = 0; // 0 complete, 1 leading, 2 trailing
};

// BufferCell[,], row by row.
struct BufferCells {
    std::int32_t rows = 0;
    std::int32_t columns = 0;
    std::vector<BufferCell> cells;
};

struct KeyInfo {
    std::int32_t virtual_key_code = 0;
    clixml::CodeUnit character;
    std::int32_t control_key_state = 0;
    bool key_down = false;
};

struct ChoiceDescription {
    std::string_view label; // & stands before the key that selects it
    std::string_view help_message;
};

// One question of a Prompt.
struct FieldDescription {
    std::string_view name;
    std::string_view label;
    std::string_view parameter_type_name;          // "String"
    std::string_view parameter_type_full_name;     // "System.String"
    std::string_view parameter_assembly_full_name; // with the assembly's name behind it
    std::string_view help_message;
    bool is_mandatory = true;
    Value default_value; // null: none
    bool modified_by_remoting_protocol = false;
    bool is_from_remote_host = false;

    // Whether it asks for a value of this .NET type ("System.Security.SecureString").
    [[nodiscard]] bool asks_for(std::string_view type) const;
};
inline constexpr std::string_view secure_string_type = "System.Security.SecureString";
inline constexpr std::string_view credential_type = "System.Management.Automation.PSCredential";

// A secret as the machines take it: clear base64 of UTF-16LE (session_key.hpp).
struct SecretText {
    std::string_view base64;
};
// System.Management.Automation.PSCredential.
struct Credential {
    std::string_view user_name;
    SecretText password;
};
Value encode_credential(const Credential& credential, Arena& arena);

// What the fields of a Prompt were answered with.
struct PromptAnswer {
    std::string_view name;
    Value value;
};

// Null, or a value of one of the types; views and values are borrowed from the arena they were
// decoded into, or from the caller.
using HostValue = std::variant<
    std::monostate,
    std::string_view,
    std::int32_t,
    std::int64_t,
    bool,
    clixml::Version,
    Guid,
    SecretText,
    Credential,
    ProgressUpdate,
    std::vector<FieldDescription>,
    std::vector<ChoiceDescription>,
    std::vector<std::int32_t>,
    std::vector<PromptAnswer>,
    Coordinates,
    Size,
    Rectangle,
    BufferCell,
    BufferCells,
    KeyInfo,
    Value>;

// The value in `arena`.
Value encode_host_value(const HostValue& value, Arena& arena);
// A value of `type`; null for null where the type has one. Errc::WrongPropertyType,
// Errc::MissingProperty.
Result<HostValue> decode_host_value(HostType type, Value value);

// The parameters of a call. Errc::UnknownHostMethod; Errc::WrongHostParameters where they are not
// as many as the method has, or one is of another type.
Result<std::vector<HostValue>> decode_host_parameters(const HostCall& call);
// A call of `method`. `call_id` is taken for methods that return something.
HostCall make_host_call(
    HostMethodId method, std::int64_t call_id, std::span<const HostValue> parameters, Arena& arena
);
// What a response says for its method: null where it has no result. Errc::WrongPropertyType for a
// value of another type than the method's (PowerShell's InvalidCastException).
Result<HostValue> decode_host_result(const HostResponse& response);
// The response to `call` with this result.
HostResponse make_host_response(const HostCall& call, const HostValue& result, Arena& arena);

} // namespace psrp
