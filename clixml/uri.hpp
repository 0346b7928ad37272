// System.Uri: which texts are addresses, and the text PowerShell writes for one (fact sheet clixml
// 2.1, URI).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clixml {

// What stands for a host, as System.Uri's HostNameType names it; Unknown where an address has no
// authority.
enum class UriHostType : std::uint8_t { Unknown, Basic, Dns, IPv4, IPv6 };

// An address as PowerShell on Linux holds it. All texts are the ones it displays: escapes of
// characters that are not reserved resolved, names in lower case, dot segments removed.
struct Uri {
    bool is_absolute = false;
    std::string text; // ToString()

    // Of an absolute address:
    std::string scheme;
    bool has_authority = false; // "//" stands behind the scheme
    std::string user_info;      // without its @
    std::string host;
    UriHostType host_type = UriHostType::Unknown;
    std::int32_t port = -1; // the scheme's own where none is given; -1 where it has none
    bool is_default_port = true;
    bool is_unc = false;
    bool is_loopback = false;
    std::string path;
    std::string query;    // with its question mark
    std::string fragment; // with its number sign

    // Reads `text` (WTF-8); nothing where System.Uri refuses it both as absolute and as relative
    // address. Linear time, no limit of its own.
    static std::optional<Uri> read(std::string_view text);
};

// Whether an address of this text is relative and written as it stands, which most are not: for
// skipping the rest.
bool is_plain_relative_uri(std::string_view text);

// `text` with everything percent-encoded that may not stand in an address; existing escapes stay.
std::string escaped_uri_text(std::string_view text);

} // namespace clixml
