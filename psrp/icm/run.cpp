#include <clixml/utf.hpp>
#include <psrp/client/fan_out.hpp>
#include <psrp/client/interrupts.hpp>
#include <psrp/client/invocation.hpp>
#include <psrp/client/line_input.hpp>
#include <psrp/client/machine_zone.hpp>
#include <psrp/client/random_ids.hpp>
#include <psrp/client/using_variables.hpp>
#include <psrp/icm/embedded.hpp>
#include <psrp/icm/output.hpp>
#include <psrp/icm/run.hpp>
#include <psrp/icm/run_summary.hpp>
#include <psrp/icm/structured_input.hpp>
#include <psrp/icm/target_lists.hpp>
#include <psrp/icm/targets.hpp>
#include <psrp/transport/capture.hpp>
#include <psrp/transport/container_engine.hpp>
#include <psrp/transport/errors.hpp>
#include <psrp/transport/host_pipe.hpp>
#include <psrp/transport/process_transport.hpp>
#include <psrp/transport/socket_transport.hpp>
#include <psrp/transport/ssh_transport.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <unistd.h>
#include <utility>

namespace icm {

namespace {

// How long PowerShell's own client waits for a process that serves somebody else.
constexpr std::chrono::milliseconds pipe_patience{60'000};

using LineTaker = std::function<void(std::string_view)>;

tl::unexpected<psrp::ConnectFailure> cannot_connect(const clixml::Error& error, std::string what)
{
    return tl::unexpected<psrp::ConnectFailure>({error, what + ": " + error.text()});
}

// Children do not outlive icm, however it ends.
psrp::ChildTransportLimits child_limits()
{
    psrp::ChildTransportLimits limits;
    limits.parent_loss = psrp::ParentLoss::Terminate;
    return limits;
}

psrp::Target target_for(const psrp::SshTarget& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.host;
    target.is_remote = true;
    auto timeout = options.connecting_timeout;
    if (place.connecting_timeout) timeout = place.connecting_timeout;
    if (timeout && timeout->count() < 0) timeout = std::nullopt;
    target.connect = [place, timeout](LineTaker take_line) {
        psrp::SshOptions ssh;
        ssh.target = place;
        ssh.connecting_timeout = timeout;
        ssh.on_error_line = std::move(take_line);
        ssh.limits = child_limits();
        auto transport = psrp::SshTransport::start(std::move(ssh));
        if (transport) return psrp::Connected(std::move(*transport));
        const clixml::Error& error = transport.error();
        if (error == psrp::TransportErrc::ProgramNotFound) {
            return psrp::Connected(
                cannot_connect(error, "ssh is not on PATH (the package openssh-client has it)")
            );
        }
        if (error == psrp::TransportErrc::KeyFileNotFound) {
            return psrp::Connected(cannot_connect(error, place.key_file));
        }
        return psrp::Connected(cannot_connect(error, "ssh"));
    };
    return target;
}

psrp::Connected started(psrp::ProcessOptions process)
{
    const std::string program = process.arguments.front();
    process.limits = child_limits();
    auto transport = psrp::ProcessTransport::start(std::move(process));
    if (!transport) return cannot_connect(transport.error(), program);
    return std::move(*transport);
}

psrp::Target target_for(const psrp::ContainerTarget& place, const Options&, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.id;
    target.is_remote = true;
    target.connect = [container = place](LineTaker take_line) mutable -> psrp::Connected {
        auto engine = psrp::find_container_engine(container.engine);
        if (!engine) {
            return cannot_connect(
                engine.error(),
                container.engine.empty() ? "neither docker nor podman is on PATH" : container.engine
            );
        }
        container.engine = std::move(*engine);
        psrp::ProcessOptions process;
        auto arguments = psrp::container_arguments(container);
        if (!arguments) return cannot_connect(arguments.error(), container.id);
        process.arguments = std::move(*arguments);
        process.error_lines = psrp::ErrorLines::PassOn;
        process.on_error_line = std::move(take_line);
        return started(std::move(process));
    };
    return target;
}

psrp::Target target_for(const CommandPlace& place, const Options&, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.arguments.front();
    target.connect = [arguments = place.arguments](LineTaker take_line) {
        psrp::ProcessOptions process;
        process.arguments = arguments;
        process.error_lines = psrp::ErrorLines::PassOn;
        process.on_error_line = std::move(take_line);
        // It may ask for a password, as ssh and sudo do.
        process.interrupt_shield = psrp::InterruptShield::IgnoredSignals;
        return started(std::move(process));
    };
    return target;
}

// `patience` is for servers that may be busy or about to start; what the user says goes before it.
psrp::Connected connected(
    const std::string& path,
    psrp::SocketOwner owner,
    std::chrono::milliseconds patience,
    const Options& options
)
{
    psrp::SocketOptions socket;
    socket.path = path;
    socket.owner = owner;
    socket.connect_wait = options.connecting_timeout.value_or(patience);
    auto transport = psrp::SocketTransport::start(std::move(socket));
    if (!transport) return cannot_connect(transport.error(), path);
    return std::move(*transport);
}

psrp::Target target_for(const SocketPlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.path;
    target.connect = [place, options](const LineTaker&) {
        return connected(place.path, psrp::SocketOwner::Anybody, {}, options);
    };
    return target;
}

psrp::Target target_for(const CustomPipePlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.name;
    target.connect = [place, options](const LineTaker&) -> psrp::Connected {
        const auto places = psrp::default_host_pipe_places();
        const auto path = psrp::custom_pipe_path(places.pipe_folder, place.name);
        if (!path) {
            const auto code = psrp::TransportErrc::SocketPathTooLong;
            return cannot_connect({code, clixml::no_offset, "expected a shorter name"}, place.name);
        }
        return connected(*path, psrp::SocketOwner::CurrentUser, pipe_patience, options);
    };
    return target;
}

psrp::Target target_for(const HostProcessPlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target;
    target.name = place.process_id != 0 ? std::to_string(place.process_id) : place.name;
    target.connect = [place, options](const LineTaker&) -> psrp::Connected {
        const auto places = psrp::default_host_pipe_places();
        const auto pipe = place.process_id != 0 ? psrp::find_host_pipe(place.process_id, places)
                                                : psrp::find_host_pipe(place.name, places);
        if (!pipe) {
            return tl::unexpected<psrp::ConnectFailure>({pipe.error().error, pipe.error().text});
        }
        return connected(pipe->path, psrp::SocketOwner::CurrentUser, pipe_patience, options);
    };
    return target;
}

psrp::Target target_for(const WinRmPlace& place, const Options& options, const WinRmAccess& access)
{
    psrp::Target target;
    target.name = place.name;
    target.is_remote = true;
    target.runspace_pool_id = access.ids.new_guid();
    target.using_form = psrp::using_form(true, std::nullopt);
    target.connect = [place,
                      winrm = options.winrm,
                      id = *target.runspace_pool_id,
                      leaves_sessions = options.leaves_sessions,
                      &access](LineTaker take_line) -> psrp::Connected {
        auto transport = transport_options(place.url, winrm, access.identity, access.ids);
        transport.exchange.shell_id = id;
        transport.exchange.leaves_output = leaves_sessions;
        transport.on_line = std::move(take_line);
        return std::make_unique<psrp::WinRmTransport>(std::move(transport));
    };
    return target;
}

psrp::Target pwsh_target()
{
    psrp::Target target;
    target.name = "localhost";
    target.connect = [](const LineTaker&) { return started({}); };
    return target;
}

psrp::Target embedded_target()
{
    psrp::Target target;
    target.name = "localhost";
    target.connect = [](const LineTaker&) {
        auto transport = start_embedded();
        if (!transport) return psrp::Connected(cannot_connect(transport.error(), "endpoint"));
        return psrp::Connected(std::move(*transport));
    };
    return target;
}

psrp::Target local_target(Endpoint endpoint)
{
    if (endpoint == Endpoint::Pwsh) return pwsh_target();
    if (endpoint == Endpoint::Automatic) {
        if (psrp::find_program("pwsh")) return pwsh_target();
        std::fputs(
            "icm: pwsh is not on PATH; the embedded endpoint runs this, which knows some twenty "
            "commands (--endpoint embedded says that this is meant)\n",
            stderr
        );
    }
    return embedded_target();
}

// This computer, as one among others: what comes from it says so.
psrp::Target target_for(const HerePlace& place, const Options& options, const WinRmAccess&)
{
    psrp::Target target = local_target(options.endpoint);
    target.name = place.name;
    target.is_remote = true;
    return target;
}

// Records what passes on the way to the target. Where the file cannot be made nothing is connected.
void record(psrp::Target& target, const std::string& path, psrp::CaptureSecrets secrets)
{
    target.connect = [connect = std::move(target.connect), path, secrets](LineTaker take_line) {
        auto capture = psrp::Capture::create(path, secrets);
        if (!capture) return psrp::Connected(cannot_connect(capture.error(), path));
        const std::shared_ptr<psrp::Capture> tap(capture->release(), [path](psrp::Capture* whole) {
            const std::unique_ptr<psrp::Capture> owner(whole);
            if (const auto done = owner->finish(); !done) {
                std::fprintf(stderr, "icm: %s: %s\n", path.c_str(), done.error().text().c_str());
            }
        });
        auto transport = connect(std::move(take_line));
        if (!transport) return transport;
        (*transport)->set_tap(tap);
        return transport;
    };
}

} // namespace

std::vector<psrp::Target> targets_of(const Options& options, const WinRmAccess& access)
{
    std::vector<psrp::Target> targets;
    for (const Place& place : options.targets) {
        targets.push_back(
            std::visit([&](const auto& one) { return target_for(one, options, access); }, place)
        );
    }
    if (targets.empty()) targets.push_back(local_target(options.endpoint));
    const auto secrets =
        options.captures_secrets ? psrp::CaptureSecrets::Written : psrp::CaptureSecrets::Masked;
    for (std::size_t i = 0; i < targets.size() && !options.capture_path.empty(); ++i) {
        record(
            targets[i], psrp::capture_path(options.capture_path, i + 1, targets.size()), secrets
        );
    }
    return targets;
}

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

int exit_code_of(const psrp::FanOutOutcome& outcome, bool output_is_whole)
{
    if (outcome.was_interrupted) return exit_interrupted;
    if (outcome.had_connection_failures) return exit_no_connection;
    const bool had_errors = outcome.had_errors || outcome.exit_code.value_or(0) != 0;
    return had_errors || !output_is_whole ? exit_errors : exit_success;
}

OutputOptions output_options(const Options& options)
{
    OutputOptions output;
    output.mode = options.output;
    output.depth = options.depth;
    output.error_view = options.error_view;
    output.names_origin = options.targets.size() > 1;
    output.session_name = options.winrm.session_name;
    output.configuration = options.winrm.configuration;
    output.shown = options.shown;
    return output;
}

// $using: variables: those of --using, and the environment's. Values live in `arena`.
psrp::VariableSource variables_of(const Options& options, clixml::Arena& arena)
{
    std::vector<std::pair<std::string, clixml::Value>> values;
    for (const auto& [name, element] : options.using_values) {
        values.emplace_back(name, typed_value(element, arena).value_or(clixml::Value()));
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

// What the scripts run with, but for where input comes from.
psrp::FanOutOptions
fan_out_options(const Options& options, std::vector<std::string> scripts, clixml::Arena& arena)
{
    psrp::FanOutOptions what;
    what.scripts = std::move(scripts);
    what.setup_scripts = options.setup_scripts;
    what.arguments = values_of(options.arguments, arena);
    what.variables = variables_of(options, arena);
    what.shows_computer_name = !options.hides_computer_name;
    what.throttle_limit = options.throttle_limit;
    what.open_timeout = options.connecting_timeout;
    what.limits = psrp::Limits::client();
    if (options.winrm.session_option.open_timeout) {
        what.open_timeout = options.winrm.session_option.open_timeout;
    }
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

int run_with(
    psrp::EventLoop& loop,
    const Options& options,
    std::vector<std::string> scripts,
    std::shared_ptr<psrp::Identity> identity
)
{
    Output output(loop, output_options(options));
    clixml::Arena arena;
    const psrp::MachineZone zone;
    Input input(options, arena);
    psrp::FanOutOptions what = fan_out_options(options, std::move(scripts), arena);
    what.has_input = input.is_any();
    what.host_info = psrp::host_info_for(output);
    what.zone = &zone;

    psrp::RandomIds ids;
    const WinRmAccess access{std::move(identity), ids};
    psrp::FanOut fan_out(
        loop, ids, targets_of(options, access), std::move(what), input.queue(), output, output
    );
    if (!input.begin(loop)) return exit_usage;
    const psrp::InterruptCatcher interrupts(loop);
    const auto outcome = fan_out.run([&] { return interrupts.count(); }, [&] { output.flush(); });
    input.end(loop);
    const bool is_whole = output.finish() && input.is_good();
    tell_end(options, outcome);
    return exit_code_of(outcome, is_whole);
}

// Whether every $using: variable of the scripts has a value; else a message on standard error.
bool has_using_values(const Options& options, const std::vector<std::string>& scripts)
{
    clixml::Arena arena;
    const auto variables = variables_of(options, arena);
    for (const std::string& script : scripts) {
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
    }
    return true;
}

} // namespace

tl::expected<std::shared_ptr<psrp::Identity>, std::string> identity_for(const Options& options)
{
    const bool has_winrm =
        std::any_of(options.targets.begin(), options.targets.end(), [](const Place& place) {
            return std::holds_alternative<WinRmPlace>(place);
        });
    if (!has_winrm) return std::make_shared<psrp::Identity>();
    return winrm_identity(options.winrm);
}

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
    auto loop = psrp::EventLoop::create();
    if (!loop) {
        std::fprintf(stderr, "icm: %s\n", loop.error().text().c_str());
        return exit_no_connection;
    }
    return run_with(*loop, options, std::move(scripts), std::move(*identity));
}

} // namespace icm
