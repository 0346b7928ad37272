#include <psrp/server/detail/runspace.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/event_loop.hpp>
#include <psrp/transport/outofproc_server.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace psrp::server {

namespace {

// As much as a pipe holds on Linux.
constexpr std::size_t read_bytes = 65536;
// Text that waits in our own buffer before the machine is asked for more.
constexpr std::size_t text_bytes_max = std::size_t{256} << 10;
// Text that waits before the client is not listened to any more: it sends without reading.
constexpr std::size_t deaf_bytes = std::size_t{8} << 20;
// How long the last words may take to get out once the client has stopped talking.
constexpr std::chrono::milliseconds farewell{2000};
// How long a client may take to send its key (psrp 18).
constexpr std::chrono::seconds key_wait{240};
// How long output may be kept back for more to come.
constexpr std::chrono::milliseconds write_delay{1};
// Turns of one session before the others of its loop have theirs.
constexpr int turns_max = 16;

// Sets a descriptor non-blocking and back.
class NonBlocking {
public:
    explicit NonBlocking(int descriptor)
        : descriptor_(descriptor), flags_(fcntl(descriptor, F_GETFL))
    {
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

std::string_view name_of(const ServerTransportEvent& event)
{
    if (std::holds_alternative<ClientDataReceived>(event)) return "Data";
    if (std::holds_alternative<CommandRequested>(event)) return "Command";
    if (std::holds_alternative<SignalRequested>(event)) return "Signal";
    if (std::holds_alternative<CloseRequested>(event)) return "Close";
    return "EndOfInput";
}

std::string_view name_of(const ServerAction& action)
{
    if (std::holds_alternative<Send>(action)) return "Data";
    if (std::holds_alternative<AcknowledgeData>(action)) return "DataAck";
    if (std::holds_alternative<AcknowledgeCommand>(action)) return "CommandAck";
    if (std::holds_alternative<AcknowledgeSignal>(action)) return "SignalAck";
    return "CloseAck";
}

std::string_view text_of(BytesView bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

// What joins the descriptors and the runspace.
class ServerSession::Impl final : private detail::ClientLink {
public:
    Impl(ClientStream stream, const ServeOptions& options)
        : stream_(std::move(stream)), options_(options),
          watches_output_(has_separate_ends(stream_)), last_activity_(Clock::now()),
          runspace_(options_.limits, *options_.commands, wake_, *this)
    {
    }

    // Held by the loop for each of its calls, and by the runspace's thread while it reads or
    // writes.
    [[nodiscard]] std::mutex& mutex() { return mutex_; }

    Result<void> start()
    {
        if (!wake_.is_open()) {
            return tl::unexpected<clixml::Error>(system_error(errno, "no pipe for a session"));
        }
        PSRP_CHECK(set_nonblocking(stream_.input));
        return set_nonblocking(stream_.output);
    }

    void end()
    {
        if (phase_ != Phase::Serving) return;
        runspace_.with_pool([](ServerPool& pool) { pool.input_ended(); });
        say_farewell();
        step();
    }

    [[nodiscard]] bool is_over() const { return phase_ == Phase::Over; }
    [[nodiscard]] const ServeOutcome& outcome() const { return outcome_; }

    void append_poll_entries(std::vector<PollEntry>& entries) const
    {
        if (phase_ == Phase::Over) return;
        entries.push_back({wake_.read_end(), true, false});
        if (phase_ == Phase::Ending) return;
        if (alarm_.descriptor() >= 0) entries.push_back({alarm_.descriptor(), true, false});
        const bool is_heard = phase_ == Phase::Serving && !is_deaf();
        const bool listens = is_heard && !thread_listens_;
        loop_listens_.store(listens);
        if (listens) entries.push_back({stream_.input, true, false});
        // Without a wish an end that nobody reads is still told.
        const bool writes = !output_.is_empty() && !is_held_;
        if (writes || !is_heard || watches_output_)
            entries.push_back({stream_.output, false, writes});
    }

    void on_readable(int descriptor)
    {
        if (descriptor == wake_.read_end()) {
            wake_.drain();
            if (wakes_soon_.exchange(false) && phase_ == Phase::Serving && !write_at_)
                return write_soon();
        }
        if (descriptor == alarm_.descriptor()) alarm_.drain();
        if (descriptor == stream_.input && phase_ == Phase::Serving && !thread_listens_)
            read_some();
        step();
    }

    void on_writable(int descriptor)
    {
        if (descriptor != stream_.output) return;
        // With nothing to write only its end is of interest.
        if (output_.is_empty() && has_hung_up(descriptor)) return on_client_gone();
        step();
    }

    [[nodiscard]] std::optional<Clock::time_point> deadline() const
    {
        if (phase_ == Phase::Farewell) return give_up_at_;
        if (phase_ != Phase::Serving) return std::nullopt;
        std::optional<Clock::time_point> next = write_at_;
        for (const auto& at : {idle_deadline(), key_deadline_})
            if (at && (!next || *at < *next)) next = at;
        return next;
    }

    void on_deadline(Clock::time_point now)
    {
        if (phase_ == Phase::Farewell) return break_off();
        if (phase_ != Phase::Serving) return;
        if (write_at_ && now >= *write_at_) step();
        if (key_deadline_ && now >= *key_deadline_) {
            key_deadline_.reset();
            runspace_.with_pool([](ServerPool& pool) { pool.key_exchange_timed_out(); });
            return step();
        }
        const auto idle_at = idle_deadline();
        if (!idle_at || now < *idle_at) return;
        if (runspace_.is_busy() || !output_.is_empty()) {
            last_activity_ = now;
            return;
        }
        log(LogLevel::Information, "idle-timeout", {});
        tell("The session was idle for too long.");
        end();
    }

private:
    enum class Phase {
        Serving,
        Farewell, // the last words are on their way
        Ending,   // the runspace's thread comes to its end
        Over,
    };

    [[nodiscard]] std::optional<Clock::time_point> idle_deadline() const
    {
        if (!options_.connection.idle_timeout) return std::nullopt;
        return last_activity_ + *options_.connection.idle_timeout;
    }

    void watch_key_exchange()
    {
        if (!runspace_.is_waiting_for_key())
            key_deadline_.reset();
        else if (!key_deadline_)
            key_deadline_ = Clock::now() + key_wait;
    }

    [[nodiscard]] bool is_deaf() const
    {
        return output_.pending_bytes() > deaf_bytes || is_overfed_;
    }

    void log(LogLevel level, std::string_view event, std::vector<LogField> fields) const
    {
        const Log* log = options_.connection.log;
        if (log == nullptr || !log->takes(level)) return;
        const std::string number = std::to_string(options_.connection.session_number);
        fields.insert(fields.begin(), {"session", number});
        log->write(level, event, fields);
    }

    // Kind, channel and size of what passes; its bytes only where that was asked for.
    void log_element(
        std::string_view event, std::string_view kind, const Guid* channel, BytesView bytes
    ) const
    {
        const Log* log_taker = options_.connection.log;
        if (log_taker == nullptr || !log_taker->takes(LogLevel::Debug)) return;
        if (channel == nullptr) return log(LogLevel::Debug, event, {{"element", kind}});
        const std::string size = std::to_string(bytes.size());
        if (log_taker->takes_payloads() && !bytes.empty()) {
            return log(
                LogLevel::Debug,
                event,
                {{"element", kind}, {"bytes", size}, {"payload", text_of(bytes)}}
            );
        }
        const std::string id = channel->text();
        log(LogLevel::Debug, event, {{"element", kind}, {"channel", id}, {"bytes", size}});
    }

    void log_event(const ServerTransportEvent& event) const
    {
        const Guid* channel = nullptr;
        BytesView bytes;
        if (const auto* data = std::get_if<ClientDataReceived>(&event)) {
            channel = &data->channel;
            bytes = data->bytes;
        } else if (const auto* command = std::get_if<CommandRequested>(&event)) {
            channel = &command->pipeline;
        } else if (const auto* signal = std::get_if<SignalRequested>(&event)) {
            channel = &signal->pipeline;
        } else if (const auto* close = std::get_if<CloseRequested>(&event)) {
            channel = &close->channel;
        }
        log_element("received", name_of(event), channel, bytes);
    }

    void log_action(const ServerAction& action) const
    {
        const Guid* channel = nullptr;
        BytesView bytes;
        if (const auto* send = std::get_if<Send>(&action)) {
            channel = &send->channel;
            bytes = send->bytes;
        }
        log_element("sent", name_of(action), channel, bytes);
    }

    // Whoever holds the mutex will not see what has just been added.
    void take_output() override
    {
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (!lock || phase_ != Phase::Serving || is_silent_) return wake_now();
        // What waits already is the loop's: it knows when there is room.
        if (!output_.is_empty() && !is_held_) return;
        is_held_ = false;
        perform_actions();
        // A client that takes nothing any more is the loop's, too.
        const auto written = output_.flush_to(stream_.output);
        last_activity_ = Clock::now();
        if (!written || !output_.is_empty() || runspace_.has_actions() ||
            runspace_.is_waiting_for_key())
            wake_now();
    }

    int start_listening() override
    {
        const std::lock_guard lock(mutex_);
        thread_listens_ = phase_ == Phase::Serving && !is_deaf();
        // The loop does not know yet.
        if (thread_listens_ == loop_listens_.load()) wake_now();
        return thread_listens_ ? stream_.input : -1;
    }

    void take_input() override
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != Phase::Serving) return;
        read_some();
        step();
        // What comes next is the loop's.
        if (is_held_) alarm_.set(write_delay);
        if (phase_ != Phase::Serving || (!output_.is_empty() && !is_held_) || is_deaf() ||
            runspace_.is_waiting_for_key())
            wake_now();
    }

    void on_job_starts(bool waits_for_nothing) override
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(thread_listens_, false)) return;
        if (!waits_for_nothing)
            wake_now();
        else if (!is_held_) // for what is held it is set already
            alarm_.set(write_delay);
    }

