// What the command lines of icm and psrp say about WinRM, and the transport options that come of it
// (fact sheet transports B1, B11, C1).
#pragma once

#include <psrp/winrm/winrm_transport.hpp>

#include <tl/expected.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace icm {

// New-PSSessionOption's names, as far as they mean something here.
struct SessionOption {
    int redirections_max = 5;
    bool no_compression = false;
    std::uint32_t credssp_version_min = 5; // CredSspVersionMin, our own
    bool no_machine_profile = false;
    std::string culture;
    std::string ui_culture;
    std::optional<std::uint64_t> object_bytes_max; // MaximumReceivedObjectSize
    std::optional<psrp::wsman::BufferMode> buffer_mode;
    int create_retries_max = 5; // MaxConnectionRetryCount
    std::optional<std::chrono::milliseconds> open_timeout;
    std::optional<std::chrono::milliseconds> cancel_timeout;
    std::optional<std::chrono::milliseconds> idle_timeout;
    std::optional<std::chrono::milliseconds> operation_timeout;
    bool uses_proxy = false; // of the environment
    psrp::ProxyScheme proxy_scheme = psrp::ProxyScheme::Any;
    std::shared_ptr<const psrp::Login>
        proxy_login; // ProxyCredential: a file like --credential-file
    bool skips_authority_check = false;
    bool skips_name_check = false;
    bool skips_revocation_check = false;
    bool no_encryption = false;
    bool uses_utf16 = false;
    bool includes_port_in_spn = false;
    std::optional<std::uint32_t> envelope_kib; // MaxEnvelopeSizeKb, our own
};

// Reads the JSON of -SessionOption: New-PSSessionOption's names in any case. The error is a
// sentence for the user.
tl::expected<SessionOption, std::string> read_session_option(std::string_view json);

// Everything about WinRM but the targets.
struct WinRmSettings {
    int port = 0; // 0: 5985, or 5986 with TLS
    bool uses_tls = false;
    psrp::AuthenticationScheme authentication = psrp::AuthenticationScheme::Default;
    std::string user;            // -Credential
    std::string credential_file; // --credential-file
    std::string password_variable;
    int password_descriptor = -1;
    std::string configuration;
    std::string application;
    std::string certificate_file;
    std::string certificate_key_file;
    std::string authority_file;
    bool allows_redirection = false;
    bool allows_basic_in_clear = false;
    bool delegates = false;
    std::string session_name;
    SessionOption session_option;
};

// The scheme called `name` (PowerShell's names, and NTLM and Certificate), in any case.
std::optional<psrp::AuthenticationScheme> read_authentication(std::string_view name);

// http or https URL of a computer, with PowerShell's default port and path.
std::string winrm_url(const std::string& computer, const WinRmSettings& settings);

// The login in a file that nobody else can read: two lines, user and password; or one, the password
// of `user`. The error is a sentence for the user.
tl::expected<psrp::Login, std::string> read_credential_file(
    const std::string& path,
    const std::string& user,
    const std::string& option = "--credential-file"
);

// Who to be: asks for the password where it was not given in a safer way. The error is a sentence
// for the user.
tl::expected<std::shared_ptr<psrp::Identity>, std::string>
winrm_identity(const WinRmSettings& settings);

// Options of a connection to `url`.
psrp::ChannelOptions channel_options(
    const std::string& url, const WinRmSettings& settings, std::shared_ptr<psrp::Identity> identity
);
// Options of a session's transport. `ids` is borrowed.
psrp::WinRmOptions transport_options(
    const std::string& url,
    const WinRmSettings& settings,
    std::shared_ptr<psrp::Identity> identity,
    psrp::IdSource& ids
);

} // namespace icm
