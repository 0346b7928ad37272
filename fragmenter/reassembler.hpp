// Bytes of one stream of one channel, in any segmentation -> the objects they carry
// (MS-PSRP 2.2.4, 3.1.5.1; fact sheet psrp 2.4). Strictly sequential, as PowerShell is: the
// fragments of two objects do not mix on one stream.
#pragma once

#include <fragmenter/byte_buffer.hpp>
#include <fragmenter/fragment.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace fragmenter {

// What one peer may make a Reassembler hold.
struct ReassemblerLimits {
    // Bytes of all fragments of one object, headers counted. PowerShell's WSMan server allows 10
    // MiB, its other transports anything; the default takes what real sessions send and stops a
    // peer that never ends an object.
    std::uint64_t object_bytes_max = std::uint64_t{256} << 20;
    // Bytes received over the life of the channel. No limit unless set, as in PowerShell outside
    // WSMan servers.
    std::uint64_t channel_bytes_max = UINT64_MAX;
};

// One object that arrived completely. `bytes` is borrowed from the Reassembler until its next call.
struct ReceivedObject {
    std::uint64_t object_id = 0;
    std::uint64_t fragment_count = 0;
    BytesView bytes;
};

// Takes bytes with receive() and hands out objects with next(). Memory grows only with bytes that
// are really there, never with announced lengths. The time is linear in the bytes, however they are
// cut.
//
// After ObjectIdsNotMatching or FragmentIdsNotInSequence the offending fragment and the unfinished
// object are gone and next() goes on with what follows; a later start fragment is good again. After
// ObjectIdNotPositive, FragmentTooBig or ObjectBytesExceeded the header stays where it is and every
// further next() reports the same error.
class Reassembler {
public:
    explicit Reassembler(ReassemblerLimits limits = {});

    // Adds bytes of the stream. Call next() until it has nothing before the next receive(), or they
    // pile up. Error: ChannelBytesExceeded, then nothing was added.
    Result<void> receive(BytesView bytes);
    // The same, taking the buffer over; saves the copy where no earlier bytes are waiting.
    Result<void> receive(Bytes&& bytes);

    // The next complete object, or nothing when more bytes are needed. An object that came in one
    // fragment is a view of the received bytes, not a copy. Offsets of errors count from the start
    // of the stream.
    Result<std::optional<ReceivedObject>> next();

    // The memory of the object that next() has just given, where it came in several fragments; its
    // view lasts as long as that. Empty where it came in one.
    ByteBuffer take_object();

    // The least number of bytes that can make next() go on; at least 1. Meaningful after next() had
    // nothing.
    [[nodiscard]] std::size_t bytes_needed() const;

    // Bytes received and not yet handed out or dropped, those of an unfinished object included.
    [[nodiscard]] std::size_t buffered_bytes() const;

    // After a reconnect the stream may go on in the middle of an object: drops the unfinished
    // object and every fragment up to the next start fragment without an error.
    void skip_to_next_start();

private:
    Result<void> admit(std::size_t bytes);
    Result<void> check_size(const FragmentHeader& header) const;
    Result<void> check_sequence(const FragmentHeader& header) const;
    std::optional<ReceivedObject> take(const Fragment& fragment);
    void reset_object();
    void drop_consumed();
    [[nodiscard]] BytesView unread() const;
    [[nodiscard]] std::uint64_t stream_offset() const;

    ReassemblerLimits limits_;
    Bytes buffer_;               // bytes not yet split into fragments, after `consumed_` used ones
    std::size_t consumed_ = 0;   // bytes at the start of buffer_ that are done with
    std::uint64_t received_ = 0; // all bytes of the stream so far
    ByteBuffer object_;          // blobs of the unfinished object, or of the one handed out last
    bool object_handed_out_ = false; // object_ is only kept for the caller's view
    std::uint64_t object_id_ = 0;    // of the unfinished object; 0 where there is none
    std::uint64_t fragment_id_ = 0;  // of the fragment taken last
    std::uint64_t fragment_count_ = 0;
    std::uint64_t object_bytes_ = 0; // counted against the limit, headers included
    bool skips_to_start_ = false;
};

} // namespace fragmenter