    void listen_for_me() override
    {
        if (!loop_listens_.load()) wake_now();
    }

    void wake_now()
    {
        wakes_soon_.store(false);
        wake_.wake();
    }

    void take_output_soon() override
    {
        if (has_write_timer_.load()) return;
        wakes_soon_.store(true);
        wake_.wake();
    }

    void write_soon()
    {
        write_at_ = Clock::now() + write_delay;
        has_write_timer_.store(true);
    }

    // Moves what can be moved: received elements to the machine, its actions to the client.
    void step()
    {
        write_at_.reset();
        // Before what has been said is looked for: whoever speaks later sees to it himself.
        has_write_timer_.store(false);
        is_held_ = false;
        for (int turn = 0; turn < turns_max; ++turn) {
            const bool is_all_written = output_.is_empty();
            pump();
            const bool is_starting = runspace_.take_start();
            if (is_all_written && is_starting && phase_ == Phase::Serving) {
                // Most scripts are short: what acknowledges one goes out with what it says.
                is_held_ = true;
                return write_soon();
            }
            const bool had_text = !output_.is_empty();
            if (had_text && !write_some()) return;
            // What was held back while this text waited has nobody else to wake us for it.
            if (!had_text || !output_.is_empty()) {
                watch_key_exchange();
                return check_end();
            }
        }
        wake_.wake(); // the others first
    }

