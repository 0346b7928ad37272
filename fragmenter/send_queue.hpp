// What one channel still has to send: objects cut into fragments, in two priorities, taken out in
// packets of any size (fact sheet psrp 2.2).
#pragma once

#include <fragmenter/fragment.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace fragmenter {

// The two streams of a client's channel. Servers use Default only.
enum class Priority : std::uint8_t { Default, PromptResponse };

// How much a SendQueue holds.
struct SendQueueLimits {
    // Bytes of both priorities together, fragment headers included. A producer that looks at
    // has_room() or pending_bytes() never meets it.
    std::size_t pending_bytes_max = std::size_t{64} << 20;
};

// Bytes for one packet of the transport, all of one stream.
struct Packet {
    Priority priority = Priority::Default;
    Bytes bytes;
};

// Objects of one stream leave in the order they came in and never mix; PromptResponse goes before
// Default. Packets need not end at fragment borders unless take_fragment() is used throughout.
class SendQueue {
public:
    // `fragment_bytes_max` counts the header and is at least fragment_header_bytes + 1.
    explicit SendQueue(
        std::size_t fragment_bytes_max = default_fragment_bytes, SendQueueLimits limits = {}
    );

    // Cuts `object` into fragments and queues them. `object_id` is 1 to INT64_MAX. An empty queue
    // takes an object of any size. Error: SendQueueFull, then nothing was queued.
    Result<void> push(Priority priority, std::uint64_t object_id, BytesView object);

    // True when push() would take an object of `object_bytes`.
    [[nodiscard]] bool has_room(std::size_t object_bytes) const;

    // Up to `bytes_max` bytes (at least 1) of the most urgent stream that has any; nothing when
    // both are empty. This is how a client sends: chunks are full and not aligned to fragments.
    std::optional<Packet> take(std::size_t bytes_max);

    // Exactly one fragment of the most urgent stream that has any. This is how a server sends. Not
    // to be mixed with take(), which can leave half a fragment at the front.
    std::optional<Packet> take_fragment();

    // Bytes that wait in both streams, fragment headers included.
    [[nodiscard]] std::size_t pending_bytes() const;
    // Bytes that wait in one stream.
    [[nodiscard]] std::size_t pending_bytes(Priority priority) const
    {
        return queues_[static_cast<std::size_t>(priority)].pending_bytes;
    }
    [[nodiscard]] bool is_empty() const { return pending_bytes() == 0; }

    // The fragment size for objects pushed from now on. Same condition as in the constructor.
    void set_fragment_bytes_max(std::size_t fragment_bytes_max);

    // Throws away everything unsent, as a stop does. If a fragment was cut by take(), its rest is
    // gone too: the channel is of no use for further objects on that stream.
    void clear();

private:
    // Each piece has whole objects, as fragments.
    struct Queue {
        std::deque<Bytes> pieces;
        std::size_t taken = 0;         // bytes at the start of the first piece that have left
        std::size_t pending_bytes = 0; // those that have not, of all pieces
    };

    Queue& queue(Priority priority) { return queues_[static_cast<std::size_t>(priority)]; }
    std::optional<Priority> most_urgent() const;
    Packet take_from(Priority priority, std::size_t count);

    std::array<Queue, 2> queues_;
    std::size_t fragment_bytes_max_;
    SendQueueLimits limits_;
};

} // namespace fragmenter
