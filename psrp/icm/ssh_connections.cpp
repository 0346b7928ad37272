#include <clixml/utf.hpp>
#include <psrp/icm/options.hpp>
#include <psrp/icm/ssh_connections.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <set>
#include <utility>

namespace icm {

namespace {

using clixml::equal_ignoring_case;
using Json = nlohmann::ordered_json;
using Problem = tl::unexpected<std::string>;

constexpr std::string_view json_prefix = "json:";

enum class Key { HostName, UserName, Port, KeyFilePath, Subsystem, ConnectingTimeout, Options };

struct KeyRow {
    std::string_view name;
    Key key;
};
constexpr std::array<KeyRow, 9> key_table{{
    {"HostName", Key::HostName},
    {"ComputerName", Key::HostName},
    {"UserName", Key::UserName},
    {"Port", Key::Port},
    {"KeyFilePath", Key::KeyFilePath},
    {"IdentityFilePath", Key::KeyFilePath},
    {"Subsystem", Key::Subsystem},
    {"ConnectingTimeout", Key::ConnectingTimeout},
    {"Options", Key::Options},
}};

const KeyRow* find_key(std::string_view name)
{
    for (const KeyRow& row : key_table) {
        if (equal_ignoring_case(row.name, name)) return &row;
    }
    return nullptr;
}

// A number, or a text that is one, as PowerShell converts it; nothing outside the bounds.
std::optional<std::int64_t> integer_of(const Json& value, std::int64_t min, std::int64_t max)
{
    std::int64_t number = 0;
    if (value.is_number_unsigned()) {
        if (value.get<std::uint64_t>() > static_cast<std::uint64_t>(max)) return std::nullopt;
        number = value.get<std::int64_t>();
    } else if (value.is_number_integer()) {
        number = value.get<std::int64_t>();
    } else if (value.is_string()) {
        clixml::Arena arena;
        const auto typed = typed_value(value.get_ref<const std::string&>(), arena);
        if (!typed) return std::nullopt;
        const auto read = typed->as<std::int32_t>();
        if (!read) return std::nullopt;
        number = *read;
    } else {
        return std::nullopt;
    }
    if (number < min || number > max) return std::nullopt;
    return number;
}

std::string option_text(const Json& value)
{
    return value.is_string() ? value.get<std::string>() : value.dump();
}

class TableReader {
public:
    explicit TableReader(const psrp::SshTarget& defaults) : target_(defaults) {}

    tl::expected<psrp::SshTarget, std::string> read(const Json& table)
    {
        if (!table.is_object())
            return Problem("-SSHConnection takes a table, or a list of tables, with HostName in it"
            );
        for (const auto& [name, value] : table.items()) {
            const KeyRow* row = find_key(name);
            if (row == nullptr) return Problem("-SSHConnection knows no '" + name + "'");
            if (!seen_.insert(row->key).second)
                return Problem("-SSHConnection says '" + name + "' twice");
            if (!take(row->key, value))
                return Problem("-SSHConnection has a value for '" + name + "' that cannot be used");
        }
        if (!seen_.contains(Key::HostName))
            return Problem("-SSHConnection needs HostName or ComputerName in each table");
        return target_;
    }

private:
    bool take(Key key, const Json& value)
    {
        switch (key) {
        case Key::HostName:
            return take_host(value);
        case Key::UserName:
            return take_text(value, target_.user);
        case Key::KeyFilePath:
            return take_text(value, target_.key_file);
        case Key::Subsystem:
            return take_text(value, target_.subsystem);
        case Key::Port:
            if (const auto port = integer_of(value, 1, 65535)) {
                target_.port = static_cast<int>(*port);
                return true;
            }
            return false;
        case Key::ConnectingTimeout:
            return take_timeout(value);
        case Key::Options:
            return take_options(value);
        }
        return false;
    }

    // As behind -HostName: a user and a port may stand there, too; those of their own keys win.
    bool take_host(const Json& value)
    {
        if (!value.is_string()) return false;
        auto place = read_target(value.get_ref<const std::string&>());
        if (!place) return false;
        target_.host = std::move(place->host);
        if (!place->user.empty() && !seen_.contains(Key::UserName))
            target_.user = std::move(place->user);
        if (place->port && !seen_.contains(Key::Port)) target_.port = place->port;
        return true;
    }

    static bool take_text(const Json& value, std::string& to)
    {
        if (!value.is_string() || value.get_ref<const std::string&>().empty()) return false;
        to = value.get<std::string>();
        return true;
    }

    bool take_timeout(const Json& value)
    {
        const auto milliseconds = integer_of(value, -1, INT32_MAX);
        if (!milliseconds || *milliseconds == 0) return false;
        target_.connecting_timeout = std::chrono::milliseconds(*milliseconds);
        return true;
    }

    bool take_options(const Json& value)
    {
        if (!value.is_object()) return false;
        for (const auto& [name, option] : value.items()) {
            if (name.empty() || option.is_structured()) return false;
            target_.options.emplace_back(name, option_text(option));
        }
        return true;
    }

    psrp::SshTarget target_;
    std::set<Key> seen_;
};

} // namespace

tl::expected<std::vector<psrp::SshTarget>, std::string>
read_ssh_connections(std::string_view text, const psrp::SshTarget& defaults)
{
    if (text.starts_with(json_prefix)) text.remove_prefix(json_prefix.size());
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded())
        return Problem("-SSHConnection takes JSON, such as {\"HostName\": \"web1\", \"Port\": 22}");
    std::vector<psrp::SshTarget> targets;
    const std::vector<Json> tables =
        json.is_array() ? json.get<std::vector<Json>>() : std::vector<Json>{json};
    if (tables.empty()) return Problem("-SSHConnection names no target");
    for (const Json& table : tables) {
        auto target = TableReader(defaults).read(table);
        if (!target) return Problem(target.error());
        targets.push_back(*std::move(target));
    }
    return targets;
}

} // namespace icm
