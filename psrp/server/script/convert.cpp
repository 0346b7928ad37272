#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/script/convert.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace psrp::server {

namespace {

using clixml::Kind;

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n\f\v";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<Number> read_number(std::string_view text)
{
    text = trimmed(text);
    if (text.empty()) return number_of(std::int64_t{0});
    const bool negative = text.front() == '-';
    std::string_view digits = text.front() == '-' || text.front() == '+' ? text.substr(1) : text;
    const char* end = digits.data() + digits.size();
    if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
        std::int64_t value = 0;
        const auto read = std::from_chars(digits.data() + 2, end, value, 16);
        if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
        return number_of(negative ? -value : value);
    }
    if (digits.empty() || (digits.front() != '.' && (digits.front() < '0' || digits.front() > '9')))
        return std::nullopt;
    std::int64_t integer = 0;
    auto read = std::from_chars(digits.data(), end, integer);
    if (read.ec == std::errc{} && read.ptr == end) return number_of(negative ? -integer : integer);
    double real = 0;
    read = std::from_chars(digits.data(), end, real);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return number_of(negative ? -real : real);
}

struct TypeRow {
    std::string_view alias;
    std::string_view full_name;
    Kind kind;
};

// clang-format off
constexpr std::array<TypeRow, 20> type_rows = {{
    {"string", "System.String", Kind::String},      {"int", "System.Int32", Kind::Int32},
    {"int32", "System.Int32", Kind::Int32},         {"long", "System.Int64", Kind::Int64},
    {"int64", "System.Int64", Kind::Int64},         {"double", "System.Double", Kind::Double},
    {"bool", "System.Boolean", Kind::Boolean},      {"switch", "System.Boolean", Kind::Boolean},
    {"char", "System.Char", Kind::Char},            {"byte", "System.Byte", Kind::Byte},
    {"decimal", "System.Decimal", Kind::Decimal},   {"guid", "System.Guid", Kind::Guid},
    {"uri", "System.Uri", Kind::Uri},               {"version", "System.Version", Kind::Version},
    {"timespan", "System.TimeSpan", Kind::TimeSpan},{"datetime", "System.DateTime", Kind::DateTime},
    {"scriptblock", "System.Management.Automation.ScriptBlock", Kind::ScriptBlock},
    {"array", "System.Array", Kind::Object},        {"object[]", "System.Object[]", Kind::Object},
    {"byte[]", "System.Byte[]", Kind::ByteArray},
}};
// clang-format on

const TypeRow* find_type(std::string_view type)
{
    for (const TypeRow& row : type_rows) {
        if (clixml::equal_ignoring_case(type, row.alias) ||
            clixml::equal_ignoring_case(type, row.full_name))
            return &row;
    }
    return nullptr;
}

// [d.]hh:mm[:ss[.fffffff]] with a sign, or a number of ticks.
std::optional<Value> read_net_time_span(std::string_view text)
{
    text = trimmed(text);
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    std::array<std::int64_t, 4> parts{}; // days, hours, minutes, seconds
    std::int64_t fraction = 0;
    std::size_t index = 1;
    const std::size_t first_colon = text.find(':');
    if (first_colon == std::string_view::npos) {
        std::int64_t days = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), days);
        if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || days > 10'675'199)
            return std::nullopt;
        return Value::time_span({(negative ? -days : days) * clixml::ticks_per_day});
    }
    const std::size_t dot = text.find('.');
    if (dot != std::string_view::npos && dot < first_colon) index = 0;
    while (!text.empty() && index < 4) {
        const auto read = std::from_chars(text.data(), text.data() + text.size(), parts[index]);
        if (read.ec != std::errc{} || parts[index] < 0 || parts[index] > 10'675'199)
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
        if (text.empty()) break;
        if (text.front() != (index == 0 || index == 3 ? '.' : ':')) return std::nullopt;
        text.remove_prefix(1);
        ++index;
    }
    if (index == 4) {
        if (text.empty() || text.size() > 7) return std::nullopt;
        std::string digits(text);
        digits.resize(7, '0');
        const auto read = std::from_chars(digits.data(), digits.data() + 7, fraction);
        if (read.ec != std::errc{} || read.ptr != digits.data() + 7) return std::nullopt;
    }
    if (parts[1] > 23 || parts[2] > 59 || parts[3] > 59) return std::nullopt;
    const std::int64_t seconds = ((parts[0] * 24 + parts[1]) * 60 + parts[2]) * 60 + parts[3];
    const std::int64_t ticks = seconds * clixml::ticks_per_second + fraction;
    return Value::time_span({negative ? -ticks : ticks});
}

