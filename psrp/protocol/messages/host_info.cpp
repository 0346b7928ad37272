// HostInfo (MS-PSRP 2.2.3.14; fact sheets psrp 10.4, clixml 6.2).
#include <psrp/protocol/detail/fields.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/messages/negotiation.hpp>

namespace psrp {
namespace {

using detail::BagBuilder;
using detail::Fields;

constexpr std::string_view color_type = "System.ConsoleColor";
constexpr std::string_view coordinates_type = "System.Management.Automation.Host.Coordinates";
constexpr std::string_view int32_type = "System.Int32";
constexpr std::string_view size_type = "System.Management.Automation.Host.Size";
constexpr std::string_view string_type = "System.String";

Value encode(const std::int32_t& number, Arena&)
{
    return Value::int32(number);
}

Value encode(const std::string_view& text, Arena&)
{
    return Value::string(text);
}

Value encode(const Coordinates& coordinates, Arena& arena)
{
    return BagBuilder(arena).add_int32("x", coordinates.x).add_int32("y", coordinates.y).value();
}

Value encode(const Size& size, Arena& arena)
{
    return BagBuilder(arena)
        .add_int32("width", size.width)
        .add_int32("height", size.height)
        .value();
}

Result<void> decode(const Fields& fields, std::optional<std::int32_t>& number)
{
    PSRP_TRY(number, fields.int32("V"));
    return {};
}

Result<void> decode(const Fields& fields, std::optional<std::string_view>& text)
{
    PSRP_TRY(text, fields.text("V"));
    return {};
}

Result<void> decode(const Fields& fields, std::optional<Coordinates>& coordinates)
{
    PSRP_TRY(const Value value, fields.value("V"));
    PSRP_TRY(const Fields parts, Fields::of(value));
    PSRP_TRY(const auto x, parts.int32("x"));
    PSRP_TRY(const auto y, parts.int32("y"));
    coordinates = Coordinates{x, y};
    return {};
}

Result<void> decode(const Fields& fields, std::optional<Size>& size)
{
    PSRP_TRY(const Value value, fields.value("V"));
    PSRP_TRY(const Fields parts, Fields::of(value));
    PSRP_TRY(const auto width, parts.int32("width"));
    PSRP_TRY(const auto height, parts.int32("height"));
    size = Size{width, height};
    return {};
}

template <typename T>
void add_entry(
    Object& dictionary,
    std::int32_t key,
    std::string_view type,
    const std::optional<T>& value,
    Arena& arena
)
{
    if (!value) return;
    BagBuilder entry(arena);
    entry.add_text("T", type).add("V", encode(*value, arena));
    dictionary.add_entry(arena, Value::int32(key), entry.value());
}

// .NET's hash table gives small numbers in falling order.
Value encode_default_data(const HostDefaultData& data, Arena& arena)
{
    auto* dictionary = clixml::make_hashtable(arena);
    add_entry(*dictionary, 9, string_type, data.window_title, arena);
    add_entry(*dictionary, 8, size_type, data.max_physical_window_size, arena);
    add_entry(*dictionary, 7, size_type, data.max_window_size, arena);
    add_entry(*dictionary, 6, size_type, data.window_size, arena);
    add_entry(*dictionary, 5, size_type, data.buffer_size, arena);
    add_entry(*dictionary, 4, int32_type, data.cursor_size, arena);
    add_entry(*dictionary, 3, coordinates_type, data.window_position, arena);
    add_entry(*dictionary, 2, coordinates_type, data.cursor_position, arena);
    add_entry(*dictionary, 1, color_type, data.background_color, arena);
    add_entry(*dictionary, 0, color_type, data.foreground_color, arena);
    return BagBuilder(arena).add("data", Value::object(dictionary)).value();
}

Result<void> decode_entry(std::int32_t key, const Fields& fields, HostDefaultData& data)
{
    switch (key) {
    case 0:
        return decode(fields, data.foreground_color);
    case 1:
        return decode(fields, data.background_color);
    case 2:
        return decode(fields, data.cursor_position);
    case 3:
        return decode(fields, data.window_position);
    case 4:
        return decode(fields, data.cursor_size);
    case 5:
        return decode(fields, data.buffer_size);
    case 6:
        return decode(fields, data.window_size);
    case 7:
        return decode(fields, data.max_window_size);
    case 8:
        return decode(fields, data.max_physical_window_size);
    case 9:
        return decode(fields, data.window_title);
    default:
        return {};
    }
}

Result<HostDefaultData> decode_default_data(Value value)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    PSRP_TRY(const Value table, fields.value("data"));
    const Object* dictionary = table.object();
    if (dictionary == nullptr || dictionary->container() != clixml::ContainerKind::Dictionary)
        return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, "data");
    HostDefaultData data;
    const auto items = dictionary->items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        const auto key = items[i].as<std::int32_t>();
        if (!key) return clixml::failure(Errc::WrongPropertyType, clixml::no_offset, "data");
        PSRP_TRY(const Fields entry, Fields::of(items[i + 1]));
        PSRP_CHECK(decode_entry(*key, entry, data));
    }
    return data;
}

} // namespace

Value encode_host_info(const HostInfo& info, Arena& arena)
{
    BagBuilder bag(arena);
    bag.add_boolean("_isHostUINull", info.is_host_ui_null);
    bag.add_boolean("_isHostRawUINull", info.is_host_raw_ui_null);
    bag.add_boolean("_isHostNull", info.is_host_null);
    if (info.default_data)
        bag.add("_hostDefaultData", encode_default_data(*info.default_data, arena));
    return bag.add_boolean("_useRunspaceHost", info.use_runspace_host).value();
}

Result<HostInfo> decode_host_info(Value value, Arena&)
{
    PSRP_TRY(const Fields fields, Fields::of(value));
    HostInfo info;
    PSRP_TRY(info.is_host_ui_null, fields.boolean("_isHostUINull"));
    PSRP_TRY(info.is_host_raw_ui_null, fields.boolean("_isHostRawUINull"));
    PSRP_TRY(info.is_host_null, fields.boolean("_isHostNull"));
    PSRP_TRY(info.use_runspace_host, fields.boolean("_useRunspaceHost"));
    if (const Value data = fields.value_or_null("_hostDefaultData"); !data.is_nil()) {
        PSRP_TRY(info.default_data, decode_default_data(data));
    }
    return info;
}

} // namespace psrp
