#include <clixml/utf.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/host_values.hpp>

#include <array>
#include <cstddef>

namespace psrp {

using clixml::failure;
using detail::BagBuilder;
using detail::Fields;
using detail::LiteralName;

namespace {

// Lists that a peer may send inside one parameter.
constexpr std::size_t cells_max = std::size_t{1} << 22;

Result<HostValue> wrong_type(const char* expected)
{
    return failure(Errc::WrongPropertyType, clixml::no_offset, expected);
}

// Structs, field by field ---------------------------------------------------------------------

Value encode(const Coordinates& value, Arena& arena)
{
    return BagBuilder(arena).add_int32("x", value.x).add_int32("y", value.y).value();
}

Value encode(const Size& value, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32("width", value.width)
        .add_int32("height", value.height)
        .value();
}

Value encode(const Rectangle& value, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32("left", value.left)
        .add_int32("top", value.top)
        .add_int32("right", value.right)
        .add_int32("bottom", value.bottom)
        .value();
}

Value encode(const BufferCell& value, Arena& arena)
{
    return BagBuilder(arena)
        .add("character", Value::character(value.character))
        .add_int32("foregroundColor", value.foreground_color)
        .add_int32("backgroundColor", value.background_color)
        .add_int32("bufferCellType", value.cell_type)
        .value();
}

Value encode(const KeyInfo& value, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32("virtualKeyCode", value.virtual_key_code)
        .add("character", Value::character(value.character))
        .add_int32("controlKeyState", value.control_key_state)
        .add_boolean("keyDown", value.key_down)
        .value();
}

// An array of structs: its elements in a row, and the lengths of its dimensions.
Value encode(const BufferCells& value, Arena& arena)
{
    auto* elements = clixml::make_array_list(arena);
    for (const auto& cell : value.cells)
        elements->add_item(arena, encode(cell, arena));
    auto* lengths = clixml::make_container(
        arena, clixml::ContainerKind::List, {"System.Int32[]", "System.Array", "System.Object"}
    );
    lengths->add_item(arena, Value::int32(value.rows));
    lengths->add_item(arena, Value::int32(value.columns));
    return BagBuilder(arena)
        .add("mae", Value::object(elements))
        .add("mal", Value::object(lengths))
        .value();
}

Value encode(const ChoiceDescription& value, Arena& arena)
{
    return BagBuilder(arena)
        .add_text("label", value.label)
        .add_text("helpMessage", value.help_message)
        .value();
}

Value encode(const FieldDescription& value, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add_text("name", value.name)
        .add_text("label", value.label)
        .add_text("parameterTypeName", value.parameter_type_name)
        .add_text("parameterTypeFullName", value.parameter_type_full_name)
        .add_text("parameterAssemblyFullName", value.parameter_assembly_full_name)
        .add_text("helpMessage", value.help_message)
        .add_boolean("isMandatory", value.is_mandatory);
    if (!value.default_value.is_nil()) bag.add("defaultValue", value.default_value);
    return bag.add("metadata", Value::object(clixml::make_array_list(arena)))
        .add_boolean("modifiedByRemotingProtocol", value.modified_by_remoting_protocol)
        .add_boolean("isFromRemoteHost", value.is_from_remote_host)
        .value();
}

template <typename T>
Value encode_list(const std::vector<T>& items, Arena& arena)
{
    auto* list = clixml::make_array_list(arena);
    for (const auto& item : items)
        list->add_item(arena, encode(item, arena));
    return Value::object(list);
}

Value encode_numbers(const std::vector<std::int32_t>& numbers, Arena& arena)
{
    auto* list = clixml::make_array_list(arena);
    for (const auto number : numbers)
        list->add_item(arena, Value::int32(number));
    return Value::object(list);
}

Value encode_answers(const std::vector<PromptAnswer>& answers, Arena& arena)
{
    auto* table = clixml::make_hashtable(arena);
    for (const auto& answer : answers)
        table->add_entry(arena, Value::string(answer.name), answer.value);
    return Value::object(table);
}

Result<HostValue> decode_coordinates(const Fields& fields)
{
    Coordinates value;
    PSRP_TRY(value.x, fields.int32("x"));
    PSRP_TRY(value.y, fields.int32("y"));
    return value;
}

Result<HostValue> decode_size(const Fields& fields)
{
    Size value;
    PSRP_TRY(value.width, fields.int32("width"));
    PSRP_TRY(value.height, fields.int32("height"));
    return value;
}

Result<HostValue> decode_rectangle(const Fields& fields)
{
    Rectangle value;
    PSRP_TRY(value.left, fields.int32("left"));
    PSRP_TRY(value.top, fields.int32("top"));
    PSRP_TRY(value.right, fields.int32("right"));
    PSRP_TRY(value.bottom, fields.int32("bottom"));
    return value;
}

Result<clixml::CodeUnit> decode_character(const Fields& fields)
{
    PSRP_TRY(const Value value, fields.value("character"));
    const Value plain = value.unwrapped();
    if (plain.kind() != clixml::Kind::Char)
        return failure(Errc::WrongPropertyType, clixml::no_offset, "character");
    return plain.as<clixml::CodeUnit>();
}

Result<BufferCell> decode_cell(const Fields& fields)
{
    BufferCell value;
    PSRP_TRY(value.character, decode_character(fields));
    PSRP_TRY(value.foreground_color, fields.int32("foregroundColor"));
    PSRP_TRY(value.background_color, fields.int32("backgroundColor"));
    PSRP_TRY(value.cell_type, fields.int32("bufferCellType"));
    return value;
}

Result<HostValue> decode_cells(const Fields& fields)
{
    PSRP_TRY(const auto lengths, fields.list("mal"));
    PSRP_TRY(const auto elements, fields.list("mae"));
    if (lengths.size() != 2) return wrong_type("mal");
    BufferCells value;
    PSRP_TRY(value.rows, lengths[0].as<std::int32_t>());
    PSRP_TRY(value.columns, lengths[1].as<std::int32_t>());
    const bool fits = value.rows >= 0 && value.columns >= 0 && elements.size() <= cells_max &&
                      static_cast<std::int64_t>(value.rows) * value.columns ==
                          static_cast<std::int64_t>(elements.size());
    if (!fits) return wrong_type("mae");
    for (const auto& element : elements) {
        PSRP_TRY(const Fields cell, Fields::of(element));
        PSRP_TRY(const auto decoded, decode_cell(cell));
        value.cells.push_back(decoded);
    }
    return value;
}

Result<HostValue> decode_key(const Fields& fields)
{
    KeyInfo value;
    PSRP_TRY(value.virtual_key_code, fields.int32("virtualKeyCode"));
    PSRP_TRY(value.character, decode_character(fields));
    PSRP_TRY(value.control_key_state, fields.int32("controlKeyState"));
    PSRP_TRY(value.key_down, fields.boolean("keyDown"));
    return value;
}

// Null fields are left out where they are written, so only what a question cannot do without is
// mandatory.
Result<FieldDescription> decode_field(Value item)
{
    PSRP_TRY(const Fields fields, Fields::of(item));
    const auto text = [&](const LiteralName& name) -> Result<std::string_view> {
        PSRP_TRY(const auto found, fields.optional_text(name));
        return found.value_or(std::string_view());
    };
    const auto flag = [&](const LiteralName& name, bool absent) -> Result<bool> {
        PSRP_TRY(const auto found, fields.optional_boolean(name));
        return found.value_or(absent);
    };
    FieldDescription value;
    PSRP_TRY(value.name, fields.text("name"));
    PSRP_TRY(value.label, text("label"));
    PSRP_TRY(value.parameter_type_name, text("parameterTypeName"));
    PSRP_TRY(value.parameter_type_full_name, text("parameterTypeFullName"));
    PSRP_TRY(value.parameter_assembly_full_name, text("parameterAssemblyFullName"));
    PSRP_TRY(value.help_message, text("helpMessage"));
    PSRP_TRY(value.is_mandatory, flag("isMandatory", true));
    value.default_value = fields.value_or_null("defaultValue");
    PSRP_TRY(value.modified_by_remoting_protocol, flag("modifiedByRemotingProtocol", false));
    PSRP_TRY(value.is_from_remote_host, flag("isFromRemoteHost", false));
    return value;
}

Result<HostValue> decode_fields(std::span<const Value> items)
{
    std::vector<FieldDescription> fields;
    for (const auto& item : items) {
        PSRP_TRY(const auto field, decode_field(item));
        fields.push_back(field);
    }
    return fields;
}

Result<HostValue> decode_choices(std::span<const Value> items)
{
    std::vector<ChoiceDescription> choices;
    for (const auto& item : items) {
        PSRP_TRY(const Fields fields, Fields::of(item));
        ChoiceDescription choice;
        PSRP_TRY(choice.label, fields.text("label"));
        PSRP_TRY(const auto help, fields.optional_text("helpMessage"));
        choice.help_message = help.value_or(std::string_view());
        choices.push_back(choice);
    }
    return choices;
}

Result<HostValue> decode_numbers(std::span<const Value> items)
{
    std::vector<std::int32_t> numbers;
    for (const auto& item : items) {
        const auto number = item.as<std::int32_t>();
        if (!number) return wrong_type("a list of numbers");
        numbers.push_back(*number);
    }
    return numbers;
}

Result<HostValue> decode_answers(Value value)
{
    const Object* table = value.object();
    if (table == nullptr || table->container() != clixml::ContainerKind::Dictionary)
        return wrong_type("a dictionary");
    std::vector<PromptAnswer> answers;
    const auto items = table->items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        const auto name = items[i].as<std::string_view>();
        if (!name) return wrong_type("a name");
        answers.push_back({*name, items[i + 1]});
    }
    return answers;
}

Result<HostValue> decode_credential(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    Credential credential;
    PSRP_TRY(credential.user_name, fields.text("UserName"));
    PSRP_TRY(const Value password, fields.value("Password"));
    if (password.is_nil()) return credential;
    if (password.unwrapped().kind() != clixml::Kind::SecureString) return wrong_type("Password");
    credential.password = {password.unwrapped().text()};
    return credential;
}

// A primitive of exactly this kind, as PowerShell's casts want it.
template <typename T>
Result<HostValue> decode_primitive(Value value, clixml::Kind kind, const char* expected)
{
    const Value plain = value.unwrapped();
    if (plain.kind() != kind) return wrong_type(expected);
    PSRP_TRY(const auto decoded, plain.as<T>());
    return HostValue(decoded);
}

using ListDecoder = Result<HostValue> (*)(std::span<const Value>);
using BagDecoder = Result<HostValue> (*)(const Fields&);

Result<HostValue> decode_list(Value value, ListDecoder decode)
{
    PSRP_TRY(const auto items, detail::read_list(value, "a list"));
    return decode(items);
}

Result<HostValue> decode_bag(Value value, BagDecoder decode)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    return decode(fields);
}

