// One command of a running pipeline.
#pragma once

#include <psrp/server/script/interpreter.hpp>

namespace psrp::server::detail {

// Takes the objects of the command in front and writes to the one behind.
class Stage : public ValueSink {
public:
    Stage(Execution& execution, bool has_input) : execution_(execution), has_input_(has_input) {}
    virtual Result<void> begin() = 0;
    virtual Result<void> end() = 0;
    void set_next(ValueSink& next) { next_ = &next; }

protected:
    Execution& execution_;
    bool has_input_;
    ValueSink* next_ = nullptr;
};

// Where a stage sends a stream other than its output.
struct Merges {
    MergeTarget error = MergeTarget::None;
    MergeTarget warning = MergeTarget::None;
    MergeTarget verbose = MergeTarget::None;
    MergeTarget debug = MergeTarget::None;
    MergeTarget information = MergeTarget::None;
};

// Everything that describes a call; the texts are borrowed from the script or request.
struct Call {
    const CommandDefinition* definition = nullptr;
    BoundCall bound;
    Merges merges;
    bool in_script = false;
    Extent extent;
    std::string invocation_name;
};

class CommandStage final : public Stage, public CommandContext {
public:
    CommandStage(Execution& execution, bool has_input, Call call);

    Result<void> begin() override;
    Result<void> take(Value value) override;
    Result<void> end() override;

    const CommandDefinition& definition() const override { return *call_.definition; }
    const Arguments& arguments() const override { return call_.bound.arguments; }
    bool has_input() const override { return has_input_; }
    SessionState& session() override { return execution_.session_; }
    const CommandTable& commands() const override { return execution_.commands_; }
    Arena& arena() override { return arena_; }
    void forget_values() override { arena_.clear(); }
    Result<Value> keep(Arena& memory, Value value) override
    {
        return execution_.checked_clone(memory, value);
    }
    Result<void> emit(Value value) override;
    Result<void> emit_items(Value value) override;
    Result<void> finish_upstream() override;
    Result<void> write_error(Failure failure) override;
    Result<void> fail(Failure failure) override;
    Result<void> write_warning(std::string_view message) override;
    Result<void> write_verbose(std::string_view message) override;
    Result<void> write_debug(std::string_view message) override;
    Result<void> write_progress(const ProgressUpdate& record) override;
    Result<void> write_information(
        Value message, const std::vector<std::string>& tags, std::string_view source
    ) override;
    Result<void> call_host(const HostCall& call) override;
    Result<Value> ask_host(std::int32_t method, std::vector<Value> parameters) override;
    bool has_host() const override { return execution_.streams_.has_host(); }
    std::size_t screen_width() const override { return execution_.streams_.screen_width(); }
    Result<void> check_stop() override { return execution_.check(); }
    Result<void> sleep(std::chrono::nanoseconds duration) override;
    Result<void> invoke(Value script_block, Value input, ValueSink& sink) override;
    Result<Value> evaluate(Value script_block, Value input) override;

private:
    Result<void> write_informational(
        InformationalKind kind,
        std::string_view message,
        ActionPreference preference,
        MergeTarget merge
    );
    [[nodiscard]] FailurePlace place() const;
    [[nodiscard]] bool is_write_error() const;

    Call call_;
    std::unique_ptr<Command> command_;
    Arena arena_;
};

// A script sent as a command of a pipeline: collects what is in front of it as its $input and runs
// at the end.
class ScriptStage final : public Stage, public InputSource {
public:
    ScriptStage(Execution& execution, bool has_input, const psrp::Command& command)
        : Stage(execution, has_input), command_(command)
    {
    }

    // Reads the client's input while running instead of collecting it first.
    void read_from(InputSource& source) { source_ = &source; }
    Result<void> begin() override { return {}; }
    Result<void> take(Value value) override;
    Result<void> end() override;
    Result<std::optional<Value>> next() override;

private:
    const psrp::Command& command_;
    InputSource* source_ = nullptr;
    Arena memory_;
    std::vector<Value> items_;
    std::size_t next_item_ = 0;
};

} // namespace psrp::server::detail
