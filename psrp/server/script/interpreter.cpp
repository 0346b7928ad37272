#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/server/script/convert.hpp>
#include <psrp/server/script/detail/stage.hpp>
#include <psrp/server/script/interpreter.hpp>

#include <algorithm>
#include <array>

namespace psrp::server {

namespace {

bool is_code(const clixml::Error& error, Errc code)
{
    return error == make_error_code(code);
}

// Levels of objects inside each other, up to `limit` + 1. An object met before counts what it
// counted then.
std::uint32_t nesting_of(
    Value value, std::uint32_t limit, std::unordered_map<const Object*, std::uint32_t>& known
)
{
    const Object* object = value.object();
    if (object == nullptr) return 0;
    if (limit == 0) return 1;
    const auto [entry, is_new] = known.try_emplace(object, 0);
    if (!is_new) return entry->second;
    std::uint32_t deepest = nesting_of(object->base(), limit - 1, known);
    const auto look = [&](Value inner) {
        deepest = std::max(deepest, nesting_of(inner, limit - 1, known));
    };
    for (const Value item : object->items())
        look(item);
    for (const clixml::Property& property : object->adapted())
        look(property.value);
    for (const clixml::Property& property : object->extended())
        look(property.value);
    known[object] = deepest + 1;
    return deepest + 1;
}

} // namespace

Execution::Scratch::Scratch(Execution& execution)
    : execution_(execution), previous_(execution.arena_), pins_(execution.pins_.size())
{
    if (execution.spare_arenas_.empty()) {
        arena_ = std::make_unique<Arena>();
    } else {
        arena_ = std::move(execution.spare_arenas_.back());
        execution.spare_arenas_.pop_back();
    }
    execution.arena_ = arena_.get();
}

Execution::Scratch::~Scratch()
{
    execution_.arena_ = previous_;
    execution_.pins_.resize(pins_);
    arena_->clear();
    execution_.spare_arenas_.push_back(std::move(arena_));
}

Execution::Execution(
    SessionState& session,
    const CommandTable& commands,
    PipelineStreams& streams,
    const ScriptLimits& limits
)
    : session_(session), commands_(commands), streams_(streams), limits_(limits)
{
}

Execution::~Execution() = default;

tl::unexpected<clixml::Error>
Execution::fail(const Failure& failure, const FailurePlace& place, Errc code)
{
    failure_memory_ = std::make_shared<Arena>();
    failure_ = make_failure_record(*failure_memory_, failure, place, false);
    return clixml::failure(
        code, place.has_position ? place.extent.begin : clixml::no_offset, "see the error record"
    );
}

FailurePlace Execution::place_at(Extent extent) const
{
    FailurePlace place;
    place.known = true;
    place.history_id = session_.history_id;
    if (frame_ == nullptr) return place;
    place.script = frame_->text;
    place.extent = extent;
    place.has_position = true;
    return place;
}

tl::unexpected<clixml::Error> Execution::fail_at(const Failure& failure, Extent extent, Errc code)
{
    return fail(failure, place_at(extent), code);
}

OperatorContext Execution::operator_context()
{
    return {arena(), limits_, &streams_.stop_signal(), nullptr};
}

Result<void> Execution::check()
{
    if (streams_.stop_signal().requested()) return clixml::failure(Errc::Stopped);
    if (arena_->reserved_bytes() > limits_.pipeline_bytes_max) {
        return fail(
            runtime_failure(
                "The pipeline needs more memory than the embedded endpoint allows.",
                "psrp.OutOfMemory",
                ErrorCategory::LimitsExceeded
            ),
            place_at({}),
            Errc::ScriptFailed
        );
    }
    return {};
}

Result<Value> Execution::checked_clone(Arena& memory, Value value)
{
    std::unordered_map<const Object*, std::uint32_t> known;
    if (value.is_object() &&
        nesting_of(value, limits_.value_depth_max, known) > limits_.value_depth_max) {
        return fail(
            runtime_failure(
                "The value is nested more deeply than the embedded endpoint allows.",
                "psrp.NestedTooDeeply",
                ErrorCategory::LimitsExceeded
            ),
            place_at({})
        );
    }
    const Value kept = clixml::clone(memory, value);
    if (memory.reserved_bytes() > limits_.pipeline_bytes_max) {
        return fail(
            runtime_failure(
                "The pipeline needs more memory than the embedded endpoint allows.",
                "psrp.OutOfMemory",
                ErrorCategory::LimitsExceeded
            ),
            place_at({}),
            Errc::ScriptFailed
        );
    }
    return kept;
}

ActionPreference Execution::preference(std::string_view variable, ActionPreference otherwise) const
{
    const SessionState::Shared found = session_.find(variable);
    if (!found) return otherwise;
    return read_preference(found->value()).value_or(otherwise);
}

// A statement has failed and the script goes on: its record goes to the error stream.
Result<void> Execution::report_failure()
{
    const ActionPreference wanted = preference("ErrorActionPreference", ActionPreference::Continue);
    if (wanted == ActionPreference::Stop) return clixml::failure(Errc::ScriptFailed);
    if (wanted != ActionPreference::Continue || !failure_) return {};
    const Memory memory = failure_memory_;
    ErrorRecord record = *failure_;
    auto* details = memory->allocate_array<clixml::Property>(1);
    details[0] = clixml::Property{memory->intern("PSMessageDetails"), Value{}, nullptr};
    record.trailing = {details, 1};
    failure_.reset();
    return streams_.write_error(record);
}

Result<std::unique_ptr<detail::Stage>>
Execution::make_stage(const CommandSyntax& command, bool has_input)
{
    detail::Call call;
    call.definition = commands_.resolve(command.name);
    if (call.definition == nullptr) {
        const Extent name{
            command.extent.begin,
            command.extent.begin + static_cast<std::uint32_t>(command.name.size())};
        FailurePlace place = place_at(name);
        place.invocation_name = command.name;
        return fail(command_not_found(command.name), place);
    }
    std::vector<CallArgument> words;
    for (const ArgumentSyntax& argument : command.arguments) {
        CallArgument word;
        word.parameter = argument.parameter;
        word.attached = argument.attached;
        word.source = argument.source;
        if (argument.value) {
            PSRP_TRY(word.value, evaluate(*argument.value));
            word.has_value = true;
        }
        words.push_back(std::move(word));
    }
    call.in_script = true;
    call.extent = command.extent;
    call.invocation_name = command.name;
    auto bound = bind_arguments(*call.definition, words, arena(), command.name);
    if (!bound) {
        FailurePlace place = place_at(command.extent);
        place.my_command = call.definition->name;
        place.invocation_name = command.name;
        return fail(bound.error(), place);
    }
    call.bound = std::move(*bound);
    std::unique_ptr<detail::Stage> stage =
        std::make_unique<detail::CommandStage>(*this, has_input, std::move(call));
    return stage;
}

// Runs the begin, feeding and end of all stages; a stage that wants no more input ends those in
// front of it.
Result<void> Execution::run_stages(
    std::vector<std::unique_ptr<detail::Stage>>& stages, const std::function<Result<void>()>& feeder
)
{
    std::size_t next_end = 0;
    // Whether the error is a stage of ours being done; those in front of it get no end() then.
    const auto is_done = [&](const clixml::Error& error) {
        if (!is_code(error, Errc::UpstreamDone)) return false;
        for (std::size_t i = 0; i < stages.size(); ++i) {
            if (stages[i].get() != done_stage_) continue;
            next_end = std::max(next_end, i);
            return true;
        }
        return false;
    };
    // From the last to the first: a command may write as soon as it begins.
    for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage)
        PSRP_CHECK((*stage)->begin());
    if (const auto fed = feeder(); !fed && !is_done(fed.error())) return fed;
    while (next_end < stages.size()) {
        const std::size_t current = next_end++;
        const auto ended = stages[current]->end();
        if (!ended && !is_done(ended.error())) return ended;
    }
    return {};
}

