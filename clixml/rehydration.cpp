// Which objects PowerShell turns into live ones of .NET while it reads them (fact sheet
// clixml 5.7).
#include <clixml/object.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <string>

namespace clixml {
namespace {

// What an object must have to be rebuilt, apart from its type name.
enum class Need : std::uint8_t {
    Properties,
    Address,
    MailAddress,
    Culture,
    Switch,
    Credential,
    RawData,
    Dictionary
};

constexpr std::size_t properties_max = 6;

struct Row {
    std::string_view type;
    Need need = Need::Properties;
    std::string_view properties[properties_max] = {}; // each must be there
};

// clang-format off
constexpr Row rows[] = {
    {"System.Net.IPAddress", Need::Address},
    {"System.Net.Mail.MailAddress", Need::MailAddress},
    {"System.Globalization.CultureInfo", Need::Culture},
    {"System.Security.Cryptography.X509Certificates.X509Certificate2", Need::RawData},
    {"System.Security.Cryptography.X509Certificates.X500DistinguishedName", Need::RawData},
    {"System.Security.AccessControl.RegistrySecurity", Need::Properties, {"SDDL"}},
    {"System.Security.AccessControl.FileSystemSecurity", Need::Properties, {"SDDL"}},
    {"System.Management.Automation.PSCredential", Need::Credential},
    {"System.Management.Automation.PSPrimitiveDictionary", Need::Dictionary},
    {"System.Management.Automation.SwitchParameter", Need::Switch},
    {"System.Management.Automation.PSListModifier"},
    {"System.Management.Automation.JobStateInfo", Need::Properties, {"State"}},
    {"System.Management.Automation.JobStateEventArgs", Need::Properties, {"JobStateInfo"}},
    {"System.Management.Automation.ParameterSetMetadata", Need::Properties, {"Position", "Flags", "HelpMessage"}},
    {"System.Management.Automation.ExtendedTypeDefinition", Need::Properties, {"FormatViewDefinition"}},
    {"System.Management.Automation.FormatViewDefinition", Need::Properties, {"Name", "Control"}},
    {"System.Management.Automation.PSControl"},
    {"System.Management.Automation.PSControlGroupBy", Need::Properties, {"Expression"}},
    {"System.Management.Automation.EntrySelectedBy"},
    {"System.Management.Automation.DisplayEntry", Need::Properties, {"Value", "ValueType"}},
    {"System.Management.Automation.TableControlColumnHeader", Need::Properties, {"Alignment", "Label", "Width"}},
    {"System.Management.Automation.TableControlRow", Need::Properties, {"Columns"}},
    {"System.Management.Automation.TableControlColumn", Need::Properties, {"Alignment", "DisplayEntry"}},
    {"System.Management.Automation.ListControlEntry", Need::Properties, {"Items"}},
    {"System.Management.Automation.ListControlEntryItem", Need::Properties, {"DisplayEntry", "Label"}},
    {"System.Management.Automation.WideControlEntryItem", Need::Properties, {"DisplayEntry"}},
    {"System.Management.Automation.CustomControlEntry", Need::Properties, {"CustomItems"}},
    {"System.Management.Automation.CustomItemBase"},
    {"System.Management.Automation.CompletionResult", Need::Properties,
     {"CompletionText", "ListItemText", "ToolTip", "ResultType"}},
    {"System.Management.Automation.CommandCompletion", Need::Properties,
     {"CompletionMatches", "CurrentMatchIndex", "ReplacementIndex", "ReplacementLength"}},
    {"Microsoft.PowerShell.Commands.ModuleSpecification", Need::Properties,
     {"Name", "Guid", "Version", "MaximumVersion", "RequiredVersion"}},
    {"System.Management.Automation.Remoting.PSSessionOption", Need::Properties,
     {"ApplicationArguments", "CancelTimeout", "Culture", "OpenTimeout", "UICulture", "UseUTF16"}},
    {"System.Management.Automation.Breakpoint", Need::Properties, {"Id", "Enabled"}},
    {"System.Management.Automation.BreakpointUpdatedEventArgs", Need::Properties,
     {"Breakpoint", "UpdateType", "BreakpointCount"}},
    {"System.Management.Automation.DebuggerCommand", Need::Properties,
     {"Command", "RepeatOnEnter", "ExecutedByDebugger", "ResumeAction"}},
    {"System.Management.Automation.DebuggerCommandResults", Need::Properties, {"ResumeAction", "EvaluatedByDebugger"}},
    {"System.Management.Automation.DebuggerStopEventArgs", Need::Properties, {"ResumeAction", "Breakpoints"}},
};
// clang-format on

bool is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// One to four numbers, the last of which fills what is left; 0x and 0 start other bases.
bool is_ipv4(std::string_view text)
{
    for (int parts = 1; parts <= 4; ++parts) {
        std::size_t end = std::min(text.find('.'), text.size());
        std::string_view part = text.substr(0, end);
        bool last = end == text.size();
        std::uint64_t base = 10;
        if (part.size() > 1 && part[0] == '0') {
            base = (part[1] | 32) == 'x' ? 16 : 8;
            part.remove_prefix(base == 16 ? 2 : 1);
        }
        if (part.empty()) return false;
        std::uint64_t max = last ? 0xFFFFFFFFULL >> (8 * (parts - 1)) : 255;
        std::uint64_t number = 0;
        for (char c : part) {
            std::uint64_t digit = c <= '9' ? static_cast<std::uint64_t>(c - '0')
                                           : static_cast<std::uint64_t>((c | 32) - 'a' + 10);
            if (!is_hexadecimal(c) || digit >= base) return false;
            number = number * base + digit;
            if (number > max) return false;
        }
        if (last) return true;
        text.remove_prefix(end + 1);
    }
    return false;
}

bool is_ipv6(std::string_view text)
{
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    text = text.substr(0, text.find('%'));
    int groups = 0;
    bool gap = false;
    if (text.starts_with("::")) {
        gap = true;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        std::size_t end = std::min(text.find(':'), text.size());
        std::string_view group = text.substr(0, end);
        if (group.find('.') != std::string_view::npos) {
            if (end != text.size() || std::ranges::count(group, '.') != 3 || !is_ipv4(group))
                return false;
            groups += 2;
            break;
        }
        if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hexadecimal))
            return false;
        ++groups;
        if (end == text.size()) break;
        text.remove_prefix(end + 1);
        if (text.empty()) return false;
        if (text.starts_with(':')) {
            if (gap) return false;
            gap = true;
            text.remove_prefix(1);
        }
    }
    return gap ? groups < 8 : groups == 8;
}

