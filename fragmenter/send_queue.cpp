#include <fragmenter/errors.hpp>
#include <fragmenter/send_queue.hpp>
#include <fragmenter/splitter.hpp>

#include <algorithm>
#include <cassert>

namespace fragmenter {
namespace {

// Small objects share a piece of so many bytes at most; a larger one has its own, which goes when
// it has been taken.
constexpr std::size_t piece_bytes_max = std::size_t{64} << 10;
// A drained buffer larger than this is given back, so that one big object does not pin its memory.
constexpr std::size_t kept_capacity_bytes_max = std::size_t{1} << 20;

} // namespace

SendQueue::SendQueue(std::size_t fragment_bytes_max, SendQueueLimits limits)
    : fragment_bytes_max_(fragment_bytes_max), limits_(limits)
{
    assert(fragment_bytes_max > fragment_header_bytes);
}

Result<void> SendQueue::push(Priority priority, std::uint64_t object_id, BytesView object)
{
    if (!has_room(object.size())) {
        return clixml::failure(
            Errc::SendQueueFull, clixml::no_offset, "take packets before queueing more"
        );
    }
    const std::size_t added = fragmented_bytes(object.size(), fragment_bytes_max_);
    Queue& target = queue(priority);
    const bool is_joined =
        !target.pieces.empty() && target.pieces.back().size() + added <= piece_bytes_max;
    if (!is_joined && target.pending_bytes > 0) target.pieces.emplace_back();
    if (target.pieces.empty()) target.pieces.emplace_back();
    append_fragments(object, object_id, fragment_bytes_max_, target.pieces.back());
    target.pending_bytes += added;
    return {};
}

bool SendQueue::has_room(std::size_t object_bytes) const
{
    const std::size_t pending = pending_bytes();
    if (pending == 0) return true;
    return pending + fragmented_bytes(object_bytes, fragment_bytes_max_) <=
           limits_.pending_bytes_max;
}

std::optional<Packet> SendQueue::take(std::size_t bytes_max)
{
    assert(bytes_max > 0);
    const std::optional<Priority> priority = most_urgent();
    if (!priority) return std::nullopt;
    return take_from(*priority, std::min(bytes_max, pending_bytes(*priority)));
}

std::optional<Packet> SendQueue::take_fragment()
{
    const std::optional<Priority> priority = most_urgent();
    if (!priority) return std::nullopt;
    const Queue& source = queue(*priority);
    const auto answer = read_fragment(BytesView(source.pieces.front()).subspan(source.taken));
    assert(answer && std::holds_alternative<Fragment>(*answer));
    return take_from(*priority, fragment_header_bytes + std::get<Fragment>(*answer).blob.size());
}

std::size_t SendQueue::pending_bytes() const
{
    return pending_bytes(Priority::Default) + pending_bytes(Priority::PromptResponse);
}

void SendQueue::set_fragment_bytes_max(std::size_t fragment_bytes_max)
{
    assert(fragment_bytes_max > fragment_header_bytes);
    fragment_bytes_max_ = fragment_bytes_max;
}

void SendQueue::clear()
{
    queues_ = {};
}

std::optional<Priority> SendQueue::most_urgent() const
{
    if (pending_bytes(Priority::PromptResponse) > 0) return Priority::PromptResponse;
    if (pending_bytes(Priority::Default) > 0) return Priority::Default;
    return std::nullopt;
}

Packet SendQueue::take_from(Priority priority, std::size_t count)
{
    Queue& source = queue(priority);
    Packet packet{priority, {}};
    packet.bytes.reserve(count);
    source.pending_bytes -= count;
    while (count > 0) {
        Bytes& piece = source.pieces.front();
        const BytesView taken =
            BytesView(piece).subspan(source.taken, std::min(count, piece.size() - source.taken));
        packet.bytes.insert(packet.bytes.end(), taken.begin(), taken.end());
        count -= taken.size();
        source.taken += taken.size();
        if (source.taken < piece.size()) break;
        source.taken = 0;
        if (source.pieces.size() > 1 || piece.capacity() > kept_capacity_bytes_max)
            source.pieces.pop_front();
        else
            piece.clear();
    }
    return packet;
}

} // namespace fragmenter
