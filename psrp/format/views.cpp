#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <clixml/version.hpp>
#include <psrp/format/detail/view_fields.hpp>
#include <psrp/format/value_text.hpp>
#include <psrp/format/views.hpp>

#include <algorithm>
#include <array>

namespace psrp {

namespace {

using clixml::Kind;
using clixml::Value;
using detail::property;
using detail::PropertyName;

bool is_deserialized(const ShownObject& object)
{
    const auto names = object.type_names();
    return !names.empty() && names.front().starts_with("Deserialized.");
}

// A number of any kind as double; 0 for null and for what is no number.
double number_of(const Value& value)
{
    const Value plain = value.unwrapped();
    if (const auto whole = plain.as<std::int64_t>()) return static_cast<double>(*whole);
    if (const auto real = plain.as<double>()) return *real;
    return plain.kind() == Kind::Decimal ? plain.decimal_value().to_double() : 0.0;
}

constexpr double kibibyte = 1024;
constexpr double mebibyte = 1024 * kibibyte;
constexpr double gibibyte = 1024 * mebibyte;

template <PropertyName name>
std::string kibibytes(const ShownObject& object)
{
    const double amount = number_of(object.get(name.characters)) / kibibyte;
    return std::to_string(static_cast<std::int64_t>(amount < 9e15 ? amount + 0.5 : 0));
}

template <PropertyName name>
std::string mebibytes(const ShownObject& object)
{
    // PowerShell's view goes through [float].
    return grouped_text(
        static_cast<double>(static_cast<float>(number_of(object.get(name.characters)) / mebibyte))
    );
}

std::string processor_seconds(const ShownObject& object)
{
    return grouped_text(static_cast<double>(static_cast<float>(number_of(object.get("CPU")))));
}

std::string session_number(const ShownObject& object)
{
    const Value number = object.get("SI");
    return cell_text(number.is_nil() ? object.get("SessionId") : number);
}

std::string command_name(const ShownObject& object)
{
    const Value display = object.get("DisplayName");
    const std::string text = cell_text(display);
    return text.empty() ? cell_text(object.get("Name")) : text;
}

std::string entry_name(const ShownObject& object)
{
    const Value name = object.get("Name");
    return cell_text(name.is_nil() ? object.get("Key") : name);
}

std::string service_name(const ShownObject& object)
{
    const Value name = object.get("Name");
    return cell_text(name.is_nil() ? object.get("ServiceName") : name);
}

// A live match knows its text; a deserialized one is shown by its line.
std::string match_text(const ShownObject& object)
{
    return is_deserialized(object) ? cell_text(object.get("Line")) : value_text(object.value());
}

std::string date_text(const ShownObject& object)
{
    return long_date_text(object.base().date_time_value());
}

bool is_date(const ShownObject& object)
{
    // The view reads the primitive; a bag that only calls itself a date has none.
    return object.base().kind() == Kind::DateTime;
}

// Drives, modules ---------------------------------------------------------------------------------

template <PropertyName name>
std::string gibibytes(const ShownObject& object)
{
    if (number_of(object.get("Used")) == 0 && number_of(object.get("Free")) == 0) return {};
    return fixed_text(number_of(object.get(name.characters)) / gibibyte);
}

// A property of the object that a property holds; nothing once that object has become its text.
template <PropertyName outer, PropertyName inner>
std::string nested_property(const ShownObject& object)
{
    const Value value = object.get(outer.characters);
    return value.is_object() ? cell_text(ShownObject(value).get(inner.characters)) : std::string();
}

std::string drive_root(const ShownObject& object)
{
    const Value display = object.get("DisplayRoot");
    return cell_text(display.is_nil() ? object.get("Root") : display);
}

std::string exported_commands(const ShownObject& object)
{
    const clixml::Object* commands = object.get("ExportedCommands").object();
    if (commands == nullptr || commands->container() != clixml::ContainerKind::Dictionary) {
        return {};
    }
    std::string text;
    for (std::size_t i = 0; i < commands->entry_count(); ++i) {
        if (i == enumeration_limit) {
            text += ellipsis;
            break;
        }
        text += (i == 0 ? "" : ", ") + value_text(commands->items()[2 * i]);
    }
    return "{" + text + "}";
}

// "Core", "Desk", or both; a module that does not say is one for Windows PowerShell.
std::string module_editions(const ShownObject& object)
{
    constexpr std::size_t shown_letters = 4;
    std::string text;
    if (const clixml::Object* editions = object.get("CompatiblePSEditions").object()) {
        for (const Value& edition : editions->items()) {
            text += (text.empty() ? "" : ",") + value_text(edition).substr(0, shown_letters);
        }
    }
    return text.empty() ? "Desk" : text;
}

std::string pre_release(const ShownObject& object)
{
    const Value private_part = object.get("PrivateData");
    if (!private_part.is_object()) return {};
    const Value manifest = ShownObject(private_part).get("PSData");
    return manifest.is_object() ? cell_text(ShownObject(manifest).get("PreRelease"))
                                : std::string();
}

// The folder of modules: that above the module's own, and above its version's where it has one.
std::string module_folder(const ShownObject& object)
{
    std::string path = cell_text(object.get("Path"));
    const auto go_up = [&path] {
        const std::size_t slash = path.find_last_of("/\\");
        path.resize(slash == std::string::npos ? 0 : slash);
    };
    go_up();
    const std::string leaf = path.substr(path.find_last_of("/\\") + 1);
    if (clixml::Version::read(leaf)) go_up();
    go_up();
    return path;
}

std::string certificate_folder(const ShownObject& object)
{
    return cell_text(object.get("PSParentPath"));
}

// Files -------------------------------------------------------------------------------------------

bool is_directory(const ShownObject& object)
{
    return object.is_type("System.IO.DirectoryInfo");
}

std::string write_time(const ShownObject& object)
{
    const Value time = object.get("LastWriteTime").unwrapped();
    if (time.kind() != Kind::DateTime) return cell_text(time);
    const std::string text = short_date_text(time.date_time_value());
    return text.substr(0, 10) + "    " + text.substr(11, 5);
}

// The text of the attributes, "ReadOnly, Archive", looked through for one name.
bool has_attribute(std::string_view attributes, std::string_view name)
{
    return attributes.find(name) != std::string_view::npos;
}

std::string file_mode(const ShownObject& object)
{
    for (const std::string_view name : {"Mode", "UnixMode"}) {
        const std::string text = cell_text(object.get(name));
        if (!text.empty()) return text;
    }
    const std::string attributes = cell_text(object.get("Attributes"));
    std::string mode = is_directory(object) ? "d" : "-";
    mode += has_attribute(attributes, "Archive") ? "a" : "-";
    mode += has_attribute(attributes, "ReadOnly") ? "r" : "-";
    mode += has_attribute(attributes, "Hidden") ? "h" : "-";
    mode += has_attribute(attributes, "System") ? "s" : "-";
    return mode;
}

std::string file_size(const ShownObject& object)
{
    return is_directory(object) ? std::string() : cell_text(object.get("Length"));
}

bool has_unix_mode(const ShownObject& object)
{
    return !object.get("UnixMode").is_nil();
}

std::string unix_write_time(const ShownObject& object)
{
    const std::string text = write_time(object);
    return text.size() > 14 ? text.substr(0, 10) + text.substr(13) : text;
}

std::string file_name(const ShownObject& object)
{
    const Value name = object.get("NameString");
    return cell_text(name.is_nil() ? object.get("Name") : name);
}

std::string file_folder(const ShownObject& object)
{
    const std::string parent = cell_text(object.get("PSParentPath"));
    constexpr std::string_view provider = "Microsoft.PowerShell.Core\\FileSystem::";
    if (const std::size_t mark = parent.find(provider); mark != std::string::npos) {
        return parent.substr(0, mark) + parent.substr(mark + provider.size());
    }
    if (!parent.empty()) return parent;
    const std::string folder = cell_text(object.get("DirectoryName"));
    return folder.empty() ? cell_text(object.get("Parent")) : folder;
}

// clang-format off
constexpr auto left = Alignment::Left;
constexpr auto right = Alignment::Right;

constexpr std::array<ViewField, 7> process_fields = {{
    {"NPM(K)", 7, right, kibibytes<"NPM">},
    {"PM(M)", 8, right, mebibytes<"PM">},
    {"WS(M)", 10, right, mebibytes<"WS">},
    {"CPU(s)", 10, right, processor_seconds},
    {"Id", 7, right, property<"Id">},
    {"SI", 3, right, session_number},
    {"ProcessName", 0, left, property<"ProcessName">},
}};
constexpr std::array<ViewField, 3> service_fields = {{
    {"Status", 8, left, property<"Status">},
    {"Name", 18, left, service_name},
    {"DisplayName", 38, left, property<"DisplayName">},
}};
constexpr std::array<ViewField, 4> file_fields = {{
    {"Mode", 7, left, file_mode},
    {"LastWriteTime", 26, right, write_time},
    {"Length", 14, right, file_size},
    {"Name", 0, left, file_name},
}};
constexpr std::array<ViewField, 4> version_fields = {{
    {"Major", 6, left, property<"Major">},
    {"Minor", 6, left, property<"Minor">},
    {"Build", 6, left, property<"Build">},
    {"Revision", 8, left, property<"Revision">},
}};
constexpr std::array<ViewField, 5> semantic_version_fields = {{
    {"Major", 6, left, property<"Major">},
    {"Minor", 6, left, property<"Minor">},
    {"Patch", 6, left, property<"Patch">},
    {"PreReleaseLabel", 15, left, property<"PreReleaseLabel">},
    {"BuildLabel", 11, left, property<"BuildLabel">},
}};
constexpr std::array<ViewField, 1> guid_fields = {{
    {"Guid", 36, left, property<"Guid">},
}};
constexpr std::array<ViewField, 2> entry_fields = {{
    {"Name", 30, left, entry_name},
    {"Value", 0, left, property<"Value">},
}};
constexpr std::array<ViewField, 3> group_fields = {{
    {"Count", 5, right, property<"Count">},
    {"Name", 25, left, property<"Name">},
    {"Group", 0, left, property<"Group">},
}};
constexpr std::array<ViewField, 4> command_fields = {{
    {"CommandType", 15, left, property<"CommandType">},
    {"Name", 50, left, command_name},
    {"Version", 10, left, property<"Version">},
    {"Source", 0, left, property<"Source">},
}};
constexpr std::array<ViewField, 11> time_span_fields = {{
    {"Days", 0, left, property<"Days">},
    {"Hours", 0, left, property<"Hours">},
    {"Minutes", 0, left, property<"Minutes">},
    {"Seconds", 0, left, property<"Seconds">},
    {"Milliseconds", 0, left, property<"Milliseconds">},
    {"Ticks", 0, left, property<"Ticks">},
    {"TotalDays", 0, left, property<"TotalDays">},
    {"TotalHours", 0, left, property<"TotalHours">},
    {"TotalMinutes", 0, left, property<"TotalMinutes">},
    {"TotalSeconds", 0, left, property<"TotalSeconds">},
    {"TotalMilliseconds", 0, left, property<"TotalMilliseconds">},
}};
constexpr std::array<ViewField, 6> measure_fields = {{
    {"Count", 0, left, property<"Count">},
    {"Average", 0, left, property<"Average">},
    {"Sum", 0, left, property<"Sum">},
    {"Maximum", 0, left, property<"Maximum">},
    {"Minimum", 0, left, property<"Minimum">},
    {"Property", 0, left, property<"Property">},
}};
constexpr std::array<ViewField, 4> text_measure_fields = {{
    {"Lines", 0, left, property<"Lines">},
    {"Words", 0, left, property<"Words">},
    {"Characters", 0, left, property<"Characters">},
    {"Property", 0, left, property<"Property">},
}};
constexpr std::array<ViewField, 3> byte_fields = {{
    {"Offset", 16, right, property<"HexOffset">},
    {"Bytes\n00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F", 47, left, property<"HexBytes">},
    {"Ascii", 16, left, property<"Ascii">},
}};
constexpr std::array<ViewField, 1> match_fields = {{{"", 0, left, match_text}}};
constexpr std::array<ViewField, 1> date_fields = {{{"", 0, left, date_text}}};

constexpr std::array<ViewField, 5> process_user_fields = {{
    {"WS(M)", 10, right, mebibytes<"WS">},
    {"CPU(s)", 8, right, processor_seconds},
    {"Id", 7, right, property<"Id">},
    {"UserName", 30, left, property<"UserName">},
    {"ProcessName", 0, left, property<"ProcessName">},
}};
constexpr std::array<ViewField, 3> process_module_fields = {{
    {"Size(K)", 10, right, property<"Size">},
    {"ModuleName", 50, left, property<"ModuleName">},
    {"FileName", 0, left, property<"FileName">},
}};
constexpr std::array<ViewField, 6> unix_file_fields = {{
    {"UnixMode", 10, left, property<"UnixMode">},
    {"User", 10, right, property<"User">},
    {"Group", 10, left, property<"Group">},
    {"LastWriteTime", 16, right, unix_write_time},
    {"Size", 12, right, property<"Size">},
    {"Name", 0, left, file_name},
}};
constexpr std::array<ViewField, 6> labelled_version_fields = {{
    {"Major", 6, left, property<"Major">},
    {"Minor", 6, left, property<"Minor">},
    {"Build", 6, left, property<"Build">},
    {"Revision", 8, left, property<"Revision">},
    {"PSSemVerPreReleaseLabel", 26, left, property<"PSSemVerPreReleaseLabel">},
    {"PSSemVerBuildLabel", 27, left, property<"PSSemVerBuildLabel">},
}};
constexpr std::array<ViewField, 2> group_count_fields = {{
    {"Count", 5, right, property<"Count">},
    {"Name", 25, left, property<"Name">},
}};
constexpr std::array<ViewField, 3> culture_fields = {{
    {"LCID", 16, left, property<"LCID">},
    {"Name", 16, left, property<"Name">},
    {"DisplayName", 0, left, property<"DisplayName">},
}};
constexpr std::array<ViewField, 2> assembly_name_fields = {{
    {"Version", 14, left, property<"Version">},
    {"Name", 0, left, property<"Name">},
}};
constexpr std::array<ViewField, 3> assembly_fields = {{
    {"GAC", 6, left, property<"GlobalAssemblyCache">},
    {"Version", 14, left, property<"ImageRuntimeVersion">},
    {"Location", 0, left, property<"Location">},
}};
constexpr std::array<ViewField, 3> file_version_fields = {{
    {"ProductVersion", 16, left, property<"ProductVersion">},
    {"FileVersion", 16, left, property<"FileVersion">},
    {"FileName", 0, left, property<"FileName">},
}};
constexpr std::array<ViewField, 4> type_fields = {{
    {"IsPublic", 8, left, property<"IsPublic">},
    {"IsSerial", 8, left, property<"IsSerializable">},
    {"Name", 40, left, property<"Name">},
    {"BaseType", 0, left, property<"BaseType">},
}};
constexpr std::array<ViewField, 3> member_fields = {{
    {"Name", 0, left, property<"Name">},
    {"MemberType", 0, left, property<"MemberType">},
    {"Definition", 0, left, property<"Definition">},
}};
constexpr std::array<ViewField, 2> variable_fields = {{
    {"Name", 30, left, property<"Name">},
    {"Value", 0, left, property<"Value">},
}};
constexpr std::array<ViewField, 1> path_fields = {{
    {"Path", 0, left, property<"Path">},
}};
constexpr std::array<ViewField, 6> drive_fields = {{
    {"Name", 10, left, property<"Name">},
    {"Used (GB)", 13, right, gibibytes<"Used">},
    {"Free (GB)", 13, right, gibibytes<"Free">},
    {"Provider", 13, left, nested_property<"Provider", "Name">},
    {"Root", 35, left, drive_root},
    {"CurrentLocation", 0, right, property<"CurrentLocation">},
}};
constexpr std::array<ViewField, 3> provider_fields = {{
    {"Name", 20, left, property<"Name">},
    {"Capabilities", 0, left, property<"Capabilities">},
    {"Drives", 0, left, property<"Drives">},
}};
constexpr std::array<ViewField, 5> module_fields = {{
    {"ModuleType", 10, left, property<"ModuleType">},
    {"Version", 10, left, property<"Version">},
    {"PreRelease", 10, left, pre_release},
    {"Name", 35, left, property<"Name">},
    {"ExportedCommands", 0, left, exported_commands},
}};
constexpr std::array<ViewField, 6> listed_module_fields = {{
    {"ModuleType", 10, left, property<"ModuleType">},
    {"Version", 10, left, property<"Version">},
    {"PreRelease", 10, left, pre_release},
    {"Name", 35, left, property<"Name">},
    {"PSEdition", 9, left, module_editions},
    {"ExportedCommands", 0, left, exported_commands},
}};
constexpr std::array<ViewField, 3> file_hash_fields = {{
    {"Algorithm", 15, left, property<"Algorithm">},
    {"Hash", 70, left, property<"Hash">},
    {"Path", 0, left, property<"Path">},
}};
constexpr std::array<ViewField, 4> trace_source_fields = {{
    {"Options", 8, left, property<"Options">},
    {"Name", 20, left, property<"Name">},
    {"Listeners", 20, left, property<"Listeners">},
    {"Description", 0, left, property<"Description">},
}};
constexpr std::array<ViewField, 7> job_fields = {{
    {"Id", 6, left, property<"Id">},
    {"Name", 15, left, property<"Name">},
    {"PSJobTypeName", 15, left, property<"PSJobTypeName">},
    {"State", 13, left, property<"State">},
    {"HasMoreData", 15, left, property<"HasMoreData">},
    {"Location", 20, left, property<"Location">},
    {"Command", 25, left, property<"Command">},
}};
// Sessions that a server tells of, which `psrp session list` makes; PowerShell has no view like it.
// As wide as their content, the identifier in as many lines as it takes.
constexpr std::array<ViewField, 7> server_session_fields = {{
    {"Name", 0, left, property<"Name">},
    {"State", 0, left, property<"State">},
    {"Owner", 0, left, property<"Owner">},
    {"Age", 0, right, property<"Age">},
    {"IdleTimeout", 0, right, property<"IdleTimeout">},
    {"Inactivity", 0, right, property<"Inactivity">},
    {"InstanceId", 0, left, property<"InstanceId">},
}};
constexpr std::array<ViewField, 8> session_fields = {{
    {"Id", 3, right, property<"Id">},
    {"Name", 15, left, property<"Name">},
    {"Transport", 9, left, property<"Transport">},
    {"ComputerName", 15, left, property<"ComputerName">},
    {"ComputerType", 15, left, property<"ComputerType">},
    {"State", 13, left, property<"State">},
    {"ConfigurationName", 20, left, property<"ConfigurationName">},
    {"Availability", 13, right, property<"Availability">},
}};
constexpr std::array<ViewField, 3> call_stack_fields = {{
    {"Command", 0, left, property<"Command">},
    {"Arguments", 0, left, property<"Arguments">},
    {"Location", 0, left, property<"Location">},
}};
constexpr std::array<ViewField, 2> computer_change_fields = {{
    {"HasSucceeded", 12, left, property<"HasSucceeded">},
    {"ComputerName", 25, left, property<"ComputerName">},
}};
constexpr std::array<ViewField, 3> rename_change_fields = {{
    {"HasSucceeded", 12, left, property<"HasSucceeded">},
    {"OldComputerName", 25, left, property<"OldComputerName">},
    {"NewComputerName", 25, left, property<"NewComputerName">},
}};
constexpr std::array<ViewField, 4> feature_fields = {{
    {"Name", 35, left, property<"Name">},
    {"Enabled", 7, right, property<"Enabled">},
    {"Source", 35, left, property<"Source">},
    {"Description", 0, left, property<"Description">},
}};
constexpr std::array<ViewField, 7> tcp_status_fields = {{
    {"Id", 4, right, property<"Id">},
    {"Source", 16, left, property<"Source">},
    {"Address", 25, left, property<"TargetAddress">},
    {"Port", 7, right, property<"Port">},
    {"Latency(ms)", 7, right, property<"Latency">},
    {"Connected", 10, left, property<"Connected">},
    {"Status", 24, left, property<"Status">},
}};
constexpr std::array<ViewField, 3> certificate_fields = {{
    {"Thumbprint", 41, left, property<"Thumbprint">},
    {"Subject", 20, left, property<"Subject">},
    {"EnhancedKeyUsageList", 0, left, property<"EnhancedKeyUsageList">},
}};
constexpr std::array<ViewField, 3> task_fields = {{
    {"Id", 0, left, property<"Id">},
    {"IsCompleted", 0, left, property<"IsCompleted">},
    {"Status", 0, left, property<"Status">},
}};
constexpr std::array<ViewField, 2> network_credential_fields = {{
    {"UserName", 50, left, property<"UserName">},
    {"Domain", 50, left, property<"Domain">},
}};
constexpr std::array<KnownView, 45> known_views = {{
    {{"System.Diagnostics.Process"}, ViewShape::Table, process_fields},
    {{"System.ServiceProcess.ServiceController"}, ViewShape::Table, service_fields},
    {.types = {"System.IO.FileInfo", "System.IO.DirectoryInfo"}, .shape = ViewShape::Table, .fields = unix_file_fields,
     .group = file_folder, .group_label = "    Directory", .wraps_rows = true, .is_for = has_unix_mode},
    {.types = {"System.IO.FileInfo", "System.IO.DirectoryInfo"}, .shape = ViewShape::Table, .fields = file_fields,
     .group = file_folder, .group_label = "    Directory", .wraps_rows = true},
    {{"System.Version"}, ViewShape::Table, version_fields},
    {{"System.Management.Automation.SemanticVersion"}, ViewShape::Table, semantic_version_fields},
    {{"System.Guid"}, ViewShape::Table, guid_fields},
    {{"System.Collections.DictionaryEntry"}, ViewShape::Table, entry_fields},
    {{"Microsoft.PowerShell.Commands.GroupInfo"}, ViewShape::Table, group_fields},
    {{"System.Management.Automation.CommandInfo"}, ViewShape::Table, command_fields},
    {{"System.TimeSpan"}, ViewShape::List, time_span_fields},
    {{"Microsoft.PowerShell.Commands.GenericMeasureInfo"}, ViewShape::List, measure_fields},
    {.types = {"Microsoft.PowerShell.Commands.TextMeasureInfo"}, .shape = ViewShape::Table, .fields = text_measure_fields,
     .is_for = is_deserialized},
    {{"Microsoft.PowerShell.Commands.MatchInfo"}, ViewShape::Text, match_fields},
    {.types = {"System.DateTime"}, .shape = ViewShape::Text, .fields = date_fields, .is_for = is_date},
    {{"System.Diagnostics.Process#IncludeUserName"}, ViewShape::Table, process_user_fields},
    {{"System.Diagnostics.ProcessModule"}, ViewShape::Table, process_module_fields},
    {{"System.Version#IncludeLabel"}, ViewShape::Table, labelled_version_fields},
    {{"Microsoft.PowerShell.Commands.GroupInfoNoElement"}, ViewShape::Table, group_count_fields},
    {{"System.Globalization.CultureInfo"}, ViewShape::Table, culture_fields},
    {{"System.Reflection.AssemblyName"}, ViewShape::Table, assembly_name_fields},
    {{"System.Reflection.Assembly"}, ViewShape::Table, assembly_fields},
    {{"System.Diagnostics.FileVersionInfo"}, ViewShape::Table, file_version_fields},
    {{"System.RuntimeType"}, ViewShape::Table, type_fields},
    {.types = {"Microsoft.PowerShell.Commands.MemberDefinition"}, .shape = ViewShape::Table, .fields = member_fields,
     .group = property<"TypeName">, .group_label = "   TypeName"},
    {{"System.Management.Automation.PSVariable"}, ViewShape::Table, variable_fields},
    {{"System.Management.Automation.PathInfo"}, ViewShape::Table, path_fields},
    {{"System.Management.Automation.PSDriveInfo"}, ViewShape::Table, drive_fields},
    {{"System.Management.Automation.ProviderInfo"}, ViewShape::Table, provider_fields},
    {{"System.Management.Automation.PSModuleInfo"}, ViewShape::Table, module_fields},
    {.types = {"ModuleInfoGrouping"}, .shape = ViewShape::Table, .fields = listed_module_fields,
     .group = module_folder, .group_label = "    Directory"},
    {{"Microsoft.PowerShell.Commands.FileHashInfo"}, ViewShape::Table, file_hash_fields},
    {{"System.Management.Automation.PSTraceSource"}, ViewShape::Table, trace_source_fields},
    {{"System.Management.Automation.Job"}, ViewShape::Table, job_fields},
    {{"System.Management.Automation.Runspaces.PSSession"}, ViewShape::Table, session_fields},
    {.types = {"Psrp.ServerSession"}, .shape = ViewShape::Table, .fields = server_session_fields,
     .group = property<"ComputerName">, .group_label = "   ComputerName", .wraps_rows = true},
    {{"System.Management.Automation.CallStackFrame"}, ViewShape::Table, call_stack_fields},
    {{"Microsoft.PowerShell.Commands.ComputerChangeInfo"}, ViewShape::Table, computer_change_fields},
    {{"Microsoft.PowerShell.Commands.RenameComputerChangeInfo"}, ViewShape::Table, rename_change_fields},
    {{"System.Management.Automation.ExperimentalFeature"}, ViewShape::Table, feature_fields},
    {.types = {"Microsoft.PowerShell.Commands.TestConnectionCommand+TcpPortStatus"}, .shape = ViewShape::Table, .fields = tcp_status_fields,
     .group = property<"Target">, .group_label = "   Target"},
    {.types = {"System.Security.Cryptography.X509Certificates.X509Certificate2"}, .shape = ViewShape::Table, .fields = certificate_fields,
     .group = certificate_folder, .group_label = "   PSParentPath"},
    {.types = {"Microsoft.PowerShell.Commands.ByteCollection"}, .shape = ViewShape::Table, .fields = byte_fields,
     .group = property<"Label">, .group_label = "   Label"},
    {{"System.Threading.Tasks.Task"}, ViewShape::Table, task_fields},
    {{"System.Net.NetworkCredential"}, ViewShape::Table, network_credential_fields},
}};

// The default display properties of types that have a view. A deserialized process is a type of
// its own there.
struct DefaultProperties {
    std::string_view type;
    std::string_view names; // one blank between them
};
constexpr std::array<DefaultProperties, 27> type_defaults = {{
    {"Deserialized.System.Diagnostics.Process", "Id Handles CPU Name"},
    {"System.Diagnostics.Process", "Id Handles CPU SI Name"},
    {"System.IO.FileInfo", "LastWriteTime Length Name"},
    {"System.IO.DirectoryInfo", "LastWriteTime Length Name"},
    {"System.ServiceProcess.ServiceController", "Status Name DisplayName"},
    {"System.Management.Automation.PSModuleInfo",
     "Name Path Description Guid Version ModuleBase ModuleType PrivateData AccessMode ExportedAliases "
     "ExportedCmdlets ExportedFunctions ExportedVariables NestedModules"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_BIOS",
     "SMBIOSBIOSVersion Manufacturer Name SerialNumber Version"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_BaseBoard",
     "Manufacturer Model Name SerialNumber SKU Product"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_ComputerSystemProduct",
     "IdentifyingNumber Name Vendor Version Caption"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_SystemEnclosure",
     "Manufacturer Model LockPresent SerialNumber SMBIOSAssetTag SecurityStatus"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_TimeZone",
     "Bias SettingID Caption"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Share",
     "Name Path Description"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_StartupCommand",
     "Command User Caption"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_PageFileUsage",
     "Caption Name PeakUsage"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_PageFileSetting",
     "MaximumSize Name Caption"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_SystemDriver",
     "DisplayName Name State Status Started"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/WIN32_SoundDevice",
     "Manufacturer Name Status StatusInfo"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_CDROMDrive",
     "Caption Drive Manufacturer VolumeName"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_TapeDrive",
     "DeviceID Id Manufacturer Name Caption"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_NetworkLoginProfile",
     "Caption Privileges Profile UserId UserType Workstations"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_NetworkConnection",
     "LocalName RemoteName ConnectionState Status"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_BootConfiguration",
     "BootDirectory Name SettingID Caption"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Registry",
     "CurrentSize MaximumSize Name Caption"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_SystemAccount",
     "Caption Domain Name SID"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_SystemSlot",
     "SlotDesignation Tag SupportsHotPlug Status Shared PMESignal MaxDataWidth"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_PortResource",
     "Caption Name Alias"},
    {"Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_NTEventlogFile",
     "FileSize LogfileName Name NumberOfRecords"},
}};
// clang-format on

std::string_view without_prefix(std::string_view type)
{
    constexpr std::string_view prefix = "Deserialized.";
    return type.starts_with(prefix) ? type.substr(prefix.size()) : type;
}

bool is_among(std::string_view type, const KnownView& view)
{
    return clixml::equal_ignoring_case(type, view.types[0]) ||
           (!view.types[1].empty() && clixml::equal_ignoring_case(type, view.types[1]));
}

} // namespace

const KnownView* find_view(const ShownObject& object)
{
    for (const std::string_view type : object.type_names()) {
        for (const std::span<const KnownView> views :
             {std::span<const KnownView>(known_views), detail::rare_views()}) {
            for (const KnownView& view : views) {
                if (!is_among(without_prefix(type), view)) continue;
                if (view.is_for == nullptr || view.is_for(object)) return &view;
            }
        }
    }
    return nullptr;
}

std::optional<std::string> record_line(const ShownObject& object)
{
    if (object.is_type("System.Management.Automation.InformationalRecord")) {
        const Value message = object.get("InformationalRecord_Message");
        return cell_text(message.is_nil() ? object.get("Message") : message);
    }
    if (object.is_type("System.Management.Automation.InformationRecord")) {
        return value_text(object.value());
    }
    return std::nullopt;
}

std::vector<std::string_view> default_properties(const ShownObject& object)
{
    std::vector<std::string_view> names;
    for (const std::string_view type : object.type_names()) {
        for (const DefaultProperties& row : type_defaults) {
            if (row.type != type && !clixml::equal_ignoring_case(row.type, without_prefix(type)))
                continue;
            std::string_view rest = row.names;
            while (!rest.empty()) {
                const std::size_t end = std::min(rest.find(' '), rest.size());
                names.push_back(rest.substr(0, end));
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
            return names;
        }
    }
    return names;
}

} // namespace psrp