// An address with something before and behind its @, alone or in angle brackets behind a name.
bool is_mail_address(std::string_view text)
{
    text = without_white_space_around(text);
    if (text.ends_with('>')) {
        std::size_t open = text.find('<');
        if (open == std::string_view::npos) return false;
        text = text.substr(open + 1, text.size() - open - 2);
    }
    std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
    auto is_plain = [](char c) {
        return static_cast<std::uint8_t>(c) > ' ' &&
               std::string_view("()<>,;:\\\"[]@").find(c) == std::string_view::npos;
    };
    std::string_view user = text.substr(0, at);
    bool quoted = user.size() > 2 && user.starts_with('"') && user.ends_with('"');
    bool good_user = quoted || (std::ranges::all_of(user, is_plain) && user.front() != '.' &&
                                user.back() != '.' && user.find("..") == std::string_view::npos);
    return good_user && std::ranges::all_of(text.substr(at + 1), is_plain);
}

bool is_culture(std::string_view text)
{
    return text.size() <= 85 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '_';
           });
}

bool has_credential(const Object& object)
{
    const Property* name = object.find("UserName");
    const Property* password = object.find("Password");
    if (name == nullptr || password == nullptr) return false;
    Value secret = password->value.unwrapped();
    bool is_empty = name->value.is_nil() || to_display_text(name->value).empty();
    return secret.kind() == Kind::SecureString || (secret.is_nil() && is_empty);
}

// Keys are texts; values are those a PSPrimitiveDictionary may hold (fact sheet clixml 6.1), as far
// as can be seen without looking into lists.
bool is_primitive_dictionary(const Object& object)
{
    if (object.container() != ContainerKind::Dictionary) return false;
    std::span<const Value> items = object.items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        if (items[i].unwrapped().kind() != Kind::String) return false;
        Value value = items[i + 1].unwrapped();
        if (value.kind() == Kind::Int16 || value.kind() == Kind::SecureString) return false;
        const Object* inner = value.object();
        if (inner != nullptr && inner->container() == ContainerKind::None) return false;
    }
    return true;
}

bool can_be_rebuilt(const Object& object, const Row& row)
{
    switch (row.need) {
    case Need::Address: {
        std::string text = to_display_text(Value::object(const_cast<Object*>(&object)));
        return is_ipv4(text) || is_ipv6(text);
    }
    case Need::MailAddress:
        return is_mail_address(to_display_text(Value::object(const_cast<Object*>(&object))));
    case Need::Culture:
        return is_culture(to_display_text(Value::object(const_cast<Object*>(&object))));
    case Need::Switch: {
        const Property* present = object.find("IsPresent");
        return present != nullptr &&
               (present->value.is_nil() || present->value.as<bool>().has_value());
    }
    case Need::Credential:
        return has_credential(object);
    case Need::RawData: {
        const Property* data = object.find("RawData");
        return data != nullptr && data->value.unwrapped().kind() == Kind::ByteArray;
    }
    case Need::Dictionary:
        return is_primitive_dictionary(object);
    case Need::Properties:
        break;
    }
    return std::ranges::all_of(row.properties, [&](std::string_view name) {
        return name.empty() || object.find(name) != nullptr;
    });
}

} // namespace

std::string_view rehydrated_type(const Object& object)
{
    static constexpr std::string_view prefix = "Deserialized.";
    if (object.written_type_names() == nullptr) return {};
    for (std::string_view name : object.written_type_names()->names) {
        if (name.size() <= prefix.size() ||
            !equal_ignoring_case(name.substr(0, prefix.size()), prefix))
            continue;
        for (const Row& row : rows) {
            if (equal_ignoring_case(name.substr(prefix.size()), row.type))
                return can_be_rebuilt(object, row) ? row.type : std::string_view();
        }
    }
    return {};
}

} // namespace clixml
