#include <clixml/object.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/detail/stage.hpp>
#include <psrp/server/system.hpp>

namespace psrp::server::detail {

namespace {

// Host methods that go with the streams (fact sheet psrp 10.2).
constexpr std::int32_t write_debug_line = 19;
constexpr std::int32_t write_progress_method = 20;
constexpr std::int32_t write_verbose_line = 21;
constexpr std::int32_t write_warning_line = 22;

std::int32_t line_method(InformationalKind kind)
{
    switch (kind) {
    case InformationalKind::Debug:
        return write_debug_line;
    case InformationalKind::Verbose:
        return write_verbose_line;
    case InformationalKind::Warning:
        return write_warning_line;
    }
    return write_warning_line;
}

bool is_shown(ActionPreference preference)
{
    return preference == ActionPreference::Continue || preference == ActionPreference::Inquire;
}

} // namespace

CommandStage::CommandStage(Execution& execution, bool has_input, Call call)
    : Stage(execution, has_input), call_(std::move(call)), command_(call_.definition->create())
{
}

Result<void> CommandStage::begin()
{
    PSRP_CHECK(command_->begin(*this));
    arena_.clear();
    return {};
}

Result<void> CommandStage::take(Value value)
{
    PSRP_CHECK(execution_.check());
    if (!call_.definition->accepts_input) {
        Failure failure = runtime_failure(
            "The input object cannot be bound to any parameters for the command either because the "
            "command does not take "
            "pipeline input or the input and its properties do not match any of the parameters "
            "that take pipeline input.",
            "InputObjectNotBound," + call_.definition->type_name,
            ErrorCategory::InvalidArgument
        );
        failure.exception_type = "System.Management.Automation.ParameterBindingException";
        failure.set_target(value);
        return write_error(std::move(failure));
    }
    PSRP_CHECK(command_->process(*this, value));
    arena_.clear();
    return {};
}

Result<void> CommandStage::end()
{
    PSRP_CHECK(execution_.check());
    PSRP_CHECK(command_->end(*this));
    arena_.clear();
    return {};
}

Result<void> CommandStage::emit(Value value)
{
    PSRP_CHECK(execution_.check());
    return next_->take(value);
}

Result<void> CommandStage::emit_items(Value value)
{
    if (!is_enumerable(value)) return emit(value);
    for (const Value item : items_of(value, arena_))
        PSRP_CHECK(emit(item));
    return {};
}

Result<void> CommandStage::finish_upstream()
{
    execution_.done_stage_ = this;
    return clixml::failure(Errc::UpstreamDone, clixml::no_offset, "no more input");
}

bool CommandStage::is_write_error() const
{
    return call_.definition->name == "Write-Error";
}

FailurePlace CommandStage::place() const
{
    FailurePlace place;
    if (call_.in_script) place = execution_.place_at(call_.extent);
    place.known = true;
    place.history_id = execution_.session_.history_id;
    place.my_command = call_.definition->name;
    place.invocation_name = call_.invocation_name;
    if (is_write_error() && call_.in_script) {
        // The invocation of an error written by a script is the script's own.
        place.my_command = place.script;
        place.invocation_name = "";
        place.has_position = false;
    }
    return place;
}

Result<void> CommandStage::write_error(Failure failure)
{
    if (failure.activity.empty()) failure.activity = call_.definition->name;
    if (is_write_error() && !call_.in_script) failure.error_id += "," + call_.definition->type_name;
    const ActionPreference preference = call_.bound.common.error_action.value_or(
        execution_.preference("ErrorActionPreference", ActionPreference::Continue)
    );
    if (preference == ActionPreference::Stop || preference == ActionPreference::Inquire) {
        return execution_.fail(failure, place(), Errc::ScriptFailed);
    }
    if (preference != ActionPreference::Continue || call_.merges.error == MergeTarget::Null)
        return {};
    Arena memory;
    const ErrorRecord record = make_failure_record(memory, failure, place(), true);
    if (call_.merges.error == MergeTarget::Output)
        return next_->take(encode_error_record(record, memory));
    return execution_.streams_.write_error(record);
}

Result<void> CommandStage::fail(Failure failure)
{
    if (failure.activity.empty()) failure.activity = call_.definition->name;
    return execution_.fail(failure, place());
}

Result<void> CommandStage::write_informational(
    InformationalKind kind, std::string_view message, ActionPreference preference, MergeTarget merge
)
{
    if (preference == ActionPreference::Stop) {
        Failure failure = runtime_failure(
            "The running command stopped because a preference variable or common parameter is set "
            "to Stop: " +
                std::string(message),
            "ActionPreferenceStop," + call_.definition->type_name,
            ErrorCategory::OperationStopped
        );
        failure.activity = call_.definition->name;
        return execution_.fail(failure, place(), Errc::ScriptFailed);
    }
    if (!is_shown(preference) || merge == MergeTarget::Null) return {};
    Arena memory;
    InformationalRecord record;
    record.kind = kind;
    record.message = message;
    if (merge == MergeTarget::Output)
        return next_->take(encode_informational_record(record, memory));
    PSRP_CHECK(execution_.streams_.write_informational(record));
    HostCall call;
    call.method = line_method(kind);
    call.parameters = {Value::string(message)};
    return call_host(call);
}

Result<void> CommandStage::write_warning(std::string_view message)
{
    const ActionPreference preference = call_.bound.common.warning_action.value_or(
        execution_.preference("WarningPreference", ActionPreference::Continue)
    );
    return write_informational(
        InformationalKind::Warning, message, preference, call_.merges.warning
    );
}

Result<void> CommandStage::write_verbose(std::string_view message)
{
    ActionPreference preference =
        execution_.preference("VerbosePreference", ActionPreference::SilentlyContinue);
    if (const auto verbose = call_.bound.common.verbose) {
        preference = *verbose ? ActionPreference::Continue : ActionPreference::SilentlyContinue;
    }
    return write_informational(
        InformationalKind::Verbose, message, preference, call_.merges.verbose
    );
}

Result<void> CommandStage::write_debug(std::string_view message)
{
    ActionPreference preference =
        execution_.preference("DebugPreference", ActionPreference::SilentlyContinue);
    if (const auto debug = call_.bound.common.debug) {
        preference = *debug ? ActionPreference::Continue : ActionPreference::SilentlyContinue;
    }
    return write_informational(InformationalKind::Debug, message, preference, call_.merges.debug);
}

Result<void> CommandStage::write_progress(const ProgressUpdate& record)
{
    if (!is_shown(execution_.preference("ProgressPreference", ActionPreference::Continue)))
        return {};
    PSRP_CHECK(execution_.streams_.write_progress(record));
    Arena memory;
    HostCall call;
    call.method = write_progress_method;
    call.parameters = {Value::int64(0), encode_progress(record, memory)};
    return call_host(call);
}

Result<void> CommandStage::write_information(
    Value message, const std::vector<std::string>& tags, std::string_view source
)
{
    const ActionPreference preference = call_.bound.common.information_action.value_or(
        execution_.preference("InformationPreference", ActionPreference::SilentlyContinue)
    );
    if (preference == ActionPreference::Ignore || call_.merges.information == MergeTarget::Null)
        return {};
    Arena memory;
    const SystemIdentity identity = system_identity();
    std::vector<std::string_view> tag_views(tags.begin(), tags.end());
    InformationRecord record;
    record.message_data = message;
    record.source = source;
    record.time_generated = Value::date_time(local_now());
    record.tags = tag_views;
    record.user = identity.user;
    record.computer = identity.computer;
    record.process_id = identity.process_id;
    record.native_thread_id = identity.thread_id;
    record.managed_thread_id = 1;
    if (call_.merges.information == MergeTarget::Output)
        return next_->take(encode_information_record(record, memory));
    return execution_.streams_.write_information(record);
}

Result<void> CommandStage::call_host(const HostCall& call)
{
    if (!execution_.streams_.has_host()) return {};
    return execution_.streams_.call_host(call);
}

Result<Value> CommandStage::ask_host(std::int32_t method, std::vector<Value> parameters)
{
    const auto refused = [this](std::string message, std::string id) {
        Failure failure = runtime_failure(
            std::move(message),
            std::move(id) + "," + call_.definition->type_name,
            ErrorCategory::InvalidOperation
        );
        failure.exception_type = "System.Management.Automation.Host.HostException";
        return fail(std::move(failure));
    };
    if (!has_host()) {
        PSRP_CHECK(refused(
            "A command that prompts the user failed because the host program or the command type "
            "does not support user interaction.",
            "HostException"
        ));
    }
    HostCall call;
    call.method = method;
    call.parameters = std::move(parameters);
    PSRP_TRY(const HostAnswer answer, execution_.streams_.ask_host(std::move(call)));
    if (const auto& exception = answer.response.exception) {
        PSRP_CHECK(refused(std::string(exception->message()), "HostException"));
    }
    return clixml::clone(arena_, answer.response.result.value_or(Value{}));
}

Result<void> CommandStage::sleep(std::chrono::nanoseconds duration)
{
    if (execution_.streams_.stop_signal().wait_for(duration)) return clixml::failure(Errc::Stopped);
    return {};
}

Result<void> CommandStage::invoke(Value script_block, Value input, ValueSink& sink)
{
    return execution_.invoke_block(script_block, input, sink);
}

namespace {

// Keeps what a script block writes.
class ListSink final : public ValueSink {
public:
    ListSink(CommandContext& context, Arena& memory) : context_(context), memory_(memory) {}
    Result<void> take(Value value) override
    {
        PSRP_TRY(const Value kept, context_.keep(memory_, value));
        items.push_back(kept);
        return {};
    }
    std::vector<Value> items;

private:
    CommandContext& context_;
    Arena& memory_;
};

} // namespace

Result<Value> CommandStage::evaluate(Value script_block, Value input)
{
    ListSink sink(*this, arena_);
    PSRP_CHECK(execution_.invoke_block(script_block, input, sink));
    if (sink.items.empty()) return Value{};
    if (sink.items.size() == 1) return sink.items.front();
    return make_list(arena_, sink.items);
}

Result<void> ScriptStage::take(Value value)
{
    PSRP_TRY(const Value kept, execution_.checked_clone(memory_, value));
    items_.push_back(kept);
    return {};
}

Result<std::optional<Value>> ScriptStage::next()
{
    if (source_ != nullptr) return source_->next();
    if (next_item_ == items_.size()) return std::optional<Value>{};
    return std::optional(items_[next_item_++]);
}

Result<void> ScriptStage::end()
{
    return execution_.run_script(command_, this, *next_);
}

} // namespace psrp::server::detail
