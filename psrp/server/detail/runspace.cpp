#include <clixml/object.hpp>
#include <psrp/protocol/errors.hpp>
#include <psrp/protocol/versions.hpp>
#include <psrp/server/binder.hpp>
#include <psrp/server/detail/runspace.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/interpreter.hpp>
#include <psrp/server/script/pattern.hpp>
#include <psrp/server/system.hpp>
#include <psrp/transport/system_keys.hpp>

#include <algorithm>
#include <poll.h>

namespace psrp::server::detail {

// The streams of the job that runs: writes into the machine, and waits while the client is slow.
class Runspace::Streams final : public PipelineStreams {
public:
    Streams(Runspace& runspace, Job& job) : runspace_(runspace), job_(job) {}

    Result<void> write_output(Value value) override
    {
        return write([&](ServerPool& pool) { return pool.write_output(job_.pipeline, value); });
    }
    Result<void> write_error(const ErrorRecord& record) override
    {
        return write([&](ServerPool& pool) { return pool.write_error(job_.pipeline, record); });
    }
    Result<void> write_informational(const InformationalRecord& record) override
    {
        return write([&](ServerPool& pool) {
            return pool.write_informational(job_.pipeline, record);
        });
    }
    Result<void> write_progress(const ProgressUpdate& record) override
    {
        return write([&](ServerPool& pool) { return pool.write_progress(job_.pipeline, record); });
    }
    Result<void> write_information(const InformationRecord& record) override
    {
        return write([&](ServerPool& pool) { return pool.write_information(job_.pipeline, record); }
        );
    }
    Result<void> call_host(const HostCall& call) override
    {
        return write([&](ServerPool& pool) { return pool.call_host(job_.pipeline, call); });
    }
    Result<HostAnswer> ask_host(HostCall call) override
    {
        call.call_id = ++job_.host_calls;
        {
            const std::lock_guard lock(runspace_.mutex_);
            runspace_.answer_.reset();
            runspace_.asked_call_ = call.call_id;
        }
        Result<void> asked = call_host(call);
        std::unique_lock lock(runspace_.mutex_);
        if (asked) {
            lock.unlock();
            runspace_.hand_out_all();
            runspace_.link_.listen_for_me();
            lock.lock();
            runspace_.changed_.wait(lock, [&] { return is_over() || runspace_.answer_; });
        }
        runspace_.asked_call_ = 0;
        PSRP_CHECK(std::move(asked));
        if (!runspace_.answer_) return ended();
        return *std::exchange(runspace_.answer_, std::nullopt);
    }
    bool has_host() const override { return job_.has_host; }
    std::size_t screen_width() const override { return job_.screen_width; }
    StopSignal& stop_signal() override { return runspace_.stop_; }

    Result<std::optional<InputItem>> next_input() override
    {
        std::unique_lock lock(runspace_.mutex_);
        // The map's entry stays until the job is over.
        Input& input = runspace_.inputs_[job_.pipeline];
        const auto has_come = [&] { return is_over() || input.ended || !input.items.empty(); };
        if (!has_come() && runspace_.pool_.pending_bytes() > 0) {
            lock.unlock();
            runspace_.hand_out_all();
            lock.lock();
        }
        runspace_.changed_.wait(lock, has_come);
        if (is_over()) return ended();
        if (input.items.empty()) return std::optional<InputItem>{};
        std::optional<InputItem> item = std::move(input.items.front());
        input.items.pop_front();
        if (input.items.size() < runspace_.limits_.input_objects_max &&
            input.held_acknowledgements > 0) {
            for (; input.held_acknowledgements > 0; --input.held_acknowledgements) {
                runspace_.released_.push_back(job_.pipeline);
            }
            runspace_.wake_.wake();
        }
        return item;
    }

private:
    [[nodiscard]] bool is_over() const
    {
        return runspace_.stop_.requested() || runspace_.is_ending_ ||
               job_.session_number != runspace_.session_number_ || !runspace_.is_open_;
    }

    // Why nothing goes on once is_over().
    [[nodiscard]] tl::unexpected<clixml::Error> ended() const
    {
        return clixml::failure(runspace_.stop_.requested() ? Errc::Stopped : Errc::StreamsClosed);
    }

