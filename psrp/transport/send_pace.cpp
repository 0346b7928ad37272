#include <psrp/transport/send_pace.hpp>

#include <algorithm>

namespace psrp {

void SendPace::on_sent(const Guid& channel, std::size_t bytes, Clock::time_point now)
{
    if (bytes >= bytes_) full_send_ = FullSend{channel, now};
}

void SendPace::on_acknowledged(const Guid& channel, Clock::time_point now)
{
    if (!full_send_ || full_send_->channel != channel) return;
    const Clock::duration taken = now - full_send_->at;
    full_send_.reset();
    const std::size_t most = taken < near ? near_bytes_max : bytes_max;
    if (taken <= soon && bytes_ < most) bytes_ *= 2;
    if (taken >= late) bytes_ = std::max(bytes_ / 2, bytes_min);
}

} // namespace psrp
