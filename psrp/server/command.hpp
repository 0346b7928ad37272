// Commands of the embedded endpoint: how they are described, registered and run. An embedder adds
// its own C++ functions to a CommandTable; see psrp/server/README.md for an example.
#pragma once

#include <psrp/server/error_records.hpp>
#include <psrp/server/session_state.hpp>
#include <psrp/server/streams.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace psrp::server {

// What a parameter's value is converted to before the command sees it.
enum class ParameterType : std::uint8_t {
    Any,      // as it is
    Text,     // System.String
    TextList, // System.String[]: a single value counts as a list of one
    Int32,
    Int32List,
    Int64,
    Double,
    Switch, // true when named
};

// One parameter. Names and aliases are matched ignoring case; a unique start of a name will do.
struct CommandParameter {
    std::string name;
    ParameterType type = ParameterType::Any;
    int position = -1; // of unnamed arguments, from 0; -1: only by name
    bool mandatory = false;
    bool takes_rest = false; // all unnamed arguments from its position on, as a list
    std::vector<std::string> aliases = {};
};

// The arguments of one call, bound to the parameters.
class Arguments {
public:
    [[nodiscard]] bool has(std::string_view parameter) const { return find(parameter) != nullptr; }
    // The converted value; null where it was not given. Borrowed for the pipeline.
    [[nodiscard]] Value value(std::string_view parameter) const;
    [[nodiscard]] bool flag(std::string_view parameter) const;
    [[nodiscard]] std::string
    text(std::string_view parameter, std::string_view otherwise = {}) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view parameter) const;
    [[nodiscard]] std::int64_t
    integer(std::string_view parameter, std::int64_t otherwise = 0) const;
    [[nodiscard]] double number(std::string_view parameter, double otherwise = 0) const;
    void set(std::string_view parameter, Value value);

private:
    struct Bound {
        std::string name;
        Value value;
    };
    [[nodiscard]] const Bound* find(std::string_view parameter) const;
    std::vector<Bound> bound_;
};

class CommandContext;

// One running command. A command without pipeline input gets begin() and end(); with input
// process() for each object between them. The first error that a call returns ends the pipeline and
// is what the call of the context gave it.
class Command {
public:
    virtual ~Command() = default;
    virtual Result<void> begin(CommandContext& context);
    // `input` is borrowed for the call; CommandContext::keep() copies it.
    virtual Result<void> process(CommandContext& context, Value input);
    virtual Result<void> end(CommandContext& context);
};

struct CommandDefinition {
    std::string name; // Get-Process
    std::string
        type_name; // Microsoft.PowerShell.Commands.GetProcessCommand: ends error identifiers
    std::string module = "psrp"; // for Get-Command
    bool accepts_input = false;  // whether process() may be called
    // For programs: nothing is bound; "Name" has the name of the call and "Words" what else was
    // typed, as texts.
    bool takes_words = false;
    std::vector<CommandParameter> parameters = {};
    std::vector<std::string> aliases = {};
    std::function<std::unique_ptr<Command>()> create;
};

// The commands that a session knows. Filled before sessions start, then only read: any number of
// sessions may share it.
class CommandTable {
public:
    // Errc::DuplicateCommand, changing nothing, where the name or an alias is taken.
    Result<void> add(CommandDefinition definition);
    // By name or alias, ignoring case; null where there is none. Borrowed from the table.
    [[nodiscard]] const CommandDefinition* find(std::string_view name) const;
    // What is called where no command has the name and `accepts` says yes to it; replaces an
    // earlier one. It has no place in definitions().
    void
    set_fallback(CommandDefinition definition, std::function<bool(std::string_view name)> accepts);
    // What a call of `name` runs: find(), else the fallback if it accepts the name, else null.
    [[nodiscard]] const CommandDefinition* resolve(std::string_view name) const;
    // Sorted by name.
    [[nodiscard]] std::vector<const CommandDefinition*> definitions() const;
    // The names that mean the command `name`, sorted.
    [[nodiscard]] std::vector<std::pair<std::string, const CommandDefinition*>> aliases() const;

private:
    std::map<std::string, std::unique_ptr<CommandDefinition>> commands_; // by folded name
    std::map<std::string, std::pair<std::string, const CommandDefinition*>> aliases_;
    std::unique_ptr<CommandDefinition> fallback_;
    std::function<bool(std::string_view name)> fallback_accepts_;
};