    template <typename Work>
    Result<void> write(Work work)
    {
        std::unique_lock lock(runspace_.mutex_);
        if (!has_room()) {
            runspace_.waits_for_room_ = true;
            runspace_.changed_.wait(lock, [&] { return is_over() || has_room(); });
            runspace_.waits_for_room_ = false;
        }
        if (is_over()) return ended();
        const bool was_empty = runspace_.pool_.pending_bytes() == 0;
        Result<void> done = work(runspace_.pool_);
        if (!done) {
            if (done.error() == make_error_code(psrp::Errc::UnknownPipeline))
                return clixml::failure(Errc::StreamsClosed);
            done = not_written(done.error());
        }
        const std::size_t pending_bytes = runspace_.pool_.pending_bytes();
        lock.unlock();
        runspace_.hand_out(was_empty, pending_bytes);
        return done;
    }

    [[nodiscard]] bool has_room() const
    {
        return runspace_.pool_.pending_bytes() <= runspace_.limits_.output_bytes_max;
    }

    // The object cannot be put on the wire: the client learns of that instead.
    Result<void> not_written(const clixml::Error& error)
    {
        Arena memory;
        const Failure failure = runtime_failure(
            "An object could not be serialized: " + error.text(),
            "psrp.SerializationFailed",
            ErrorCategory::InvalidData
        );
        const auto done = runspace_.pool_.write_error(
            job_.pipeline, make_failure_record(memory, failure, {}, true)
        );
        if (!done) return clixml::failure(Errc::StreamsClosed);
        return {};
    }

    Runspace& runspace_;
    Job& job_;
};

namespace {

std::size_t screen_width_of(const HostInfo& host)
{
    if (!host.default_data || !host.default_data->buffer_size) return default_screen_width;
    const std::int32_t width = host.default_data->buffer_size->width;
    return width > 0 ? static_cast<std::size_t>(width) : default_screen_width;
}

// Output after so long without any is not kept back.
constexpr std::chrono::milliseconds pause{1};

// A client that keeps the rules has one Send of each stream outstanding.
constexpr std::size_t held_acknowledgements_max = 16;

ServerPoolOptions pool_options(const ServerLimits& limits)
{
    ServerPoolOptions options;
    options.keys = &system_keys();
    options.limits = limits.protocol;
    options.zone = &system_zone();
    return options;
}

// The private data of a PowerShell server without a debugger, with the truth about who we are.
Value private_data(Arena& arena, const clixml::Version& protocol_version)
{
    Object* data = clixml::make_container(
        arena,
        clixml::ContainerKind::Dictionary,
        {"System.Management.Automation.PSPrimitiveDictionary",
         "System.Collections.Hashtable",
         "System.Object"}
    );
    const auto add = [&](std::string_view key, Value value) {
        data->add_entry(arena, Value::string(key), value);
    };
    add("BreakAll", Value::boolean(false));
    add("DebugMode", Value::int32(1));
    add("DebugStop", Value::boolean(false));
    add("UnhandledBreakpointMode", Value::int32(1));
    add("DebugBreakpointCount", Value::int32(0));
    add("PSVersionTable", make_version_table(arena, protocol_version, true));
    add(in_order_entry, Value::boolean(true));
    return Value::object(data);
}

constexpr std::string_view parameters_type_name =
    "System.Collections.Generic.Dictionary`2[[System.String],[System.Management.Automation."
    "ParameterMetadata]]";

// What Import-PSSession insists on: it makes a proxy of each command (fact sheet psrp 6.8).
Object* parameter_metadata(Arena& memory, const CommandParameter& parameter)
{
    Object* aliases = clixml::make_container(
        memory,
        clixml::ContainerKind::List,
        {"System.Collections.ObjectModel.Collection`1[[System.String]]", "System.Object"}
    );
    for (const std::string& alias : parameter.aliases)
        aliases->add_item(memory, Value::string(memory, alias));
    Object* metadata = memory.make<Object>();
    metadata->set_type_names(
        memory, {"System.Management.Automation.ParameterMetadata", "System.Object"}
    );
    const bool is_switch = parameter.type == ParameterType::Switch;
    metadata->set_adapted(memory, "Name", Value::string(memory, parameter.name));
    metadata->set_adapted(
        memory, "ParameterType", Value::string(parameter_type_name(parameter.type))
    );
    metadata->set_adapted(memory, "Aliases", Value::object(aliases));
    metadata->set_adapted(memory, "IsDynamic", Value::boolean(false));
    metadata->set_adapted(memory, "SwitchParameter", Value::boolean(is_switch));
    return metadata;
}

// One command as GET_COMMAND_METADATA lists it.
Value command_metadata(Arena& memory, const CommandDefinition& definition)
{
    constexpr std::int32_t cmdlet_number = 8;
    Object* object = clixml::make_custom_object(memory);
    object->set_type_names(
        memory,
        {"Selected.System.Management.Automation.CmdletInfo",
         "System.Management.Automation.PSCustomObject",
         "System.Object"}
    );
    object->add_note(memory, "Name", Value::string(memory, definition.name));
    object->add_note(memory, "Namespace", Value::string(memory, definition.module));
    object->add_note(memory, "HelpUri", Value::string(""));
    object->add_note(
        memory,
        "CommandType",
        Value::object(clixml::make_enum(
            memory, "System.Management.Automation.CommandTypes", "Cmdlet", cmdlet_number
        ))
    );
    object->add_note(memory, "ResolvedCommandName", Value{});
    object->add_note(memory, "OutputType", Value::object(clixml::make_array(memory)));
    Object* parameters = clixml::make_container(
        memory, clixml::ContainerKind::Dictionary, {parameters_type_name, "System.Object"}
    );
    for (const CommandParameter& parameter : definition.parameters) {
        parameters->add_entry(
            memory,
            Value::string(memory, parameter.name),
            Value::object(parameter_metadata(memory, parameter))
        );
    }
    object->add_note(memory, "Parameters", Value::object(parameters));
    return Value::object(object);
}

// Commands of the client's debugger support, which need no runspace and may come while a pipeline
// runs.
bool is_debugger_setting(const CreatePipeline& request)
{
    const auto& statements = request.power_shell.statements;
    return statements.size() == 1 && statements.front().size() == 1 &&
           !statements.front().front().is_script &&
           statements.front().front().text.substr(0, 6) == "__Set-";
}

} // namespace

Runspace::Runspace(
    const ServerLimits& limits, const CommandTable& commands, const WakePipe& wake, ClientLink& link
)
    : limits_(limits), commands_(commands), wake_(wake), link_(link), pool_(pool_options(limits))
{
}

Runspace::~Runspace()
{
    request_end();
    if (thread_.joinable()) thread_.join();
}

void Runspace::request_end()
{
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
        waiting_.clear();
        stop_.request();
    }
    tell_thread();
}

