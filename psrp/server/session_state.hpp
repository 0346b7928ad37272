// What a session keeps between its pipelines: variables and the current location.
#pragma once

#include <clixml/version.hpp>
#include <psrp/server/limits.hpp>
#include <psrp/server/streams.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

// Used by one pipeline at a time; not thread-safe.
class SessionState {
public:
    // A variable's value with its memory. Shared, so that a reader keeps it while a script assigns
    // anew.
    using Shared = std::shared_ptr<const clixml::OwnedValue>;

    // Starts in the process's current folder with PowerShell's preference variables.
    explicit SessionState(const ScriptLimits& limits);

    // The variable, ignoring case; null where there is none.
    [[nodiscard]] Shared find(std::string_view name) const;
    // Keeps a deep copy. False, changing nothing, when that would go over a limit of variables or
    // memory.
    bool set(std::string_view name, Value value);
    // Names as first spelled, sorted.
    [[nodiscard]] std::vector<std::string> names() const;

    [[nodiscard]] const std::string& location() const { return location_; }
    // An absolute, normal path.
    void set_location(std::string path) { location_ = std::move(path); }
    // `path` seen from the location: absolute, without . and .., ~ being the home folder.
    [[nodiscard]] std::string resolve(std::string_view path) const;

    // Version both sides of the session agreed on, for $PSVersionTable.
    clixml::Version protocol_version{2, 3};
    // Number of the pipeline being run, from 1.
    std::int64_t history_id = 0;

private:
    struct Variable {
        std::string name;
        Shared value;
        std::size_t bytes = 0;
    };
    ScriptLimits limits_;
    std::size_t bytes_ = 0;                     // of all variables
    std::map<std::string, Variable> variables_; // by folded name
    std::string location_;
};

// $PSVersionTable of this endpoint, as a hashtable or as the PSPrimitiveDictionary of the private
// data.
Value make_version_table(
    Arena& arena, const clixml::Version& protocol_version, bool primitive_dictionary
);

} // namespace psrp::server
