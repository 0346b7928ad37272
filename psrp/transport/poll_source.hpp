// What an event loop asks of anything that waits for descriptors or times; implemented by the
// transports and by the server's ends of a connection.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

namespace psrp {

// The clock of all deadlines: never set back.
using Clock = std::chrono::steady_clock;

// A descriptor and what is waited for on it.
struct PollEntry {
    int descriptor = -1;
    bool wants_read = false;
    bool wants_write = false;
};

// Something with descriptors to poll and at most one next deadline. All calls come from the loop's
// thread.
class PollSource {
public:
    virtual ~PollSource() = default;

    // Appends the descriptors that matter right now; asked anew before every wait. Entries without
    // any wish still report errors and hang-ups, so leave out what does not matter.
    virtual void append_poll_entries(std::vector<PollEntry>& entries) const = 0;
    // The descriptor can be read without waiting, or has reached its end or an error.
    virtual void on_readable(int descriptor) = 0;
    // The descriptor can be written without waiting, or an attempt will show its error.
    virtual void on_writable(int descriptor) = 0;
    // When on_deadline() wants to be called; nothing for never.
    [[nodiscard]] virtual std::optional<Clock::time_point> deadline() const { return std::nullopt; }
    // The deadline has passed. `now` is read once for the whole round.
    virtual void on_deadline(Clock::time_point now)
    {
        (void)now;
    } // sources without deadlines need not override
};

} // namespace psrp
