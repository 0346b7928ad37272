#include <psrp/http/errors.hpp>

#include <string>

namespace psrp {

namespace {

const char* text_of_connection(HttpErrc code)
{
    switch (code) {
    case HttpErrc::HostUnknown:
        return "the host's name is not known";
    case HttpErrc::ConnectFailed:
        return "the host cannot be reached on this port";
    case HttpErrc::ConnectTimedOut:
        return "no connection came about in time";
    case HttpErrc::OperationTimedOut:
        return "the server did not answer in time";
    case HttpErrc::ConnectionCut:
        return "the connection was cut";
    case HttpErrc::MalformedHttp:
        return "the server's answer is no HTTP";
    case HttpErrc::ResponseTooLarge:
        return "the server's answer is too large";
    case HttpErrc::TlsFailed:
        return "no TLS connection came about";
    case HttpErrc::CertificateUntrusted:
        return "the server's certificate is not trusted";
    case HttpErrc::CertificateNameMismatch:
        return "the server's certificate is for another name";
    case HttpErrc::ClientCertificateUnusable:
        return "the client certificate or its key cannot be used";
    case HttpErrc::AuthorityFileUnusable:
        return "the file with certificate authorities cannot be used";
    case HttpErrc::ProxyFailed:
        return "the proxy cannot be used";
    case HttpErrc::InvalidUrl:
        return "the address is no http or https URL";
    case HttpErrc::UnexpectedStatus:
        return "the server refused the request";
    case HttpErrc::ListenFailed:
        return "the address cannot be listened on";
    case HttpErrc::ServerFileUnusable:
        return "a file of the server cannot be used";
    case HttpErrc::Busy:
        return "a request is outstanding";
    default:
        return nullptr;
    }
}

const char* text_of_login(HttpErrc code)
{
    switch (code) {
    case HttpErrc::LoginRefused:
        return "the server refused the user name or password";
    case HttpErrc::SchemeNotOffered:
        return "the server does not offer this way to authenticate";
    case HttpErrc::TooManyRounds:
        return "the server goes on asking for authentication";
    case HttpErrc::MalformedChallenge:
        return "the server's challenge cannot be read";
    case HttpErrc::ServerNotAuthenticated:
        return "the server did not prove who it is";
    case HttpErrc::BasicRefused:
        return "Basic over plain HTTP would show the password to everybody on the way";
    case HttpErrc::SchemeNotSupported:
        return "this way to authenticate is not supported";
    case HttpErrc::CredentialMissing:
        return "a user name and a password are needed";
    case HttpErrc::CertificateNeedsTls:
        return "a client certificate needs HTTPS";
    case HttpErrc::TicketMissing:
        return "there is no Kerberos ticket";
    case HttpErrc::TicketExpired:
        return "the Kerberos ticket has expired";
    case HttpErrc::ClockSkew:
        return "the clocks of this computer and the other differ too much";
    case HttpErrc::RealmUnreachable:
        return "no KDC of the Kerberos realm can be reached";
    case HttpErrc::PrincipalUnknown:
        return "the Kerberos realm does not know the user";
    case HttpErrc::ServiceUnknown:
        return "the Kerberos realm does not know the host's service";
    case HttpErrc::PasswordRefused:
        return "the Kerberos realm refused the password";
    case HttpErrc::CredSspTooOld:
        return "the other side speaks an older CredSSP than is allowed";
    case HttpErrc::CredSspVersionChanged:
        return "the other side changed its version of CredSSP on the way";
    case HttpErrc::CredSspBindingMismatch:
        return "the login is bound to another TLS session: somebody may stand in between";
    case HttpErrc::MalformedCredSsp:
        return "a message of CredSSP is not what it should be";
    case HttpErrc::SecurityFailed:
        return "GSSAPI failed";
    default:
        return nullptr;
    }
}

const char* text_of_encryption(HttpErrc code)
{
    switch (code) {
    case HttpErrc::MalformedMultipart:
        return "an encrypted message is not well-formed";
    case HttpErrc::MessageTampered:
        return "an encrypted message was changed or repeated on the way";
    case HttpErrc::LengthMismatch:
        return "an encrypted message is not as long as it says";
    case HttpErrc::PlainAnswer:
        return "the server answered an encrypted request in the clear";
    case HttpErrc::UnexpectedEncryption:
        return "the server encrypted its answer to a plain request";
    case HttpErrc::EncryptionUnavailable:
        return "the authentication that came about cannot encrypt";
    default:
        return nullptr;
    }
}

class HttpCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "psrp.http"; }

    [[nodiscard]] std::string message(int value) const override
    {
        const auto code = static_cast<HttpErrc>(value);
        for (const auto& text_of : {text_of_connection, text_of_login, text_of_encryption}) {
            if (const char* text = text_of(code)) return text;
        }
        return "unknown error";
    }
};

} // namespace

const std::error_category& http_error_category()
{
    static const HttpCategory category;
    return category;
}

} // namespace psrp
