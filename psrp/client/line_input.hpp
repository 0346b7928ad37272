// LineInput: the lines of a pipe or file into an InputQueue.
#pragma once

#include <psrp/client/input_queue.hpp>
#include <psrp/transport/poll_source.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psrp {

// Reads the descriptor only while the queue wants more. The descriptor is borrowed and stays as it
// is, blocking or not.
class LineInput final : public PollSource {
public:
    // `push` puts a line into the queue; without it, it goes there as a text.
    LineInput(int descriptor, InputQueue& queue, std::function<void(std::string_view)> push = {})
        : descriptor_(descriptor), queue_(queue), push_(std::move(push))
    {
    }

    void append_poll_entries(std::vector<PollEntry>& entries) const override;
    void on_readable(int descriptor) override;
    void on_writable(int descriptor) override { (void)descriptor; }

private:
    void take_lines();
    void push(std::string_view line);

    int descriptor_;
    InputQueue& queue_;
    std::function<void(std::string_view)> push_;
    std::string text_; // read, not yet a whole line
    bool has_ended_ = false;
};

// Whether the descriptor is a pipe or a file whose lines are meant as input: no terminal, no
// socket, no device such as /dev/null, and nothing that is at its end already. Of no input and of
// input that is empty PowerShell makes different things: a command that nothing is piped to runs
// once.
bool is_input_source(int descriptor);

} // namespace psrp