Result<void> Execution::run_statements(const Block& block, ValueSink& sink, OnFailure on_failure)
{
    for (const Statement& statement : block.statements) {
        PSRP_CHECK(check());
        const auto done = run_statement(statement, sink);
        if (done) continue;
        if (on_failure == OnFailure::PassOn || !is_code(done.error(), Errc::StatementFailed))
            return done;
        PSRP_CHECK(report_failure());
    }
    return {};
}

Result<void> Execution::run_statement(const Statement& statement, ValueSink& sink)
{
    switch (statement.kind) {
    case StatementKind::Pipeline: {
        const Scratch scratch(*this);
        return run_pipeline(statement.pipeline, sink);
    }
    case StatementKind::Assignment: {
        const Scratch scratch(*this);
        return run_assignment(statement);
    }
    case StatementKind::If:
        return run_if(statement, sink);
    case StatementKind::ForEach:
        return run_foreach(statement, sink);
    case StatementKind::Throw: {
        const Scratch scratch(*this);
        PSRP_TRY(const Value value, evaluate_pipeline(statement.pipeline));
        return fail_at(thrown_value(value), statement.extent, Errc::ScriptFailed);
    }
    case StatementKind::Return: {
        const Scratch scratch(*this);
        PSRP_CHECK(run_pipeline(statement.pipeline, sink));
        return clixml::failure(Errc::Returned);
    }
    }
    return {};
}

