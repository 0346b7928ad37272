// SingleSession: one session whose pipelines are run one after the other and waited for, with
// Ctrl-C (fact sheet psrp 8.1, 17). For programs that do one thing at a time.
#pragma once

#include <psrp/client/fan_out.hpp>
#include <psrp/client/session.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace psrp {

// Gets what one pipeline says while it runs.
class PipelineListener {
public:
    virtual ~PipelineListener() = default;
    // Output, records, host calls and engine events; the end is what run() gives.
    virtual void on_event(Session& session, ClientEvent& event) = 0;
    // The server takes input. Without input there is nothing to do.
    virtual void on_input_wanted(Session& session, const Guid& pipeline)
    {
        (void)session;
        (void)pipeline;
    }
};

// How a pipeline ended.
struct PipelineOutcome {
    // None: the session ended first, or the pipeline was not started.
    std::optional<PipelineFinished> finished;
    bool was_interrupted = false;
    clixml::Error error = {}; // set where it was not started
};

class SingleSession final : private SessionListener {
public:
    // `loop` and `ids` are borrowed. `interrupts` counts how often the user asked to stop;
    // `on_turn` is called before each wait.
    SingleSession(
        EventLoop& loop,
        IdSource& ids,
        std::function<int()> interrupts,
        std::function<void()> on_turn
    );
    ~SingleSession() override;

    // Connects and opens. `options` needs no identifier. The error is a sentence; empty where the
    // user gave up.
    tl::expected<void, std::string> open(
        const Target& target,
        SessionOptions options,
        const std::function<void(std::string_view)>& on_connection_line
    );
    // Runs one pipeline to its end. A first interrupt stops it, a second one closes the session, a
    // third one ends the connection. One that came before it keeps it from being started.
    PipelineOutcome run(const CreatePipeline& request, PipelineListener& listener);
    // Interrupts so far were about something else, and stop nothing.
    void forget_interrupts();
    // Lets the server end in good manners.
    void close();
    // Does what has to be done without waiting; for a program that waits for something else, too.
    void pump();

    [[nodiscard]] bool is_open() const { return session_ && session_->is_open(); }
    // Whether it ended by being left to its server: the network was lost for good.
    [[nodiscard]] bool was_left() const { return was_left_; }
    // Why the session ended, for people; empty where it did not, or was closed as asked.
    [[nodiscard]] std::string failure_text() const;
    // A value of the $PSVersionTable that the server told; null where there is none.
    [[nodiscard]] Value server_property(std::string_view name) const;
    [[nodiscard]] std::optional<clixml::Version> server_protocol_version() const;
    [[nodiscard]] const Guid& runspace_pool_id() const { return session_->runspace_pool_id(); }

private:
    void on_opened(Session& session) override;
    void on_event(Session& session, ClientEvent& event) override;
    void on_input_wanted(Session& session) override;
    void on_ended(Session& session, const SessionEnd& end) override;
    bool turn();
    void obey_interrupts();

    EventLoop& loop_;
    IdSource& ids_;
    std::function<int()> interrupts_;
    std::function<void()> on_turn_;
    std::unique_ptr<Session> session_;
    SessionEnd end_;
    bool has_opened_ = false;
    bool has_ended_ = false;
    bool was_left_ = false;
    bool has_news_ = false; // opened, finished or ended, in the last round
    int interrupts_obeyed_ = 0;
    int interrupts_of_run_ = 0;
    PipelineListener* listener_ = nullptr; // of the pipeline that runs
    Guid pipeline_;
    std::optional<PipelineFinished> finished_;
    Memory private_memory_;
    Value private_data_;
};

} // namespace psrp
