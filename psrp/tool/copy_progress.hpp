// One line on the terminal: which file a copy is at.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace psrp::tool {

class CopyProgress {
public:
    explicit CopyProgress(bool is_shown);
    ~CopyProgress();
    CopyProgress(const CopyProgress&) = delete;
    CopyProgress& operator=(const CopyProgress&) = delete;

    // `byte_count` have passed in all. Draws now and then.
    void show(std::string_view path, std::int64_t length, std::uint64_t byte_count);
    // Takes the line away, before something else is written.
    void clear();

private:
    using Clock = std::chrono::steady_clock;

    bool is_shown_;
    bool is_drawn_ = false;
    Clock::time_point started_ = Clock::now();
    Clock::time_point drawn_{};
};

// A name that somebody else chose, as one line for a terminal.
std::string shown_path(std::string_view path);

// "12.3 MiB".
std::string size_text(std::uint64_t byte_count);

} // namespace psrp::tool
