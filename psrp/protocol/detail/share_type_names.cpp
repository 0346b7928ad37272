#include <clixml/object.hpp>
#include <psrp/protocol/detail/share_type_names.hpp>

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace psrp::detail {
namespace {

using clixml::Object;
using clixml::Property;
using clixml::TypeNames;
using clixml::Value;

class Sharer {
public:
    void share(Value root)
    {
        pending_.push_back(root);
        while (!pending_.empty()) {
            const Value value = pending_.back();
            pending_.pop_back();
            Object* object = value.object();
            if (object == nullptr || !visited_.insert(object).second) continue;
            share_names(*object);
            push_children(*object);
        }
    }

private:
    void share_names(Object& object)
    {
        const TypeNames* names = object.written_type_names();
        if (names == nullptr) return;
        std::string joined;
        for (const auto name : names->names)
            joined.append(name).push_back('\0');
        const auto* first = first_.try_emplace(std::move(joined), names).first->second;
        // A list that was read under a number of its own stays its own.
        const auto* ids = object.written_ids();
        if (ids == nullptr || !ids->has_type_names_id) object.set_type_names(first);
    }

    // In reverse, so that they are taken in the order in which they are written.
    void push_children(const Object& object)
    {
        push_properties(object.extended());
        push_properties(object.adapted());
        const auto items = object.items();
        for (std::size_t i = items.size(); i > 0; --i)
            pending_.push_back(items[i - 1]);
        pending_.push_back(object.base());
    }

    void push_properties(std::span<const Property> properties)
    {
        for (std::size_t i = properties.size(); i > 0; --i) {
            const Property& property = properties[i - 1];
            if (!property.is_member_set()) pending_.push_back(property.value);
        }
    }

    std::vector<Value> pending_;
    std::unordered_set<const Object*> visited_;
    std::unordered_map<std::string, const TypeNames*> first_;
};

} // namespace

void share_type_names(Value value)
{
    Sharer().share(value);
}

} // namespace psrp::detail
