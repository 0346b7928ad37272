// Exceptions of a server that has no .NET: the type names and properties that PowerShell's would
// have.
#include <psrp/protocol/records.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace psrp {
namespace {

// MS-PSRP leaves exceptions to .NET: each type with its base (fact sheet clixml 6.4).
struct ExceptionType {
    std::string_view name;
    std::string_view base;
};

constexpr std::string_view root_exception = "System.Exception";
constexpr std::string_view runtime_exception = "System.Management.Automation.RuntimeException";

constexpr std::array<ExceptionType, 38> exception_types{{
    {"Microsoft.PowerShell.Commands.ProcessCommandException", "System.SystemException"},
    {"Microsoft.PowerShell.Commands.WriteErrorException", "System.SystemException"},
    {"System.ArgumentException", "System.SystemException"},
    {"System.ArgumentNullException", "System.ArgumentException"},
    {"System.ArgumentOutOfRangeException", "System.ArgumentException"},
    {"System.ArithmeticException", "System.SystemException"},
    {"System.DivideByZeroException", "System.ArithmeticException"},
    {"System.Exception", ""},
    {"System.FormatException", "System.SystemException"},
    {"System.IO.DirectoryNotFoundException", "System.IO.IOException"},
    {"System.IO.FileNotFoundException", "System.IO.IOException"},
    {"System.IO.IOException", "System.SystemException"},
    {"System.InvalidCastException", "System.SystemException"},
    {"System.InvalidOperationException", "System.SystemException"},
    {"System.Management.Automation.ActionPreferenceStopException", runtime_exception},
    {"System.Management.Automation.CmdletInvocationException", runtime_exception},
    {"System.Management.Automation.CommandNotFoundException", runtime_exception},
    {"System.Management.Automation.DriveNotFoundException",
     "System.Management.Automation.SessionStateException"},
    {"System.Management.Automation.Host.HostException", runtime_exception},
    {"System.Management.Automation.IncompleteParseException",
     "System.Management.Automation.ParseException"},
    {"System.Management.Automation.ItemNotFoundException",
     "System.Management.Automation.SessionStateException"},
    {"System.Management.Automation.MethodInvocationException", runtime_exception},
    {"System.Management.Automation.PSArgumentException", "System.ArgumentException"},
    {"System.Management.Automation.PSInvalidCastException", "System.InvalidCastException"},
    {"System.Management.Automation.PSInvalidOperationException",
     "System.InvalidOperationException"},
    {"System.Management.Automation.PSNotImplementedException", "System.NotImplementedException"},
    {"System.Management.Automation.PSNotSupportedException", "System.NotSupportedException"},
    {"System.Management.Automation.ParameterBindingException", runtime_exception},
    {"System.Management.Automation.ParseException", runtime_exception},
    {"System.Management.Automation.PipelineStoppedException", runtime_exception},
    {"System.Management.Automation.RemoteException", runtime_exception},
    {"System.Management.Automation.Remoting.PSRemotingDataStructureException", runtime_exception},
    {runtime_exception, "System.SystemException"},
    {"System.Management.Automation.SessionStateException", runtime_exception},
    {"System.NotImplementedException", "System.SystemException"},
    {"System.NotSupportedException", "System.SystemException"},
    {"System.SystemException", root_exception},
    {"System.UnauthorizedAccessException", "System.SystemException"},
}};
constexpr std::size_t chain_length_max = 6;

constexpr const ExceptionType* find_type(std::string_view name)
{
    const auto* row =
        std::find_if(exception_types.begin(), exception_types.end(), [&](const auto& type) {
            return type.name == name;
        });
    return row == exception_types.end() ? nullptr : row;
}

struct Chain {
    std::array<std::string_view, chain_length_max + 1> names{};
    std::size_t length = 0;
};

constexpr Chain chain_of(std::string_view name)
{
    Chain chain;
    for (const auto* type = find_type(name); type != nullptr && chain.length < chain_length_max;
         type = find_type(type->base)) {
        chain.names[chain.length++] = type->name;
    }
    chain.names[chain.length++] = "System.Object";
    return chain;
}

constexpr auto make_chains()
{
    std::array<Chain, exception_types.size()> chains{};
    for (std::size_t i = 0; i < chains.size(); ++i)
        chains[i] = chain_of(exception_types[i].name);
    return chains;
}

constexpr auto chains = make_chains();

static_assert(std::is_sorted(
    exception_types.begin(),
    exception_types.end(),
    [](const auto& left, const auto& right) { return left.name < right.name; }
));
static_assert(
    std::all_of(
        chains.begin(),
        chains.end(),
        [](const Chain& chain) {
            return chain.length >= 2 && chain.names[chain.length - 2] == root_exception;
        }
    ),
    "every exception goes back to System.Exception"
);

std::string_view after_last_dot(std::string_view name)
{
    return name.substr(name.rfind('.') + 1);
}

// HResult of System.Exception and most of its kin; .NET gives some their own.
std::int32_t result_number(std::string_view type)
{
    struct Row {
        std::string_view type;
        std::uint32_t number;
    };
    constexpr std::array<Row, 12> numbers{{
        {"System.ArgumentException", 0x80070057},
        {"System.ArgumentNullException", 0x80004003},
        {"System.ArgumentOutOfRangeException", 0x80131502},
        {"System.DivideByZeroException", 0x80020012},
        {"System.FormatException", 0x80131537},
        {"System.IO.DirectoryNotFoundException", 0x80070003},
        {"System.IO.FileNotFoundException", 0x80070002},
        {"System.IO.IOException", 0x80131620},
        {"System.InvalidCastException", 0x80004002},
        {"System.InvalidOperationException", 0x80131509},
        {"System.NotSupportedException", 0x80131515},
        {"System.UnauthorizedAccessException", 0x80070005},
    }};
    for (const auto& row : numbers) {
        if (row.type == type) return static_cast<std::int32_t>(row.number);
    }
    return static_cast<std::int32_t>(0x80131501);
}

bool derives_from(std::span<const std::string_view> chain, std::string_view type)
{
    return std::find(chain.begin(), chain.end(), type) != chain.end();
}

Value make_exception(Arena& arena, const ErrorDescription& description, std::string_view message)
{
    const auto chain = exception_chain(description.exception_type);
    const auto type = arena.copy(description.exception_type);
    auto* exception = clixml::make_live(arena, {}, {});
    if (chain.empty())
        exception->set_type_names(arena, {type, root_exception, "System.Object"});
    else
        exception->set_type_names(arena, chain);
    exception->set_text(arena, std::string(type) + ": " + std::string(message));
    const auto add = [&](std::string_view name, Value value) {
        exception->add_adapted(arena, name, value);
    };
    // Properties of the more derived class come first.
    if (derives_from(chain, runtime_exception)) {
        if (type == "System.Management.Automation.RemoteException") {
            add("SerializedRemoteException", {});
            add("SerializedRemoteInvocationInfo", {});
        }
        add("ErrorRecord", Value::string(message));
        if (type == "System.Management.Automation.CommandNotFoundException")
            add("CommandName", Value::string(arena, description.command_name));
        add("WasThrownFromThrowStatement", Value::boolean(description.thrown));
    }
    add("TargetSite", {});
    add("Message", Value::string(message));
    add("Data",
        Value::object(clixml::make_container(
            arena,
            clixml::ContainerKind::Dictionary,
            {"System.Collections.ListDictionaryInternal", "System.Object"}
        )));
    add("InnerException", {});
    add("HelpLink", {});
    add("Source", {});
    add("HResult", Value::int32(result_number(type)));
    add("StackTrace", {});
    return Value::object(exception);
}

// "ObjectNotFound: (x:String) [Get-Item], ItemNotFoundException": ErrorCategoryInfo.GetMessage().
std::string category_message(const ErrorRecord& record)
{
    std::string text(category_name(record.category));
    text.append(": (").append(record.target_name).append(":").append(record.target_type);
    text.append(") [").append(record.activity).append("], ").append(record.reason);
    return text;
}

} // namespace

