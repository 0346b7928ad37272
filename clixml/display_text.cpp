// What PowerShell prints for "$value" (fact sheet clixml 3.6).
#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace clixml {
namespace {

// Number with at most `precision` significant digits, as .NET's "G15" and "G7".
std::string general_text(double value, int precision)
{
    char text[64];
    if (value != value) return "NaN";
    if (value - value != 0) return value < 0 ? "-Infinity" : "Infinity";
    if (value == 0) return "0";
    std::snprintf(text, sizeof text, "%.*e", precision - 1, value);
    std::string_view scientific = text;
    std::size_t e = scientific.find('e');
    int exponent = std::atoi(text + e + 1);
    std::string digits;
    for (char c : scientific.substr(0, e)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    while (digits.size() > 1 && digits.back() == '0')
        digits.pop_back();
    std::string out = value < 0 ? "-" : "";
    if (exponent <= -5 || exponent >= precision) {
        out += digits[0];
        if (digits.size() > 1) out.append(".").append(digits, 1);
        std::snprintf(
            text,
            sizeof text,
            "E%c%02d",
            exponent < 0 ? '-' : '+',
            exponent < 0 ? -exponent : exponent
        );
        return out + text;
    }
    if (exponent < 0)
        return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0');
    return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string date_time_display_text(const DateTime& value)
{
    DateTimeParts p = parts_of(value);
    char text[80];
    std::snprintf(
        text,
        sizeof text,
        "%02d/%02d/%04d %02d:%02d:%02d",
        p.month,
        p.day,
        p.year,
        p.hour,
        p.minute,
        p.second
    );
    return text;
}

std::string primitive_display_text(const Value& value)
{
    switch (value.kind()) {
    case Kind::Boolean:
        return value.unsigned_bits() != 0 ? "True" : "False";
    case Kind::Char: {
        std::string out;
        append_code_unit(static_cast<std::uint32_t>(value.unsigned_bits()), out);
        return out;
    }
    case Kind::Double:
        return general_text(value.double_value(), 15);
    case Kind::Single:
        return general_text(static_cast<double>(value.single_value()), 7);
    case Kind::DateTime:
        return date_time_display_text(value.date_time_value());
    case Kind::TimeSpan:
        return time_span_display_text({value.signed_bits()});
    case Kind::SecureString:
        return "System.Security.SecureString";
    case Kind::XmlDocument:
        return "#document";
    case Kind::ByteArray: {
        std::string out;
        for (std::uint8_t byte : bytes_of(value.text()))
            out.append(out.empty() ? "" : " ").append(std::to_string(byte));
        return out;
    }
    case Kind::ProgressRecord: {
        const ProgressRecord& p = value.progress_value();
        return "parent = " + std::to_string(p.parent_activity_id) +
               " id = " + std::to_string(p.activity_id) + " act = " + std::string(p.activity) +
               " stat = " + std::string(p.status_description) +
               " cur = " + std::string(p.current_operation.text()) +
               " pct = " + std::to_string(p.percent_complete) +
               " sec = " + std::to_string(p.seconds_remaining) +
               " type = " + (p.completed ? "Completed" : "Processing");
    }
    default:
        return lexical_text(value);
    }
}

std::string type_display_name(const Object& object)
{
    static constexpr std::string_view prefix = "Deserialized.";
    std::span<const std::string_view> names = object.type_names();
    if (names.empty()) return "System.Object";
    std::string_view name = names.front();
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    return std::string(name);
}

// Text of a value inside @{...}: containers by their type's name, bags as nothing.
std::string nested_display_text(const Value& value)
{
    const Object* object = value.object();
    if (object == nullptr) return value.is_nil() ? "" : primitive_display_text(value);
    if (auto text = object->stored_text()) return std::string(*text);
    if (object->container() != ContainerKind::None) return type_display_name(*object);
    if (!object->base().is_nil()) return primitive_display_text(object->base());
    return "";
}

} // namespace

std::string to_display_text(Value value, std::size_t bytes_max)
{
    value = value.lexical() != nullptr ? value.unwrapped() : value;
    const Object* object = value.object();
    if (object == nullptr) return value.is_nil() ? "" : primitive_display_text(value);
    if (auto text = object->stored_text()) return std::string(*text);
    if (object->container() == ContainerKind::Dictionary) return type_display_name(*object);
    if (object->container() != ContainerKind::None) {
        std::string out;
        bool first = true;
        for (const Value& item : object->items()) {
            if (out.size() > bytes_max) break;
            if (!first) out += ' ';
            first = false;
            out += nested_display_text(item);
        }
        return out;
    }
    if (!object->base().is_nil()) {
        Value inner = value.unwrapped();
        return inner.is_object() ? to_display_text(inner, bytes_max)
                                 : primitive_display_text(inner);
    }
    std::string out;
    for (std::span<const Property> bag : {object->adapted(), object->extended()}) {
        for (const Property& property : bag) {
            if (property.is_member_set()) continue;
            if (out.size() > bytes_max) break;
            out.append(out.empty() ? "@{" : "; ").append(property.name_text()).append("=");
            out += nested_display_text(property.value);
        }
    }
    if (!out.empty()) out += '}';
    return out;
}

} // namespace clixml
