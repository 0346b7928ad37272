#include <fragmenter/errors.hpp>
#include <fragmenter/send_queue.hpp>
#include <fragmenter/splitter.hpp>

#include <algorithm>
#include <cassert>

namespace fragmenter {
namespace {

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
    append_fragments(object, object_id, fragment_bytes_max_, queue(priority).bytes);
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
    const auto answer = read_fragment(BytesView(source.bytes).subspan(source.taken));
    assert(answer && std::holds_alternative<Fragment>(*answer));
    return take_from(*priority, fragment_header_bytes + std::get<Fragment>(*answer).blob.size());
}

std::size_t SendQueue::pending_bytes() const
{
    return pending_bytes(Priority::Default) + pending_bytes(Priority::PromptResponse);
}

std::size_t SendQueue::pending_bytes(Priority priority) const
{
    const Queue& source = queues_[static_cast<std::size_t>(priority)];
    return source.bytes.size() - source.taken;
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
    const auto first = source.bytes.begin() + static_cast<std::ptrdiff_t>(source.taken);
    Packet packet{priority, Bytes(first, first + static_cast<std::ptrdiff_t>(count))};
    source.taken += count;
    if (source.taken == source.bytes.size()) {
        if (source.bytes.capacity() > kept_capacity_bytes_max) Bytes().swap(source.bytes);
        source.bytes.clear();
        source.taken = 0;
    } else if (source.taken >= source.bytes.size() / 2) {
        // Moving only when at most half is left keeps the cost a constant number of moves a byte.
        source.bytes.erase(
            source.bytes.begin(), source.bytes.begin() + static_cast<std::ptrdiff_t>(source.taken)
        );
        source.taken = 0;
    }
    return packet;
}

} // namespace fragmenter
