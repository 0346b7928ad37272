// Requests as clients send them: commands and scripts with their arguments.
#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/detail/stage.hpp>
#include <psrp/server/script/interpreter.hpp>

#include <algorithm>

namespace psrp::server {

namespace {

bool is_code(const clixml::Error& error, Errc code)
{
    return error == make_error_code(code);
}

// Writes to the pipeline's output stream.
class OutputSink final : public ValueSink {
public:
    explicit OutputSink(PipelineStreams& streams) : streams_(streams) {}
    Result<void> take(Value value) override { return streams_.write_output(value); }

private:
    PipelineStreams& streams_;
};

// The client's input.
class StreamInput final : public InputSource {
public:
    explicit StreamInput(PipelineStreams& streams) : streams_(streams) {}
    Result<std::optional<Value>> next() override
    {
        PSRP_TRY(item_, streams_.next_input());
        if (!item_) return std::optional<Value>{};
        return std::optional(item_->value);
    }

private:
    PipelineStreams& streams_;
    std::optional<InputItem> item_;
};

std::string_view plain_parameter(std::string_view name)
{
    if (!name.empty() && name.front() == '-') name.remove_prefix(1);
    // `-Name: value` keeps its blank when it is sent as a command (psrp 14.1).
    while (!name.empty() && (name.back() == ':' || name.back() == ' '))
        name.remove_suffix(1);
    return name;
}

// What a Command's merges mean for each stream; the old pair is for errors alone (fact sheet
// psrp 6.7).
detail::Merges merges_of(const psrp::Command& command)
{
    detail::Merges merges{
        command.merge_error,
        command.merge_warning,
        command.merge_verbose,
        command.merge_debug,
        command.merge_information};
    if (command.merge_my_result == MergeTarget::Error && merges.error == MergeTarget::None) {
        merges.error = command.merge_to_result;
    }
    return merges;
}

} // namespace

PipelineResult Execution::run(const PowerShellCommands& request, bool no_input)
{
    PipelineResult result;
    for (std::size_t i = 0; i < request.statements.size(); ++i) {
        const auto done = run_commands(request.statements[i], no_input || i > 0);
        if (done) continue;
        if (is_code(done.error(), Errc::Stopped) || is_code(done.error(), Errc::StreamsClosed) ||
            streams_.stop_signal().requested()) {
            result.state = PipelineState::Stopped;
            result.memory = std::make_shared<Arena>();
            result.record = make_failure_record(*result.memory, pipeline_stopped(), {}, false);
            return result;
        }
        if (request.statements.size() > 1) {
            // One of several statements: the next one runs all the same (fact sheet psrp 6.7).
            if (failure_)
                (void)streams_.write_error(*failure_); // a lost client shows at the next statement
            failure_.reset();
            continue;
        }
        result.state = PipelineState::Failed;
        result.memory = failure_memory_;
        result.record = failure_;
        return result;
    }
    return result;
}

// One statement as it was sent: commands, scripts or a mix.
Result<void> Execution::run_commands(const std::vector<psrp::Command>& commands, bool no_input)
{
    OutputSink output(streams_);
    StreamInput input(streams_);
    if (commands.empty()) return {};
    std::vector<std::unique_ptr<detail::Stage>> stages;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        PSRP_TRY(auto stage, make_stage(commands[i], i > 0 || !no_input));
        stages.push_back(std::move(stage));
    }
    for (std::size_t i = 0; i + 1 < stages.size(); ++i)
        stages[i]->set_next(*stages[i + 1]);
    stages.back()->set_next(output);
    const bool script_first = commands.front().is_script;
    if (script_first && !no_input)
        static_cast<detail::ScriptStage&>(*stages.front()).read_from(input);
    return run_stages(stages, [&]() -> Result<void> {
        if (no_input || script_first) return {};
        for (;;) {
            PSRP_TRY(const auto item, input.next());
            if (!item) return {};
            PSRP_CHECK(stages.front()->take(*item));
        }
    });
}

