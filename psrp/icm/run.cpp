#include <clixml/object.hpp>
#include <clixml/utf.hpp>
#include <psrp/client/fan_out.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/client/line_input.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/client/using_variables.hpp>
#include <psrp/icm/jobs.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/run_summary.hpp>
#include <psrp/icm/structured_input.hpp>
#include <psrp/icm/target_lists.hpp>
#include <psrp/icm/targets.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <unistd.h>
#include <utility>

namespace icm {

namespace {

// The command line has been checked: every element has a value.
std::vector<clixml::Value> values_of(const std::vector<std::string>& elements, clixml::Arena& arena)
{
    std::vector<clixml::Value> values;
    for (const std::string& element : elements) {
        values.push_back(typed_value(element, arena).value_or(clixml::Value()));
    }
    return values;
}

// $using: variables: those of --using, and the environment's. Values live in `arena`; those given
// are added to `given`.
psrp::VariableSource
variables_of(const Options& options, clixml::Arena& arena, std::vector<clixml::Value>& given)
{
    std::vector<std::pair<std::string, clixml::Value>> values;
    for (const auto& [name, element] : options.using_values) {
        values.emplace_back(name, typed_value(element, arena).value_or(clixml::Value()));
        given.push_back(values.back().second);
    }
    return [values = std::move(values),
            &arena](std::string_view name) -> std::optional<clixml::Value> {
        // The last one counts.
        for (auto row = values.rbegin(); row != values.rend(); ++row) {
            if (clixml::equal_ignoring_case(row->first, name)) return row->second;
        }
        constexpr std::string_view prefix = "env:";
        if (!clixml::equal_ignoring_case(name.substr(0, prefix.size()), prefix))
            return std::nullopt;
        const char* value = std::getenv(std::string(name.substr(prefix.size())).c_str());
        if (value == nullptr || clixml::first_invalid_utf8(value)) return std::nullopt;
        return clixml::Value::string(arena, value);
    };
}

// What $PSSenderInfo tells the scripts of a server about this client. PSRP says who is really
// speaking.
clixml::Value sender_arguments(clixml::Arena& arena)
{
    const auto dictionary = [&] {
        return clixml::make_container(
            arena,
            clixml::ContainerKind::Dictionary,
            {"System.Management.Automation.PSPrimitiveDictionary",
             "System.Collections.Hashtable",
             "System.Object"}
        );
    };
    clixml::Object* table = dictionary();
    const auto add = [&](std::string_view key, clixml::Value value) {
        table->add_entry(arena, clixml::Value::string(key), value);
    };
    add("PSVersion", clixml::Value::version(arena, {7, 6, 0}));
    add("PSEdition", clixml::Value::string("Core"));
    add("PSRemotingProtocolVersion", clixml::Value::version(arena, {2, 4}));
    add("SerializationVersion", clixml::Value::version(arena, {1, 1, 0, 1}));
    add("PSRP", clixml::Value::string("psrp " PSRP_VERSION " icm"));
    clixml::Object* arguments = dictionary();
    arguments->add_entry(
        arena, clixml::Value::string("PSVersionTable"), clixml::Value::object(table)
    );
    return clixml::Value::object(arguments);
}

// A session that goes on behind this command keeps no preference that only this command wanted.
std::optional<std::string> restoring_script(const Options& options)
{
    const bool is_held =
        std::any_of(options.targets.begin(), options.targets.end(), [](const Place& place) {
            return std::holds_alternative<HeldPlace>(place);
        });
    if (!is_held || options.setup_scripts.empty()) return std::nullopt;
    return "$VerbosePreference = 'SilentlyContinue'; $DebugPreference = 'SilentlyContinue'";
}

// What the scripts run with, but for where input comes from. The values they are given are added to
// `given`.
psrp::FanOutOptions fan_out_options(
    const Options& options,
    std::vector<std::string> scripts,
    clixml::Arena& arena,
    std::vector<clixml::Value>& given
)
{
    psrp::FanOutOptions what;
    what.scripts = std::move(scripts);
    what.setup_scripts = options.setup_scripts;
    what.arguments = values_of(options.arguments, arena);
    given = what.arguments;
    what.variables = variables_of(options, arena, given);
    what.application_arguments = sender_arguments(arena);
    what.shows_computer_name = !options.hides_computer_name;
    what.throttle_limit = options.throttle_limit;
    what.open_timeout = options.connecting_timeout;
    what.limits = psrp::Limits::client();
    if (options.winrm.session_option.open_timeout) {
        what.open_timeout = options.winrm.session_option.open_timeout;
    }
    if (const auto restoring = restoring_script(options)) what.scripts.push_back(*restoring);
    if (options.leaves_sessions) what.fate = psrp::SessionFate::LeftRunning;
    what.target_timeout = options.target_timeout;
    what.run_timeout = options.timeout;
    what.retries_max = options.retries_max;
    what.retry_delay = options.retry_delay;
    what.stops_at_failures = options.fails_fast || options.stops_at_errors;
    what.stops_at_errors = options.stops_at_errors;
    return what;
}

// Where the scripts' input comes from: the command line, or standard input in some form.
class Input {
public:
    Input(const Options& options, clixml::Arena& arena) : options_(options), arena_(arena)
    {
        is_read_ = !options.has_input_objects && !options.no_input &&
                   (options.wants_input || psrp::is_input_source(STDIN_FILENO));
    }

