#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/operators.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace psrp::server {

namespace {

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
    "December",
};
constexpr std::array<std::string_view, 7> day_names = {
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
};

tl::unexpected<Failure> format_error(std::string message)
{
    return tl::unexpected(runtime_failure(
        "Error formatting a string: " + std::move(message),
        "FormatError",
        ErrorCategory::InvalidOperation
    ));
}

std::string padded(std::int64_t value, std::size_t digits)
{
    std::string text = std::to_string(value);
    if (text.size() < digits) text.insert(0, digits - text.size(), '0');
    return text;
}

// +02:00, or Z and nothing for K where the kind asks for it.
std::string offset_text(const clixml::DateTime& value, std::size_t width)
{
    const int offset = value.kind == clixml::DateTimeKind::Local ? value.offset_minutes : 0;
    const int size = offset < 0 ? -offset : offset;
    std::string text(1, offset < 0 ? '-' : '+');
    text += padded(size / 60, width == 1 ? 1 : 2);
    if (width >= 3) text += ":" + padded(size % 60, 2);
    return text;
}

// The standard letters and what they stand for in the invariant culture.
std::string_view standard_pattern(char letter)
{
    switch (letter) {
    case 'd':
        return "MM/dd/yyyy";
    case 'D':
        return "dddd, dd MMMM yyyy";
    case 't':
        return "HH:mm";
    case 'T':
        return "HH:mm:ss";
    case 'f':
        return "dddd, dd MMMM yyyy HH:mm";
    case 'F':
        return "dddd, dd MMMM yyyy HH:mm:ss";
    case 'g':
        return "MM/dd/yyyy HH:mm";
    case 'G':
        return "MM/dd/yyyy HH:mm:ss";
    case 'm':
    case 'M':
        return "MMMM dd";
    case 'o':
    case 'O':
        return "yyyy'-'MM'-'dd'T'HH':'mm':'ss.fffffffK";
    case 'r':
    case 'R':
        return "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'";
    case 's':
        return "yyyy'-'MM'-'dd'T'HH':'mm':'ss";
    case 'u':
        return "yyyy'-'MM'-'dd HH':'mm':'ss'Z'";
    case 'y':
    case 'Y':
        return "yyyy MMMM";
    default:
        return {};
    }
}

std::string fraction_text(int fraction, std::size_t digits, bool trim)
{
    std::string text = padded(fraction, 7).substr(0, std::min<std::size_t>(digits, 7));
    while (trim && !text.empty() && text.back() == '0')
        text.pop_back();
    return text;
}

// One run of the same letter of a custom pattern.
std::string date_part(
    char letter,
    std::size_t width,
    const clixml::DateTime& value,
    const clixml::DateTimeParts& parts
)
{
    const auto at_least = [&](std::int64_t number) {
        return padded(number, std::min<std::size_t>(width, 2));
    };
    switch (letter) {
    case 'y':
        return width <= 2 ? padded(parts.year % 100, width) : padded(parts.year, width);
    case 'M':
        if (width <= 2) return at_least(parts.month);
        return std::string(month_names[static_cast<std::size_t>(parts.month - 1)].substr(
            0, width == 3 ? 3 : std::string_view::npos
        ));
    case 'd':
        if (width <= 2) return at_least(parts.day);
        return std::string(day_names[static_cast<std::size_t>(parts.day_of_week)].substr(
            0, width == 3 ? 3 : std::string_view::npos
        ));
    case 'H':
        return at_least(parts.hour);
    case 'h':
        return at_least(parts.hour % 12 == 0 ? 12 : parts.hour % 12);
    case 'm':
        return at_least(parts.minute);
    case 's':
        return at_least(parts.second);
    case 'f':
        return fraction_text(parts.fraction, width, false);
    case 'F':
        return fraction_text(parts.fraction, width, true);
    case 't':
        return std::string(parts.hour < 12 ? "AM" : "PM")
            .substr(0, std::min<std::size_t>(width, 2));
    case 'z':
        return offset_text(value, width);
    case 'K':
        if (value.kind == clixml::DateTimeKind::Utc) return "Z";
        return value.kind == clixml::DateTimeKind::Local ? offset_text(value, 3) : "";
    default:
        return std::string(width, letter);
    }
}

std::string grouped(std::string digits)
{
    const std::size_t point = std::min(digits.find('.'), digits.size());
    const std::size_t first = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = point; at > first + 3; at -= 3)
        digits.insert(at - 3, ",");
    return digits;
}

std::string fixed(double value, int decimals)
{
    std::array<char, 512> buffer{};
    const auto written = std::to_chars(
        buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals
    );
    return {buffer.data(), written.ptr};
}

