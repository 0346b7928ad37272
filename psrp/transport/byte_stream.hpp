// Non-blocking reads and writes on file descriptors, and the descriptor as a value. POSIX.
#pragma once

#include <clixml/bytes.hpp>
#include <clixml/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace psrp {

using clixml::BytesView;
using clixml::Result;

// Owns a file descriptor and closes it. Move-only; -1 means none.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor() { reset(); }

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    // Closes it now.
    void reset();
    // Gives it up without closing it.
    int release();

private:
    int number_ = -1;
};

// Both ends of a pipe.
struct Pipe {
    Descriptor reader;
    Descriptor writer;
};

// A pipe that children do not inherit. Neither end takes the number of a standard stream, even
// where this program runs without one, so that a child's dup2 calls never overwrite each other.
// Error: the errno value.
Result<Pipe> make_pipe();

// Sets O_NONBLOCK. Error: the errno value.
Result<void> set_nonblocking(int descriptor);

// The error for the errno value `number`; `detail` says what failed.
clixml::Error system_error(int number, const char* detail);

// What one attempt to read found.
enum class ReadOutcome { Some, NothingYet, End };

// Appends up to `bytes_max` bytes to `out`, without waiting on a non-blocking descriptor. Error:
// the errno value.
Result<ReadOutcome> read_some(int descriptor, std::size_t bytes_max, std::string& out);
// The same into `room`; `count` is how many bytes came.
Result<ReadOutcome> read_some(int descriptor, std::span<std::uint8_t> room, std::size_t& count);

// Writes as much of `text` as the descriptor takes and gives the number of bytes; 0 means "not
// now". A reader that has gone is the error EPIPE and never a signal, whatever the process does
// about SIGPIPE. Error: the errno value.
Result<std::size_t> write_some(int descriptor, std::string_view text);

// Text on its way to a descriptor. Where much of it waits for a pipe, the pipe is made larger,
// once: each time it is empty or full costs somebody a sleep.
class OutputBuffer {
public:
    // Adds text behind what waits.
    void append(std::string text);
    // Writes what can be written without waiting. Error: the errno value; the text stays.
    Result<void> flush_to(int descriptor);
    // Forgets what waits.
    void clear();

    [[nodiscard]] std::size_t pending_bytes() const { return text_.size() - written_; }
    [[nodiscard]] bool is_empty() const { return pending_bytes() == 0; }

private:
    std::string text_;
    std::size_t written_ = 0;
    bool has_widened_ = false;
};

} // namespace psrp
