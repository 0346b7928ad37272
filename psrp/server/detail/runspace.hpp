// The runspace of a session: a thread that runs pipelines one after the other, and the machine it
// shares with the loop.
#pragma once

#include <psrp/protocol/server_pool.hpp>
#include <psrp/server/detail/wakers.hpp>
#include <psrp/server/server_session.hpp>
#include <psrp/server/streams.hpp>
#include <psrp/transport/poll_source.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace psrp::server::detail {

// What the thread of a runspace has of its client. Called on that thread, which holds no lock then.
class ClientLink {
public:
    virtual ~ClientLink() = default;
    // Writes what can be written without waiting; the rest is the loop's.
    virtual void take_output() = 0;
    // Sees to it that what waits is written in a moment, whatever the script does meanwhile.
    virtual void take_output_soon() = 0;
    // The thread waits and has time to listen: the descriptor to poll, or -1 where the loop
    // listens.
    virtual int start_listening() = 0;
    // The descriptor is readable: takes in what the client says.
    virtual void take_input() = 0;
    // From now on the loop listens: soon, or at once for a script that waits for its client.
    virtual void on_job_starts(bool waits_for_nothing) = 0;
    // The script waits for its client: the loop listens at once.
    virtual void listen_for_me() = 0;
};

// The loop, and the thread while it listens, call everything but the thread's own functions. All
// members behind mutex_; the thread holds it only while it touches the machine or waits, so the
// loop never waits for a script.
class Runspace {
public:
    Runspace(
        const ServerLimits& limits,
        const CommandTable& commands,
        const WakePipe& wake,
        ClientLink& link
    );
    ~Runspace();
    Runspace(const Runspace&) = delete;
    Runspace& operator=(const Runspace&) = delete;

    // Runs `work` with the machine, then takes its events. Wakes the thread where there is
    // something for it.
    void with_pool(const std::function<void(ServerPool&)>& work);
    // The next action, except acknowledgements of data that a script has not read yet: those come
    // later.
    std::optional<ServerAction> next_action();
    // Whether next_action() may have something.
    [[nodiscard]] bool has_actions();
    // Whether a session is there that has not ended yet, its pipelines included.
    [[nodiscard]] bool has_session();
    // True while a pipeline runs or waits.
    [[nodiscard]] bool is_busy();
    // True while a client sends without waiting for the acknowledgements that are held back: it is
    // to be read no further.
    [[nodiscard]] bool is_overfed();
    // Whether, since it was asked last, a script has begun that waits for nothing of its client.
    bool take_start();
    // True while a session key is waited for.
    [[nodiscard]] bool is_waiting_for_key();
    // Lets the thread end, after the pipeline that runs has been stopped. The wake pipe tells when
    // has_ended() is true; destroying before that waits for it.
    void request_end();
    [[nodiscard]] bool has_ended();

private:
    class Streams;
    struct Job {
        Guid pipeline;
        Memory memory;
        CreatePipeline request;
        std::shared_ptr<SessionState> session;
        std::uint64_t session_number = 0;
        bool has_host = false;
        std::size_t screen_width = default_screen_width;
        std::int64_t host_calls = 0; // calls that wait for an answer, so far: numbers the next
    };
    struct Input {
        std::deque<InputItem> items;
        bool ended = false;
        std::size_t held_acknowledgements = 0;
    };

    void take_events();
    void on_event(PoolRequested& event);
    void on_event(PipelineRequested& event);
    void on_event(CommandMetadataRequested& event);
    void on_event(RunspaceResetRequested& event);
    void on_event(InputReceived& event);
    void on_event(InputEnded& event);
    void on_event(StopRequested& event);
    void on_event(HostResponseReceived& event);
    void on_event(SessionEnded& event);
    void start_thread();
    void run_jobs();
    void wait_for_job(std::unique_lock<std::mutex>& lock);
    bool wait_for_words(int descriptor);
    void tell_thread();
    void run_job(Job job, std::unique_lock<std::mutex>& lock);
    void hand_out(bool was_empty, std::size_t pending_bytes);
    void hand_out_all();
    void forget_input(const Guid& pipeline);

    ServerLimits limits_;
    const CommandTable& commands_;
    const WakePipe& wake_;
    ClientLink& link_;
    Clock::time_point taken_at_{}; // the thread's own: when output was handed out last

    std::mutex mutex_;
    std::condition_variable changed_;
    ServerPool pool_;
    std::deque<Job> waiting_;
    std::optional<Guid> running_;
    std::map<Guid, Input> inputs_;
    std::deque<Guid> released_; // acknowledgements that were held back
    std::shared_ptr<SessionState> session_;
    std::uint64_t session_number_ = 0;
    bool pool_has_host_ = false;
    std::size_t pool_screen_width_ = default_screen_width;
    std::int64_t asked_call_ = 0; // the call whose answer the running pipeline waits for; 0: none
    std::optional<HostAnswer> answer_;
    bool is_open_ = false;   // a session is there
    bool is_ending_ = false; // the thread is to end
    bool is_thread_running_ = false;
    bool has_started_ = false;    // see take_start()
    bool has_news_ = false;       // for the thread, since it was told last
    bool waits_for_room_ = false; // the thread, to write more
    StopSignal stop_;
    WakePipe thread_wake_;
    std::atomic<bool> is_polling_{false}; // the thread, until thread_wake_ wakes it
    std::thread thread_;
};

} // namespace psrp::server::detail