Result<void> Execution::set_variable(std::string_view name, Value value, Extent extent)
{
    static constexpr std::array<std::string_view, 8> fixed = {
        "true", "false", "PID", "HOME", "PSVersionTable", "input", "args", "PWD"};
    if (clixml::equal_ignoring_case(name, "null")) return {};
    for (const std::string_view one : fixed) {
        if (!clixml::equal_ignoring_case(name, one)) continue;
        return fail_at(
            runtime_failure(
                "Cannot overwrite variable " + std::string(name) +
                    " because it is read-only or constant.",
                "VariableNotWritable",
                ErrorCategory::WriteError
            ),
            extent
        );
    }
    // Measured first: the copy itself has no limit.
    std::unordered_map<const Object*, std::uint32_t> known;
    if (value.is_object() &&
        nesting_of(value, limits_.value_depth_max, known) > limits_.value_depth_max) {
        return fail_at(
            runtime_failure(
                "The value is nested more deeply than the embedded endpoint allows.",
                "psrp.NestedTooDeeply",
                ErrorCategory::LimitsExceeded
            ),
            extent
        );
    }
    if (session_.set(name, value)) return {};
    return fail_at(
        runtime_failure(
            "The session's variables are more or larger than the embedded endpoint allows.",
            "psrp.TooManyVariables",
            ErrorCategory::LimitsExceeded
        ),
        extent
    );
}

Result<void> Execution::run_assignment(const Statement& statement)
{
    if (statement.operation == Operation::None) {
        PSRP_TRY(const Value value, evaluate_pipeline(statement.pipeline));
        return set_variable(statement.variable, value, statement.extent);
    }
    Expression variable;
    variable.kind = ExpressionKind::Variable;
    variable.text = statement.variable;
    PSRP_TRY(const Value old, evaluate(variable));
    Value change = Value::int32(1);
    if (!statement.increment) {
        PSRP_TRY(change, evaluate_pipeline(statement.pipeline));
    }
    auto value = apply_binary(statement.operation, false, old, change, operator_context());
    if (!value) return fail_at(value.error(), statement.extent);
    return set_variable(statement.variable, *value, statement.extent);
}

Result<void> Execution::run_if(const Statement& statement, ValueSink& sink)
{
    for (std::size_t i = 0; i < statement.conditions.size(); ++i) {
        bool holds = false;
        {
            const Scratch scratch(*this);
            PSRP_TRY(const Value value, evaluate_pipeline(statement.conditions[i]));
            holds = is_true(value);
        }
        if (holds) return run_statements(*statement.blocks[i], sink, OnFailure::Report);
    }
    if (statement.blocks.size() == statement.conditions.size()) return {};
    return run_statements(*statement.blocks.back(), sink, OnFailure::Report);
}

Result<void> Execution::run_foreach(const Statement& statement, ValueSink& sink)
{
    const Scratch scratch(*this);
    PSRP_TRY(const Value walked, evaluate_pipeline(statement.pipeline));
    for (const Value item : as_list(walked, arena())) {
        PSRP_CHECK(check());
        PSRP_CHECK(set_variable(statement.variable, item, statement.extent));
        PSRP_CHECK(run_statements(*statement.blocks.front(), sink, OnFailure::Report));
    }
    return {};
}

// Puts the items of an expression into a pipeline, without making a list of them where that can be
// avoided.
Result<void> Execution::feed(const Expression& source, ValueSink& sink)
{
    if (source.kind == ExpressionKind::Variable &&
        clixml::equal_ignoring_case(source.text, "input") && frame_ != nullptr &&
        frame_->input != nullptr) {
        InputSource* input = frame_->input;
        for (;;) {
            PSRP_CHECK(check());
            PSRP_TRY(const auto item, input->next());
            if (!item) return {};
            PSRP_CHECK(sink.take(*item));
        }
    }
    if (source.kind == ExpressionKind::Parenthesis ||
        source.kind == ExpressionKind::Subexpression) {
        PSRP_TRY(const auto value, evaluate_block(source));
        if (!value) return {};
        if (!is_enumerable(*value)) return sink.take(*value);
        for (const Value item : items_of(*value, arena()))
            PSRP_CHECK(sink.take(item));
        return {};
    }
    if (source.kind == ExpressionKind::Binary && source.operation == Operation::Range) {
        return feed_range(source, sink);
    }
    PSRP_TRY(const Value value, evaluate(source));
    // A method without a result gives less than null.
    if (source.kind == ExpressionKind::HostCall &&
        !clixml::equal_ignoring_case(source.text, "ReadLine"))
        return {};
    if (!is_enumerable(value)) return sink.take(value);
    for (const Value item : items_of(value, arena()))
        PSRP_CHECK(sink.take(item));
    return {};
}

