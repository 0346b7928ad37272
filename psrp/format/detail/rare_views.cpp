#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/format/detail/view_fields.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace psrp::detail {

namespace {

using clixml::Kind;
using clixml::Value;

// Text in a column of the last part of a path.
std::string leaf_of(const std::string& path)
{
    return path.substr(path.find_last_of("/\\") + 1);
}

std::string folder_of(const std::string& path)
{
    const std::size_t slash = path.find_last_of("/\\");
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string padded(std::int64_t number, std::size_t digits)
{
    std::string text = std::to_string(number);
    return text.size() < digits ? text.insert(0, digits - text.size(), '0') : text;
}

// A duration with the units that it needs: s.fff, m:ss.fff, h:mm:ss.fff.
std::string duration(const ShownObject& object)
{
    const Value span = object.get("Duration").unwrapped();
    if (span.kind() != Kind::TimeSpan) return cell_text(span);
    constexpr std::int64_t ticks_per_millisecond = 10'000;
    const std::int64_t milliseconds =
        std::max<std::int64_t>(span.signed_bits(), 0) / ticks_per_millisecond;
    const std::int64_t seconds = milliseconds / 1000;
    const std::string fraction = "." + padded(milliseconds % 1000, 3);
    if (seconds < 60) return std::to_string(seconds) + fraction;
    const std::string below_minute = ":" + padded(seconds % 60, 2) + fraction;
    if (seconds < 3600) return std::to_string(seconds / 60) + below_minute;
    return std::to_string(seconds / 3600) + ":" + padded(seconds / 60 % 60, 2) + below_minute;
}

// Latency and size mean nothing where no answer came in time.
template <PropertyName name>
std::string if_answered(const ShownObject& object)
{
    const bool is_late = cell_text(object.get("Status")) == "TimedOut";
    return is_late ? "*" : cell_text(object.get(name.characters));
}

std::string host_name_or_star(const ShownObject& object)
{
    const std::string name = cell_text(object.get("Hostname"));
    return name.empty() ? "*" : name;
}

std::string script_leaf(const ShownObject& object)
{
    return leaf_of(cell_text(object.get("Script")));
}

std::string path_leaf(const ShownObject& object)
{
    return leaf_of(cell_text(object.get("Path")));
}

std::string path_folder(const ShownObject& object)
{
    return folder_of(cell_text(object.get("Path")));
}

std::string signer_thumbprint(const ShownObject& object)
{
    const Value signer = object.get("SignerCertificate");
    return signer.is_object() ? cell_text(ShownObject(signer).get("Thumbprint")) : std::string();
}

// What a deserialized runspace has become tells neither.
std::string runspace_computer(const ShownObject& object)
{
    const Value connection = object.get("ConnectionInfo");
    if (connection.is_nil()) return "localhost";
    return connection.is_object() ? cell_text(ShownObject(connection).get("ComputerName"))
                                  : std::string();
}

std::string runspace_kind(const ShownObject& object)
{
    return object.get("ConnectionInfo").is_nil() ? "Local" : "Remote";
}

std::string runspace_state(const ShownObject& object)
{
    const Value state = object.get("RunspaceStateInfo");
    return state.is_object() ? cell_text(ShownObject(state).get("State")) : std::string();
}

// "May 06 07:08", without the year.
std::string event_time(const ShownObject& object)
{
    const Value time = object.get("TimeGenerated").unwrapped();
    if (time.kind() != Kind::DateTime) return cell_text(time);
    const std::string day = long_date_text(time.date_time_value()); // Monday, 06 May 2024 07:08:09
    const std::size_t comma = day.find(", ");
    return day.substr(comma + 5, 3) + " " + day.substr(comma + 2, 2) + " " +
           day.substr(day.size() - 8, 5);
}

// The first characters of a long text.
template <PropertyName name>
std::string beginning(const ShownObject& object)
{
    constexpr std::size_t units_max = 200;
    std::string text = cell_text(object.get(name.characters));
    std::size_t units = 0;
    std::size_t at = 0;
    while (at < text.size() && units < units_max)
        units += clixml::next_code_point(text, at) > 0xFFFF ? 2U : 1U;
    if (units < units_max) return text;
    text.resize(at);
    return text += ellipsis;
}

// clang-format off
constexpr auto left = Alignment::Left;
constexpr auto right = Alignment::Right;

constexpr std::array<ViewField, 3> history_fields = {{
    {"Id", 4, right, property<"Id">},
    {"Duration", 12, right, duration},
    {"CommandLine", 0, left, property<"CommandLine">},
}};
constexpr std::array<ViewField, 6> runspace_fields = {{
    {"Id", 3, right, property<"Id">},
    {"Name", 15, left, property<"Name">},
    {"ComputerName", 15, left, runspace_computer},
    {"Type", 13, left, runspace_kind},
    {"State", 13, left, runspace_state},
    {"Availability", 15, left, property<"RunspaceAvailability">},
}};
constexpr std::array<ViewField, 6> breakpoint_fields = {{
    {"ID", 4, right, property<"Id">},
    {"Script", 0, left, script_leaf},
    {"Line", 4, right, property<"Line">},
    {"Command", 0, left, property<"Command">},
    {"Variable", 0, left, property<"Variable">},
    {"Action", 0, left, property<"Action">},
}};
constexpr std::array<ViewField, 6> ping_fields = {{
    {"Ping", 4, right, property<"Ping">},
    {"Source", 16, left, property<"Source">},
    {"Address", 25, left, property<"DisplayAddress">},
    {"Latency(ms)", 7, right, if_answered<"Latency">},
    {"BufferSize(B)", 10, right, if_answered<"BufferSize">},
    {"Status", 16, left, property<"Status">},
}};
constexpr std::array<ViewField, 5> mtu_fields = {{
    {"Source", 16, left, property<"Source">},
    {"Address", 25, left, property<"DisplayAddress">},
    {"Latency(ms)", 7, right, if_answered<"Latency">},
    {"Status", 16, left, property<"Status">},
    {"MtuSize(B)", 7, right, property<"MtuSize">},
}};
constexpr std::array<ViewField, 7> trace_fields = {{
    {"Hop", 3, right, property<"Hop">},
    {"Hostname", 25, left, host_name_or_star},
    {"Ping", 4, right, property<"Ping">},
    {"Latency(ms)", 7, right, if_answered<"Latency">},
    {"Status", 16, left, property<"Status">},
    {"Source", 12, left, property<"Source">},
    {"TargetAddress", 15, left, property<"TargetAddress">},
}};
constexpr std::array<ViewField, 6> event_fields = {{
    {"Index", 8, right, property<"Index">},
    {"Time", 13, left, event_time},
    {"EntryType", 11, left, property<"EntryType">},
    {"Source", 20, left, property<"Source">},
    {"InstanceID", 12, right, property<"InstanceID">},
    {"Message", 0, left, property<"Message">},
}};
constexpr std::array<ViewField, 4> signature_fields = {{
    {"SignerCertificate", 41, left, signer_thumbprint},
    {"Status", 0, left, property<"Status">},
    {"StatusMessage", 0, left, property<"StatusMessage">},
    {"Path", 0, left, path_leaf},
}};
constexpr std::array<ViewField, 2> stream_fields = {{
    {"Stream", 20, left, property<"Stream">},
    {"Length", 10, right, property<"Length">},
}};
constexpr std::array<ViewField, 2> type_members_fields = {{
    {"TypeName", 0, left, property<"TypeName">},
    {"Members", 0, left, property<"Members">},
}};
constexpr std::array<ViewField, 7> web_response_fields = {{
    {"StatusCode", 0, left, property<"StatusCode">},
    {"StatusDescription", 0, left, property<"StatusDescription">},
    {"Content", 0, left, property<"Content">},
    {"RawContent", 0, left, beginning<"RawContent">},
    {"Headers", 0, left, property<"Headers">},
    {"RawContentLength", 0, left, property<"RawContentLength">},
    {"RelationLink", 0, left, property<"RelationLink">},
}};
constexpr std::array<ViewField, 10> web_page_fields = {{
    {"StatusCode", 0, left, property<"StatusCode">},
    {"StatusDescription", 0, left, property<"StatusDescription">},
    {"Content", 0, left, beginning<"Content">},
    {"RawContent", 0, left, beginning<"RawContent">},
    {"Headers", 0, left, property<"Headers">},
    {"Images", 0, left, property<"Images">},
    {"InputFields", 0, left, property<"InputFields">},
    {"Links", 0, left, property<"Links">},
    {"RawContentLength", 0, left, property<"RawContentLength">},
    {"RelationLink", 0, left, property<"RelationLink">},
}};

constexpr std::array<ViewField, 5> quick_fix_fields = {{
    {"Source", 13, left, property<"ComputerName">},
    {"Description", 16, left, property<"Description">},
    {"HotFixID", 13, left, property<"HotFixID">},
    {"InstalledBy", 20, left, property<"InstalledBy">},
    {"InstalledOn", 26, left, property<"InstalledOn">},
}};
constexpr std::array<ViewField, 5> cim_process_fields = {{
    {"ProcessId", 0, left, property<"ProcessId">},
    {"Name", 16, left, property<"Name">},
    {"HandleCount", 0, left, property<"HandleCount">},
    {"WorkingSetSize", 0, left, property<"WorkingSetSize">},
    {"VirtualSize", 0, left, property<"VirtualSize">},
}};
constexpr std::array<ViewField, 6> cim_computer_fields = {{
    {"Name", 16, left, property<"Name">},
    {"PrimaryOwnerName", 0, left, property<"PrimaryOwnerName">},
    {"Domain", 0, left, property<"Domain">},
    {"TotalPhysicalMemory", 0, left, property<"TotalPhysicalMemory">},
    {"Model", 0, left, property<"Model">},
    {"Manufacturer", 0, left, property<"Manufacturer">},
}};
constexpr std::array<ViewField, 5> cim_disk_fields = {{
    {"DeviceID", 0, left, property<"DeviceID">},
    {"Caption", 0, left, property<"Caption">},
    {"Partitions", 0, left, property<"Partitions">},
    {"Size", 0, left, property<"Size">},
    {"Model", 0, left, property<"Model">},
}};
constexpr std::array<ViewField, 6> cim_volume_fields = {{
    {"DeviceID", 0, left, property<"DeviceID">},
    {"DriveType", 0, left, property<"DriveType">},
    {"ProviderName", 16, left, property<"ProviderName">},
    {"VolumeName", 16, left, property<"VolumeName">},
    {"Size", 0, left, property<"Size">},
    {"FreeSpace", 0, left, property<"FreeSpace">},
}};
constexpr std::array<ViewField, 6> cim_system_fields = {{
    {"SystemDirectory", 0, left, property<"SystemDirectory">},
    {"Organization", 0, left, property<"Organization">},
    {"BuildNumber", 0, left, property<"BuildNumber">},
    {"RegisteredUser", 0, left, property<"RegisteredUser">},
    {"SerialNumber", 0, left, property<"SerialNumber">},
    {"Version", 0, left, property<"Version">},
}};
constexpr std::array<ViewField, 6> cim_service_fields = {{
    {"ProcessId", 0, left, property<"ProcessId">},
    {"Name", 16, left, property<"Name">},
    {"StartMode", 0, left, property<"StartMode">},
    {"State", 0, left, property<"State">},
    {"Status", 0, left, property<"Status">},
    {"ExitCode", 0, left, property<"ExitCode">},
}};
constexpr std::array<ViewField, 5> cim_account_fields = {{
    {"Name", 16, left, property<"Name">},
    {"Caption", 0, left, property<"Caption">},
    {"AccountType", 0, left, property<"AccountType">},
    {"SID", 0, left, property<"SID">},
    {"Domain", 0, left, property<"Domain">},
}};
constexpr std::array<ViewField, 4> cim_adapter_fields = {{
    {"ServiceName", 16, left, property<"ServiceName">},
    {"DHCPEnabled", 0, left, property<"DHCPEnabled">},
    {"Index", 0, left, property<"Index">},
    {"Description", 0, left, property<"Description">},
}};
constexpr std::array<ViewField, 5> cim_product_fields = {{
    {"Name", 16, left, property<"Name">},
    {"Caption", 0, left, property<"Caption">},
    {"Vendor", 0, left, property<"Vendor">},
    {"Version", 0, left, property<"Version">},
    {"IdentifyingNumber", 0, left, property<"IdentifyingNumber">},
}};
constexpr std::array<ViewField, 6> cim_processor_fields = {{
    {"DeviceID", 0, left, property<"DeviceID">},
    {"Name", 16, left, property<"Name">},
    {"Caption", 0, left, property<"Caption">},
    {"MaxClockSpeed", 0, left, property<"MaxClockSpeed">},
    {"SocketDesignation", 0, left, property<"SocketDesignation">},
    {"Manufacturer", 0, left, property<"Manufacturer">},
}};
constexpr std::array<ViewField, 3> cim_environment_fields = {{
    {"Name", 16, left, property<"Name">},
    {"UserName", 0, left, property<"UserName">},
    {"VariableValue", 0, left, property<"VariableValue">},
}};
constexpr std::array<ViewField, 4> cim_group_fields = {{
    {"SID", 0, left, property<"SID">},
    {"Name", 16, left, property<"Name">},
    {"Caption", 0, left, property<"Caption">},
    {"Domain", 0, left, property<"Domain">},
}};
constexpr std::array<ViewField, 6> cim_logon_fields = {{
    {"LogonId", 0, left, property<"LogonId">},
    {"Name", 16, left, property<"Name">},
    {"LogonType", 0, left, property<"LogonType">},
    {"StartTime", 0, left, property<"StartTime">},
    {"Status", 0, left, property<"Status">},
    {"AuthenticationPackage", 0, left, property<"AuthenticationPackage">},
}};
constexpr std::array<ViewField, 6> cim_partition_fields = {{
    {"Name", 16, left, property<"Name">},
    {"NumberOfBlocks", 0, left, property<"NumberOfBlocks">},
    {"BootPartition", 0, left, property<"BootPartition">},
    {"PrimaryPartition", 0, left, property<"PrimaryPartition">},
    {"Size", 0, left, property<"Size">},
    {"Index", 0, left, property<"Index">},
}};
constexpr std::array<ViewField, 4> cim_network_card_fields = {{
    {"DeviceID", 0, left, property<"DeviceID">},
    {"Name", 16, left, property<"Name">},
    {"AdapterType", 0, left, property<"AdapterType">},
    {"ServiceName", 0, left, property<"ServiceName">},
}};
constexpr std::array<ViewField, 6> cim_printer_fields = {{
    {"Name", 16, left, property<"Name">},
    {"ShareName", 0, left, property<"ShareName">},
    {"SystemName", 0, left, property<"SystemName">},
    {"PrinterState", 0, left, property<"PrinterState">},
    {"PrinterStatus", 0, left, property<"PrinterStatus">},
    {"Location", 0, left, property<"Location">},
}};

constexpr std::array<KnownView, 29> views = {{
    {{"Microsoft.PowerShell.Commands.HistoryInfo"}, ViewShape::Table, history_fields},
    {{"System.Management.Automation.Runspaces.Runspace"}, ViewShape::Table, runspace_fields},
    {{"System.Management.Automation.Breakpoint"}, ViewShape::Table, breakpoint_fields},
    {.types = {"Microsoft.PowerShell.Commands.TestConnectionCommand+PingStatus"}, .shape = ViewShape::Table, .fields = ping_fields,
     .group = property<"Destination">, .group_label = "   Destination"},
    {.types = {"Microsoft.PowerShell.Commands.TestConnectionCommand+PingMtuStatus"}, .shape = ViewShape::Table, .fields = mtu_fields,
     .group = property<"Destination">, .group_label = "   Destination"},
    {.types = {"Microsoft.PowerShell.Commands.TestConnectionCommand+TraceStatus"}, .shape = ViewShape::Table, .fields = trace_fields,
     .group = property<"Target">, .group_label = "   Target"},
    {{"System.Diagnostics.EventLogEntry"}, ViewShape::Table, event_fields},
    {.types = {"System.Management.Automation.Signature"}, .shape = ViewShape::Table, .fields = signature_fields,
     .group = path_folder, .group_label = "    Directory"},
    {.types = {"Microsoft.PowerShell.Commands.AlternateStreamData"}, .shape = ViewShape::Table, .fields = stream_fields,
     .group = property<"Filename">, .group_label = "   Filename"},
    {{"System.Management.Automation.Runspaces.TypeData"}, ViewShape::Table, type_members_fields},
    {{"Microsoft.PowerShell.Commands.BasicHtmlWebResponseObject"}, ViewShape::List, web_page_fields},
    {{"Microsoft.PowerShell.Commands.WebResponseObject"}, ViewShape::List, web_response_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_QuickFixEngineering"}, ViewShape::Table, quick_fix_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Process"}, ViewShape::Table, cim_process_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_ComputerSystem"}, ViewShape::Table, cim_computer_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_DiskDrive"}, ViewShape::Table, cim_disk_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_LogicalDisk"}, ViewShape::Table, cim_volume_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_OperatingSystem"}, ViewShape::Table, cim_system_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Service"}, ViewShape::Table, cim_service_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_UserAccount"}, ViewShape::Table, cim_account_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_NetworkAdapterConfiguration"}, ViewShape::Table, cim_adapter_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Product"}, ViewShape::Table, cim_product_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Processor"}, ViewShape::Table, cim_processor_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Environment"}, ViewShape::Table, cim_environment_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Group"}, ViewShape::Table, cim_group_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_LogonSession"}, ViewShape::Table, cim_logon_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_DiskPartition"}, ViewShape::Table, cim_partition_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_NetworkAdapter"}, ViewShape::Table, cim_network_card_fields},
    {{"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Printer"}, ViewShape::Table, cim_printer_fields},
}};
// clang-format on

} // namespace

std::span<const KnownView> rare_views()
{
    return views;
}

} // namespace psrp::detail
