// The rules of the fragment layer that can be broken, one enumerator each (MS-PSRP 2.2.4; fact
// sheet psrp 2).
#pragma once

#include <system_error>

namespace fragmenter {

enum class Errc {
    // Peer: the ObjectId of a fragment is 0 once its sign bit is cleared; it must be at least 1.
    // The header stays
    // unread, so the stream is of no further use.
    ObjectIdNotPositive = 1,
    // Peer: header and announced blob together do not fit a signed 32-bit length. The header stays
    // unread, so the
    // stream is of no further use.
    FragmentTooBig,
    // Peer: a fragment without the start flag names another object than the unfinished one, or
    // there is none.
    ObjectIdsNotMatching,
    // Peer: a fragment without the start flag does not carry the number that follows its
    // predecessor's.
    FragmentIdsNotInSequence,
    // Peer: the fragments of one object, headers counted, exceed
    // ReassemblerLimits::object_bytes_max. Noticed from the
    // announced length, before the bytes are there. The stream is of no further use.
    ObjectBytesExceeded,
    // Peer: more than ReassemblerLimits::channel_bytes_max bytes arrived in the life of one
    // channel.
    ChannelBytesExceeded,
    // Caller: the message does not fit beside what SendQueue holds already; nothing of it was
    // queued.
    SendQueueFull,
};

// The category of Errc.
const std::error_category& error_category();

// Makes Errc usable wherever a std::error_code is expected.
inline std::error_code make_error_code(Errc code)
{
    return {static_cast<int>(code), error_category()};
}

} // namespace fragmenter

template <>
struct std::is_error_code_enum<fragmenter::Errc> : std::true_type {
};
