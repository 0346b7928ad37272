// psrp::wsman::Errc: one enumerator for each rule of the SOAP exchange that can be broken, and one
// for each fault of a server that has a name (fact sheet transports B3, B15).
#pragma once

#include <system_error>

namespace psrp::wsman {

enum class Errc {
    // The peer: the text of an envelope
    // -----------------------------------------------------------------------------
    EnvelopeTooBig = 1,  // more bytes than EnvelopeLimits::envelope_bytes_max
    NestingTooDeep,      // elements nested deeper than EnvelopeLimits::depth_max
    TooManyElements,     // more elements or attributes than EnvelopeLimits allows
    DtdRefused,          // a document type; neither side needs one
    UnknownEntity,       // an entity other than the five of XML
    MalformedXml,        // not well-formed
    UnsupportedEncoding, // neither UTF-8 nor UTF-16 with a byte order mark
    UnknownPrefix,       // a name whose prefix nobody has declared
    NotAnEnvelope,       // the document is no SOAP 1.2 envelope
    SoapVersionMismatch, // a SOAP envelope of another version
    MissingHeader,       // a header block that the message needs; the detail is its name
    InvalidHeader,       // a header block whose value cannot be read; the detail is its name
    DuplicateHeader,     // a header block that stands there twice
    NotUnderstood,       // a header block that must be understood and is not known
    MissingElement,      // a body without an element it needs; the detail is its name
    InvalidElement,      // an element or attribute whose value cannot be read
    UnexpectedBody,      // a body other than the action says
    InvalidStreamData,   // a stream, or an Xml element, that is no base64
    StreamDataTooBig,    // more bytes of streams than EnvelopeLimits::stream_bytes_max
    // The peer: order
    // -----------------------------------------------------------------------------------------------
    WrongRelatesTo,        // a response to another request
    WrongAction,           // a response of another operation
    UnexpectedCompression, // a compressed shell that nobody asked for
    HttpStatus,            // an HTTP status without a SOAP body
    NotSoap,               // a successful answer that is no SOAP
    // The caller
    // ----------------------------------------------------------------------------------------------------
    ActionNotAllowed,   // the action does not fit what is open
    DataTooBig,         // a Send larger than send_bytes_max()
    UnknownRequest,     // no such request is outstanding
    UnknownShell,       // no such shell
    InvalidIdleTimeout, // an idle timeout below a minute
    // The environment
    // -----------------------------------------------------------------------------------------------
    RequestFailed, // the HTTP request brought no answer
    // Faults: see fault_rows() for code, name and advice
    // ----------------------------------------------------------------------------
    AccessDenied,
    ServerOutOfMemory,
    NetworkPathNotFound,
    OperationAborted,
    ShutDownInProgress,
    AuthenticationFailed,
    LogonFailure,
    LogonSessionMissing,
    ImproperResponse,
    OperationTimedOut,
    ShellNotFound, // or its command: WinRM does not tell them apart
    SchemaViolation,
    CannotConnect,
    ConnectTimedOut,
    UrlNotAvailable,
    ServiceUnavailable,
    HttpServerError,
    InvalidOperation,
    MismatchedSessions,
    AlreadyConnected,
    RunAsFailed,
    InvalidSessionName,
    InvalidResourceUri,
    InvalidAuthentication,
    RemoteShellsDisallowed,
    RemoteConnectionDisallowed,
    CorruptedConfiguration,
    UriTooLong,
    KerberosDisabled,
    ServerNotTrusted,
    WorkgroupCannotUseKerberos,
    ExplicitCredentialsRequired,
    CannotUseIpAddress,
    ComputerNotFound,
    TargetUnknown,
    RedirectRequested,
    RedirectLocationInvalid,
    OperationNotSupported,
    PluginFailed,
    PluginShutDown,
    ConnectWithoutData,
    ConnectFailed,
    ProtocolVersionMissing,
    IncorrectProtocolVersion,
    UnknownOption,
    MissingStreams,
    InvalidInputStream,
    InvalidInputData,
    InvalidOutputStream,
    InvalidArguments,
    InvalidShellContext,
    InvalidCommandContext,
    StreamDisconnected, // the service has disconnected the shell, after idleness or a lost network
    TooManyShells,
    TooManyOperations,
    TooManyCommands,
    QuotaExceeded,
    InvalidAction,
    MustUnderstand,
    EnvelopeLimit,
    EnvelopeLimitTooSmall,
    InvalidXml,
    InvalidTimeout,
    FaultReceived, // a fault without a row of its own
};

// "psrp-wsman".
const std::error_category& error_category();
std::error_code make_error_code(Errc code);

} // namespace psrp::wsman

template <>
struct std::is_error_code_enum<psrp::wsman::Errc> : std::true_type {
};
