#include <clixml/utf.hpp>
#include <psrp/format/value_text.hpp>
#include <psrp/format/views.hpp>

#include <array>

namespace psrp {

namespace {

using clixml::Kind;
using clixml::Value;

// A literal as a template argument, so that a column can be declared by its property's name.
template <std::size_t size>
struct PropertyName {
    char characters[size]{};
    constexpr PropertyName(const char (&text)[size]) // NOLINT: implicit by purpose
    {
        for (std::size_t i = 0; i < size; ++i)
            characters[i] = text[i];
    }
};

template <PropertyName name>
std::string property(const ShownObject& object)
{
    return cell_text(object.get(name.characters));
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

std::string whole_text(const ShownObject& object)
{
    return value_text(object.value());
}

std::string date_text(const ShownObject& object)
{
    return long_date_text(object.base().date_time_value());
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

std::string file_name(const ShownObject& object)
{
    const Value name = object.get("NameString");
    return cell_text(name.is_nil() ? object.get("Name") : name);
}

std::string file_folder(const ShownObject& object)
{
    const std::string parent = cell_text(object.get("PSParentPath"));
    if (const std::size_t mark = parent.find("::"); mark != std::string::npos) {
        return parent.substr(mark + 2);
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
constexpr std::array<ViewField, 1> match_fields = {{{"", 0, left, whole_text}}};
constexpr std::array<ViewField, 1> date_fields = {{{"", 0, left, date_text}}};

using Types = std::string_view;
constexpr std::array<Types, 1> process_types = {"System.Diagnostics.Process"};
constexpr std::array<Types, 1> service_types = {"System.ServiceProcess.ServiceController"};
constexpr std::array<Types, 2> file_types = {"System.IO.FileInfo", "System.IO.DirectoryInfo"};
constexpr std::array<Types, 1> version_types = {"System.Version"};
constexpr std::array<Types, 1> semantic_version_types = {"System.Management.Automation.SemanticVersion"};
constexpr std::array<Types, 1> guid_types = {"System.Guid"};
constexpr std::array<Types, 1> entry_types = {"System.Collections.DictionaryEntry"};
constexpr std::array<Types, 1> group_types = {"Microsoft.PowerShell.Commands.GroupInfo"};
constexpr std::array<Types, 1> command_types = {"System.Management.Automation.CommandInfo"};
constexpr std::array<Types, 1> time_span_types = {"System.TimeSpan"};
constexpr std::array<Types, 1> measure_types = {"Microsoft.PowerShell.Commands.GenericMeasureInfo"};
constexpr std::array<Types, 1> text_measure_types = {"Microsoft.PowerShell.Commands.TextMeasureInfo"};
constexpr std::array<Types, 1> match_types = {"Microsoft.PowerShell.Commands.MatchInfo"};
constexpr std::array<Types, 1> date_types = {"System.DateTime"};

constexpr std::array<KnownView, 14> known_views = {{
    {process_types, ViewShape::Table, process_fields, nullptr, ""},
    {service_types, ViewShape::Table, service_fields, nullptr, ""},
    {file_types, ViewShape::Table, file_fields, file_folder, "Directory"},
    {version_types, ViewShape::Table, version_fields, nullptr, ""},
    {semantic_version_types, ViewShape::Table, semantic_version_fields, nullptr, ""},
    {guid_types, ViewShape::Table, guid_fields, nullptr, ""},
    {entry_types, ViewShape::Table, entry_fields, nullptr, ""},
    {group_types, ViewShape::Table, group_fields, nullptr, ""},
    {command_types, ViewShape::Table, command_fields, nullptr, ""},
    {time_span_types, ViewShape::List, time_span_fields, nullptr, ""},
    {measure_types, ViewShape::List, measure_fields, nullptr, ""},
    {text_measure_types, ViewShape::List, text_measure_fields, nullptr, ""},
    {match_types, ViewShape::Text, match_fields, nullptr, ""},
    {date_types, ViewShape::Text, date_fields, nullptr, ""},
}};

constexpr std::array<std::string_view, 5> process_properties = {"Id", "Handles", "CPU", "SI", "Name"};
// clang-format on

} // namespace

const KnownView* find_view(const ShownObject& object)
{
    for (const KnownView& view : known_views) {
        for (const std::string_view type : view.types) {
            if (!object.is_type(type)) continue;
            // A date's view reads the primitive; a bag that only calls itself a date has none.
            if (type == "System.DateTime" && object.base().kind() != Kind::DateTime) continue;
            return &view;
        }
    }
    return nullptr;
}

std::span<const std::string_view> default_properties(const ShownObject& object)
{
    if (object.is_type("System.Diagnostics.Process")) return process_properties;
    return {};
}

} // namespace psrp
