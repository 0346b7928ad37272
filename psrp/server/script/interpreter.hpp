// Execution: one pipeline of the embedded endpoint, from CREATE_PIPELINE to its final state.
#pragma once

#include <psrp/protocol/messages/pipeline.hpp>
#include <psrp/server/binder.hpp>
#include <psrp/server/command.hpp>
#include <psrp/server/errors.hpp>
#include <psrp/server/script/operators.hpp>
#include <psrp/server/script/parser.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace psrp::server {

// How a pipeline ended. The record's memory is `memory`.
struct PipelineResult {
    PipelineState state = PipelineState::Completed;
    Memory memory;
    std::optional<ErrorRecord> record;
};

// Where a script reads its $input from.
class InputSource {
public:
    virtual ~InputSource() = default;
    // The next object; nothing at the end. The value is valid until the next call.
    virtual Result<std::optional<Value>> next() = 0;
};

namespace detail {
class Stage;
class CommandStage;
class ScriptStage;
} // namespace detail

// Runs one pipeline on the calling thread. Everything it is given is borrowed for its life.
class Execution {
public:
    Execution(
        SessionState& session,
        const CommandTable& commands,
        PipelineStreams& streams,
        const ScriptLimits& limits
    );
    ~Execution();
    Execution(const Execution&) = delete;
    Execution& operator=(const Execution&) = delete;

    // Runs the request; the first command is fed from the streams' input unless `no_input`.
    PipelineResult run(const PowerShellCommands& request, bool no_input);

private:
    friend class detail::Stage;
    friend class detail::CommandStage;
    friend class detail::ScriptStage;

    // A script, or a block read from a script block's text.
    struct Frame {
        std::string_view text;
        std::vector<Value> arguments; // $args
        InputSource* input = nullptr; // $input
        Value using_values;           // the `--%` argument
    };
    struct KnownBlock {
        std::size_t bytes;
        std::shared_ptr<const Block> block;
    };
    // Memory for what one statement or one input object needs, taken from a pool and given back.
    class Scratch {
    public:
        explicit Scratch(Execution& execution);
        ~Scratch();
        Scratch(const Scratch&) = delete;
        Scratch& operator=(const Scratch&) = delete;
        Arena& outer() { return *previous_; }

    private:
        Execution& execution_;
        std::unique_ptr<Arena> arena_;
        Arena* previous_;
        std::size_t pins_;
    };
    class Collector;

    // What to do about a statement that fails.
    enum class OnFailure : std::uint8_t { Report, PassOn };

    // interpreter.cpp
    Result<void> run_commands(const std::vector<psrp::Command>& commands, bool no_input);
    Result<void> run_statements(const Block& block, ValueSink& sink, OnFailure on_failure);
    Result<void> run_statement(const Statement& statement, ValueSink& sink);
    Result<void> run_assignment(const Statement& statement);
    Result<void> run_if(const Statement& statement, ValueSink& sink);
    Result<void> run_foreach(const Statement& statement, ValueSink& sink);
    Result<void> run_pipeline(const PipelineSyntax& pipeline, ValueSink& sink);
    Result<void> feed(const Expression& source, ValueSink& sink);
    Result<void> feed_range(const Expression& source, ValueSink& sink);
    Result<void> run_stages(
        std::vector<std::unique_ptr<detail::Stage>>& stages,
        const std::function<Result<void>()>& feeder
    );
    Result<std::unique_ptr<detail::Stage>> make_stage(const CommandSyntax& command, bool has_input);
    Result<std::unique_ptr<detail::Stage>> make_stage(const psrp::Command& command, bool has_input);
    Result<void> run_script(const psrp::Command& command, InputSource* input, ValueSink& sink);
    Result<void> bind_script(const Block& block, const psrp::Command& command, Frame& frame);
    Result<void> invoke_block(Value script_block, Value input, ValueSink& sink);
    Result<std::shared_ptr<const Block>> block_of(std::string_view text, Frame& frame);
    Result<void> set_variable(std::string_view name, Value value, Extent extent);
    Result<void> report_failure();
    [[nodiscard]] ActionPreference
    preference(std::string_view variable, ActionPreference otherwise) const;

    // evaluate.cpp
    Result<Value> evaluate(const Expression& expression);
    Result<Value> evaluate_pipeline(const PipelineSyntax& pipeline);
    // Nothing where the block gave no output at all, which is less than null.
    Result<std::optional<Value>> evaluate_block(const Expression& expression);
    Result<Value> evaluate_variable(const Expression& expression);
    Result<Value> evaluate_using(const Expression& expression);
    Result<Value> evaluate_text(const Expression& expression);
    Result<Value> evaluate_list(const Expression& expression);
    Result<Value> evaluate_array_block(const Expression& expression);
    Result<Value> evaluate_hashtable(const Expression& expression);
    Result<Value> evaluate_unary(const Expression& expression);
    Result<Value> evaluate_binary(const Expression& expression);
    Result<Value> evaluate_member(const Expression& expression);
    Result<Value> evaluate_index(const Expression& expression);
    Result<Value> evaluate_cast(const Expression& expression);
    // evaluate_call.cpp
    Result<Value> evaluate_host_call(const Expression& expression);
    Result<Value> evaluate_method_call(const Expression& expression);
    Result<Value> evaluate_new_credential(const Expression& expression);
    Result<Value> cast_dictionary(const Expression& expression, Value value);
    [[nodiscard]] std::optional<Value> special_variable(std::string_view name);
    Result<Value> remaining_input();
    // The value that the client sent for a $using: expression.
    [[nodiscard]] std::optional<Value> sent_value(const Expression& expression) const;

    // Failures: the record is made at once, for the place is borrowed.
    tl::unexpected<clixml::Error>
    fail(const Failure& failure, const FailurePlace& place, Errc code = Errc::StatementFailed);
    tl::unexpected<clixml::Error>
    fail_at(const Failure& failure, Extent extent, Errc code = Errc::StatementFailed);
    [[nodiscard]] FailurePlace place_at(Extent extent) const;
    [[nodiscard]] OperatorContext operator_context();
    Result<void> check();
    Result<Value> checked_clone(Arena& memory, Value value);

    Arena& arena() { return *arena_; }

    SessionState& session_;
    const CommandTable& commands_;
    PipelineStreams& streams_;
    ScriptLimits limits_;

    Arena base_arena_;
    Arena* arena_ = &base_arena_;
    std::vector<std::unique_ptr<Arena>> spare_arenas_;
    std::vector<SessionState::Shared> pins_; // variables whose values are in use
    std::unordered_map<const char*, KnownBlock>
        blocks_; // script blocks of the scripts being run, by their text
    std::unordered_map<std::string, std::shared_ptr<const Block>>
        parsed_; // script blocks that came as text
    const Frame* frame_ = nullptr;
    Value current_item_;
    std::uint32_t depth_ = 0;

    Memory failure_memory_;
    std::optional<ErrorRecord> failure_;
    const detail::Stage* done_stage_ = nullptr; // the stage that wants no more input
};

// The property that PowerShell shows for `value`.name: properties and notes, entries of
// dictionaries, Count and Length, parts of times and versions. Nothing where there is none. Made
// values live in `arena`.
std::optional<Value> member_of(Value value, std::string_view name, Arena& arena);

} // namespace psrp::server
