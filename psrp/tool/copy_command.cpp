#include <clixml/object.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/client/single_session.hpp>
#include <psrp/copy/errors.hpp>
#include <psrp/copy/have_list.hpp>
#include <psrp/copy/names.hpp>
#include <psrp/copy/tree_receiver.hpp>
#include <psrp/copy/tree_sender.hpp>
#include <psrp/format/record_text.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/targets.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/pipeline_builder.hpp>
#include <psrp/tool/copy_command.hpp>
#include <psrp/tool/copy_progress.hpp>
#include <psrp/tool/copy_scripts.hpp>

#include <cstdio>
#include <deque>
#include <functional>
#include <utility>

namespace psrp::tool {

namespace {

// Bytes on their way to a receiver that it has not done with: what the far side may have to hold.
constexpr std::uint64_t window_bytes = 4U << 20;
// A server of WinRM takes 50 MiB of messages a command; base64 makes them a third longer.
constexpr std::uint64_t winrm_segment_bytes = 30U << 20;
constexpr std::size_t chunk_bytes = 1U << 20;

// What is said to the user, and what becomes of the exit code.
class Account {
public:
    Account(const CopyOptions& options, CopyProgress& progress)
        : options_(options), progress_(progress)
    {
    }

    void say(std::string_view what)
    {
        progress_.clear();
        std::fprintf(stderr, "psrp copy: %.*s\n", static_cast<int>(what.size()), what.data());
    }
    void fail(int code, std::string_view what)
    {
        if (exit_code_ == icm::exit_success) exit_code_ = code;
        say(what);
    }
    void interrupted() { exit_code_ = icm::exit_interrupted; }

    // Trouble, or Note.
    void report(copy::FrameType type, const copy::ReportFrame& report)
    {
        std::string path = report.source < options_.sources.size() ? options_.sources[report.source]
                                                                   : std::string("?");
        if (!report.path.empty())
            path += (path.ends_with('/') ? "" : "/") + std::string(report.path);
        const std::string line = shown_path(path) + ": " + shown_path(report.message);
        if (type == copy::FrameType::Trouble)
            fail(icm::exit_errors, line);
        else
            say(line);
    }
    [[nodiscard]] int exit_code() const { return exit_code_; }

private:
    const CopyOptions& options_;
    CopyProgress& progress_;
    int exit_code_ = icm::exit_success;
};

// What both directions do with what the pipeline says.
class CopyListener : public PipelineListener {
public:
    CopyListener(Account& account, copy::HaveList* haves) : account_(account), haves_(haves) {}

    void on_event(Session& session, ClientEvent& event) override
    {
        if (auto* output = std::get_if<OutputReceived>(&event)) {
            const auto bytes = output->value.unwrapped().as<clixml::BytesView>();
            const auto taken =
                bytes ? take(*bytes) : Result<void>(clixml::failure(copy::CopyErrc::BadFrame));
            if (!taken) give_up(session, output->pipeline, taken.error());
        } else if (auto* error = std::get_if<ErrorReceived>(&event)) {
            account_.fail(icm::exit_errors, error_text(error->record, ErrorView::Concise, {}));
        } else if (auto* call = std::get_if<HostCallReceived>(&event)) {
            // Scripts of ours ask nothing; a profile of the far side may.
            if (call->call.expects_response()) (void)session.stop(call->pipeline);
        }
    }
    [[nodiscard]] bool has_given_up() const { return has_given_up_; }

protected:
    virtual Result<void> take(clixml::BytesView chunk) = 0;

