#include <psrp/wsman/fault.hpp>
#include <psrp/wsman/names.hpp>

#include <algorithm>
#include <array>
#include <cassert>

namespace psrp::wsman {
namespace {

// Fact sheet transports B15 and B19; where a code has no name in PowerShell its id is the number.
// The texts of TimedOut and InvalidSelectors are those of a Windows service.
constexpr std::array<FaultRow, 73> rows{{
    {5u,
     Errc::AccessDenied,
     "AccessDenied",
     Retry::No,
     "AccessDenied",
     "Access is denied.",
     "Check the user's name and password, and that the user may use this session configuration."},
    {14u,
     Errc::ServerOutOfMemory,
     "ServerOutOfMemory",
     Retry::No,
     "InternalError",
     "The service has not enough memory.",
     "Try again when the computer has less to do."},
    {53u,
     Errc::NetworkPathNotFound,
     "NetworkPathNotFound",
     Retry::No,
     "InternalError",
     "The network path was not found.",
     "Check the computer's name and that it can be reached."},
    {995u,
     Errc::OperationAborted,
     "WinRMOperationAborted",
     Retry::Create,
     "InternalError",
     "The operation was aborted.",
     ""},
    {1115u,
     Errc::ShutDownInProgress,
     "ShutDownInProgress",
     Retry::No,
     "InternalError",
     "The computer is being shut down.",
     "Try again when the computer has started."},
    {1311u,
     Errc::AuthenticationFailed,
     "AuthenticationFailed",
     Retry::No,
     "AccessDenied",
     "No logon server is there for the login.",
     "Check that the domain's servers can be reached."},
    {1326u,
     Errc::LogonFailure,
     "AuthenticationFailed",
     Retry::No,
     "AccessDenied",
     "The user name or password is wrong.",
     "Check the user's name and password."},
    {1312u,
     Errc::LogonSessionMissing,
     "1312",
     Retry::No,
     "AccessDenied",
     "The logon session does not exist.",
     "Write the user's name with its domain or computer: DOMAIN\\user or COMPUTER\\user."},
    {1722u,
     Errc::ImproperResponse,
     "ImproperResponse",
     Retry::Create,
     "InternalError",
     "The service cannot be reached.",
     "Check that the address is that of a WinRM service."},
    {2150858793u,
     Errc::OperationTimedOut,
     "2150858793",
     Retry::No,
     "TimedOut",
     "The WS-Management service cannot complete the operation within the time specified in "
     "OperationTimeout.  ",
     "Give the operation more time."},
    {2150858843u,
     Errc::ShellNotFound,
     "CannotConnectTargetSessionDoesNotExist",
     Retry::No,
     "InvalidSelectors",
     "The WS-Management service cannot process the request because the request contained invalid "
     "selectors for the resource. ",
     "The session or command is gone: it was removed, was idle for too long, or belongs to another "
     "user."},
    {2150858817u,
     Errc::SchemaViolation,
     "2150858817",
     Retry::No,
     "SchemaValidationError",
     "The request's body is not of the form that its action has.",
     ""},
    {2150858770u,
     Errc::CannotConnect,
     "CannotConnect",
     Retry::Create,
     "InternalError",
     "The client cannot connect to the service.",
     "Check that WinRM runs on the computer, that its name is right and that no firewall is in "
     "between; 'winrm quickconfig' sets it up."},
    {2150859046u,
     Errc::ConnectTimedOut,
     "WinRMOperationTimeout",
     Retry::No,
     "InternalError",
     "The computer did not answer in time.",
     "Check that the computer's name is right, that it is reachable and that its firewall lets "
     "WinRM through."},
    {2150859027u,
     Errc::UrlNotAvailable,
     "URLNotAvailable",
     Retry::Create,
     "InternalError",
     "The service does not know this address.",
     "Check the path of the address; it is /wsman on most services."},
    {2150859026u,
     Errc::ServiceUnavailable,
     "CannotConnectWinRMService",
     Retry::Create,
     "InternalError",
     "The service is not available.",
     "Check that WinRM runs on the computer and is not overloaded."},
    {2150859120u,
     Errc::HttpServerError,
     "WinRMHttpError",
     Retry::Create,
     "InternalError",
     "The service answered with an HTTP error.",
     ""},
    {2150859216u,
     Errc::InvalidOperation,
     "CannotConnectInvalidOperation",
     Retry::Create,
     "InternalError",
     "The operation is not possible in this state of the shell.",
     ""},
    {2150859206u,
     Errc::MismatchedSessions,
     "CannotConnectMismatchSessions",
     Retry::Create,
     "InternalError",
     "The shell belongs to another session of the client.",
     "Connect to the session instead of reconnecting it."},
    {2150859213u,
     Errc::AlreadyConnected,
     "CannotConnectAlreadyConnected",
     Retry::No,
     "InternalError",
     "The shell is connected to a client.",
     "Disconnect it where it is in use first."},
    {2150859231u,
     Errc::RunAsFailed,
     "CannotConnectRunAsFailed",
     Retry::No,
     "InternalError",
     "The session configuration's RunAs user cannot log on.",
     "Check the RunAs user and password of the session configuration."},
    {2150859202u,
     Errc::InvalidSessionName,
     "SessionCreateFailedInvalidName",
     Retry::No,
     "InvalidParameter",
     "The name of the shell is not valid.",
     "Use a shorter name of plain characters."},
    {2150858811u,
     Errc::InvalidResourceUri,
     "InvalidResourceUri",
     Retry::No,
     "DestinationUnreachable",
     "The resource URI is not known here.",
     "Check the name of the session configuration; Get-PSSessionConfiguration lists those of the "
     "computer."},
    {2150858754u,
     Errc::InvalidResourceUri,
     "InvalidResourceUri",
     Retry::No,
     "DestinationUnreachable",
     "The resource URI is not valid.",
     "Check the name of the session configuration; Get-PSSessionConfiguration lists those of the "
     "computer."},
    {2150859022u,
     Errc::InvalidAuthentication,
     "InvalidAuthentication",
     Retry::No,
     "AccessDenied",
     "The way of authentication cannot be used here.",
     "Choose another authentication, or HTTPS."},
    {2150859180u,
     Errc::RemoteShellsDisallowed,
     "RemoteSessionDisallowed",
     Retry::No,
     "AccessDenied",
     "Remote shells are not allowed.",
     "An administrator of the computer can allow them (AllowRemoteShellAccess)."},
    {2150859235u,
     Errc::RemoteConnectionDisallowed,
     "RemoteConnectionDisallowed",
     Retry::No,
     "AccessDenied",
     "Connections from other computers are not allowed.",
     "An administrator of the computer can allow them (Enable-PSRemoting)."},
    {2150858757u,
     Errc::CorruptedConfiguration,
     "CorruptedWinRMConfig",
     Retry::No,
     "InternalError",
     "The configuration of WinRM is corrupt.",
     "An administrator of the computer can restore it: winrm invoke Restore winrm/config @{}."},
    {2150858797u,
     Errc::UriTooLong,
     "URIExceedsMaxAllowedSize",
     Retry::No,
     "InternalError",
     "The resource URI is too long.",
     "Use a shorter name of the session configuration."},
    {2150858978u,
     Errc::KerberosDisabled,
     "ClientKerberosDisabled",
     Retry::No,
     "AccessDenied",
     "Kerberos is disabled.",
     "Allow Kerberos in the client's configuration, or choose another authentication."},
    {2150858980u,
     Errc::ServerNotTrusted,
     "ServerNotTrusted",
     Retry::No,
     "AccessDenied",
     "The server is not trusted.",
     "Use HTTPS, or add the computer to TrustedHosts."},
    {2150859020u,
     Errc::WorkgroupCannotUseKerberos,
     "WorkgroupCannotUseKerberos",
     Retry::No,
     "AccessDenied",
     "Kerberos needs a domain.",
     "Choose another authentication, or HTTPS."},
    {2150858981u,
     Errc::ExplicitCredentialsRequired,
     "ExplicitCredentialsRequired",
     Retry::No,
     "AccessDenied",
     "A user name and a password are needed.",
     "Give a user name and a password."},
    {2150859195u,
     Errc::CannotUseIpAddress,
     "CannotUseIPAddress",
     Retry::No,
     "InternalError",
     "An IP address cannot be used with this authentication.",
     "Use the computer's name, or HTTPS with a user name and a password."},
    {2150859193u,
     Errc::ComputerNotFound,
     "ComputerNotFound",
     Retry::No,
     "InternalError",
     "The computer's name cannot be resolved.",
     "Check the computer's name."},
    {2148074243u,
     Errc::TargetUnknown,
     "TargetUnknown",
     Retry::No,
     "AccessDenied",
     "The target of the login is not known.",
     "Check the computer's name; Kerberos needs the one it is registered under."},
    {2150859161u,
     Errc::RedirectRequested,
     "2150859161",
     Retry::No,
     "DestinationUnreachable",
     "The service asks to be called at another address.",
     "Allow redirection, or use the address it names."},
    {2150859191u,
     Errc::RedirectLocationInvalid,
     "RedirectLocationInvalid",
     Retry::No,
     "InternalError",
     "The address that the service redirects to is not valid.",
     ""},
    {2150858868u,
     Errc::OperationNotSupported,
     "WinRMOperationNotSupportedOnServer",
     Retry::No,
     "UnsupportedFeature",
     "The service does not support this operation.",
     "The computer's WinRM is too old for it."},
    {2152992672u,
     Errc::PluginFailed,
     "IncorrectProtocolVersion",
     Retry::No,
     "InternalError",
     "The session configuration's plugin failed.",
     ""},
    {2152992673u,
     Errc::PluginShutDown,
     "2152992673",
     Retry::No,
     "InternalError",
     "The operation was closed because the shell's host is shut down.",
     ""},
    {2152992674u,
     Errc::ConnectWithoutData,
     "2152992674",
     Retry::No,
     "InternalError",
     "A Connect needs connectXml.",
     ""},
    {2152992675u,
     Errc::ConnectFailed,
     "2152992675",
     Retry::No,
     "InternalError",
     "The session cannot be connected to with this request.",
     ""},
    {2152991687u,
     Errc::ProtocolVersionMissing,
     "2152991687",
     Retry::No,
     "InvalidOptions",
     "The option protocolversion is missing.",
     ""},
    {2152991685u,
     Errc::IncorrectProtocolVersion,
     "2152991685",
     Retry::No,
     "InvalidOptions",
     "The option protocolversion is not one that is supported.",
     ""},
    {2152991686u,
     Errc::UnknownOption,
     "2152991686",
     Retry::No,
     "InvalidOptions",
     "An option that must be complied with is not known.",
     ""},
    {2152991673u,
     Errc::MissingStreams,
     "2152991673",
     Retry::No,
     "InvalidParameter",
     "A shell needs input and output streams.",
     ""},
    {2152991678u,
     Errc::InvalidInputStream,
     "2152991678",
     Retry::No,
     "InvalidParameter",
     "Input goes to the streams stdin and pr only.",
     ""},
    {2152991679u,
     Errc::InvalidInputData,
     "2152991679",
     Retry::No,
     "InvalidParameter",
     "Input is not binary.",
     ""},
    {2152991680u,
     Errc::InvalidOutputStream,
     "2152991680",
     Retry::No,
     "InvalidParameter",
     "Output comes on the stream stdout only.",
     ""},
    {2152991684u,
     Errc::InvalidArguments,
     "2152991684",
     Retry::No,
     "InvalidParameter",
     "A command needs exactly one argument.",
     ""},
    {2152991676u,
     Errc::InvalidShellContext,
     "2152991676",
     Retry::No,
     "InternalError",
     "The shell is not known to the plugin.",
     ""},
    {2152991677u,
     Errc::InvalidCommandContext,
     "2152991677",
     Retry::No,
     "InternalError",
     "The command is not known to the plugin.",
     ""},
    {2150859230u,
     Errc::StreamDisconnected,
     "2150859230",
     Retry::No,
     "InternalError",
     "The shell is disconnected.",
     "Reconnect or connect to the session."},
    {2150859173u,
     Errc::TooManyShells,
     "2150859173",
     Retry::No,
     "QuotaLimit",
     "The user has as many shells as one user may have.",
     "Remove sessions that are not used any more, or let an administrator raise MaxShellsPerUser."},
    {2150859236u,
     Errc::TooManyShells,
     "2150859236",
     Retry::No,
     "QuotaLimit",
     "The session configuration has as many shells as one user may have.",
     "Remove sessions that are not used any more, or let an administrator raise the "
     "configuration's MaxShellsPerUser."},
    {2150859238u,
     Errc::TooManyShells,
     "2150859238",
     Retry::No,
     "QuotaLimit",
     "The session configuration has as many shells as it may have.",
     "Remove sessions that are not used any more, or let an administrator raise the "
     "configuration's MaxShells."},
    {2150859174u,
     Errc::TooManyOperations,
     "2150859174",
     Retry::No,
     "QuotaLimit",
     "The user has as many operations as one user may have at once.",
     "Do less at once, or let an administrator raise MaxConcurrentOperationsPerUser."},
    {2150859240u,
     Errc::TooManyOperations,
     "2150859240",
     Retry::No,
     "QuotaLimit",
     "The session configuration has as many operations as one user may have at once.",
     "Do less at once, or let an administrator raise the configuration's "
     "MaxConcurrentOperationsPerUser."},
    {2150859241u,
     Errc::TooManyCommands,
     "2150859241",
     Retry::No,
     "QuotaLimit",
     "The shell has as many commands as it may have.",
     "Close commands, or let an administrator raise the configuration's "
     "MaxConcurrentCommandsPerShell."},
    {2150858815u,
     Errc::QuotaExceeded,
     "2150858815",
     Retry::No,
     "QuotaLimit",
     "The service is at one of its limits.",
     "Try again when it has less to do."},
    {2150859175u,
     Errc::QuotaExceeded,
     "2150859175",
     Retry::No,
     "QuotaLimit",
     "The user has used up a quota.",
     "Wait, or let an administrator raise the quota."},
    {2150859176u,
     Errc::QuotaExceeded,
     "2150859176",
     Retry::No,
     "QuotaLimit",
     "The service has used up a quota.",
     "Try again when it has less to do."},
    {2150859179u,
     Errc::QuotaExceeded,
     "2150859179",
     Retry::No,
     "QuotaLimit",
     "As many users have shells as may have.",
     "Try again later, or let an administrator raise MaxConcurrentUsers."},
    {2150859237u,
     Errc::QuotaExceeded,
     "2150859237",
     Retry::No,
     "QuotaLimit",
     "As many users use the session configuration as may use it.",
     "Try again later, or let an administrator raise the configuration's MaxConcurrentUsers."},
    {2150858753u,
     Errc::InvalidAction,
     "2150858753",
     Retry::No,
     "ActionNotSupported",
     "The action is not supported by the resource.",
     ""},
    {2150858768u,
     Errc::MustUnderstand,
     "2150858768",
     Retry::No,
     "MustUnderstand",
     "A header that must be understood is not known.",
     ""},
    {2150858825u,
     Errc::EnvelopeLimit,
     "2150858825",
     Retry::No,
     "EncodingLimit",
     "The request is larger than the service allows.",
     "Let an administrator raise MaxEnvelopeSizekb, or send less at once."},
    {2150858823u,
     Errc::EnvelopeLimit,
     "2150858823",
     Retry::No,
     "EncodingLimit",
     "The answer is larger than the request's MaxEnvelopeSize.",
     "Allow larger envelopes."},
    {2150858824u,
     Errc::EnvelopeLimit,
     "2150858824",
     Retry::No,
     "EncodingLimit",
     "The envelope is larger than MaxEnvelopeSize.",
     "Allow larger envelopes."},
    {2150858878u,
     Errc::EnvelopeLimitTooSmall,
     "2150858878",
     Retry::No,
     "EncodingLimit",
     "The request's MaxEnvelopeSize is below the least that is allowed.",
     "Use 8192 at least."},
    {2150858819u,
     Errc::InvalidXml,
     "2150858819",
     Retry::No,
     "SchemaValidationError",
     "The request is no well-formed SOAP.",
     ""},
    {2150858881u,
     Errc::InvalidTimeout,
     "2150858881",
     Retry::No,
     "TimedOut",
     "The OperationTimeout cannot be read.",
     ""},
}};

std::uint32_t innermost_code(const Fault& fault)
{
    return fault.provider_code != 0 ? fault.provider_code : fault.code;
}

const FaultRow* row_of(const Fault& fault)
{
    if (const auto* row = find_fault_row(innermost_code(fault))) return row;
    return find_fault_row(fault.code);
}

} // namespace

std::span<const FaultRow> fault_rows()
{
    return rows;
}

const FaultRow* find_fault_row(std::uint32_t code)
{
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const FaultRow& row) {
        return row.code == code;
    });
    return found == rows.end() ? nullptr : &*found;
}

