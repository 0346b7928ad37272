#include <clixml/origin.hpp>
#include <clixml/uri.hpp>
#include <clixml/utf.hpp>
#include <psrp/format/shown_object.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace psrp {

namespace {

using clixml::Kind;
using clixml::Object;
using clixml::Value;

constexpr std::string_view deserialized_prefix = "Deserialized.";

std::string_view without_prefix(std::string_view name)
{
    const bool has_prefix = name.size() > deserialized_prefix.size() &&
                            clixml::equal_ignoring_case(
                                name.substr(0, deserialized_prefix.size()), deserialized_prefix
                            );
    return has_prefix ? name.substr(deserialized_prefix.size()) : name;
}

std::string_view name_of(clixml::UriHostType type)
{
    switch (type) {
    case clixml::UriHostType::Unknown:
        return "Unknown";
    case clixml::UriHostType::Basic:
        return "Basic";
    case clixml::UriHostType::Dns:
        return "Dns";
    case clixml::UriHostType::IPv4:
        return "IPv4";
    case clixml::UriHostType::IPv6:
        return "IPv6";
    }
    return {};
}

bool is_scalar_kind(Kind kind)
{
    switch (kind) {
    case Kind::String:
    case Kind::Char:
    case Kind::Boolean:
    case Kind::Byte:
    case Kind::SByte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
    case Kind::Single:
    case Kind::Double:
    case Kind::Decimal:
    case Kind::ScriptBlock:
    case Kind::SecureString:
        return true;
    case Kind::Nil:
    case Kind::DateTime:
    case Kind::TimeSpan:
    case Kind::ByteArray:
    case Kind::Guid:
    case Kind::Uri:
    case Kind::Version:
    case Kind::XmlDocument:
    case Kind::ProgressRecord:
    case Kind::Object:
        break;
    }
    return false;
}

// An XML text as its document's properties show it: the content of its declaration, the name of its
// root element, and what stands in that one's place.
struct XmlOutline {
    std::string declaration;
    std::string_view root;
    std::string root_text;
};

std::string xml_plain_text(std::string_view text)
{
    constexpr std::array<std::pair<std::string_view, char>, 5> entities = {
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
    std::string out;
    while (!text.empty()) {
        const auto entity = std::find_if(entities.begin(), entities.end(), [&](const auto& row) {
            return text.starts_with(row.first);
        });
        out += entity == entities.end() ? text.front() : entity->second;
        text.remove_prefix(entity == entities.end() ? 1 : entity->first.size());
    }
    return out;
}

// An element without attributes and elements inside is its text, any other its name.
std::string element_text(std::string_view name, std::string_view after_name)
{
    const std::size_t end = after_name.find('>');
    if (end == std::string_view::npos) return std::string(name);
    std::string_view attributes = after_name.substr(0, end);
    const bool is_empty = attributes.ends_with('/');
    if (is_empty) attributes.remove_suffix(1);
    if (attributes.find_first_not_of(" \t\r\n") != std::string_view::npos) return std::string(name);
    if (is_empty) return {};
    const std::string_view content = after_name.substr(end + 1);
    const std::size_t mark = content.find('<');
    if (mark == std::string_view::npos || !content.substr(mark).starts_with("</")) {
        return std::string(name);
    }
    return xml_plain_text(content.substr(0, mark));
}

XmlOutline xml_outline(std::string_view xml)
{
    constexpr std::string_view declaration = "<?xml ";
    XmlOutline outline;
    for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
        if (xml.substr(at).starts_with(declaration)) {
            const std::size_t end = xml.find("?>", at);
            outline.declaration =
                xml.substr(at + declaration.size(), end - at - declaration.size());
        }
        const std::size_t end = xml.find_first_of(" \t\r\n/>", at + 1);
        if (end == std::string_view::npos) return outline;
        if (end > at + 1 && xml[at + 1] != '?' && xml[at + 1] != '!') {
            outline.root = xml.substr(at + 1, end - at - 1);
            outline.root_text = element_text(outline.root, xml.substr(end));
            return outline;
        }
    }
    return outline;
}

// Types besides the primitives that PowerShell prints as their text.
bool is_scalar_type(std::string_view type)
{
    return type == "System.Numerics.BigInteger" || type == "System.IntPtr";
}

// The path of a URI as a file's: that of another computer's share is spelt as Windows does.
std::string local_path(const clixml::Uri& uri)
{
    if (!uri.is_unc) return uri.path;
    std::string path = "//" + uri.host + uri.path;
    std::ranges::replace(path, '/', '\\');
    return path;
}

// The segments of a URI's path as a collection is shown.
std::string segments_text(std::string_view path)
{
    std::string text = "{";
    std::size_t count = 0;
    while (!path.empty()) {
        if (count == enumeration_limit) {
            text += ellipsis;
            break;
        }
        const std::size_t end = std::min(path.find('/'), path.size() - 1) + 1;
        text += (count++ == 0 ? "" : ", ") + std::string(path.substr(0, end));
        path.remove_prefix(end);
    }
    return text + "}";
}

int hexadecimal_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

} // namespace

