// The parts of a URI as System.Uri names them, for showing one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace psrp {

// An absolute URI in its parts; texts as they stood, scheme and host in lower case.
struct UriParts {
    std::string scheme;
    std::string user_info;
    std::string host;
    std::string host_type; // "Dns", "IPv4", "IPv6" or "Basic"
    int port = -1;
    bool is_default_port = false;
    std::string path;
    std::string query;    // with its question mark
    std::string fragment; // with its number sign
    bool is_loopback = false;
};

// The parts of `uri`, or nothing where it is relative or has no authority.
std::optional<UriParts> uri_parts(std::string_view uri);

} // namespace psrp
