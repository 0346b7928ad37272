#include <psrp/server/detail/runspace.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/outofproc_server.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace psrp::server {

namespace {

// Text that waits in our own buffer before the machine is asked for more.
constexpr std::size_t text_bytes_max = std::size_t{256} << 10;
// Text that waits before the client is not listened to any more: it sends without reading.
constexpr std::size_t deaf_bytes = std::size_t{8} << 20;
// How long the last words may take to get out once the client has stopped talking.
constexpr std::chrono::milliseconds farewell_time{2000};
// How long a client may take to send its key (psrp 18).
constexpr std::chrono::seconds key_wait{240};

// Sets a descriptor non-blocking and back.
class NonBlocking {
public:
    explicit NonBlocking(int descriptor)
        : descriptor_(descriptor), flags_(fcntl(descriptor, F_GETFL))
    {
        if (flags_ >= 0) fcntl(descriptor_, F_SETFL, flags_ | O_NONBLOCK);
    }
    ~NonBlocking()
    {
        if (flags_ >= 0) fcntl(descriptor_, F_SETFL, flags_);
    }
    NonBlocking(const NonBlocking&) = delete;
    NonBlocking& operator=(const NonBlocking&) = delete;

private:
    int descriptor_;
    int flags_;
};

// Keeps SIGPIPE from the process while this thread writes: a client that has gone is an error of
// write().
class PipeSignalGuard {
public:
    PipeSignalGuard()
    {
        sigset_t pending;
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~PipeSignalGuard()
    {
        const timespec now{};
        while (!was_pending_ && sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) {
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    PipeSignalGuard(const PipeSignalGuard&) = delete;
    PipeSignalGuard& operator=(const PipeSignalGuard&) = delete;

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

// The loop between the descriptors and the runspace.
class Loop {
public:
    Loop(int input, int output, const ServeOptions& options, const CommandTable& commands)
        : input_(input), output_(output), options_(options),
          runspace_(options.limits, commands, wake_)
    {
    }

    ServeOutcome run()
    {
        if (!wake_.is_open())
            return broken(
                {std::make_error_code(std::errc::too_many_files_open)}, "No wake-up pipe."
            );
        while (!is_over_) {
            pump();
            const bool had_text = written_ < text_.size();
            if (!write_some() || is_over_) break;
            // What was held back while this text waited has nobody else to wake us for it.
            if (had_text && text_.empty()) continue;
            if (!wait()) break;
        }
        farewell();
        return std::move(outcome_);
    }

private:
    ServeOutcome broken(clixml::Error error, std::string text)
    {
        outcome_ = {server_exit_code, error, std::move(text)};
        is_over_ = true;
        return outcome_;
    }

    // The client takes or says nothing any more. What the pipelines still say may find a reader.
    void on_client_gone()
    {
        const clixml::Error error{
            TransportErrc::StreamEnded, clixml::no_offset, "expected another element"};
        runspace_.with_pool([](ServerPool& pool) { pool.input_ended(); });
        broken(error, "The client's input has ended.");
    }

    // Turns what was received into events of the machine, and its actions into text.
    void pump()
    {
        for (;;) {
            perform_actions();
            if (is_over_ || text_.size() > deaf_bytes) return;
            auto event = framing_.next_event();
            if (!event) {
                report(event.error());
                return;
            }
            if (!*event) return;
            std::visit([this](auto& one) { on_event(one); }, **event);
        }
    }

    void perform_actions()
    {
        while (text_.size() - written_ < text_bytes_max) {
            const auto action = runspace_.next_action();
            if (!action) return;
            if (const auto done = framing_.perform(*action); !done) {
                report(done.error());
                return;
            }
            text_ += framing_.take_output();
        }
    }

    void on_event(ClientDataReceived& event)
    {
        Result<void> received;
        bool was_told = false;
        runspace_.with_pool([&](ServerPool& pool) {
            const bool had_pool = pool.state() == RunspacePoolState::Opened;
            received = pool.receive(event.channel, event.stream, event.bytes);
            was_told = had_pool && pool.state() != RunspacePoolState::Opened;
        });
        // The reference goes on after an error of the data, having said so (fact sheet transports
        // A6). A pool that is closed for it hears that from its state.
        if (!received && !was_told) tell("Remote transport error: " + received.error().text());
    }
    void on_event(CommandRequested& event)
    {
        runspace_.with_pool([&](ServerPool& pool) { pool.command_requested(event.pipeline); });
    }
    void on_event(SignalRequested& event)
    {
        runspace_.with_pool([&](ServerPool& pool) { pool.signal_requested(event.pipeline); });
    }
    void on_event(CloseRequested& event)
    {
        runspace_.with_pool([&](ServerPool& pool) { pool.close_requested(event.channel); });
    }
    void on_event(EndOfInput&) { on_client_gone(); }

    // The framing is broken: nothing that follows can be understood, and as with the reference
    // nothing more is said.
    void report(const clixml::Error& error)
    {
        is_silent_ = true;
        runspace_.with_pool([](ServerPool& pool) { pool.input_ended(); });
        broken(error, "The client's data cannot be read: " + error.text());
    }

    void tell(const std::string& text)
    {
        if (options_.errors == ErrorStyle::ErrorLines) {
            framing_.report_error(text);
            text_ += framing_.take_output();
            return;
        }
        const std::string line = text + "\n";
        [[maybe_unused]] const auto written =
            write(options_.error_descriptor, line.data(), line.size()); // best effort
    }

    // False where the client takes nothing any more.
    bool write_some()
    {
        while (written_ < text_.size()) {
            const ssize_t count = write(output_, text_.data() + written_, text_.size() - written_);
            if (count > 0) {
                written_ += static_cast<std::size_t>(count);
                continue;
            }
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
            on_client_gone();
            text_.clear();
            written_ = 0;
            return false;
        }
        if (written_ == text_.size()) {
            text_.clear();
            written_ = 0;
        } else if (written_ > text_bytes_max) {
            text_.erase(0, written_);
            written_ = 0;
        }
        return true;
    }

    [[nodiscard]] bool listens() const { return text_.size() - written_ <= deaf_bytes; }

    // Milliseconds that the client still has to send its key; -1: it was not asked for one.
    int key_wait_ms()
    {
        bool is_waiting = false;
        runspace_.with_pool([&](ServerPool& pool) { is_waiting = pool.is_waiting_for_key(); });
        if (!is_waiting) {
            key_deadline_.reset();
            return -1;
        }
        const auto now = std::chrono::steady_clock::now();
        if (!key_deadline_) key_deadline_ = now + key_wait;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*key_deadline_ - now);
        return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }

    bool wait()
    {
        std::array<pollfd, 3> entries{};
        nfds_t count = 0;
        const auto add = [&](int descriptor, short wish) {
            entries[count++] = {descriptor, wish, 0};
        };
        add(wake_.read_end(), POLLIN);
        if (listens()) add(input_, POLLIN);
        if (written_ < text_.size()) add(output_, POLLOUT);
        const int ready = poll(entries.data(), count, key_wait_ms());
        if (ready < 0) return errno == EINTR;
        if (ready == 0 && key_wait_ms() == 0)
            runspace_.with_pool([](ServerPool& pool) { pool.key_exchange_timed_out(); });
        if (entries[0].revents != 0) wake_.drain();
        if (listens()) read_some();
        return true;
    }

    void read_some()
    {
        std::array<std::uint8_t, 64 * 1024> buffer;
        const ssize_t count = read(input_, buffer.data(), buffer.size());
        if (count > 0) {
            framing_.receive({buffer.data(), static_cast<std::size_t>(count)});
        } else if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            framing_.receive_end();
        }
    }

    // Gets the last states and the error out, if the client still takes them.
    void farewell()
    {
        const auto until = std::chrono::steady_clock::now() + farewell_time;
        bool has_told = false;
        for (;;) {
            if (!is_silent_) perform_actions();
            const bool has_ended = is_silent_ || runspace_.has_ended();
            // Once more after the end: its last words may have come between the two.
            if (has_ended && !is_silent_) perform_actions();
            if (has_ended && !has_told && !outcome_.text.empty()) tell(outcome_.text);
            has_told = has_told || has_ended;
            if (!write_some()) return;
            if (has_ended && text_.empty()) return;
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                until - std::chrono::steady_clock::now()
            );
            std::array<pollfd, 2> entries{
                pollfd{wake_.read_end(), POLLIN, 0}, pollfd{output_, POLLOUT, 0}};
            const nfds_t count = text_.empty() ? 1 : 2;
            if (left.count() <= 0 ||
                poll(entries.data(), count, static_cast<int>(left.count())) <= 0)
                break;
            if (entries[0].revents != 0) wake_.drain();
        }
        // Commands that do not stop in time keep nobody waiting; the reason is said all the same.
        if (has_told || outcome_.text.empty()) return;
        tell(outcome_.text);
        (void)write_some(); // best effort
    }

    int input_;
    int output_;
    const ServeOptions& options_;
    detail::WakePipe wake_;
    detail::Runspace runspace_;
    OutOfProcServer framing_;
    std::string text_;
    std::size_t written_ = 0; // of text_
    std::optional<std::chrono::steady_clock::time_point> key_deadline_;
    bool is_over_ = false;
    bool is_silent_ = false; // only the error is still to be said
    ServeOutcome outcome_;
};

} // namespace

ServeOutcome serve_on(int input, int output, const ServeOptions& options)
{
    CommandTable own;
    if (options.commands == nullptr) own = standard_commands();
    const NonBlocking input_mode(input);
    const NonBlocking output_mode(output);
    const PipeSignalGuard guard;
    Loop loop(input, output, options, options.commands == nullptr ? own : *options.commands);
    return loop.run();
}

} // namespace psrp::server
