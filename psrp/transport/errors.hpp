// What can go wrong between the machines and the outside world, one enumerator a rule (fact sheet
// transports A). "Peer" errors end the session; "caller" errors leave everything as it was;
// "environment" is neither's fault.
#pragma once

#include <system_error>

namespace psrp {

enum class TransportErrc {
    // Peer: text where an element was expected, such as a login banner (the reference quotes the
    // whole line).
    StrayText = 1,
    // Peer: blanks, CDATA, text in the wrong place or an XML declaration beside an element
    // (IPCUnknownNodeType).
    UnknownNodeType,
    // Peer: an element with an unknown name, or one that only the other side may send
    // (IPCUnknownElementReceived).
    UnknownElement,
    // Peer: a Data element without exactly two attributes (IPCWrongAttributeCountForDataElement).
    WrongDataAttributeCount,
    // Peer: any other element without exactly one attribute (IPCWrongAttributeCountForElement).
    WrongAttributeCount,
    // Peer: the attributes are not those the element has; their names are case-sensitive.
    MissingAttribute,
    // Peer: Data holds no text, blanks only, CDATA or an element
    // (IPCOnlyTextExpectedInDataElement).
    OnlyTextInData,
    // Peer: Data in the empty-element form or cut off before its text
    // (IPCInsufficientDataforElement).
    InsufficientData,
    // Peer: PSGuid is no GUID.
    InvalidGuid,
    // Peer: the text of Data is no base64.
    InvalidBase64,
    // Peer: the line is not well-formed XML.
    MalformedXml,
    // Peer: more than LineLimits::line_bytes_max bytes without a line end.
    LineTooLong,
    // Peer: elements nested deeper than LineLimits::depth_max.
    NestingTooDeep,
    // Peer: CommandAck for a pipeline that was not opened here (IPCUnknownCommandGuid).
    UnknownCommand,
    // Peer: Signal or SignalAck for the session's channel (IPCNoSignalForSession).
    SignalForSession,
    // Peer: Command for a pipeline that is open already.
    CommandExists,
    // Peer: more than OutOfProcServerLimits::commands_max command channels at once.
    TooManyCommands,
    // Peer: the server reported an error of its own on its error channel
    // (IPCServerProcessReportedError).
    PeerReportedError,
    // Environment: the server process ended before the session was closed (IPCServerProcessExited).
    ServerProcessExited,
    // Environment: ssh ended before the session was closed (SSHAbruptlyTerminated).
    SshTerminated,
    // Environment: ssh does not know or does not trust the host's key.
    SshHostKeyRefused,
    // Environment: the host took none of the keys and passwords.
    SshLoginRefused,
    // Environment: the host's sshd has no such subsystem.
    SshSubsystemMissing,
    // Environment: ssh found no way to the host, or the host closed the connection at once.
    SshHostUnreachable,
    // Caller: ssh does not take one of its options.
    SshOptionRefused,
    // Environment: ssh did not reach the server in time.
    SshConnectTimedOut,
    // Environment: the peer closed the byte stream before the session was closed.
    StreamEnded,
    // Environment: the program is not on PATH.
    ProgramNotFound,
    // Caller: the key file for ssh does not exist.
    KeyFileNotFound,
    // Caller: the port is not in 1 to 65535.
    InvalidPort,
    // Caller: host or subsystem is empty or would be taken for an option of ssh.
    InvalidHost,
    // Environment: nobody listened on the socket in time (ConnectNamedPipeTimeout).
    SocketConnectTimedOut,
    // Environment: another user's process listens on the socket.
    WrongSocketOwner,
    // Caller: a server listens on this path already.
    SocketInUse,
    // Caller: the path of a socket is empty or longer than the system takes.
    SocketPathTooLong,
    // Environment: no running process with this id or name has a PowerShell socket.
    HostPipeNotFound,
    // Environment: the process has ended, its socket is a left-over.
    HostPipeStale,
    // Caller: several running processes have this name.
    HostPipeAmbiguous,
    // Environment: no container engine is on PATH.
    ContainerEngineNotFound,
    // Caller: the container's id is empty or would be taken for an option.
    InvalidContainer,
    // Caller: more than the allowed bytes wait to be written; nothing of the action was taken.
    OutputFull,
    // Caller: the action cannot be carried out any more, or not by this transport
    // (IPCTransportConnectError).
    ActionNotAllowed,
};

// The category of TransportErrc.
const std::error_category& transport_error_category();

// Whether `code` says that the peer broke a rule or reported an error, so that the way to it is
// still there.
bool is_peer_fault(const std::error_code& code);

// Makes TransportErrc usable wherever a std::error_code is expected.
inline std::error_code make_error_code(TransportErrc code)
{
    return {static_cast<int>(code), transport_error_category()};
}

} // namespace psrp

template <>
struct std::is_error_code_enum<psrp::TransportErrc> : std::true_type {
};