    [[nodiscard]] bool is_any() const { return options_.has_input_objects || is_read_; }
    psrp::InputQueue& queue() { return queue_; }

    // Fills the queue, or lets the loop do it. Behind the queue's readers. False with a message on
    // standard error where the input is not what it should be.
    bool begin(psrp::EventLoop& loop)
    {
        if (options_.has_input_objects) {
            push(values_of(options_.input_objects, arena_));
            return true;
        }
        if (!is_read_) return true;
        const bool is_streamed =
            options_.input_form == InputForm::Lines || options_.input_form == InputForm::JsonLines;
        if (is_streamed) {
            loop.add(lines_);
            return true;
        }
        const auto text = read_text_file("-");
        if (!text) return fail(text.error()), false;
        auto values = read_input_values(*text, options_.input_form, arena_);
        if (!values) return fail(values.error()), false;
        push(*values);
        return true;
    }
    void end(psrp::EventLoop& loop) { loop.remove(lines_); }
    [[nodiscard]] bool is_good() const { return is_good_; }

private:
    // What puts a line of standard input into the queue; empty: texts go there as they are.
    std::function<void(std::string_view)> line_taker()
    {
        if (options_.input_form != InputForm::JsonLines) return {};
        return [this](std::string_view line) {
            if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
            const auto value = read_json_line(line, arena_);
            if (!value) return fail(value.error());
            queue_.push_value(*value);
        };
    }
    void push(const std::vector<clixml::Value>& values)
    {
        for (const clixml::Value& value : values)
            queue_.push_value(value);
        queue_.end();
    }
    void fail(const std::string& what)
    {
        if (is_good_) std::fprintf(stderr, "icm: standard input: %s\n", what.c_str());
        is_good_ = false;
    }

