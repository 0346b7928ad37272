#include <clixml/detail/type_depths.hpp>
#include <clixml/utf.hpp>

#include <cstdint>

namespace clixml::detail {
namespace {

struct DepthRow {
    std::string_view type;
    int depth;
};
// clang-format off
constexpr DepthRow depth_table[] = {
    {"Microsoft.Management.Infrastructure.CimInstance", 1},
    {"System.Management.Automation.Remoting.PSSenderInfo", 4},
    {"System.Exception", 1},
    {"System.Net.IPAddress", 1},
    {"System.Net.Mail.MailAddress", 1},
    {"System.Globalization.CultureInfo", 1},
    {"System.Security.Cryptography.X509Certificates.X509Certificate2", 1},
    {"System.Security.Cryptography.X509Certificates.X500DistinguishedName", 1},
    {"System.Security.AccessControl.RegistrySecurity", 1},
    {"System.Security.AccessControl.FileSystemSecurity", 1},
    {"System.Management.ManagementEventArgs", 2},
    {"Deserialized.System.Management.ManagementEventArgs", 2},
    {"System.Management.Automation.PSCredential", 1},
    {"System.Management.Automation.SwitchParameter", 1},
    {"System.Management.Automation.PSPrimitiveDictionary", 1},
    {"System.Management.Automation.PSListModifier", 2},
    {"System.Management.Automation.Signature", 2},
    {"System.Management.Automation.Job", 2},
    {"System.Management.Automation.JobStateInfo", 1},
    {"System.Management.Automation.JobStateEventArgs", 2},
    {"HelpInfo", 1},
    {"System.Management.Automation.ExtendedTypeDefinition", 1},
    {"System.Management.Automation.ListControlEntry", 1},
    {"System.Management.Automation.FormatViewDefinition", 1},
    {"System.Management.Automation.PSControl", 1},
    {"System.Management.Automation.EntrySelectedBy", 1},
    {"System.Management.Automation.DisplayEntry", 1},
    {"System.Management.Automation.TableControlColumnHeader", 1},
    {"System.Management.Automation.TableControlRow", 1},
    {"System.Management.Automation.TableControlColumn", 1},
    {"System.Management.Automation.ListControlEntryItem", 1},
    {"System.Management.Automation.WideControlEntryItem", 1},
    {"System.Management.Automation.CustomControlEntry", 1},
    {"System.Management.Automation.CustomItemBase", 1},
    {"System.Management.Automation.PSControlGroupBy", 2},
    {"Microsoft.PowerShell.Commands.Internal.Format.FormatInfoData", 1},
    {"Deserialized.Microsoft.PowerShell.Commands.Internal.Format.FormatInfoData", 1},
    {"System.Management.Automation.CompletionResult", 1},
    {"System.Management.Automation.CommandCompletion", 1},
    {"Microsoft.PowerShell.Commands.ModuleSpecification", 1},
    {"System.Management.Automation.Remoting.PSSessionOption", 1},
    {"System.Management.Automation.Breakpoint", 1},
    {"System.Management.Automation.DebuggerCommand", 1},
    {"System.Management.Automation.DebuggerCommandResults", 1},
    {"System.Management.Automation.BreakpointUpdatedEventArgs", 2},
    {"System.Management.Automation.DebuggerStopEventArgs", 2},
    {"Microsoft.Management.Infrastructure.CimCmdlets.CimIndicationEventInstanceEventArgs", 1},
};
// clang-format on

// Most names have a length that no row has.
constexpr std::uint64_t size_bit(std::size_t size)
{
    return 1ULL << (size % 64);
}

constexpr std::uint64_t make_sizes()
{
    std::uint64_t sizes = 0;
    for (const DepthRow& row : depth_table)
        sizes |= size_bit(row.type.size());
    return sizes;
}
constexpr std::uint64_t sizes = make_sizes();

} // namespace

int depth_of_types(std::span<const std::string_view> names)
{
    for (std::string_view name : names) {
        if ((sizes & size_bit(name.size())) == 0) continue;
        for (const DepthRow& row : depth_table) {
            if (name.size() == row.type.size() && equal_ignoring_case(name, row.type))
                return row.depth;
        }
    }
    return 0;
}

} // namespace clixml::detail
