#include <psrp/protocol/errors.hpp>

#include <string>

namespace psrp {
namespace {

const char* message_text(Errc code)
{
    switch (code) {
    case Errc::MessageTooShort:
        return "a message is shorter than its header";
    case Errc::WrongDestination:
        return "a message is addressed to the other side";
    case Errc::UnknownMessageType:
        return "a session message is of a type that is not expected here";
    case Errc::MissingPayload:
        return "a message lacks its data";
    case Errc::NotAPropertyBag:
        return "the data of a message has not the form of its type";
    case Errc::MissingProperty:
        return "a message lacks a mandatory property";
    case Errc::WrongPropertyType:
        return "a property of a message is not of its type";
    case Errc::EmptyPipeline:
        return "a pipeline has no command";
    case Errc::EmptyParameterName:
        return "an argument has an empty name";
    case Errc::UnknownHostMethod:
        return "a host call names no known method";
    case Errc::WrongHostParameters:
        return "the parameters of a host call are not those of its method";
    case Errc::TooManyHostParameters:
        return "a host call has too many parameters";
    case Errc::InvalidSecret:
        return "a secure string is not base64 of UTF-16 text, or not under the session key";
    case Errc::InvalidPublicKey:
        return "the peer's public key is not usable";
    case Errc::InvalidSessionKey:
        return "the session key that the server sent is not usable";
    case Errc::IncompleteCapability:
        return "a session capability lacks one of its versions";
    case Errc::ProtocolVersionRefused:
        return "the peer's protocol version is not supported";
    case Errc::PSVersionRefused:
        return "the peer's PSVersion is not supported";
    case Errc::SerializationVersionRefused:
        return "the peer's serialization version is not supported";
    case Errc::ConnectRequestInvalid:
        return "the request to connect is not valid";
    case Errc::ConnectVersionRefused:
        return "the peer's protocol version cannot connect to a session";
    case Errc::ConnectMismatch:
        return "the runspace pool has other numbers of runspaces than the request to connect";
    case Errc::InvalidRunspaceCount:
        return "the numbers of runspaces asked for are not possible";
    case Errc::KeyExchangeUnsupported:
        return "a session key is needed and there is nothing to make keys with";
    case Errc::KeyExchangeTimedOut:
        return "the peer has not sent its key in time";
    case Errc::UnexpectedMessage:
        return "a message came in a state in which it may not come";
    case Errc::RunspacePoolExists:
        return "the session has a runspace pool already";
    case Errc::WrongRunspacePool:
        return "a message belongs to another runspace pool";
    case Errc::WrongChannel:
        return "a pipeline was created on the channel of another";
    case Errc::PipelineExists:
        return "a pipeline of this identifier is running";
    case Errc::InputAfterEnd:
        return "pipeline input came after its end";
    case Errc::SessionClosedByPeer:
        return "the peer has asked to close the session";
    case Errc::PoolBrokenByServer:
        return "the server reports that the runspace pool is broken";
    case Errc::PipelineStoppedByServer:
        return "the remote pipeline has been stopped";
    case Errc::TooManyPipelines:
        return "too many pipelines are open at once";
    case Errc::TooMuchHeld:
        return "too much waits for the session key";
    case Errc::InvalidState:
        return "not possible in this state";
    case Errc::InvalidTransition:
        return "the state machine does not know this event in its state";
    case Errc::InvalidArgument:
        return "an argument is not allowed";
    case Errc::UnknownPipeline:
        return "there is no such pipeline, or it has ended";
    case Errc::DuplicatePipeline:
        return "the pipeline identifier is in use";
    case Errc::WouldBlock:
        return "too much waits to be sent";
    case Errc::TooManyHostCalls:
        return "too many host calls wait for an answer";
    case Errc::UnsupportedByPeer:
        return "the peer's protocol version does not support this";
    case Errc::TransportFailed:
        return "the connection is lost";
    case Errc::KeyGenerationFailed:
        return "no key or random bytes can be made";
    }
    return "unknown psrp error";
}

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "psrp"; }

    std::string message(int value) const override { return message_text(static_cast<Errc>(value)); }
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

} // namespace psrp
