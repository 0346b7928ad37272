#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/format/value_text.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace psrp {

namespace {

using clixml::ContainerKind;
using clixml::Kind;
using clixml::Object;
using clixml::Value;

constexpr std::array<std::string_view, 7> day_names = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> month_names = {
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"};

std::string two_digits(int number)
{
    return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

std::string clock_text(const clixml::DateTimeParts& parts)
{
    return two_digits(parts.hour) + ":" + two_digits(parts.minute) + ":" + two_digits(parts.second);
}

std::string primitive_text(const Value& value)
{
    switch (value.kind()) {
    case Kind::Boolean:
        return value.unsigned_bits() != 0 ? "True" : "False";
    case Kind::Char: {
        std::string text;
        clixml::append_code_unit(static_cast<std::uint32_t>(value.unsigned_bits()), text);
        return text;
    }
    case Kind::Single:
        return general_text(static_cast<double>(value.single_value()), 7);
    case Kind::Double:
        return general_text(value.double_value(), 15);
    case Kind::Decimal:
        return value.decimal_value().text();
    case Kind::DateTime:
        return short_date_text(value.date_time_value());
    case Kind::TimeSpan:
        return clixml::time_span_display_text(clixml::TimeSpan{value.signed_bits()});
    case Kind::SecureString:
        return "System.Security.SecureString";
    case Kind::XmlDocument:
        return "System.Xml.XmlDocument";
    case Kind::String:
    case Kind::Uri:
    case Kind::ScriptBlock:
        return std::string(value.text());
    case Kind::ProgressRecord:
        return "System.Management.Automation.ProgressRecord";
    case Kind::ByteArray: {
        std::string text;
        for (const std::uint8_t byte : clixml::bytes_of(value.text())) {
            if (!text.empty()) text += ' ';
            text += std::to_string(byte);
        }
        return text;
    }
    case Kind::Byte:
    case Kind::SByte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
    case Kind::Guid:
    case Kind::Version:
        return clixml::lexical_text(value);
    case Kind::Nil:
    case Kind::Object:
        break;
    }
    return {};
}

// A value inside the text of a bag. A bag there is empty, as in PowerShell.
std::string inner_text(Value value)
{
    const Object* object = value.object();
    if (object == nullptr) return primitive_text(value);
    if (const auto stored = object->stored_text()) return std::string(*stored);
    if (object->container() != ContainerKind::None) {
        return std::string(container_class(object->container()));
    }
    return object->base().is_nil() ? std::string() : inner_text(object->base());
}

void append_pair(const clixml::Property& property, std::string& out)
{
    if (property.is_member_set()) return;
    out += out.size() == 2 ? "" : "; ";
    out += property.name_text();
    out += '=';
    out += inner_text(property.value);
}

std::string bag_text(const Object& object)
{
    std::string text = "@{";
    for (const auto& property : object.extended())
        append_pair(property, text);
    for (const auto& property : object.adapted())
        append_pair(property, text);
    return text.size() == 2 ? std::string() : text + "}";
}

std::string joined_items(const Object& object)
{
    std::string text;
    bool is_first = true;
    for (const Value& item : object.items()) {
        if (!std::exchange(is_first, false)) text += ' ';
        text += inner_text(item);
    }
    return text;
}

// `digits`, the first of them worth 10^`exponent`, as .NET writes a number.
std::string number_text(bool is_negative, std::string digits, int exponent, int digits_max)
{
    std::string out = is_negative ? "-" : "";
    if (exponent >= digits_max || exponent < -4) {
        out += digits[0];
        if (digits.size() > 1) out += "." + digits.substr(1);
        out += exponent < 0 ? "E-" : "E+";
        const int size = std::abs(exponent);
        return out + (size < 10 ? "0" : "") + std::to_string(size);
    }
    if (exponent < 0) {
        return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() < whole) digits.append(whole - digits.size(), '0');
    out += digits.substr(0, whole);
    return digits.size() > whole ? out + "." + digits.substr(whole) : out;
}

std::string element_text(Value value)
{
    return value.is_nil() ? "$null" : value_text(value);
}

std::string collection_text(const Object& object)
{
    const bool is_dictionary = object.container() == ContainerKind::Dictionary;
    const auto items = object.items();
    const std::size_t count = is_dictionary ? object.entry_count() : items.size();
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i) {
        if (i == enumeration_limit) {
            text += ellipsis;
            break;
        }
        if (i != 0) text += ", ";
        if (is_dictionary) {
            text += "[" + value_text(items[2 * i]) + ", " + value_text(items[2 * i + 1]) + "]";
        } else {
            text += element_text(items[i]);
        }
    }
    return text + "}";
}

std::string bytes_text(clixml::BytesView bytes)
{
    std::string text = "{";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == enumeration_limit) {
            text += ellipsis;
            break;
        }
        if (i != 0) text += ", ";
        text += std::to_string(bytes[i]);
    }
    return text + "}";
}

} // namespace

