// Reading and making the property bags that payloads are (fact sheet psrp 5): names ignore case,
// order is free, extra properties are ignored, types are exact, enumerations come as number or
// name.
#pragma once

#include <clixml/guid.hpp>
#include <clixml/literal_name.hpp>
#include <clixml/object.hpp>
#include <clixml/version.hpp>
#include <psrp/protocol/records.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace psrp::detail {

using clixml::LiteralName;

// One value of a .NET enumeration.
struct EnumName {
    std::int32_t number;
    std::string_view name;
};

// A .NET enumeration. Its values are written with their name; numbers without a name have their
// digits as text. Lives as long as the program: its values borrow from it.
class EnumType {
public:
    // The full .NET name; `is_flags`: several names are joined with ", ".
    constexpr EnumType(
        std::string_view type_name, std::span<const EnumName> names, bool is_flags = false
    )
        : names_(names), is_flags_(is_flags),
          bases_{type_name, "System.Enum", "System.ValueType", "System.Object"}, type_names_{bases_}
    {
    }
    EnumType(const EnumType&) = delete;
    EnumType& operator=(const EnumType&) = delete;
    ~EnumType() = default;

    [[nodiscard]] constexpr std::span<const EnumName> names() const { return names_; }
    [[nodiscard]] constexpr bool is_flags() const { return is_flags_; }
    // Those of every value.
    [[nodiscard]] constexpr const clixml::TypeNames& type_names() const { return type_names_; }

private:
    std::span<const EnumName> names_;
    bool is_flags_;
    std::array<std::string_view, 4> bases_;
    clixml::TypeNames type_names_;
};

// A property bag that was received. The names given to its functions become details of errors.
class Fields {
public:
    // Errc::MissingPayload for null, Errc::NotAPropertyBag for what has no properties.
    static Result<Fields> of(Value value);

    // The property, or null.
    [[nodiscard]] const Property* find(const LiteralName& name) const;
    // Its value; null where it is absent too.
    [[nodiscard]] Value value_or_null(const LiteralName& name) const;

    // Errors of all that follow: Errc::MissingProperty where it is absent, Errc::WrongPropertyType.
    Result<Value> value(const LiteralName& name) const;
    Result<std::int32_t> int32(const LiteralName& name) const;
    Result<std::uint32_t> uint32(const LiteralName& name) const;
    Result<std::int64_t> int64(const LiteralName& name) const;
    Result<bool> boolean(const LiteralName& name) const;
    // Null reads as the empty text. Borrowed.
    Result<std::string_view> text(const LiteralName& name) const;
    Result<clixml::Version> version(const LiteralName& name) const;
    // A number of any integer type, or one of the names ignoring case, or the enumeration's own
    // object.
    Result<std::int32_t> enumeration(const LiteralName& name, const EnumType& type) const;
    // The same, with what stands for an absent property.
    Result<std::int32_t>
    enumeration_or(const LiteralName& name, const EnumType& type, std::int32_t absent) const;
    // Nothing where it is absent or null.
    Result<std::optional<std::int32_t>> optional_int32(const LiteralName& name) const;
    Result<std::optional<bool>> optional_boolean(const LiteralName& name) const;
    Result<std::optional<std::string_view>> optional_text(const LiteralName& name) const;
    // The items of a list; none for null. The property must be there.
    Result<std::span<const Value>> list(const LiteralName& name) const;

    [[nodiscard]] const Object& object() const { return *object_; }

private:
    explicit Fields(const Object& object) : object_(&object) {}

    const Object* object_;
};

// Fields::enumeration() of a value that stands alone.
Result<std::int32_t> read_enumeration(Value value, const EnumType& type, const LiteralName& name);

// The items of a list value; none for null. Errc::WrongPropertyType for what is no list.
Result<std::span<const Value>> read_list(Value value, const LiteralName& name);

// The enumeration's object in `arena`.
Value enum_value(Arena& arena, const EnumType& type, std::int32_t number);

// A bag that is being made. Texts are borrowed.
class BagBuilder {
public:
    explicit BagBuilder(Arena& arena);

    BagBuilder& add(const LiteralName& name, Value value);
    BagBuilder& add_int32(const LiteralName& name, std::int32_t number);
    BagBuilder& add_int64(const LiteralName& name, std::int64_t number);
    BagBuilder& add_boolean(const LiteralName& name, bool value);
    BagBuilder& add_text(const LiteralName& name, std::string_view text);
    BagBuilder& add_enum(const LiteralName& name, const EnumType& type, std::int32_t number);

    [[nodiscard]] Object& object() { return *object_; }
    [[nodiscard]] Value value() const;

private:
    Arena& arena_;
    Object* object_;
};

} // namespace psrp::detail
