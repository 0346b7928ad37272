// The parts of a URI as System.Uri names them, for showing one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace psrp {

// An absolute URI in its parts; scheme and host in lower case, what no URI may hold
// percent-encoded.
struct UriParts {
    std::string scheme;
    std::string user_info;
    std::string host;
    std::string host_type; // "Dns", "IPv4", "IPv6", "Basic" or "Unknown"
    int port = -1;
    bool is_default_port = false;
    std::string path;
    std::string local_path; // decoded; \\\\host\\share for a file on another host
    std::string query;      // with its question mark
    std::string fragment;   // with its number sign
    bool is_loopback = false;
    bool has_authority = true; // else scheme:path
};

// The parts of `uri`, or nothing where it is relative.
std::optional<UriParts> uri_parts(std::string_view uri);

} // namespace psrp
