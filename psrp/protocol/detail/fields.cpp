#include <clixml/utf.hpp>
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>

#include <limits>
#include <string>

namespace psrp::detail {
namespace {

using clixml::failure;
using clixml::Kind;

// The primitive behind `value` where it is of `kind`; PowerShell's typed getters take no other
// type.
Result<Value> exact(Value value, Kind kind, const LiteralName& name)
{
    const Value plain = value.unwrapped();
    if (plain.kind() != kind)
        return failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
    return plain;
}

std::string flags_text(const EnumType& type, std::int32_t number)
{
    std::string text;
    std::uint32_t rest = static_cast<std::uint32_t>(number);
    for (const auto& row : type.names()) {
        const auto bits = static_cast<std::uint32_t>(row.number);
        if (bits == 0 || (rest & bits) != bits) continue;
        if (!text.empty()) text += ", ";
        text += row.name;
        rest &= ~bits;
    }
    return rest == 0 && !text.empty() ? text : std::to_string(number);
}

// Borrowed from the enumeration where the number has a name.
std::string_view enum_text(Arena& arena, const EnumType& type, std::int32_t number)
{
    for (const auto& row : type.names()) {
        if (row.number == number) return row.name;
    }
    return arena.copy(type.is_flags() ? flags_text(type, number) : std::to_string(number));
}

std::optional<std::int32_t> number_named(const EnumType& type, std::string_view name)
{
    for (const auto& row : type.names()) {
        if (clixml::equal_ignoring_case(row.name, name)) return row.number;
    }
    return std::nullopt;
}

} // namespace

Result<std::int32_t> read_enumeration(Value value, const EnumType& type, const LiteralName& name)
{
    const Value plain = value.unwrapped();
    if (plain.kind() == Kind::String) {
        if (const auto number = number_named(type, plain.text())) return *number;
        return failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
    }
    const bool is_integer = plain.kind() >= Kind::Byte && plain.kind() <= Kind::Int64;
    const auto number = is_integer ? plain.as<std::int32_t>()
                                   : Result<std::int32_t>(failure(Errc::WrongPropertyType));
    if (!number) return failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
    return *number;
}

Result<std::span<const Value>> read_list(Value value, const LiteralName& name)
{
    if (value.is_nil()) return std::span<const Value>{};
    const Object* object = value.object();
    const bool is_list = object != nullptr && object->container() != clixml::ContainerKind::None &&
                         object->container() != clixml::ContainerKind::Dictionary;
    if (!is_list) return failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
    return object->items();
}

Result<Fields> Fields::of(Value value)
{
    if (value.is_nil()) return failure(Errc::MissingPayload);
    const Object* object = value.object();
    if (object == nullptr) return failure(Errc::NotAPropertyBag);
    return Fields(*object);
}

const Property* Fields::find(const LiteralName& name) const
{
    const auto named = [&](std::span<const Property> bag) {
        return clixml::find_property(bag, name.text(), name.folded_hash());
    };
    const Property* note = named(object_->extended());
    return note != nullptr ? note : named(object_->adapted());
}

Value Fields::value_or_null(const LiteralName& name) const
{
    const Property* property = find(name);
    return property != nullptr ? property->value : Value();
}

Result<Value> Fields::value(const LiteralName& name) const
{
    const Property* property = find(name);
    if (property == nullptr) return failure(Errc::MissingProperty, clixml::no_offset, name.c_str());
    if (property->is_member_set())
        return failure(Errc::WrongPropertyType, clixml::no_offset, name.c_str());
    return property->value;
}

Result<std::int32_t> Fields::int32(const LiteralName& name) const
{
    PSRP_TRY(const Value found, value(name));
    PSRP_TRY(const Value plain, exact(found, Kind::Int32, name));
    return plain.as<std::int32_t>();
}

Result<std::uint32_t> Fields::uint32(const LiteralName& name) const
{
    PSRP_TRY(const Value found, value(name));
    PSRP_TRY(const Value plain, exact(found, Kind::UInt32, name));
    return plain.as<std::uint32_t>();
}

Result<std::int64_t> Fields::int64(const LiteralName& name) const
{
    PSRP_TRY(const Value found, value(name));
    PSRP_TRY(const Value plain, exact(found, Kind::Int64, name));
    return plain.as<std::int64_t>();
}

Result<bool> Fields::boolean(const LiteralName& name) const
{
    PSRP_TRY(const Value found, value(name));
    PSRP_TRY(const Value plain, exact(found, Kind::Boolean, name));
    return plain.as<bool>();
}

Result<std::string_view> Fields::text(const LiteralName& name) const
{
    PSRP_TRY(const Value found, value(name));
    if (found.is_nil()) return std::string_view{};
    PSRP_TRY(const Value plain, exact(found, Kind::String, name));
    return plain.text();
}

Result<clixml::Version> Fields::version(const LiteralName& name) const
{
    PSRP_TRY(const Value found, value(name));
    PSRP_TRY(const Value plain, exact(found, Kind::Version, name));
    return plain.as<clixml::Version>();
}

Result<std::int32_t> Fields::enumeration(const LiteralName& name, const EnumType& type) const
{
    PSRP_TRY(const Value found, value(name));
    return read_enumeration(found, type, name);
}

Result<std::int32_t>
Fields::enumeration_or(const LiteralName& name, const EnumType& type, std::int32_t absent) const
{
    if (find(name) == nullptr) return absent;
    return enumeration(name, type);
}

Result<std::optional<std::int32_t>> Fields::optional_int32(const LiteralName& name) const
{
    if (value_or_null(name).is_nil()) return std::optional<std::int32_t>{};
    PSRP_TRY(const auto number, int32(name));
    return std::optional(number);
}

Result<std::optional<bool>> Fields::optional_boolean(const LiteralName& name) const
{
    if (value_or_null(name).is_nil()) return std::optional<bool>{};
    PSRP_TRY(const auto found, boolean(name));
    return std::optional(found);
}

Result<std::optional<std::string_view>> Fields::optional_text(const LiteralName& name) const
{
    if (value_or_null(name).is_nil()) return std::optional<std::string_view>{};
    PSRP_TRY(const auto found, text(name));
    return std::optional(found);
}

Result<std::span<const Value>> Fields::list(const LiteralName& name) const
{
    PSRP_TRY(const Value found, value(name));
    return read_list(found, name);
}

Value enum_value(Arena& arena, const EnumType& type, std::int32_t number)
{
    auto* object = arena.make<Object>();
    object->set_nature(clixml::Nature::Enum);
    object->set_type_names(&type.type_names());
    object->set_text(enum_text(arena, type, number));
    object->set_base(Value::int32(number));
    return Value::object(object);
}

BagBuilder::BagBuilder(Arena& arena) : arena_(arena), object_(clixml::make_bag(arena)) {}

BagBuilder& BagBuilder::add(const LiteralName& name, Value value)
{
    object_->extended_bag().push(arena_, Property{arena_.add_name(name), value});
    return *this;
}

BagBuilder& BagBuilder::add_int32(const LiteralName& name, std::int32_t number)
{
    return add(name, Value::int32(number));
}

BagBuilder& BagBuilder::add_int64(const LiteralName& name, std::int64_t number)
{
    return add(name, Value::int64(number));
}

BagBuilder& BagBuilder::add_boolean(const LiteralName& name, bool value)
{
    return add(name, Value::boolean(value));
}

BagBuilder& BagBuilder::add_text(const LiteralName& name, std::string_view text)
{
    return add(name, Value::string(text));
}

BagBuilder& BagBuilder::add_enum(const LiteralName& name, const EnumType& type, std::int32_t number)
{
    return add(name, enum_value(arena_, type, number));
}

Value BagBuilder::value() const
{
    return Value::object(object_);
}

} // namespace psrp::detail
