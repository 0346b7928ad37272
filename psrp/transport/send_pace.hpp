// SendPace: how much a client puts into one Data line (fact sheet transports A2, A4). A line waits
// for the acknowledgement of one before it, so that small lines cost a long way much time; but what
// stops a pipeline waits behind the lines that are on their way.
#pragma once

#include <psrp/protocol/actions.hpp>
#include <psrp/transport/poll_source.hpp>

#include <cstddef>
#include <optional>

namespace psrp {

// Begins with PowerShell's own 32 KiB. A full line that is soon acknowledged is followed by one
// twice as long, one that takes long by one half as long. Where the way is short long lines gain
// nothing more and only cost both sides memory. Has no clock.
class SendPace {
public:
    static constexpr std::size_t bytes_min = std::size_t{32} << 10;
    static constexpr std::size_t near_bytes_max = std::size_t{256} << 10;
    static constexpr std::size_t bytes_max = std::size_t{1} << 20;
    static constexpr Clock::duration near = std::chrono::milliseconds(20);
    static constexpr Clock::duration soon = std::chrono::milliseconds(250);
    static constexpr Clock::duration late = std::chrono::milliseconds(1000);

    // What the next Send may carry.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    // A Send of so many bytes leaves, or the oldest outstanding one has been acknowledged.
    // `outstanding`: Sends of the channel that wait for that, this one among them.
    void
    on_sent(const Guid& channel, std::size_t bytes, std::size_t outstanding, Clock::time_point now);
    void on_acknowledged(const Guid& channel, Clock::time_point now);

private:
    struct FullSend {
        Guid channel;
        std::size_t acknowledgements_due; // its own is the last
        Clock::time_point at;
    };

    std::size_t bytes_ = bytes_min;
    std::optional<FullSend> full_send_; // the one that is timed
};

} // namespace psrp
