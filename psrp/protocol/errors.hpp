// psrp::Errc: one enumerator for each rule of the protocol's messages and machines that can be
// broken.
#pragma once

#include <system_error>

namespace psrp {

// Three groups: the peer broke the protocol, the caller misused the machines, the environment
// failed.
enum class Errc {
    // The peer: messages
    // ------------------------------------------------------------------------------------------
    MessageTooShort = 1, // an object of fewer than the 40 bytes of a message header
    WrongDestination,    // the destination field does not name this side
    UnknownMessageType,  // a session message that does not exist or is not for this side
    MissingPayload,      // a message without data, or with null, whose type needs data
    NotAPropertyBag,     // the data is a value of another form than the message has
    MissingProperty,     // a mandatory property is absent; the detail is its name
    WrongPropertyType,  // a property is not of its type, or no value of its enumeration; the detail
                        // is its name
    EmptyPipeline,      // a pipeline without a statement, or a statement without a command
    EmptyParameterName, // an argument whose name is the empty string
    UnknownHostMethod,  // a host call of none of the 56 methods
    WrongHostParameters,   // a host call whose parameters are not those of its method
    TooManyHostParameters, // a host call with more parameters than its method has
    InvalidSecret, // a SecureString that is not base64 of UTF-16 text, or not under the session key
    InvalidPublicKey,  // a PUBLIC_KEY that is no RSA key
    InvalidSessionKey, // an ENCRYPTED_SESSION_KEY that is no AES-256 key under our public key

    // The peer: negotiation
    // ---------------------------------------------------------------------------------------
    IncompleteCapability,        // a capability without its three versions
    ProtocolVersionRefused,      // a protocol version that this side does not speak
    PSVersionRefused,            // a PSVersion other than the one that goes with the protocol
    SerializationVersionRefused, // a serialization version other than the one that goes with the
                                 // protocol
    ConnectRequestInvalid,       // a request to connect that is not exactly its two messages
    ConnectVersionRefused,       // a request to connect from a protocol version before 2.2
    ConnectMismatch,             // a request to connect to a pool of other numbers of runspaces
    InvalidRunspaceCount,        // a minimum or maximum below 1, or minimum over maximum
    KeyExchangeUnsupported, // the session key exchange is needed and the machine has no KeySource
    KeyExchangeTimedOut,    // the peer has not sent its key in the time that its owner allows

    // The peer: order and identifiers
    // -----------------------------------------------------------------------------
    UnexpectedMessage,  // a message that may not come in this state of the session
    RunspacePoolExists, // a second INIT_RUNSPACEPOOL
    WrongRunspacePool,  // a message of another runspace pool
    WrongChannel,   // CREATE_PIPELINE for another pipeline than the channel's, or without a channel
    PipelineExists, // CREATE_PIPELINE for a pipeline that runs
    InputAfterEnd,  // PIPELINE_INPUT after END_OF_PIPELINE_INPUT
    SessionClosedByPeer,     // the peer has sent CLOSE_SESSION
    PoolBrokenByServer,      // the server says that the pool is broken
    PipelineStoppedByServer, // the server has stopped the pipeline without a state message

    // The peer: limits (limits.hpp)
    // -------------------------------------------------------------------------------
    TooManyPipelines, // over Limits::pipelines_max
    TooMuchHeld,      // over Limits::held_bytes_max, while a key is waited for

    // The caller
    // --------------------------------------------------------------------------------------------------
    InvalidState,      // not possible in this state of the pool or pipeline
    InvalidTransition, // an event that the state machine does not list for its state; nothing
                       // changed
    InvalidArgument,   // an argument outside what its comment allows
    UnknownPipeline,   // no such pipeline, or it has ended
    DuplicatePipeline, // a pipeline identifier that is in use
    WouldBlock,        // too much waits to be sent; try again after more has left
    TooManyHostCalls,  // over Limits::host_calls_max
    UnsupportedByPeer, // the peer's protocol version has no way to say this

    // The environment
    // ---------------------------------------------------------------------------------------------
    TransportFailed, // the connection is lost or never came up; transports may give better codes
    KeyGenerationFailed, // the source of keys and random bytes, or the cipher, does not work
};

// "psrp".
const std::error_category& error_category();
std::error_code make_error_code(Errc code);

} // namespace psrp

template <>
struct std::is_error_code_enum<psrp::Errc> : std::true_type {
};