OperatorResult<std::string> format_number(const Number& number, std::string_view format)
{
    const char letter = format.front();
    int precision = -1;
    if (format.size() > 1) {
        const auto read =
            std::from_chars(format.data() + 1, format.data() + format.size(), precision);
        if (read.ec != std::errc{} || read.ptr != format.data() + format.size() || precision > 99) {
            return format_error("Input string was not in a correct format.");
        }
    }
    if (!std::isfinite(number.real))
        return clixml::lexical_text(Value::double_precision(number.real));
    const int decimals = precision < 0 ? 2 : precision;
    const bool whole = number.width != Number::Width::Double;
    switch (letter) {
    case 'N':
    case 'n':
        return grouped(fixed(number.real, decimals));
    case 'F':
    case 'f':
        return fixed(number.real, decimals);
    case 'P':
    case 'p':
        return grouped(fixed(number.real * 100, decimals)) + " %";
    case 'D':
    case 'd': {
        if (!whole) break;
        const bool negative = number.integer < 0;
        std::string digits = std::to_string(number.integer).substr(negative ? 1 : 0);
        const auto least = static_cast<std::size_t>(std::max(precision, 0));
        if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
        return (negative ? "-" : "") + digits;
    }
    case 'X':
    case 'x': {
        if (!whole) break;
        std::array<char, 32> buffer{};
        const bool narrow = number.width == Number::Width::Int32;
        const auto bits =
            narrow ? static_cast<std::uint64_t>(static_cast<std::uint32_t>(number.integer))
                   : static_cast<std::uint64_t>(number.integer);
        const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), bits, 16);
        std::string digits(buffer.data(), written.ptr);
        if (letter == 'X') digits = clixml::fold_case(digits);
        const auto least = static_cast<std::size_t>(std::max(precision, 0));
        if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
        return digits;
    }
    case 'G':
    case 'g':
        return clixml::to_display_text(value_of(number));
    default:
        break;
    }
    return format_error("Format specifier was invalid.");
}

OperatorResult<std::string> format_value(Value value, std::string_view format)
{
    if (format.empty()) return clixml::to_display_text(value);
    if (value.unwrapped().kind() == clixml::Kind::DateTime)
        return format_date(value.unwrapped().date_time_value(), format);
    if (const auto number = as_number(value)) return format_number(*number, format);
    return clixml::to_display_text(value);
}

} // namespace

OperatorResult<std::string> format_date(const clixml::DateTime& value, std::string_view format)
{
    if (format.size() == 1) {
        format = standard_pattern(format.front());
        if (format.empty()) return format_error("Input string was not in a correct format.");
    }
    const clixml::DateTimeParts parts = clixml::parts_of(value);
    constexpr std::string_view letters = "yMdHhmsfFtzK";
    std::string result;
    for (std::size_t at = 0; at < format.size();) {
        const char c = format[at];
        if (c == '\'' || c == '"') {
            const std::size_t end = format.find(c, at + 1);
            if (end == std::string_view::npos)
                return format_error("Input string was not in a correct format.");
            result += format.substr(at + 1, end - at - 1);
            at = end + 1;
        } else if (c == '\\' && at + 1 < format.size()) {
            result += format[at + 1];
            at += 2;
        } else if (c == '%' && at + 1 < format.size()) {
            ++at;
        } else if (letters.find(c) != std::string_view::npos) {
            std::size_t width = 1;
            while (at + width < format.size() && format[at + width] == c && c != 'K')
                ++width;
            result += date_part(c, std::min<std::size_t>(width, 20), value, parts);
            at += width;
        } else {
            result += c;
            ++at;
        }
    }
    return result;
}

OperatorResult<std::string> format_text(std::string_view format, std::span<const Value> arguments)
{
    constexpr int width_max = 100'000;
    std::string result;
    for (std::size_t at = 0; at < format.size(); ++at) {
        const char c = format[at];
        if ((c == '{' || c == '}') && at + 1 < format.size() && format[at + 1] == c) {
            result += c;
            ++at;
            continue;
        }
        if (c != '{') {
            if (c == '}') return format_error("Input string was not in a correct format.");
            result += c;
            continue;
        }
        const std::size_t end = format.find('}', at);
        if (end == std::string_view::npos)
            return format_error("Input string was not in a correct format.");
        std::string_view item = format.substr(at + 1, end - at - 1);
        const std::size_t colon = std::min(item.find(':'), item.size());
        const std::string_view shape =
            colon < item.size() ? item.substr(colon + 1) : std::string_view{};
        item = item.substr(0, colon);
        const std::size_t comma = std::min(item.find(','), item.size());
        std::size_t index = 0;
        const auto read = std::from_chars(item.data(), item.data() + comma, index);
        if (read.ec != std::errc{} || read.ptr != item.data() + comma) {
            return format_error("Input string was not in a correct format.");
        }
        int width = 0;
        if (comma < item.size()) {
            const auto aligned =
                std::from_chars(item.data() + comma + 1, item.data() + item.size(), width);
            if (aligned.ec != std::errc{} || aligned.ptr != item.data() + item.size() ||
                std::abs(width) > width_max) {
                return format_error("Input string was not in a correct format.");
            }
        }
        if (index >= arguments.size()) {
            return format_error("Index (zero based) must be greater than or equal to zero and less "
                                "than the size of the "
                                "argument list.");
        }
        auto text = format_value(arguments[index], shape);
        if (!text) return text;
        const std::size_t length = clixml::utf16_length(*text);
        const auto wanted = static_cast<std::size_t>(std::abs(width));
        if (length < wanted) text->insert(width > 0 ? 0 : text->size(), wanted - length, ' ');
        result += *text;
        at = end;
    }
    return result;
}

} // namespace psrp::server