    // Answers of a receiver, here or there.
    Result<void> take_answers(clixml::BytesView answers)
    {
        while (!answers.empty()) {
            PSRP_TRY(const copy::Frame frame, copy::read_frame(answers));
            switch (frame.type) {
            case copy::FrameType::Trouble:
            case copy::FrameType::Note: {
                PSRP_TRY(const auto report, copy::read_report(frame.content));
                if (haves_ == nullptr) account_.report(frame.type, report);
                break;
            }
            case copy::FrameType::Have: {
                PSRP_TRY(const auto have, copy::read_have(frame.content));
                if (haves_ == nullptr) return clixml::failure(copy::CopyErrc::OutOfOrder);
                PSRP_CHECK(haves_->add(have));
                break;
            }
            case copy::FrameType::Consumed: {
                PSRP_TRY(consumed_, copy::read_consumed(frame.content));
                break;
            }
            case copy::FrameType::End: {
                PSRP_TRY(totals_, copy::read_end(frame.content));
                break;
            }
            default:
                return clixml::failure(copy::CopyErrc::OutOfOrder);
            }
        }
        return {};
    }

    Account& account_;
    std::uint64_t consumed_ = 0;
    copy::EndFrame totals_;

private:
    void give_up(Session& session, const Guid& pipeline, const clixml::Error& error)
    {
        if (std::exchange(has_given_up_, true)) return;
        account_.fail(icm::exit_errors, error.text());
        (void)session.stop(pipeline); // fails only where the session is ending anyway
    }

    copy::HaveList* haves_; // of a survey; else null
    bool has_given_up_ = false;
};

// Sends the chunks of a source to a pipeline. One object serves several pipelines where one may
// take only so much.
class Upload final : public CopyListener {
public:
    Upload(
        Account& account,
        CopyProgress& progress,
        copy::TreeSender& sender,
        std::uint64_t segment_bytes,
        copy::HaveList* haves
    )
        : CopyListener(account, haves), progress_(progress), sender_(sender),
          segment_bytes_(segment_bytes)
    {
    }

    void begin_segment()
    {
        segment_sent_ = 0;
        has_ended_input_ = false;
    }
    // Whether all has been sent.
    [[nodiscard]] bool is_done() const { return is_done_; }

    void on_input_wanted(Session& session, const Guid& pipeline) override
    {
        while (!has_ended_input_ && sent_ - consumed_ < window_bytes) {
            if (!pending_) pending_ = sender_.next_chunk();
            const bool is_segment_over = segment_bytes_ != 0 && segment_sent_ >= segment_bytes_;
            if (!pending_ || is_segment_over) {
                is_done_ = !pending_;
                has_ended_input_ = true;
                (void)session.end_input(pipeline); // fails only for a pipeline that has ended
                return;
            }
            const auto written = session.write_input(pipeline, Value::bytes(*pending_));
            if (!written && written.error() == make_error_code(Errc::WouldBlock)) return;
            sent_ += pending_->size();
            segment_sent_ += pending_->size();
            pending_.reset();
        }
    }

private:
    Result<void> take(clixml::BytesView chunk) override
    {
        PSRP_CHECK(take_answers(chunk));
        progress_.show(sender_.current_path(), sender_.current_length(), consumed_);
        return {};
    }

    CopyProgress& progress_;
    copy::TreeSender& sender_;
    std::uint64_t segment_bytes_;
    std::optional<copy::Bytes> pending_;
    std::uint64_t sent_ = 0;
    std::uint64_t segment_sent_ = 0;
    bool has_ended_input_ = false;
    bool is_done_ = false;
};

// Takes the chunks of a pipeline; what is here already goes there first.
class Download final : public CopyListener {
public:
    Download(
        Account& account,
        CopyProgress& progress,
        copy::TreeReceiver& receiver,
        std::deque<copy::Bytes> input,
        copy::HaveList* haves
    )
        : CopyListener(account, haves), progress_(progress), receiver_(receiver),
          input_(std::move(input))
    {
    }

    void on_input_wanted(Session& session, const Guid& pipeline) override
    {
        while (!has_ended_input_) {
            if (input_.empty()) {
                has_ended_input_ = true;
                (void)session.end_input(pipeline); // fails only for a pipeline that has ended
                return;
            }
            const auto written = session.write_input(pipeline, Value::bytes(input_.front()));
            if (!written && written.error() == make_error_code(Errc::WouldBlock)) return;
            input_.pop_front();
        }
    }

private:
    Result<void> take(clixml::BytesView chunk) override
    {
        if (has_given_up()) return {};
        const auto taken = receiver_.take(chunk);
        const copy::Bytes answers = receiver_.take_answers();
        PSRP_CHECK(take_answers(answers));
        byte_count_ += chunk.size();
        progress_.show(receiver_.current_path(), receiver_.current_length(), byte_count_);
        return taken;
    }

