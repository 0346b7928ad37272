#include <clixml/lexical.hpp>
#include <clixml/object.hpp>
#include <clixml/primitive_table.hpp>
#include <clixml/string_escape.hpp>
#include <psrp/tool/bag_json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace psrp::tool {
namespace {

using Json = nlohmann::ordered_json;
using clixml::ContainerKind;
using clixml::Kind;
using clixml::Object;
using clixml::Property;
using clixml::Value;

constexpr std::string_view ordered_type =
    "Deserialized.System.Collections.Specialized.OrderedDictionary";

std::string text_of_primitive(const Value& value)
{
    if (clixml::primitive_of(value.kind()).escaped) return clixml::escaped(value.text());
    return clixml::lexical_text(value);
}

std::string text_of_progress(const clixml::ProgressRecord& record)
{
    std::string out;
    auto put = [&](const char* name, const std::string& text) {
        out.append(name).append("=").append(text).append(";");
    };
    put("AV", clixml::escaped(record.activity));
    put("AI", std::to_string(record.activity_id));
    if (record.current_operation.is_nil())
        put("Nil", "");
    else
        put("S", text_of_primitive(record.current_operation));
    put("PI", std::to_string(record.parent_activity_id));
    put("PC", std::to_string(record.percent_complete));
    put("T", record.completed ? "Completed" : "Processing");
    put("SR", std::to_string(record.seconds_remaining));
    put("SD", clixml::escaped(record.status_description));
    return out;
}

// Builds the form of one value; knows the objects it has met.
class BagWriter {
public:
    Json value(const Value& value)
    {
        if (value.is_nil()) return Json{{"k", "nil"}};
        if (const Object* object = value.object()) return this->object(*object);
        return primitive(value);
    }

private:
    static Json primitive(const Value& value)
    {
        Json out{{"k", "prim"}, {"t", clixml::primitive_of(value.kind()).tag}};
        if (value.kind() == Kind::ProgressRecord)
            out["v"] = text_of_progress(value.progress_value());
        else
            out["v"] = text_of_primitive(value);
        return out;
    }

    // A primitive that an object wraps without adding anything is just that primitive.
    static bool is_plain_wrapper(const Object& object)
    {
        return object.base().is_primitive() && object.adapted().empty() &&
               object.extended().empty() && !object.stored_text() &&
               std::ranges::equal(object.type_names(), clixml::type_names_of(object.base().kind()));
    }

    Json object(const Object& object)
    {
        if (is_plain_wrapper(object)) return primitive(object.base());
        auto [place, is_new] = numbers_.try_emplace(&object, numbers_.size());
        if (!is_new) return Json{{"k", "ref"}, {"id", place->second}};
        Json out{{"k", "obj"}, {"id", place->second}, {"tn", Json::array()}};
        for (std::string_view name : object.type_names())
            out["tn"].push_back(name);
        if (auto text = object.stored_text()) out["str"] = clixml::escaped(*text);
        add_base(object, out);
        std::vector<Property> notes;
        collect_notes(object, notes);
        add_members("props", object.adapted(), out);
        add_members("notes", notes, out);
        if (std::string_view type = clixml::rehydrated_type(object); !type.empty())
            out["rehydrates"] = type;
        return out;
    }

    // An object around an object shows the notes of both: PowerShell looks through the outer one.
    static void collect_notes(const Object& object, std::vector<Property>& notes, int levels = 64)
    {
        if (const Object* inner = object.base().object(); inner != nullptr && levels > 0)
            collect_notes(*inner, notes, levels - 1);
        notes.insert(notes.end(), object.extended().begin(), object.extended().end());
    }

    void add_base(const Object& object, Json& out)
    {
        switch (object.container()) {
        case ContainerKind::None:
            if (object.base().is_object())
                out["base"] = Json{{"k", "ref"}, {"id", out["id"]}};
            else if (!object.base().is_nil())
                out["base"] = value(object.base());
            return;
        case ContainerKind::Dictionary:
            out["base"] = dictionary(object);
            return;
        case ContainerKind::Stack:
            out["base"] = list(object, "stack");
            return;
        case ContainerKind::Queue:
            out["base"] = list(object, "queue");
            return;
        case ContainerKind::List:
        case ContainerKind::Enumerable:
            out["base"] = list(object, "list");
            return;
        }
    }

    Json list(const Object& object, const char* kind)
    {
        Json items = Json::array();
        for (const Value& item : object.items())
            items.push_back(value(item));
        return Json{{"k", kind}, {"items", std::move(items)}};
    }

    Json dictionary(const Object& object)
    {
        std::span<const Value> items = object.items();
        std::vector<std::pair<std::string, std::size_t>> order;
        for (std::size_t i = 0; i + 1 < items.size(); i += 2)
            order.emplace_back(clixml::to_display_text(items[i]), i);
        // Of equal keys, which only PowerShell's last kind of table keeps, the later one comes
        // first, as recorded; an ordered table keeps their order.
        bool ordered = !object.type_names().empty() && object.type_names().front() == ordered_type;
        std::ranges::sort(order, [ordered](const auto& left, const auto& right) {
            if (left.first != right.first) return left.first < right.first;
            return ordered ? left.second < right.second : left.second > right.second;
        });
        Json entries = Json::array();
        for (const auto& [text, at] : order) {
            Json key = value(items[at]);
            entries.push_back(Json::array({std::move(key), value(items[at + 1])}));
        }
        return Json{{"k", "dict"}, {"entries", std::move(entries)}};
    }

    void add_members(const char* name, std::span<const Property> members, Json& out)
    {
        if (members.empty()) return;
        Json list = Json::array();
        for (const Property& member : members)
            list.push_back(Json::array({clixml::escaped(member.name_text()), this->member(member)})
            );
        out[name] = std::move(list);
    }

    Json member(const Property& property)
    {
        if (property.is_member_set()) return Json{{"k", "member"}, {"kind", "MemberSet"}};
        return value(property.value);
    }

    std::map<const Object*, std::size_t> numbers_;
};

} // namespace

std::string bag_json(clixml::Value value)
{
    return BagWriter().value(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace psrp::tool
