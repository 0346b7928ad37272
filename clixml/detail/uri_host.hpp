// Hosts of System.Uri: names, IPv4 and IPv6 addresses in all their notations (fact sheet clixml
// 2.1, URI).
#pragma once

#include <clixml/uri.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace clixml::detail {

// What ends a host, and which notations count.
struct UriHostRules {
    bool implicit_file = false;     // only slashes end a host
    bool allow_host = true;         // the scheme has hosts at all
    bool allow_unc = true;          // names as Windows file shares have them
    bool dotted_quads_only = false; // no 1.2 or 0x7f.1 for an IPv4 address
};

struct UriHost {
    UriHostType type = UriHostType::Unknown; // Unknown: none was recognised
    std::size_t size = 0;
    std::u16string text;       // canonical
    bool is_rewritten = false; // by Unicode normalization
    bool is_loopback = false;
};

// The host that `text` starts with.
UriHost read_uri_host(std::u16string_view text, const UriHostRules& rules);

} // namespace clixml::detail