    CopyProgress& progress_;
    copy::TreeReceiver& receiver_;
    std::deque<copy::Bytes> input_;
    std::uint64_t byte_count_ = 0;
    bool has_ended_input_ = false;
};

// What the far side runs: its own command, or a script.
class FarSide {
public:
    explicit FarSide(bool has_commands) : has_commands_(has_commands) {}

    [[nodiscard]] bool has_commands() const { return has_commands_; }

    Result<CreatePipeline> send_request(const CopyOptions& options, bool lists, Arena& arena) const
    {
        clixml::Object* paths = clixml::make_array_list(arena);
        for (const std::string& path : options.sources)
            paths->add_item(arena, Value::string(arena, path));
        PipelineBuilder builder;
        if (has_commands_) {
            builder.command("Send-PsrpItem").parameter("-Path", Value::object(paths));
            if (options.follows_links) builder.switch_parameter("-FollowLinks");
            if (lists) builder.switch_parameter("-List");
        } else {
            builder.script(send_script())
                .argument(Value::object(paths))
                .argument(Value::boolean(options.follows_links))
                .argument(Value::boolean(lists));
        }
        return builder.takes_input(true).build();
    }

    Result<CreatePipeline>
    receive_request(const CopyOptions& options, bool surveys, bool is_first, Arena& arena) const
    {
        std::string_view destination = options.destination;
        const bool is_folder =
            options.sources.size() > 1 || destination.ends_with('/') || destination.ends_with('\\');
        if (destination.empty()) destination = ".";
        PipelineBuilder builder;
        const Value path = Value::string(arena, destination);
        if (has_commands_) {
            builder.command("Receive-PsrpItem").parameter("-Destination", path);
            if (is_folder) builder.switch_parameter("-Folder");
            if (surveys) builder.switch_parameter("-Survey");
        } else {
            builder.script(receive_script())
                .argument(path)
                .argument(Value::boolean(is_folder))
                .argument(Value::boolean(surveys))
                .argument(Value::boolean(is_first));
        }
        return builder.takes_input(true).build();
    }

private:
    bool has_commands_;
};

// One copy, from the open session on.
class Copy {
public:
    Copy(
        const CopyOptions& options,
        SingleSession& session,
        Account& account,
        CopyProgress& progress,
        std::uint64_t segment_bytes
    )
        : options_(options), session_(session), account_(account), progress_(progress),
          far_(!session.server_property("PSRP").is_nil()), segment_bytes_(segment_bytes)
    {
    }

    void run()
    {
        copy::HaveList haves;
        const bool goes_on = !options_.resumes || (options_.is_download ? download(nullptr, &haves)
                                                                        : upload(nullptr, &haves));
        if (!goes_on) return;
        if (options_.is_download)
            download(&haves, nullptr);
        else
            upload(&haves, nullptr);
    }

private:
    // With `found` it is a survey: nothing is copied.
    bool upload(const copy::HaveList* haves, copy::HaveList* found)
    {
        std::vector<copy::SentSource> sources;
        for (const std::string& path : options_.sources)
            sources.push_back({path, copy::base_name(path, false)});
        copy::SendOptions send;
        send.follows_links = options_.follows_links;
        send.lists_only = found != nullptr;
        send.needs_utf8 = !far_.has_commands();
        send.haves = haves;
        send.chunk_bytes = chunk_bytes;
        copy::TreeSender sender(std::move(sources), send);
        // The endpoint's command ends with its pipeline; a script goes on in the next one.
        Upload listener(
            account_, progress_, sender, far_.has_commands() ? 0 : segment_bytes_, found
        );
        bool is_first = true;
        while (!listener.is_done()) {
            Arena arena;
            const auto request = far_.receive_request(options_, found != nullptr, is_first, arena);
            listener.begin_segment();
            if (!run_pipeline(request, listener)) return false;
            is_first = false;
        }
        return true;
    }

