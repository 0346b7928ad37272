#include <psrp/transport/send_pace.hpp>

#include <algorithm>

namespace psrp {

void SendPace::on_sent(
    const Guid& channel, std::size_t bytes, std::size_t outstanding, Clock::time_point now
)
{
    if (bytes < bytes_) return;
    // One at a time; but one whose channel has ended may never be acknowledged.
    const bool is_timing = full_send_ && full_send_->channel == channel && outstanding > 1;
    if (!is_timing) full_send_ = FullSend{channel, outstanding, now};
}

void SendPace::on_acknowledged(const Guid& channel, Clock::time_point now)
{
    if (!full_send_ || full_send_->channel != channel) return;
    if (--full_send_->acknowledgements_due > 0) return;
    const Clock::duration taken = now - full_send_->at;
    full_send_.reset();
    const std::size_t most = taken < near ? near_bytes_max : bytes_max;
    if (taken <= soon && bytes_ < most) bytes_ *= 2;
    if (taken >= late) bytes_ = std::max(bytes_ / 2, bytes_min);
}

} // namespace psrp
