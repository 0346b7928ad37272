// The part of ValueReader that reads Obj elements and what stands in them (fact sheet
// clixml 5.1-5.6).
#include <clixml/detail/value_reader.hpp>
#include <clixml/string_escape.hpp>
#include <clixml/utf.hpp>

#include <map>
#include <set>

namespace clixml::detail {
namespace {

constexpr std::string_view deserialized_prefix = "Deserialized.";

ContainerKind container_of(std::string_view tag)
{
    if (tag == "LST") return ContainerKind::List;
    if (tag == "IE") return ContainerKind::Enumerable;
    if (tag == "STK") return ContainerKind::Stack;
    if (tag == "QUE") return ContainerKind::Queue;
    if (tag == "DCT") return ContainerKind::Dictionary;
    return ContainerKind::None;
}

// Finds earlier properties of a bag by name. A short bag is searched as it stands; a long one
// through a tree, so that a bag with very many names costs no more than n log n.
class NameIndex {
public:
    explicit NameIndex(std::vector<Property>& properties)
        : properties_(properties), first_(properties.size())
    {
    }

    // To be called when a property has been put between others.
    void forget()
    {
        indexed_ = 0;
        by_name_.clear();
    }

    // The property of that name, or null.
    Property* find(const Name* name)
    {
        std::size_t count = properties_.size() - first_;
        if (count < indexed_min) {
            for (std::size_t i = first_; i < properties_.size(); ++i) {
                if (is_same(properties_[i].name, name)) return &properties_[i];
            }
            return nullptr;
        }
        while (indexed_ < count) {
            by_name_.emplace(
                fold_case(properties_[first_ + indexed_].name_text()), first_ + indexed_
            );
            ++indexed_;
        }
        auto found = by_name_.find(fold_case(name->text()));
        return found != by_name_.end() ? &properties_[found->second] : nullptr;
    }

    [[nodiscard]] std::size_t first() const { return first_; }

private:
    static constexpr std::size_t indexed_min = 32;

    static bool is_same(const Name* left, const Name* right)
    {
        return left == right || (left->folded_hash == right->folded_hash &&
                                 equal_ignoring_case(left->text(), right->text()));
    }