    bool download(const copy::HaveList* haves, copy::HaveList* found)
    {
        copy::ReceiveOptions receive;
        receive.destination = options_.destination;
        receive.is_folder = options_.sources.size() > 1 || options_.destination.ends_with('/');
        receive.surveys = found != nullptr;
        for (const std::string& path : options_.sources) {
            receive.names.push_back(copy::base_name(path, path.find('/') == std::string::npos));
        }
        copy::TreeReceiver receiver(std::move(receive));
        std::deque<copy::Bytes> input;
        if (haves != nullptr) {
            haves->write(
                [&](copy::Bytes chunk) { input.push_back(std::move(chunk)); }, chunk_bytes
            );
        }
        Download listener(account_, progress_, receiver, std::move(input), found);
        Arena arena;
        if (!run_pipeline(far_.send_request(options_, found != nullptr, arena), listener))
            return false;
        if (receiver.is_finished() || listener.has_given_up()) return !listener.has_given_up();
        account_.fail(icm::exit_errors, make_error_code(copy::CopyErrc::StreamCut).message());
        return false;
    }

    bool run_pipeline(const Result<CreatePipeline>& request, CopyListener& listener)
    {
        if (!request) return account_.fail(icm::exit_errors, request.error().text()), false;
        const PipelineOutcome outcome = session_.run(*request, listener);
        progress_.clear();
        if (outcome.was_interrupted) return account_.interrupted(), false;
        if (outcome.error.code) return account_.fail(icm::exit_errors, outcome.error.text()), false;
        if (!outcome.finished) {
            account_.fail(icm::exit_no_connection, lost_text());
            return false;
        }
        if (listener.has_given_up()) return false;
        if (outcome.finished->state == PipelineState::Completed) return true;
        const auto& record = outcome.finished->error_record;
        account_.fail(
            icm::exit_errors,
            record ? error_text(*record, ErrorView::Concise, {}) : "the far side stopped the copy"
        );
        return false;
    }

    [[nodiscard]] std::string lost_text() const
    {
        const std::string reason = session_.failure_text();
        return "the session was lost; --resume goes on with the copy" +
               (reason.empty() ? std::string() : "\n" + reason);
    }

    const CopyOptions& options_;
    SingleSession& session_;
    Account& account_;
    CopyProgress& progress_;
    FarSide far_;
    std::uint64_t segment_bytes_;
};

bool is_winrm(const icm::Options& options)
{
    return !options.targets.empty() &&
           std::holds_alternative<icm::WinRmPlace>(options.targets.front());
}

} // namespace

int run_copy(const CopyOptions& options)
{
    CopyProgress progress(options.connection.shown.progress);
    Account account(options, progress);
    auto identity = icm::identity_for(options.connection);
    if (!identity) {
        account.fail(icm::exit_usage, identity.error());
        return account.exit_code();
    }
    auto loop = EventLoop::create();
    if (!loop) {
        account.fail(icm::exit_no_connection, loop.error().text());
        return account.exit_code();
    }
    RandomIds ids;
    const MachineZone zone;
    const icm::WinRmAccess access{std::move(*identity), ids};
    const Target target = icm::targets_of(options.connection, access).front();
    const InterruptCatcher interrupts(*loop);
    SingleSession session(
        *loop, ids, [&] { return interrupts.count(); }, [] {}
    );
    SessionOptions session_options;
    session_options.zone = &zone;
    session_options.open_timeout = options.connection.connecting_timeout;
    const auto opened = session.open(target, session_options, [&](std::string_view line) {
        account.say(shown_path(line));
    });
    if (!opened && opened.error().empty()) return icm::exit_interrupted;
    if (!opened) {
        account.fail(icm::exit_no_connection, "[" + target.name + "] " + opened.error());
        return account.exit_code();
    }
    Copy(
        options, session, account, progress, is_winrm(options.connection) ? winrm_segment_bytes : 0
    )
        .run();
    session.close();
    return account.exit_code();
}

} // namespace psrp::tool
