#include <psrp/transport/byte_stream.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace psrp {
namespace {

// Keeps a SIGPIPE that a write of this thread raises from reaching anybody. The process's own
// handling of the signal is left alone: a library may not change it.
class PipeSignalGuard {
public:
    PipeSignalGuard()
    {
        sigemptyset(&pipe_signal_);
        sigaddset(&pipe_signal_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_signal_, &before_);
        // One that is pending before, which it can only be where it was blocked before, belongs to
        // somebody else.
        if (sigismember(&before_, SIGPIPE) != 1) return;
        sigset_t pending;
        sigemptyset(&pending);
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    }

    PipeSignalGuard(const PipeSignalGuard&) = delete;
    PipeSignalGuard& operator=(const PipeSignalGuard&) = delete;

    // To be told of a write that found no reader: that is when the signal is there.
    void take_signal()
    {
        if (was_pending_) return;
        sigset_t pending;
        sigemptyset(&pending);
        sigpending(&pending);
        if (sigismember(&pending, SIGPIPE) != 1) return; // ignored by the process
        int number = 0;
        sigwait(&pipe_signal_, &number);
    }

    ~PipeSignalGuard()
    {
        const int error = errno;
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = error;
    }

private:
    sigset_t pipe_signal_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

} // namespace

namespace {

constexpr int first_free_descriptor = 3;
// What a pipe that carries much holds. Only such a one: the system counts a user's.
constexpr std::size_t wide_pipe_bytes = std::size_t{256} << 10;

void widen_pipe([[maybe_unused]] int descriptor)
{
#ifdef F_SETPIPE_SZ
    // Refused for what is no pipe, and where the user has too much of it already.
    (void)fcntl(descriptor, F_SETPIPE_SZ, static_cast<int>(wide_pipe_bytes));
#endif
}

// A pipe whose ends are not inherited, made in one step where the system can: another thread may
// fork in between.
int make_closing_pipe(std::array<int, 2>& ends)
{
#ifdef __linux__
    return ::pipe2(ends.data(), O_CLOEXEC);
#else
    const int outcome = ::pipe(ends.data());
    for (const int end : ends) {
        if (outcome == 0) fcntl(end, F_SETFD, FD_CLOEXEC);
    }
    return outcome;
#endif
}

} // namespace

Result<Pipe> make_pipe()
{
    const auto failed = [] {
        return tl::unexpected<clixml::Error>(system_error(errno, "could not make a pipe"));
    };
    std::array<int, 2> ends{};
    if (make_closing_pipe(ends) != 0) return failed();
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    for (Descriptor* end : {&pipe.reader, &pipe.writer}) {
        if (end->number() >= first_free_descriptor) continue;
        *end = Descriptor(fcntl(end->number(), F_DUPFD_CLOEXEC, first_free_descriptor));
        if (!end->is_open()) return failed();
    }
    return pipe;
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept
{
    if (this != &other) {
        reset();
        number_ = other.release();
    }
    return *this;
}

void Descriptor::reset()
{
    if (number_ >= 0) ::close(number_);
    number_ = -1;
}

int Descriptor::release()
{
    return std::exchange(number_, -1);
}

clixml::Error system_error(int number, const char* detail)
{
    return {std::error_code(number, std::system_category()), clixml::no_offset, detail};
}

Result<void> set_nonblocking(int descriptor)
{
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) {
        return tl::unexpected<clixml::Error>(
            system_error(errno, "could not make a descriptor non-blocking")
        );
    }
    return {};
}

Result<ReadOutcome> read_some(int descriptor, std::size_t bytes_max, std::string& out)
{
    const std::size_t before = out.size();
    out.resize(before + bytes_max);
    std::size_t count = 0;
    auto outcome = read_some(
        descriptor, {reinterpret_cast<std::uint8_t*>(out.data()) + before, bytes_max}, count
    );
    out.resize(before + count);
    return outcome;
}

Result<ReadOutcome> read_some(int descriptor, std::span<std::uint8_t> room, std::size_t& count)
{
    ssize_t done = 0;
    do {
        done = ::read(descriptor, room.data(), room.size());
    } while (done < 0 && errno == EINTR);
    const int error = errno;
    count = static_cast<std::size_t>(std::max<ssize_t>(done, 0));
    if (done > 0) return ReadOutcome::Some;
    if (done == 0) return ReadOutcome::End;
    if (error == EAGAIN || error == EWOULDBLOCK) return ReadOutcome::NothingYet;
    return tl::unexpected<clixml::Error>(system_error(error, "could not read"));
}

Result<std::size_t> write_some(int descriptor, std::string_view text)
{
    PipeSignalGuard guard;
    ssize_t count = 0;
    do {
        count = ::write(descriptor, text.data(), text.size());
    } while (count < 0 && errno == EINTR);
    if (count >= 0) return static_cast<std::size_t>(count);
    const int error = errno;
    if (error == EPIPE) guard.take_signal();
    if (error == EAGAIN || error == EWOULDBLOCK) return std::size_t{0};
    return tl::unexpected<clixml::Error>(system_error(error, "could not write"));
}

void OutputBuffer::append(std::string text)
{
    if (is_empty()) {
        text_ = std::move(text);
        written_ = 0;
    } else {
        text_ += text;
    }
}

Result<void> OutputBuffer::flush_to(int descriptor)
{
    while (!is_empty()) {
        PSRP_TRY(
            const std::size_t count,
            write_some(descriptor, std::string_view(text_).substr(written_))
        );
        if (count == 0) break;
        written_ += count;
    }
    if (pending_bytes() >= wide_pipe_bytes && !std::exchange(has_widened_, true))
        widen_pipe(descriptor);
    if (is_empty()) {
        clear();
    } else if (written_ >= text_.size() / 2 && written_ > 0) {
        // Moving only when at most half is left keeps the cost a constant number of moves a byte.
        text_.erase(0, written_);
        written_ = 0;
    }
    return {};
}

void OutputBuffer::clear()
{
    std::string().swap(text_);
    written_ = 0;
}

} // namespace psrp