// What encodes itself, for std::visit.
struct Encoder {
    Arena& arena;

    Value operator()(std::monostate) const { return {}; }
    Value operator()(std::string_view value) const { return Value::string(value); }
    Value operator()(std::int32_t value) const { return Value::int32(value); }
    Value operator()(std::int64_t value) const { return Value::int64(value); }
    Value operator()(bool value) const { return Value::boolean(value); }
    Value operator()(const clixml::Version& value) const { return Value::version(arena, value); }
    Value operator()(const Guid& value) const { return Value::guid(arena, value); }
    Value operator()(const SecretText& value) const { return Value::secure_string(value.base64); }
    Value operator()(const Credential& value) const { return encode_credential(value, arena); }
    Value operator()(const ProgressUpdate& value) const { return encode_progress(value, arena); }
    Value operator()(const std::vector<std::int32_t>& value) const
    {
        return encode_numbers(value, arena);
    }
    Value operator()(const std::vector<PromptAnswer>& value) const
    {
        return encode_answers(value, arena);
    }
    template <typename T>
    Value operator()(const std::vector<T>& value) const
    {
        return encode_list(value, arena);
    }
    Value operator()(const Value& value) const { return value; }
    template <typename T>
    Value operator()(const T& value) const
    {
        return encode(value, arena);
    }
};