// Wherever it waits. Called without the lock, after what it is told of.
void Runspace::tell_thread()
{
    changed_.notify_all();
    if (is_polling_.load()) thread_wake_.wake();
}

bool Runspace::has_ended()
{
    const std::lock_guard lock(mutex_);
    return is_ending_ && !is_thread_running_;
}

bool Runspace::is_busy()
{
    const std::lock_guard lock(mutex_);
    return running_.has_value() || !waiting_.empty();
}

bool Runspace::is_overfed()
{
    const std::lock_guard lock(mutex_);
    return std::any_of(inputs_.begin(), inputs_.end(), [](const auto& entry) {
        return entry.second.held_acknowledgements > held_acknowledgements_max;
    });
}

void Runspace::with_pool(const std::function<void(ServerPool&)>& work)
{
    {
        const std::lock_guard lock(mutex_);
        work(pool_);
        take_events();
        if (!std::exchange(has_news_, false)) return;
    }
    tell_thread();
}

// What comes after a pause goes at once; what follows it soon waits for a packet to be full, but
// not for long.
void Runspace::hand_out(bool was_empty, std::size_t pending_bytes)
{
    if (pending_bytes >= limits_.protocol.fragment_bytes_max) return hand_out_all();
    if (!was_empty) return;
    const Clock::time_point now = Clock::now();
    if (now - taken_at_ < pause) return link_.take_output_soon();
    taken_at_ = now;
    link_.take_output();
}

void Runspace::hand_out_all()
{
    taken_at_ = Clock::now();
    link_.take_output();
}

bool Runspace::take_start()
{
    const std::lock_guard lock(mutex_);
    return std::exchange(has_started_, false);
}

bool Runspace::is_waiting_for_key()
{
    const std::lock_guard lock(mutex_);
    return pool_.is_waiting_for_key();
}

void Runspace::take_events()
{
    while (auto event = pool_.next_event()) {
        std::visit([this](auto& one) { on_event(one); }, *event);
    }
}