ShownObject::ShownObject(Value value) : value_(value), base_(value.unwrapped())
{
    if (base_.is_object()) base_ = Value();
    const Object* object = value.object();
    if (object != nullptr) {
        for (const auto& property : object->extended()) {
            if (!property.is_member_set()) add(property.name_text(), property.value);
        }
        if (object->is_type("System.Enum") && !base_.is_nil() && get("Value").is_nil()) {
            add("Value", Value::string(keep(value_text(value))));
        }
        for (const auto& property : object->adapted()) {
            const auto same_name = [&](const ShownProperty& shown) {
                return clixml::equal_ignoring_case(shown.name, property.name_text());
            };
            const bool is_shadowed = std::any_of(properties_.begin(), properties_.end(), same_name);
            if (!is_shadowed) add(property.name_text(), property.value);
        }
        add_type_properties(*object);
        add_collection_properties(*object);
    }
    add_primitive_properties();
    const Value shows = get("PSShowComputerName").unwrapped();
    shows_computer_name_ = shows.kind() == Kind::Boolean && shows.unsigned_bits() != 0;
}

std::string_view ShownObject::keep(std::string text)
{
    return texts_.emplace_back(std::move(text));
}

// The properties that the live values have, in the order PowerShell lists them.
void ShownObject::add_primitive_properties()
{
    switch (base_.kind()) {
    case Kind::Version:
        return add_version_properties(base_.version_value());
    case Kind::Guid: {
        const std::string_view text = keep(value_text(base_));
        add("Variant", Value::int32(hexadecimal_digit(text[19])));
        add("Version", Value::int32(hexadecimal_digit(text[14])));
        return add("Guid", Value::string(text));
    }
    case Kind::TimeSpan:
        return add_time_span_properties(base_.signed_bits());
    case Kind::DateTime:
        return add_date_properties(base_.date_time_value());
    case Kind::Uri:
        return add_uri_properties(base_.text());
    case Kind::ByteArray:
        return add_array_properties(base_.text().size());
    case Kind::XmlDocument: {
        XmlOutline outline = xml_outline(base_.text());
        if (!outline.declaration.empty()) {
            add("xml", Value::string(keep(std::move(outline.declaration))));
        }
        if (!outline.root.empty()) {
            add(outline.root, Value::string(keep(std::move(outline.root_text))));
        }
        return;
    }
    default: // NOLINT: the others have none
        return;
    }
}

// The properties of what PowerShell reads a collection into. A Hashtable shows none.
void ShownObject::add_collection_properties(const Object& collection)
{
    using clixml::ContainerKind;
    const ContainerKind kind = collection.container();
    if (kind == ContainerKind::None) return;
    if (kind == ContainerKind::Dictionary) {
        if (collection.is_type("System.Collections.Specialized.OrderedDictionary")) {
            add_dictionary_properties(collection);
        }
        return;
    }
    const std::size_t count = collection.items().size();
    const bool is_list = kind == ContainerKind::List || kind == ContainerKind::Enumerable;
    if (is_list) {
        std::size_t capacity = count == 0 ? 0 : 4;
        while (capacity < count)
            capacity *= 2;
        add("Capacity", Value::int32(static_cast<std::int32_t>(capacity)));
    }
    add("Count", Value::int32(static_cast<std::int32_t>(count)));
    if (is_list) {
        add("IsFixedSize", Value::boolean(false));
        add("IsReadOnly", Value::boolean(false));
    }
    add("IsSynchronized", Value::boolean(false));
    add("SyncRoot", value_);
}

void ShownObject::add_dictionary_properties(const Object& dictionary)
{
    Object* keys = clixml::make_array(collections_);
    Object* values = clixml::make_array(collections_);
    const auto items = dictionary.items();
    for (std::size_t i = 0; i < dictionary.entry_count(); ++i) {
        keys->add_item(collections_, items[2 * i]);
        values->add_item(collections_, items[2 * i + 1]);
    }
    add("Count", Value::int32(static_cast<std::int32_t>(dictionary.entry_count())));
    add("IsReadOnly", Value::boolean(false));
    add("Keys", Value::object(keys));
    add("Values", Value::object(values));
    add("IsFixedSize", Value::boolean(false));
    add("SyncRoot", value_);
    add("IsSynchronized", Value::boolean(false));
}