bool may_be_null(HostType type)
{
    switch (type) {
    case HostType::String:
    case HostType::Credential:
    case HostType::SecureString:
    case HostType::PromptAnswers:
    case HostType::Int32List:
    case HostType::FieldDescriptions:
    case HostType::ChoiceDescriptions:
    case HostType::Void:
    case HostType::Version:
    case HostType::BufferCells:
    case HostType::Anything:
        return true;
    case HostType::Int32:
    case HostType::Int64:
    case HostType::Boolean:
    case HostType::Guid:
    case HostType::Progress:
    case HostType::Coordinates:
    case HostType::Size:
    case HostType::Rectangle:
    case HostType::BufferCell:
    case HostType::KeyInfo:
        return false;
    }
    return false;
}

} // namespace

bool FieldDescription::asks_for(std::string_view type) const
{
    return clixml::equal_ignoring_case(parameter_type_full_name, type);
}

// Fact sheet psrp 10.3; vector securestring.
Value encode_credential(const Credential& credential, Arena& arena)
{
    auto* object = clixml::make_live(
        arena, {credential_type, "System.Object"}, "System.Management.Automation.PSCredential"
    );
    object->add_adapted(arena, "UserName", Value::string(credential.user_name));
    object->add_adapted(arena, "Password", Value::secure_string(credential.password.base64));
    return Value::object(object);
}

