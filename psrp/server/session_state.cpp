#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/session_state.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/utsname.h>

namespace psrp::server {

namespace {

// PRETTY_NAME of os-release, as PowerShell shows the system; else what uname says.
std::string system_name()
{
    std::ifstream file("/etc/os-release");
    const std::string key = "PRETTY_NAME=";
    for (std::string line; std::getline(file, line);) {
        if (line.compare(0, key.size(), key) != 0) continue;
        std::string name = line.substr(key.size());
        if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
        return name;
    }
    utsname names{};
    if (uname(&names) != 0) return "Unix";
    return std::string(names.sysname) + " " + names.release;
}

} // namespace

SessionState::SessionState(const ScriptLimits& limits) : limits_(limits)
{
    std::error_code error;
    location_ = std::filesystem::current_path(error).string();
    if (error || location_.empty()) location_ = "/";
    for (const char* name : {"ErrorActionPreference", "WarningPreference", "ProgressPreference"}) {
        set(name, Value::string("Continue"));
    }
    for (const char* name : {"VerbosePreference", "DebugPreference", "InformationPreference"}) {
        set(name, Value::string("SilentlyContinue"));
    }
}

SessionState::Shared SessionState::find(std::string_view name) const
{
    const auto found = variables_.find(clixml::fold_case(name));
    return found == variables_.end() ? nullptr : found->second.value;
}

bool SessionState::set(std::string_view name, Value value)
{
    const std::string key = clixml::fold_case(name);
    const auto found = variables_.find(key);
    if (found == variables_.end() && variables_.size() >= limits_.variables_max) return false;
    std::unique_ptr<Arena> memory;
    std::size_t bytes = 0;
    const bool holds_memory =
        value.is_object() || !value.text().empty() || value.kind() == clixml::Kind::Decimal ||
        value.kind() == clixml::Kind::Guid || value.kind() == clixml::Kind::Version ||
        value.kind() == clixml::Kind::ProgressRecord;
    if (holds_memory) {
        memory = std::make_unique<Arena>();
        value = clixml::clone(*memory, value);
        bytes = memory->reserved_bytes();
    }
    const std::size_t others = bytes_ - (found == variables_.end() ? 0 : found->second.bytes);
    if (others + bytes > limits_.session_bytes_max) return false;
    bytes_ = others + bytes;
    auto kept = std::make_shared<const clixml::OwnedValue>(std::move(memory), value);
    if (found == variables_.end()) {
        variables_.emplace(key, Variable{std::string(name), std::move(kept), bytes});
    } else {
        found->second.value = std::move(kept);
        found->second.bytes = bytes;
    }
    return true;
}

std::vector<std::string> SessionState::names() const
{
    std::vector<std::string> result;
    for (const auto& [key, variable] : variables_)
        result.push_back(variable.name);
    return result;
}

std::string SessionState::resolve(std::string_view path) const
{
    std::filesystem::path whole(location_);
    if (path == "~" || path.substr(0, 2) == "~/") {
        const char* home = std::getenv("HOME");
        whole = home == nullptr ? "/" : home;
        path.remove_prefix(std::min<std::size_t>(2, path.size()));
    }
    if (!path.empty()) whole /= std::filesystem::path(path);
    std::string normal = whole.lexically_normal().string();
    while (normal.size() > 1 && normal.back() == '/')
        normal.pop_back();
    return normal;
}

Value make_version_table(
    Arena& arena, const clixml::Version& protocol_version, bool primitive_dictionary
)
{
    constexpr std::string_view dictionary = "System.Management.Automation.PSPrimitiveDictionary";
    Object* table = primitive_dictionary
                        ? clixml::make_container(
                              arena,
                              clixml::ContainerKind::Dictionary,
                              {dictionary, "System.Collections.Hashtable", "System.Object"}
                          )
                        : clixml::make_hashtable(arena);
    const auto add = [&](std::string_view key, Value value) {
        table->add_entry(arena, Value::string(arena, key), value);
    };
    const auto version = [&](clixml::Version value) { return Value::version(arena, value); };
    Object* compatible = clixml::make_container(
        arena, clixml::ContainerKind::List, {"System.Version[]", "System.Array", "System.Object"}
    );
    for (const clixml::Version& one :
         {clixml::Version{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {5, 1}, {6, 0}, {7, 0}}) {
        compatible->add_item(arena, version(one));
    }
    // The PowerShell release whose protocol behaviour this endpoint follows; PSRP says who is
    // really speaking.
    add("PSVersion", version({7, 6, 0}));
    add("PSEdition", Value::string("Core"));
    add("GitCommitId", Value::string("psrp " PSRP_VERSION));
    add("OS", Value::string(arena, system_name()));
    add("Platform", Value::string("Unix"));
    add("PSCompatibleVersions", Value::object(compatible));
    add("PSRemotingProtocolVersion", version(protocol_version));
    add("SerializationVersion", version({1, 1, 0, 1}));
    add("WSManStackVersion", version({3, 0}));
    add("PSSemanticVersion", Value::string("7.6.0"));
    add("PSRP", Value::string("psrp " PSRP_VERSION " embedded endpoint"));
    return Value::object(table);
}

} // namespace psrp::server