std::span<const std::string_view> exception_chain(std::string_view type)
{
    const auto* row = find_type(type);
    if (row == nullptr) return {};
    const auto& chain = chains[static_cast<std::size_t>(row - exception_types.data())];
    return {chain.names.data(), chain.length};
}

ErrorRecord make_error_record(Arena& arena, const ErrorDescription& description)
{
    ErrorRecord record;
    record.text = arena.copy(description.message);
    record.exception = make_exception(arena, description, record.text);
    record.target_object = clixml::clone(arena, description.target_object);
    record.fully_qualified_error_id = arena.copy(description.error_id);
    record.category = description.category;
    record.activity = arena.copy(description.activity);
    record.reason = arena.copy(after_last_dot(description.exception_type));
    if (!record.target_object.is_nil()) {
        record.target_name = arena.copy(clixml::to_display_text(record.target_object));
        const auto kind = record.target_object.kind();
        const auto names = record.target_object.is_object()
                               ? record.target_object.object()->type_names()
                               : clixml::type_names_of(kind);
        if (!names.empty()) record.target_type = arena.copy(after_last_dot(names.front()));
    }
    record.category_message = arena.copy(category_message(record));
    if (description.script_stack_trace)
        record.script_stack_trace = arena.copy(*description.script_stack_trace);
    return record;
}

} // namespace psrp
