#include <psrp/transport/errors.hpp>

#include <string>

namespace psrp {
namespace {

const char* text_of_framing(TransportErrc code)
{
    switch (code) {
    case TransportErrc::StrayText:
        return "the peer sent text that is no element";
    case TransportErrc::UnknownNodeType:
        return "the peer sent something beside its elements";
    case TransportErrc::UnknownElement:
        return "the peer sent an unknown element";
    case TransportErrc::WrongDataAttributeCount:
        return "a Data element needs exactly Stream and PSGuid";
    case TransportErrc::WrongAttributeCount:
        return "an element needs exactly the attribute PSGuid";
    case TransportErrc::MissingAttribute:
        return "an element lacks one of its attributes";
    case TransportErrc::OnlyTextInData:
        return "a Data element holds something else than text";
    case TransportErrc::InsufficientData:
        return "a Data element ends before its text";
    case TransportErrc::InvalidGuid:
        return "an element carries an invalid GUID";
    case TransportErrc::InvalidBase64:
        return "a Data element carries invalid base64";
    case TransportErrc::MalformedXml:
        return "the peer sent a line that is not well-formed";
    case TransportErrc::LineTooLong:
        return "the peer sent a line that is too long";
    case TransportErrc::NestingTooDeep:
        return "the peer nested its elements too deeply";
    default:
        return nullptr;
    }
}

const char* text_of_session(TransportErrc code)
{
    switch (code) {
    case TransportErrc::UnknownCommand:
        return "an acknowledgement came for a command that is not open";
    case TransportErrc::SignalForSession:
        return "a signal for the session is not supported";
    case TransportErrc::CommandExists:
        return "a command with this identifier is open already";
    case TransportErrc::TooManyCommands:
        return "too many commands are open";
    case TransportErrc::PeerReportedError:
        return "the remote process reported an error";
    case TransportErrc::ServerProcessExited:
        return "the remote process has ended";
    case TransportErrc::SshTerminated:
        return "The SSH transport process has abruptly terminated causing this remote session to "
               "break.";
    case TransportErrc::SshConnectTimedOut:
        return "the SSH connection attempt timed out";
    case TransportErrc::SshHostKeyRefused:
        return "ssh does not trust the host's key";
    case TransportErrc::SshLoginRefused:
        return "the host refused the login";
    case TransportErrc::SshSubsystemMissing:
        return "the host has no such SSH subsystem";
    case TransportErrc::SshHostUnreachable:
        return "ssh could not reach the host";
    case TransportErrc::SshOptionRefused:
        return "ssh does not take one of its options";
    case TransportErrc::StreamEnded:
        return "the peer closed the connection";
    case TransportErrc::ProgramNotFound:
        return "the program was not found";
    case TransportErrc::KeyFileNotFound:
        return "the specified key file was not found";
    case TransportErrc::InvalidPort:
        return "the port must be between 1 and 65535";
    case TransportErrc::InvalidHost:
        return "the host or subsystem name is not usable";
    case TransportErrc::OutputFull:
        return "too much output is waiting to be written";
    case TransportErrc::ActionNotAllowed:
        return "the connection cannot carry out the action";
    default:
        return nullptr;
    }
}

const char* text_of_socket(TransportErrc code)
{
    switch (code) {
    case TransportErrc::SocketConnectTimedOut:
        return "nobody answered on the socket in time";
    case TransportErrc::WrongSocketOwner:
        return "another user's process listens on the socket";
    case TransportErrc::SocketInUse:
        return "a server listens on the socket already";
    case TransportErrc::SocketPathTooLong:
        return "the path is no possible name of a socket";
    case TransportErrc::HostPipeNotFound:
        return "the process has no PowerShell socket";
    case TransportErrc::HostPipeStale:
        return "the process has ended and left its socket behind";
    case TransportErrc::HostPipeAmbiguous:
        return "several processes have this name";
    case TransportErrc::ContainerEngineNotFound:
        return "no container engine was found";
    case TransportErrc::InvalidContainer:
        return "the container's name is not usable";
    default:
        return nullptr;
    }
}

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "psrp transport"; }

    std::string message(int value) const override
    {
        const auto code = static_cast<TransportErrc>(value);
        if (const char* text = text_of_framing(code)) return text;
        if (const char* text = text_of_session(code)) return text;
        if (const char* text = text_of_socket(code)) return text;
        return "unknown transport error";
    }
};

} // namespace

bool is_peer_fault(const std::error_code& code)
{
    // The peer's are the first in the enumeration.
    return code.category() == transport_error_category() &&
           code.value() >= static_cast<int>(TransportErrc::StrayText) &&
           code.value() <= static_cast<int>(TransportErrc::PeerReportedError);
}

const std::error_category& transport_error_category()
{
    static const Category category;
    return category;
}

} // namespace psrp