    std::vector<Property>& properties_;
    std::size_t first_;
    std::size_t indexed_ = 0;
    std::map<std::string, std::size_t> by_name_;
};

template <typename T>
ArenaVector<T> take_from(std::vector<T>& stack, std::size_t first, Arena& arena)
{
    std::size_t count = stack.size() - first;
    if (count == 0) return {};
    T* items = arena.allocate_array<T>(count);
    std::uninitialized_copy(stack.begin() + static_cast<std::ptrdiff_t>(first), stack.end(), items);
    stack.resize(first);
    return {items, count};
}

} // namespace

bool ValueReader::next_child(const Tag& parent, Tag& child, bool& ended)
{
    ended = parent.self_closed;
    if (ended) {
        scanner_.leave(parent);
        return true;
    }
    switch (scanner_.next()) {
    case Next::Failed:
        return false;
    case Next::EndOfText:
        return scanner_.finish() &&
               scanner_.fail(Errc::UnexpectedEnd, scanner_.position(), "an end tag expected");
    case Next::EndTag:
        ended = true;
        return scanner_.read_end_tag(parent);
    case Next::StartTag:
        break;
    }
    return scanner_.read_start_tag(child);
}

// Elements that are no values must be in PowerShell's namespace; in a bare text they must have no
// prefix.
bool ValueReader::structural(const Tag& tag)
{
    if (options_.form == Form::Bare) return !tag.has_prefix || fail(Errc::WrongNamespace, tag);
    return expect_namespace(tag);
}

bool ValueReader::read_name(const Tag& tag, bool may_be_empty, const Name*& name)
{
    std::string_view text;
    if (!attribute_text(tag, "N", Errc::MissingName, text)) return false;
    if (text.empty() && !may_be_empty) return fail(Errc::EmptyName, tag);
    if (has_escape(text))
        name = arena_.intern(unescaped(text));
    else
        name = arena_.intern(text);
    return true;
}

bool ValueReader::register_object(const Tag& tag, Object& object)
{
    if (object_count_ == options_.limits.objects_max) return fail(Errc::TooManyObjects, tag);
    std::string expected = lossless() ? std::to_string(object_count_) : std::string();
    ++object_count_;
    const Attribute* attribute = scanner_.find_attribute("RefId");
    if (attribute == nullptr) {
        if (lossless())
            object.set_written_ids(arena_.make<Object::WrittenIds>(Object::WrittenIds{
                {}, {}, true, false}));
        return true;
    }
    std::string_view id;
    if (!scanner_.attribute_value(*attribute, attribute_scratch_, id)) return false;
    objects_.set(id, &object);
    if (lossless() && id != expected) {
        object.set_written_ids(arena_.make<Object::WrittenIds>(Object::WrittenIds{
            arena_.copy(id), {}, true, false}));
    }
    return true;
}

bool ValueReader::read_object(const Tag& tag, Value& value)
{
    if (!structural(tag)) return false;
    auto* object = arena_.make<Object>();
    value = Value::object(object);
    if (!register_object(tag, *object)) return false;
    MethodPlaces methods;
    while (true) {
        Tag child;
        bool ended = false;
        if (!next_child(tag, child, ended)) return false;
        if (ended) break;
        if (!read_object_child(child, *object, methods)) return false;
    }
    Object* inner = object->base().object();
    if (inner == nullptr || lossless()) return true;
    // An object around another one shows what it has not itself (clixml 5.1).
    if (!object->is_deserialized()) {
        object->set_deserialized(inner->is_deserialized());
        std::span<Property> shared = inner->adapted_bag().items();
        object->adapted_bag() = {shared.data(), shared.size()};
        object->set_has_adapted(inner->has_adapted());
    }
    if (auto text = inner->stored_text(); text && !object->stored_text()) object->set_text(*text);
    return true;
}

bool ValueReader::read_object_child(const Tag& tag, Object& object, MethodPlaces& methods)
{
    std::string_view name = tag.local_name;
    ContainerKind kind = container_of(name);
    bool is_structure = kind != ContainerKind::None || name == "TN" || name == "TNRef" ||
                        name == "Props" || name == "MS" || name == "ToString";
    // In a document an element of another namespace is none of these, but unknown.
    if (is_structure && options_.form == Form::Document && !in_namespace(tag, is_structure))
        return false;
    if (!is_structure) return read_base(tag, object);
    if (name != "TNRef" && !structural(tag)) return false;
    if (kind != ContainerKind::None) return read_container(tag, kind, object);
    if (name == "TN") return read_type_names(tag, object);
    if (name == "TNRef") return read_type_names_ref(tag, object);
    if (name == "ToString") {
        add_method(object, name, methods);
        return read_to_string(tag, object);
    }
    if (name == "Props") {
        add_method(object, "GetType", methods);
        return read_adapted(tag, object);
    }
    object.set_has_extended(true);
    return read_extended(tag, object.extended_bag(), 1, &methods);
}

bool ValueReader::read_base(const Tag& tag, Object& object)
{
    bool known = find_primitive(tag.local_name) != nullptr;
    if (!known && tag.local_name == "Obj" && !in_namespace(tag, known)) return false;
    if (!known && skip_unknown_) return scanner_.skip_content(tag);
    Value base;
    if (!read_value(tag, Place::Base, base)) return false;
    object.set_base(base);
    return true;
}

bool ValueReader::add_type_name(const Tag& tag, std::vector<std::string_view>& names)
{
    std::string_view text;
    if (!structural(tag) || !expect_namespace(tag) || !read_string_text(tag, text)) return false;
    if (lossless()) {
        names.push_back(text);
        return true;
    }
    if (text.empty()) return true;
    bool has_prefix =
        text.size() >= deserialized_prefix.size() &&
        equal_ignoring_case(text.substr(0, deserialized_prefix.size()), deserialized_prefix);
    if (!has_prefix) {
        std::size_t size = deserialized_prefix.size() + text.size();
        char* joined = arena_.allocate_array<char>(size);
        deserialized_prefix.copy(joined, deserialized_prefix.size());
        text.copy(joined + deserialized_prefix.size(), text.size());
        text = {joined, size};
    }
    names.push_back(text);
    return true;
}

bool ValueReader::read_type_names(const Tag& tag, Object& object)
{
    if (++type_names_count_ > options_.limits.type_name_lists_max)
        return fail(Errc::TooManyTypeNames, tag);
    std::string id;
    bool has_id = false;
    if (const Attribute* attribute = scanner_.find_attribute("RefId")) {
        std::string_view text;
        if (!scanner_.attribute_value(*attribute, attribute_scratch_, text)) return false;
        id = text;
        has_id = true;
    }
    std::vector<std::string_view> names;
    while (true) {
        Tag child;
        bool ended = false;
        if (!next_child(tag, child, ended)) return false;
        if (ended) break;
        if (child.local_name != "T") return fail(Errc::UnknownElement, child, "<T> expected");
        if (names.size() == options_.limits.type_names_max)
            return fail(Errc::TooManyTypeNames, child);
        if (!add_type_name(child, names)) return false;
    }
    auto* copies = arena_.allocate_array<std::string_view>(names.size());
    std::uninitialized_copy(names.begin(), names.end(), copies);
    const auto* list = arena_.make<TypeNames>(TypeNames{{copies, names.size()}});
    object.set_type_names(list);
    if (has_id) type_names_.set(id, list);
    if (lossless() && (!has_id || names.empty() || id != std::to_string(type_names_count_ - 1))) {
        Object::WrittenIds ids;
        if (object.written_ids() != nullptr) ids = *object.written_ids();
        ids.type_names_id = has_id ? arena_.copy(id) : std::string_view();
        ids.has_type_names_id = true;
        object.set_written_ids(arena_.make<Object::WrittenIds>(ids));
    }
    return true;
}

bool ValueReader::read_type_names_ref(const Tag& tag, Object& object)
{
    std::string_view id;
    if (!attribute_text(tag, "RefId", Errc::MissingRefId, id)) return false;
    const TypeNames* list = type_names_.find(id);
    if (list == nullptr) return fail(Errc::UnresolvedTypeNamesRef, tag);
    object.set_type_names(list);
    return scanner_.skip_content(tag);
}

bool ValueReader::read_to_string(const Tag& tag, Object& object)
{
    std::string_view text;
    if (!expect_namespace(tag) || !read_string_text(tag, text)) return false;
    object.set_text(text);
    return true;
}

// The method takes the place of a note of its name.
void ValueReader::add_method(Object& object, std::string_view name, MethodPlaces& methods)
{
    if (lossless()) return;
    bool to_string = name == "ToString";
    std::size_t& place = to_string ? methods.to_string : methods.get_type;
    std::size_t& other = to_string ? methods.get_type : methods.to_string;
    if (place != MethodPlaces::none) return;
    PropertyBag& bag = object.extended_bag();
    place = bag.items().size();
    methods.get_type_is_later = !to_string;
    const Property* note = find_property(bag.items(), name);
    if (note == nullptr) return;
    place = static_cast<std::size_t>(note - bag.items().data());
    PropertyBag kept;
    for (const Property& property : bag.items()) {
        if (&property != note) kept.push(arena_, property);
    }
    bag = kept;
    if (other == MethodPlaces::none) return;
    methods.get_type_is_later = to_string == (other > place);
    if (other > place) --other;
}

// Where among the properties a note of a new name is put: behind all others, or in the place of a
// method.
std::size_t
ValueReader::place_of_note(std::size_t first, const Name* name, MethodPlaces* methods) const
{
    std::size_t end = properties_.size();
    if (methods == nullptr) return end;
    bool to_string = equal_ignoring_case(name->text(), "ToString");
    if (!to_string && !equal_ignoring_case(name->text(), "GetType")) return end;
    std::size_t& place = to_string ? methods->to_string : methods->get_type;
    std::size_t& other = to_string ? methods->get_type : methods->to_string;
    if (place == MethodPlaces::none) return end;
    std::size_t at = place;
    place = MethodPlaces::none;
    bool other_is_later = methods->get_type_is_later == to_string;
    if (other != MethodPlaces::none && (other > at || (other == at && other_is_later))) ++other;
    return first + at;
}

bool ValueReader::read_member(const Tag& tag, Place place, std::uint32_t depth, Property& property)
{
    property = {};
    bool is_set = place == Place::Extended && tag.local_name == "MS";
    if (!read_name(tag, place == Place::Adapted, property.name)) return false;
    if (!is_set) return read_value(tag, place, property.value);
    if (depth >= options_.limits.member_set_depth_max) return fail(Errc::NestedTooDeeply, tag);
    if (!structural(tag)) return false;
    auto* members = arena_.make<PropertyBag>();
    property = Property(property.name, Value(), members);
    return read_extended(tag, *members, depth + 1);
}

bool ValueReader::read_adapted(const Tag& tag, Object& object)
{
    // A second Props replaces the first one (clixml 5.1).
    object.set_has_adapted(true);
    object.set_deserialized(true);
    NameIndex index(properties_);
    while (true) {
        Tag child;
        bool ended = false;
        if (!next_child(tag, child, ended)) return false;
        if (ended) break;
        Property property;
        if (!read_member(child, Place::Adapted, 0, property)) return false;
        Property* earlier = lossless() ? nullptr : index.find(property.name);
        if (earlier != nullptr)
            *earlier = property;
        else
            properties_.push_back(property);
    }
    object.adapted_bag() = take_from(properties_, index.first(), arena_);
    return true;
}

bool ValueReader::read_extended(
    const Tag& tag, PropertyBag& bag, std::uint32_t depth, MethodPlaces* methods
)
{
    // Several MS elements are merged (clixml 5.1).
    NameIndex index(properties_);
    properties_.insert(properties_.end(), bag.items().begin(), bag.items().end());
    while (true) {
        Tag child;
        bool ended = false;
        if (!next_child(tag, child, ended)) return false;
        if (ended) break;
        Property property;
        if (!read_member(child, Place::Extended, depth, property)) return false;
        Property* earlier = lossless() ? nullptr : index.find(property.name);
        if (earlier != nullptr) {
            *earlier = property;
            continue;
        }
        std::size_t place = place_of_note(index.first(), property.name, methods);
        if (place != properties_.size()) index.forget();
        properties_.insert(properties_.begin() + static_cast<std::ptrdiff_t>(place), property);
    }
    bag = take_from(properties_, index.first(), arena_);
    return true;
}

bool ValueReader::read_container(const Tag& tag, ContainerKind kind, Object& object)
{
    std::size_t first = items_.size();
    if (kind == ContainerKind::Dictionary) {
        if (!read_dictionary(tag)) return false;
        object.set_container(kind);
        object.set_items(take_from(items_, first, arena_));
        return true;
    }
    while (true) {
        Tag child;
        bool ended = false;
        if (!next_child(tag, child, ended)) return false;
        if (ended) break;
        Value item;
        if (!read_value(child, Place::Item, item)) return false;
        items_.push_back(item);
    }
    // What PowerShell rebuilds from an IE is a list (clixml 5.1).
    bool to_list = kind == ContainerKind::Enumerable && !lossless();
    object.set_container(to_list ? ContainerKind::List : kind);
    object.set_items(take_from(items_, first, arena_));
    return true;
}

// Equal keys are all kept, but the same object twice is refused, and .NET has one object for every
// empty string (clixml 5.4). An object that PowerShell rebuilds is a new one each time.
bool ValueReader::read_dictionary(const Tag& tag)
{
    bool has_empty_key = false;
    std::set<const Object*> keys;
    while (true) {
        Tag entry;
        bool ended = false;
        if (!next_child(tag, entry, ended)) return false;
        if (ended) return true;
        std::size_t at = items_.size();
        if (!read_entry(entry)) return false;
        if (lossless()) continue;
        const Value& key = items_[at];
        bool is_new = true;
        if (key.kind() == Kind::String && key.text().empty()) {
            is_new = !has_empty_key;
            has_empty_key = true;
        } else if (const Object* object = key.object()) {
            is_new = keys.insert(object).second || !rehydrated_type(*object).empty();
        }
        if (!is_new) return fail(Errc::InvalidPrimitive, entry, "another key expected");
    }
}

bool ValueReader::read_entry_part(const Tag& entry, std::string_view name, Value& value)
{
    bool is_key = name == "Key";
    Tag tag;
    bool ended = false;
    if (!next_child(entry, tag, ended)) return false;
    if (ended)
        return fail(is_key ? Errc::DictionaryKeyMissing : Errc::DictionaryValueMissing, entry);
    const Name* own = nullptr;
    if (!read_name(tag, true, own)) return false;
    if (!equal_ignoring_case(own->text(), name))
        return fail(is_key ? Errc::DictionaryKeyName : Errc::DictionaryValueName, tag);
    if (!read_value(tag, is_key ? Place::Key : Place::EntryValue, value)) return false;
    if (is_key && value.is_nil()) return fail(Errc::DictionaryKeyNull, tag);
    return true;
}

bool ValueReader::read_entry(const Tag& tag)
{
    if (tag.local_name != "En") return fail(Errc::UnknownElement, tag, "<En> expected");
    if (!structural(tag)) return false;
    Value key;
    Value value;
    if (!read_entry_part(tag, "Key", key)) return false;
    items_.push_back(key);
    if (!read_entry_part(tag, "Value", value)) return false;
    items_.push_back(value);
    Tag extra;
    bool ended = false;
    if (!next_child(tag, extra, ended)) return false;
    return ended || fail(Errc::UnexpectedNode, extra, "the end of the entry expected");
}

} // namespace clixml::detail
