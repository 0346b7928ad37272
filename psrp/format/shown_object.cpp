#include <clixml/origin.hpp>
#include <clixml/uri.hpp>
#include <clixml/utf.hpp>
#include <psrp/format/shown_object.hpp>
#include <psrp/format/value_text.hpp>

#include <algorithm>

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

// The name of the first element of an XML text, or nothing.
std::string_view root_element(std::string_view xml)
{
    for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
        const std::size_t end = xml.find_first_of(" \t\r\n/>", at + 1);
        if (end == std::string_view::npos) return {};
        if (end > at + 1 && xml[at + 1] != '?' && xml[at + 1] != '!') {
            return xml.substr(at + 1, end - at - 1);
        }
    }
    return {};
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
    }
    add_primitive_properties();
    const Value shows = get("PSShowComputerName").unwrapped();
    shows_computer_name_ = shows.kind() == Kind::Boolean && shows.unsigned_bits() != 0;
}

std::string_view ShownObject::keep(std::string text)
{
    return texts_.emplace_back(std::move(text));
}

void ShownObject::add_primitive_properties()
{
    if (base_.kind() == Kind::Version) {
        const clixml::Version& version = base_.version_value();
        add("Major", Value::int32(version.major));
        add("Minor", Value::int32(version.minor));
        add("Build", Value::int32(version.build));
        add("Revision", Value::int32(version.revision));
    } else if (base_.kind() == Kind::Guid) {
        add("Guid", Value::string(keep(value_text(base_))));
    } else if (base_.kind() == Kind::TimeSpan) {
        const std::int64_t ticks = base_.signed_bits();
        const auto part = [&](std::int64_t unit, std::int64_t modulus) {
            return Value::int32(static_cast<std::int32_t>(ticks / unit % modulus));
        };
        const auto total = [&](double unit) {
            return Value::double_precision(static_cast<double>(ticks) / unit);
        };
        add("Days", part(864'000'000'000, INT32_MAX));
        add("Hours", part(36'000'000'000, 24));
        add("Minutes", part(600'000'000, 60));
        add("Seconds", part(10'000'000, 60));
        add("Milliseconds", part(10'000, 1000));
        add("Ticks", Value::int64(ticks));
        add("TotalDays", total(864e9));
        add("TotalHours", total(36e9));
        add("TotalMinutes", total(6e8));
        add("TotalSeconds", total(1e7));
        add("TotalMilliseconds", total(1e4));
    } else if (base_.kind() == Kind::Uri) {
        add_uri_properties(base_.text());
    } else if (base_.kind() == Kind::XmlDocument) {
        const std::string_view root = root_element(base_.text());
        if (!root.empty()) add(root, Value::string(root));
    }
}

void ShownObject::add_uri_properties(std::string_view text)
{
    const auto uri = clixml::Uri::read(text);
    const auto string = [&](std::string kept) { return Value::string(keep(std::move(kept))); };
    if (!uri || !uri->is_absolute) {
        add("OriginalString", Value::string(text));
        add("IsAbsoluteUri", Value::boolean(false));
        return;
    }
    const std::string path = clixml::escaped_uri_text(uri->path);
    const std::string query = clixml::escaped_uri_text(uri->query);
    std::string segments;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size() - 1) + 1;
        segments += (segments.empty() ? "{" : ", ") + path.substr(at, end - at);
        at = end;
    }
    const bool is_default = uri->is_default_port;
    add("AbsolutePath", string(path));
    add("AbsoluteUri", string(clixml::escaped_uri_text(uri->text)));
    add("LocalPath", string(uri->path));
    add("Authority", string(uri->host + (is_default ? "" : ":" + std::to_string(uri->port))));
    add("HostNameType", Value::string(name_of(uri->host_type)));
    add("IsDefaultPort", Value::boolean(is_default));
    add("IsFile", Value::boolean(uri->scheme == "file"));
    add("IsLoopback", Value::boolean(uri->is_loopback));
    add("PathAndQuery", string(path + query));
    add("Segments", string(segments + "}"));
    add("IsUnc", Value::boolean(uri->is_unc));
    add("Host", string(uri->host));
    add("Port", Value::int32(uri->port));
    add("Query", string(query));
    add("Fragment", string(clixml::escaped_uri_text(uri->fragment)));
    add("Scheme", string(uri->scheme));
    add("OriginalString", Value::string(text));
    add("DnsSafeHost", string(uri->host));
    add("IdnHost", string(uri->host));
    add("IsAbsoluteUri", Value::boolean(true));
    add("UserEscaped", Value::boolean(false));
    add("UserInfo", string(uri->user_info));
}

void ShownObject::add_type_properties(const Object& object)
{
    // PowerShell rebuilds addresses; the live one has a ScopeId, which an IPv4 address refuses to
    // tell and which therefore never travels.
    if (object.is_type("System.Net.IPAddress") && object.find("ScopeId") == nullptr) {
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

std::string ShownObject::computer_name() const
{
    return cell_text(get("PSComputerName"));
}

bool ShownObject::is_scalar() const
{
    if (base_.is_nil()) return false;
    return is_scalar_kind(base_.kind()) && !is_type("System.Enum");
}

bool ShownObject::has_no_own_properties() const
{
    if (properties_.empty()) return true;
    return std::all_of(properties_.begin(), properties_.end(), [](const ShownProperty& property) {
        return clixml::is_origin_note(property.name);
    });
}

} // namespace psrp
