#include <psrp/winrm/request_pool.hpp>

#include <algorithm>
#include <utility>

namespace psrp {

RequestPool::RequestPool(RequestPoolOptions options) : options_(std::move(options))
{
    options_.channel.connection.cookies = std::make_shared<CookieJar>();
}

void RequestPool::add(const wsman::OutgoingRequest& request)
{
    waiting_.push_back(
        {request.id,
         request.body,
         request.answer_within + options_.answer_slack,
         Clock::now() + request.delay}
    );
    start_due(Clock::now());
}

RequestPool::Slot* RequestPool::free_slot()
{
    const auto idle =
        std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.id == 0; });
    if (idle != slots_.end()) return &*idle;
    if (slots_.size() >= options_.connections_max) return nullptr;
    slots_.push_back({std::make_unique<HttpChannel>(options_.channel), 0, 0});
    return &slots_.back();
}

// Those that are due, in order: one that has to wait holds none of the others up.
void RequestPool::start_due(Clock::time_point now)
{
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        if (at->not_before > now) {
            ++at;
            continue;
        }
        Slot* slot = free_slot();
        if (slot == nullptr) return;
        Waiting next = std::move(*at);
        at = waiting_.erase(at);
        slot->bytes = next.body.size();
        auto started = slot->channel->start(std::move(next.body), next.timeout);
        if (started)
            slot->id = next.id;
        else
            outcomes_.push_back({next.id, tl::unexpected(started.error())});
    }
}

void RequestPool::collect()
{
    for (Slot& slot : slots_) {
        if (slot.id == 0) continue;
        auto result = slot.channel->take_result();
        if (!result) continue;
        outcomes_.push_back({std::exchange(slot.id, 0), std::move(*result)});
        slot.bytes = 0;
    }
    start_due(Clock::now());
}

std::optional<RequestOutcome> RequestPool::next_outcome()
{
    collect();
    if (outcomes_.empty()) return std::nullopt;
    RequestOutcome outcome = std::move(outcomes_.front());
    outcomes_.pop_front();
    return outcome;
}

void RequestPool::cut()
{
    waiting_.clear();
    slots_.clear();
    outcomes_.clear();
}

std::size_t RequestPool::request_count() const
{
    const auto busy =
        std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.id != 0; });
    return waiting_.size() + outcomes_.size() + static_cast<std::size_t>(busy);
}

std::size_t RequestPool::pending_bytes() const
{
    std::size_t bytes = 0;
    for (const Waiting& waiting : waiting_)
        bytes += waiting.body.size();
    for (const Slot& slot : slots_)
        bytes += slot.bytes;
    return bytes;
}

void RequestPool::append_poll_entries(std::vector<PollEntry>& entries) const
{
    for (const Slot& slot : slots_)
        slot.channel->append_poll_entries(entries);
}

HttpChannel* RequestPool::channel_of(int descriptor) const
{
    std::vector<PollEntry> entries;
    for (const Slot& slot : slots_) {
        entries.clear();
        slot.channel->append_poll_entries(entries);
        for (const PollEntry& entry : entries) {
            if (entry.descriptor == descriptor) return slot.channel.get();
        }
    }
    return nullptr;
}

void RequestPool::on_readable(int descriptor)
{
    if (HttpChannel* channel = channel_of(descriptor)) channel->on_readable(descriptor);
    collect();
}

void RequestPool::on_writable(int descriptor)
{
    if (HttpChannel* channel = channel_of(descriptor)) channel->on_writable(descriptor);
    collect();
}

std::optional<Clock::time_point> RequestPool::deadline() const
{
    std::optional<Clock::time_point> until;
    const auto no_later_than = [&](Clock::time_point time) {
        until = until ? std::min(*until, time) : time;
    };
    for (const Slot& slot : slots_) {
        if (const auto deadline = slot.channel->deadline()) no_later_than(*deadline);
    }
    for (const Waiting& waiting : waiting_) {
        if (waiting.not_before > Clock::time_point()) no_later_than(waiting.not_before);
    }
    return until;
}

void RequestPool::on_deadline(Clock::time_point now)
{
    for (Slot& slot : slots_) {
        const auto deadline = slot.channel->deadline();
        if (deadline && *deadline <= now) slot.channel->on_deadline(now);
    }
    collect();
}

} // namespace psrp