    void pump()
    {
        while (phase_ == Phase::Serving || phase_ == Phase::Farewell) {
            if (!is_silent_) perform_actions();
            is_overfed_ = runspace_.is_overfed();
            if (phase_ != Phase::Serving || is_deaf()) return;
            auto event = framing_.next_event();
            if (!event) return report(event.error());
            if (!*event) return;
            log_event(**event);
            std::visit([this](auto& one) { on_event(one); }, **event);
        }
    }

    void perform_actions()
    {
        while (output_.pending_bytes() < text_bytes_max) {
            const auto action = runspace_.next_action();
            if (!action) return;
            log_action(*action);
            if (const auto done = framing_.perform(*action); !done) return report(done.error());
            say(framing_.take_output());
        }
    }

    void read_some()
    {
        std::uint8_t* const room = framing_.room(read_bytes);
        std::size_t count = 0;
        const auto outcome = psrp::read_some(stream_.input, {room, read_bytes}, count);
        if (!outcome || *outcome == ReadOutcome::End) {
            framing_.receive_end();
        } else if (*outcome == ReadOutcome::Some) {
            last_activity_ = Clock::now();
            if (options_.connection.tap) options_.connection.tap->on_client_bytes({room, count});
            framing_.commit(count);
        }
    }

    // False where the client takes nothing any more.
    bool write_some()
    {
        const std::size_t before = output_.pending_bytes();
        if (!output_.flush_to(stream_.output)) {
            on_client_gone();
            return false;
        }
        if (output_.pending_bytes() != before) {
            last_activity_ = Clock::now();
            give_up_at_ = last_activity_ + farewell;
        }
        return true;
    }

