#include <clixml/base64.hpp>
#include <clixml/decimal_integer.hpp>
#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/origin.hpp>
#include <clixml/utf.hpp>
#include <psrp/format/display_width.hpp>
#include <psrp/format/json_text.hpp>
#include <psrp/format/value_text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace psrp {

namespace {

using clixml::ContainerKind;
using clixml::Kind;
using clixml::Object;
using clixml::Value;
using Json = nlohmann::ordered_json;

Json json_of_real(double number)
{
    if (!std::isfinite(number)) return general_text(number, 15);
    return number;
}

// Digits that a double always keeps.
constexpr std::size_t double_digits = 15;

// A decimal with more digits than a double keeps stays exact as text.
Json json_of_decimal(const clixml::Decimal& decimal)
{
    std::string digits = clixml::coefficient_of(decimal).str();
    while (digits.size() > 1 && digits.back() == '0')
        digits.pop_back();
    if (digits.size() <= double_digits) return decimal.to_double();
    return decimal.text();
}

Json json_of_primitive(const Value& value)
{
    switch (value.kind()) {
    case Kind::Nil:
    case Kind::Object:
    case Kind::SecureString:
        return nullptr;
    case Kind::Boolean:
        return value.unsigned_bits() != 0;
    case Kind::Byte:
    case Kind::UInt16:
    case Kind::UInt32:
    case Kind::UInt64:
        return value.unsigned_bits();
    case Kind::SByte:
    case Kind::Int16:
    case Kind::Int32:
    case Kind::Int64:
        return value.signed_bits();
    case Kind::Single: {
        // The shortest text of the float, not that of the double next to it.
        const float number = value.single_value();
        if (!std::isfinite(number)) return general_text(static_cast<double>(number), 7);
        std::array<char, 40> shortest{};
        const auto written =
            std::to_chars(shortest.data(), shortest.data() + shortest.size(), number);
        return Json::parse(shortest.data(), written.ptr, nullptr, false);
    }
    case Kind::Double:
        return json_of_real(value.double_value());
    case Kind::Decimal:
        return json_of_decimal(value.decimal_value());
    case Kind::DateTime:
        return clixml::date_time_text(value.date_time_value());
    case Kind::ByteArray: {
        std::string text;
        clixml::append_base64(clixml::bytes_of(value.text()), text);
        return text;
    }
    case Kind::XmlDocument:
        return printable_utf8(value.text());
    case Kind::String:
    case Kind::Char:
    case Kind::TimeSpan:
    case Kind::Guid:
    case Kind::Uri:
    case Kind::Version:
    case Kind::ScriptBlock:
    case Kind::ProgressRecord:
        break;
    }
    return printable_utf8(value_text(value));
}

class JsonBuilder {
public:
    Json build(Value value)
    {
        const Object* object = value.object();
        if (object == nullptr) return json_of_primitive(value);
        if (std::find(open_.begin(), open_.end(), object) != open_.end()) {
            return printable_utf8(object->stored_text().value_or(std::string_view()));
        }
        open_.push_back(object);
        Json json = build_object(*object, value);
        open_.pop_back();
        return json;
    }

private:
    Json build_object(const Object& object, Value value)
    {
        if (object.container() == ContainerKind::Dictionary) return build_dictionary(object);
        if (object.container() != ContainerKind::None) {
            Json items = Json::array();
            for (const Value& item : object.items())
                items.push_back(build(item));
            return items;
        }
        if (object.is_type("System.Enum")) return printable_utf8(value_text(value));
        Json map = Json::object();
        if (!object.base().is_nil()) {
            // ConvertTo-Json drops what was added to texts and times.
            const Kind kind = object.base().kind();
            const bool is_plain = kind == Kind::String || kind == Kind::DateTime;
            if (is_plain || !shows_notes(object)) return build(object.base());
            map["value"] = build(object.base());
        }
        add_members(object.adapted(), map);
        add_members(object.extended(), map);
        if (map.empty() && object.stored_text()) return printable_utf8(*object.stored_text());
        return map;
    }

    Json build_dictionary(const Object& object)
    {
        Json map = Json::object();
        const auto items = object.items();
        for (std::size_t i = 0; i < object.entry_count(); ++i) {
            map[printable_utf8(value_text(items[2 * i]))] = build(items[2 * i + 1]);
        }
        return map;
    }

    // Notes of a primitive are worth a map unless they only tell a hidden origin.
    static bool shows_notes(const Object& object)
    {
        const auto shows = object.get("PSShowComputerName").unwrapped().as<bool>();
        if (shows && *shows) return true;
        const auto notes = object.extended();
        return std::any_of(notes.begin(), notes.end(), [](const clixml::Property& note) {
            return !clixml::is_origin_note(note.name_text());
        });
    }

    void add_members(std::span<const clixml::Property> members, Json& map)
    {
        for (const clixml::Property& member : members) {
            if (member.is_member_set()) continue;
            map[printable_utf8(member.name_text())] = build(member.value);
        }
    }

    std::vector<const Object*> open_; // objects being built, outermost first
};

} // namespace

std::string json_text(Value value)
{
    return JsonBuilder().build(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace psrp