// A definition from a plain function that is called once, with all arguments and, where
// `accepts_input` is set in the result, again for each input object (null before).
CommandDefinition make_function_command(
    std::string name,
    std::vector<CommandParameter> parameters,
    std::function<Result<void>(CommandContext& context, Value input)> function
);

// The commands of the embedded endpoint: Get-Process, Get-ChildItem, ... (psrp/server/README.md).
CommandTable standard_commands();

// Lets scripts run the programs of this computer, by the names on PATH or by path, with the rights
// of this process. Their lines are strings; those of standard error are error records; the exit
// code is $LASTEXITCODE; input goes to standard input as lines. A program and what it has started,
// as long as it stays in its group, end with the pipeline.
void allow_native_programs(CommandTable& table);

// What -ErrorAction and the preference variables say.
enum class ActionPreference : std::uint8_t { SilentlyContinue, Stop, Continue, Inquire, Ignore };

class Execution;

// What a running command may do. Values it emits need to live only for the call.
class CommandContext {
public:
    virtual ~CommandContext() = default;

    [[nodiscard]] virtual const CommandDefinition& definition() const = 0;
    [[nodiscard]] virtual const Arguments& arguments() const = 0;
    // Whether objects come from the pipeline.
    [[nodiscard]] virtual bool has_input() const = 0;
    [[nodiscard]] virtual SessionState& session() = 0;
    [[nodiscard]] virtual const CommandTable& commands() const = 0;

    // Memory for values to emit; forgotten when the current call of the command returns.
    [[nodiscard]] virtual Arena& arena() = 0;
    // Forgets them now: for commands that emit much in one call.
    virtual void forget_values() = 0;
    // A deep copy of `value` in memory of the command's own. Fails the pipeline when that grows
    // over its limit.
    virtual Result<Value> keep(Arena& memory, Value value) = 0;

    // Writes one object to the pipeline.
    virtual Result<void> emit(Value value) = 0;
    // Writes the items of a list, all else as it is.
    virtual Result<void> emit_items(Value value) = 0;
    // No more input is needed: the commands in front are ended. To be returned from process().
    virtual Result<void> finish_upstream() = 0;

    // Reports an error and goes on; -ErrorAction decides what becomes of it. The activity is set to
    // the command's name.
    virtual Result<void> write_error(Failure failure) = 0;
    // The failure that ends the statement: return it.
    virtual Result<void> fail(Failure failure) = 0;
    virtual Result<void> write_warning(std::string_view message) = 0;
    virtual Result<void> write_verbose(std::string_view message) = 0;
    virtual Result<void> write_debug(std::string_view message) = 0;
    virtual Result<void> write_progress(const ProgressUpdate& record) = 0;
    virtual Result<void> write_information(
        Value message, const std::vector<std::string>& tags, std::string_view source
    ) = 0;
    // Calls a void method of the client's host, or nothing where it has none.
    virtual Result<void> call_host(const HostCall& call) = 0;

    // Calls a method that gives an answer (fact sheet psrp 10.2) and waits for it; the value, null
    // for none, is in arena(). Where the client has no host, or its host refuses, the statement
    // fails as in PowerShell.
    virtual Result<Value> ask_host(std::int32_t method, std::vector<Value> parameters) = 0;
    [[nodiscard]] virtual bool has_host() const = 0;
    // Columns of the client's screen.
    [[nodiscard]] virtual std::size_t screen_width() const = 0;

    // Errc::Stopped once the client has asked for it: to be called in every loop that emits
    // nothing.
    virtual Result<void> check_stop() = 0;
    // Errc::Stopped when stopped in between.
    virtual Result<void> sleep(std::chrono::nanoseconds duration) = 0;

    // Runs a script block (a value of kind ScriptBlock) with $_ being `input`; its output goes to
    // `sink`.
    virtual Result<void> invoke(Value script_block, Value input, ValueSink& sink) = 0;
    // The same; the output as one value (null, the object, or a list) in arena().
    virtual Result<Value> evaluate(Value script_block, Value input) = 0;
};

} // namespace psrp::server
