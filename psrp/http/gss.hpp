// GSSAPI (MIT) as HTTP needs it: credentials, the exchange of tokens in both roles, encryption of
// messages (fact sheet transports C2, C3, C5).
#pragma once

#include <clixml/bytes.hpp>
#include <psrp/http/failure.hpp>
#include <psrp/http/login.hpp>
#include <psrp/http/security_context.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace psrp {

enum class GssMechanism : std::uint8_t {
    Negotiate, // SPNEGO, which settles on Kerberos or NTLM
    Kerberos,
    Ntlm,
};

// Who one is. May be shared by contexts, also of several threads.
class GssCredential {
public:
    GssCredential(GssCredential&&) noexcept;
    GssCredential& operator=(GssCredential&&) noexcept;
    ~GssCredential();

    // A client with a user and a password: user@REALM, DOMAIN\user or a bare name. Errors: those of
    // Kerberos (PrincipalUnknown, PasswordRefused, RealmUnreachable, ClockSkew), SecurityFailed.
    static HttpResult<GssCredential> log_in(GssMechanism mechanism, const Login& login);

    // A server: the keys of its Kerberos principals, and the users NTLM knows. Either may be empty;
    // then that mechanism is not there. Sets KRB5_KTNAME and NTLM_USER_FILE for the process: call
    // it before there are threads. Errors: ServerFileUnusable.
    static HttpResult<GssCredential>
    serve(const std::string& keytab, const std::string& ntlm_users);

private:
    friend class GssContext;
    struct Impl;
    explicit GssCredential(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

struct GssInitiatorOptions {
    GssMechanism mechanism = GssMechanism::Negotiate;
    std::string service = "HTTP";
    std::string host;
    std::optional<int> port; // as part of the service's name (IncludePortInSPN)
    // Null: whoever this process is, by its ticket. Borrowed for the life of the context.
    const GssCredential* credential = nullptr;
    Bytes channel_binding; // application data; empty: none
    bool delegates = false;
};

struct GssAcceptorOptions {
    const GssCredential* credential = nullptr; // borrowed for the life of the context
    Bytes channel_binding;                     // application data; empty: none
    bool needs_channel_binding = false;        // refuses clients that send none
};

// One security context: of one connection, in one role. Not thread-safe. After an error it is
// Broken: nothing but destroying it makes sense.
class GssContext final : public SecurityContext {
public:
    static HttpResult<GssContext> initiate(const GssInitiatorOptions& options);
    static GssContext accept(const GssAcceptorOptions& options);
    GssContext(GssContext&&) noexcept;
    GssContext& operator=(GssContext&&) noexcept;
    ~GssContext() override;

    // Takes the peer's token (none at an initiator's start) and gives ours, if there is one.
    // Errors: those of Kerberos, LoginRefused, SecurityFailed.
    HttpResult<std::optional<Bytes>> step(BytesView token) override;
    [[nodiscard]] bool is_complete() const override;
    // Whether messages can be kept secret; once complete.
    [[nodiscard]] bool can_encrypt() const;
    // Whether NTLM came about, once complete.
    [[nodiscard]] bool is_ntlm() const;
    // Who the peer is, once complete: user@REALM or DOMAIN\user.
    [[nodiscard]] std::string peer_name() const override;
    // An acceptor's, once complete: whether the client has handed its own credential on.
    [[nodiscard]] bool has_delegated_credential() const;
    // What the mechanism says of a step() that failed: of clocks, of tickets.
    [[nodiscard]] std::optional<Bytes> farewell() const override;

    // Encrypts one message; they must go over the wire in this order. Errors:
    // EncryptionUnavailable, SecurityFailed.
    HttpResult<SealedMessage> seal(std::string_view message) override;
    // Decrypts the next message. Errors: MessageTampered for one that was changed, repeated or left
    // out; LengthMismatch where it is not `original_bytes` long; EncryptionUnavailable.
    HttpResult<std::string> open(
        std::string_view signature, std::string_view ciphertext, std::uint64_t original_bytes
    ) override;
    // The same for a token that stands in one piece and says nothing of its length.
    HttpResult<std::string> unwrap(std::string_view token);

private:
    struct Impl;
    explicit GssContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace psrp