Result<std::unique_ptr<detail::Stage>>
Execution::make_stage(const psrp::Command& command, bool has_input)
{
    if (command.is_script) {
        std::unique_ptr<detail::Stage> stage =
            std::make_unique<detail::ScriptStage>(*this, has_input, command);
        return stage;
    }
    detail::Call call;
    call.definition = commands_.resolve(command.text);
    if (call.definition == nullptr) return fail(command_not_found(command.text), {});
    std::vector<CallArgument> words;
    for (const CommandArgument& argument : command.arguments) {
        CallArgument word;
        if (argument.name) word.parameter = plain_parameter(*argument.name);
        word.value = argument.value;
        // A named switch is sent with a null or with its value.
        word.has_value = word.parameter.empty() || !argument.value.is_nil();
        words.push_back(std::move(word));
    }
    call.invocation_name = command.text;
    call.merges = merges_of(command);
    auto bound = bind_arguments(*call.definition, words, base_arena_, command.text);
    if (!bound) {
        FailurePlace place;
        place.known = true;
        place.my_command = call.definition->name;
        place.invocation_name = command.text;
        place.history_id = session_.history_id;
        return fail(bound.error(), place);
    }
    call.bound = std::move(*bound);
    std::unique_ptr<detail::Stage> stage =
        std::make_unique<detail::CommandStage>(*this, has_input, std::move(call));
    return stage;
}

// Binds arguments to param() and $args.
Result<void> Execution::bind_script(const Block& block, const psrp::Command& command, Frame& frame)
{
    std::vector<Value> unnamed;
    std::vector<bool> given(block.parameters.size(), false);
    for (const CommandArgument& argument : command.arguments) {
        if (!argument.name) {
            unnamed.push_back(argument.value);
            continue;
        }
        if (*argument.name == "--%") {
            frame.using_values = argument.value;
            continue;
        }
        const std::string_view name = plain_parameter(*argument.name);
        bool found = false;
        for (std::size_t i = 0; i < block.parameters.size() && !found; ++i) {
            if (!clixml::equal_ignoring_case(block.parameters[i].name, name)) continue;
            found = given[i] = true;
            PSRP_CHECK(set_variable(block.parameters[i].name, argument.value, {}));
        }
        if (!found && block.has_parameters) {
            Failure failure = runtime_failure(
                "A parameter cannot be found that matches parameter name '" + std::string(name) +
                    "'.",
                "NamedParameterNotFound",
                ErrorCategory::InvalidArgument
            );
            failure.exception_type = "System.Management.Automation.ParameterBindingException";
            return fail_at(failure, {}, Errc::ScriptFailed);
        }
        if (!found) unnamed.push_back(argument.value);
    }
    std::size_t used = 0;
    for (std::size_t i = 0; i < block.parameters.size(); ++i) {
        if (given[i]) continue;
        Value value;
        if (used < unnamed.size()) {
            value = unnamed[used++];
        } else if (block.parameters[i].default_value) {
            PSRP_TRY(value, evaluate(*block.parameters[i].default_value));
        }
        PSRP_CHECK(set_variable(block.parameters[i].name, value, {}));
    }
    frame.arguments.assign(unnamed.begin() + static_cast<std::ptrdiff_t>(used), unnamed.end());
    return {};
}

Result<void>
Execution::run_script(const psrp::Command& command, InputSource* input, ValueSink& sink)
{
    const auto script = read_script(command.text, limits_);
    Frame frame;
    frame.text = command.text;
    frame.input = input;
    const Frame* outer = frame_;
    frame_ = &frame;
    Result<void> done;
    if (!script) {
        const auto offset = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(script.error().offset, command.text.size())
        );
        const auto end =
            static_cast<std::uint32_t>(std::min<std::size_t>(offset + 1U, command.text.size()));
        done =
            fail_at(script_error(script.error(), command.text), {offset, end}, Errc::ScriptFailed);
    } else {
        const Scratch scratch(*this);
        done = bind_script(**script, command, frame);
        if (done) done = run_statements(**script, sink, OnFailure::Report);
    }
    blocks_.clear();
    parsed_.clear();
    frame_ = outer;
    if (!done && is_code(done.error(), Errc::Returned)) return {};
    return done;
}

} // namespace psrp::server
