#include <clixml/base64.hpp>
#include <clixml/detail/digit_text.hpp>
#include <clixml/detail/primitive_text.hpp>
#include <clixml/errors.hpp>
#include <clixml/lexical.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/uri.hpp>
#include <clixml/utf.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace clixml {
namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_net_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_xml_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

template <typename Predicate>
std::string_view trimmed(std::string_view text, Predicate is_white)
{
    while (!text.empty() && is_white(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_white(text.back()))
        text.remove_suffix(1);
    return text;
}

// .NET's number parsers take any number of NUL characters at the very end, behind the white space.
std::string_view without_trailing_nuls(std::string_view text)
{
    while (!text.empty() && text.back() == '\0')
        text.remove_suffix(1);
    return text;
}

// Whether a decimal number with at least one digit other than 0 is at least 1: for telling overflow
// from underflow.
bool is_huge(std::string_view text)
{
    long long digits_before_point = 0;
    long long zeros_after_point = 0;
    bool point = false;
    bool significant = false;
    std::size_t at = 0;
    for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
        if (text[at] == '.')
            point = true;
        else if (text[at] != '0')
            significant = true;
        if (text[at] == '.') continue;
        if (!point && significant) ++digits_before_point;
        if (point && !significant) ++zeros_after_point;
    }
    bool negative_exponent = at + 1 < text.size() && text[at + 1] == '-';
    long long exponent = 0;
    for (; at < text.size(); ++at) {
        if (is_digit(text[at]) && exponent < 1'000'000'000'000LL)
            exponent = exponent * 10 + (text[at] - '0');
    }
    long long magnitude = (digits_before_point > 0 ? digits_before_point : -zeros_after_point) +
                          (negative_exponent ? -exponent : exponent);
    return magnitude > 0;
}

bool equal_ascii_ignoring_case(std::string_view text, std::string_view lower)
{
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
        if (c != lower[i]) return false;
    }
    return true;
}

template <typename Float>
bool read_float(std::string_view text, Float& value)
{
    text = trimmed(text, is_xml_white);
    if (text == "INF" || text == "-INF") {
        value = text[0] == '-' ? -std::numeric_limits<Float>::infinity()
                               : std::numeric_limits<Float>::infinity();
        return true;
    }
    text = trimmed(without_trailing_nuls(text), is_net_white);
    bool negative = !text.empty() && text.front() == '-';
    std::string_view number = text;
    if (!number.empty() && (number.front() == '-' || number.front() == '+'))
        number.remove_prefix(1);
    if (equal_ascii_ignoring_case(number, "infinity")) {
        value = negative ? -std::numeric_limits<Float>::infinity()
                         : std::numeric_limits<Float>::infinity();
        return true;
    }
    if (equal_ascii_ignoring_case(number, "nan")) {
        value = std::numeric_limits<Float>::quiet_NaN();
        return true;
    }
    if (number.empty() || !(is_digit(number.front()) || number.front() == '.')) return false;
    auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (end != number.data() + number.size()) return false;
    if (error == std::errc::result_out_of_range) {
        value = is_huge(number) ? std::numeric_limits<Float>::infinity() : Float{0};
    } else if (error != std::errc{}) {
        return false;
    }
    if (negative) value = -value;
    return true;
}

// Integers as .NET parses them: white space around, a sign only where the type has one.
template <typename Integer>
bool read_integer(std::string_view text, Integer& value)
{
    text = trimmed(without_trailing_nuls(text), is_net_white);
    if (text.empty()) return false;
    if constexpr (std::is_signed_v<Integer>) {
        if (text.front() == '+') {
            text.remove_prefix(1);
            if (text.empty() || text.front() == '-') return false;
        }
    }
    if (!is_digit(text.back())) return false;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_boolean(std::string_view text, bool& value)
{
    text = trimmed(text, is_xml_white);
    value = text == "true" || text == "1";
    return value || text == "false" || text == "0";
}

template <typename Integer, typename Factory>
Result<Value> integer_value(std::string_view text, Factory factory)
{
    Integer value = 0;
    if (!read_integer(text, value))
        return failure(Errc::InvalidPrimitive, 0, "a number of the element's range expected");
    return factory(value);
}

Result<Value> read_bytes(std::string_view text, Arena& arena)
{
    std::size_t room = text.size() / 4 * 3 + 3;
    auto* to = arena.allocate_array<std::uint8_t>(room);
    PSRP_TRY(std::size_t size, read_base64(text, to));
    arena.shrink_last(to, room, size);
    return Value::bytes({to, size});
}

Result<Value> read_moment(std::string_view text, const LocalZone* zone)
{
    DateTimeError error = DateTimeError::None;
    auto value = read_date_time(text, zone, &error);
    if (value) return Value::date_time(*value);
    if (error == DateTimeError::OutOfRange)
        return failure(Errc::TimeOutOfRange, 0, "a date before the year 10000 expected");
    return failure(Errc::InvalidPrimitive, 0, "a date and time expected");
}

Result<Value> read_duration(std::string_view text)
{
    TimeSpanError error = TimeSpanError::None;
    auto value = read_time_span(text, &error);
    if (value) return Value::time_span(*value);
    if (error == TimeSpanError::OutOfRange)
        return failure(Errc::TimeOutOfRange, 0, "a duration in the range of TimeSpan expected");
    return failure(Errc::InvalidPrimitive, 0, "a duration expected");
}

} // namespace