std::optional<Value> cast_bytes(Value value, Arena& arena)
{
    const std::vector<Value> items = as_list(value, arena);
    auto* bytes = arena.allocate_array<std::uint8_t>(items.size() + 1);
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto number = to_integer(items[i]);
        if (!number || *number < 0 || *number > 255) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*number);
    }
    return Value::bytes({bytes, items.size()});
}

std::optional<Value> cast_text(Kind kind, Value value, Arena& arena)
{
    const std::string text = clixml::to_display_text(value);
    if (kind == Kind::TimeSpan) {
        if (const auto number = as_number(value)) return Value::time_span({number->integer});
        return read_net_time_span(text);
    }
    if (kind == Kind::DateTime) {
        auto read = clixml::read_lexical(kind, arena.copy(text), arena, nullptr);
        return read ? std::optional(*read) : std::nullopt;
    }
    if (kind == Kind::Guid) {
        const auto guid = clixml::Guid::read(text);
        return guid ? std::optional(Value::guid(arena, *guid)) : std::nullopt;
    }
    if (kind == Kind::Version) {
        const auto version = clixml::Version::read(text);
        return version ? std::optional(Value::version(arena, *version)) : std::nullopt;
    }
    if (kind == Kind::Decimal) {
        const auto decimal = clixml::Decimal::read(text);
        return decimal ? std::optional(Value::decimal(arena, *decimal)) : std::nullopt;
    }
    if (kind == Kind::Char) {
        if (const auto number = as_number(value)) {
            if (number->integer < 0 || number->integer > 0xFFFF) return std::nullopt;
            return Value::character({static_cast<std::uint16_t>(number->integer)});
        }
        if (clixml::utf16_length(text) != 1) return std::nullopt;
        std::size_t at = 0;
        return Value::character({static_cast<std::uint16_t>(clixml::next_code_point(text, at))});
    }
    if (kind == Kind::Uri) return Value::uri(arena.copy(text));
    if (kind == Kind::ScriptBlock) return Value::script_block(arena.copy(text));
    return Value::string(arena, text);
}

} // namespace

bool is_true(Value value)
{
    value = value.unwrapped();
    switch (value.kind()) {
    case Kind::Nil:
        return false;
    case Kind::String:
        return !value.text().empty();
    case Kind::Object:
        break;
    default:
        if (value.kind() == Kind::Boolean || value.kind() == Kind::Char)
            return value.unsigned_bits() != 0;
        if (const auto number = as_number(value)) return number->real != 0;
        return true;
    }
    const Object& object = *value.object();
    if (object.container() == clixml::ContainerKind::None ||
        object.container() == clixml::ContainerKind::Dictionary) {
        return true;
    }
    if (object.items().size() != 1) return !object.items().empty();
    // A list of one counts as its item; a list in a list does not go deeper than that.
    const Value only = object.items().front();
    return is_enumerable(only) || is_true(only);
}

Number number_of(std::int64_t value)
{
    const bool narrow = value >= std::numeric_limits<std::int32_t>::min() &&
                        value <= std::numeric_limits<std::int32_t>::max();
    return {
        narrow ? Number::Width::Int32 : Number::Width::Int64, value, static_cast<double>(value)};
}

Number number_of(double value)
{
    return {Number::Width::Double, 0, value};
}

std::optional<Number> as_number(Value value)
{
    value = value.unwrapped();
    switch (value.kind()) {
    case Kind::Byte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::SByte:
    case Kind::Int16:
    case Kind::Int32: {
        auto integer = value.as<std::int64_t>();
        Number number = number_of(integer ? *integer : 0);
        return number;
    }
    case Kind::Int64: {
        Number number = number_of(value.signed_bits());
        number.width = Number::Width::Int64;
        return number;
    }
    case Kind::UInt64: {
        const std::uint64_t bits = value.unsigned_bits();
        if (bits > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return number_of(static_cast<double>(bits));
        }
        Number number = number_of(static_cast<std::int64_t>(bits));
        number.width = Number::Width::Int64;
        return number;
    }
    case Kind::Single:
        return number_of(static_cast<double>(value.single_value()));
    case Kind::Double:
        return number_of(value.double_value());
    case Kind::Decimal:
        return number_of(value.decimal_value().to_double());
    default:
        return std::nullopt;
    }
}

