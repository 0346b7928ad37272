#include <psrp/protocol/command_metadata.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>

#include <array>

namespace psrp {
namespace {

using detail::EnumName;
using detail::EnumType;
using detail::Fields;
using detail::LiteralName;

constexpr std::array<EnumName, 8> type_names{{
    {1, "Alias"},
    {2, "Function"},
    {4, "Filter"},
    {8, "Cmdlet"},
    {16, "ExternalScript"},
    {32, "Application"},
    {64, "Script"},
    {256, "Configuration"},
}};
constexpr EnumType command_types{"System.Management.Automation.CommandTypes", type_names, true};

Result<std::string_view> text_or_empty(const Fields& fields, const LiteralName& name)
{
    const Value value = fields.value_or_null(name).unwrapped();
    if (value.is_nil()) return std::string_view();
    // A type travels as an object whose text is its name.
    if (const Object* object = value.object()) {
        if (const auto text = object->stored_text()) return *text;
    }
    const auto text = value.as<std::string_view>();
    if (!text) return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
    return *text;
}

Result<std::vector<std::string_view>> texts(const Fields& fields, const LiteralName& name)
{
    std::vector<std::string_view> found;
    PSRP_TRY(const auto items, detail::read_list(fields.value_or_null(name), name));
    for (const auto& item : items) {
        const Object* object = item.object();
        const auto stored = object == nullptr ? std::nullopt : object->stored_text();
        const auto text = item.as<std::string_view>();
        if (!stored && !text)
            return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
        found.push_back(text ? *text : *stored);
    }
    return found;
}

Result<ParameterMetadata> decode_parameter(Value key, Value value)
{
    ParameterMetadata parameter;
    const auto name = key.as<std::string_view>();
    if (!name) return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, "Parameters");
    parameter.name = *name;
    if (value.object() == nullptr) return parameter;
    PSRP_TRY(const Fields fields, Fields::of(value));
    PSRP_TRY(parameter.parameter_type, text_or_empty(fields, "ParameterType"));
    PSRP_TRY(parameter.aliases, texts(fields, "Aliases"));
    PSRP_TRY(const auto is_switch, fields.optional_boolean("SwitchParameter"));
    PSRP_TRY(const auto is_dynamic, fields.optional_boolean("IsDynamic"));
    parameter.is_switch = is_switch.value_or(false);
    parameter.is_dynamic = is_dynamic.value_or(false);
    return parameter;
}

} // namespace

// MS-PSRP 2.2.3.21
Result<std::int32_t> decode_command_count(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    return fields.int32("Count");
}

// MS-PSRP 2.2.3.22
Result<CommandMetadata> decode_command_metadata(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    CommandMetadata command;
    PSRP_TRY(command.name, fields.text("Name"));
    PSRP_TRY(command.module_name, text_or_empty(fields, "Namespace"));
    PSRP_TRY(command.help_uri, text_or_empty(fields, "HelpUri"));
    PSRP_TRY(command.command_type, fields.enumeration_or("CommandType", command_types, 0));
    PSRP_TRY(command.resolved_command_name, text_or_empty(fields, "ResolvedCommandName"));
    PSRP_TRY(command.output_types, texts(fields, "OutputType"));
    const Object* parameters = fields.value_or_null("Parameters").object();
    if (parameters == nullptr || parameters->container() != clixml::ContainerKind::Dictionary)
        return command;
    const auto items = parameters->items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        PSRP_TRY(auto parameter, decode_parameter(items[i], items[i + 1]));
        command.parameters.push_back(std::move(parameter));
    }
    return command;
}

} // namespace psrp