Value encode_host_value(const HostValue& value, Arena& arena)
{
    return std::visit(Encoder{arena}, value);
}

Result<HostValue> decode_host_value(HostType type, Value value)
{
    using clixml::Kind;
    if (value.is_nil()) {
        if (may_be_null(type)) return HostValue();
        return wrong_type("a value");
    }
    switch (type) {
    case HostType::Void:
        return HostValue();
    case HostType::String:
        return decode_primitive<std::string_view>(value, Kind::String, "a string");
    case HostType::Int32:
        return decode_primitive<std::int32_t>(value, Kind::Int32, "an I32");
    case HostType::Int64:
        return decode_primitive<std::int64_t>(value, Kind::Int64, "an I64");
    case HostType::Boolean:
        return decode_primitive<bool>(value, Kind::Boolean, "a boolean");
    case HostType::Version:
        return decode_primitive<clixml::Version>(value, Kind::Version, "a version");
    case HostType::Guid:
        return decode_primitive<Guid>(value, Kind::Guid, "a GUID");
    case HostType::SecureString:
        if (value.unwrapped().kind() != Kind::SecureString) return wrong_type("a secret");
        return HostValue(SecretText{value.unwrapped().text()});
    case HostType::Credential:
        return decode_credential(value);
    case HostType::Progress: {
        PSRP_TRY(const auto progress, decode_progress(value));
        return HostValue(progress);
    }
    case HostType::FieldDescriptions:
        return decode_list(value, decode_fields);
    case HostType::ChoiceDescriptions:
        return decode_list(value, decode_choices);
    case HostType::Int32List:
        return decode_list(value, decode_numbers);
    case HostType::PromptAnswers:
        return decode_answers(value);
    case HostType::Coordinates:
        return decode_bag(value, decode_coordinates);
    case HostType::Size:
        return decode_bag(value, decode_size);
    case HostType::Rectangle:
        return decode_bag(value, decode_rectangle);
    case HostType::BufferCell: {
        PSRP_TRY(const Fields fields, Fields::of(value));
        PSRP_TRY(const auto cell, decode_cell(fields));
        return HostValue(cell);
    }
    case HostType::BufferCells:
        return decode_bag(value, decode_cells);
    case HostType::KeyInfo:
        return decode_bag(value, decode_key);
    case HostType::Anything:
        return HostValue(value);
    }
    return wrong_type("a known type");
}

Result<std::vector<HostValue>> decode_host_parameters(const HostCall& call)
{
    const auto* method = find_host_method(call.method);
    if (method == nullptr) return failure(Errc::UnknownHostMethod);
    const auto types = method->parameter_types();
    if (call.parameters.size() != types.size())
        return failure(Errc::WrongHostParameters, clixml::no_offset, "as many as the method has");
    std::vector<HostValue> values;
    for (std::size_t i = 0; i < types.size(); ++i) {
        auto value = decode_host_value(types[i], call.parameters[i]);
        if (!value)
            return failure(Errc::WrongHostParameters, clixml::no_offset, value.error().detail);
        values.push_back(*std::move(value));
    }
    return values;
}

HostCall make_host_call(
    HostMethodId method, std::int64_t call_id, std::span<const HostValue> parameters, Arena& arena
)
{
    HostCall call;
    call.method = static_cast<std::int32_t>(method);
    if (call.expects_response()) call.call_id = call_id;
    for (const auto& parameter : parameters)
        call.parameters.push_back(encode_host_value(parameter, arena));
    return call;
}

Result<HostValue> decode_host_result(const HostResponse& response)
{
    const auto* method = find_host_method(response.method);
    if (method == nullptr) return failure(Errc::UnknownHostMethod);
    if (!response.result || response.result->is_nil()) return HostValue();
    return decode_host_value(method->result, *response.result);
}

HostResponse make_host_response(const HostCall& call, const HostValue& result, Arena& arena)
{
    HostResponse response;
    response.call_id = call.call_id;
    response.method = call.method;
    const Value value = encode_host_value(result, arena);
    if (!value.is_nil()) response.result = value;
    return response;
}

} // namespace psrp
