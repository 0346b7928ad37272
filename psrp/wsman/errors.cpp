#include <psrp/wsman/errors.hpp>
#include <psrp/wsman/fault.hpp>

#include <string>

namespace psrp::wsman {
namespace {

// Null for the faults: their texts stand in the table.
const char* own_text(Errc code)
{
    switch (code) {
    case Errc::EnvelopeTooBig:
        return "an envelope is larger than allowed";
    case Errc::NestingTooDeep:
        return "an envelope nests its elements too deeply";
    case Errc::TooManyElements:
        return "an envelope has too many elements or attributes";
    case Errc::DtdRefused:
        return "an envelope has a document type";
    case Errc::UnknownEntity:
        return "an envelope uses an entity that XML does not define";
    case Errc::MalformedXml:
        return "an envelope is not well-formed XML";
    case Errc::UnsupportedEncoding:
        return "an envelope is neither UTF-8 nor UTF-16";
    case Errc::UnknownPrefix:
        return "a name has a prefix that is not declared";
    case Errc::NotAnEnvelope:
        return "the document is no SOAP envelope";
    case Errc::SoapVersionMismatch:
        return "the envelope is not of SOAP 1.2";
    case Errc::MissingHeader:
        return "an envelope lacks a header";
    case Errc::InvalidHeader:
        return "a header has a value that cannot be read";
    case Errc::DuplicateHeader:
        return "a header stands in an envelope twice";
    case Errc::NotUnderstood:
        return "a header that must be understood is not known";
    case Errc::MissingElement:
        return "a body lacks an element";
    case Errc::InvalidElement:
        return "an element has a value that cannot be read";
    case Errc::UnexpectedBody:
        return "the body is not the one of its action";
    case Errc::InvalidStreamData:
        return "a stream is not base64";
    case Errc::StreamDataTooBig:
        return "an envelope carries more stream bytes than allowed";
    case Errc::WrongRelatesTo:
        return "the service answered another request";
    case Errc::WrongAction:
        return "the service answered another operation";
    case Errc::UnexpectedCompression:
        return "the service compresses without having been asked to";
    case Errc::HttpStatus:
        return "the service answered with an HTTP error";
    case Errc::NotSoap:
        return "the service's answer is no SOAP";
    case Errc::ActionNotAllowed:
        return "the action is not possible now";
    case Errc::DataTooBig:
        return "the data do not fit into an envelope";
    case Errc::UnknownRequest:
        return "no such request is under way";
    case Errc::UnknownShell:
        return "there is no such shell";
    case Errc::InvalidIdleTimeout:
        return "an idle timeout is one minute at least";
    case Errc::RequestFailed:
        return "the request brought no answer";
    case Errc::FaultReceived:
        return "the service answered with a fault";
    case Errc::AccessDenied:
    case Errc::ServerOutOfMemory:
    case Errc::NetworkPathNotFound:
    case Errc::OperationAborted:
    case Errc::ShutDownInProgress:
    case Errc::AuthenticationFailed:
    case Errc::LogonFailure:
    case Errc::LogonSessionMissing:
    case Errc::ImproperResponse:
    case Errc::OperationTimedOut:
    case Errc::ShellNotFound:
    case Errc::SchemaViolation:
    case Errc::CannotConnect:
    case Errc::ConnectTimedOut:
    case Errc::UrlNotAvailable:
    case Errc::ServiceUnavailable:
    case Errc::HttpServerError:
    case Errc::InvalidOperation:
    case Errc::MismatchedSessions:
    case Errc::AlreadyConnected:
    case Errc::RunAsFailed:
    case Errc::InvalidSessionName:
    case Errc::InvalidResourceUri:
    case Errc::InvalidAuthentication:
    case Errc::RemoteShellsDisallowed:
    case Errc::RemoteConnectionDisallowed:
    case Errc::CorruptedConfiguration:
    case Errc::UriTooLong:
    case Errc::KerberosDisabled:
    case Errc::ServerNotTrusted:
    case Errc::WorkgroupCannotUseKerberos:
    case Errc::ExplicitCredentialsRequired:
    case Errc::CannotUseIpAddress:
    case Errc::ComputerNotFound:
    case Errc::TargetUnknown:
    case Errc::RedirectRequested:
    case Errc::RedirectLocationInvalid:
    case Errc::OperationNotSupported:
    case Errc::PluginFailed:
    case Errc::PluginShutDown:
    case Errc::ConnectWithoutData:
    case Errc::ConnectFailed:
    case Errc::ProtocolVersionMissing:
    case Errc::IncorrectProtocolVersion:
    case Errc::UnknownOption:
    case Errc::MissingStreams:
    case Errc::InvalidInputStream:
    case Errc::InvalidInputData:
    case Errc::InvalidOutputStream:
    case Errc::InvalidArguments:
    case Errc::InvalidShellContext:
    case Errc::InvalidCommandContext:
    case Errc::StreamDisconnected:
    case Errc::TooManyShells:
    case Errc::TooManyOperations:
    case Errc::TooManyCommands:
    case Errc::QuotaExceeded:
    case Errc::InvalidAction:
    case Errc::MustUnderstand:
    case Errc::EnvelopeLimit:
    case Errc::EnvelopeLimitTooSmall:
    case Errc::InvalidXml:
    case Errc::InvalidTimeout:
        break;
    }
    return nullptr;
}

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "psrp-wsman"; }

    std::string message(int value) const override
    {
        const auto code = static_cast<Errc>(value);
        if (const char* text = own_text(code)) return text;
        for (const auto& row : fault_rows()) {
            if (row.error == code) return std::string(row.message);
        }
        return "unknown WS-Management error";
    }
};

} // namespace

const std::error_category& error_category()
{
    static const Category category;
    return category;
}

std::error_code make_error_code(Errc code)
{
    return {static_cast<int>(code), error_category()};
}

} // namespace psrp::wsman
