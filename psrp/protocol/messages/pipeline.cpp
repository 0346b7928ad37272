#include <psrp/protocol/detail/enums.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/protocol/versions.hpp>

namespace psrp {
namespace {

using clixml::failure;
using clixml::no_offset;
using clixml::Version;
using detail::BagBuilder;
using detail::EnumName;
using detail::EnumType;
using detail::Fields;
using detail::LiteralName;

constexpr LiteralName error_record_note = "ExceptionAsErrorRecord";

constexpr std::string_view object_list_type =
    "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, "
    "System.Management.Automation, Version=7.6.0.500, Culture=neutral, "
    "PublicKeyToken=31bf3856ad364e35]]";

constexpr std::array<EnumName, 9> result_type_names{{
    {0, "None"},
    {1, "Output"},
    {2, "Error"},
    {3, "Warning"},
    {4, "Verbose"},
    {5, "Debug"},
    {6, "Information"},
    {7, "All"},
    {8, "Null"},
}};
constexpr EnumType result_type{
    "System.Management.Automation.Runspaces.PipelineResultTypes", result_type_names};

constexpr std::array<EnumName, 5> stream_options_names{{
    {1, "AddInvocationInfoToErrorRecord"},
    {2, "AddInvocationInfoToWarningRecord"},
    {4, "AddInvocationInfoToDebugRecord"},
    {8, "AddInvocationInfoToVerboseRecord"},
    {15, "AddInvocationInfo"},
}};
constexpr EnumType stream_options_type{
    "System.Management.Automation.RemoteStreamOptions", stream_options_names, true};

constexpr std::array<EnumName, 7> pipeline_state_names{{
    {0, "NotStarted"},
    {1, "Running"},
    {2, "Stopping"},
    {3, "Stopped"},
    {4, "Completed"},
    {5, "Failed"},
    {6, "Disconnected"},
}};
constexpr EnumType pipeline_state_type{
    "System.Management.Automation.PSInvocationState", pipeline_state_names};

// One redirection of a command: its property, its member, and the protocol version that brought it.
struct MergeRow {
    LiteralName name;
    MergeTarget Command::*member;
    Version since;
};
constexpr std::array<MergeRow, 8> merges{{
    {"MergeMyResult", &Command::merge_my_result, {2, 0}},
    {"MergeToResult", &Command::merge_to_result, {2, 0}},
    {"MergePreviousResults", &Command::merge_previous_results, {2, 0}},
    {"MergeError", &Command::merge_error, feature_row(Feature::StreamRedirections).since},
    {"MergeWarning", &Command::merge_warning, feature_row(Feature::StreamRedirections).since},
    {"MergeVerbose", &Command::merge_verbose, feature_row(Feature::StreamRedirections).since},
    {"MergeDebug", &Command::merge_debug, feature_row(Feature::StreamRedirections).since},
    {"MergeInformation",
     &Command::merge_information,
     feature_row(Feature::InformationRedirection).since},
}};
constexpr Version oldest_version{2, 0};

Object* make_object_list(Arena& arena)
{
    return clixml::make_container(
        arena, clixml::ContainerKind::List, {object_list_type, "System.Object"}
    );
}

// MS-PSRP 2.2.3.13
Value encode_argument(const CommandArgument& argument, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add("N", argument.name ? Value::string(*argument.name) : Value());
    return bag.add("V", argument.value).value();
}

Result<CommandArgument> decode_argument(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    CommandArgument argument;
    PSRP_TRY(const Value name, fields.value("N"));
    if (!name.is_nil()) {
        PSRP_TRY(argument.name, fields.text("N"));
        if (argument.name->empty()) return failure(Errc::EmptyParameterName);
    }
    PSRP_TRY(argument.value, fields.value("V"));
    return argument;
}

// MS-PSRP 2.2.3.12
Value encode_command(const Command& command, const Version& version, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add_text("Cmd", command.text);
    bag.add_boolean("IsScript", command.is_script);
    bag.add(
        "UseLocalScope",
        command.use_local_scope ? Value::boolean(*command.use_local_scope) : Value()
    );
    for (const auto& merge : merges) {
        if (version >= merge.since)
            bag.add_enum(merge.name, result_type, static_cast<std::int32_t>(command.*merge.member));
    }
    auto* arguments = make_object_list(arena);
    for (const auto& argument : command.arguments)
        arguments->add_item(arena, encode_argument(argument, arena));
    return bag.add("Args", Value::object(arguments)).value();
}

Result<Command> decode_command(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    Command command;
    PSRP_TRY(command.text, fields.text("Cmd"));
    PSRP_TRY(command.is_script, fields.boolean("IsScript"));
    PSRP_TRY(command.use_local_scope, fields.optional_boolean("UseLocalScope"));
    for (const auto& merge : merges) {
        const bool is_mandatory = merge.since == oldest_version;
        PSRP_TRY(
            const auto target,
            is_mandatory ? fields.enumeration(merge.name, result_type)
                         : fields.enumeration_or(merge.name, result_type, 0)
        );
        command.*merge.member = static_cast<MergeTarget>(target);
    }
    PSRP_TRY(const auto arguments, fields.list("Args"));
    for (const auto& item : arguments) {
        PSRP_TRY(auto argument, decode_argument(item));
        command.arguments.push_back(argument);
    }
    return command;
}

Value encode_statement(const std::vector<Command>& commands, const Version& version, Arena& arena)
{
    auto* list = make_object_list(arena);
    for (const auto& command : commands)
        list->add_item(arena, encode_command(command, version, arena));
    return Value::object(list);
}

Result<std::vector<Command>> decode_statement(const Fields& fields)
{
    PSRP_TRY(const auto items, fields.list("Cmds"));
    if (items.empty()) return failure(Errc::EmptyPipeline, no_offset, "Cmds");
    std::vector<Command> commands;
    for (const auto& item : items) {
        PSRP_TRY(auto command, decode_command(item));
        commands.push_back(std::move(command));
    }
    return commands;
}

// MS-PSRP 2.2.3.11. With several statements ExtraCmds repeats the first.
Value encode_power_shell(const PowerShellCommands& commands, const Version& version, Arena& arena)
{
    BagBuilder bag(arena);
    if (commands.statements.size() > 1) {
        auto* list = make_object_list(arena);
        for (const auto& statement : commands.statements) {
            BagBuilder item(arena);
            item.add("Cmds", encode_statement(statement, version, arena));
            list->add_item(arena, item.value());
        }
        bag.add("ExtraCmds", Value::object(list));
    }
    const std::vector<Command> none;
    const auto& first = commands.statements.empty() ? none : commands.statements.front();
    bag.add("Cmds", encode_statement(first, version, arena));
    bag.add_boolean("IsNested", commands.is_nested);
    bag.add("History", commands.history ? Value::string(*commands.history) : Value());
    return bag
        .add_boolean("RedirectShellErrorOutputPipe", commands.redirect_shell_error_output_pipe)
        .value();
}

// PowerShell takes the first statement from Cmds and never looks at the first entry of ExtraCmds.
Result<PowerShellCommands> decode_power_shell(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    PowerShellCommands commands;
    PSRP_TRY(auto first, decode_statement(fields));
    commands.statements.push_back(std::move(first));
    PSRP_TRY(const auto more, detail::read_list(fields.value_or_null("ExtraCmds"), "ExtraCmds"));
    for (std::size_t i = 1; i < more.size(); ++i) {
        PSRP_TRY(const Fields entry, Fields::of(more[i]));
        PSRP_TRY(auto statement, decode_statement(entry));
        commands.statements.push_back(std::move(statement));
    }
    if (fields.find("IsNested") != nullptr) {
        PSRP_TRY(commands.is_nested, fields.boolean("IsNested"));
    }
    if (fields.find("History") == nullptr)
        return failure(Errc::MissingProperty, no_offset, "History");
    PSRP_TRY(commands.history, fields.optional_text("History"));
    PSRP_TRY(
        commands.redirect_shell_error_output_pipe, fields.boolean("RedirectShellErrorOutputPipe")
    );
    return commands;
}

} // namespace

// MS-PSRP 2.2.2.10
Value encode_create_pipeline(
    const CreatePipeline& message, std::optional<Version> server_version, Arena& arena
)
{
    const Version version = server_version.value_or(oldest_version);
    BagBuilder bag(arena);
    bag.add("PowerShell", encode_power_shell(message.power_shell, version, arena));
    bag.add_boolean("NoInput", message.no_input);
    bag.add_enum(
        "ApartmentState",
        detail::apartment_state_type,
        static_cast<std::int32_t>(message.apartment_state)
    );
    bag.add_enum("RemoteStreamOptions", stream_options_type, message.remote_stream_options);
    bag.add_boolean("AddToHistory", message.add_to_history);
    bag.add("HostInfo", encode_host_info(message.host_info, arena));
    // Written for every version: a server from 2.2 on insists on it and one before ignores it.
    return bag.add_boolean("IsNested", message.is_nested).value();
}

Result<CreatePipeline> decode_create_pipeline(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    CreatePipeline message;
    PSRP_TRY(const Value power_shell, fields.value("PowerShell"));
    PSRP_TRY(message.power_shell, decode_power_shell(power_shell));
    PSRP_TRY(message.no_input, fields.boolean("NoInput"));
    PSRP_TRY(
        const auto apartment, fields.enumeration("ApartmentState", detail::apartment_state_type)
    );
    message.apartment_state = static_cast<ApartmentState>(apartment);
    PSRP_TRY(
        message.remote_stream_options,
        fields.enumeration("RemoteStreamOptions", stream_options_type)
    );
    PSRP_TRY(message.add_to_history, fields.boolean("AddToHistory"));
    PSRP_TRY(const Value host_info, fields.value("HostInfo"));
    PSRP_TRY(message.host_info, decode_host_info(host_info, arena));
    if (fields.find("IsNested") != nullptr) {
        PSRP_TRY(message.is_nested, fields.boolean("IsNested"));
    }
    return message;
}

// MS-PSRP 2.2.2.21
Value encode_pipeline_state(const PipelineStateMessage& message, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add_int32("PipelineState", static_cast<std::int32_t>(message.state));
    if (message.error_record)
        bag.add(error_record_note, encode_error_record(*message.error_record, arena));
    return bag.value();
}

Result<PipelineStateMessage> decode_pipeline_state(Value value, Arena& arena)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    PipelineStateMessage message;
    PSRP_TRY(const auto state, fields.enumeration("PipelineState", pipeline_state_type));
    message.state = static_cast<PipelineState>(state);
    if (const Value record = fields.value_or_null(error_record_note); !record.is_nil()) {
        PSRP_TRY(message.error_record, decode_error_record(record, arena));
    }
    return message;
}

} // namespace psrp
