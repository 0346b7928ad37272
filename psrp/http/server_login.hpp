// Who is at the other end of a connection to our server: the acceptor's side of Basic, Negotiate,
// Kerberos, NTLM and client certificates (fact sheet transports C1-C4). No I/O.
#pragma once

#include <psrp/http/failure.hpp>
#include <psrp/http/gss.hpp>
#include <psrp/http/security_context.hpp>
#include <psrp/http/tls_pipe.hpp>
#include <psrp/http/user_store.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace psrp {

// What all connections of a server have in common. Borrowed by each login.
struct ServerLoginOptions {
    UserStore* users = nullptr;                // for Basic; null: not offered
    const GssCredential* credential = nullptr; // for the others; null: not offered
    // For CredSSP, with the credential above; null: not offered.
    const TlsIdentity* credssp_identity = nullptr;
    std::map<std::string, std::string> certificate_users;
    Bytes channel_binding; // of our certificate; empty: no TLS
    bool is_secure = false;
    bool allows_basic_in_clear = false;
    bool needs_channel_binding = false;
    int rounds_max = 12;
};

// What to do with a request after its Authorization was looked at.
struct LoginVerdict {
    enum class Kind { Accepted, Refused, Continue } kind = Kind::Refused;
    // Values of WWW-Authenticate: our challenges, or our token.
    std::vector<std::string> challenges;
    std::optional<HttpFailure> failure; // for the log, where a login failed
    std::string scheme;                 // that was tried
};

// The state of one connection. A context lasts as long as the connection. Not thread-safe;
// different logins may be judged on different threads.
class ServerLogin {
public:
    explicit ServerLogin(const ServerLoginOptions& options) : options_(options) {}

    // Judges a request by its Authorization (empty: none) and the thumbprint of the client's
    // certificate (empty: none that we trust).
    LoginVerdict judge(std::string_view authorization, std::string_view thumbprint);

    // Whether judge() may take so long that others should not wait for it.
    [[nodiscard]] bool takes_long(std::string_view authorization) const;

    // Who was accepted last; empty: nobody.
    [[nodiscard]] const std::string& user() const { return user_; }
    // For messages; null where the scheme has no encryption.
    [[nodiscard]] SecurityContext* context()
    {
        return context_ && is_accepted_ ? context_.get() : nullptr;
    }

private:
    LoginVerdict judge_basic(std::string_view token);
    HttpResult<void> begin(std::string_view scheme);
    LoginVerdict judge_token(std::string_view scheme, std::string_view token);
    LoginVerdict judge_certificate(std::string_view thumbprint);
    LoginVerdict refused(HttpFailure failure, std::string_view scheme);
    [[nodiscard]] std::vector<std::string> challenges() const;

    const ServerLoginOptions& options_;
    std::unique_ptr<SecurityContext> context_;
    int rounds_ = 0;
    bool is_accepted_ = false;
    std::string user_;
    Bytes basic_digest_; // of the Basic token accepted last: hashes are slow
};

} // namespace psrp
