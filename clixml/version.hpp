// System.Version: two to four numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml {

// A version; `build` and `revision` are -1 where they are not given. All others are 0 or more.
struct Version {
    std::int32_t major = 0;
    std::int32_t minor = 0;
    std::int32_t build = -1;
    std::int32_t revision = -1;

    [[nodiscard]] std::string text() const;
    // Two to four parts, each with blanks and a plus sign tolerated (fact sheet clixml 2.1).
    static std::optional<Version> read(std::string_view text);
    friend auto operator<=>(const Version&, const Version&) = default;
};

} // namespace clixml
