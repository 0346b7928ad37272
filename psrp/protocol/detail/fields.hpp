// Reading and making the property bags that payloads are (fact sheet psrp 5): names ignore case,
// order is free, extra properties are ignored, types are exact, enumerations come as number or
// name.
#pragma once

#include <clixml/guid.hpp>
#include <clixml/version.hpp>
#include <psrp/protocol/records.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace psrp::detail {

// One value of a .NET enumeration.
struct EnumName {
    std::int32_t number;
    std::string_view name;
};

// A .NET enumeration. Its values are written with their name; numbers without a name have their
// digits as text.
struct EnumType {
    std::string_view type_name; // full .NET name
    std::span<const EnumName> names;
    bool is_flags = false; // several names are joined with ", "
};

// A property bag that was received. The names given to its functions are literals: they become
// details of errors.
class Fields {
public:
    // Errc::MissingPayload for null, Errc::NotAPropertyBag for what has no properties.
    static Result<Fields> of(Value value);

    // The property, or null.
    [[nodiscard]] const Property* find(const char* name) const;
    // Its value; null where it is absent too.
    [[nodiscard]] Value value_or_null(const char* name) const;

    // Errors of all that follow: Errc::MissingProperty where it is absent, Errc::WrongPropertyType.
    Result<Value> value(const char* name) const;
    Result<std::int32_t> int32(const char* name) const;
    Result<std::uint32_t> uint32(const char* name) const;
    Result<std::int64_t> int64(const char* name) const;
    Result<bool> boolean(const char* name) const;
    // Null reads as the empty text. Borrowed.
    Result<std::string_view> text(const char* name) const;
    Result<clixml::Version> version(const char* name) const;
    // A number of any integer type, or one of the names ignoring case, or the enumeration's own
    // object.
    Result<std::int32_t> enumeration(const char* name, const EnumType& type) const;
    // The same, with what stands for an absent property.
    Result<std::int32_t>
    enumeration_or(const char* name, const EnumType& type, std::int32_t absent) const;
    // Nothing where it is absent or null.
    Result<std::optional<std::int32_t>> optional_int32(const char* name) const;
    Result<std::optional<bool>> optional_boolean(const char* name) const;
    Result<std::optional<std::string_view>> optional_text(const char* name) const;
    // The items of a list; none for null. The property must be there.
    Result<std::span<const Value>> list(const char* name) const;

    [[nodiscard]] const Object& object() const { return *object_; }

private:
    explicit Fields(const Object& object) : object_(&object) {}

    const Object* object_;
};

// Fields::enumeration() of a value that stands alone.
Result<std::int32_t> read_enumeration(Value value, const EnumType& type, const char* name);

// The items of a list value; none for null. Errc::WrongPropertyType for what is no list.
Result<std::span<const Value>> read_list(Value value, const char* name);

// The enumeration's object in `arena`.
Value enum_value(Arena& arena, const EnumType& type, std::int32_t number);

// A bag that is being made. Names are copied, texts are borrowed.
class BagBuilder {
public:
    explicit BagBuilder(Arena& arena);

    BagBuilder& add(std::string_view name, Value value);
    BagBuilder& add_int32(std::string_view name, std::int32_t number);
    BagBuilder& add_int64(std::string_view name, std::int64_t number);
    BagBuilder& add_boolean(std::string_view name, bool value);
    // Borrows the text.
    BagBuilder& add_text(std::string_view name, std::string_view text);
    BagBuilder& add_enum(std::string_view name, const EnumType& type, std::int32_t number);

    [[nodiscard]] Object& object() { return *object_; }
    [[nodiscard]] Value value() const;

private:
    Arena& arena_;
    Object* object_;
};

} // namespace psrp::detail
