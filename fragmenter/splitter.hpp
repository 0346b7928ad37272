// One object (a message with its header) -> fragments of at most N bytes (MS-PSRP 2.2.4; fact sheet
// psrp 2.2).
#pragma once

#include <fragmenter/fragment.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace fragmenter {

// A fragment ready to be written: its header and the piece of the object that follows it. `blob` is
// borrowed from the object given to the Splitter.
struct FragmentSlice {
    std::array<std::uint8_t, fragment_header_bytes> header;
    BytesView blob;
};

// Walks over one object and yields its fragments without copying a byte of it. All but the last are
// full; an object whose size is a multiple of the blob size ends with a full fragment, never with
// an empty one. An empty object gives one empty fragment.
class Splitter {
public:
    // `object` is borrowed and must outlive the splitter. `object_id` is 1 to INT64_MAX.
    // `fragment_bytes_max` counts the header and is at least fragment_header_bytes + 1.
    Splitter(BytesView object, std::uint64_t object_id, std::size_t fragment_bytes_max);

    // The next fragment; nothing once the object is used up.
    std::optional<FragmentSlice> next();
    // True once next() has nothing more.
    [[nodiscard]] bool is_done() const { return done_; }

private:
    BytesView rest_;
    std::uint64_t object_id_;
    std::uint64_t fragment_id_ = 0;
    std::size_t blob_bytes_max_;
    bool done_ = false;
};

// Bytes that the fragments of an object of `object_bytes` take, headers included. Same conditions
// as Splitter.
std::size_t fragmented_bytes(std::size_t object_bytes, std::size_t fragment_bytes_max);

// Appends all fragments of `object` to `out` at about the speed of a plain copy. Same conditions as
// Splitter.
void append_fragments(
    BytesView object, std::uint64_t object_id, std::size_t fragment_bytes_max, Bytes& out
);

} // namespace fragmenter