void ShownObject::add_array_properties(std::size_t count)
{
    const auto length = static_cast<std::int32_t>(count);
    add("Length", Value::int32(length));
    add("LongLength", Value::int64(length));
    add("Rank", Value::int32(1));
    add("SyncRoot", base_);
    add("IsReadOnly", Value::boolean(false));
    add("IsFixedSize", Value::boolean(true));
    add("IsSynchronized", Value::boolean(false));
    add("Count", Value::int32(length));
}

void ShownObject::add_version_properties(const clixml::Version& version)
{
    add("Major", Value::int32(version.major));
    add("Minor", Value::int32(version.minor));
    add("Build", Value::int32(version.build));
    add("Revision", Value::int32(version.revision));
    add("MajorRevision", Value::int32(static_cast<std::int16_t>(version.revision >> 16)));
    add("MinorRevision", Value::int32(static_cast<std::int16_t>(version.revision & 0xFFFF)));
}

void ShownObject::add_time_span_properties(std::int64_t ticks)
{
    const auto part = [&](const char* name, std::int64_t unit, std::int64_t modulus) {
        add(name, Value::int32(static_cast<std::int32_t>(ticks / unit % modulus)));
    };
    const auto total = [&](const char* name, double unit) {
        add(name, Value::double_precision(static_cast<double>(ticks) / unit));
    };
    // .NET keeps these milliseconds inside what 64 bits of ticks can say.
    constexpr std::int64_t milliseconds_max = INT64_MAX / 10'000;
    const double milliseconds = std::clamp(
        static_cast<double>(ticks) / 1e4,
        -static_cast<double>(milliseconds_max),
        static_cast<double>(milliseconds_max)
    );
    add("Ticks", Value::int64(ticks));
    part("Days", 864'000'000'000, INT32_MAX);
    part("Hours", 36'000'000'000, 24);
    part("Milliseconds", 10'000, 1000);
    part("Microseconds", 10, 1000);
    add("Nanoseconds", Value::int32(static_cast<std::int32_t>(ticks % 10 * 100)));
    part("Minutes", 600'000'000, 60);
    part("Seconds", 10'000'000, 60);
    total("TotalDays", 864e9);
    total("TotalHours", 36e9);
    add("TotalMilliseconds", Value::double_precision(milliseconds));
    total("TotalMicroseconds", 10);
    add("TotalNanoseconds", Value::double_precision(static_cast<double>(ticks) * 100));
    total("TotalMinutes", 6e8);
    total("TotalSeconds", 1e7);
}

void ShownObject::add_date_properties(const clixml::DateTime& date)
{
    constexpr std::array<std::string_view, 7> days = {
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    const clixml::DateTimeParts parts = clixml::parts_of(date);
    const std::int64_t day = date.ticks / clixml::ticks_per_day * clixml::ticks_per_day;
    const std::int64_t year = clixml::ticks_of_day(parts.year, 1, 1);
    const auto number = [&](const char* name, std::int64_t amount) {
        add(name, Value::int32(static_cast<std::int32_t>(amount)));
    };
    std::string_view kind = "Unspecified";
    if (date.kind == clixml::DateTimeKind::Utc) kind = "Utc";
    if (date.kind == clixml::DateTimeKind::Local) kind = "Local";
    clixml::DateTime midnight = date;
    midnight.ticks = day;
    add("Date", Value::date_time(midnight));
    number("Day", parts.day);
    add("DayOfWeek", Value::string(days[static_cast<std::size_t>(parts.day_of_week)]));
    number("DayOfYear", (day - year) / clixml::ticks_per_day + 1);
    number("Hour", parts.hour);
    add("Kind", Value::string(kind));
    number("Millisecond", date.ticks / 10'000 % 1000);
    number("Microsecond", date.ticks / 10 % 1000);
    number("Nanosecond", date.ticks % 10 * 100);
    number("Minute", parts.minute);
    number("Month", parts.month);
    number("Second", parts.second);
    add("Ticks", Value::int64(date.ticks));
    add("TimeOfDay", Value::time_span(clixml::TimeSpan{date.ticks - day}));
    number("Year", parts.year);
    add("DateTime", Value::string(keep(long_date_text(date))));
}

void ShownObject::add_uri_properties(std::string_view text)
{
    const auto uri = clixml::Uri::read(text);
    const auto string = [&](std::string kept) { return Value::string(keep(std::move(kept))); };
    if (!uri || !uri->is_absolute) {
        // A relative address refuses all but three; PowerShell shows the others empty.
        for (const char* name :
             {"AbsolutePath",
              "AbsoluteUri",
              "LocalPath",
              "Authority",
              "HostNameType",
              "IsDefaultPort",
              "IsFile",
              "IsLoopback",
              "PathAndQuery",
              "Segments",
              "IsUnc",
              "Host",
              "Port",
              "Query",
              "Fragment",
              "Scheme"})
            add(name, Value());
        add("OriginalString", Value::string(text));
        add("DnsSafeHost", Value());
        add("IdnHost", Value());
        add("IsAbsoluteUri", Value::boolean(false));
        add("UserEscaped", Value::boolean(false));
        add("UserInfo", Value());
        return;
    }
    const std::string path = clixml::escaped_uri_text(uri->path);
    const std::string query = clixml::escaped_uri_text(uri->query);
    const bool is_default = uri->is_default_port;
    std::string bare_host = uri->host;
    if (bare_host.starts_with('[')) bare_host = bare_host.substr(1, bare_host.size() - 2);
    add("AbsolutePath", string(path));
    add("AbsoluteUri", string(clixml::escaped_uri_text(uri->text)));
    add("LocalPath", string(local_path(*uri)));
    add("Authority", string(uri->host + (is_default ? "" : ":" + std::to_string(uri->port))));
    add("HostNameType", Value::string(name_of(uri->host_type)));
    add("IsDefaultPort", Value::boolean(is_default));
    add("IsFile", Value::boolean(uri->scheme == "file"));
    add("IsLoopback", Value::boolean(uri->is_loopback));
    add("PathAndQuery", string(path + query));
    add("Segments", string(segments_text(path)));
    add("IsUnc", Value::boolean(uri->is_unc));
    add("Host", string(uri->host));
    add("Port", Value::int32(uri->port));
    add("Query", string(query));
    add("Fragment", string(clixml::escaped_uri_text(uri->fragment)));
    add("Scheme", string(uri->scheme));
    add("OriginalString", Value::string(text));
    add("DnsSafeHost", string(bare_host));
    add("IdnHost", string(bare_host));
    add("IsAbsoluteUri", Value::boolean(true));
    add("UserEscaped", Value::boolean(false));
    add("UserInfo", string(uri->user_info));
}

void ShownObject::add_type_properties(const Object& object)
{
    // PowerShell rebuilds addresses; the live one has a ScopeId, which an IPv4 address refuses to
    // tell and which therefore never travels, and an Address, which an IPv6 one refuses.
    if (!object.is_type("System.Net.IPAddress")) return;
    if (object.find("Address") == nullptr) add("Address", Value());
    if (object.find("ScopeId") == nullptr) {
        const auto family = std::find_if(properties_.begin(), properties_.end(), [](const auto& p) {
            return p.name == "AddressFamily";
        });
        if (family != properties_.end()) {
            properties_.insert(family + 1, ShownProperty{"ScopeId", Value()});
        }
    }
}

std::span<const std::string_view> ShownObject::type_names() const
{
    if (const Object* object = value_.object()) return object->type_names();
    if (value_.is_nil()) return {};
    return clixml::type_names_of(value_.kind());
}

bool ShownObject::is_type(std::string_view name) const
{
    const auto names = type_names();
    return std::any_of(names.begin(), names.end(), [&](std::string_view type) {
        return clixml::equal_ignoring_case(without_prefix(type), name);
    });
}

std::vector<ShownProperty> ShownObject::visible_properties() const
{
    std::vector<ShownProperty> visible;
    const bool hides_computer_name = !get("PSShowComputerName").is_nil() && !shows_computer_name_;
    for (const ShownProperty& property : properties_) {
        if (clixml::equal_ignoring_case(property.name, "PSShowComputerName")) continue;
        if (hides_computer_name && clixml::equal_ignoring_case(property.name, "PSComputerName")) {
            continue;
        }
        visible.push_back(property);
    }
    return visible;
}

Value ShownObject::get(std::string_view name) const
{
    for (const ShownProperty& property : properties_) {
        if (clixml::equal_ignoring_case(property.name, name)) return property.value;
    }
    return {};
}

bool ShownObject::has(std::string_view name) const
{
    return std::any_of(properties_.begin(), properties_.end(), [&](const ShownProperty& property) {
        return clixml::equal_ignoring_case(property.name, name);
    });
}

std::string ShownObject::computer_name() const
{
    return cell_text(get("PSComputerName"));
}

bool ShownObject::is_scalar() const
{
    const auto names = type_names();
    if (!names.empty() && is_scalar_type(without_prefix(names.front()))) return true;
    if (base_.is_nil()) return false;
    return is_scalar_kind(base_.kind()) && !is_type("System.Enum");
}

bool ShownObject::has_no_own_properties() const
{
    if (properties_.empty()) return true;
    const Object* object = value_.object();
    const bool has_text = object == nullptr || object->stored_text();
    if (!has_text && has("PSShowComputerName") && !shows_computer_name_) return false;
    return std::all_of(properties_.begin(), properties_.end(), [](const ShownProperty& property) {
        return clixml::is_origin_note(property.name);
    });
}

} // namespace psrp