const FaultRow& fault_row(Errc error)
{
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const FaultRow& row) {
        return row.error == error;
    });
    assert(found != rows.end());
    return *found;
}

Errc error_of(const Fault& fault)
{
    if (const auto* row = row_of(fault)) return row->error;
    if (fault.code != 0 || fault.subcode.empty()) return Errc::FaultReceived;
    // What every service knows; OMI writes no code (transports F).
    if (fault.subcode == "TimedOut") return Errc::OperationTimedOut;
    if (fault.subcode == "InvalidSelectors") return Errc::ShellNotFound;
    if (fault.subcode == "AccessDenied") return Errc::AccessDenied;
    if (fault.subcode == "QuotaLimit") return Errc::QuotaExceeded;
    if (fault.subcode == "EncodingLimit") return Errc::EnvelopeLimit;
    if (fault.subcode == "SchemaValidationError") return Errc::SchemaViolation;
    if (fault.subcode == "MustUnderstand") return Errc::MustUnderstand;
    if (fault.subcode == "ActionNotSupported") return Errc::InvalidAction;
    if (fault.subcode == "DestinationUnreachable") return Errc::InvalidResourceUri;
    return Errc::FaultReceived;
}

std::string error_id_of(const Fault& fault)
{
    constexpr std::string_view suffix = ",PSSessionStateBroken";
    std::string id;
    if (const auto* row = row_of(fault))
        id = row->error_id;
    else if (innermost_code(fault) != 0)
        id = std::to_string(innermost_code(fault));
    else
        id = fault.subcode.empty() ? "WSManFault" : fault.subcode;
    return id.append(suffix);
}

