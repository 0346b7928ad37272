// What can go wrong on the way over HTTP, one enumerator a rule (fact sheet transports B2, C). Says
// whether the peer, the caller or the environment erred.
#pragma once

#include <system_error>

namespace psrp {

enum class HttpErrc {
    // Environment: the host's name is not known.
    HostUnknown = 1,
    // Environment: nobody listens there, or no way leads there.
    ConnectFailed,
    // Environment: no connection came about in time.
    ConnectTimedOut,
    // Environment: the answer did not come in time.
    OperationTimedOut,
    // Environment: the connection was cut before the answer was whole.
    ConnectionCut,
    // Peer: what came is no HTTP.
    MalformedHttp,
    // Peer: the answer is larger than HttpClientLimits::response_bytes_max.
    ResponseTooLarge,
    // Environment: no TLS came about: no common version or cipher, or no TLS on this port.
    TlsFailed,
    // Environment: the server's certificate has no chain to an authority we trust, is expired or is
    // revoked.
    CertificateUntrusted,
    // Environment: the server's certificate is for another name.
    CertificateNameMismatch,
    // Caller: the client's certificate or its key cannot be used.
    ClientCertificateUnusable,
    // Caller: the file with authorities cannot be read.
    AuthorityFileUnusable,
    // Environment: the proxy could not be used.
    ProxyFailed,
    // Caller: the address is no http or https URL.
    InvalidUrl,
    // Environment: the server refused the user or the password.
    LoginRefused,
    // Peer: it offers no scheme that was asked for.
    SchemeNotOffered,
    // Peer: it goes on asking for tokens.
    TooManyRounds,
    // Peer: its challenge is no base64 or cannot be understood.
    MalformedChallenge,
    // Peer: it ended the exchange of tokens before it had proven who it is.
    ServerNotAuthenticated,
    // Caller: Basic over plain HTTP shows the password to everybody on the way.
    BasicRefused,
    // Caller: this way to authenticate is not there.
    SchemeNotSupported,
    // Caller: no user and password, where the scheme cannot do without.
    CredentialMissing,
    // Caller: a client certificate needs HTTPS.
    CertificateNeedsTls,
    // Environment: there is no ticket to begin with (kinit makes one).
    TicketMissing,
    // Environment: the ticket has expired.
    TicketExpired,
    // Environment: the clocks of both sides differ by too much.
    ClockSkew,
    // Environment: the realm has no KDC that can be reached, or is not known.
    RealmUnreachable,
    // Environment: the realm does not know the user.
    PrincipalUnknown,
    // Environment: the realm does not know the service of this host.
    ServiceUnknown,
    // Environment: the realm refused the password.
    PasswordRefused,
    // Environment: the peer speaks an older CredSSP than is allowed: one that can be relayed.
    CredSspTooOld,
    // Peer: it changed the version of CredSSP after it had said it.
    CredSspVersionChanged,
    // Peer: what it proves is bound to another TLS session: somebody stands between.
    CredSspBindingMismatch,
    // Peer: a message of CredSSP cannot be read, or does not come at this place.
    MalformedCredSsp,
    // Environment: GSSAPI failed otherwise.
    SecurityFailed,
    // Peer: a body is not the multipart that encryption asks for.
    MalformedMultipart,
    // Peer: a message was changed on the way, came twice, or came out of turn.
    MessageTampered,
    // Peer: a message is not as long as it says.
    LengthMismatch,
    // Peer: it answered an encrypted request in the clear.
    PlainAnswer,
    // Peer: it encrypted an answer to a plain request.
    UnexpectedEncryption,
    // Caller: the context cannot encrypt.
    EncryptionUnavailable,
    // Peer: the HTTP status says no, without a SOAP fault that says why.
    UnexpectedStatus,
    // Environment: the address to listen on cannot be used.
    ListenFailed,
    // Caller: a file of the server's (certificate, key, users, keytab) cannot be used.
    ServerFileUnusable,
    // Caller: one request at a time.
    Busy,
};

// The category of HttpErrc.
const std::error_category& http_error_category();

// Makes HttpErrc usable wherever a std::error_code is expected.
inline std::error_code make_error_code(HttpErrc code)
{
    return {static_cast<int>(code), http_error_category()};
}

} // namespace psrp

template <>
struct std::is_error_code_enum<psrp::HttpErrc> : std::true_type {
};
