#include <clixml/origin.hpp>
#include <clixml/utf.hpp>

namespace clixml {
namespace {

constexpr std::string_view computer_name_note = "PSComputerName";
constexpr std::string_view runspace_id_note = "RunspaceId";
constexpr std::string_view show_note = "PSShowComputerName";

} // namespace

Value with_origin(
    Arena& arena,
    Value value,
    std::string_view computer_name,
    const Guid& runspace_id,
    bool show_computer_name
)
{
    Object* object = wrap(arena, value);
    if (object == nullptr) return value;
    // A note that the sender put there is taken away and comes anew at the end, as PowerShell does
    // it.
    PropertyBag kept;
    for (const Property& property : object->extended()) {
        std::string_view name = property.name_text();
        if (!equal_ignoring_case(name, computer_name_note) &&
            !equal_ignoring_case(name, runspace_id_note))
            kept.push(arena, property);
    }
    object->extended_bag() = kept;
    object->add_note(arena, computer_name_note, Value::string(arena, computer_name));
    object->add_note(arena, runspace_id_note, Value::guid(arena, runspace_id));
    if (find_property(object->extended(), show_note) == nullptr) {
        object->add_note(arena, show_note, Value::boolean(show_computer_name));
    }
    return Value::object(object);
}

bool is_origin_note(std::string_view name)
{
    return equal_ignoring_case(name, computer_name_note) ||
           equal_ignoring_case(name, runspace_id_note) || equal_ignoring_case(name, show_note);
}

} // namespace clixml
