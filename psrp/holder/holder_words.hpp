// What a program and the holder of a session say to each other before the framing begins: a line
// that asks, a line that answers. Sans-IO.
#pragma once

#include <clixml/guid.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace psrp {

// What is wanted of a holder.
enum class HolderRequest {
    Use,        // the session: the framing follows, from a client that connects
    Look,       // its description alone
    Close,      // its end: the connection ends when everything has
    Disconnect, // that it is left to the server; a second line says "left", or why not
};

// A session as its holder describes it.
struct HeldDescription {
    std::string name;
    std::string computer_name;
    clixml::Guid runspace_pool_id;
    std::string transport;     // as Get-PSSession says it: SSH, WSMan, Process
    std::string configuration; // empty: none
    std::string broken_reason; // empty: the session is open
    std::size_t pipeline_count = 0;

    [[nodiscard]] bool is_open() const { return broken_reason.empty(); }
};

// The longest line of either side.
inline constexpr std::size_t holder_line_bytes_max = 65536;

// Lines, their line feed included.
std::string write_holder_request(HolderRequest request);
std::string write_held_description(const HeldDescription& description);
// A line without its line feed. Nothing for anything but what the functions above write.
std::optional<HolderRequest> read_holder_request(std::string_view line);
std::optional<HeldDescription> read_held_description(std::string_view line);

} // namespace psrp
