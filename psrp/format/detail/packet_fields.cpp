#include <psrp/format/detail/packet_fields.hpp>

#include <algorithm>

namespace psrp::detail {

namespace {

using clixml::Kind;
using clixml::Object;
using clixml::Value;

constexpr std::string_view deserialized_prefix = "Deserialized.";
constexpr std::string_view class_prefix = "Microsoft.PowerShell.Commands.Internal.Format.";
// What PowerShell knows them by.
constexpr std::string_view class_property = "ClassId2e4f51ef21dd47e99d3c952918aff9cd";
constexpr std::string_view tab_text = "    ";
constexpr std::int64_t number_max = 10'000;

} // namespace

std::string_view packet_class(const Object& object)
{
    const auto names = object.type_names();
    if (names.empty()) return {};
    std::string_view name = names.front();
    if (name.starts_with(deserialized_prefix)) name.remove_prefix(deserialized_prefix.size());
    if (!name.starts_with(class_prefix) || object.find(class_property) == nullptr) return {};
    name.remove_prefix(class_prefix.size());
    return name;
}

const Object* packet_object(const Object& object, std::string_view name)
{
    return object.get(name).object();
}

std::span<const Value> packet_items(const Object& object, std::string_view name)
{
    const Object* list = packet_object(object, name);
    if (list == nullptr || list->container() != clixml::ContainerKind::List) return {};
    return list->items();
}

std::string packet_text(const Object& object, std::string_view name)
{
    const Value value = object.get(name).unwrapped();
    std::string text;
    if (value.kind() != Kind::String) return text;
    for (const char c : value.text()) {
        if (c == '\t')
            text += tab_text;
        else
            text += c;
    }
    return text;
}

std::int64_t packet_number(const Object& object, std::string_view name)
{
    const auto number = object.get(name).unwrapped().as<std::int32_t>();
    return number ? std::clamp<std::int64_t>(*number, -number_max, number_max) : 0;
}

bool packet_flag(const Object& object, std::string_view name)
{
    const Value value = object.get(name).unwrapped();
    return value.kind() == Kind::Boolean && value.as<bool>().value_or(false);
}

} // namespace psrp::detail