std::optional<Number> to_number(Value value)
{
    value = value.unwrapped();
    if (const auto number = as_number(value)) return number;
    if (value.is_nil()) return number_of(std::int64_t{0});
    if (value.kind() == Kind::Boolean)
        return number_of(static_cast<std::int64_t>(value.unsigned_bits()));
    if (value.kind() == Kind::Char)
        return number_of(static_cast<std::int64_t>(value.unsigned_bits()));
    if (value.kind() == Kind::String) return read_number(value.text());
    return std::nullopt;
}

Value value_of(const Number& number)
{
    switch (number.width) {
    case Number::Width::Int32:
        return Value::int32(static_cast<std::int32_t>(number.integer));
    case Number::Width::Int64:
        return Value::int64(number.integer);
    case Number::Width::Double:
        return Value::double_precision(number.real);
    }
    return {};
}

std::optional<std::int64_t> to_integer(Value value)
{
    const auto number = to_number(value);
    if (!number) return std::nullopt;
    if (number->width != Number::Width::Double) return number->integer;
    const double rounded = std::nearbyint(number->real);
    if (!(rounded >= -9.2e18 && rounded <= 9.2e18)) return std::nullopt;
    return static_cast<std::int64_t>(rounded);
}

bool is_enumerable(Value value)
{
    if (value.kind() == Kind::ByteArray) return true;
    const Object* object = value.object();
    if (object == nullptr) return false;
    if (object->base().kind() == Kind::ByteArray) return true;
    return object->container() != clixml::ContainerKind::None &&
           object->container() != clixml::ContainerKind::Dictionary;
}

std::span<const Value> items_of(Value value, Arena& arena)
{
    if (const Object* object = value.object();
        object != nullptr && object->container() != clixml::ContainerKind::None) {
        return object->items();
    }
    const auto bytes = value.as<clixml::BytesView>();
    if (!bytes) return {};
    auto* items = arena.allocate_array<Value>(bytes->size() + 1);
    for (std::size_t i = 0; i < bytes->size(); ++i)
        new (items + i) Value(Value::byte((*bytes)[i]));
    return {items, bytes->size()};
}

std::vector<Value> as_list(Value value, Arena& arena)
{
    if (value.is_nil()) return {};
    if (!is_enumerable(value)) return {value};
    const auto items = items_of(value, arena);
    return {items.begin(), items.end()};
}

Value make_list(Arena& arena, std::span<const Value> items)
{
    clixml::Object* list = clixml::make_array(arena);
    for (const Value item : items)
        list->add_item(arena, item);
    return Value::object(list);
}

std::string_view full_type_name(std::string_view type)
{
    const TypeRow* row = find_type(type);
    return row == nullptr ? std::string_view{} : row->full_name;
}

std::optional<Value> cast_to(std::string_view type, Value value, Arena& arena, bool& known)
{
    const TypeRow* row = find_type(type);
    known = row != nullptr;
    if (row == nullptr) return std::nullopt;
    if (row->kind == Kind::ByteArray) return cast_bytes(value, arena);
    if (row->kind == Kind::Object) return make_list(arena, as_list(value, arena));
    if (row->kind == Kind::Boolean) return Value::boolean(is_true(value));
    if (value.unwrapped().kind() == row->kind) return value;
    if (row->kind == Kind::String && value.is_nil()) return Value::string("");
    if (row->kind == Kind::Double) {
        const auto number = to_number(value);
        return number ? std::optional(Value::double_precision(number->real)) : std::nullopt;
    }
    if (row->kind == Kind::Int32 || row->kind == Kind::Int64 || row->kind == Kind::Byte) {
        const auto integer = to_integer(value);
        if (!integer) return std::nullopt;
        if (row->kind == Kind::Int64) return Value::int64(*integer);
        if (row->kind == Kind::Byte) {
            if (*integer < 0 || *integer > 255) return std::nullopt;
            return Value::byte(static_cast<std::uint8_t>(*integer));
        }
        if (number_of(*integer).width != Number::Width::Int32) return std::nullopt;
        return Value::int32(static_cast<std::int32_t>(*integer));
    }
    if (value.is_nil()) return std::nullopt;
    return cast_text(row->kind, value, arena);
}

std::string short_type_name(Value value)
{
    if (value.is_nil()) return "";
    std::string_view name = "System.Object";
    if (const Object* object = value.object()) {
        if (!object->type_names().empty()) name = object->type_names().front();
    } else {
        name = clixml::primitive_of(value.kind()).type_name;
    }
    const std::string_view plain = name.substr(0, name.find_first_of("[`"));
    const std::size_t dot = plain.rfind('.');
    return std::string(dot == std::string_view::npos ? name : name.substr(dot + 1));
}

} // namespace psrp::server