    void on_event(ClientDataReceived& event)
    {
        Result<void> received;
        bool was_told = false;
        runspace_.with_pool([&](ServerPool& pool) {
            const bool had_pool = pool.state() == RunspacePoolState::Opened;
            received = pool.receive(event.channel, event.stream, std::move(event.bytes));
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
    // What the pipelines still say may find a reader.
    void on_event(EndOfInput&)
    {
        outcome_ = client_gone();
        runspace_.with_pool([](ServerPool& pool) { pool.input_ended(); });
        say_farewell();
    }

    static ServeOutcome client_gone()
    {
        return {
            server_exit_code,
            {TransportErrc::StreamEnded, clixml::no_offset, "expected another element"},
            "The client's input has ended."};
    }

    // The framing is broken: nothing that follows can be understood, and as with the reference
    // nothing but the reason is said any more.
    void report(const clixml::Error& error)
    {
        if (phase_ != Phase::Serving) return;
        log(LogLevel::Warning, "broken-framing", {{"reason", error.code.message()}});
        outcome_ = {server_exit_code, error, "The client's data cannot be read: " + error.text()};
        is_silent_ = true;
        runspace_.with_pool([](ServerPool& pool) { pool.input_ended(); });
        say_farewell();
    }

    void say(std::string text)
    {
        if (options_.connection.tap)
            options_.connection.tap->on_server_bytes(clixml::bytes_of(text));
        output_.append(std::move(text));
    }

    void tell(const std::string& text)
    {
        if (options_.errors == ErrorStyle::ErrorLines) {
            framing_.report_error(text);
            say(framing_.take_output());
            return;
        }
        const std::string line = text + "\n";
        [[maybe_unused]] const auto written =
            ::write(options_.error_descriptor, line.data(), line.size()); // best effort
    }

    // The last states go out, then the error, if the client still takes them.
    void say_farewell()
    {
        phase_ = Phase::Farewell;
        give_up_at_ = Clock::now() + farewell;
    }

    // Commands that do not stop in time keep nobody waiting; the reason is said all the same.
    void break_off()
    {
        if (tell_reason() && !write_some()) return;
        stop_runspace();
    }

    // True where there was something to tell.
    bool tell_reason()
    {
        if (outcome_.text.empty() || has_told_reason_) return false;
        has_told_reason_ = true;
        tell(outcome_.text);
        return true;
    }

    void on_client_gone()
    {
        if (phase_ == Phase::Serving) {
            outcome_ = client_gone();
            runspace_.with_pool([](ServerPool& pool) { pool.input_ended(); });
        }
        output_.clear();
        stop_runspace();
    }

    void stop_runspace()
    {
        if (phase_ == Phase::Ending || phase_ == Phase::Over) return;
        phase_ = Phase::Ending;
        runspace_.request_end();
        check_end();
    }

    void check_end()
    {
        if (phase_ == Phase::Farewell && (is_silent_ || !runspace_.has_session())) {
            // Once more after the end: its last words may have come between the two.
            if (!is_silent_) perform_actions();
            if (tell_reason() && !write_some()) return;
            if (output_.is_empty()) return stop_runspace();
        }
        if (phase_ == Phase::Ending && runspace_.has_ended()) phase_ = Phase::Over;
    }

    ClientStream stream_;
    ServeOptions options_;
    std::mutex mutex_;
    detail::WakePipe wake_;
    detail::Alarm alarm_{wake_}; // for the loop, when a script runs for longer than most
    bool thread_listens_ = false;
    mutable std::atomic<bool> loop_listens_{false};
    OutOfProcServer framing_;
    OutputBuffer output_;
    const bool watches_output_; // its reader may go before the input ends
    bool is_overfed_ = false;
    bool is_silent_ = false; // only the reason is still to be said
    bool has_told_reason_ = false;
    std::optional<Clock::time_point> key_deadline_;
    Phase phase_ = Phase::Serving;
    Clock::time_point last_activity_;
    Clock::time_point give_up_at_;
    std::optional<Clock::time_point> write_at_; // when what was kept back is written
    std::atomic<bool> has_write_timer_{false};  // the loop comes back for it by itself
    bool is_held_ = false;                      // output_ is for the runspace's thread to write
    std::atomic<bool> wakes_soon_{false};       // the wake is for write_at_
    ServeOutcome outcome_;
    detail::Runspace runspace_; // the last: its thread uses the others
};

ServerSession::ServerSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServerSession::~ServerSession() = default;

Result<std::unique_ptr<ServerSession>>
ServerSession::start(ClientStream stream, const ServeOptions& options)
{
    auto impl = std::make_unique<Impl>(std::move(stream), options);
    PSRP_CHECK(impl->start());
    return std::unique_ptr<ServerSession>(new ServerSession(std::move(impl)));
}

void ServerSession::end()
{
    const std::lock_guard lock(impl_->mutex());
    impl_->end();
}

bool ServerSession::is_over() const
{
    const std::lock_guard lock(impl_->mutex());
    return impl_->is_over();
}

const ServeOutcome& ServerSession::outcome() const
{
    return impl_->outcome();
}

void ServerSession::append_poll_entries(std::vector<PollEntry>& entries) const
{
    const std::lock_guard lock(impl_->mutex());
    impl_->append_poll_entries(entries);
}

void ServerSession::on_readable(int descriptor)
{
    const std::lock_guard lock(impl_->mutex());
    impl_->on_readable(descriptor);
}

void ServerSession::on_writable(int descriptor)
{
    const std::lock_guard lock(impl_->mutex());
    impl_->on_writable(descriptor);
}

std::optional<Clock::time_point> ServerSession::deadline() const
{
    const std::lock_guard lock(impl_->mutex());
    return impl_->deadline();
}

void ServerSession::on_deadline(Clock::time_point now)
{
    const std::lock_guard lock(impl_->mutex());
    impl_->on_deadline(now);
}

ServeOutcome serve_on(int input, int output, const ServeOptions& options)
{
    CommandTable own;
    ServeOptions whole = options;
    if (options.commands == nullptr) {
        own = standard_commands();
        whole.commands = &own;
    }
    const auto broken = [](const clixml::Error& error) {
        return ServeOutcome{server_exit_code, error, error.text()};
    };
    const NonBlocking input_mode(input);
    const NonBlocking output_mode(output);
    auto loop = EventLoop::create();
    if (!loop) return broken(loop.error());
    auto session = ServerSession::start({input, output}, whole);
    if (!session) return broken(session.error());
    loop->add(**session);
    while (!(*session)->is_over()) {
        if (const auto turned = loop->run_once(); !turned) return broken(turned.error());
    }
    return (*session)->outcome();
}

} // namespace psrp::server
