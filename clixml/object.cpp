#include <clixml/object.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/utf.hpp>

namespace clixml {
namespace {

constexpr std::string_view custom_object_names[] = {
    "System.Management.Automation.PSCustomObject", "System.Object"};
constexpr std::string_view array_list_names[] = {"System.Collections.ArrayList", "System.Object"};
constexpr std::string_view stack_names[] = {"System.Collections.Stack", "System.Object"};
constexpr std::string_view queue_names[] = {"System.Collections.Queue", "System.Object"};
constexpr std::string_view hashtable_names[] = {"System.Collections.Hashtable", "System.Object"};
constexpr std::string_view null_names[] = {"System.Object"};

std::span<const std::string_view> names_of(ContainerKind kind)
{
    switch (kind) {
    case ContainerKind::List:
    case ContainerKind::Enumerable:
        return array_list_names;
    case ContainerKind::Stack:
        return stack_names;
    case ContainerKind::Queue:
        return queue_names;
    case ContainerKind::Dictionary:
        return hashtable_names;
    case ContainerKind::None:
        break;
    }
    return custom_object_names;
}

Property* find_in(PropertyBag& bag, std::string_view name, const Name* interned)
{
    for (Property& property : bag.items()) {
        if (property.name == interned) return &property;
        if (property.name->folded_hash == interned->folded_hash &&
            equal_ignoring_case(property.name->text(), name))
            return &property;
    }
    return nullptr;
}

void set_in(PropertyBag& bag, Arena& arena, std::string_view name, Value value)
{
    const Name* interned = arena.intern(name);
    if (Property* found = find_in(bag, name, interned)) {
        *found = Property{interned, value};
        return;
    }
    bag.push(arena, Property{interned, value});
}

} // namespace

Property::Property(
    const Name* property_name, Value property_value, const ArenaVector<Property>* member_set
)
    : name(property_name),
      value(member_set != nullptr ? Value::nil_with(member_set) : property_value)
{
}

const Property* find_property(std::span<const Property> bag, std::string_view name)
{
    return find_property(bag, name, folded_hash(name));
}

const Property*
find_property(std::span<const Property> bag, std::string_view name, std::uint32_t hash)
{
    for (const Property& property : bag) {
        if (property.name->folded_hash == hash && equal_ignoring_case(property.name->text(), name))
            return &property;
    }
    return nullptr;
}

std::span<const std::string_view> type_names_of(Kind kind)
{
    if (kind == Kind::Nil || kind == Kind::Object) return null_names;
    return primitive_of(kind).type_names;
}

std::span<const std::string_view> Object::default_type_names() const
{
    const Object* object = this;
    for (int i = 0; i < 64; ++i) {
        if (object->container_ != ContainerKind::None) return names_of(object->container_);
        if (object->base_.is_nil()) return custom_object_names;
        if (!object->base_.is_object()) return type_names_of(object->base_.kind());
        object = object->base_.object();
        if (object->type_names_ != nullptr) return object->type_names_->names;
    }
    return custom_object_names;
}

void Object::set_type_names(Arena& arena, std::span<const std::string_view> names)
{
    auto* copies = arena.allocate_array<std::string_view>(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
        new (copies + i) std::string_view(arena.intern(names[i])->text());
    type_names_ = arena.make<TypeNames>(TypeNames{{copies, names.size()}});
}

void Object::set_type_names(Arena& arena, std::initializer_list<std::string_view> names)
{
    set_type_names(arena, std::span(names.begin(), names.size()));
}

bool Object::is_type(std::string_view name) const
{
    static constexpr std::string_view prefix = "Deserialized.";
    for (std::string_view own : type_names()) {
        if (equal_ignoring_case(own, name)) return true;
        if (own.size() == prefix.size() + name.size() &&
            equal_ignoring_case(own.substr(0, prefix.size()), prefix) &&
            equal_ignoring_case(own.substr(prefix.size()), name)) {
            return true;
        }
    }
    return false;
}

std::span<const std::string_view> Object::methods() const
{
    static constexpr std::string_view names[] = {"GetType", "ToString"};
    bool get_type = find_property(extended(), names[0]) == nullptr;
    bool to_string =
        (has_text_ || !deserialized_) && find_property(extended(), names[1]) == nullptr;
    return std::span(names).subspan(get_type ? 0 : 1, (get_type ? 1U : 0U) + (to_string ? 1U : 0U));
}

void Object::set_text(std::string_view borrowed)
{
    has_text_ = true;
    text_ = borrowed.data();
    text_size_ = static_cast<std::uint32_t>(borrowed.size());
}

void Object::set_base(Value base)
{
    base_ = base;
    container_ = ContainerKind::None;
    items_ = {};
}

void Object::set_container(ContainerKind kind)
{
    container_ = kind;
    base_ = Value();
    items_ = {};
}

void Object::add_entry(Arena& arena, Value key, Value value)
{
    items_.push(arena, key);
    items_.push(arena, value);
}

std::optional<Value> Object::entry(std::string_view key) const
{
    if (container_ != ContainerKind::Dictionary) return std::nullopt;
    std::span<const Value> all = items();
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
        Value own = all[i].unwrapped();
        if (own.kind() == Kind::String && equal_ignoring_case(own.text(), key)) return all[i + 1];
    }
    return std::nullopt;
}

void Object::set_adapted(Arena& arena, std::string_view name, Value value)
{
    has_adapted_ = true;
    set_in(adapted_, arena, name, value);
}

void Object::set_note(Arena& arena, std::string_view name, Value value)
{
    has_extended_ = true;
    set_in(extended_, arena, name, value);
}

void Object::add_adapted(Arena& arena, std::string_view name, Value value)
{
    has_adapted_ = true;
    adapted_.push(arena, Property{arena.intern(name), value});
}

void Object::add_note(Arena& arena, std::string_view name, Value value)
{
    has_extended_ = true;
    extended_.push(arena, Property{arena.intern(name), value});
}

const Property* Object::find(std::string_view name) const
{
    if (const Property* note = find_property(extended(), name)) return note;
    return find_property(adapted(), name);
}

Value Object::get(std::string_view name) const
{
    const Property* property = find(name);
    return property != nullptr ? property->value : Value();
}

Object* make_bag(Arena& arena)
{
    // Its list of type names is cleared, not merely unsaid: nothing of it is written.
    static constexpr TypeNames no_names{};
    auto* object = arena.make<Object>();
    object->set_type_names(&no_names);
    object->set_has_extended(true);
    return object;
}

Object* make_custom_object(Arena& arena)
{
    Object* object = make_bag(arena);
    object->set_type_names(arena, std::span(custom_object_names));
    return object;
}

Object*
make_live(Arena& arena, std::initializer_list<std::string_view> type_names, std::string_view text)
{
    auto* object = arena.make<Object>();
    object->set_nature(Nature::Live);
    object->set_type_names(arena, type_names);
    object->set_text(arena, text);
    return object;
}

Object* make_enum(Arena& arena, std::string_view type, std::string_view name, std::int32_t number)
{
    Object* object =
        make_live(arena, {type, "System.Enum", "System.ValueType", "System.Object"}, name);
    object->set_nature(Nature::Enum);
    object->set_base(Value::int32(number));
    return object;
}

Object*
make_container(Arena& arena, ContainerKind kind, std::initializer_list<std::string_view> type_names)
{
    auto* object = arena.make<Object>();
    object->set_container(kind);
    object->set_type_names(arena, type_names);
    return object;
}

Object* make_array(Arena& arena)
{
    return make_container(
        arena, ContainerKind::List, {"System.Object[]", "System.Array", "System.Object"}
    );
}

Object* make_array_list(Arena& arena)
{
    return make_container(
        arena, ContainerKind::List, {"System.Collections.ArrayList", "System.Object"}
    );
}

Object* make_hashtable(Arena& arena)
{
    return make_container(
        arena, ContainerKind::Dictionary, {"System.Collections.Hashtable", "System.Object"}
    );
}

Object* wrap(Arena& arena, Value value)
{
    if (value.is_nil()) return nullptr;
    if (value.is_object()) return value.object();
    auto* object = arena.make<Object>();
    object->set_base(value);
    return object;
}

} // namespace clixml
