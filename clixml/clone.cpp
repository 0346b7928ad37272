#include <clixml/object.hpp>

#include <unordered_map>
#include <utility>
#include <vector>

namespace clixml {
namespace {

// Copies a graph of values. Objects are made first and filled from a list of work, so that depth
// costs no stack.
class Cloner {
public:
    explicit Cloner(Arena& arena) : arena_(arena) {}

    Value copy(Value value)
    {
        Value out = copy_one(value);
        while (!pending_.empty()) {
            auto [from, to] = pending_.back();
            pending_.pop_back();
            fill(*from, *to);
        }
        return out;
    }

private:
    Value copy_one(Value value)
    {
        if (const std::string_view* form = value.lexical())
            return Value::with_lexical(arena_, copy_plain(value), *form);
        return copy_plain(value);
    }

    Value copy_plain(Value value)
    {
        switch (value.kind()) {
        case Kind::String:
            return Value::string(arena_.copy(value.text()));
        case Kind::Uri:
            return Value::uri(arena_.copy(value.text()));
        case Kind::XmlDocument:
            return Value::xml_document(arena_.copy(value.text()));
        case Kind::ScriptBlock:
            return Value::script_block(arena_.copy(value.text()));
        case Kind::SecureString:
            return Value::secure_string(arena_.copy(value.text()));
        case Kind::ByteArray:
            return Value::bytes(bytes_of(arena_.copy(value.text())));
        case Kind::Decimal:
            return Value::decimal(arena_, value.decimal_value());
        case Kind::Guid:
            return Value::guid(arena_, value.guid_value());
        case Kind::Version:
            return Value::version(arena_, value.version_value());
        case Kind::ProgressRecord: {
            ProgressRecord record = value.progress_value();
            record.activity = arena_.copy(record.activity);
            record.status_description = arena_.copy(record.status_description);
            record.current_operation = copy_one(record.current_operation);
            return Value::progress(arena_, record);
        }
        case Kind::Object:
            return Value::object(object_for(value.object()));
        default:
            return value;
        }
    }

    Object* object_for(const Object* from)
    {
        auto [place, is_new] = objects_.try_emplace(from, nullptr);
        if (is_new) {
            place->second = arena_.make<Object>();
            pending_.emplace_back(from, place->second);
        }
        return place->second;
    }

    const TypeNames* names_for(const TypeNames* from)
    {
        auto [place, is_new] = names_.try_emplace(from, nullptr);
        if (is_new) {
            Object carrier;
            carrier.set_type_names(arena_, from->names);
            place->second = carrier.written_type_names();
        }
        return place->second;
    }

    void fill_bag(std::span<const Property> from, PropertyBag& to)
    {
        for (const Property& property : from) {
            const Name* name = arena_.intern(property.name_text());
            Property copy(name, copy_one(property.value));
            if (property.is_member_set()) {
                auto* members = arena_.make<PropertyBag>();
                fill_bag(property.members()->items(), *members);
                copy = Property(name, Value(), members);
            }
            to.push(arena_, copy);
        }
    }

    std::string_view copy_id(std::string_view id)
    {
        return id.data() != nullptr ? arena_.copy(id) : id;
    }

    void fill(const Object& from, Object& to)
    {
        if (from.written_type_names() != nullptr)
            to.set_type_names(names_for(from.written_type_names()));
        if (auto text = from.stored_text()) to.set_text(arena_, *text);
        if (from.container() != ContainerKind::None) {
            to.set_container(from.container());
            for (const Value& item : from.items())
                to.add_item(arena_, copy_one(item));
        } else {
            to.set_base(copy_one(from.base()));
        }
        fill_bag(from.adapted(), to.adapted_bag());
        fill_bag(from.extended(), to.extended_bag());
        to.set_has_adapted(from.has_adapted());
        to.set_has_extended(from.has_extended());
        to.set_nature(from.nature());
        to.set_deserialized(from.is_deserialized());
        if (const Object::WrittenIds* ids = from.written_ids()) {
            to.set_written_ids(arena_.make<Object::WrittenIds>(Object::WrittenIds{
                copy_id(ids->ref_id),
                copy_id(ids->type_names_id),
                ids->has_ref_id,
                ids->has_type_names_id}));
        }
    }

    Arena& arena_;
    std::unordered_map<const Object*, Object*> objects_;
    std::unordered_map<const TypeNames*, const TypeNames*> names_;
    std::vector<std::pair<const Object*, Object*>> pending_;
};

} // namespace

Value clone(Arena& arena, Value value)
{
    return Cloner(arena).copy(value);
}

} // namespace clixml