    const Options& options_;
    clixml::Arena& arena_;
    psrp::InputQueue queue_;
    psrp::LineInput lines_{STDIN_FILENO, queue_, line_taker()};
    bool is_read_ = false;
    bool is_good_ = true;
};

void tell_end(const Options& options, const psrp::FanOutOutcome& outcome)
{
    const bool is_json = options.error_view == psrp::ErrorView::Json;
    if (options.shows_summary) {
        const std::string text =
            is_json ? summary_json(outcome.targets) : summary_table(outcome.targets);
        std::fwrite(text.data(), 1, text.size(), stderr);
    } else if (outcome.was_interrupted && outcome.targets.size() > 1) {
        std::fprintf(stderr, "icm: interrupted; %s\n", finished_line(outcome.targets).c_str());
    }
}

} // namespace

std::optional<psrp::FanOutOutcome> run_targets(const RunPlan& plan, const RunEnds& ends)
{
    const Options& options = plan.options;
    clixml::Arena arena;
    const psrp::MachineZone zone;
    Input input(options, arena);
    std::vector<clixml::Value> given;
    psrp::FanOutOptions what = fan_out_options(options, plan.scripts, arena, given);
    what.has_input = input.is_any();
    what.host_info = psrp::host_info_for(ends.console);
    what.zone = &zone;

    psrp::RandomIds ids;
    const WinRmAccess access{plan.identity, ids};
    psrp::FanOut fan_out(
        ends.loop,
        ids,
        targets_of(options, access),
        std::move(what),
        input.queue(),
        ends.console,
        ends.sink
    );
    if (!input.begin(ends.loop)) return std::nullopt;
    auto outcome = fan_out.run(ends.interrupts, ends.on_turn);
    input.end(ends.loop);
    for (const clixml::Value& value : given)
        wipe_password(value);
    outcome.had_errors = outcome.had_errors || !input.is_good();
    return outcome;
}

bool reads_standard_input(const Options& options)
{
    clixml::Arena arena;
    return Input(options, arena).is_any() && !options.has_input_objects;
}

int exit_code_of(const psrp::FanOutOutcome& outcome, bool output_is_whole)
{
    if (outcome.was_interrupted) return exit_interrupted;
    if (outcome.had_connection_failures) return exit_no_connection;
    const bool had_errors = outcome.had_errors || outcome.exit_code.value_or(0) != 0;
    return had_errors || !output_is_whole ? exit_errors : exit_success;
}

namespace {

int run_in_front(psrp::EventLoop& loop, const RunPlan& plan)
{
    Output output(loop, output_options(plan.options));
    const psrp::InterruptCatcher interrupts(loop);
    const auto outcome = run_targets(
        plan, {loop, output, output, [&] { return interrupts.count(); }, [&] { output.flush(); }}
    );
    if (!outcome) return exit_usage;
    const bool is_whole = output.finish();
    tell_end(plan.options, *outcome);
    return exit_code_of(*outcome, is_whole);
}

// Whether every $using: variable of a script has a value; else a message on standard error.
bool has_using_values(const std::string& script, const psrp::VariableSource& variables)
{
    const auto found = psrp::find_using_expressions(script);
    if (!found) {
        std::fprintf(stderr, "icm: the script: %s\n", found.error().text().c_str());
        return false;
    }
    for (const psrp::UsingExpression& expression : *found) {
        if (psrp::evaluate_using(expression, variables)) continue;
        const std::string name(expression.variable);
        std::fprintf(
            stderr,
            "icm: %s has no value: give --using %s=VALUE\n",
            std::string(expression.text).c_str(),
            name.c_str()
        );
        return false;
    }
    return true;
}

bool has_using_values(const Options& options, const std::vector<std::string>& scripts)
{
    clixml::Arena arena;
    std::vector<clixml::Value> given;
    const auto variables = variables_of(options, arena, given);
    const bool has_all =
        std::all_of(scripts.begin(), scripts.end(), [&](const std::string& script) {
            return has_using_values(script, variables);
        });
    for (const clixml::Value& value : given)
        wipe_password(value);
    return has_all;
}

} // namespace

int run(const Options& options)
{
    std::vector<std::string> scripts = options.scripts;
    if (!options.file_path.empty()) {
        auto text = psrp::read_script_file(options.file_path);
        if (!text) {
            std::fprintf(
                stderr, "icm: %s: %s\n", options.file_path.c_str(), text.error().text().c_str()
            );
            return exit_usage;
        }
        scripts = {std::move(*text)};
    }
    if (!has_using_values(options, scripts)) return exit_usage;
    auto identity = identity_for(options);
    if (!identity) {
        std::fprintf(stderr, "icm: %s\n", identity.error().c_str());
        return exit_usage;
    }
    const RunPlan plan{options, std::move(scripts), std::move(*identity)};
    if (options.runs_as_job) return start_job(plan);
    auto loop = psrp::EventLoop::create();
    if (!loop) {
        std::fprintf(stderr, "icm: %s\n", loop.error().text().c_str());
        return exit_no_connection;
    }
    return run_in_front(*loop, plan);
}

} // namespace icm
