// Object: type names, text, base value or container, adapted and extended properties (fact sheet
// clixml 3).
#pragma once

#include <clixml/value.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace clixml {

// The list of type names of an object, most specific first. Shared by the objects that have the
// same list.
struct TypeNames {
    std::span<const std::string_view> names;
};

// A named value. A member set (an MS inside an MS) has members() instead, and null as its value.
struct Property {
    const Name* name = nullptr;
    Value value;

    Property() = default;
    Property(
        const Name* property_name,
        Value property_value,
        const ArenaVector<Property>* member_set = nullptr
    );

    [[nodiscard]] std::string_view name_text() const { return name->text(); }
    [[nodiscard]] bool is_member_set() const { return members() != nullptr; }
    // The members of a member set, else null. Borrowed from the arena.
    [[nodiscard]] const ArenaVector<Property>* members() const
    {
        return value.is_nil() ? static_cast<const ArenaVector<Property>*>(value.hidden_pointer())
                              : nullptr;
    }
};

static_assert(sizeof(Property) == 24);

// Properties in order; names are looked up as .NET does, ordinal and ignoring case.
using PropertyBag = ArenaVector<Property>;

// The property called `name`, ignoring case, or null. Borrowed from the bag.
const Property* find_property(std::span<const Property> bag, std::string_view name);
// The same for who knows folded_hash(name).
const Property*
find_property(std::span<const Property> bag, std::string_view name, std::uint32_t hash);

// What kind of container stands in an object.
enum class ContainerKind : std::uint8_t { None, List, Stack, Queue, Enumerable, Dictionary };

// What a .NET object was, which decides how PowerShell would serialize it at a given depth (fact
// sheet clixml 3.1, 4).
enum class Nature : std::uint8_t {
    Bag,    // PSCustomObject, or a wrapped primitive, container or object: members are what was put
            // into it
    Live,   // an object of a class: adapted properties one level down, its text at depth 0
    Enum,   // number and name; only the name at depth 0
    Record, // ErrorRecord and its like: type names, text and notes, never adapted properties
};

// An object. Lives in an Arena; all it points to is borrowed from there (and from a text that was
// read).
class Object {
public:
    // Type names
    // ----------------------------------------------------------------------------------------------

    // The names as written (lossless) or with their Deserialized. prefix (deserialized); null where
    // none are written.
    [[nodiscard]] const TypeNames* written_type_names() const { return type_names_; }
    // The names of the object: the written ones, else those of what it is in PowerShell
    // (System.Collections.ArrayList, System.Int32, System.Management.Automation.PSCustomObject,
    // ...; clixml 5.2).
    [[nodiscard]] std::span<const std::string_view> type_names() const
    {
        return type_names_ != nullptr ? type_names_->names : default_type_names();
    }
    void set_type_names(const TypeNames* names) { type_names_ = names; }
    void set_type_names(Arena& arena, std::span<const std::string_view> names);
    void set_type_names(Arena& arena, std::initializer_list<std::string_view> names);
    // Whether one of the names is `name` or `Deserialized.` + `name`, ignoring case.
    [[nodiscard]] bool is_type(std::string_view name) const;

    // Text
    // ----------------------------------------------------------------------------------------------------

    // The stored ToString text, if there is one; it may be empty.
    [[nodiscard]] std::optional<std::string_view> stored_text() const
    {
        if (!has_text_) return std::nullopt;
        return std::string_view(text_, text_size_);
    }
    void set_text(std::string_view borrowed);
    void set_text(Arena& arena, std::string_view text) { set_text(arena.copy(text)); }

    // Base
    // ----------------------------------------------------------------------------------------------------

    // The primitive or object that this object wraps; null for bags and containers.
    [[nodiscard]] const Value& base() const { return base_; }
    void set_base(Value base);
    [[nodiscard]] ContainerKind container() const { return container_; }
    void set_container(ContainerKind kind);
    // Items of a list, stack (top first), queue (front first) or enumerable; keys and values in
    // turn of a dictionary.
    [[nodiscard]] std::span<const Value> items() const { return items_.items(); }
    void add_item(Arena& arena, Value item) { items_.push(arena, item); }
    void add_entry(Arena& arena, Value key, Value value);
    void set_items(ArenaVector<Value> items) { items_ = items; }
    [[nodiscard]] std::size_t entry_count() const { return items_.size() / 2; }
    // The value whose key is the string `key` (ignoring case, as a Hashtable of PowerShell), or
    // nothing.
    [[nodiscard]] std::optional<Value> entry(std::string_view key) const;

    // Members
    // -------------------------------------------------------------------------------------------------