std::optional<ServerAction> Runspace::next_action()
{
    std::optional<ServerAction> action;
    bool makes_room = false;
    {
        const std::lock_guard lock(mutex_);
        while (!released_.empty() && !action) {
            action = AcknowledgeData{released_.front()};
            released_.pop_front();
        }
        while (!action) {
            action = pool_.next_action();
            if (!action) break;
            const auto* acknowledgement = std::get_if<AcknowledgeData>(&*action);
            if (acknowledgement == nullptr) break;
            const auto input = inputs_.find(acknowledgement->channel);
            if (input == inputs_.end() || input->second.items.size() < limits_.input_objects_max)
                break;
            ++input->second.held_acknowledgements;
            action.reset();
        }
        makes_room = waits_for_room_ && pool_.pending_bytes() <= limits_.output_bytes_max / 2;
    }
    if (makes_room) changed_.notify_all();
    return action;
}

bool Runspace::has_actions()
{
    const std::lock_guard lock(mutex_);
    return !released_.empty() || pool_.pending_bytes() > 0;
}

bool Runspace::has_session()
{
    const std::lock_guard lock(mutex_);
    return is_open_;
}

void Runspace::on_event(PoolRequested& event)
{
    session_ = std::make_shared<SessionState>(limits_.script);
    session_->protocol_version = pool_.protocol_version();
    ++session_number_;
    is_open_ = has_news_ = true;
    pool_has_host_ = !event.request.host_info.is_host_null;
    pool_screen_width_ = screen_width_of(event.request.host_info);
    Arena memory;
    // Refused only where the session has ended meanwhile; its event follows.
    (void)pool_.accept_pool(private_data(memory, pool_.protocol_version()));
}

void Runspace::on_event(PipelineRequested& event)
{
    if (is_debugger_setting(event.request)) {
        (void
        )pool_.finish(event.pipeline, PipelineState::Completed); // ended already: nothing to say
        return;
    }
    if (waiting_.size() >= limits_.waiting_pipelines_max) {
        Arena memory;
        const Failure failure = runtime_failure(
            "Too many pipelines wait for the runspace.",
            "psrp.TooManyPipelines",
            ErrorCategory::LimitsExceeded
        );
        const ErrorRecord record = make_failure_record(memory, failure, {}, false);
        (void)pool_.finish(
            event.pipeline, PipelineState::Failed, &record
        ); // ended already: nothing to say
        return;
    }
    Job job;
    job.pipeline = event.pipeline;
    job.memory = std::move(event.memory);
    job.request = std::move(event.request);
    job.session = session_;
    job.session_number = session_number_;
    const HostInfo& host = job.request.host_info;
    job.has_host = host.use_runspace_host ? pool_has_host_ : !host.is_host_null;
    job.screen_width = host.use_runspace_host ? pool_screen_width_ : screen_width_of(host);
    inputs_.try_emplace(job.pipeline);
    has_started_ = job.request.no_input && !running_ && waiting_.empty();
    waiting_.push_back(std::move(job));
    has_news_ = true;
    start_thread();
}

// The count first, then the commands (fact sheet psrp 6.8). Writes can only fail where the pipeline
// is over.
void Runspace::on_event(CommandMetadataRequested& event)
{
    constexpr std::int32_t cmdlet_flag = 8;
    Arena memory;
    std::vector<Value> found;
    const std::vector<Value> patterns = as_list(event.request.names, memory);
    for (const CommandDefinition* definition : commands_.definitions()) {
        const bool is_named = std::any_of(patterns.begin(), patterns.end(), [&](Value pattern) {
            return matches_wildcard(clixml::to_display_text(pattern), definition->name);
        });
        const bool is_hidden = definition->name.compare(0, 2, "__") == 0;
        if (is_hidden || (!patterns.empty() && !is_named) ||
            (event.request.command_types & cmdlet_flag) == 0)
            continue;
        found.push_back(command_metadata(memory, *definition));
    }
    Object* count = clixml::make_custom_object(memory);
    count->set_type_names(
        memory,
        {"Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
         "System.Management.Automation.PSCustomObject",
         "System.Object"}
    );
    count->add_note(memory, "Count", Value::int32(static_cast<std::int32_t>(found.size())));
    (void)pool_.write_output(event.pipeline, Value::object(count));
    for (const Value one : found)
        (void)pool_.write_output(event.pipeline, one);
    (void)pool_.finish(event.pipeline, PipelineState::Completed);
}

void Runspace::on_event(RunspaceResetRequested& event)
{
    (void)event; // says all by being there
    session_ = std::make_shared<SessionState>(limits_.script);
    session_->protocol_version = pool_.protocol_version();
}

void Runspace::on_event(InputReceived& event)
{
    // What comes for a pipeline that is over has no place to go.
    if (const auto input = inputs_.find(event.pipeline); input != inputs_.end()) {
        input->second.items.push_back({std::move(event.memory), event.value});
        has_news_ = true;
    }
}