std::string text_of(const Fault& fault)
{
    std::string text = !fault.message.empty() ? fault.message : fault.reason;
    const auto* row = row_of(fault);
    if (text.empty() && row != nullptr) text = row->message;
    if (text.empty()) text = "The service answered with a fault.";
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    if (row != nullptr && !row->advice.empty()) text.append(" ").append(row->advice);
    if (const auto code = innermost_code(fault); code != 0)
        text.append(" (WinRM error ").append(std::to_string(code)).append(")");
    else if (!fault.subcode.empty())
        text.append(" (fault ").append(fault.subcode).append(")");
    return text;
}

Fault make_fault(Errc error, std::string_view machine, std::string_view message)
{
    const FaultRow& row = fault_row(error);
    Fault fault;
    // The service is at fault where it is at its limits or broken, the request everywhere else.
    const bool is_services = row.subcode == "TimedOut" || row.subcode == "InternalError";
    fault.side = is_services ? FaultSide::Receiver : FaultSide::Sender;
    fault.subcode = row.subcode;
    fault.subcode_namespace =
        row.subcode == "DestinationUnreachable" || row.subcode == "ActionNotSupported"
            ? addressing_namespace
            : wsman_namespace;
    if (error == Errc::MustUnderstand) {
        // The code itself says it (SOAP 1.2, 5.4.8).
        fault.subcode.clear();
        fault.subcode_namespace.clear();
    }
    fault.code = row.code;
    fault.machine = machine;
    fault.message = message.empty() ? row.message : message;
    fault.reason = fault.message;
    if (error == Errc::ShellNotFound)
        fault.detail = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/UnexpectedSelectors";
    return fault;
}

} // namespace psrp::wsman
