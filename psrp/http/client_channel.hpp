// A connection that authenticates itself and encrypts its messages: what WinRM's exchanges go over
// (fact sheet transports C). Authentication is of the connection, so each channel has its own.
#pragma once

#include <psrp/http/client_connection.hpp>
#include <psrp/http/gss.hpp>
#include <psrp/http/login.hpp>
#include <psrp/http/multipart.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace psrp {

// How a client says who it is (C1). Ntlm is Negotiate that accepts nothing but NTLM.
enum class AuthenticationScheme : std::uint8_t {
    Default, // Certificate where there is one, else Negotiate
    Basic,
    Negotiate,
    Kerberos,
    Ntlm,
    CredSsp, // gives the user's password to the server
    Digest,
    Certificate,
    Anonymous,
};

enum class MessageEncryption : std::uint8_t {
    Automatic, // over HTTP, with the schemes that can
    Always,
    Never, // NoEncryption
};

// Who the user is, for all channels of one or many targets: the password, and what was obtained
// with it. Not thread-safe.
class Identity {
public:
    // Without a login: whoever this process is, by its Kerberos ticket.
    explicit Identity(std::optional<Login> login = std::nullopt) : login_(std::move(login)) {}

    [[nodiscard]] const Login* login() const { return login_ ? &*login_ : nullptr; }
    // The credential for a mechanism, obtained at the first call; null stands for the process's
    // own. May wait for a KDC.
    HttpResult<const GssCredential*> credential(GssMechanism mechanism);

private:
    std::optional<Login> login_;
    std::map<GssMechanism, GssCredential> credentials_;
};

// How messages are written; answers are read in either.
enum class MessageText : std::uint8_t {
    Utf8,
    Utf16, // UseUTF16: twice as long
};

struct ChannelOptions {
    HttpConnectionOptions connection;
    AuthenticationScheme scheme = AuthenticationScheme::Default;
    std::shared_ptr<Identity> identity; // not null
    MessageEncryption encryption = MessageEncryption::Automatic;
    MessageText text = MessageText::Utf8;
    bool allows_basic_in_clear = false;
    std::string service = "HTTP"; // of the Kerberos principal service/host
    bool names_port = false;      // IncludePortInSPN
    bool delegates = false;
    std::uint32_t credssp_version_min = 5; // less only where somebody insists (C6)
    MultipartLimits multipart = {};
    // Rounds of 401 before one gives up; CredSSP has two for TLS besides its own.
    int rounds_max = 12;
};

// One request at a time, like its connection. Tokens and encryption are not seen outside.
class HttpChannel final : public PollSource {
public:
    explicit HttpChannel(ChannelOptions options);
    ~HttpChannel() override;
    HttpChannel(const HttpChannel&) = delete;
    HttpChannel& operator=(const HttpChannel&) = delete;

    // Posts a SOAP message in UTF-8, whatever it travels in. Errors: Busy, and what is plain
    // without asking the server: BasicRefused, SchemeNotSupported, CredentialMissing,
    // CertificateNeedsTls.
    HttpResult<void> start(std::string message, std::chrono::milliseconds timeout);
    // The answer in the clear, once; nothing while it has not come. Any status but 401 is an
    // answer if it has a body; the others are UnexpectedStatus.
    std::optional<HttpResult<HttpResponse>> take_result();
    // Forgets the request and cuts the connection.
    void cut();
    [[nodiscard]] bool is_busy() const;

    // Whether the last answer came encrypted.
    [[nodiscard]] bool was_encrypted() const;

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override;
    [[nodiscard]] std::optional<Clock::time_point> deadline() const override;
    void on_deadline(Clock::time_point now) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