void Runspace::on_event(InputEnded& event)
{
    has_news_ = true;
    if (const auto input = inputs_.find(event.pipeline); input != inputs_.end())
        input->second.ended = true;
}

void Runspace::on_event(StopRequested& event)
{
    has_news_ = true;
    if (running_ == event.pipeline) {
        stop_.request();
        return;
    }
    const auto job = std::find_if(waiting_.begin(), waiting_.end(), [&](const Job& one) {
        return one.pipeline == event.pipeline;
    });
    if (job != waiting_.end()) waiting_.erase(job);
    forget_input(event.pipeline);
    (void)pool_.finish(event.pipeline, PipelineState::Stopped); // ended already: nothing to say
}

void Runspace::on_event(HostResponseReceived& event)
{
    // Answers that nobody asked for are dropped (fact sheet psrp 10.1).
    if (running_ != event.pipeline || event.response.call_id != asked_call_ || asked_call_ == 0)
        return;
    answer_ = HostAnswer{std::move(event.memory), std::move(event.response)};
    has_news_ = true;
}

void Runspace::on_event(SessionEnded& event)
{
    (void)event; // the loop reports errors of the transport; the session's own have been sent to
                 // the client
    is_open_ = false;
    has_news_ = true;
    waiting_.clear();
    if (running_) stop_.request();
    for (auto input = inputs_.begin(); input != inputs_.end();) {
        // The thread may be waiting in the entry of its pipeline.
        input = running_ == input->first ? std::next(input) : inputs_.erase(input);
    }
}

void Runspace::forget_input(const Guid& pipeline)
{
    const auto input = inputs_.find(pipeline);
    if (input == inputs_.end()) return;
    for (std::size_t i = 0; i < input->second.held_acknowledgements; ++i)
        released_.push_back(pipeline);
    inputs_.erase(input);
}

void Runspace::start_thread()
{
    if (thread_.joinable() || is_ending_) return;
    is_thread_running_ = true;
    thread_ = std::thread([this] { run_jobs(); });
}

void Runspace::run_jobs()
{
    std::unique_lock lock(mutex_);
    for (;;) {
        while (!is_ending_ && waiting_.empty())
            wait_for_job(lock);
        if (is_ending_) {
            is_thread_running_ = false;
            wake_.wake();
            return;
        }
        Job job = std::move(waiting_.front());
        waiting_.pop_front();
        running_ = job.pipeline;
        stop_.reset();
        run_job(std::move(job), lock);
    }
}

// Called and left with the lock held. A thread that waits reads what the client says, so that a
// pipeline runs where its request has been read and nobody has to be woken for it.
void Runspace::wait_for_job(std::unique_lock<std::mutex>& lock)
{
    if (!thread_wake_.is_open()) return changed_.wait(lock);
    is_polling_.store(true);
    lock.unlock();
    const int descriptor = link_.start_listening();
    const bool listens = descriptor >= 0;
    const bool has_words = listens && wait_for_words(descriptor);
    is_polling_.store(false);
    if (has_words) link_.take_input();
    lock.lock();
    if (!listens) changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
}

// False where it was told of something else.
bool Runspace::wait_for_words(int descriptor)
{
    pollfd entries[] = {{descriptor, POLLIN, 0}, {thread_wake_.read_end(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0) return false;
    if (entries[1].revents != 0) thread_wake_.drain();
    return entries[0].revents != 0;
}

// Called and left with the lock held; gives it up while the pipeline runs.
void Runspace::run_job(Job job, std::unique_lock<std::mutex>& lock)
{
    lock.unlock();
    link_.on_job_starts(job.request.no_input);
    // Its first words may wait a moment for the next ones.
    taken_at_ = Clock::now();
    if (job.request.add_to_history) ++job.session->history_id;
    Streams streams(*this, job);
    PipelineResult result;
    {
        Execution execution(*job.session, commands_, streams, limits_.script);
        result = execution.run(job.request.power_shell, job.request.no_input);
    }
    lock.lock();
    running_.reset();
    forget_input(job.pipeline);
    if (job.session_number == session_number_) {
        // Unknown where the session has ended meanwhile.
        (void)pool_.finish(job.pipeline, result.state, result.record ? &*result.record : nullptr);
        take_events();
    }
    lock.unlock();
    hand_out_all();
    lock.lock();
}

} // namespace psrp::server::detail