    // Adapted properties (Props) and extended ones (MS), each in order.
    [[nodiscard]] std::span<const Property> adapted() const { return adapted_.items(); }
    [[nodiscard]] std::span<const Property> extended() const { return extended_.items(); }
    [[nodiscard]] PropertyBag& adapted_bag() { return adapted_; }
    [[nodiscard]] PropertyBag& extended_bag() { return extended_; }
    // Whether a Props or MS element is there even if it holds nothing.
    [[nodiscard]] bool has_adapted() const { return has_adapted_; }
    [[nodiscard]] bool has_extended() const { return has_extended_; }
    void set_has_adapted(bool has) { has_adapted_ = has; }
    void set_has_extended(bool has) { has_extended_ = has; }
    // Adds at the end, or replaces the value of the property of that name (ignoring case) in its
    // place, taking over the new spelling (clixml 5.3).
    void set_adapted(Arena& arena, std::string_view name, Value value);
    void set_note(Arena& arena, std::string_view name, Value value);
    // Adds at the end without looking for the name: for names known to be new.
    void add_adapted(Arena& arena, std::string_view name, Value value);
    void add_note(Arena& arena, std::string_view name, Value value);

    // The property that PowerShell shows for `name`: a note, else an adapted property; null where
    // there is none.
    [[nodiscard]] const Property* find(std::string_view name) const;
    // The value of that property; null (Nil) also where there is none.
    [[nodiscard]] Value get(std::string_view name) const;

    // The methods that PowerShell shows on an object that was read: GetType, and ToString unless
    // the object came with adapted properties and no text. A note of that name hides the method. No
    // method of the original type is left (clixml 5.3).
    [[nodiscard]] std::span<const std::string_view> methods() const;

    // How PowerShell would treat it
    // ---------------------------------------------------------------------------

    [[nodiscard]] Nature nature() const { return nature_; }
    void set_nature(Nature nature) { nature_ = nature; }
    // Read with a Props element: never falls below depth 1 when serialized again (clixml 5.5).
    [[nodiscard]] bool is_deserialized() const { return deserialized_; }
    void set_deserialized(bool deserialized) { deserialized_ = deserialized; }

    // Identifiers as they stood in a text that was read losslessly and numbered otherwise than
    // PowerShell does.
    struct WrittenIds {
        std::string_view ref_id;        // of the Obj; empty pointer: no attribute
        std::string_view type_names_id; // of its TN; empty pointer: no attribute
        bool has_ref_id = false;        // whether ref_id says anything
        bool has_type_names_id = false; // whether type_names_id says anything
    };
    [[nodiscard]] const WrittenIds* written_ids() const { return written_ids_; }
    void set_written_ids(const WrittenIds* ids) { written_ids_ = ids; }

private:
    [[nodiscard]] std::span<const std::string_view> default_type_names() const;

    const TypeNames* type_names_ = nullptr;
    const char* text_ = nullptr;
    std::uint32_t text_size_ = 0;
    ContainerKind container_ = ContainerKind::None;
    Nature nature_ = Nature::Bag;
    bool has_text_ = false;
    bool has_adapted_ : 1 = false;
    bool has_extended_ : 1 = false;
    bool deserialized_ : 1 = false;
    Value base_;
    ArenaVector<Value> items_;
    PropertyBag adapted_;
    PropertyBag extended_;
    const WrittenIds* written_ids_ = nullptr;
};

// Builders for the commonest objects. The result lives in `arena`.

// A property bag without type names, as PSRP's own payloads use it (fact sheet psrp 5).
Object* make_bag(Arena& arena);
// A [pscustomobject]: a bag with the type names of PSCustomObject.
Object* make_custom_object(Arena& arena);
// An object of a class: type names from the most specific to System.Object.
Object*
make_live(Arena& arena, std::initializer_list<std::string_view> type_names, std::string_view text);
// An enum value: `type` and the three names every enum ends in, its name as text, its number.
Object* make_enum(Arena& arena, std::string_view type, std::string_view name, std::int32_t number);
// An empty container; the type names are those given.
Object* make_container(
    Arena& arena, ContainerKind kind, std::initializer_list<std::string_view> type_names
);
// System.Object[], System.Collections.ArrayList, System.Collections.Hashtable.
Object* make_array(Arena& arena);
Object* make_array_list(Arena& arena);
Object* make_hashtable(Arena& arena);

// `value` as an object that can carry notes: the object itself, or a new one around a primitive.
// Null stays null.
Object* wrap(Arena& arena, Value value);

// A deep copy of `value` into `arena`, text included; shared and cyclic references stay shared and
// cyclic.
Value clone(Arena& arena, Value value);

// What PowerShell prints for "$value" (PSObject.ToString, invariant culture; clixml 3.6): stored
// text, the primitive's text, items joined by blanks, or @{a=1; b=2}. Parts that would come after
// the first `bytes_max` bytes are left out: the text of shared objects may be many times what was
// read.
std::string to_display_text(Value value, std::size_t bytes_max = SIZE_MAX);

// The names of the type PowerShell gives a primitive: System.Int32, System.ValueType,
// System.Object.
std::span<const std::string_view> type_names_of(Kind kind);

// The .NET type that PowerShell would rebuild from this deserialized object: one of its well-known
// types, where the object has what that needs (an IPAddress a text that is one). Empty for all
// others (clixml 5.7). The object stays what it is.
std::string_view rehydrated_type(const Object& object);

} // namespace clixml