std::string_view container_class(ContainerKind kind)
{
    switch (kind) {
    case ContainerKind::Stack:
        return "System.Collections.Stack";
    case ContainerKind::Queue:
        return "System.Collections.Queue";
    case ContainerKind::Dictionary:
        return "System.Collections.Hashtable";
    case ContainerKind::List:
    case ContainerKind::Enumerable:
    case ContainerKind::None:
        break;
    }
    return "System.Collections.ArrayList";
}

std::string value_text(Value value)
{
    const Object* object = value.object();
    if (object == nullptr) return primitive_text(value);
    if (const auto stored = object->stored_text()) return std::string(*stored);
    if (object->container() == ContainerKind::Dictionary) {
        return std::string(container_class(object->container()));
    }
    if (object->container() != ContainerKind::None) return joined_items(*object);
    if (!object->base().is_nil()) return value_text(object->base());
    return bag_text(*object);
}

std::string cell_text(Value value)
{
    const Object* object = value.object();
    if (object != nullptr && object->container() != ContainerKind::None) {
        return collection_text(*object);
    }
    const Value plain = value.unwrapped();
    if (plain.kind() == Kind::XmlDocument) return "#document"; // the node's name
    if (plain.kind() == Kind::ByteArray) return bytes_text(clixml::bytes_of(plain.text()));
    return value_text(value);
}

std::string general_text(double value, int digits)
{
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    std::array<char, 40> scientific{};
    std::snprintf(scientific.data(), scientific.size(), "%.*e", digits - 1, value);
    std::string_view text = scientific.data();
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const std::size_t mark = text.find('e');
    const int exponent = std::atoi(scientific.data() + (is_negative ? 1 : 0) + mark + 1);
    std::string mantissa(1, text[0]);
    if (mark > 2) mantissa += text.substr(2, mark - 2);
    while (mantissa.size() > 1 && mantissa.back() == '0')
        mantissa.pop_back();

    return number_text(is_negative, std::move(mantissa), exponent, digits);
}

namespace {

template <typename Real>
std::string shortest_text(Real value, int digits_max)
{
    if (!std::isfinite(value)) return general_text(static_cast<double>(value), 15);
    std::array<char, 40> buffer{};
    const auto written = std::to_chars(
        buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific
    );
    std::string_view text(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const std::size_t mark = text.find('e');
    std::string digits(text.substr(0, mark));
    if (digits.size() > 1) digits.erase(1, 1);
    const int exponent = std::atoi(std::string(text.substr(mark + 1)).c_str());
    return number_text(is_negative, std::move(digits), exponent, digits_max);
}

std::string with_decimal_place(std::string text, bool is_finite)
{
    if (!is_finite) return "\"" + text + "\"";
    return text.find_first_of(".E") == std::string::npos ? text + ".0" : text;
}

} // namespace

std::string round_trip_text(double value)
{
    return shortest_text(value, 15);
}

std::string round_trip_text(float value)
{
    return shortest_text(value, 7);
}

std::string json_number_text(double value)
{
    return with_decimal_place(shortest_text(value, 17), std::isfinite(value));
}

std::string json_number_text(float value)
{
    return with_decimal_place(shortest_text(value, 9), std::isfinite(value));
}

std::string fixed_text(double value)
{
    if (!std::isfinite(value)) return general_text(value, 15);
    std::array<char, 400> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.2f", value);
    const std::string text = buffer.data();
    return text == "-0.00" ? "0.00" : text;
}

std::string grouped_text(double value)
{
    std::string text = fixed_text(value);
    if (!std::isfinite(value)) return text;
    const std::size_t first = text.front() == '-' ? 1 : 0;
    for (std::size_t at = text.size() - 3; at > first + 3; at -= 3)
        text.insert(at - 3, ",");
    return text;
}

std::string short_date_text(const clixml::DateTime& value)
{
    const clixml::DateTimeParts parts = clixml::parts_of(value);
    return two_digits(parts.month) + "/" + two_digits(parts.day) + "/" +
           two_digits(parts.year / 100) + two_digits(parts.year % 100) + " " + clock_text(parts);
}

std::string long_date_text(const clixml::DateTime& value)
{
    const clixml::DateTimeParts parts = clixml::parts_of(value);
    std::string text(day_names[static_cast<std::size_t>(parts.day_of_week)]);
    text += ", " + two_digits(parts.day) + " ";
    text += month_names[static_cast<std::size_t>(parts.month) - 1];
    return text + " " + two_digits(parts.year / 100) + two_digits(parts.year % 100) + " " +
           clock_text(parts);
}

} // namespace psrp