char* write_double(double value, char* to)
{
    char text[detail::primitive_room];
    return std::copy(text, detail::put_double(value, text), to);
}

char* write_single(float value, char* to)
{
    char text[detail::primitive_room];
    return std::copy(text, detail::put_single(value, text), to);
}

void append_lexical(const Value& value, std::string& out)
{
    char text[detail::primitive_room];
    switch (value.kind()) {
    case Kind::String:
    case Kind::Uri:
    case Kind::XmlDocument:
    case Kind::ScriptBlock:
    case Kind::SecureString:
        out += value.text();
        return;
    case Kind::ByteArray:
        append_base64(bytes_of(value.text()), out);
        return;
    case Kind::Boolean:
        out += value.unsigned_bits() != 0 ? "true" : "false";
        return;
    case Kind::Char:
    case Kind::Byte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
        out.append(text, detail::put_unsigned(value.unsigned_bits(), text));
        return;
    case Kind::SByte:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
        out.append(text, detail::put_signed(value.signed_bits(), text));
        return;
    case Kind::Single:
        out.append(text, detail::put_single(value.single_value(), text));
        return;
    case Kind::Double:
        out.append(text, detail::put_double(value.double_value(), text));
        return;
    case Kind::Decimal:
        out.append(text, detail::put_decimal(value.decimal_value(), text));
        return;
    case Kind::DateTime:
        out.append(text, detail::put_date_time(value.date_time_value(), text));
        return;
    case Kind::TimeSpan:
        out.append(text, detail::put_time_span({value.signed_bits()}, text));
        return;
    case Kind::Guid:
        out.append(text, detail::put_guid(value.guid_value(), text));
        return;
    case Kind::Version:
        out += value.version_value().text();
        return;
    case Kind::Nil:
    case Kind::ProgressRecord:
    case Kind::Object:
        return;
    }
}

std::string lexical_text(const Value& value)
{
    std::string out;
    append_lexical(value, out);
    return out;
}

Result<Value> read_lexical(Kind kind, std::string_view text, Arena& arena, const LocalZone* zone)
{
    switch (kind) {
    case Kind::String:
        return Value::string(text);
    case Kind::XmlDocument:
        return Value::xml_document(text);
    case Kind::ScriptBlock:
        return Value::script_block(text);
    case Kind::SecureString:
        return Value::secure_string(text);
    case Kind::Uri:
        if (!is_valid_wtf8(text))
            return failure(Errc::InvalidPrimitive, 0, "text in UTF-8 expected");
        if (is_plain_relative_uri(text)) return Value::uri(text);
        // As PowerShell shows it, which is not always as it was written.
        if (auto uri = Uri::read(text))
            return Value::uri(uri->text == text ? text : arena.copy(uri->text));
        return failure(Errc::InvalidPrimitive, 0, "a relative or absolute address expected");
    case Kind::Char:
        return integer_value<std::uint16_t>(text, [](std::uint16_t v) {
            return Value::character({v});
        });
    case Kind::Byte:
        return integer_value<std::uint8_t>(text, Value::byte);
    case Kind::SByte:
        return integer_value<std::int8_t>(text, Value::sbyte);
    case Kind::UInt16:
        return integer_value<std::uint16_t>(text, Value::uint16);
    case Kind::UInt32:
        return integer_value<std::uint32_t>(text, Value::uint32);
    case Kind::UInt64:
        return integer_value<std::uint64_t>(text, Value::uint64);
    case Kind::Int16:
        return integer_value<std::int16_t>(text, Value::int16);
    case Kind::Int32:
        return integer_value<std::int32_t>(text, Value::int32);
    case Kind::Int64:
        return integer_value<std::int64_t>(text, Value::int64);
    case Kind::Boolean: {
        bool value = false;
        if (read_boolean(text, value)) return Value::boolean(value);
        return failure(Errc::InvalidPrimitive, 0, "true, false, 1 or 0 expected");
    }
    case Kind::Single: {
        float value = 0;
        if (read_float(text, value)) return Value::single(value);
        return failure(Errc::InvalidPrimitive, 0, "a number expected");
    }
    case Kind::Double: {
        double value = 0;
        if (read_float(text, value)) return Value::double_precision(value);
        return failure(Errc::InvalidPrimitive, 0, "a number expected");
    }
    case Kind::Decimal:
        if (auto value = Decimal::read(without_trailing_nuls(text)))
            return Value::decimal(arena, *value);
        return failure(Errc::InvalidPrimitive, 0, "a decimal number expected");
    case Kind::DateTime:
        return read_moment(text, zone);
    case Kind::TimeSpan:
        return read_duration(text);
    case Kind::ByteArray:
        return read_bytes(text, arena);
    case Kind::Guid:
        if (auto value = Guid::read(text)) return Value::guid(arena, *value);
        return failure(Errc::InvalidPrimitive, 0, "a Guid expected");
    case Kind::Version:
        if (auto value = Version::read(text)) return Value::version(arena, *value);
        return failure(Errc::InvalidPrimitive, 0, "a version of two to four parts expected");
    case Kind::Nil:
    case Kind::ProgressRecord:
    case Kind::Object:
        break;
    }
    return failure(Errc::InvalidPrimitive, 0, "a kind that has a text of its own expected");
}

} // namespace clixml