// 1..1000000 | ... without a list of the numbers.
Result<void> Execution::feed_range(const Expression& source, ValueSink& sink)
{
    PSRP_TRY(const Value left, evaluate(source.operands[0]));
    PSRP_TRY(const Value right, evaluate(source.operands[1]));
    const auto is_narrow = [](std::optional<std::int64_t> number) {
        return number && number_of(*number).width == Number::Width::Int32;
    };
    const auto from = to_integer(left);
    const auto to = to_integer(right);
    if (!is_narrow(from) || !is_narrow(to)) {
        // The operator has the words for what is wrong.
        auto refused = apply_binary(Operation::Range, false, left, right, operator_context());
        if (refused) return {};
        return fail_at(refused.error(), source.extent);
    }
    const std::int64_t step = *from <= *to ? 1 : -1;
    for (std::int64_t number = *from;; number += step) {
        PSRP_CHECK(check());
        PSRP_CHECK(sink.take(Value::int32(static_cast<std::int32_t>(number))));
        if (number == *to) return {};
    }
}

Result<void> Execution::run_pipeline(const PipelineSyntax& pipeline, ValueSink& sink)
{
    if (pipeline.commands.empty()) {
        if (!pipeline.source) return {};
        return feed(*pipeline.source, sink);
    }
    std::vector<std::unique_ptr<detail::Stage>> stages;
    for (const CommandSyntax& command : pipeline.commands) {
        PSRP_TRY(auto stage, make_stage(command, pipeline.source.has_value() || !stages.empty()));
        stages.push_back(std::move(stage));
    }
    for (std::size_t i = 0; i + 1 < stages.size(); ++i)
        stages[i]->set_next(*stages[i + 1]);
    stages.back()->set_next(sink);
    return run_stages(stages, [&]() -> Result<void> {
        if (!pipeline.source) return {};
        return feed(*pipeline.source, *stages.front());
    });
}

// The tree of a script block. One that stands in the script being run has been read with it;
// another one is read now and has its own text for places.
Result<std::shared_ptr<const Block>> Execution::block_of(std::string_view text, Frame& frame)
{
    constexpr std::size_t parsed_max = 256;
    if (const auto known = blocks_.find(text.data());
        known != blocks_.end() && known->second.bytes == text.size()) {
        return known->second.block;
    }
    frame.text = text;
    if (const auto known = parsed_.find(std::string(text)); known != parsed_.end())
        return known->second;
    auto script = read_script(text, limits_);
    if (!script) {
        const auto offset =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(script.error().offset, text.size()));
        return fail_at(script_error(script.error(), text), {offset, offset}, Errc::ScriptFailed);
    }
    if (parsed_.size() >= parsed_max) {
        // blocks_ points into these trees.
        blocks_.clear();
        parsed_.clear();
    }
    parsed_[std::string(text)] = *script;
    return *script;
}

// Runs a script block for one input object.
Result<void> Execution::invoke_block(Value script_block, Value input, ValueSink& sink)
{
    PSRP_CHECK(check());
    if (depth_ >= limits_.depth_max) {
        return fail_at(
            runtime_failure(
                "The script blocks are nested more deeply than the embedded endpoint allows.",
                "CallDepthOverflow",
                ErrorCategory::InvalidOperation
            ),
            {}
        );
    }
    Frame frame;
    if (frame_ != nullptr) frame = *frame_;
    PSRP_TRY(const auto block, block_of(script_block.unwrapped().text(), frame));
    const Scratch scratch(*this);
    const Frame* outer = frame_;
    const Value outer_item = current_item_;
    frame_ = &frame;
    current_item_ = input;
    ++depth_;
    auto done = run_statements(*block, sink, OnFailure::Report);
    --depth_;
    current_item_ = outer_item;
    frame_ = outer;
    if (!done && is_code(done.error(), Errc::Returned)) return {};
    return done;
}

} // namespace psrp::server
